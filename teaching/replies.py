"""What a job answers, read with care: JSON of limited size, of which each part is checked."""

import base64
import json
import re
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any, Literal

MOST_SIDE = 5000  # pixels


@dataclass(frozen=True)
class Reply:
    """How a cell ended; texts are the student's, and nothing in them is to be trusted."""

    outcome: Literal["ok", "error", "timeout", "died"]
    error: str = ""  # the exception's type
    text: str = ""  # the exception's message, or why the process died
    line: int = 0  # of a check, where the exception passed
    output: str = ""
    images: list[str] = field(default_factory=list)  # PNG, base64
    patched: list[str] = field(default_factory=list)  # what the code had replaced in libraries


def read_reply(line: bytes, token: str) -> Reply:
    """Read an untrusted line; ValueError for anything but a reply to this cell."""
    first, passed, rest = [*line.split(b" ", 2), b"", b""][:3]
    if not secrets.compare_digest(first, token.encode()) or passed not in (b"0", b"1"):
        raise ValueError("it answered out of turn")
    data: Any = json.loads(rest)
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(error, dict | None):
        raise ValueError("its answer is malformed")

    def texts(name: str, longest: int) -> list[str]:
        found = data.get(name)
        found = found if isinstance(found, list) else []
        return [t for t in found[:20] if isinstance(t, str) and len(t) <= longest]

    images = [t for t in texts("images", 200_000)[:3] if pixels(t)]
    output = data.get("output")
    output = output[:21_000] if isinstance(output, str) else ""
    common: dict[str, Any] = {"output": output, "images": images, "patched": texts("patched", 200)}
    if passed == b"1":
        return Reply("ok", **common)
    error = error or {}
    number = error.get("line")
    return Reply(
        "error",
        error=str(error.get("type", ""))[:80],
        text=str(error.get("text", ""))[:2000],
        line=number if isinstance(number, int) else 0,
        **common,
    )


def pixels(image: str) -> int:
    """How many a PNG in base64 says that it has; 0 for what is none, or too large to show."""
    if not re.fullmatch(r"iVBORw0KGgo[A-Za-z0-9+/=\s]{30,}", image):
        return 0
    start = base64.b64decode("".join(image[:50].split())[:32])
    if start[12:16] != b"IHDR":
        return 0
    width, height = struct.unpack(">II", start[16:24])
    return int(width * height) if max(width, height) <= MOST_SIDE else 0
