"""float16: this package's passes clip what KerasHub's blocks clip; where numbers end, it says so."""

import numpy as np
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import GenerationError
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import Sampling

IDS = [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26]
COUNT = 6
#: Gemma 4 without per-layer inputs: KerasHub does not clip what these add.
MODELS = {"gemma3": tiny.gemma3, "gemma4": lambda: tiny.gemma4(hidden_size_per_layer_input=0)}
#: Every sublayer then adds about so much to the residuals, which pass 65,504 after two of them.
GROWTH = 40000.0


def in_float16(lm):
    """The same task in float16, the norms behind its sublayers scaled up by ``GROWTH``."""
    backbone = type(lm.backbone).from_config({**lm.backbone.get_config(), "dtype": "float16"})
    for variable, value in zip(backbone.weights, lm.backbone.weights, strict=True):
        grows = "post" in variable.path and variable.path.endswith("scale")
        # what a block of Gemma 4 multiplies its output by is not clipped
        scalar = variable.path.endswith("layer_scalar")
        variable.assign(1.0 if scalar else np.asarray(value) + (GROWTH if grows else 0))
    return type(lm)(backbone=backbone, preprocessor=None)


def logits_of(lm):
    return Decoder(lm, 32).logits(IDS).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_residuals_are_clipped_as_in_keras_hub(name, monkeypatch):
    import keras

    lm = in_float16(MODELS[name]())
    assert lm.compute_dtype == "float16"
    tokens = np.array([IDS], "int32")
    given = {"token_ids": tokens, "padding_mask": np.ones_like(tokens)}
    given["position_ids"] = np.arange(len(IDS), dtype="int32")[None]  # Gemma 4 takes them
    theirs = lm({name: given[name] for name in lm.input})
    theirs = np.asarray(theirs, "float32")[0, -1]
    assert np.isfinite(theirs).all()
    assert np.ptp(theirs) > 0.1
    assert logits_of(lm) == pytest.approx(theirs, abs=0.01 * float(np.ptp(theirs)))
    decoder = Decoder(lm, 32)
    rows = list(decoder.tokens(IDS, Sampling(), 0, COUNT))
    assert rows == tiny.keras_hub_ids(lm, IDS, COUNT)
    # without the clip this model overflows, which the sampled token says
    monkeypatch.setattr(keras.ops, "clip", lambda x, *_: x)
    assert not np.isfinite(logits_of(lm)).all()
    assert next(iter(Decoder(lm, 32).tokens(IDS, Sampling(), 0, COUNT))) == -1


@pytest.mark.parametrize("damage", [float("nan"), float("inf")])
def test_the_first_logit_that_is_not_finite_names_float32(damage):
    model = gnb.load("demo_gemma3_1m", "float16", max_length=64)
    try:
        norm = model.lm.backbone.layer_norm.scale
        norm.assign(norm * 0 + damage)
        with pytest.raises(GenerationError, match="'float32'"):
            model.generate("Hello")
    finally:
        model.unload()
