"""Execute the chapters in parallel into the cache from which the book is built.

A chapter runs when its code changed. What else its outputs depend on (`lib`, the lock, Python, the
first seed) names the folder of the cache, so that going back to another state executes nothing
twice. What is done is kept, whatever fails or is interrupted after it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import yaml

from extensions.executed import MEMORY, SECONDS, cache_folder, code_blocks

if TYPE_CHECKING:
    from jupyter_cache.base import JupyterCacheAbstract
    from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
CACHE = cache_folder(ROOT)
T = TypeVar("T")
KEPT = 6  # states of the inputs whose outputs are kept


@dataclass(frozen=True)
class Run:
    chapter: Path
    notebook: NotebookNode
    seconds: float
    memory: float  # MB, of the kernel at its peak
    failure: str


def main() -> int:
    done, now = CACHE / "code", code()  # of what is executed, whatever is edited meanwhile
    if done.exists() and done.read_text() == now:
        return 0
    failures = run_pending()
    for run in failures:
        print(f"\n{run.chapter.relative_to(ROOT)}: {run.failure}", file=sys.stderr)
    if not failures:
        done.write_text(now)
    return bool(failures)


def run_pending() -> list[Run]:
    """Execute the chapters whose outputs the cache lacks; return the runs that failed."""
    # These take seconds to import: a prose edit should not wait for them.
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    from myst_nb.core.read import myst_nb_reader_plugin
    from tqdm import tqdm

    CACHE.mkdir(parents=True, exist_ok=True)
    os.utime(CACHE)
    cache = get_cache(CACHE)
    for old in sorted(CACHE.parent.iterdir(), key=os.path.getmtime)[:-KEPT]:
        shutil.rmtree(old)
    notebooks = {path: myst_nb_reader_plugin(str(path)) for path in chapters()}
    pending = [path for path, notebook in notebooks.items() if not reuse(cache, path, notebook)]
    failures = []
    pool = ThreadPoolExecutor(os.cpu_count())
    # The last chapters take longest: started first, they leave no core idle at the end.
    futures = [pool.submit(execute, path, notebooks[path]) for path in reversed(pending)]
    no_bar = not pending or not sys.stderr.isatty()
    stop_at_interrupt()
    runs = tqdm(finished(futures), "executing", len(pending), unit="chapter", disable=no_bar)
    for future in runs:
        run = future.result()
        if run.failure:
            failures.append(run)
        else:
            known = {SECONDS: run.seconds, MEMORY: run.memory}
            bundle = CacheBundleIn(run.notebook, str(run.chapter), data=known)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        word = "failed" if run.failure else "done"
        tqdm.write(f"{word:6} {run.seconds:5.1f} s  {run.chapter.name}")
        sys.stdout.flush()
    return failures


def finished(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """As `as_completed`, but awake each second: an interrupt just before a wait goes unnoticed."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
        yield from done


def stop_at_interrupt() -> None:
    """A KeyboardInterrupt would be lost where Python ignores exceptions, as in a finalizer."""
    signal.signal(signal.SIGINT, lambda *_: stop())


def stop() -> NoReturn:
    """End at once, with all kernels; threads that wait for these are left where they are."""
    import psutil

    for kernel in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            kernel.kill()
    print("\ninterrupted; what is done is kept", file=sys.stderr, flush=True)
    os._exit(130)


def chapters() -> list[Path]:
    """The pages of the book that hold code."""
    pages = sorted((ROOT / "book").glob("*.md"))
    headers = {page: page.read_text(encoding="utf-8").partition("\n---")[0] for page in pages}
    return [page for page, header in headers.items() if "\nkernelspec:" in header]


def reuse(cache: JupyterCacheAbstract, chapter: Path, notebook: NotebookNode) -> bool:
    """Whether the cache has the outputs of this code, if need be under another caption.

    Captions and alt texts are metadata of a cell, which the cache takes for a part of its code.
    """
    from jupyter_cache.base import CacheBundleIn

    try:
        cache.match_cache_notebook(notebook)
        return True
    except KeyError:
        pass
    code = code_cells(notebook)
    for record in cache.list_cache_records():
        done = code_cells(cache.get_cache_bundle(record.pk).nb)
        if [cell.source for cell in done] == [cell.source for cell in code]:
            for cell, old in zip(code, done, strict=True):
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
            bundle = CacheBundleIn(notebook, str(chapter), data=record.data)
            cache.cache_notebook_bundle(bundle, check_validity=False)
            return True
    return False


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code() -> str:
    """A hash of the code cells of all chapters, captions included."""
    digest = hashlib.sha256()
    for path in chapters():
        digest.update("\0".join([path.name, *code_blocks(path.read_text("utf-8"))]).encode())
    return digest.hexdigest()


def cell_timeout() -> int:
    """Seconds that a cell may take: a setting of the book."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return int(config["execute"]["timeout"])


def execute(chapter: Path, notebook: NotebookNode, **environment: str) -> Run:
    import nbclient

    client = nbclient.NotebookClient(
        notebook,
        timeout=cell_timeout(),
        record_timing=False,
        resources={"metadata": {"path": str(chapter.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    used = [0.0]
    client.on_cell_executed = lambda **_: used.append(peak(client.km.provisioner.process.pid))
    start, failure = time.perf_counter(), ""
    try:
        client.execute(env=os.environ | {"BOOK_BUILD": "1"} | environment)
    except nbclient.exceptions.CellControlSignal as error:
        code = code_cells(notebook)
        ran = [i for i, cell in enumerate(code, 1) if cell.get("execution_count")]
        failure = f"code cell {max(ran, default=1)} of {len(code)} failed\n{error}"
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    return Run(chapter, notebook, time.perf_counter() - start, max(used), failure)


def peak(process: int) -> float:
    """The most memory that a process has had, in MB; where Linux does not tell, what it has now."""
    import psutil

    status = Path(f"/proc/{process}/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1000
    return float(psutil.Process(process).memory_info().rss / 1e6)


if __name__ == "__main__":
    sys.exit(main())
