"""A release says what changed, and is refused where it would be wrong."""

import json
import re
import subprocess

import pytest
from test_build import CLAIMS, PAGE, ROOT, book, run, write  # noqa: F401 (a fixture)

from extensions.replication import fingerprint
from teaching import authoring, earlier

pytestmark = pytest.mark.depends(
    "extensions/**/*", "assets/**/*", "lib/**/*", "explorables/**/*", "_config.yml",
    "package-lock.json", "pyproject.toml", "book/references.bib", "tools/*.py", "CITATION.cff",
    ".zenodo.json", "travel/**/*", "book/travel.json", "teaching/**/*",
)  # fmt: skip
MAKEFILE = """\
.PHONY: test notebooks site
test:
\t@python -m tools.execute
notebooks:
\t@python -m tools.book notebook && cp _build/notebook/*.ipynb notebooks/
site:
\t@python -m tools.book html
"""


def release(book, version):  # noqa: F811
    return run(book, "python", "-m", "tools.release", version, GIT_CONFIG_GLOBAL=str(book / "git"))


def commit(book):  # noqa: F811
    subprocess.run(["git", "add", "-A"], cwd=book, check=True)
    author = ["-c", "user.name=A", "-c", "user.email=a@b"]
    subprocess.run(["git", *author, "commit", "-qm", "x"], cwd=book, check=True)


@pytest.fixture
def clone(book):  # noqa: F811
    """A small book in a repository of its own; its files are no links, where a release writes."""
    for name in ("pyproject.toml", "CITATION.cff", ".zenodo.json"):
        (book / name).unlink(missing_ok=True)
        (book / name).write_text((ROOT / name).read_text())
    (book / "lib").unlink()
    for name in ("lib", "teaching"):
        subprocess.run(["cp", "-r", ROOT / name, book / name], check=True)
    (book / "lib/replicated.json").write_text("{}")
    (book / "git").write_text("[user]\nname = A\nemail = a@b\n")
    (book / "Makefile").write_text(MAKEFILE)
    (book / ".gitignore").write_text("_build\n__pycache__\n")
    (book / "CHANGELOG.md").write_text("# Changes\n\n## Not released yet\n\n- All is new.\n")
    write(book, {"01-chapter": PAGE + CLAIMS})
    subprocess.run(["git", "init", "-q"], cwd=book, check=True)
    commit(book)
    return book


@pytest.mark.long
def test_a_release_stamps_and_tells_which_claims_changed(clone):
    code, text = release(clone, "1.0.0")
    assert code == 0, text
    assert 'version = "1.0.0"' in (clone / "pyproject.toml").read_text()
    assert "version: 1.0.0" in (clone / "CITATION.cff").read_text()
    assert json.loads((clone / ".zenodo.json").read_text())["version"] == "1.0.0"
    assert "version 1.0.0" in (clone / "notebooks/01-chapter.ipynb").read_text()
    assert "Version 1.0.0" in (clone / "_build/html/book/01-chapter.html").read_text()
    handed_out = json.loads((clone / "teaching/assignments/earlier.json").read_text())
    now = authoring.student_notebook(authoring.load("09-regularization")).cells
    (test,) = [cell.source for cell in now if cell.id == "check-dropout"]
    first, last = handed_out["09-regularization"]["same"]["check-dropout"]
    assert first != last == earlier.fingerprint(test)
    assert set(json.loads((clone / "releases/1.0.0.json").read_text())) == {
        "always", "mostly", "null", "law", "twice", "open",
    }  # fmt: skip
    tags = run(clone, "git", "tag")[1].split()
    assert tags == ["v1.0.0"]
    assert run(clone, "git", "status", "--porcelain")[1] == ""

    code, text = release(clone, "1.0.1")
    assert (code, text) == (
        1,
        "not released: CHANGELOG.md has nothing under '## Not released yet'\n",
    )
    changes = (clone / "CHANGELOG.md").read_text()
    assert re.search(r"^## 1\.0\.0 \(\d{4}-\d\d-\d\d\)\n\n- All is new\.\n\Z", changes, re.M)
    news = "## Not released yet\n\n- One claim is larger.\n\n## 1.0.0"
    (clone / "CHANGELOG.md").write_text(changes.replace("## 1.0.0", news))
    page = (clone / "book/01-chapter.md").read_text()
    page = page.replace("[2] * 10, 1,", "[5] * 10, 1,").replace('"mostly"', '"nearly"')
    (clone / "book/01-chapter.md").write_text(page)
    assert "commit or remove" in release(clone, "1.0.1")[1]
    commit(clone)
    assert "has been released" in release(clone, "1.0.0")[1]
    code, text = release(clone, "1.0.1")
    assert code == 0, text
    changes = (clone / "CHANGELOG.md").read_text()
    new, _, old = changes.partition("## 1.0.0")
    assert "- One claim is larger.\n\nClaims that are new: 1.\n\n- nine of ten" in new
    assert "Claims that are gone: 1.\n\n- nine of ten" in new
    assert "outside the earlier interval: 1.\n\n- two is more than one: 2 before, 5 now\n" in new
    assert "- All is new." in old


@pytest.mark.long
def test_a_stale_record_is_not_released(clone):
    page = clone / "book/01-chapter.md"
    run_ = {"fingerprint": "of earlier code", "claims": {"always": [[2] * 10]}}
    (clone / "lib/replicated.json").write_text(json.dumps({"01-chapter": {"2000": run_}}))
    commit(clone)
    code, text = release(clone, "1.0.0")
    assert code == 1
    assert "01-chapter was replicated with an earlier version: make replicate" in text
    assert fingerprint(clone, page) != "of earlier code"
    assert not (clone / "releases").exists()


def test_a_site_that_fails_leaves_no_release(clone):
    (clone / "Makefile").write_text(MAKEFILE.replace("book html", "book nothing"))
    commit(clone)
    before = run(clone, "git", "rev-parse", "HEAD")
    code, text = release(clone, "1.0.0")
    assert code == 1
    assert text.endswith("all files are as they were\nnot released: make site failed\n")
    assert run(clone, "git", "rev-parse", "HEAD") == before
    assert run(clone, "git", "status", "--porcelain")[1] == ""
    assert run(clone, "git", "tag")[1] == ""
    assert not (clone / "releases").exists()


def test_a_stale_record_of_other_worlds_is_not_released(clone):
    row = json.loads((ROOT / "book/travel.json").read_text())[0] | {"code": "of earlier code"}
    (clone / "book/travel.json").write_text(json.dumps([row]))
    commit(clone)
    code, text = release(clone, "1.0.0")
    assert code == 1
    assert f"{row['claim']} was measured with an earlier version: make travel" in text
    assert not (clone / "releases").exists()
