"""Models exported for other programs, and read back here with the same numbers."""

import numpy as np
import prompt_helpers
import pytest
import tiny
import tiny_media

from gemma_nb.loading.weight_names import named_weights

pytestmark = pytest.mark.slow


def embedder(vocabulary):
    """With the widths that KerasHub's converter assumes: 3072, and vectors of the model's width."""
    return tiny.embedder(vocabulary=vocabulary, pooling=3072, size=24)


#: Family -> (its tokenizer, its tiny model, the format of its prompts, fields of its variant).
FAMILIES = {
    "gemma1": ("GemmaTokenizer", tiny.gemma1, "turns_2", {"generation": "1"}),
    "gemma2": ("GemmaTokenizer", tiny.gemma2, "turns_2", {}),
    "gemma3": ("Gemma3Tokenizer", tiny.gemma3, "turns", {}),
    "gemma3n": ("Gemma3nTokenizer", tiny.gemma3n, "turns_3n", {}),
    "gemma4": ("Gemma4Tokenizer", tiny.gemma4, "gemma4_small", {}),
    "gemma4_moe": ("Gemma4Tokenizer", tiny.gemma4_moe, "gemma4_large", {}),
    "embedder": ("Gemma3Tokenizer", embedder, "embedding", {"role": "embed"}),
    "t5gemma": ("T5GemmaTokenizer", tiny.t5gemma, "turns_t5", {"encoder_decoder": True}),
}
GGUF = [name for name in FAMILIES if name != "t5gemma"]
SAFETENSORS = [name for name in FAMILIES if name != "gemma3n"]


@pytest.fixture(scope="module")
def models():
    """Builds each family's model once."""
    built = {}

    def get(name):
        if name not in built:
            tokenizer_class, build, form, changes = FAMILIES[name]
            tokenizer = prompt_helpers.tokenizer(tokenizer_class)
            lm = build(vocabulary=tokenizer.vocabulary_size())
            fields = {"modalities": ("text",), "context_length": 256, **changes}
            built[name] = lm, tokenizer, prompt_helpers.variant(form, **fields)
        return built[name]

    return get


def export(model, path, form, precision="float32"):
    from gemma_nb.loading.export import export_model

    return export_model(*model, path, form, precision)


def read(path, precision="float32", task="CausalLM"):
    from gemma_nb.fit.precision import precision as find_precision
    from gemma_nb.loading.build import build_model

    return build_model(str(path), find_precision(precision), task=task)


def task_of(name):
    return {"embedder": "TextEmbedder", "t5gemma": "Seq2SeqLM"}.get(name, "CausalLM")


def assert_same_weights(ours, theirs, tolerance=0.0):
    """The same variables; norms of a GGUF file are stored as 1 + w, which rounds w."""
    assert len(ours.variables) == len(theirs.variables)
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        values = np.asarray(mine.value), np.asarray(other.value)
        np.testing.assert_allclose(*values[::-1], rtol=0, atol=tolerance, err_msg=mine.path)


@pytest.mark.parametrize("name", GGUF)
def test_a_gguf_file_is_read_back_with_the_same_weights(name, models, tmp_path):
    model = models(name)
    path = export(model, tmp_path / "model.gguf", "gguf")
    lm, tokenizer = read(path, task=task_of(name))
    assert_same_weights(model[0].backbone, lm.backbone, 1.2e-7)
    assert type(lm) is type(model[0])
    ours = {k: v for k, v in model[0].backbone.get_config().items() if k not in NOT_IN_GGUF}
    assert {k: lm.backbone.get_config()[k] for k in ours} == ours
    assert tokenizer.tokenize("The <b>fox</b>  日本 🦊\n").tolist() == (
        model[1].tokenize("The <b>fox</b>  日本 🦊\n").tolist()
    )


#: Arguments that a checkpoint does not hold, or in another form with the same effect.
NOT_IN_GGUF = {"name", "dtype", "trainable", "layer_norm_epsilon", "rms_norm_eps", "dropout",
               "image_size", "sliding_window_pattern", "layer_types", "sliding_window_size",
               "max_position_embeddings", "activation_sparsity_pattern", "global_rope_wavelength",
               "local_rope_wavelength", "num_experts_per_token", "expert_intermediate_dim",
               "vocab_size_per_layer_input", "embedding_dim", "pooling_intermediate_dim",
               "rope_local_base_freq", "rope_theta", "altup_coef_clip"}  # fmt: skip


@pytest.mark.parametrize("name", SAFETENSORS)
def test_a_checkpoint_is_read_back_through_keras_hubs_converter(name, models, tmp_path):
    model = models(name)
    folder = export(model, tmp_path / "model", "safetensors")
    lm, tokenizer = read(folder, task=task_of(name))
    assert_same_weights(model[0].backbone, lm.backbone)
    assert tokenizer.tokenize("The fox\n").tolist() == model[1].tokenize("The fox\n").tolist()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("gemma3", "gguf"),
        ("gemma3", "safetensors"),
        ("gemma4", "gguf"),
        ("gemma4", "safetensors"),
        ("gemma3n", "gguf"),  # as safetensors it is refused by name
    ],
)
def test_a_model_with_encoders_is_exported_without_them(name, form, tmp_path, capfd):
    """What is read back has the text model's weights, and its logits for a text."""
    tokenizer_class, _, prompt_format, changes = FAMILIES[name]
    lm, _ = getattr(tiny_media, name)()
    tokenizer = prompt_helpers.tokenizer(tokenizer_class)
    variant = prompt_helpers.variant(prompt_format, **{"context_length": 256, **changes})
    path = tmp_path / ("model.gguf" if form == "gguf" else "model")
    export((lm, tokenizer, variant), path, form)
    said = capfd.readouterr().err
    assert "vision_encoder" in said
    assert str(path) in said
    text_only, _ = read(path)
    assert text_only.backbone.vision_encoder is None
    ours, theirs = (named_weights(one.backbone) for one in (lm, text_only))
    assert [w.name for w in ours] == [w.name for w in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        values = np.asarray(other.variable), np.asarray(mine.variable)
        np.testing.assert_allclose(*values, rtol=0, atol=1.2e-7, err_msg=mine.name)


def quantised(name, mode, models):
    """A model, and a precision that quantises it beside float32."""
    from gemma_nb.fit.precision import Precision

    return models(name), Precision(mode, 4 if mode == "int4" else 8, "float32", mode)


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("name", ["gemma3", "gemma4"])
def test_the_float_weights_of_a_quantised_layer_are_what_it_multiplies_by(
    name, mode, models, tmp_path
):
    """A layer's product with the identity is its kernel."""
    from gemma_nb.loading.build import build_model
    from gemma_nb.loading.dequantize import float_weight

    model, precision = quantised(name, mode, models)
    path = export(model, tmp_path / "model.gguf", "gguf")
    lm, _ = build_model(str(path), precision)
    seen = set()
    layers = [layer for layer in lm.backbone._flatten_layers() if layer.quantization_mode]
    assert len(layers) > 30
    for layer in layers:
        if hasattr(layer, "embeddings"):
            ids = np.arange(layer.input_dim)
            expected = np.asarray(layer(ids))
            np.testing.assert_allclose(float_weight(layer, "embeddings"), expected, atol=1e-6)
        else:
            kernel = float_weight(layer, "kernel")
            labels, _, result = getattr(layer, "equation", "bti,io->bto").partition("->")
            labels = labels.split(",")[1]
            axes = tuple(i for i, label in enumerate(labels) if label not in result)
            size = [kernel.shape[i] for i in axes]
            eye = np.eye(int(np.prod(size)), dtype="float32").reshape(1, -1, *size)
            out = np.asarray(layer(eye))[0]
            moved = np.moveaxis(kernel, axes, range(len(axes))).reshape(out.shape)
            np.testing.assert_allclose(moved, out, atol=1e-6, err_msg=layer.path)
        seen.add((type(layer).__name__, layer.quantization_mode))
    assert ("EinsumDense", mode) in seen


def wide(vocabulary):
    """A Gemma 3 whose rows are whole blocks of Q4_0, with one key-value head."""
    import keras_hub

    backbone = keras_hub.models.Gemma3Backbone(
        vocabulary_size=vocabulary, image_size=None, num_layers=2, num_query_heads=2,
        num_key_value_heads=1, hidden_dim=64, intermediate_dim=96, head_dim=32,
        use_query_key_norm=True, use_post_ffw_norm=True, use_post_attention_norm=True,
        use_sliding_window_attention=True, sliding_window_size=8, dtype="float32",
    )  # fmt: skip
    return tiny.shaken(keras_hub.models.Gemma3CausalLM(backbone=backbone, preprocessor=None), 0)


@pytest.fixture(scope="module")
def q4_0(tmp_path_factory):
    """A file in Q4_0."""
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    variant = prompt_helpers.variant("turns", modalities=("text",), context_length=256)
    model = wide(tokenizer.vocabulary_size()), tokenizer, variant
    return export(model, tmp_path_factory.mktemp("q4") / "q4.gguf", "gguf", "Q4_0")


def test_q4_0_becomes_int4_with_the_same_numbers(q4_0):
    from gemma_nb.fit.precision import Precision
    from gemma_nb.loading.build import build_model
    from gemma_nb.loading.dequantize import float_weight
    from gemma_nb.loading.weight_names import named_weights

    plain, _ = read(q4_0)
    lm, _ = build_model(str(q4_0), Precision("int4", 4, "float32", "int4"))
    modes = {}
    for exact, packed in zip(
        named_weights(plain.backbone), named_weights(lm.backbone), strict=True
    ):
        mode = getattr(packed.layer, "quantization_mode", None)
        modes.setdefault(exact.name.split(".")[-2], set()).add(mode)
        ours = float_weight(packed.layer, packed.attribute)
        theirs = float_weight(exact.layer, exact.attribute)
        if mode == "int8":  # a channel's largest number has 127 steps
            np.testing.assert_allclose(ours, theirs, atol=np.abs(theirs).max() / 250)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=exact.name)
    # two query heads: Keras's blocks would cross them
    assert modes["q_proj"] == {"int8"}
    assert modes["embed_tokens"] == {"int8"}
    for name in ("k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"):
        assert modes[name] == {"int4"}, name


def test_auto_keeps_what_the_file_gains(q4_0, models, tmp_path):
    import gemma_nb as gnb
    from gemma_nb.load_model import choose_precision

    runtime = gnb.detect_runtime()
    assert choose_precision(gnb.variant(q4_0), runtime) == "int4"
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    variant = prompt_helpers.variant("turns", modalities=("text",), context_length=256)
    model = wide(tokenizer.vocabulary_size()), tokenizer, variant
    q8_0 = export(model, tmp_path / "q8.gguf", "gguf", "Q8_0")
    assert choose_precision(gnb.variant(q8_0), runtime) == "int8"
    f16 = export(model, tmp_path / "f16.gguf", "gguf", "float16")
    assert choose_precision(gnb.variant(f16), runtime) == "bfloat16"
    loaded = gnb.load(q4_0, max_length=64, progress=False)
    assert loaded.precision == "int4"
    folder = loaded.save(tmp_path / "saved")
    first = loaded.generate("fox", 8, temperature=0)
    loaded.unload()
    again = gnb.load(folder, max_length=64, progress=False)
    assert (again.precision, again.generate("fox", 8, temperature=0)) == ("int4", first)
    again.unload()
