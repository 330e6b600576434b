"""Print what the builder `slides` has written, and pack it, a zip a chapter: make slides

It takes the Chromium that the tests take. The same pages give the same bytes.
"""

import re
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.machine import FLAGS, chromium
from tools.execute import chapters
from tools.figures import EPOCH

FOLDER = Path("_build/slides")
DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}[^)]*\)")


def main() -> int:
    if not (path := chromium()):
        print("no Chromium (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for chapter in chapters():
            for page in sorted(FOLDER.glob(f"**/{chapter.stem}*.html")):
                (FOLDER / f"{page.stem}.pdf").write_bytes(printed(browser, page))
            if (FOLDER / f"{chapter.stem}.html").exists():
                print(pack(chapter.stem))
        browser.close()
    return 0


def pack(chapter: str) -> Path:
    """Put a chapter's deck and all that is printed of it into a zip."""
    path = FOLDER / f"{chapter}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted([*FOLDER.glob(f"{chapter}*.html"), *FOLDER.glob(f"{chapter}*.pdf")]):
            name = zipfile.ZipInfo(file.name, EPOCH)
            archive.writestr(name, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def printed(browser: Browser, page: Path) -> bytes:
    """A page as PDF, without the date."""
    with browser.new_context(color_scheme="light") as context:
        opened = context.new_page()
        opened.goto(page.absolute().as_uri())
        opened.evaluate("document.fonts.ready")
        pdf = opened.pdf(prefer_css_page_size=True, print_background=True)
    return DATE.sub(lambda m: m[0][: len(m[1])] + b"19800101000000+00'00')", pdf)


if __name__ == "__main__":
    sys.exit(main())
