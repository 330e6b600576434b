"""Converters that `tf.vectorized_map` lacks: tested with TensorFlow 2.18 to 2.21.

The registry is internal to TensorFlow (`parallel_for/pfor.py`, class `RegisterPFor`): a converter
that TensorFlow brings itself is left alone. Without them, or where a version has no such registry,
`tf.vectorized_map` falls back to a loop in the graph, which is slow and which XLA does not compile.
"""

from typing import Any

import tensorflow as tf

try:
    from tensorflow.python.ops.parallel_for.pfor import (
        RegisterPFor,
        _create_op,
        _pfor_converter_registry,
        wrap,
    )
except ImportError:
    RegisterPFor = None


def register_converters() -> bool:
    """Register the random ops behind dropout and noise, and the Bitcast in `argmax`.

    Returns False where this TensorFlow cannot take them.
    """
    if RegisterPFor is None:
        return False
    converters = {
        "StatelessRandomGetKeyCounter": _convert_draw,
        "StatelessRandomUniformV2": _convert_draw,
        "StatelessRandomNormalV2": _convert_draw,
        "StatelessTruncatedNormalV2": _convert_draw,
        "Bitcast": _convert_bitcast,
    }
    for name, converter in converters.items():
        if name not in _pfor_converter_registry:
            RegisterPFor(name)(converter)
    return True


def _convert_draw(inputs: Any) -> list[Any]:
    """Draw for each member from its own seed, side by side instead of in a loop."""
    op, wrapped = inputs.op, inputs._inputs
    members = next(w.t.shape[0] for w in wrapped if w.is_stacked)
    columns = [tf.unstack(w.t) if w.is_stacked else [w.t] * members for w in wrapped]
    dtypes, attributes = [output.dtype for output in op.outputs], op.node_def.attr
    draws = [
        _create_op(op.type, list(member), dtypes, attributes).outputs
        for member in zip(*columns, strict=True)
    ]
    return [wrap(tf.stack(output), True) for output in zip(*draws, strict=True)]


def _convert_bitcast(inputs: Any) -> Any:
    return wrap(tf.bitcast(inputs.stacked_input(0), inputs.op.outputs[0].dtype), True)
