"""What a GPU makes of the ensemble and of two chapters; to be sent in with the form for claims.

The book is built without a GPU. Usage: python benchmarks/gpu.py > gpu.txt
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHAPTERS = "02-xavier-and-he-initialization", "07-faster-optimizers"


def main() -> None:
    os.environ["BOOK_REPLICATE"] = "1"  # a claim that fails is told, not raised
    sys.path.insert(0, str(ROOT))
    import keras
    import tensorflow as tf
    from myst_nb.core.read import myst_nb_reader_plugin

    from lib.evidence import records
    from tools.execute import execute

    print(platform.platform(), "Keras", keras.__version__, "TensorFlow", tf.__version__)
    print(subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout.strip())
    devices = [
        tf.config.experimental.get_device_details(d) for d in tf.config.list_physical_devices("GPU")
    ]
    if not devices:
        sys.exit("TensorFlow sees no GPU: pip install 'tensorflow[and-cuda]' on Linux, then again")
    print(*devices, sep="\n")
    command = [sys.executable, ROOT / "benchmarks/ensemble.py"]
    run = subprocess.run(command, capture_output=True, text=True)
    print(run.stdout, run.stderr[-2000:] if run.returncode else "")
    for name in CHAPTERS:
        page = ROOT / f"book/{name}.md"
        run = execute(page, myst_nb_reader_plugin(str(page)))
        print(f"{run.seconds:.0f} s", name, run.failure)
        for claim in records(run.notebook):
            if not claim.holds and not claim.pooled:
                print(" fails:", claim.name, claim.asked, claim.effect, claim.low, claim.high)


if __name__ == "__main__":
    main()
