"""Train the presets of the lab for their still pictures: `explorables/lab.json`.

A member that has diverged counts as guessing; its gradients are left out.
Usage: python -m tools.lab
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from explorables._lab import PRESETS, STORED
from extensions.node import NODE

LAB = Path(__file__).with_suffix(".mjs")
GUESSING = 0.1


def main() -> None:
    runs = answers(LAB, ({"ask": "run", "hash": hash} for hash, _ in PRESETS.values()))
    stored = {name: still(run) for name, run in zip(PRESETS, runs, strict=True)}
    lines = ",\n".join(f'"{name}": {json.dumps(run)}' for name, run in stored.items())
    STORED.write_text(f"{{\n{lines}\n}}\n", "utf-8")


def answers(script: Path, asked: Iterable[Mapping[str, Any]]) -> list[Any]:
    """What a script answers to questions, each a line of JSON on its standard input.

    Raises:
        RuntimeError: the script fails; with the end of what it said.
    """
    lines = "".join(f"{json.dumps(question)}\n" for question in asked)
    command = [NODE, "--no-warnings", script]
    run = subprocess.run(command, input=lines, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr[-3000:])
    return [json.loads(line) for line in run.stdout.splitlines()]


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
