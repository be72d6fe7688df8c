"""The catalog's data and the lookup of variants, without keras and network."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import gemma_nb as gnb
from gemma_nb.catalog.data_files import load_catalog, published_memory
from gemma_nb.catalog.registry import demo_directory, nearest_names

ALL = gnb.variants()
DEMOS = [v for v in ALL if v.family == "Demo"]


def ids(variants):
    return [v.name for v in variants]


# --- the data ----------------------------------------------------------------------------------


def test_newest_first_and_undated_last():
    dates = [v.released for v in ALL]
    known = [d for d in dates if d]
    assert known == sorted(known, reverse=True)
    assert dates == [*known, *[None] * (len(dates) - len(known))]
    assert ALL[0].name == "embedding_gemma2"
    core = [v for v in gnb.variants(family="gemma") if not v.generation.endswith("QAT")]
    assert ids(core)[:2] == [
        "gemma4_unified_12b",
        "gemma4_unified_instruct_12b",
    ]


@pytest.mark.parametrize("variant", ALL, ids=ids(ALL))
def test_every_field_has_an_allowed_value(variant):
    v = variant
    assert v.tuning in {"PT", "IT", "FT", "mix"}
    assert v.role in {"generate", "embed", "classify", "draft"}
    assert v.base in {"1", "2", "3", "3n", "4"}
    assert v.licence in {"Gemma", "HAI-DEF", "Apache-2.0", "MIT", "unknown"}
    assert v.gated == (v.licence in {"Gemma", "HAI-DEF"})
    assert v.modalities[0] == "text"
    assert set(v.modalities) <= {"text", "image", "audio", "video"}
    assert v.handle.split("://")[0] in {"kaggle", "hf", "demo"}
    assert v.description
    assert v.prompt_format in {
        "plain", "turns", "gemma4_small", "gemma4_large", "fim", "paligemma", "shieldgemma",
        "functiongemma", "translategemma", "embedding", "none",
    }  # fmt: skip


@pytest.mark.parametrize("variant", ALL, ids=ids(ALL))
def test_numbers_are_consistent(variant):
    v = variant
    if v.rough:
        assert v.architecture is None
        assert not v.loadable
        assert v.runs_with, "a variant that KerasHub cannot load names a framework that can"
        assert v.int8_bytes is None
        return
    assert v.loadable
    assert v.parameters == v.text_parameters + v.vision_parameters + v.audio_parameters
    assert bool(v.vision_parameters) == ("image" in v.modalities) == bool(v.image_tokens)
    assert bool(v.audio_parameters) == ("audio" in v.modalities)
    a = v.architecture
    assert v.text_parameters > a.vocabulary_size * a.hidden_dim + v.per_layer_embedding_parameters
    assert bool(a.per_layer_input_dim) == bool(v.per_layer_embedding_parameters)
    assert v.encoder_decoder == (a.encoder is not None)
    assert bool(a.global_every) == bool(a.sliding_window)
    if v.role != "draft":
        # kernels and embeddings shrink to a byte or half of one, what is not quantised stays
        assert v.parameters < sum(v.int8_bytes) < 2 * v.parameters
        assert v.parameters / 2 < sum(v.int4_bytes) < sum(v.int8_bytes)


#: Counts that others publish: safetensors headers on Hugging Face, papers, model cards.
PUBLISHED = {
    "gemma3_instruct_1b": 999_885_952,
    "gemma3_270m": 268_098_176,
    "gemma2_instruct_9b_en": 9_241_705_984,
    "medgemma_instruct_4b": 4_300_079_472,
    "t5gemma_ml_ml_prefixlm": 2_200_345_344,
    "t5gemma_9b_2b_ul2": 12_292_375_296,
    "recurrentgemma_2b": 2_682_862_080,
    "gemma3n_e2b_it": 5_439_595_456,
}


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_counts_that_others_publish(name, count):
    assert gnb.variant(name).parameters == count


def test_per_layer_embeddings_are_a_table_a_layer():
    e2b = gnb.variant("gemma4_instruct_2b")
    assert e2b.per_layer_embedding_parameters == 262_144 * 35 * 256
    assert e2b.text_parameters == 4_628_569_379
    assert gnb.variant("gemma3n_e4b").per_layer_embedding_parameters == 262_144 * 35 * 256


def test_experts_stay_in_16_bit():
    """KerasHub's mixture of experts is no layer that quantize() knows: int8 saves little of it."""
    moe = gnb.variant("gemma4_instruct_26b_a4b")
    a = moe.architecture
    experts = a.num_layers * a.experts * 3 * a.hidden_dim * a.expert_dim
    assert moe.int8_bytes[0] > 2 * experts > moe.parameters


def test_disagreements_are_few_and_explained():
    listed = load_catalog().disagreements
    assert 0 < len(listed) < 20
    for row in listed:
        assert row["reason"]
        assert row["registry"] != row["built"]
        assert gnb.variant(row["preset"]).parameters == row["built"]


def test_the_families_of_the_guide_are_listed():
    families = {v.family for v in ALL}
    assert families >= {
        "Gemma", "CodeGemma", "PaliGemma", "ShieldGemma", "MedGemma", "TranslateGemma",
        "FunctionGemma", "VaultGemma", "EmbeddingGemma", "T5Gemma", "DataGemma", "TxGemma",
        "RecurrentGemma", "DiffusionGemma", "Gemma-APS", "Demo",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "role", "prompt_format", "tuning"),
    [
        ("gemma4_instruct_31b_assistant", "draft", "none", "IT"),
        ("embedding_gemma3_300m", "embed", "embedding", "FT"),
        ("shieldgemma_9b_en", "classify", "shieldgemma", "FT"),
        ("code_gemma_2b_en", "generate", "fim", "PT"),
        ("code_gemma_instruct_7b_en", "generate", "turns", "IT"),
        ("gemma4_instruct_4b", "generate", "gemma4_small", "IT"),
        ("gemma4_instruct_26b_a4b", "generate", "gemma4_large", "IT"),
        ("diffusiongemma_26b_a4b_it", "generate", "gemma4_large", "IT"),
        ("gemma4_26b_a4b", "generate", "plain", "PT"),
        ("pali_gemma2_mix_3b_448", "generate", "paligemma", "mix"),
        ("medgemma_4b", "generate", "plain", "PT"),
        ("txgemma_9b_chat", "generate", "turns", "IT"),
        ("txgemma_9b_predict", "generate", "plain", "FT"),
        ("demo_gemma3_instruct_4m", "generate", "turns", "IT"),
    ],
)
def test_role_prompt_format_and_tuning(name, role, prompt_format, tuning):
    v = gnb.variant(name)
    assert (v.role, v.prompt_format, v.tuning) == (role, prompt_format, tuning)


def test_gemma_2_slides_and_vaultgemma_does_not():
    assert gnb.variant("gemma2_2b_en").architecture.sliding_window == 4096
    vault = gnb.variant("vault_gemma_1b_en")
    assert vault.architecture.sliding_window is None
    assert vault.context_length == 1024


@pytest.mark.parametrize("demo", DEMOS, ids=ids(DEMOS))
def test_demos_match_the_presets_in_the_package(demo):
    directory = demo_directory(demo)
    config = json.loads((directory / "config.json").read_text())["config"]
    metadata = json.loads((directory / "metadata.json").read_text())
    assert demo.parameters == metadata["parameter_count"]
    a = demo.architecture
    same = ("num_layers", "hidden_dim", "intermediate_dim", "head_dim", "vocabulary_size")
    assert {f: getattr(a, f) for f in same} == {f: config[f] for f in same}
    assert a.sliding_window == config["sliding_window_size"]
    assert (demo.licence, demo.gated, demo.loadable) == ("Apache-2.0", False, True)


def test_four_demos():
    assert len(DEMOS) == 4
    with pytest.raises(ValueError, match="demo_gemma3_1m"):
        demo_directory("gemma3_1b")


def test_googles_figures_carry_their_date():
    four = published_memory(gnb.variant("gemma4_instruct_2b"), "bfloat16")
    assert (four.gigabytes, four.form, four.table) == ("11.4", "BF16", "2026-09")
    assert "2026-09" in str(four.message)
    three = published_memory(gnb.variant("gemma3_1b"), "int4")
    assert (three.gigabytes, three.form) == ("0.892", "Q4_0")
    assert "archived" in str(three.message)
    assert published_memory(gnb.variant("gemma3_1b"), "float32") is None
    assert published_memory(gnb.variant("code_gemma_2b_en"), "bfloat16") is None
    assert published_memory(gnb.variant("gemma4_instruct_2b_assistant"), "bfloat16") is None


# --- the lookup --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["gemma3_instruct_1b", "GEMMA3_INSTRUCT_1B", " Gemma3_Instruct_1b "]
)
def test_any_case(name):
    assert gnb.variant(name).name == "gemma3_instruct_1b"


def test_a_variant_comes_back_as_it_is():
    v = gnb.variant("gemma3_1b")
    assert gnb.variant(v) is v


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gemma3_1b_it", "gemma3_instruct_1b"),
        ("gemma-3-1b-it", "gemma3_instruct_1b"),
        ("gemma 4 E2B it", "gemma4_instruct_2b"),
        ("gemma-3n-E4B-it", "gemma3n_e4b_it"),
        ("gema3_1b", "gemma3_1b"),
        ("paligemma2-3b-mix-224", "pali_gemma2_mix_3b_224"),
        ("demo-gemma3-instruct", "demo_gemma3_instruct_1m"),
    ],
)
def test_an_unknown_name_names_the_nearest(written, meant):
    assert nearest_names(written)[0] == meant
    with pytest.raises(ValueError, match="There is no Gemma variant") as error:
        gnb.variant(written)
    assert meant in str(error.value)


@pytest.mark.parametrize("nonsense", ["llama", "", "   ", "あ", "x" * 10_000, "a\0b"])
def test_nonsense_suggests_nothing(nonsense):
    assert nearest_names(nonsense) == []
    with pytest.raises(ValueError, match=r"gemma_nb.variants\(\)") as error:
        gnb.variant(nonsense)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("thing", [None, 3, ["gemma3_1b"], object])
def test_a_value_that_is_no_name_is_refused(thing):
    with pytest.raises(ValueError, match="A variant is a name"):
        gnb.variant(thing)


def test_an_id_of_hugging_face_names_the_preset_and_the_handle():
    with pytest.raises(ValueError, match="'gemma3_instruct_1b'") as error:
        gnb.variant("google/gemma-3-1b-it")
    assert "'hf://google/gemma-3-1b-it'" in str(error.value)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("handle", "same_numbers_as"),
    [
        ("hf://google/gemma-3-4b-it", "gemma3_instruct_4b"),
        ("HF://Google/Gemma-2-2b-jpn-it", "gemma2_instruct_2b_en"),
        ("kaggle://keras/gemma3/keras/gemma3_1b/3", "gemma3_1b"),
        ("demo://demo_gemma3_4m", "demo_gemma3_4m"),
    ],
)
def test_known_handles_need_no_network(handle, same_numbers_as):
    found, same = gnb.variant(handle), gnb.variant(same_numbers_as)
    assert found.handle.lower() == handle.lower()
    assert (found.parameters, found.architecture) == (same.parameters, same.architecture)


def test_a_variant_that_keras_hub_does_not_convert_loads_from_kaggle_only():
    assert gnb.variant("vault_gemma_1b_en").loadable
    assert not gnb.variant("hf://google/vaultgemma-1b").loadable
    assert gnb.variant("hf://google/paligemma-3b-mix-224").loadable
    assert not gnb.variant("hf://google/paligemma2-3b-mix-448").loadable


def test_no_such_directory(tmp_path):
    for missing in (tmp_path / "none", str(tmp_path / "none"), Path("gemma3_1b")):
        with pytest.raises(ValueError, match="There is no directory"):
            gnb.variant(missing)


@pytest.mark.parametrize(
    ("filters", "every"),
    [
        ({"family": "codegemma"}, lambda v: v.family == "CodeGemma"),
        ({"tuning": "it"}, lambda v: v.tuning == "IT"),
        ({"tuning": "MIX", "family": "PaliGemma"}, lambda v: v.tuning == "mix"),
        ({"loadable": False}, lambda v: not v.loadable),
        ({"loadable": True}, lambda v: v.loadable),
    ],
)
def test_filters(filters, every):
    found = gnb.variants(**filters)
    assert found
    assert all(every(v) for v in found)
    assert len(found) < len(ALL)


@pytest.mark.parametrize("wrong", [{"family": "Gema"}, {"tuning": "chat"}])
def test_unknown_filters_name_the_existing_values(wrong):
    with pytest.raises(ValueError, match=r"No variant has the (family|tuning)") as error:
        gnb.variants(**wrong)
    assert "Gemma" in str(error.value) or "IT" in str(error.value)


def test_a_filter_is_a_text():
    with pytest.raises(ValueError, match="family must be a string, not int"):
        gnb.variants(family=3)


def test_errors_speak_japanese():
    gnb.set_language("ja")
    with pytest.raises(ValueError, match="という Gemma のバリアントはありません"):
        gnb.variant("gemma3_1b_it")


def test_terms_pages():
    assert gnb.variant("gemma3_1b").terms_url == "https://www.kaggle.com/models/keras/gemma3"
    jpn = gnb.variant("gemma2_jpn_2b_it")
    assert jpn.terms_url == "https://huggingface.co/google/gemma-2-2b-jpn-it"
    assert gnb.variant("demo_gemma3_1m").terms_url is None


def test_reading_is_instant_and_pure():
    code = (
        "import time, sys; start = time.process_time(); import gemma_nb; n = len(gemma_nb.variants());"
        "took = time.process_time() - start;"
        "heavy = {'keras', 'jax', 'numpy', 'huggingface_hub', 'kagglehub'} & set(sys.modules);"
        "print(n, took, sorted(heavy))"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(3)]
    count, _, heavy = runs[0].split(maxsplit=2)
    assert int(count) == len(ALL)
    assert heavy.strip() == "[]"
    assert min(float(run.split()[1]) for run in runs) < 0.25


def test_qat_models_lie_beside_the_others():
    """Each has the shape of the model that it was tuned from, and names its GGUF repository."""
    qat = [v for v in ALL if v.generation.endswith(" QAT")]
    assert len(qat) == 10
    for v in qat:
        plain = [o for o in ALL if f"{o.generation} QAT" == v.generation and o.size == v.size]
        plain = [o for o in plain if o.tuning == "IT" and o.role == "generate"]
        assert {o.parameters for o in plain} & {v.parameters}, v.name
        assert v.handle.endswith("-qat-q4_0-unquantized")
        assert "-qat-q4_0-gguf" in v.description
        assert v.gated == plain[0].gated
        assert v.prompt_format == plain[0].prompt_format
