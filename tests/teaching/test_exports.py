"""What becomes of exports as courses' systems, browsers and operating systems really make them.

All of them are made here. A case is the files of an export and, for each student, what must come
of it: the text that is graded, `?` after it where a teacher must look, or None where nothing is.
"""

import io
import json
import random
import unicodedata
import zipfile
from collections import Counter

import pytest

from teaching import authoring
from teaching.alignment import cells_of, notebook_of
from teaching.submissions import SubmissionsError, collect

NAME = "01-small"
N = f"{NAME}.ipynb"
DONE = "def divide(x):\n    return x / 2  # {}"


@pytest.fixture
def export(course, tmp_path):
    """Collect these files, in a zip or a folder; the submissions by key, and the lines."""
    assignment = authoring.load(NAME)

    def run(files, name="export.zip"):
        source = tmp_path / name
        if name.endswith(".zip"):
            source.write_bytes(files if isinstance(files, bytes) else zipped(assignment, files))
        else:
            for path, content in files.items():
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_bytes(bytes_of(assignment, content))
        found, lines = collect(source, tmp_path / "out" / "submissions", assignment)
        return {s.student: s for s in found}, lines

    run.assignment = assignment
    return run


def notebook(assignment, mark):
    """A notebook with an answer that carries a mark; the blank one for an empty mark."""
    cells = {"divide": DONE.format(mark)} if mark else {}
    return json.loads(json.dumps(authoring.answered(assignment, cells)))


def bytes_of(assignment, content):
    """The bytes of a file: as they are, of a notebook with a mark, or of a zip of files."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, dict):
        return zipped(assignment, content)
    if callable(content):
        return content(assignment)
    return json.dumps(notebook(assignment, content)).encode()


def zipped(assignment, files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items()):
            date = (2024, 9, 24, 9, number // 30, number % 30 * 2)  # each later than the one before
            archive.writestr(zipfile.ZipInfo(name, date), bytes_of(assignment, content))
    return stream.getvalue()


def mark_of(submission):
    """What stands in a notebook that was kept: its mark, nothing for a blank one."""
    try:
        cells = cells_of(notebook_of(submission.notebook.read_bytes()))
    except ValueError as error:
        return f"unreadable: {error}"
    marks = [c["source"].partition("# ")[2] for c in cells if "divide" in c["ids"]]
    return marks[0] if marks else "not the assignment"


def outcome(submission):
    if submission.problem:
        return None
    return mark_of(submission) + "?" * submission.review


def encoded(mark, encoding):
    def made(assignment):
        return json.dumps(notebook(assignment, mark), ensure_ascii=False).encode(encoding)

    return made


def with_outputs(mark, bytes_of_output):
    """A notebook with so many bytes of output."""

    def made(assignment):
        made = notebook(assignment, mark)
        cell = next(c for c in made["cells"] if c["id"] == "divide")
        text = ["a line of output that is printed again and again\n"] * (bytes_of_output // 53)
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        return json.dumps(made).encode()

    return made


def colab(mark):
    """As Colab saves it: ids in the metadata, a link to Colab in front."""

    def made(assignment):
        made = notebook(assignment, mark)
        for cell in made["cells"]:
            cell["metadata"] = {"id": cell.pop("id")}
        link = {"cell_type": "markdown", "metadata": {"id": "view-in-github"}, "source": "<a>"}
        made |= {"nbformat_minor": 0, "cells": [link, *made["cells"]]}
        return json.dumps(made).encode()

    return made


def chapter(assignment):
    """Another notebook: that of a chapter."""
    cell = {"cell_type": "code", "id": "x", "metadata": {}, "source": "1", "outputs": []}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    ).encode()


def nfd(text):
    return unicodedata.normalize("NFD", text)


MOODLE = "Anna Müller_2001_assignsubmission_file_"
BRIGHT = "397063-255 - Mary-Ann Smith - Sep {}, 2024 {} PM"
BOARD = "Small_anna_attempt_2024-09-24-09-26-0{}"
ANNA = "Anna-Müller_2001"
CASES = {
    # Moodle
    "moodle, folders": ({f"{MOODLE}/{N}": "a"}, {ANNA: "a"}),
    "moodle, flat": ({f"{MOODLE}{N}": "a"}, {ANNA: "a"}),
    "moodle 4, no last sign": ({f"{MOODLE[:-1]}/{N}": "a"}, {ANNA: "a"}),
    "moodle, below the course": (
        {f"Course-HW-12/{MOODLE}/{N}": "a", f"Course-HW-12/Bo_7_assignsubmission_file_/{N}": "b"},
        {ANNA: "a", "Bo_7": "b"},
    ),
    "moodle, a folder of the student's": ({f"{MOODLE}/work/{N}": "a"}, {ANNA: "a"}),
    "moodle, a text besides": (
        {f"{MOODLE}/{N}": "a", f"{MOODLE.replace('file', 'onlinetext')}/onlinetext.html": b"hi"},
        {ANNA: "a"},
    ),
    "moodle, a text only": (
        {f"{MOODLE.replace('file', 'onlinetext')}/onlinetext.html": b"hi"}, {ANNA: None},
    ),
    "moodle, blind": ({f"Participant_2001_assignsubmission_file_/{N}": "a"},
                      {"Participant_2001": "a"}),
    "moodle, default group": ({f"Default group_assignsubmission_file_/{N}": "a"},
                              {"Default-group-#": "a?"}),
    "moodle, two of one name": (
        {f"Jane Doe_{n}_assignsubmission_file_/{N}": f"{n}" for n in (1, 2)},
        {"Jane-Doe_1": "1", "Jane-Doe_2": "2"},
    ),
    "moodle, blank and Copy of": ({f"{MOODLE}/{N}": "", f"{MOODLE}/Copy of {N}": "a"},
                                  {ANNA: "a?"}),
    "moodle, Copy of and a later blank": ({f"{MOODLE}/Copy of {N}": "a", f"{MOODLE}/{N}": ""},
                                          {ANNA: "a?"}),
    "moodle, a name as another's form": (
        {f"{MOODLE}/Bo_7_assignsubmission_file_/{N}": "a"}, {ANNA: "a"},
    ),
    "moodle, one who is called as another's folder": (
        {f"{MOODLE}/{N}": "a", f"{MOODLE}_9_assignsubmission_file_/{N}": "m"},
        {ANNA: "a", "Anna-Müller_2001_assignsubmission_file__9": "m"},
    ),
    "moodle, such a one alone": (
        {f"{MOODLE}_9_assignsubmission_file_/{N}": "m"},
        {"Anna-Müller_2001_assignsubmission_file__9": "m"},
    ),
    "moodle, such a one, flat": (
        {f"{MOODLE}{N}": "a", f"{MOODLE}_9_assignsubmission_file_{N}": "m"}, {ANNA: "a"},
    ),
    "moodle, more than a name of a folder": (
        {f"{MOODLE}/{N}": "a", f"{MOODLE}b/{N}": "m"}, {ANNA: "a"},
    ),
    # Canvas
    "canvas": ({f"doejane_12_678_{N}": "a"}, {"doejane_12": "a"}),
    "canvas, late": ({f"doejane_LATE_12_678_{N}": "a"}, {"doejane_12": "a"}),
    "canvas, anonymous": ({f"anon_AbC12_678_{N}": "a"}, {"anon_AbC12": "a"}),
    "canvas, anonymous and late": ({f"LATE_anon_AbC12_678_{N}": "a"}, {"anon_AbC12": "a"}),
    "canvas, an anonymous number": ({f"LATE_anon_12345_678_{N}": "a"}, {"anon_12345": "a"}),
    "canvas, handed in again": ({f"doejane_12_678_{NAME}-1.ipynb": "a"}, {"doejane_12": "a"}),
    "canvas, an older copy (1)": (
        {f"doejane_12_200_{N}": "new", f"doejane_12_100_{NAME} (1).ipynb": "old"},
        {"doejane_12": "new?"},
    ),
    "canvas, zipped again": (
        {f"submissions/{who}_{n}_6_{N}": who for n, who in enumerate(("doejane", "roebo"), 1)},
        {"doejane_1": "doejane", "roebo_2": "roebo"},
    ),
    "canvas, a text": ({"doejane_12_text.html": b"hi", f"roebo_13_6_{N}": "b"},
                       {"doejane_12": None, "roebo_13": "b"}),
    "canvas, test student": ({f"studenttest_1_2_{N}": "a"}, {"studenttest_1": "a"}),
    # Brightspace
    "brightspace": ({f"{BRIGHT.format(24, 926)}/{N}": "a", "index.html": b""},
                    {"Mary-Ann-Smith_397063": "a"}),
    "brightspace, two attempts": (
        {f"{BRIGHT.format(24, 1105)}/{N}": "new", f"{BRIGHT.format(24, 926)}/{N}": "old"},
        {"Mary-Ann-Smith_397063": "new?"},
    ),
    "brightspace, below a folder": (
        {f"HW 2 Download/{BRIGHT.format(24, 926)}/{N}": "a", "HW 2 Download/index.html": b""},
        {"Mary-Ann-Smith_397063": "a"},
    ),
    **{
        f"brightspace, dates {dates}": (
            {f"1-2 - Bo - {date}/{N}": mark
             for date, mark in zip(dates, ("new", "old"), strict=True)},
            {"Bo_1": "new?"},
        )
        for dates in (
            ("24 September 2024 11:05 PM", "24 Sep, 2024 9:26 PM"),
            ("2024-09-24 23:05", "2024-09-24 0926"), ("2024-09-24T23.05.10", "24 Sep 2024 926 AM"),
            ("Sept. 24, 2024 1105 PM", "September 24, 2024 926 PM"),
        )
    },
    "a zip of a class beside another": (
        {f"group {n}.zip": {f"Bo_{n}{k}_assignsubmission_file_/{N}": "b" for k in (1, 2)}
         for n in (1, 2)},
        {"group-1-#": None, "group-2-#": None},
    ),
    # Blackboard
    "blackboard": ({f"{BOARD.format(0)}_{N}": "a", f"{BOARD.format(0)}.txt": b"Name: Anna"},
                   {"Small_anna": "a"}),
    "blackboard, two attempts": (
        {f"{BOARD.format(5)}_{N}": "new", f"{BOARD.format(1)}_{N}": "old"},
        {"Small_anna": "new?"},
    ),
    "blackboard, accounts with a sign": (
        {f"Small_{who}_doe_attempt_2024-09-24-09-26-00_{N}": who for who in "ab"},
        {"Small_a_doe": "a", "Small_b_doe": "b"},
    ),
    # ILIAS, Teams
    "ilias": (
        {f"HW 2/Abgaben/{who}_{who.lower()}_1{n}/20240924093000_{N}": who
         for n, who in enumerate(("Doe_Jane", "Roe_Bo"))},
        {"Doe_Jane_doe_jane_10": "Doe_Jane", "Roe_Bo_roe_bo_11": "Roe_Bo"},
    ),
    "ilias, a table besides": (
        {f"multi_feedback/Doe_Jane_jd_1/{N}": "a", f"multi_feedback/Roe_Bo_rb_2/{N}": "b",
         "multi_feedback/status.xlsx": b""},
        {"Doe_Jane_jd_1": "a", "Roe_Bo_rb_2": "b"},
    ),
    "ilias, one student": ({f"HW 2/Abgaben/Doe_Jane_jd_1/{N}": "a"}, {"Doe_Jane_jd_1": "a"}),
    "ilias, below the assignment's name": (
        {f"{NAME}/Doe_Jane_jd_1/{N}": "a", f"{NAME}/Roe_Bo_rb_2/{N}": "b"},
        {"Doe_Jane_jd_1": "a", "Roe_Bo_rb_2": "b"},
    ),
    "a class in one folder": (
        {f"hw2/{who}/{N}": who for who in ("anna", "bo", "cem")},
        {"anna": "anna", "bo": "bo", "cem": "cem"},
    ),
    "a class of files in one folder": (
        {f"hw2/{who}.ipynb": who for who in ("anna", "bo")}, {"anna": "anna", "bo": "bo"},
    ),
    "a class of zips in one folder": (
        {f"hw2/{who}.zip": {f"x/{N}": who} for who in ("anna", "bo")}, {"anna": "anna", "bo": "bo"},
    ),
    "files and folders in one folder": (
        {f"hw2/anna/{N}": "a", "hw2/bo.ipynb": "b"}, {"anna": "a", "bo": "b"},
    ),
    "two groups": (
        {f"group {n // 2}/{who}/{N}": who for n, who in enumerate(("ann", "bo", "cem", "dee"))},
        {f"group-{n // 2}-{who}-#": f"{who}?" for n, who in enumerate(("ann", "bo", "cem", "dee"))},
    ),
    # nbgrader, JupyterHub
    "nbgrader": (
        {f"submitted/{who}/{NAME}/{N}": who for who in ("anna", "bo")}
        | {f"submitted/anna/{NAME}/timestamp.txt": b"2024"},
        {"anna": "anna", "bo": "bo"},
    ),
    "nbgrader, other assignments": (
        {f"submitted/anna/{NAME}/{N}": "a", "submitted/anna/02-other/y.ipynb": chapter,
         "submitted/bo/02-other/y.ipynb": chapter},
        {"anna": "a", "bo": None},
    ),
    "nbgrader's exchange": (
        {f"anna+{NAME}+2024-09-24 09:26:00.1 UTC/{N}": "old",
         f"anna+{NAME}+2024-09-25 09:26:00.1 UTC+x/{N}": "new",
         f"bo+{NAME}+2024-09-24 09:26:00.1 UTC/{N}": "b",
         "bo+02-other+2024-09-26 09:26:00.1 UTC/y.ipynb": "c"},
        {"anna": "new?", "bo": "b"},
    ),
    "one in a folder more": (
        {f"alice/{N}": "a", f"bob/{N}": "b", f"mallory/{NAME}/{N}": "m"},
        {"alice": "a", "bob": "b", "mallory": "m"},
    ),
    "one in a folder of another's name": (
        {f"alice/{N}": "a", f"mallory/alice/{N}": "m", f"bob/{N}": "b"},
        {"alice": "a", "mallory": "m", "bob": "b"},
    ),
    "one with two folders": (
        {f"alice/{N}": "a", f"mallory/alice/{N}": "m", f"mallory/bob/{N}": "n"},
        {"alice": "a", "mallory-alice-#": "m?", "mallory-bob-#": "n?"},
    ),
    "checkpoints": ({f"anna/{N}": "a", f"anna/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": "old"},
                    {"anna": "a"}),
    # plain
    "plain": ({"anna.ipynb": "a", "bo.ipynb": "b", "README.md": b""}, {"anna": "a", "bo": "b"}),
    "whose name is lost": ({N: "a", f"{NAME} (1).ipynb": "b"},
                           {NAME: "a?", f"{NAME}-(1)-#".replace("(", "").replace(")", ""): "b?"}),
    "letter case only": ({f"Anna/{N}": "A", f"anna/{N}": "a"}, {"Anna-#": "A", "anna-#": "a"}),
    "signs only": ({f"anna m/{N}": "1", f"anna-m/{N}": "2"}, {"anna-m-#": "1", "anna-m": "2"}),
    "a student's zip": ({f"anna/{NAME}.zip": {f"work/{N}": "a"}}, {"anna": "a"}),
    "a notebook and a zip of another": ({f"anna/{N}": "", "anna/all.zip": {N: "a"}},
                                        {"anna": "a?"}),
    "a notebook and a broken zip": ({f"anna/{N}": "a", "anna/all.zip": b"PK"}, {"anna": "a?"}),
    "a zip without a notebook": ({"anna/all.zip": {"x.pdf": b""}}, {"anna": None}),
    "the same twice": ({f"anna/{N}": "a", f"anna/{NAME} (1).ipynb": "a"}, {"anna": "a"}),
    # browsers, JupyterLab, VS Code, Colab, Windows, macOS, Linux
    **{
        f"copy: {copy}": ({f"{MOODLE}/{N}": "", f"{MOODLE}/{copy}": "a"}, {ANNA: "a?"})
        for copy in (
            f"{NAME} (1).ipynb", f"{NAME}(2).ipynb", f"{NAME}-Copy1.ipynb", f"{NAME} copy 2.ipynb",
            f"Copy of Copy of {N}", f"Kopie von {N}", f"{NAME} - Kopie (2).ipynb", "scratch.ipynb",
            f"{NAME} (another copy).ipynb", f"{NAME}_final_ANNA.ipynb", "01_SMALL.IPYNB",
            f"{N}.txt", f"{N}.json", f"{NAME}.json", NAME,
        )
    },
    "a number at the end": (
        {f"{MOODLE}/{N}": "a", f"{MOODLE}/scratch-9.ipynb": "b"}, {ANNA: "a?"},
    ),
    "named by macOS": ({nfd(f"Zoë/{N}"): "a", "__MACOSX/._x.ipynb": b"", ".DS_Store": b""},
                       {"Zoë": "a"}),
    "zipped by Windows": ({f"hw2\\anna\\{N}": "a", f"hw2\\bo\\{N}": "b"}, {"anna": "a", "bo": "b"}),
    # encodings and sizes
    "a byte order mark": ({f"anna/{N}": encoded("ä", "utf-8-sig")}, {"anna": "ä"}),
    "UTF-16": ({f"anna/{N}": encoded("ä", "utf-16")}, {"anna": "ä"}),
    "UTF-16 without its mark": ({f"anna/{N}": encoded("ä", "utf-16-le")}, {"anna": "ä"}),
    "Latin-1": ({f"anna/{N}": encoded("ä", "latin-1")},
                {"anna": "unreadable: the file is not UTF-8 text; save it anew in JupyterLab"}),
    "cut off": (
        {f"anna/{N}": lambda a: encoded("a", "utf-8")(a)[:500]},
        {"anna": "unreadable: the file is not a notebook: its JSON is broken or cut off"},
    ),
    "Colab": ({f"anna/{N}": colab("a")}, {"anna": "a"}),
    "the chapter": ({f"anna/{N}": chapter}, {"anna": "not the assignment"}),
    "21 MB of outputs": ({f"anna/{N}": with_outputs("a", 21_000_000)}, {"anna": "a"}),
    # names
    "names": (
        {f"{name}/{N}": "a" for name in ("陳大文", "=1+1", "CON", "a,b", "🐍", "0012345", "1e5")},
        {"陳大文": "a", "1+1-#": "a", "_CON-#": "a", "a-b-#": "a", "student-#": "a",
         "0012345": "a", "1e5": "a"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_export_has_its_outcome(export, case):
    files, expected = CASES[case]
    found, lines = export(files)
    keys = {key if key in expected else f"{key[:-6]}#": outcome(s) for key, s in found.items()}
    assert keys == expected
    assert sorted(line.file for line in lines) == sorted(
        unicodedata.normalize("NFC", name.replace("\\", "/")) for name in files
    )
    assert all(line.why for line in lines if line.outcome == "set aside")


def test_there_are_enough_cases():
    assert len(CASES) >= 60


def notes_of(export, files):
    (found,) = export(files)[0].values()
    return found.notes, found.problem


def test_a_date_in_another_language_makes_no_attempt_the_older(export):
    """The later in the export counts, as where there are no dates, and the note says so."""
    path = f"1-2 - Bo - {{}}/{N}"
    first, second = path.format("Sep 24, 2024 926 PM"), path.format("25. Sept. 2024 09 26")
    found, _ = export({first: "old", second: "new"})
    assert outcome(found["Bo_1"]) == "new?"
    (note,) = found["Bo_1"].notes
    assert note == (
        f"{second} counts, not {first}; the dates of its attempts are not understood: look which "
        "is the newest"
    )


def test_of_attempts_with_one_name_the_note_says_which(export):
    first, second = (f"{BRIGHT.format(24, time)}/{N}" for time in (926, 1105))
    assert notes_of(export, {first: "old", second: "new"})[0] == (f"{second} counts, not {first}",)
    first, second = (f"{BOARD.format(n)}_{N}" for n in (1, 5))
    assert notes_of(export, {first: "old", second: "new"})[0] == (f"{second} counts, not {first}",)
    first, second = (f"{BRIGHT.format(24, time)}/a.zip" for time in (926, 1105))
    notes, _ = notes_of(export, {first: {N: "old"}, second: {N: "new"}})
    assert f"{N} in {second} counts, not {N} in {first}" in notes


@pytest.mark.parametrize(
    "form",
    ["Bo_{}_assignsubmission_file_/{}", "roebo_{}_9_{}", "{}-9 - Bo - Sep 24, 2024 926 PM/{}",
     "Small_a{}_attempt_2024-09-24-09-26-00_{}", "hw/Abgaben/Roe_Bo_br_{}/{}"],
)  # fmt: skip
def test_a_zip_of_the_zip_of_a_class_is_refused(export, form):
    inner = {form.format(number, N): f"{number}" for number in (1, 2, 3)}
    with pytest.raises(SubmissionsError, match=r"all.zip: it is the export of a class: unpack it"):
        export({"all.zip": inner, "__MACOSX/._all.zip": b""})
    found, _ = export({"all.zip": {form.format(1, N): "a"}})
    assert outcome(found["all"]) == "a"


def test_what_is_wrong_is_said_once_and_what_to_hand_in(export):
    assert notes_of(export, {"anna/all.zip": b"PK"}) == ((), (
        "no notebook was handed in, but all.zip: it is no zip, or a broken one: File is not a zip "
        f"file; hand in {N}"
    ))  # fmt: skip
    assert notes_of(export, {"anna/all.zip": b""})[1] == (
        f"no notebook was handed in, but all.zip: the file is empty; hand in {N}"
    )
    assert notes_of(export, {"anna/x.pdf": b"x"})[1].endswith(f"x.pdf: no notebook; hand in {N}")
    with pytest.raises(ValueError, match=r"^the file is empty$"):
        notebook_of(b"")


def test_what_is_not_understood_is_said(export):
    _, lines = export({"README.md": b"", "anna.ipynb": "a", "bo.pdf": b"", "index.html": b""})
    assert {line.file: line.outcome for line in lines} == {
        "README.md": "not understood", "anna.ipynb": "graded", "bo.pdf": "not understood",
        "index.html": "set aside",
    }  # fmt: skip


def test_large_outputs_are_left_out_and_a_file_beyond_all_is_told_so(export):
    found, _ = export({f"anna/{N}": with_outputs("a", 50_000_000), f"bo/{N}": bytes(10)})
    assert mark_of(found["anna"]) == "a"
    assert found["anna"].notes == ("50 MB of outputs were left out",)
    assert found["anna"].notebook.stat().st_size < 100_000


# What students and platforms do to a class, at random; a seed a class


def mutated(draw, assignment):
    """An export of some students, and for each the mark of the best notebook in it."""
    form = draw.choice([
        "Student {0}_{1}_assignsubmission_file_/{2}", "Student {0}_{1}_assignsubmission_file_{2}",
        "student{0}_{1}_{3}_{2}", "submitted/student{0}/01-small/{2}", "student{0}/{2}",
        "{1}-9 - Student {0} - Sep 24, 2024 926 PM/{2}",
        "Small_student{0}_attempt_2024-09-24-09-26-00_{2}",
    ])  # fmt: skip
    around = "".join(draw.choice(["", "hw/", "Course 1/", "Abgaben/"]) for _ in range(2))
    files, best = {}, {}
    upload = 100
    for number in range(draw.randint(1, 5)):
        letter = "abcde"[number]
        names = [N, f"{NAME} (1).ipynb", f"Copy of {N}", f"{NAME}-Copy1.ipynb", "Untitled.ipynb"]
        draw.shuffle(names)
        for name in names[: draw.randint(1, 3)]:
            upload += 1
            kind = draw.choice(["done", "done", "blank", "cut", "zip", "bom"])
            mark = f"{letter}{upload}"
            content = {
                "done": mark, "blank": "", "cut": encoded(mark, "utf-8")(assignment)[:900],
                "zip": {draw.choice(["", "work/"]) + name: mark}, "bom": encoded(mark, "utf-8-sig"),
            }[kind]  # fmt: skip
            name = name.replace(".ipynb", ".zip") if kind == "zip" else name
            files[around + form.format(letter, 50 + number, name, upload)] = content
            if kind in ("done", "zip", "bom"):
                best.setdefault(letter, set()).add(mark)
            else:
                best.setdefault(letter, set())
        if draw.random() < 0.2:
            files[around + form.format(letter, 50 + number, "notes.pdf", upload)] = b"x"
    return files, best


@pytest.mark.parametrize("seed", range(100))
def test_the_best_of_each_student_is_graded_or_somebody_looks(export, seed):
    draw = random.Random(seed)
    files, best = mutated(draw, export.assignment)
    content = zipped(export.assignment, files)
    if draw.random() < 0.2:
        with pytest.raises(SubmissionsError):
            export(content[: draw.randrange(len(content))])
    found, lines = export(content, draw.choice(["export.zip", "hw.zip", "hw (1).zip"]))
    assert Counter(line.file for line in lines) == Counter(dict.fromkeys(files, 1))
    by_letter = {}
    for submission in found.values():
        letter = submission.name.removeprefix("Small_").casefold().removeprefix("student").strip()
        assert letter not in by_letter
        by_letter[letter] = submission
    assert by_letter.keys() == best.keys()
    for letter, marks in best.items():
        submission = by_letter[letter]
        if not (submission.problem or submission.review):
            assert not marks or mark_of(submission) in marks
            assert len(marks) < 2
