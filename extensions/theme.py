"""What the themes bring into a page, and what becomes of it.

Tested with sphinx-book-theme 1.3.0 and pydata-sphinx-theme 0.17.1. A file or a script that is not
known here fails the build, so that nothing new is dropped, or loaded, unseen.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

STYLES = (
    "basic.css", "book.css", "copybutton.css", "exercise.css", "explorables/explorables.css",
    "katex-math.css", "katex/katex.min.css", "mystnb.*.css", "pygments.css", "questions.css",
    "styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "styles/theme.css",
    "tables.css", "togglebutton.css",
)  # fmt: skip
SCRIPTS = (
    "book.js", "clipboard.min.js", "copybutton.js", "doctools.js", "documentation_options.js",
    "explorables.js", "preview.js", "progress.js", "scripts/bootstrap.js",
    "scripts/pydata-sphinx-theme.js", "scripts/sphinx-book-theme.js", "sphinx_highlight.js",
    "togglebutton.js",
)  # fmt: skip
SEARCH = ("language_data.js", "search.js")  # on the page of results alone
DROPPED = {
    "scripts/fontawesome.js": "543 kB of icons; the style sheet has those that are used",
    "searchtools.js": "extensions/search.py has an index of its own",
    "sphinx-thebe.css": "no kernel runs in a page",
    "sphinx-thebe.js": "no kernel runs in a page",
    "sphinx-design.min.css": "no page uses its grids, cards or tabs",
    "design-tabs.js": "no page uses its tabs",
}
KEPT_INLINE = ("document.documentElement.dataset.theme", "let searchInput")
DROPPED_INLINE = {
    "DOCUMENTATION_OPTIONS.pagename": "for switches of versions, of which there is one",
    "DOCUMENTATION_OPTIONS.search_as_you_type": "false, as it is without",
    "togglebuttonSelector": "in SETTINGS",
    "toggleHintShow": "in SETTINGS",
    "toggleHintHide": "in SETTINGS",
    "toggleOpenOnPrint": "in SETTINGS",
    "requestKernel": "no kernel runs in a page",
    "kernelName": "no kernel runs in a page",
    "THEBE_JS_URL": "no kernel runs in a page",
}
SETTINGS = "var toggleHintShow='Click to show',toggleHintHide='Click to hide',toggleOpenOnPrint='true',togglebuttonSelector='.toggle, .admonition.dropdown';"  # noqa: E501
# The theme asks of each block of code whether it scrolls, and so for the layout of the whole page.
MEASURES = "e.tabIndex=e.scrollWidth>"
MEASURES_LESS = "e.tabIndex=!e.checkVisibility({contentVisibilityAuto:true})||e.scrollWidth>"
SIDEBAR = '<div id="pst-primary-sidebar" '
LANDMARK = 'role="complementary" aria-label="Contents" '


def wanted(name: str) -> bool:
    """Whether the bundles take a file of `_static`; ExtensionError where it is not known."""
    if any(Path(name).match(pattern) for pattern in (*STYLES, *SCRIPTS)):
        return True
    if name in SEARCH or name in DROPPED:
        return False
    raise ExtensionError(f"extensions/theme.py does not know the theme's file {name}")


def keeps(code: str) -> bool:
    """Whether an inline script stays in its page; ExtensionError where it is not known."""
    if any(part in code for part in KEPT_INLINE):
        return True
    if any(part in code for part in DROPPED_INLINE):
        return False
    raise ExtensionError(f"extensions/theme.py does not know the inline script {code.strip()!r}")


def measuring_less(js: str) -> str:
    """Have the theme measure what is laid out only, and let the keyboard reach all else.

    `book.js` has it repeated where something comes into view.
    """
    if js.count(MEASURES) != 1:
        raise ExtensionError("extensions/theme.py: the theme measures blocks of code otherwise")
    return js.replace(MEASURES, MEASURES_LESS)


def with_roles(html: str) -> str:
    """Make the sidebar a landmark, and entries of a bibliography items of their list; name links.

    The theme's template has no block around the sidebar's tag, and docutils writes the other role.
    """
    html = html.replace(f"{SIDEBAR}class", f"{SIDEBAR}{LANDMARK}class")
    if "bd-sidebar-primary" in html and SIDEBAR + LANDMARK not in html:
        raise ExtensionError("extensions/theme.py: the theme's sidebar has changed")
    html = html.replace('"doc-biblioentry"', '"listitem"')
    # A script sets the theme that is wished for; without scripts there is the light one.
    html = html.replace('data-theme="auto"', 'data-theme="light"', 1)
    # A bar says what it folds, a link shows what is behind it.
    html = html.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    html = re.sub(r'(<a class="headerlink"[^>]*) title="', r'\1 aria-label="', html)
    return re.sub(r'(<a class="(?:reference|left|right)\b[^>]*) +title="[^"]*"', r"\1", html)


def remove_unused(app: Sphinx) -> None:
    """Files that no page asks for: maps, fonts in a larger format, and what stands in the pages."""
    for pattern in (
        *DROPPED,
        "**/*.map",
        "scripts/fontawesome.js*",
        "sphinx-thebe*",
        "vendor/**/*.woff2",
        "questions/*.js",
        "lab/*.js",
        "404.html",
    ):
        for file in (Path(app.outdir) / "_static").glob(pattern):
            file.unlink()
