"""Read a folder or a zip in which nothing can be trusted: names, kinds, sizes.

Names are never used as paths, and links are never followed.
"""

import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

MOST_BYTES = 64_000_000  # of a notebook with its outputs, and of a zip that a student hands in
MOST_DEEP = 50  # folders round a file
MOST_NAME = 255  # bytes of a name, as on a disk
MOST_RATIO = 200  # of sizes before and after compression, for what is larger than a megabyte
BROKEN = (
    zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, OverflowError, IndexError,
    zlib.error,
)  # fmt: skip


class Problem(Exception):
    """One file cannot be used."""


@dataclass(frozen=True)
class Entry:
    """A file, read when it is asked for; `time` is that of its last change, in seconds.

    A path that no honest program writes is `odd`, and says nothing about whose the file is.
    """

    path: PurePosixPath
    time: float
    read: Callable[[], bytes]  # raises Problem
    odd: str = ""


def in_folder(folder: Path) -> Iterator[Entry]:
    """The files below a folder; what is a link or cannot be opened is listed, but not read."""
    closed: list[OSError] = []
    for at, folders, files in os.walk(folder, onerror=closed.append):
        folders.sort()
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        for name in sorted([*links, *files]):
            path = Path(at) / name
            relative = _path(str(path.relative_to(folder)))
            yield Entry(relative / "(a link)" if name in links else relative, *_file(path, folder))
        above = _path(str(Path(at).relative_to(folder)))
        if folders and len(above.parts) >= MOST_DEEP:
            folders.clear()
            yield Entry(above / f"(more than {MOST_DEEP} folders deep)", 0.0, _too_deep)
    for error in closed:
        path = Path(str(error.filename))
        relative = _path(str(path.relative_to(folder))) / "(a folder that cannot be opened)"
        yield Entry(relative, *_file(path, folder))


def _too_deep() -> bytes:
    raise Problem(f"it lies more than {MOST_DEEP} folders deep; hand it in without them")


def _file(path: Path, folder: Path) -> tuple[float, Callable[[], bytes]]:
    """The time of a file below `folder`, 0 where it has gone, and how to read it."""

    def read() -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Problem("it is no file")
                there = folder.resolve() / path.relative_to(folder)
                if os.readlink(f"/proc/self/fd/{descriptor}") != str(there):  # a link on the way
                    raise Problem("it was moved while it was read")
                return _limited(file.read(MOST_BYTES + 1))
        except OSError as error:
            link = path.is_symlink()
            why = "it is a link, not a file" if link else f"it cannot be read: {error.strerror}"
            raise Problem(why) from None

    try:
        return path.lstat().st_mtime, read
    except OSError:
        return 0.0, read


def in_zip(archive: zipfile.ZipFile, most: int) -> Iterator[Entry]:
    """The files of an archive of at most so many entries.

    Raises Problem where no honest program would have written it.
    """
    if len(archive.infolist()) > most:
        raise Problem(f"the zip has more than {most:,} entries")
    if min((info.header_offset for info in archive.infolist()), default=0):
        raise Problem("the zip is cut off")  # and what is read is a zip that is in it
    for info in archive.infolist():
        name = info.filename
        if not info.flag_bits & 0x800:  # not said to be UTF-8, but often it is
            try:
                name = name.encode("cp437").decode("utf-8")
            except UnicodeError:
                name = info.filename
        path, odd = _path(name.replace("\\", "/")), ""
        if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", str(path)):
            odd = f"the zip has the unsafe path {name[:200]!r}"
        elif any(len(part.encode()) > MOST_NAME for part in path.parts):
            odd = f"the zip has a name of more than {MOST_NAME} bytes"
        if info.is_dir():
            continue

        def read(info: zipfile.ZipInfo = info, deep: bool = len(path.parts) > MOST_DEEP) -> bytes:
            if deep:
                _too_deep()
            if stat.S_ISLNK(info.external_attr >> 16):
                raise Problem("it is a link, not a file")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Problem("it is compressed in an unusual way")
            large = info.file_size > 1_000_000
            if large and info.file_size > MOST_RATIO * max(info.compress_size, 1):
                raise Problem("it is compressed beyond belief")
            try:
                with archive.open(info) as file:
                    return _limited(file.read(MOST_BYTES + 1))
            except BROKEN as error:
                raise Problem(f"it cannot be unpacked: {error}") from None

        try:
            time = datetime(*info.date_time).timestamp()
        except (ValueError, OverflowError, OSError):
            time = 0.0
        yield Entry(path, time, read, odd)


def in_students_zip(content: bytes, most: int) -> list[Entry]:
    """The files of a zip that a student handed in; raises Problem for anything wrong with it."""
    if content.count(b"PK\1\2") > most:  # before a list of them is made
        raise Problem(f"the zip has more than {most:,} entries")
    try:
        entries = list(in_zip(zipfile.ZipFile(io.BytesIO(content)), most))
        for entry in entries:
            if entry.odd:
                raise Problem(entry.odd)
        return entries
    except BROKEN as error:
        raise Problem(f"it is no zip, or a broken one: {error}") from None


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()))


def _limited(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1_000_000
        raise Problem(f"it has more than {most} MB; clear the outputs and hand it in again")
    return content
