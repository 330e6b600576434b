"""Write the executed book: python -m tools.book with the names of one or several builders.

It calls Jupyter Book's own function (1.0.4) where its command would say much that nobody reads,
and take seconds longer. Every warning is an error, and nothing else is printed.
"""

import gc
import logging
import sys
from pathlib import Path

ROOT = Path.cwd()


def main() -> int:
    from jupyter_book.sphinx import build_sphinx

    gc.disable()  # to look for garbage takes a fifth of the time, and finds little
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    for builder in sys.argv[1:]:
        result = build_sphinx(
            ROOT,
            ROOT / "_build" / builder,
            path_config=ROOT / "_config.yml",
            noconfig=True,
            confoverrides={
                "external_toc_path": "_toc.yml",
                "latex_individualpages": False,
                "nitpicky": True,
            },
            builder=builder,
            warningiserror=True,
            keep_going=True,
            quiet=True,
        )
        if result:
            print(f"the {builder} pages are not right: see above", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
