"""Write the badges of README.md anew from ``repository.url``: part of `make notebooks`."""

import re
from pathlib import Path

import yaml
from pages import site_of

ROOT = Path(__file__).parents[1]
PLACE = re.compile(r"(?<=<!-- badges -->\n).*?(?=<!-- /badges -->)", re.S)


def badges(repository: str) -> str:
    """Links to the book and to Binder; none while the repository has no address.

    >>> print(badges("https://github.com/someone/book"))
    [![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/notebooks)
    [Read the book](https://someone.github.io/book/)
    <BLANKLINE>
    """
    if not site_of(repository):
        return ""
    name = repository.removeprefix("https://github.com/").removesuffix(".git")
    binder = f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/notebooks"
    badge = f"[![Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    return f"{badge}\n[Read the book]({site_of(repository)})\n"


def readme(text: str) -> str:
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return PLACE.sub(badges(config["repository"]["url"]), text)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text("utf-8")), "utf-8")
