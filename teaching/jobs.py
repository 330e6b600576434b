"""One job per submission: on this machine by joblib, or on a Dask cluster."""

import atexit
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teaching import grading
from teaching.authoring import Assignment
from teaching.sandbox import Sandbox, SandboxMissing
from teaching.submissions import Submission

Done = tuple[str, dict[str, Any], bool]  # a student, and what `grade_one` returned


@dataclass(frozen=True)
class Job:
    """A notebook to grade, and the hash under which its result is kept."""

    submission: Submission
    content: bytes
    assignment: Assignment
    hash: str


def on_this_machine(todo: dict[str, Job], jobs: int) -> Iterator[Done]:
    """Grade in `jobs` processes, -1 for one per core; yields in the order in which they end.

    When a worker dies, the few jobs that were running are repeated one by one.
    """
    from joblib import Parallel, cpu_count, delayed

    processes = max(1, jobs if jobs > 0 else cpu_count() + 1 + jobs)
    left, alone = list(todo), list[str]()
    while left or alone:
        started: list[str] = []
        batch = alone[:1] or left

        def calls(batch: list[str] = batch, started: list[str] = started) -> Iterator[Any]:
            for student in batch:
                started.append(student)
                yield delayed(_named)(student, todo[student].content, todo[student].assignment)

        run = Parallel(  # one process only would be this one, which must not die
            max(2, processes) if alone else processes,
            return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1,
        )  # fmt: skip
        try:
            for done in run(calls()):
                (alone or left).remove(done[0])
                yield done
        except BrokenExecutor as error:
            if alone:
                yield _died(alone.pop(0), todo, error)
            else:
                alone = [student for student in started if student in left]
                left = [student for student in left if student not in alone]


def on_dask(todo: dict[str, Job], address: str) -> Iterator[Done]:
    """Grade with the workers of a scheduler; yields in the order in which they end."""
    from distributed import Client, as_completed

    with Client(address) as client:
        futures = {
            client.submit(grade_one, job.content, job.assignment, pure=False): student
            for student, job in todo.items()
        }
        try:
            for future in as_completed(futures):
                error = future.exception()
                if isinstance(error, SandboxMissing):
                    raise error
                student = futures[future]
                yield _died(student, todo, error) if error else (student, *future.result())
        finally:
            client.cancel(list(futures))


def grade_one(content: bytes, assignment: Assignment) -> tuple[dict[str, Any], bool]:
    """Grade a notebook in this thread's sandbox; False where it should be tried again another day.

    Raises SandboxMissing. Another error of the grader costs this submission alone.
    """
    error: Exception | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.ipynb"
        path.write_bytes(content)
        for _ in range(2):  # a submission before may have harmed the sandbox
            try:
                return grading.grade(path, assignment, _sandbox()), True
            except SandboxMissing:
                raise
            except Exception as e:
                error = e
                _close()
    note = f"the grader failed: {type(error).__name__}: {error}"
    return grading.failed(assignment, note), False


def _named(student: str, content: bytes, assignment: Assignment) -> Done:
    return (student, *grade_one(content, assignment))


def _died(student: str, todo: dict[str, Job], error: BaseException) -> Done:
    note = f"the process that graded it died ({type(error).__name__}); grading again tries again"
    return student, grading.failed(todo[student].assignment, note), False


_here = threading.local()  # the kernel ends a sandbox with the thread that started it


def _sandbox() -> Sandbox:
    if getattr(_here, "sandbox", None) is None:
        _here.sandbox = Sandbox().__enter__()
        atexit.register(_here.sandbox.__exit__)
    sandbox: Sandbox = _here.sandbox
    return sandbox


def _close() -> None:
    sandbox, _here.sandbox = getattr(_here, "sandbox", None), None
    if sandbox is not None:
        atexit.unregister(sandbox.__exit__)
        sandbox.__exit__()
