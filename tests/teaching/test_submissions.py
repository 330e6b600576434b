"""Exports of Moodle, Canvas and nbgrader, honest and hostile, become submissions."""

import contextlib
import io
import os
import shutil
import stat
import struct
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from teaching import archives, submissions
from teaching.authoring import Assignment
from teaching.forms import likeness
from teaching.roster import find, read_roster
from teaching.submissions import SubmissionsError, collect

NAME = "02-initialization"
ASSIGNMENT = Assignment(NAME, {}, new_notebook(), ())
MOODLE = "Anna Müller_1234567_assignsubmission_file_"


def packed(files, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, **options)
    return stream.getvalue()


@pytest.fixture
def collected(tmp_path):
    """Collect a zip of these files, or a folder of them; the outcome by key."""

    def run(files, as_zip=True):
        source = tmp_path / ("class.zip" if as_zip else "class")
        if as_zip:
            source.write_bytes(files if isinstance(files, bytes) else packed(files))
        else:
            for name, content in files.items():
                path = source / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        shutil.rmtree(tmp_path / "into", ignore_errors=True)
        before = set(tmp_path.rglob("*"))
        found, lines = collect(source, tmp_path / "into", ASSIGNMENT)
        new = set(tmp_path.rglob("*")) - before - {tmp_path / "into"}
        assert new == {s.notebook for s in found if s.notebook}  # and nothing else
        graded = [line.student for line in lines if line.outcome == "graded"]
        assert sorted(graded) == [s.student for s in found if s.notebook]
        assert all(line.why for line in lines if line.outcome == "set aside")
        if as_zip and not isinstance(files, bytes):
            assert len(lines) == len(files)
        return {s.student: s for s in found}

    return run


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize(
    ("path", "key", "name", "lms", "lms_id"),
    [
        (f"{MOODLE}/{NAME}.ipynb", "Anna-Müller_1234567", "Anna Müller", "moodle", "1234567"),
        (f"{MOODLE[:-1]}/{NAME}.ipynb", "Anna-Müller_1234567", "Anna Müller", "moodle", "1234567"),
        (f"{MOODLE}{NAME}.ipynb", "Anna-Müller_1234567", "Anna Müller", "moodle", "1234567"),
        (
            f"Course-7/{MOODLE}/{NAME}.ipynb",
            "Anna-Müller_1234567",
            "Anna Müller",
            "moodle",
            "1234567",
        ),
        (f"müllera_12345_67890_{NAME}.ipynb", "müllera_12345", "müllera", "canvas", "12345"),
        (f"studenttest_12_67_{NAME}.ipynb", "studenttest_12", "studenttest", "canvas", "12"),
        (f"anon_aB3x9_67890_{NAME}.ipynb", "anon_aB3x9", "anon", "canvas", "aB3x9"),
        (f"submitted/anna/{NAME}/x.ipynb", "anna", "anna", "plain", ""),
        (f"anna/{NAME}/x.ipynb", "anna", "anna", "plain", ""),
        (f"anna/{NAME}.ipynb", "anna", "anna", "plain", ""),
        ("anna.ipynb", "anna", "anna", "plain", ""),
    ],
)
def test_each_form_of_export_is_read(collected, path, key, name, lms, lms_id, as_zip):
    (found,) = collected({path: b"{}"}, as_zip).values()
    assert (found.student, found.name, found.lms, found.lms_id) == (key, name, lms, lms_id)
    assert found.notebook.read_bytes() == b"{}"
    assert not found.problem
    assert not found.late


def test_late_and_repeated_submissions_of_canvas(collected):
    late = f"doejane_LATE_12_{{}}_{NAME}-{{}}.ipynb"
    found = collected({late.format(5, 2): b"2", late.format(4, 10): b"10", late.format(6, 1): b"1"})
    (jane,) = found.values()
    assert jane.late
    assert jane.name == "doejane"
    assert jane.notebook.read_bytes() == b"1"  # the last upload
    assert "counts, not" in jane.notes[0]
    assert jane.review
    (anon,) = collected({f"LATE_anon_AbC12_678_{NAME}.ipynb": b"{}"}).values()
    assert (anon.late, anon.name, anon.lms_id) == (True, "anon", "AbC12")


def test_the_notebook_named_as_the_assignment_counts(collected):
    found = collected({f"{MOODLE}/Untitled-9.ipynb": b"old", f"{MOODLE}/{NAME} (1).ipynb": b"new"})
    (anna,) = found.values()
    assert anna.notebook.read_bytes() == b"new"
    (anna,) = collected({f"{MOODLE}/Untitled.ipynb": b"renamed"}, as_zip=False).values()
    assert anna.notes == ("the file was called Untitled.ipynb",)


def test_other_assignments_of_nbgrader_do_not_count(collected):
    found = collected({f"submitted/a/{NAME}/x.ipynb": b"a", "submitted/b/01-other/y.ipynb": b"b"})
    assert found["a"].notebook.read_bytes() == b"a"
    assert "no notebook" in found["b"].problem


def test_a_zip_of_a_student_is_opened_and_rubbish_is_not(collected):
    inner = packed(
        {f"work/{NAME}.ipynb": b"in", "__MACOSX/work/._x.ipynb": b"no", ".DS_Store": b""}
    )
    found = collected({
        f"doejane_1_2_{NAME}.zip": inner, "__MACOSX/._b.ipynb": b"", "bob/._b.ipynb": b"",
        "bob/.ipynb_checkpoints/b-checkpoint.ipynb": b"", "bob/b.ipynb": b"bob", "README.md": b"",
    })  # fmt: skip
    assert set(found) == {"bob", "doejane_1"}
    assert found["doejane_1"].notebook.read_bytes() == b"in"
    assert found["bob"].notebook.read_bytes() == b"bob"


def test_a_student_without_a_notebook_has_a_problem(collected):
    found = collected({f"{MOODLE}/report.pdf": b"", "doejane_1_text.html": b"", "bob.ipynb": b"{}"})
    assert "report.pdf" in found["Anna-Müller_1234567"].problem
    assert "no notebook" in found["doejane_1"].problem
    assert not found["bob"].problem


def test_names_without_the_sign_of_utf8_are_read(collected):
    content = bytearray(packed({"Jörg.ipynb": b"{}"}))
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.index(signature) + at
        flags = struct.unpack_from("<H", content, place)[0]
        struct.pack_into("<H", content, place, flags & ~0x800)
    assert set(collected(bytes(content))) == {"Jörg"}


def test_keys_are_unique_and_safe(collected):
    names = ["ANNA", "Anna", "anna", "CON", "aa:b", "..x", "🐍", "-rf", "a" * 150]
    found = collected({f"{name}/x.ipynb": name.encode() for name in names})
    assert len({key.casefold() for key in found}) == len(names)
    for key, submission in found.items():
        assert not set(key) & set('/\\:*?"<>| ')
        assert key[0] not in ".-"
        assert key.upper() != "CON"
        assert submission.notebook.read_text("utf-8") == submission.name


@pytest.mark.parametrize(
    "path", ["../x.ipynb", "/etc/x.ipynb", "C:/x.ipynb", "a\\..\\..\\x.ipynb", "\\\\host\\x.ipynb"]
)
def test_an_unsafe_path_is_set_aside_and_refuses_a_students_zip(collected, path):
    found = collected({path: b"{}", "b.ipynb": b"{}"})
    assert set(found) == {"b"}
    found = collected({"a.zip": packed({path: b"{}"}), "b.ipynb": b"{}"})
    assert "unsafe path" in found["a"].problem
    assert not found["b"].problem


def test_a_path_that_nobody_understands_is_told_with_its_reason(tmp_path):
    source = tmp_path / "class.zip"
    names = "mallory/x\\..\\y.ipynb", f"mallory/{'x' * 300}.ipynb", "bob/b.ipynb"
    source.write_bytes(packed(dict.fromkeys(names, b"{}")))
    _, lines = collect(source, tmp_path / "into", ASSIGNMENT)
    assert [(line.outcome, line.why) for line in lines] == [
        ("graded", ""),
        ("not understood", "the zip has the unsafe path 'mallory/x\\\\..\\\\y.ipynb'"),
        ("not understood", "the zip has a name of more than 255 bytes"),
    ]


@pytest.mark.parametrize("deep", [60, 500, 900, 20_000])
def test_folders_in_folders_cost_the_one_who_sent_them(collected, deep):
    below = "a/" * deep
    name = f"{below}{NAME}.ipynb"
    found = collected({f"mallory/{name}": b"{}", "bob/b.ipynb": b"{}"} if deep < 9999 else {
        "mallory.zip": packed({name: b"{}"}), "bob/b.ipynb": b"{}"})  # fmt: skip
    assert "more than 50 folders deep" in found["mallory"].problem
    assert not found["bob"].problem
    found = collected({"mallory/m.zip": packed({name: b"{}"}), "bob/b.ipynb": b"{}"})
    assert "more than 50 folders deep" in found["mallory"].problem
    assert not found["bob"].problem
    if deep < 999:
        (only,) = collected({name: b"{}"}).values()
        assert "more than 50 folders deep" in only.problem


@pytest.mark.parametrize("deep", [60, 500, 1500])
def test_folders_in_folders_on_the_disk(tmp_path, deep):
    folder = tmp_path / "class"
    for who in "bob", "mallory":
        (folder / who).mkdir(parents=True)
    (folder / "bob/b.ipynb").write_bytes(b"{}")
    here = os.open(folder / "mallory", os.O_RDONLY)
    for _ in range(deep):
        os.mkdir("a", dir_fd=here)
        inner = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open(f"{NAME}.ipynb", os.O_CREAT, dir_fd=here))
    os.close(here)
    found, lines = collect(folder, tmp_path / "into", ASSIGNMENT)
    subprocess.run(["rm", "-r", folder / "mallory"], check=True)  # pytest cannot
    problems = {s.student: s.problem for s in found}
    assert not problems["bob"]
    assert "more than 50 folders deep" in problems["mallory"]
    assert len(lines) == 2


def test_long_names_take_no_time():
    start = time.process_time()
    for name in (".zip" * 5000 + "x.ipynb", ".zip" * 5000, "a-" * 9000, "_1" * 9000, "1" * 20_000):
        likeness(name, NAME)
    assert time.process_time() - start < 1  # seconds


def test_links_are_not_followed(collected, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.ipynb").write_text("secret")
    folder = tmp_path / "class"
    (folder / "a").mkdir(parents=True)
    (folder / "a/x.ipynb").symlink_to(secret / "x.ipynb")
    (folder / "b").symlink_to(secret)
    os.mkfifo(folder / "c.ipynb")
    found = collected({"d.ipynb": b"{}"}, as_zip=False)
    assert {key for key, s in found.items() if s.problem} == {"a", "b", "c"}
    link = zipfile.ZipInfo("a/x.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (found,) = collected({link: str(secret / "x.ipynb")}).values()
    assert "link" in found.problem


def test_bombs_cost_the_one_who_sent_them(collected, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 20_000_000)
    large = os.urandom(archives.MOST_BYTES + 1)
    bomb = packed({"x.ipynb": bytes(10**8)})
    found = collected({
        "a.ipynb": large, "b.ipynb": bytes(10**7), "c.zip": bomb, "d.zip": packed({"x.zip": bomb}),
        "e.zip": packed({f"{n}.ipynb": b"" for n in range(1001)}), "f.ipynb": b"{}",
    })  # fmt: skip
    assert {key for key, s in found.items() if not s.problem} == {"f"}
    assert "more than 20 MB" in found["a"].problem
    assert "beyond belief" in found["b"].problem
    assert "beyond belief" in found["c"].problem
    monkeypatch.setattr(submissions, "MOST_ENTRIES", 5)
    with pytest.raises(SubmissionsError, match="more than 5 entries"):
        collected({f"{n}.ipynb": b"" for n in range(6)})
    monkeypatch.setattr(submissions, "MOST_IN_ALL", 5)
    with pytest.raises(SubmissionsError, match="more than 5 bytes"):
        collected({"a.ipynb": b"123", "b.ipynb": b"123"})


def test_a_size_that_is_a_lie_is_found_while_reading(collected):
    content = bytearray(packed({"a.ipynb": os.urandom(10**6), "b.ipynb": b"{}"}))
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, 10)
    found = collected(bytes(content))
    assert "cannot be unpacked" in found["a"].problem
    assert not found["b"].problem


def test_broken_archives_never_crash(collected):
    whole = packed({f"{MOODLE}/{NAME}.ipynb": b"{}" * 50, "b.ipynb": b"{}"})
    for at in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        with contextlib.suppress(SubmissionsError):
            collected(bytes(broken))
        found = collected({"a.zip": bytes(broken), "b.ipynb": b"{}"})
        assert not found["b"].problem


def test_an_entry_without_a_name_costs_the_one_who_sent_it(collected):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
    assert collected({"ann/a.zip": stream.getvalue()})["ann"].problem


def test_a_folder_in_a_students_folder_is_nobody_else(collected):
    inner = f"submitted/ann/{NAME}/Bob B_7_assignsubmission_file_/{NAME}.ipynb"
    assert [*collected({inner: b"{}"})] == ["ann"]


def test_what_is_no_export_is_refused(collected, tmp_path):
    with pytest.raises(SubmissionsError, match="no submissions"):
        collected({"README.md": b""})
    with pytest.raises(SubmissionsError, match="folder or a zip"):
        collect(tmp_path / "absent", tmp_path / "into", ASSIGNMENT)


@pytest.mark.parametrize(
    ("row", "file"),
    [
        ("s1,Sean O'Brien", "Sean OBrien_1_assignsubmission_file_x.ipynb"),
        ("s1,Ann_Marie Roe", "Ann Marie Roe_1_assignsubmission_file_x.ipynb"),
        ("s1,Sean O’Brien", "obriensean_1_2_x.ipynb"),
        ("45,Jane Doe", "janenick_45_2_x.ipynb"),
        ("0012345,Anna", "12345/x.ipynb"),
        ("12345,Anna", "0012345/x.ipynb"),
        ("jdoe,Jane", "HW/Abgaben/Doe_Jane_jdoe_77/x.ipynb"),
        ("j_doe,Jane", "HW_j_doe_attempt_2024-09-24-09-26-00_x.ipynb"),
        ("2001,Anna", "Participant_2001_assignsubmission_file_x.ipynb"),
        ("s1,Anna Lee", "Anna Lee_2002_assignsubmission_file_x.ipynb"),
        ("22001,Tom Li", "Tom W. Li_22001_assignsubmission_file_x.ipynb"),
        ("amu,Anna Müller", "HW/Abgaben/Müller_Anna_amu_71005/x.ipynb"),
        ("doe,Jane Doe", "HW/Abgaben/Doe_Jane_Ann_j_doe_71005/x.ipynb"),
        ("jdoe,Jane", "group 1/jdoe/x.ipynb"),
        ("jdoe,Jane", "Doe_Jane_jdoe.ipynb"),
        ("j_roe,Jo Roe", "HW/Abgaben/Roe_Jo_j_roe_71005/x.ipynb"),
        ("s1,Zoë O'Brien", f"Zoë O'Brien - {NAME}.ipynb"),
        ("s1,Jürgen", f"{NAME}_Jürgen.ipynb"),
        ("s1,Ana Garcia", f"Ana Garcia {NAME}.ipynb"),
        ("s1,Jan van Dyk", f"Copy of {NAME} - Jan van Dyk (1).ipynb"),
        ("s1,Jan van Dyk", "Jan van Dyk - Kopie.ipynb"),
    ],
)
def test_a_student_is_found_in_the_roster(collected, tmp_path, row, file):
    roster = tmp_path / "roster.csv"
    others = "2002,Another\n77,Third\nanna,Anna Berg\nroe,Bo Berg\n2,Second\n"
    roster.write_text(f"student,name\n{row}\n{others}", "utf-8")
    (submission,) = collected({file: b"{}"}).values()
    ((found,), _) = find(read_roster(roster), submission, NAME)
    assert f"{found['student']},{found['name']}" == row
    (stranger,) = collected({f"Zed_9_assignsubmission_file_/{NAME}.ipynb": b"{}"}).values()
    assert find(read_roster(roster), stranger, NAME) == ([], [])


@pytest.mark.parametrize(
    ("file", "rows", "others"),
    [
        ("Gruppe A_2_assignsubmission_file_/x.ipynb", [], ["2"]),
        ("Tom W. Li_22003_assignsubmission_file_/x.ipynb", [], ["22003"]),
        ("Kim_22003_assignsubmission_file_/x.ipynb", [], ["22003"]),  # a group's name, perhaps
        ("22004-9 - Team Kim - Sep 24, 2024 926 PM/x.ipynb", [], ["22004"]),
        ("parkkim_2_900_x.ipynb", ["2", "22003"], []),
        ("parkkim_1_900_x.ipynb", ["k1"], []),  # which is written there
        ("HW/Abgaben/Li_Wei_wli_71004/x.ipynb", [], ["li"]),
        ("HW/Abgaben/Li_Wei_w_li_71004/x.ipynb", [], ["li"]),
        ("HW_li_report_attempt_2024-09-24-09-26-00_x.ipynb", [], []),
        (f"{NAME}_2.ipynb", [], []),
        ("Wei_Li.ipynb", [], ["li"]),
        ("Li_17_assignsubmission_file_/x.ipynb", [], []),  # a group called as an account
        ("2_17_assignsubmission_file_/x.ipynb", [], []),
        ("Li_assignsubmission_file_/x.ipynb", [], []),
    ],
)
def test_a_number_or_a_part_of_a_name_is_no_proof(collected, tmp_path, file, rows, others):
    roster = tmp_path / "roster.csv"
    people = "1,Eva\n2,Tom Li\n22003,Kim Park\nli,Na Li\n22004,\nk1,parkkim_1\n"
    roster.write_text(f"student,name\n{people}", "utf-8")
    (submission,) = collected({file: b"{}"}).values()
    found = find(read_roster(roster), submission, NAME)
    assert [[row["student"] for row in part] for part in found] == [rows, others]


def test_what_cannot_be_opened_costs_the_one_who_sent_it(tmp_path):
    gone = tmp_path / "class/a/x.ipynb"
    for who in "abc":
        (tmp_path / "class" / who).mkdir(parents=True)
        (tmp_path / "class" / who / "x.ipynb").write_bytes(b"{}")
    entries = {entry.path.parts[0]: entry for entry in archives.in_folder(gone.parents[1])}
    gone.unlink()
    with pytest.raises(archives.Problem, match="it cannot be read: No such file"):
        entries["a"].read()
    (gone.parents[1] / "b").rename(tmp_path / "elsewhere")
    (gone.parents[1] / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(archives.Problem, match="moved while it was read"):
        entries["b"].read()
    assert entries["c"].read() == b"{}"


def test_what_is_not_ours_to_read_costs_the_one_who_sent_it():
    with tempfile.TemporaryDirectory() as name:  # which another user reaches
        folder = Path(name)
        folder.chmod(0o755)
        for who in "abc":
            (folder / who).mkdir()
            (folder / who / "x.ipynb").write_bytes(b"{}")
        (folder / "a/x.ipynb").chmod(0)
        (folder / "b").chmod(0)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)
        try:
            entries = list(archives.in_folder(folder))
            problems = {}
            for entry in entries:
                try:
                    entry.read()
                except archives.Problem as problem:
                    problems[str(entry.path)] = str(problem)
        finally:
            os.seteuid(before)
            (folder / "b").chmod(0o755)
    assert problems == {
        "a/x.ipynb": "it cannot be read: Permission denied",
        "b/(a folder that cannot be opened)": "it cannot be read: Permission denied",
    }
    assert len(entries) == 3


def test_a_zip_that_is_cut_off_is_not_taken_for_one_in_it(collected):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"{NAME}.ipynb", b"{}")
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("ann/a.zip", inner.getvalue())
        archive.writestr("bob/b.ipynb", b"{}")
    whole = outer.getvalue()
    assert set(collected(whole)) == {"ann", "bob"}
    end = whole.index(inner.getvalue()) + len(inner.getvalue())
    with pytest.raises(SubmissionsError, match="cut off"):
        collected(whole[:end])
