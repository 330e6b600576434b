"""Write the digits for the lab: `explorables/web/data/digits.js`.

Rows in the order of `lib.data.load_digits`: training, validation, test set; all pixels, all labels.
Usage: python -m tools.digits
"""

import base64
import gzip
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

FILE = Path(__file__).parents[1] / "explorables/web/data/digits.js"
HEAD = """// 1797 handwritten digits (Optdigits, UCI): all pixels, all labels; gzip in base64.
// Written by `python -m tools.digits`.
export const PACKED =
"""


def main() -> None:
    x, y = datasets.load_digits(return_X_y=True)
    rows = np.arange(len(y))
    train, rest = train_test_split(rows, test_size=0.4, random_state=42, stratify=y)
    valid, test = train_test_split(rest, test_size=0.5, random_state=42, stratify=y[rest])
    order = np.concatenate([train, valid, test])
    packed = gzip.compress(
        np.append(x[order].ravel(), y[order]).astype(np.uint8).tobytes(), mtime=0
    )
    FILE.write_text(f'{HEAD}  "{base64.b64encode(packed).decode()}";\n', encoding="utf-8")


if __name__ == "__main__":
    main()
