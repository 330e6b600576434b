"""The command line of the teaching kit: `python -m teaching --help`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from teaching import authoring
from teaching.roster import read_students
from teaching.sandbox import SandboxMissing
from teaching.source import AuthoringError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 well, 1 wants attention, 2 usage or refused."""
    options = vars(_parser().parse_args(arguments))
    run = options.pop("run")
    try:
        return int(run(**options))
    except (ValueError, SandboxMissing, OSError) as error:
        ours = type(error).__module__.startswith("teaching.")
        if not ours and not isinstance(error, OSError | UnicodeDecodeError):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2


def build(names: list[str], out: Path, roster: Path | None, secret_file: Path | None) -> int:
    from teaching import build as builder

    if (roster is None) != (secret_file is None):
        raise AuthoringError("variants need both --roster and --secret-file")
    students = read_students(roster) if roster else []
    for name in _progress(names or authoring.names()):
        builder.build(name, out, students, _secret(secret_file))
        tqdm.write(f"{out / name}")
    return 0


def grade(secret_file: Path | None, **options: Any) -> int:
    from teaching import classroom

    summary = classroom.grade_class(secret=_secret(secret_file), **options)
    print(summary)
    return int(summary.attention)


def report(out: Path) -> int:
    from teaching import classroom

    summary = classroom.finish(out)
    print(summary)
    return int(summary.attention)


def quiz(names: list[str], out: Path) -> int:
    from teaching import quizzes

    for name in _progress(names or quizzes.names()):
        for export in (quizzes.export, quizzes.export_to_moodle):
            tqdm.write(f"{export(name, out)}")
    return 0


def answers(folder: Path, out: Path) -> int:
    from teaching import answers as pasted

    print(pasted.write(folder, out))
    return 0


def check(names: list[str]) -> int:
    from teaching import check as checker
    from teaching.sandbox import Sandbox

    differs = False
    with Sandbox() as sandbox:
        for name in _progress(names or authoring.names()):
            tqdm.write(f"{name}\n  stated  score")
            for outcome in checker.check(authoring.load(name), sandbox):
                mark = "" if outcome.well else "  DIFFERS"
                line = f"  {outcome.stated:6g} {outcome.score:6g}  {outcome.solution}{mark}"
                if not outcome.well:
                    differs = True
                    line += "".join(f"\n{'':17}{text}" for text in outcome.details)
                tqdm.write(line)
    return int(differs)


def _parser() -> argparse.ArgumentParser:
    """The commands and their options; `run` is the function of the command that was given."""
    top = argparse.ArgumentParser(
        prog="python -m teaching",
        description="Build, check and grade the assignments, and export the quizzes.",
        epilog="exit codes: 0 all well, 1 something wants attention, 2 usage or refused",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, help: str, example: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            epilog=f"example:\n  python -m teaching {name} {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=globals()[name])
        return command

    name = "02-xavier-and-he-initialization"
    files, quizzes = Path("_build/teaching"), Path("_build/teaching/quizzes")
    variants = f"{name} --roster roster.csv --secret-file secret.txt"
    one = add("build", "write student notebooks, answer keys and rubrics", variants)
    _names(one)
    one.add_argument("--out", type=Path, default=files, help=f"folder to write (default: {files})")
    _students(one)
    one = add("grade", "grade a class", f"export.zip --assignment {name} --out grades/02")
    one.add_argument(
        "source",
        type=Path,
        help="folder or zip, as Moodle, Canvas, Brightspace, "
        "Blackboard, ILIAS or nbgrader exports it, or with a folder or file for each student",
    )
    one.add_argument(
        "--assignment", required=True, metavar="NAME", dest="assignment_name",
        help="name of the assignment",
    )  # fmt: skip
    one.add_argument(
        "--out", type=Path, required=True, help="folder to write; resumes what is there"
    )
    one.add_argument("--jobs", type=_processes, default=-1, help="how many (default: one per core)")
    one.add_argument("--dask", metavar="ADDRESS", help="Dask scheduler to send the jobs to")
    one.add_argument("--private", type=Path, metavar="DIR", help="further hidden tests")
    _students(one)
    one = add("report", "merge the points given by hand and write all reports anew", "grades/02")
    one.add_argument("out", type=Path, metavar="DIR", help="folder that `grade` wrote")
    one = add("quiz", "export quizzes as QTI and Moodle XML", "02-xavier-and-he-initialization")
    _names(one)
    one.add_argument("--out", type=Path, default=quizzes, help=f"(default: {quizzes})")
    one = add("answers", "sum what a class answered on the pages", "pasted --out answers/04")
    one.add_argument("folder", type=Path, help="with the text that each reader copied, a file each")
    one.add_argument("--out", type=Path, required=True, help="folder to write")
    one = add("check", "grade the reference, untouched and wrong solutions", name)
    _names(one)
    return top


def _processes(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("give a number of processes from 1 on")
    return number


def _names(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")


def _students(command: argparse.ArgumentParser) -> None:
    command.add_argument("--roster", type=Path, metavar="FILE", help="CSV with student and name")
    command.add_argument("--secret-file", type=Path, metavar="FILE", help="the course's secret")


def _secret(path: Path | None) -> bytes | None:
    if path is None:
        return None
    secret = path.read_bytes().strip()
    if not secret:
        raise AuthoringError(f"{path}: put the course's secret, a long random text, in this file")
    return secret


def _progress(names: list[str]) -> "tqdm[str]":
    if not names:
        raise AuthoringError(f"there are none in {authoring.ASSIGNMENTS.parent}")
    return tqdm(names, disable=None, leave=False)


if __name__ == "__main__":
    sys.exit(main())
