"""Release a version of the book: make release VERSION=1.0.1

It checks, stamps the version into what carries it, writes the claims of this version to
`releases/VERSION.json`, says in CHANGELOG.md which claims changed since the last release, keeps
what students are handed out (`teaching/assignments/earlier.json`), writes the notebooks and the
site anew, commits and tags. Where a step fails, all files are as they were. Nothing is pushed.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from extensions import travel
from extensions.claims import measured
from extensions.executed import executed
from extensions.replication import fingerprint, read
from lib.evidence import records
from teaching import authoring, earlier
from tools.execute import ROOT, chapters

UNRELEASED = "## Not released yet\n"
Ledger = dict[str, dict[str, Any]]


def main() -> int:
    version, today = sys.argv[1], date.today()
    releases = sorted((ROOT / "releases").glob("*.json"), key=lambda path: parts(path.stem))
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    refuse(not re.fullmatch(r"\d+\.\d+\.\d+", version), f"VERSION is {version!r}, takes 1.2.3")
    last = releases[-1].stem if releases else ""
    refuse(bool(last) and parts(version) <= parts(last), f"{last} has been released already")
    refuse(bool(output("git", "status", "--porcelain")), "commit or remove what has changed")
    before, _, after = changes.partition(UNRELEASED)
    news, *older = re.split(r"^(?=## )", after, maxsplit=1, flags=re.M)
    refuse(not news.strip(), f"CHANGELOG.md has nothing under {UNRELEASED.strip()!r}")
    refuse_stale()
    call("make", "test")
    now = ledger()
    changed = difference(json.loads(releases[-1].read_text("utf-8")), now) if last else ""
    told = [f"{before}## {version} ({today.isoformat()})\n{news.rstrip()}\n", changed, *older]
    head = output("git", "rev-parse", "HEAD").strip()
    try:
        publish(version, today, "\n".join(part for part in told if part), now)
    except BaseException:
        call("git", "add", "--all")
        call("git", "reset", "--quiet", "--hard", head)
        print("all files are as they were", file=sys.stderr)
        raise
    print(f"released {version}; to publish it: git push --follow-tags")
    return 0


def publish(version: str, today: date, changes: str, now: Ledger) -> None:
    """Write what carries the version, commit, build the site of this commit, and tag it."""
    (ROOT / "CHANGELOG.md").write_text(changes, "utf-8")
    stamp("pyproject.toml", r'(?<=^version = ").*(?="$)', version)
    stamp("CITATION.cff", r"(?<=^version: ).*$", version)
    stamp("CITATION.cff", r"(?<=^date-released: ).*$", today.isoformat())
    stamp(".zenodo.json", r'(?<="version": ").*(?=")', version)
    stamp(".zenodo.json", r'(?<="publication_date": ").*(?=")', today.isoformat())
    (ROOT / "releases").mkdir(exist_ok=True)
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in now.items())
    (ROOT / f"releases/{version}.json").write_text(f"{{\n{rows}\n}}\n", "utf-8")
    earlier.remember(authoring.names())
    call("make", "notebooks")
    call("git", "add", "--all")
    call("git", "commit", "--quiet", "--message", f"Release {version}")
    call("make", "site")
    call("git", "tag", "--annotate", f"v{version}", "--message", f"Version {version}")


def refuse_stale() -> None:
    """What is on record of other seeds and other worlds must be of the present code."""
    for row in travel.read(ROOT):
        stale = row["code"] != travel.code(ROOT, row["experiment"], row["world"])
        refuse(stale, f"{row['claim']} was measured with an earlier version: make travel")
    for page in chapters():
        now = fingerprint(ROOT, page)
        stale = any(run["fingerprint"] != now for run in read(ROOT).get(page.stem, {}).values())
        refuse(stale, f"{page.stem} was replicated with an earlier version: make replicate")


def ledger() -> Ledger:
    """What the executed chapters claim, by name."""
    found: Ledger = {}
    for page in chapters():
        for claim in records(executed(ROOT, page).notebook):
            found[claim.name] = {
                "page": page.stem, "kind": claim.kind, "statement": claim.statement,
                "asked": claim.asked, "measured": measured(claim), "effect": claim.effect,
                "low": claim.low, "high": claim.high, "seeds": claim.seeds,
            }  # fmt: skip
    return found


def difference(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> str:
    """What became of the claims, as Markdown: new, gone, and moved out of the old interval.

    >>> row = {"statement": "it rises", "effect": 3, "low": 1, "high": 4, "measured": "3 [1, 4]"}
    >>> print(difference({"a": row, "b": row}, {"b": row | {"effect": 5, "measured": "5 [4, 6]"}}))
    Claims that are gone: 1.
    <BLANKLINE>
    - it rises
    <BLANKLINE>
    Claims whose effect lies outside the earlier interval: 1.
    <BLANKLINE>
    - it rises: 3 [1, 4] before, 5 [4, 6] now
    <BLANKLINE>
    """
    moved = [
        f"{new[name]['statement']}: {row['measured']} before, {new[name]['measured']} now"
        for name, row in old.items()
        if name in new and not row["low"] <= new[name]["effect"] <= row["high"]
    ]
    parts = {
        "that are new": [row["statement"] for name, row in new.items() if name not in old],
        "that are gone": [row["statement"] for name, row in old.items() if name not in new],
        "whose effect lies outside the earlier interval": moved,
    }
    said = [
        f"Claims {what}: {len(rows)}.\n\n" + "".join(f"- {row}\n" for row in rows)
        for what, rows in parts.items()
        if rows
    ]
    return "\n".join(said) or "All claims are those of the last release.\n"


def parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def refuse(wrong: bool, why: str) -> None:
    if wrong:
        sys.exit(f"not released: {why}")


def stamp(name: str, pattern: str, value: str) -> None:
    text, times = re.subn(pattern, value, (ROOT / name).read_text("utf-8"), count=1, flags=re.M)
    refuse(not times, f"{name} has no place for {value}")
    (ROOT / name).write_text(text, "utf-8")


def call(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f"not released: {' '.join(command)} failed")


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
