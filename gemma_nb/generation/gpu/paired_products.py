"""Two products of the same rows, as one GPU kernel: the two gates of a feed-forward block.

With several conversations side by side the rows go through XLA's matrix products, each of which has
too few blocks to keep the memory busy: 7 µs for a gate of Gemma 3 1B, whose bytes need 4 (an H200).
XLA would join the two products on a copy of both kernels side by side, as large as all gates of the
model. This kernel reads both where they lie. It is written in Pallas for Triton; other devices, and
shapes that it does not take, use the layers' own products.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from gemma_nb.generation.gpu.fused_matvec import on_gpu
from gemma_nb.generation.keras_internals import is_divided, kernel_of
from gemma_nb.generation.optimized_layers import optimize_layer

_log = logging.getLogger(__name__)

#: The layers of a KerasHub block whose products are paired.
GATES = ("gating_ffw", "gating_ffw_2")
#: The columns and inputs of a kernel are multiples of these.
COLUMNS, INPUTS = 32, 128
#: Rows up to which other tiles are faster.
FEW_ROWS = 4, 16
#: Rows that the kernel takes. Triton's products have at least 16.
FEWEST_ROWS, MOST_ROWS = 16, 64


def can_pair(inputs: int, outputs: int, rows: int) -> bool:
    """Whether ``paired_products`` takes a shape.

    Args:
        inputs: rows of each kernel.
        outputs: columns of each kernel.
        rows: rows to multiply.
    """
    return not inputs % INPUTS and not outputs % COLUMNS and 1 < rows <= MOST_ROWS


def paired_products(x: Any, first: Any, second: Any, *, interpret: bool = False) -> tuple[Any, Any]:
    """Computes ``x @ first`` and ``x @ second``, summed in float32.

    Args:
        x: (rows, inputs), rows up to ``MOST_ROWS``.
        first: (inputs, outputs), in x's dtype or int8; its inputs contiguous in memory.
        second: likewise, of the same shape.
        interpret: run Pallas's interpreter, on any device.

    Returns:
        Two arrays (rows, outputs) in x's dtype.
    """
    import jax
    import jax.numpy as jnp
    from jax.experimental import pallas as pl
    from jax.experimental.pallas import triton

    rows = x.shape[0]
    outputs = first.shape[1]
    padded = FEWEST_ROWS
    while padded < rows:
        padded *= 2
    if padded > rows:
        x = jnp.pad(x, ((0, padded - rows), (0, 0)))
    shape = jax.ShapeDtypeStruct((padded, outputs), x.dtype)
    columns, step, stages = _tile(rows)
    kernel = pl.pallas_call(
        partial(_kernel, columns=columns, step=step),
        out_shape=(shape, shape),
        grid=(outputs // columns,),
        compiler_params=triton.CompilerParams(num_warps=4, num_stages=stages),
        interpret=interpret,
        name="paired_products",
    )
    one, other = kernel(x, first.T, second.T)
    return one[:rows], other[:rows]


def _kernel(
    x: Any, first: Any, second: Any, one: Any, other: Any, *, columns: int, step: int
) -> None:
    """Some columns of both products; the kernels come as (outputs, inputs)."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import pallas as pl
    from jax.experimental.pallas import triton

    outputs = pl.ds(pl.program_id(0) * columns, columns)

    def add(index: Any, sums: tuple[Any, Any]) -> tuple[Any, ...]:
        inputs = pl.ds(index * step, step)
        rows = x[:, inputs]

        def product(kernel: Any) -> Any:
            numbers = kernel[outputs, inputs].astype(rows.dtype)
            return triton.dot(rows, numbers, trans_b=True)

        return tuple(s + product(k) for s, k in zip(sums, (first, second), strict=True))

    zeros = jnp.zeros((x.shape[0], columns), jnp.float32)
    sums = jax.lax.fori_loop(0, x.shape[1] // step, add, (zeros, zeros))
    for output, total in zip((one, other), sums, strict=True):
        output[:, outputs] = total.astype(output.dtype)


def optimize_gate(proxy: dict[str, Any], block: Any, name: str) -> Callable[[Any], Any]:
    """Returns a replacement of one of a block's two gates that is fast on this device.

    Args:
        proxy: the attributes of the block's proxy in this pass, where both gates meet.
        block: KerasHub's block.
        name: one of ``GATES``.
    """
    layer: Callable[[Any], Any] = optimize_layer(getattr(block, name))
    if not on_gpu():
        return layer
    pair = proxy.setdefault("_gates", None) or GatePair(tuple(getattr(block, n) for n in GATES))
    proxy["_gates"] = pair

    def call(x: Any) -> Any:
        result = pair(GATES.index(name), x)
        return layer(x) if result is None else result

    return call


class GatePair:
    """The two gates of a feed-forward block, computed together when the first one is called.

    Args:
        gates: the two Keras layers.
    """

    def __init__(self, gates: tuple[Any, ...]) -> None:
        self.gates = gates
        self.is_supported = all(map(_is_supported, gates)) and kernel_compiles()
        self._input: Any = None
        self._outputs: tuple[Any, Any] | None = None

    def __call__(self, index: int, x: Any) -> Any:
        """Computes the output of a gate for one token of each row.

        Args:
            index: which gate.
            x: (rows, 1, inputs).

        Returns:
            As the layer's own ``call``, apart from rounding; None for a shape that the kernel does
            not take.
        """
        import jax.numpy as jnp

        first = self.gates[0]
        if not self.is_supported:
            return None
        inputs, outputs = kernel_of(first).shape
        if x.ndim != 3 or x.shape[1] != 1 or not can_pair(inputs, outputs, x.shape[0]):
            return None
        if self._input is not x:
            kernels = (jnp.asarray(kernel_of(gate)) for gate in self.gates)
            self._outputs = paired_products(x[:, 0].astype(first.compute_dtype), *kernels)
            self._input = x
        result = (self._outputs or ())[index][:, None]
        if first.quantization_mode == "int8":
            result = result / jnp.asarray(self.gates[index].kernel_scale)
        return result.astype(first.compute_dtype)


def _is_supported(gate: Any) -> bool:
    import keras

    return (
        getattr(gate, "equation", None) == "btd,df->btf"
        and gate.compute_dtype == "bfloat16"
        and gate.bias is None
        and gate.activation in (None, keras.activations.linear)
        and not gate.lora_enabled
        and not is_divided([kernel_of(gate)])  # XLA cannot divide a Pallas kernel
        and (
            gate.quantization_mode is None
            or (gate.quantization_mode == "int8" and gate.inputs_quantizer is None)
        )
    )


@cache
def kernel_compiles() -> bool:
    """Whether the default device compiles and runs the kernel, tried once with a small product."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    # compiled ahead of time: this is called while another program is traced
    x = np.ones((2, INPUTS), jnp.bfloat16)
    kernel = np.ones((INPUTS, _tile(2)[0]), jnp.bfloat16)
    try:
        program = jax.jit(paired_products).lower(x, kernel, kernel).compile()
        return all(bool((np.asarray(y) == INPUTS).all()) for y in program(x, kernel, kernel))
    except Exception as error:  # noqa: BLE001 - whatever Triton or XLA lack on this GPU
        _log.warning("%s: XLA's own products are used instead", error)
        return False


def _tile(rows: int) -> tuple[int, int, int]:
    """Columns of each kernel that a program computes, inputs that it reads at once, its stages.

    Of those that were tried, the fastest in a step of 12 layers of Gemma 3 1B (an H200, 2026-11-30).
    Microseconds with XLA's own products and with this kernel: 967 and 892 with 2 rows, 1020 and 953
    with 8, 1209 and 1129 with 64.
    """
    if rows <= FEW_ROWS[0]:
        return 16, INPUTS, 4
    return (COLUMNS, INPUTS, 4) if rows <= FEW_ROWS[1] else (COLUMNS, INPUTS // 2, 5)
