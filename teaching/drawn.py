"""Questions of a quiz that draw their numbers from a list.

Such a question begins with a line `% draw a = 1, 2; b = 3, 4`, for text2qti a comment: `a` and `b`
are 1 and 3, or 2 and 4. Double braces hold what is computed from them, `{{a * b}}`, with the
functions of `math` and, after a colon, a format: `{{a / b:.3g}}`.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from teaching.source import AuthoringError

DRAW = re.compile(r"% draw (.*)\n")
COMPUTED = re.compile(r"\{\{(.+?)(?::([^:{}]*))?\}\}")
KNOWN = {name: value for name, value in vars(math).items() if name[0] != "_"}
KNOWN["__builtins__"] = {}


def in_groups(text: str) -> str:
    """The quiz with a group for each such question, of which a platform picks one."""
    return "\n\n".join(
        "\n".join(["GROUP", "pick: 1", *group, "END_GROUP"]) if len(group) > 1 else group[0]
        for group in questions(text)
    )


def with_first(text: str) -> str:
    """The quiz with the first numbers of each list; all lines keep their places."""
    return "\n\n".join(group[0] for group in questions(text))


def questions(text: str) -> Iterator[list[str]]:
    """What blank lines part, once for each set of numbers that it draws."""
    for block in text.split("\n\n"):
        head = DRAW.search(block)
        sets = drawn(head[1]) if head else [{}]
        yield [COMPUTED.sub(lambda m: computed(m, values), block) for values in sets]  # noqa: B023


def drawn(lists: str) -> list[dict[str, Any]]:
    """The sets of numbers that a line names, by name.

    Raises:
        AuthoringError: it does not name lists of one length.
    """
    named = re.findall(r"(\w+) = ([^;]+)(?:; |$)", lists)
    columns = [[number(one) for one in column.split(",")] for _, column in named]
    whole = "; ".join(f"{name} = {column}" for name, column in named) == lists
    if not whole or len({len(column) for column in columns}) != 1 or len(columns[0]) < 2:
        raise AuthoringError(
            f"% draw {lists}: needs lists of one length, as in `% draw a = 1, 2; b = 3, 4`"
        )
    return [
        dict(zip((n for n, _ in named), row, strict=True)) for row in zip(*columns, strict=True)
    ]


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise AuthoringError(f"% draw: {text.strip()!r} is not a number") from None


def computed(found: re.Match[str], values: dict[str, Any]) -> str:
    """What double braces stand for."""
    if not values:
        raise AuthoringError(f"{found[0]} stands in a question without a line `% draw`")
    try:
        return format(eval(found[1], KNOWN, values), found[2] or "g")
    except Exception as error:
        raise AuthoringError(f"{found[0]} cannot be computed: {error}") from None
