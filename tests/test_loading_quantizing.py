"""int8 and int4 made while loading are KerasHub's own, variable by variable."""

import re

import pytest
import tiny

pytestmark = pytest.mark.slow

MODELS = ("gemma1", "gemma2", "gemma3", "gemma3n", "gemma4", "gemma4_moe")
#: with their encoders
SEEING = ("gemma3", "gemma3n", "gemma4", "pali_gemma")


def backbone(name):
    import tiny_media

    if name.startswith("seeing_"):
        return getattr(tiny_media, name.removeprefix("seeing_"))()[0].backbone
    return getattr(tiny, name)().backbone


@pytest.mark.parametrize("name", [*MODELS, *(f"seeing_{n}" for n in SEEING)])
def test_every_variable_is_what_quantize_makes_of_the_same_weights(name, tmp_path):
    from keras_hub.src.utils.preset_utils import get_preset_loader

    from gemma_nb.loading import build, quantize, weights

    backbone(name).save_to_preset(str(tmp_path))
    loader = get_preset_loader(str(tmp_path))
    for mode in ("int8", "int4"):
        wanted = loader.check_backbone_class().from_preset(str(tmp_path), dtype="bfloat16")
        tiny.quantize(wanted, mode)
        plain = build.empty_backbone(loader, "bfloat16")
        policies = quantize.quantized_policies(plain, mode, "bfloat16")
        made = build.empty_backbone(loader, policies)
        assert all(v._value is None for v in made.variables)
        weights.read_weights(plain, made, tmp_path, quantize=True)
        quantize.finish_quantized_layers(made)
        _assert_same(wanted, made)
        encoder = getattr(made, "vision_encoder", None) or getattr(made, "vit_encoder", None)
        assert (encoder is not None) == name.startswith("seeing_")
        if encoder is not None:
            modes = {layer.quantization_mode for layer in encoder._flatten_layers()}
            assert mode in modes or name == "seeing_gemma3n"  # whose are convolutions


def _assert_same(wanted, made):
    import numpy as np

    def paths(backbone):  # Keras numbers layers that have no name of their own
        return [re.sub(r"_\d+(?=/)", "", v.path) for v in backbone.variables]

    assert paths(wanted) == paths(made)
    for theirs, ours in zip(wanted.variables, made.variables, strict=True):
        a, b = np.asarray(theirs.value), np.asarray(ours.value)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), ours.path
        assert a.tobytes() == b.tobytes(), ours.path
    for a, b in zip(wanted._flatten_layers(), made._flatten_layers(), strict=True):
        assert a.quantization_mode == b.quantization_mode, a.path
        assert (a.compute_dtype, a.variable_dtype) == (b.compute_dtype, b.variable_dtype), a.path
        assert getattr(a, "inputs_quantizer", None) is None, a.path  # only weights are rounded
        assert getattr(b, "inputs_quantizer", None) is None, a.path


def _numbers(shape, kind):
    import ml_dtypes
    import numpy as np

    rng = np.random.default_rng(1)
    made = rng.normal(0, 0.02, shape)
    if kind == "one sided":
        made = np.abs(made) + 0.1
    elif kind == "outliers":
        made *= np.exp(rng.normal(0, 3, shape))
    elif kind == "zeros":
        made[:, ::3] = 0
    return made.astype(ml_dtypes.bfloat16)


@pytest.mark.parametrize("gpu", [False, True], ids=["numpy", "device"])
@pytest.mark.parametrize("kind", ["usual", "one sided", "outliers", "zeros"])
@pytest.mark.parametrize("shape", [(640, 1001), (300, 514), (2, 3)])
def test_the_formulas_are_those_of_keras_to_the_bit(kind, shape, gpu, monkeypatch):
    import jax.numpy as jnp
    import numpy as np
    from keras.src.quantizers import quantizers

    from gemma_nb.loading import quantize, quantize_gpu

    monkeypatch.setattr(quantize, "PART", 5_000)
    monkeypatch.setattr(quantize_gpu, "wanted", lambda: gpu)
    x = _numbers(shape, kind)
    for axis in (0, 1):
        wanted = quantizers.abs_max_quantize(jnp.asarray(x), axis, to_numpy=True)
        made = quantize._abs_max(x, "bfloat16", (axis,))
        for a, b in zip(wanted, made, strict=True):
            np.testing.assert_array_equal(np.asarray(a), b)
    for block in (32, 128):
        values, *wanted = quantizers.abs_max_quantize_grouped_with_zero_point(
            jnp.asarray(x), block, to_numpy=True
        )
        packed, _, _ = quantizers.pack_int4(jnp.asarray(values), axis=1)
        made = quantize._grouped(x, "bfloat16", block)
        for a, b in zip((packed, *wanted), made, strict=True):
            np.testing.assert_array_equal(np.asarray(a), b)


def test_two_columns_share_a_byte_as_in_keras():
    import jax.numpy as jnp
    import numpy as np
    from keras.src.quantizers import quantizers

    from gemma_nb.loading import quantize

    x = np.random.default_rng(0).integers(-8, 8, (7, 5)).astype("int8")
    wanted, _, _ = quantizers.pack_int4(jnp.asarray(x), axis=1)
    np.testing.assert_array_equal(np.asarray(wanted), quantize.pack_int4(x))
