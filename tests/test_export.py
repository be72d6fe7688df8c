"""Models exported for other programs, and read back here with the same numbers."""

import numpy as np
import prompt_helpers
import pytest
import tiny

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
