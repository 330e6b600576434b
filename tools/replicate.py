"""Execute the chapters on other seeds, and record what becomes of each claim.

Each block is ten seeds that no chapter shows, and draws splits and wrong labels anew. Claims that
fail are recorded, not raised. What is done on the present code is kept: an interrupted run goes on
where it was. The record is `lib/replicated.json`, which is committed.
Usage: python -m tools.replicate [CHAPTER...]
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from extensions.replication import RECORD, fingerprint, read
from lib.evidence import records
from tools.execute import ROOT, chapters, execute, finished, stop_at_interrupt

# The first seeds of the blocks are 61000, 62000 and so on; data are drawn with 61, 62 and so on. A
# chapter gets new ones whenever a claim was reworded because of the old, so that no sentence is
# fitted to the seeds that judge it.
BLOCKS = 5
FIRST_BLOCK = 61000
NEW_BLOCKS = {"10-practical-guidelines": 71000}


def main() -> int:
    from myst_nb.core.read import myst_nb_reader_plugin

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", nargs="*", type=Path, help="only these")
    pages = [page.resolve() for page in parser.parse_args().chapter] or chapters()
    record = {
        chapter: {first: run for first, run in runs.items() if int(first) in blocks(chapter)}
        for chapter, runs in read(ROOT).items()
    }
    now = {page: fingerprint(ROOT, page) for page in pages}
    todo = [
        (first, page)
        for i in range(BLOCKS)
        for page in reversed(pages)
        for first in [blocks(page.stem)[i]]
        if record.get(page.stem, {}).get(str(first), {}).get("fingerprint") != now[page]
    ]
    pool = ThreadPoolExecutor(2)
    jobs = {
        pool.submit(execute, page, myst_nb_reader_plugin(str(page)), **environment(first)): first
        for first, page in todo
    }
    failed = 0
    stop_at_interrupt()
    for job in finished(jobs):
        run, first = job.result(), jobs[job]
        if run.failure:
            failed += 1
            print(f"failed {first} {run.chapter.name}: {run.failure}", file=sys.stderr)
            continue
        claims = records(run.notebook)
        record.setdefault(run.chapter.stem, {})[str(first)] = {
            "fingerprint": now[run.chapter],
            "claims": {c.name: [one.effects for one in c.comparisons] for c in claims},
        }
        write(record)
        lost = [claim.name for claim in claims if not claim.holds and not claim.pooled]
        print(f"done {run.seconds:5.1f} s  {first} {run.chapter.name} {' '.join(lost)}".rstrip())
        sys.stdout.flush()
    return bool(failed)


def blocks(chapter: str) -> range:
    """The first seeds of a chapter's blocks."""
    first = NEW_BLOCKS.get(chapter, FIRST_BLOCK)
    return range(first, first + 1000 * BLOCKS, 1000)


def environment(first: int) -> dict[str, str]:
    data = str(first // 1000)
    return {"BOOK_FIRST_SEED": str(first), "BOOK_DATA_SEED": data, "BOOK_REPLICATE": "1"}


def write(record: dict[str, Any]) -> None:
    """The record with a claim a line, in the order of the book: a change shows as one."""
    chapters = []
    for chapter, runs in sorted(record.items()):
        found = []
        for first, run in sorted(runs.items(), key=lambda item: int(item[0])):
            rows = [f"{json.dumps(name)}: {json.dumps(e)}" for name, e in run["claims"].items()]
            head = f'"fingerprint": "{run["fingerprint"]}", "claims": {{\n'
            found.append(f'"{first}": {{{head}' + ",\n".join(rows) + "}}")
        chapters.append(f"{json.dumps(chapter)}: {{\n" + ",\n".join(found) + "}")
    new = (ROOT / RECORD).with_suffix(".new")
    new.write_text("{" + ",\n".join(chapters) + "}\n", "utf-8")
    new.replace(ROOT / RECORD)


if __name__ == "__main__":
    sys.exit(main())
