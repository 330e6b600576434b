"""Read a folder or a zip in which nothing can be trusted: names, kinds, sizes.

Names are never used as paths, and links are never followed.
"""

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_BYTES = 20_000_000  # of a notebook, and of a zip that a student hands in
MOST_RATIO = 200  # of sizes before and after compression, for what is larger than a megabyte
BROKEN = (
    zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, OverflowError, IndexError,
    zlib.error,
)  # fmt: skip


class Problem(Exception):
    """One file cannot be used."""


@dataclass(frozen=True)
class Entry:
    """A file, read when it is asked for; `time` orders those of one archive."""

    path: PurePosixPath
    time: float
    read: Callable[[], bytes]  # raises Problem


def in_folder(folder: Path) -> Iterator[Entry]:
    """The files below a folder; what is a link can be listed, but not read."""
    for at, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        for name in sorted([*links, *files]):
            path = Path(at) / name
            relative = _path(str(path.relative_to(folder)))
            if name in links:
                relative /= "(a link)"

            def read(path: Path = path) -> bytes:
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise Problem("it is a link, not a file")
                with path.open("rb") as file:
                    return _limited(file.read(MOST_BYTES + 1))

            yield Entry(relative, path.lstat().st_mtime, read)


def in_zip(archive: zipfile.ZipFile, most: int) -> Iterator[Entry]:
    """The files of an archive of at most so many entries.

    Raises Problem where no honest program would have written it.
    """
    if len(archive.infolist()) > most:
        raise Problem(f"the zip has more than {most:,} entries")
    for info in archive.infolist():
        name = info.filename
        if not info.flag_bits & 0x800:  # not said to be UTF-8, but often it is
            try:
                name = name.encode("cp437").decode("utf-8")
            except UnicodeError:
                name = info.filename
        path = _path(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", str(path)):
            raise Problem(f"the zip has the unsafe path {name!r}")
        if info.is_dir():
            continue

        def read(info: zipfile.ZipInfo = info) -> bytes:
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

        yield Entry(path, float("".join(f"{n:02d}" for n in info.date_time)), read)


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()))


def _limited(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise Problem(f"it has more than {MOST_BYTES // 1_000_000} MB")
    return content
