"""What a class answered on the pages: the texts that "Copy my answers" gives, summed."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from teaching.store import visible
from teaching.tables import TableError, write_table

BOOK = Path(__file__).parents[1] / "book"
ASKED = re.compile(r"^[`:]{3,}\{(predict|check)\} ?(\S+)$", re.M)
LINE = re.compile(r"(?P<name>[a-z0-9-]+): (?P<tries>.+?)(?: > (?P<verdict>right|wrong))?")
COLUMNS = "chapter question readers right answers wrong".split()
SHOWN = 5  # different answers of a question in its row


@dataclass
class Sum:
    """The first answers to one question; of a prediction none is right or wrong."""

    chapter: str
    name: str
    first: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    right: int = 0
    judged: int = 0

    def row(self) -> list[str]:
        n = self.first.total()
        shares = [f"{said}: {times / n:.0%}" for said, times in self.first.most_common(SHOWN)]
        most = self.wrong.most_common(1)
        return [
            self.chapter, self.name, str(n),
            f"{self.right / self.judged:.0%}" if self.judged else "",
            ", ".join(shares), most[0][0] if most else "",
        ]  # fmt: skip


def write(folder: Path, out: Path) -> str:
    """Write `answers.csv` and `answers.svg`; returns what was read, and what was not understood.

    Each file in `folder` is the text of one reader; the last answer to a question counts.

    Raises:
        TableError: there is no text, or none with an answer.
    """
    every = folder.rglob("[!.]*") if folder.is_dir() else []
    files = sorted(path for path in every if path.is_file())
    if not files:
        raise TableError(f"{folder}: put the texts of a class there, a file for each reader")
    sums = {name: Sum(page.stem[:2], name) for page in pages() for name in asked(page)}
    readers, strange = 0, []
    for path in files:
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
        found = [(line, LINE.fullmatch(line.strip())) for line in lines if line.strip()]
        answers = {m["name"]: m for _, m in found if m and m["name"] in sums}
        readers += bool(answers)
        strange += [f"{path.name}: {line}" for line, m in found if not m or m["name"] not in sums]
        for name, answer in answers.items():
            count(sums[name], answer["tries"].split(" > "), answer["verdict"])
    known = [one for one in sums.values() if one.first]
    if not known:
        raise TableError(f"{folder}: no file has a line such as `one-row-left: b > c > right`")
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / "answers.csv", COLUMNS, [one.row() for one in known])
    draw([one for one in known if one.judged], out / "answers.svg")
    said = f"{readers} readers, {len(known)} questions: {out / 'answers.csv'}, answers.svg"
    return "\n".join([said, *(f"not understood: {visible(line)}" for line in strange)])


def count(one: Sum, tries: list[str], verdict: str | None) -> None:
    one.first[tries[0]] += 1
    if verdict is not None:
        at_once = verdict == "right" and len(tries) == 1
        one.judged += 1
        one.right += at_once
        if not at_once:
            one.wrong[tries[0]] += 1


def pages() -> list[Path]:
    return sorted(BOOK.glob("[0-9]*.md"))


def asked(page: Path) -> list[str]:
    return [name for _, name in ASKED.findall(page.read_text("utf-8"))]


def draw(sums: list[Sum], path: Path) -> None:
    """A bar a question: the share that was right at the first try, with the commonest error."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.8 + 0.26 * max(len(sums), 1)), layout="constrained")
    ax = figure.subplots()
    for at, one in enumerate(sums):
        share = one.right / one.judged
        ax.barh(at, 100 * share, color="#0068a8")
        ax.barh(at, 100 - 100 * share, left=100 * share, color="#dfe3e8")
        if one.wrong:
            said, times = one.wrong.most_common(1)[0]
            ax.text(
                99, at, f"{said} ({times})", ha="right", va="center", fontsize=8, parse_math=False
            )
    ax.set_yticks(range(len(sums)), [f"{one.chapter} {one.name}" for one in sums], fontsize=8)
    ax.set(xlim=(0, 100), xlabel="right at the first try, %; at the right the commonest error")
    ax.invert_yaxis()
    figure.savefig(path, metadata={"Date": None})
