"""Execute the chapters in parallel into the cache from which the book is built.

A chapter runs when its code changed; all run when `lib`, the lock or the Python version changed,
of which the cache itself knows nothing. Usage: python extensions/execute.py [--fresh]
"""

import argparse
import hashlib
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbclient
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import myst_nb_reader_plugin
from nbformat import NotebookNode
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
CELL_TIMEOUT = 300


@dataclass(frozen=True)
class Run:
    chapter: Path
    notebook: NotebookNode
    seconds: float
    failure: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="execute every chapter again")
    if parser.parse_args().fresh or stale():
        for folder in (".jupyter_cache", ".doctrees", "jupyter_execute"):
            shutil.rmtree(BUILD / folder, ignore_errors=True)
    cache = get_cache(BUILD / ".jupyter_cache")
    notebooks = {path: myst_nb_reader_plugin(str(path)) for path in chapters()}
    pending = [path for path, notebook in notebooks.items() if not reuse(cache, path, notebook)]
    failures = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(execute, path, notebooks[path]) for path in pending]
        runs = as_completed(futures)
        for future in tqdm(runs, "executing", len(pending), unit="chapter", disable=not pending):
            run = future.result()
            tqdm.write(
                f"{'failed' if run.failure else 'done'}  {run.seconds:5.1f} s  {run.chapter.name}"
            )
            if run.failure:
                failures.append(run)
                continue
            bundle = CacheBundleIn(
                run.notebook, str(run.chapter), data={"execution_seconds": run.seconds}
            )
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    for run in failures:
        print(f"\n{run.chapter.relative_to(ROOT)}: {run.failure}", file=sys.stderr)
    if not failures:
        (BUILD / "inputs").write_text(inputs())
    return bool(failures)


def chapters() -> list[Path]:
    """The pages of the book that hold code."""
    pages = sorted((ROOT / "book").glob("*.md"))
    return [page for page in pages if "\nkernelspec:" in page.read_text(encoding="utf-8")]


def reuse(cache: JupyterCacheAbstract, chapter: Path, notebook: NotebookNode) -> bool:
    """Whether the cache has the outputs of this code, if need be under another caption.

    Captions and alt texts are metadata of a cell, which the cache takes for a part of its code.
    """
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


def stale() -> bool:
    stamp = BUILD / "inputs"
    return not stamp.exists() or stamp.read_text() != inputs()


def inputs() -> str:
    """A hash of all that a chapter's outputs depend on besides its code."""
    digest = hashlib.sha256(f"{sys.version} {os.environ.get('BOOK_FIRST_SEED', '')}".encode())
    for path in [*sorted((ROOT / "lib").rglob("*.py")), ROOT / "requirements.txt"]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def execute(chapter: Path, notebook: NotebookNode) -> Run:
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        resources={"metadata": {"path": str(chapter.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    start, failure = time.perf_counter(), ""
    try:
        client.execute(env=os.environ | {"BOOK_BUILD": "1"})
    except nbclient.exceptions.CellControlSignal as error:
        code = code_cells(notebook)
        ran = [i for i, cell in enumerate(code, 1) if cell.get("execution_count")]
        failure = f"code cell {max(ran, default=1)} of {len(code)} failed\n{error}"
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    return Run(chapter, notebook, time.perf_counter() - start, failure)


if __name__ == "__main__":
    sys.exit(main())
