"""The pages' templates, in the folder `templates`, and the style sheet that pages share."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.plots import INK, MUTED, PALETTE

DARK_PALETTE = ("#ff9f4a", "#63b8f0", "#35c79a", "#eb9ac6", "#bdb6ff")  # as in assets/book.css


def render(name: str, **values: Any) -> str:
    """A template, filled in; values are escaped, and one that is missing is an UndefinedError."""
    return _environment.get_template(name).render(values)


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)
_environment.globals |= {"ink": INK, "muted": MUTED, "light": PALETTE, "dark": DARK_PALETTE}
STYLE_SHEET = f"\n{render('style.css.j2')}\n"
