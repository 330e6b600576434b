"""Where the repository lives, and the buttons that lead there: ``repository.url``."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", set_repository)
    app.connect("html-page-context", lead_to_the_notebook, priority=900)
    app.connect("html-page-context", lead_to_the_form, priority=900)
    app.connect("doctree-resolved", lead_to_the_source)


def set_repository(app: Sphinx, config: Config) -> None:
    """Let ``repository.url`` switch the buttons on."""
    options = config.html_theme_options
    if not options["repository_url"]:
        options.pop("launch_buttons", None)
    elif not re.fullmatch(r"https?://[^/]+/[^/]+/[^/]+", options["repository_url"]):
        raise ConfigError(
            "repository.url in _config.yml must look like https://github.com/OWNER/NAME; "
            f"got {options['repository_url']!r}"
        )
    options.update(dict.fromkeys(BUTTONS, bool(options["repository_url"])))
    config.html_baseurl = site_of(options["repository_url"])


def site_of(repository: str) -> str:
    """Where GitHub Pages serves a repository, with a slash at the end; "" for other hosts."""
    found = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?", repository)
    return f"https://{found[1].lower()}.github.io/{found[2]}/" if found else ""


def lead_to_the_source(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link what the prose names of `lib` to its module, where the repository has an address."""
    address = app.config.html_theme_options.get("repository_url")  # an EPUB has no options
    if not address or app.builder.name != "html":
        return
    for name in list(doctree.findall(nodes.literal)):
        module = module_of(Path(app.srcdir), name.astext())
        if module and not isinstance(name.parent, nodes.reference):
            branch = app.config.html_theme_options["repository_branch"]
            uri = f"{address}/blob/{branch}/{module}"
            name.replace_self(nodes.reference("", "", name.deepcopy(), refuri=uri))


def module_of(root: Path, name: str) -> str:
    """The file of `lib.a`, or of `lib.a.b`; "" of what is none.

    >>> module_of(Path(), "lib.schedules.OneCycle"), module_of(Path(), "lib.nothing")
    ('lib/schedules.py', '')
    """
    parts = name.split(".")[:2]
    if parts[0] != "lib" or not all(part.isidentifier() for part in name.split(".")):
        return ""
    path = Path(*parts)
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file.as_posix() for file in files if (root / file).exists()), "")


def groups(context: dict[str, Any]) -> dict[str | None, Any]:
    """The groups of buttons that the theme puts on top of a page, by label."""
    return {group.get("label"): group for group in context.get("header_buttons", [])}


def lead_to_the_form(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the button for a mistake open its form, filled in with the page and the version.

    `book.js` adds the section. The icons of hosts are in a font that no page loads.
    """
    source = groups(context).get("source-buttons", {"buttons": []})
    for button in (source, *source["buttons"]):
        if button.get("icon", "").startswith("fab "):
            button["icon"] = "fas fa-code-branch"
    for button in source["buttons"]:
        if button["label"] == "source-issues-button":
            known = {"template": "mistake.yml", "page": page, "version": app.config.version}
            address, _, _ = button["url"].partition("?")
            button["url"] = f"{address}?{urlencode(known)}"
            button["text"], button["tooltip"] = "Report a problem", "Report a problem on this page"


def lead_to_the_notebook(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the buttons of a page open and download its notebook, where it has one."""
    notebook = f"notebooks/{Path(page).name}.ipynb"
    known = groups(context)
    for button in known.get("launch-buttons", {}).get("buttons", []):
        button["url"] = button["url"].replace(f"{page}.md", notebook)
    downloads = known.get("download-buttons", {}).get("buttons", [])
    downloads.clear()
    if (Path(app.srcdir) / notebook).exists():
        downloads.append(
            {
                "type": "link",
                "url": context["pathto"](notebook, 1),
                "text": ".ipynb",
                "tooltip": "Download notebook",
                "icon": "fas fa-code",
                "label": "download-notebook-button",
            }
        )
    else:
        context["header_buttons"] = [
            b for b in context.get("header_buttons", []) if b is not known.get("download-buttons")
        ]
