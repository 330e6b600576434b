"""Code on a page: what has the colour of plain text stands without an element of its own.

Of the words of code two thirds are names and punctuation, which the theme's styles leave plain; a
chapter would have six thousand elements for them.
"""

from collections.abc import Iterable
from typing import Any, TextIO

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text, Whitespace
from sphinx.application import Sphinx

PLAIN = {Name, Name.Namespace, Punctuation, Whitespace}


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_less)


def write_less(app: Sphinx) -> None:
    if app.builder.name == "html":
        app.builder.highlighter.formatter = Formatter  # type: ignore[attr-defined]


class Formatter(HtmlFormatter):  # type: ignore[misc]
    def format_unencoded(self, tokens: Iterable[tuple[Any, str]], outfile: TextIO) -> None:
        words = ((Text if kind in PLAIN else kind, word) for kind, word in tokens)
        super().format_unencoded(words, outfile)
