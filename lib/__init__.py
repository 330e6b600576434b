"""What the chapters import: data sets, diagnostics and figures.

Importing this package first keeps TensorFlow's start-up messages out of a notebook, and turns off
its oneDNN kernels, which change the last digits of a result from one processor to the next.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
