"""What it costs to grade one small TensorFlow submission: stock nbgrader and this kit.

    python -m benchmarks.grading [--class 200]

One line of JSON per figure. Processor time is that of all processes: for nbgrader the kernel's
count of ended children; for the kit that of this process, of bubblewrap, and what the preloaded
process and the ones that watch over submissions measured, which are no children of this one.
The run fails when the kit takes more than 5 seconds or saves less than 2.5 times.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
MOST_SECONDS, LEAST_RATIO = 5.0, 2.5
REPEATS, CLASS = 3, 30  # a worker grades at least a class of 30 with one start of its sandbox
NAME = "02-xavier-and-he-initialization"


def cpu(*who: int) -> float:
    """Seconds in user and system mode of this process, its ended children, or both."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))


def spent(act: Callable[[], object], *who: int) -> float:
    """The processor time of an act."""
    before = cpu(*who)
    act()
    return cpu(*who) - before


def show(what: str, **figures: float | str) -> None:
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps({"what": what} | rounded), flush=True)


def stock(folder: Path, name: str) -> float:
    """The median cost of `nbgrader autograde`, in a course folder of its own."""
    import nbformat

    from teaching import authoring

    assignment = authoring.load(name)
    reference = authoring.answered(assignment, authoring.solutions(assignment))
    notebooks = {"source/a/a.ipynb": assignment.notebook, "submitted/ada/a/a.ipynb": reference}
    for path, notebook in notebooks.items():
        (folder / path).parent.mkdir(parents=True)
        nbformat.write(notebook, folder / path)
    config = "c = get_config()\nc.CourseDirectory.course_id = 'a'\n"
    (folder / "nbgrader_config.py").write_text(config)
    tool = str(Path(sys.executable).with_name("nbgrader"))

    def nbgrader(*arguments: str) -> None:
        done = subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"nbgrader {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")

    nbgrader("generate_assignment", "a")
    grade = ["autograde", "a", "--student", "ada", "--force"]
    costs = [spent(lambda: nbgrader(*grade), resource.RUSAGE_CHILDREN) for _ in range(REPEATS)]
    return statistics.median(costs)


def ours(folder: Path, name: str) -> tuple[float, float]:
    """The cost of a sandbox's start, and of a submission without it, host included."""
    import nbformat

    from teaching import authoring
    from teaching.grading import grade
    from teaching.sandbox import Sandbox

    assignment = authoring.load(name)
    path = folder / "a.ipynb"
    nbformat.write(authoring.answered(assignment, authoring.solutions(assignment)), path)
    both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN

    def graded(times: int) -> float:
        before, inside = cpu(*both), 0.0
        with Sandbox() as sandbox:
            for _ in range(times):
                result = grade(path, assignment, sandbox)
                if result["status"] != "graded" or any(t["score"] == 0 for t in result["tasks"]):
                    sys.exit(f"the reference is not graded as such: {result['tasks']}")
                inside += result["cpu_seconds"]
        return cpu(*both) - before + inside + sandbox.cpu_seconds

    start = statistics.median(graded(0) for _ in range(REPEATS))
    return start, (graded(2 * REPEATS) - start) / (2 * REPEATS)


def classroom(folder: Path, name: str, students: int) -> None:
    """Grade a class, of which every second student made a mistake."""
    import nbformat

    from teaching import authoring
    from teaching.classroom import grade_class

    assignment = authoring.load(name)
    right = authoring.answered(assignment, authoring.solutions(assignment))
    for number in range(students):
        path = folder / "class" / f"student{number:03d}" / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(authoring.student_notebook(assignment) if number % 2 else right, path)
    begin = time.monotonic()
    both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    used = spent(lambda: grade_class(folder / "class", name, folder / "out"), *both)
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in both]
    show(
        f"class of {students}",
        wall_seconds=time.monotonic() - begin,
        cpu_seconds_of_what_has_ended=used,
        cores=os.cpu_count() or 1,
        peak_mb_of_host=peak[0],
        peak_mb_of_largest_process=peak[1],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what grading costs.")
    parser.add_argument("--assignment", default=NAME, help="a file in teaching/assignments")
    parser.add_argument("--class", type=int, dest="students", help="also grade so many students")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start, each = ours(folder, options.assignment)
        cost = each + start / CLASS
        show("sandbox start", cpu_seconds=start)
        show("kit", cpu_seconds=cost, without_start=each, submissions_per_start=CLASS)
        other = stock(folder, options.assignment)
        show("stock nbgrader", cpu_seconds=other)
        show("ratio", ratio=other / cost, alone=other / (each + start))
        if options.students:
            classroom(folder, options.assignment, options.students)
    return int(cost > MOST_SECONDS or other / cost < LEAST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
