"""The figures that instructors take along: all of a chapter, in three forms, with their texts."""

import csv
import io
import re
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
from machine import left_out

from tools.figures import COLUMNS

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*.md"))


@pytest.mark.depends("_build/figures/*.zip", "book/{page.name}")
@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_each_figure_is_there_in_three_forms_with_its_texts(page):
    if not shutil.which("rsvg-convert"):
        left_out("no rsvg-convert (make pdf brings it)")
    with zipfile.ZipFile(ROOT / f"_build/figures/{page.stem}.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    names = re.findall(r"^    name: (fig-[a-z0-9-]+)$", page.read_text("utf-8"), re.M)
    rows = list(csv.DictReader(io.StringIO(files.pop("figures.csv").decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == names
    for row in rows:
        assert all(row[column] for column in COLUMNS)
        assert not re.search(r"\{\w+\}`", row["caption"])
        drawing = files.get(f"{row['name']}.svg")
        if drawing is not None:
            assert drawing.lstrip().startswith((b"<svg", b"<?xml"))
            assert files[f"{row['name']}.pdf"].startswith(b"%PDF")
        width, _ = struct.unpack(">II", files[f"{row['name']}.png"][16:24])
        assert width >= 700
