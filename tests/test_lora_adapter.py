"""LoRA adapters of PEFT: merged into their base while it is loaded, or refused by name."""

import json

import demo_checkpoint
import pytest
from demo_checkpoint import QUESTION, TEXT, checkpoint, config, tensors

import gemma_nb as gnb
from gemma_nb.catalog import unlisted
from gemma_nb.errors import GemmaError, InvalidInput

pytest_plugins = ["hubs.plugin"]

RANK, ALPHA = 4, 32
MODULES = ("self_attn.q_proj", "self_attn.o_proj", "mlp.down_proj")


@pytest.fixture(scope="module")
def weights():
    return tensors()


@pytest.fixture(autouse=True)
def _forget(monkeypatch, tmp_path_factory):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hf")))
    unlisted._from_host.cache_clear()
    yield
    unlisted._from_host.cache_clear()


def adapter(folder, weights, base="org/base-it", matrices=None, **fields):
    """Writes an adapter of rank 4; returns its matrices by the weight that they change."""
    import numpy as np
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    pairs, stored = {}, {}
    for i in range(2):
        for module in MODULES:
            weight = weights[f"model.layers.{i}.{module}.weight"]
            rank = 2 * RANK if module == "mlp.down_proj" and "rank_pattern" in fields else RANK
            a = rng.normal(0, 0.1, (rank, weight.shape[1])).astype("float32")
            b = rng.normal(0, 0.1, (weight.shape[0], rank)).astype("float32")
            pairs[f"model.layers.{i}.{module}.weight"] = a, b
            name = f"base_model.model.model.layers.{i}.{module}"
            stored |= {f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b}
    folder.mkdir(parents=True, exist_ok=True)
    save_file({**stored, **(matrices or {})}, folder / "adapter_model.safetensors")
    about = {
        "peft_type": "LORA", "base_model_name_or_path": str(base), "r": RANK, "lora_alpha": ALPHA,
        "target_modules": ["q_proj"], "bias": "none", "init_lora_weights": True, "use_dora": False,
        "modules_to_save": None, "rank_pattern": {}, "alpha_pattern": {}, **fields,
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(about))
    return pairs


def merged(weights, pairs, root=False):
    return {
        name: w if name not in pairs else w + ALPHA / len(pairs[name][0]) ** (0.5 if root else 1)
        * (pairs[name][1] @ pairs[name][0])
        for name, w in weights.items()
    }  # fmt: skip


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def check(model, weights, tolerance=2e-4):
    """The model computes with these weights."""
    ids = model.prompt_ids(TEXT, raw=True)
    expected = demo_checkpoint.probabilities(ids, weights, config())
    for token in gnb.next_tokens(model, TEXT, 20, temperature=0, raw=True):
        assert token.probability == pytest.approx(expected[token.id], abs=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{}, {"use_rslora": True}, {"rank_pattern": {"down_proj": 8}}])
def test_an_adapter_of_a_directory_is_merged(tmp_path, weights, fields):
    base = checkpoint(tmp_path / "base-it", weights)
    pairs = adapter(tmp_path / "mine", weights, base, **fields)
    found = gnb.variant(tmp_path / "mine")
    assert (found.name, found.adapter_of) == (str(tmp_path / "mine"), str(base))
    assert (found.tuning, found.prompt_format) == ("IT", "turns")
    model = gnb.load(tmp_path / "mine", "float32", 1024, progress=False)
    check(model, merged(weights, pairs, root="use_rslora" in fields))
    assert model.save(tmp_path / "saved").is_dir()
    again = gnb.load(tmp_path / "saved", "float32", 1024, progress=False)
    assert again.variant.adapter_of is None
    assert again.generate(QUESTION, 8, temperature=0) == model.generate(QUESTION, 8, temperature=0)


@pytest.mark.slow
def test_an_adapter_beside_its_base_is_merged_and_then_quantised(tmp_path, weights):
    folder = checkpoint(tmp_path / "base-it", weights)
    pairs = adapter(folder, weights)
    check(gnb.load(folder, "float32", 1024, progress=False), merged(weights, pairs))
    whole = checkpoint(tmp_path / "whole-it", merged(weights, pairs))
    ours, theirs = (
        gnb.load(one, "int8", 1024, progress=False).lm.backbone.variables for one in (folder, whole)
    )
    for a, b in zip(ours, theirs, strict=True):
        assert (a.path, a.value.tobytes()) == (b.path, b.value.tobytes())


@pytest.mark.slow
def test_an_adapter_on_the_hub_finds_its_base(tmp_path, weights, hubs, monkeypatch):
    base = checkpoint(tmp_path / "base-it", weights)
    pairs = adapter(tmp_path / "mine", weights)
    hubs.presets["org/base-it"] = files(base)
    hubs.presets["org/mine"] = files(tmp_path / "mine")
    found = gnb.variant("hf://org/mine")
    assert (found.name, found.adapter_of) == ("hf://org/mine", "hf://org/base-it")
    model = gnb.load("hf://org/mine", "float32", 1024, progress=False)
    check(model, merged(weights, pairs))
    unlisted._from_host.cache_clear()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    check(gnb.load("hf://org/mine", "float32", 1024, progress=False), merged(weights, pairs))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("peft_type", "PREFIX_TUNING"), ("bias", "lora_only"), ("fan_in_fan_out", True),
        ("use_dora", True), ("modules_to_save", ["lm_head"]), ("alpha_pattern", {"q_proj": 8}),
        ("init_lora_weights", "pissa"), ("init_lora_weights", "olora"), ("lora_bias", True),
        ("layer_replication", [[0, 2]]), ("trainable_token_indices", [3]), ("use_qalora", True),
        ("target_parameters", ["experts.gate_up_proj"]), ("alora_invocation_tokens", [1]),
        ("lora_alpha", "16"), ("lora_alpha", 10**400), ("lora_alpha", float("nan")),
    ],
)  # fmt: skip
def test_what_is_not_merged_is_named(tmp_path, weights, field, value):
    adapter(tmp_path / "mine", weights, checkpoint(tmp_path / "base-it", weights), **{field: value})
    with pytest.raises(InvalidInput, match=field) as error:
        gnb.variant(tmp_path / "mine")
    assert "adapter_config.json" in str(error.value)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", (128,)),
        ("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", (4, 128)),
        ("base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight", (4, 64)),
        ("base_model.model.lm_head.weight", (2048, 128)),
        ("base_model.model.model.embed_tokens.lora_embedding_A", (4, 2048)),
    ],
)
def test_a_tensor_that_fits_no_weight_is_named(tmp_path, weights, name, shape):
    import numpy as np

    base = checkpoint(tmp_path / "base-it", weights)
    adapter(tmp_path / "mine", weights, base, {name: np.zeros(shape, "float32")})
    with pytest.raises(InvalidInput) as error:
        gnb.variant(tmp_path / "mine")
    assert repr(name) in str(error.value)


def test_a_base_that_cannot_be_read_is_named_with_the_reason(tmp_path, weights, hubs):
    adapter(tmp_path / "mine", weights, "org/nowhere")
    hubs.presets["org/mine"] = files(tmp_path / "mine")
    hubs.presets["org/ring"] = files(tmp_path / "mine")
    for source in ("hf://org/mine", tmp_path / "mine"):
        with pytest.raises(GemmaError, match=r"adapter_config\.json.*org/nowhere"):
            gnb.variant(source)
    adapter(tmp_path / "ring", weights, "org/ring")  # its base is an adapter, too
    with pytest.raises(InvalidInput, match="org/ring"):
        gnb.variant(tmp_path / "ring")
    (tmp_path / "mine" / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    with pytest.raises(InvalidInput, match="an adapter"):
        gnb.variant(tmp_path / "mine")


def test_a_strangers_adapter_names_no_directory_of_this_machine(tmp_path, weights, hubs):
    base = checkpoint(tmp_path / "base-it", weights)
    adapter(tmp_path / "mine", weights, base)
    hubs.presets["org/mine"] = files(tmp_path / "mine")
    with pytest.raises(GemmaError, match="could not be read"):
        gnb.variant("hf://org/mine")


def test_an_adapter_without_its_matrices(tmp_path, weights):
    base = checkpoint(tmp_path / "base-it", weights)
    adapter(tmp_path / "mine", weights, base)
    (tmp_path / "mine" / "adapter_model.safetensors").unlink()
    with pytest.raises(InvalidInput, match=r"adapter_model\.safetensors"):
        gnb.variant(tmp_path / "mine")
