"""Two products of the same rows, as one GPU kernel: the two gates of a feed-forward block.

With several conversations side by side the rows go through XLA's matrix products, each of which has
too few blocks to keep the memory busy: 7 µs for a gate of Gemma 3 1B, whose bytes need 4 (an H200).
XLA would join the two products on a copy of both kernels side by side, as large as all gates of the
model. This kernel reads both where they lie. It is written in Pallas for Triton; other devices, and
shapes that it does not take, use the layers' own products.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

#: Columns of each kernel that one program of the grid computes, and inputs that it reads at a time.
COLUMNS, INPUTS = 16, 128
#: Rows that the kernel takes. Triton's products have at least 16.
FEWEST_ROWS, MOST_ROWS = 16, 64
#: Triton's options.
WARPS, STAGES = 4, 4


def can_pair(inputs: int, outputs: int, rows: int) -> bool:
    """Whether ``paired_products`` takes a shape.

    Args:
        inputs: rows of each kernel.
        outputs: columns of each kernel.
        rows: rows to multiply.
    """
    return not inputs % INPUTS and not outputs % COLUMNS and 1 < rows <= MOST_ROWS


def paired_products(
    x: Any, first: Any, second: Any, *, interpret: bool = False
) -> tuple[Any, Any]:
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

    rows, inputs = x.shape
    outputs = first.shape[1]
    padded = FEWEST_ROWS
    while padded < rows:
        padded *= 2
    if padded > rows:
        x = jnp.pad(x, ((0, padded - rows), (0, 0)))
    shape = jax.ShapeDtypeStruct((padded, outputs), x.dtype)
    kernel = pl.pallas_call(
        partial(_kernel, steps=inputs // INPUTS),
        out_shape=(shape, shape),
        grid=(outputs // COLUMNS,),
        compiler_params=triton.CompilerParams(num_warps=WARPS, num_stages=STAGES),
        interpret=interpret,
        name="paired_products",
    )
    one, other = kernel(x, first.T, second.T)
    return one[:rows], other[:rows]


def _kernel(x: Any, first: Any, second: Any, one: Any, other: Any, *, steps: int) -> None:
    """Some columns of both products; the kernels come as (outputs, inputs)."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import pallas as pl

    columns = pl.ds(pl.program_id(0) * COLUMNS, COLUMNS)

    def add(step: Any, sums: tuple[Any, Any]) -> tuple[Any, ...]:
        inputs = pl.ds(step * INPUTS, INPUTS)
        rows = x[:, inputs]

        def product(kernel: Any) -> Any:
            return pl.dot(rows, kernel[columns, inputs].astype(rows.dtype), trans_b=True)

        return tuple(s + product(k) for s, k in zip(sums, (first, second), strict=True))

    zeros = jnp.zeros((x.shape[0], COLUMNS), jnp.float32)
    sums = jax.lax.fori_loop(0, steps, add, (zeros, zeros))
    for output, total in zip((one, other), sums, strict=True):
        output[:, columns] = total.astype(output.dtype)


#: The result of a kernel's second product, kept for the layer that asks for it.
Pair = Callable[[Any], tuple[Any, Any]]
