"""What the chapters import: data sets, diagnostics and figures.

Importing this package first keeps TensorFlow's start-up messages out of a notebook, and turns off
its oneDNN kernels, which change the last digits of a result from one processor to the next. It
also has Keras run on TensorFlow, whatever its configuration file says.

Raises:
    ImportError: the environment asks for another backend, or Keras already runs on one.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

if _keras := sys.modules.get("keras"):
    _backend = _keras.config.backend()
else:
    _backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
if _backend != "tensorflow":
    raise ImportError(
        f"lib needs Keras on TensorFlow, not on {_backend!r}: "
        "set KERAS_BACKEND=tensorflow and start Python anew."
    )
os.environ["KERAS_BACKEND"] = "tensorflow"
