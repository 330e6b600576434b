"""Converters that `tf.vectorized_map` lacks.

Without them it falls back to a loop in the graph, which is slow and which XLA does not compile.
The registry is internal to TensorFlow (`parallel_for/pfor.py`, class `RegisterPFor`): a converter
that TensorFlow brings itself is left alone.
"""

from typing import Any

import tensorflow as tf
from tensorflow.python.ops.parallel_for import pfor


def register_converters() -> None:
    """Register, once, the random ops behind dropout and noise, and the Bitcast in `argmax`."""
    converters = {
        "StatelessRandomGetKeyCounter": _convert_draw,
        "StatelessRandomUniformV2": _convert_draw,
        "StatelessRandomNormalV2": _convert_draw,
        "StatelessTruncatedNormalV2": _convert_draw,
        "Bitcast": _convert_bitcast,
    }
    for name, converter in converters.items():
        if name not in pfor._pfor_converter_registry:
            pfor.RegisterPFor(name)(converter)


def _convert_draw(inputs: Any) -> list[Any]:
    """Draw for each member from its own seed, side by side instead of in a loop."""
    op, wrapped = inputs.op, inputs._inputs
    members = next(w.t.shape[0] for w in wrapped if w.is_stacked)
    columns = [tf.unstack(w.t) if w.is_stacked else [w.t] * members for w in wrapped]
    dtypes, attributes = [output.dtype for output in op.outputs], op.node_def.attr
    draws = [
        pfor._create_op(op.type, list(member), dtypes, attributes).outputs
        for member in zip(*columns, strict=True)
    ]
    return [pfor.wrap(tf.stack(output), True) for output in zip(*draws, strict=True)]


def _convert_bitcast(inputs: Any) -> Any:
    return pfor.wrap(tf.bitcast(inputs.stacked_input(0), inputs.op.outputs[0].dtype), True)
