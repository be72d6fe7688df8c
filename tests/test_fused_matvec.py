"""Fused matvecs and optimized layers give what Keras's own layers give.

Precisions: "int8" rounds weights alone, "int8 inputs" their inputs as well (as a preset that KerasHub
opens does); "int4/32" has blocks of 32.
"""

import numpy as np
import pytest

from gemma_nb.generation import optimized_layers, processor_products
from gemma_nb.generation.gpu import fused_matvec, paired_products
from gemma_nb.loading.relayout import contracted_last, relayout_layers

pytestmark = pytest.mark.slow

#: what KerasHub's blocks are made of: equation, input, output, kernel's order with the sums last
EINSUMS = [
    ("btd,ndh->btnh", (256,), (4, 32), (0, 2, 1)),
    ("bsd,kdh->bskh", (256,), (1, 32), (0, 2, 1)),
    ("btnh,nhd->btd", (4, 64), (256,), (2, 0, 1)),
    ("btd,df->btf", (256,), (384,), (1, 0)),
]
MODES = [None, "int8", "int8 inputs", "int4/32", "int4/128"]


def einsum(equation, inputs, outputs, mode=None, dtype="float32"):
    import keras

    layer = keras.layers.EinsumDense(equation, (None, *outputs), dtype=dtype)
    layer.build((1, 1, *inputs))
    return made(layer, mode)


def made(layer, mode):
    import keras

    rng = np.random.default_rng(0)
    for v in layer.variables:
        v.assign(rng.normal(size=v.shape))
    if mode:
        configs = keras.quantizers
        config = {
            "int8": configs.Int8QuantizationConfig(activation_quantizer=None),
            "int8 inputs": configs.Int8QuantizationConfig(),
            "int4/32": configs.Int4QuantizationConfig(block_size=32),
            "int4/128": configs.Int4QuantizationConfig(block_size=128),
            "int4/48": configs.Int4QuantizationConfig(block_size=48),
        }[mode]
        layer.quantize(config.mode, config=config)
    return layer


def same(ours, theirs):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    scale = float(np.abs(np.asarray(theirs, "float32")).max())
    np.testing.assert_allclose(
        np.asarray(ours, "float32"), np.asarray(theirs, "float32"), atol=1e-5 * scale
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("equation", "inputs", "outputs", "order"), EINSUMS)
def test_einsum(equation, inputs, outputs, order, mode):
    layer = einsum(equation, inputs, outputs, mode)
    x = np.random.default_rng(1).normal(size=(1, 1, *inputs)).astype("float32")
    same(fused_matvec.build_matvec(layer)(x), layer(x))
    # Keras keeps an int4 kernel as (rows, columns)
    assert contracted_last(layer) == ((1, 0) if mode in MODES[3:] else order)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bias", [False, True])
def test_dense(mode, bias):
    import keras

    layer = keras.layers.Dense(64, use_bias=bias, activation="tanh" if bias else None)
    layer.build((1, 1, 128))
    made(layer, mode)
    x = np.random.default_rng(1).normal(size=(1, 1, 128)).astype("float32")
    same(fused_matvec.build_matvec(layer)(x), layer(x))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cap", [None, 5.0])
def test_logits(mode, cap):
    import keras

    layer = keras.layers.ReversibleEmbedding(300, 256, logit_soft_cap=cap)
    layer.build((1, 1))
    made(layer, mode)
    hidden = np.random.default_rng(1).normal(size=(1, 1, 256)).astype("float32")
    same(fused_matvec.build_logits_matvec(layer)(hidden), layer(hidden, reverse=True))


def test_logits_of_an_int4_table_whose_inputs_are_rounded():
    """So Keras runs an int4 embedding of a preset that it opens."""
    import keras

    layer = keras.layers.ReversibleEmbedding(300, 256)
    layer.build((1, 1))
    made(layer, "int4/128")
    layer.inputs_quantizer = keras.quantizers.AbsMaxQuantizer(axis=-1)
    hidden = np.random.default_rng(1).normal(size=(1, 1, 256)).astype("float32")
    same(fused_matvec.build_logits_matvec(layer)(hidden), layer(hidden, reverse=True))


def test_a_kernel_laid_out_anew_keeps_shape_and_values():
    for equation, inputs, outputs, order in EINSUMS:
        layer = einsum(equation, inputs, outputs, dtype="bfloat16")
        before = np.asarray(layer._kernel.value)
        x = np.random.default_rng(1).normal(size=(1, 3, *inputs)).astype("float32")
        gave = np.asarray(layer(x), "float32")
        relayout_layers([layer])
        value = layer._kernel.value
        assert value.format.layout.major_to_minor == order
        assert (np.asarray(value) == before).all()
        np.testing.assert_allclose(np.asarray(layer(x), "float32"), gave, rtol=0.05, atol=0.5)


def test_only_a_gpu_and_one_row_take_the_short_way(monkeypatch):
    layer = einsum(*EINSUMS[3][:3])
    assert optimized_layers.optimize_layer(layer) is layer
    monkeypatch.setattr(optimized_layers, "on_gpu", lambda: True)
    optimized = optimized_layers.optimize_layer(layer)
    for shape in ((1, 1, 256), (1, 5, 256), (2, 1, 256)):
        x = np.random.default_rng(1).normal(size=shape).astype("float32")
        same(optimized(x), layer(x))
    layer.enable_lora(2)
    assert optimized_layers.optimize_layer(layer) is layer


@pytest.mark.parametrize("rows", [(1, 1), (2, 5)])
@pytest.mark.parametrize(("equation", "inputs", "outputs", "_"), EINSUMS)
def test_a_kernel_of_three_axes_is_multiplied_as_it_lies(equation, inputs, outputs, _, rows):
    layer = einsum(equation, inputs, outputs)
    optimized = optimized_layers.optimize_layer(layer)
    assert isinstance(optimized, optimized_layers.NativeLayoutEinsum) == (
        len(layer.kernel.shape) == 3
    )
    x = np.random.default_rng(1).normal(size=(*rows, *inputs)).astype("float32")
    same(optimized(x), layer(x))


@pytest.mark.parametrize("rows", [(1, 1), (2, 5)])
@pytest.mark.parametrize("mode", ["int8", "int4/32", "int4/128", "int4/48"])
@pytest.mark.parametrize(("equation", "inputs", "outputs", "_"), EINSUMS)
def test_on_a_processor_quantized_weights_are_multiplied_in_float32(
    equation, inputs, outputs, _, mode, rows
):
    layer = einsum(equation, inputs, outputs, mode)
    optimized = optimized_layers.optimize_layer(layer)
    assert isinstance(optimized, optimized_layers.Float32Product)
    x = np.random.default_rng(1).normal(size=(*rows, *inputs)).astype("float32")
    same(optimized(x), layer(x))


@pytest.mark.parametrize("mode", ["int8", "int4/32"])
def test_a_quantized_dense_layer_too(mode):
    import keras

    layer = keras.layers.Dense(64, activation="tanh")
    layer.build((1, 3, 100))  # the last block is not full
    made(layer, mode)
    optimized = optimized_layers.optimize_layer(layer)
    assert isinstance(optimized, optimized_layers.Float32Product)
    x = np.random.default_rng(1).normal(size=(2, 3, 100)).astype("float32")
    same(optimized(x), layer(x))


def rounded_alike(ours, theirs, dtype):
    """Equal up to the order of sums; in bfloat16 up to what Keras's layers round on the way."""
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    ours, theirs = np.asarray(ours, "float32"), np.asarray(theirs, "float32")
    bound = 1e-5 if dtype == "float32" else 2**-6
    np.testing.assert_allclose(ours, theirs, atol=bound * np.abs(theirs).max())


@pytest.mark.parametrize("rows", [(1, 1), (3, 1), (2, 5)])  # one, some, and a prompt's
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("mode", [None, "int8", "int4/32", "int4/128", "int4/48"])
@pytest.mark.parametrize(("equation", "inputs", "outputs", "_"), EINSUMS)
def test_on_a_processor_a_kernel_is_read_as_it_lies(
    equation, inputs, outputs, _, mode, dtype, rows
):
    layer = einsum(equation, inputs, outputs, mode, dtype)
    x = np.random.default_rng(1).normal(size=(*rows, *inputs)).astype("float32")
    theirs = layer(x)
    relayout_layers([layer])
    optimized = optimized_layers.optimize_layer(layer)
    assert isinstance(optimized, optimized_layers.ContiguousProduct)
    rounded_alike(optimized(x), theirs, dtype)


@pytest.mark.parametrize("mode", [None, "int8", "int4/32"])
def test_a_dense_layer_with_all_its_parts_is_read_as_it_lies(mode):
    import keras

    layer = keras.layers.Dense(64, activation="tanh")
    layer.build((1, 3, 100))  # the last block is not full
    made(layer, mode)
    x = np.random.default_rng(1).normal(size=(2, 3, 100)).astype("float32")
    theirs = layer(x)
    relayout_layers([layer])
    optimized = optimized_layers.optimize_layer(layer)
    assert isinstance(optimized, optimized_layers.ContiguousProduct)
    rounded_alike(optimized(x), theirs, "float32")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("mode", [None, "int8", "int4/32"])
def test_a_row_that_xla_fuses_in_parts(mode, dtype, monkeypatch):
    monkeypatch.setattr(processor_products, "MAX_SUMMED", 100)
    layer = einsum("btnh,nhd->btd", (4, 64), (256,), mode, dtype)
    x = np.random.default_rng(1).normal(size=(1, 1, 4, 64)).astype("float32")
    theirs = layer(x)
    relayout_layers([layer])
    rounded_alike(optimized_layers.optimize_layer(layer)(x), theirs, dtype)


@pytest.mark.parametrize("mode", [None, "int8", "int4/32"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("size", "columns"), [(1536, 1536), (6912, 512)], ids=["whole", "parts"])
def test_one_row_makes_no_copy_of_its_kernel(size, columns, mode, dtype):
    """XLA fuses the conversion with the product, and divides it among the cores.

    A row of more than 4095 numbers is multiplied in parts. The result is added to another value, as
    in a residual connection.
    """
    import jax
    from jax.experimental import layout as relayouts

    layer = einsum("btd,df->btf", (size,), (columns,), mode, dtype)
    relayout_layers([layer])
    values = [v.value for v in layer.variables]

    def program(values, x):
        import keras

        kept = [
            relayouts.with_layout_constraint(v, old.format.layout)
            for v, old in zip(values, [v.value for v in layer.variables], strict=True)
        ]
        with keras.StatelessScope(state_mapping=zip(layer.variables, kept, strict=True)):
            return optimized_layers.optimize_layer(layer)(x) + x[..., :columns]

    x = np.ones((1, 1, size), dtype)
    compiled = jax.jit(program).lower(values, x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < size * columns / 8
    assert "outer_dimension_partitions" in compiled.as_text()


@pytest.mark.parametrize("rows", [(1, 1), (3, 1), (2, 5)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("mode", [None, "int8"])
@pytest.mark.parametrize("cap", [None, 5.0])
def test_logits_on_a_processor(cap, mode, dtype, rows):
    import keras

    layer = keras.layers.ReversibleEmbedding(300, 256, logit_soft_cap=cap, dtype=dtype)
    layer.build((1, 1))
    made(layer, mode)
    hidden = np.random.default_rng(1).normal(size=(*rows, 256)).astype(dtype)
    ours = processor_products.build_logits(layer)(hidden)
    assert ours.dtype == np.float32  # not rounded to the layer's dtype
    rounded_alike(ours, layer(hidden, reverse=True).astype("float32"), dtype)


def test_logits_that_a_processor_leaves_to_keras():
    import keras

    layer = keras.layers.ReversibleEmbedding(300, 256)
    layer.build((1, 1))
    made(layer, "int8")
    layer.inputs_quantizer = keras.quantizers.AbsMaxQuantizer(axis=-1)
    assert processor_products.build_logits(layer) is None
    layer = keras.layers.ReversibleEmbedding(300, 256, tie_weights=False)
    layer.build((1, 1))
    assert processor_products.build_logits(layer) is None


def test_what_keras_alone_knows_is_left_to_keras():
    equation, inputs, outputs, _ = EINSUMS[0]
    quantised = einsum(equation, inputs, outputs, "int8 inputs")
    assert optimized_layers.optimize_layer(quantised) is quantised
    for mode in (None, "int8"):
        adapted = einsum(equation, inputs, outputs, mode)
        adapted.enable_lora(2)
        assert optimized_layers.optimize_layer(adapted) is adapted


@pytest.mark.parametrize("rows", [2, 8, 17, 64])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
def test_paired_products(rows, dtype):
    """Pallas's interpreter runs the kernel as it is written for a GPU."""
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(rows, 256)), "float32" if dtype == "float32" else "bfloat16")
    kernels = (jnp.asarray(rng.normal(0, 5, (256, 96)), dtype) for _ in range(2))
    kernels = tuple(kernels)
    assert paired_products.can_pair(256, 96, rows)
    made = paired_products.paired_products(x, *kernels, interpret=True)
    for ours, kernel in zip(made, kernels, strict=True):
        same(ours, x @ kernel.astype(x.dtype))


def test_shapes_that_are_not_paired():
    assert not paired_products.can_pair(256, 96, 1)
    assert not paired_products.can_pair(256, 96, 65)
    assert not paired_products.can_pair(200, 96, 4)
    assert not paired_products.can_pair(256, 90, 4)
