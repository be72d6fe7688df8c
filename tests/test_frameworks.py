"""The other ways to run a variant: known, unknown and impossible ones."""

from pathlib import Path

import pytest

from gemma_nb import frameworks_for, set_language, variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.frameworks import hugging_face_id, load_frameworks
from gemma_nb.fit.memory import LITERT_BITS
from gemma_nb.hardware.known_runtimes import runtimes

#: The guide's list (ai.google.dev/gemma/docs/run and its sub-pages, 2026-04 to 2026-09).
GUIDE = {
    "Keras / KerasHub",
    "Gemma JAX library",
    "Transformers",
    "Unsloth",
    "vLLM",
    "SGLang",
    "llama.cpp",
    "Ollama",
    "LM Studio",
    "gemma.cpp",
    "MLX",
    "LiteRT-LM",
    "MediaPipe LLM Inference",
    "Vertex AI",
    "GKE",
    "Cloud Run",
}
#: What is not in the guide and is asked for.
MORE = {
    "Docker Model Runner", "llama-cpp-python", "Transformers.js", "AI Edge Gallery", "Cactus",
}  # fmt: skip


def options(name, runtime=None):
    return {o.framework: o for o in frameworks_for(name, runtime)}


def test_every_framework_of_the_guide_is_listed():
    assert options("gemma3_instruct_1b").keys() == GUIDE | MORE


def test_every_answer_has_a_source_and_a_date():
    for name in ("gemma4_instruct_2b", "code_gemma_2b_en", "medgemma_1.5_instruct_4b"):
        for o in frameworks_for(name):
            assert o.source
            assert o.date.startswith("2026")
            assert o.exists in ("yes", "no", "unknown")
            assert o.format
            assert o.hardware


@pytest.mark.parametrize(
    ("name", "framework", "command"),
    [
        ("gemma3_instruct_1b", "Ollama", "ollama run gemma3:1b"),
        ("gemma4_instruct_26b_a4b", "Ollama", "ollama run gemma4:26b"),
        ("gemma2_instruct_9b_en", "Ollama", "ollama run gemma2:9b"),
        ("gemma3_instruct_1b", "llama.cpp", "llama-cli -hf ggml-org/gemma-3-1b-it-GGUF"),
        ("gemma4_instruct_2b", "llama.cpp", "llama-cli -hf ggml-org/gemma-4-E2B-it-GGUF"),
        ("code_gemma_1.1_2b_en", "llama.cpp", "llama-cli -hf google/codegemma-1.1-2b-GGUF"),
        ("gemma3_instruct_4b", "vLLM", "vllm serve google/gemma-3-4b-it"),
        ("gemma3_4b", "Transformers", 'AutoModelForCausalLM.from_pretrained("google/gemma-3-4b-pt", dtype="auto")'),
        ("gemma2_2b_en", "SGLang", "python -m sglang.launch_server --model-path google/gemma-2-2b"),
        ("gemma3_instruct_1b", "MLX", 'mlx_lm.generate --model mlx-community/gemma-3-1b-it-4bit --prompt "Hello"'),
        ("gemma4_instruct_2b", "LiteRT-LM", "litert-lm run --from-huggingface-repo=litert-community/gemma-4-E2B-it-litert-lm gemma-4-E2B-it.litertlm"),
        ("gemma4_unified_instruct_12b", "llama.cpp", "llama-cli -hf ggml-org/gemma-4-12B-it-GGUF"),
        ("gemma4_unified_instruct_12b", "Ollama", "ollama run gemma4:12b"),
        ("gemma4_unified_instruct_12b", "vLLM", "vllm serve google/gemma-4-12B-it"),
        ("medgemma_1.5_instruct_4b", "Ollama", "ollama run medgemma1.5:4b"),
        ("embedding_gemma2", "Transformers", 'SentenceTransformer("google/embeddinggemma-2")'),
        ("shieldgemma2_4b_it", "Transformers", 'ShieldGemma2ForImageClassification.from_pretrained("google/shieldgemma-2-4b-it", dtype="auto")'),
        ("t5gemma_2b_2b_prefixlm_it", "Transformers", 'AutoModelForSeq2SeqLM.from_pretrained("google/t5gemma-2b-2b-prefixlm-it", dtype="auto")'),
        ("gemma4_instruct_2b", "Transformers", 'AutoModelForMultimodalLM.from_pretrained("google/gemma-4-E2B-it", dtype="auto")'),
        ("gemma4_instruct_2b", "Gemma JAX library", "pip install gemma; model = gm.nn.Gemma4_E2B(); params = gm.ckpts.load_params(gm.ckpts.CheckpointPath.GEMMA4_E2B_IT)"),
        ("gemma4_instruct_2b", "Docker Model Runner", "docker model pull hf.co/ggml-org/gemma-4-E2B-it-GGUF"),
        ("gemma3_instruct_1b", "Keras / KerasHub", 'keras_hub.models.Gemma3CausalLM.from_preset("gemma3_instruct_1b", dtype="bfloat16")'),
        ("gemma2_jpn_2b_it", "Keras / KerasHub", 'keras_hub.models.GemmaCausalLM.from_preset("hf://google/gemma-2-2b-jpn-it", dtype="bfloat16")'),
        ("gemma4_instruct_2b", "Keras / KerasHub", 'keras_hub.models.Gemma4CausalLM.from_preset("gemma4_instruct_2b", dtype="bfloat16")'),
        ("t5gemma_2b_2b_prefixlm_it", "Keras / KerasHub", 'keras_hub.models.T5GemmaSeq2SeqLM.from_preset("t5gemma_2b_2b_prefixlm_it", dtype="bfloat16")'),
    ],
)  # fmt: skip
def test_the_exact_command(name, framework, command):
    o = options(name)[framework]
    assert o.exists == "yes"
    assert o.command == command
    assert command in str(o)


@pytest.mark.parametrize(
    ("name", "framework"),
    [
        ("gemma4_instruct_31b", "gemma.cpp"),  # it has E2B and 26B-A4B
        ("code_gemma_2b_en", "gemma.cpp"),
        ("pali_gemma_3b_mix_224", "llama.cpp"),
        ("gemma4_instruct_31b", "MediaPipe LLM Inference"),
        ("gemma4_unified_instruct_12b", "Keras / KerasHub"),
        ("demo_gemma3_4m", "Ollama"),
    ],
)
def test_a_missing_format_is_reported(name, framework):
    o = options(name)[framework]
    assert o.exists == "no"
    assert o.command is None
    assert "does not have it" in str(o)


@pytest.mark.parametrize(
    ("name", "framework"),
    [
        ("gemma3_1b", "Ollama"),  # the pretrained one
        ("gemma2_instruct_9b_en", "llama.cpp"),
        ("vault_gemma_1b_en", "vLLM"),
        ("gemma2_jpn_2b_it", "Ollama"),  # not gemma2:2b
        ("gemma4_instruct_2b_assistant", "llama.cpp"),
    ],
)
def test_a_format_that_no_source_names_is_unknown(name, framework):
    o = options(name)[framework]
    assert (o.exists, o.command) == ("unknown", None)
    assert "unknown" in str(o)


def test_litert_lm_is_told_the_file():
    """Its repositories hold several, and the command line would ask which."""
    found = next(f for f in load_frameworks() if f.name == "LiteRT-LM")
    assert found.bits == LITERT_BITS
    for artifact in found.artifacts.values():
        repository, file = artifact.split()
        assert "/" in repository
        assert file.endswith(".litertlm")
    command = options("gemma4_unified_instruct_12b")["LiteRT-LM"].command
    assert command.endswith("litert-community/gemma-4-12B-it-litert-lm gemma-4-12B-it.litertlm")


def test_some_framework_runs_every_variant_that_kerashub_cannot_load():
    for v in variants(loadable=False):
        assert any(
            o.exists == "yes" and o.framework != "Keras / KerasHub" for o in frameworks_for(v)
        ), v


def test_the_catalogs_frameworks_are_known_here():
    names = {f.name for f in load_frameworks()}
    for v in variants():
        assert set(v.runs_with) <= names


def test_core_and_code_are_known_in_safetensors():
    for v in variants():
        known = v.family == "CodeGemma" or (v.family == "Gemma" and v.generation in "234")
        if known and v.role == "generate":
            assert hugging_face_id(v), v
            assert options(v)["Transformers"].exists == "yes"


def test_hardware_decides_what_runs_here():
    assert options("gemma3_instruct_1b", "Apple 16 GB")["MLX"].runs_here
    assert not options("gemma3_instruct_1b", "T4")["MLX"].runs_here
    assert not options("gemma3_instruct_1b", "laptop 8 GB")["vLLM"].runs_here
    assert options("gemma3_instruct_1b", "v5e-1")["vLLM"].runs_here
    phone = options("gemma4_instruct_2b", "phone 8 GB")
    on_phones = {"LiteRT-LM", "MediaPipe LLM Inference", "AI Edge Gallery", "Cactus"}
    assert {f for f, o in phone.items() if o.runs_here} == on_phones
    assert all(o.runs_here is None for o in options("gemma3_1b").values())


def test_it_runs_here_only_if_it_fits_in_that_format():
    small, large = (options(f"gemma4_instruct_{size}", "RTX 12 GB") for size in ("2b", "31b"))
    assert small["llama.cpp"].runs_here
    # 31B: 16 bit in safetensors, about 4.9 bit in GGUF, of which the host's memory can hold a part
    assert not large["Transformers"].runs_here
    assert large["Transformers"].memory_bytes == round(1.1 * 31_273_088_876 * 2)
    assert large["llama.cpp"].runs_here
    assert not options("gemma4_instruct_31b", "laptop 16 GB")["llama.cpp"].runs_here
    # KerasHub's answer is that of the verdict
    assert not large["Keras / KerasHub"].runs_here
    assert small["Keras / KerasHub"].runs_here
    for name in ("gemma4_instruct_2b", "gemma4_instruct_31b"):
        for r in runtimes():
            for o in frameworks_for(name, r):
                assert (o.runs_here is False) == (o.obstacle is not None)
    assert "GiB of" in str(large["Transformers"].obstacle)


def test_it_runs_here_only_if_it_exists():
    """Not because the framework runs here: the table said "exists no, runs here yes"."""
    for v in variants():
        for o in frameworks_for(v, "desktop 32 GB"):
            if o.runs_here:
                assert o.exists == "yes", (v.name, o.framework)
            if o.exists == "no":
                assert o.runs_here is False
    found = options("gemma4_instruct_31b", "desktop 32 GB")
    assert str(found["gemma.cpp"].obstacle) == "no: it does not have this variant"
    # nothing is in the way, and nobody names it: the table and the picker say "unknown"
    gemma2 = options("gemma2_instruct_9b_en", "desktop 32 GB")["llama.cpp"]
    assert (gemma2.exists, gemma2.runs_here, gemma2.obstacle) == ("unknown", None, None)


def test_embedding_gemma_2_in_ollama_needs_mlx():
    assert options("embedding_gemma2", "RTX 12 GB")["Ollama"].runs_here
    assert options("embedding_gemma2", "Apple 16 GB")["Ollama"].runs_here
    on_a_laptop = options("embedding_gemma2", "laptop 16 GB")["Ollama"]
    assert not on_a_laptop.runs_here
    assert on_a_laptop.hardware == ("apple", "nvidia")
    assert options("gemma3_instruct_1b", "laptop 16 GB")["Ollama"].runs_here


@pytest.mark.parametrize("name", ["gemma3_instruct_1b", "gemma2_instruct_2b_en"])
def test_vllm_runs_gemma_2_and_3_on_no_t4(name):
    """It refuses float16 for both (``_FLOAT16_NOT_SUPPORTED_MODELS``), and a T4 has no bfloat16."""
    o = options(name, "T4")["vLLM"]
    assert o.runs_here is False
    assert "vllm/config/model.py" in str(o.obstacle)
    assert options(name, "L4")["vLLM"].runs_here


def test_vllm_runs_gemma_4_on_a_t4():
    assert options("gemma4_instruct_2b", "T4")["vLLM"].runs_here


def test_frameworks_that_run_here_come_first():
    order = [True, None, False]
    for r in runtimes():
        found = [order.index(o.runs_here) for o in frameworks_for("gemma4_instruct_2b", r)]
        assert found == sorted(found)
    assert frameworks_for("gemma4_instruct_2b", "phone 8 GB")[0].framework == "LiteRT-LM"


def test_on_apple_kerashub_says_that_it_is_slow():
    assert "processor" in str(options("gemma3_1b", "Apple 16 GB")["Keras / KerasHub"].note)


def test_on_a_processor_llama_cpp_says_how_much_faster_it_is():
    rows = (Path(__file__).parents[1] / "benchmarks" / "processor.md").read_text().splitlines()
    rates = {}
    for row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) > 4 and cells[3].replace(".", "").isdigit():
            rates[cells[1]] = float(cells[3])
    known = options("gemma3_instruct_1b", "laptop 16 GB")["llama.cpp"]
    for theirs, ours in (("llama.cpp, Q8_0", "int8"), ("llama.cpp, Q4_K_M", "int4")):
        faster = f"{rates[theirs] / rates[ours]:.1f}"
        assert f"{faster} times as fast as {ours}" in known.note.text("en")
        assert f"{ours} の {faster} 倍" in known.note.text("ja")
    for language in ("en", "ja"):
        assert "llama-cli -m FILE.gguf" in known.note.text(language)
        assert 'model.export("FILE.gguf", "gguf", precision="Q8_0")' in known.note.text(language)
    # no source names a file of this model, so the note's command is the only one
    exported = options("gemma2_instruct_9b_en", "desktop 32 GB")["llama.cpp"]
    assert (exported.exists, exported.command, exported.note) == ("unknown", None, known.note)
    # on a GPU or an Apple it was not compared; it does not have a demo model; it is too large
    others = [("gemma3_instruct_1b", r) for r in (None, "T4", "Apple 16 GB")]
    others += [("demo_gemma3_4m", "laptop 16 GB"), ("gemma4_instruct_31b", "laptop 8 GB")]
    for name, place in others:
        assert options(name, place)["llama.cpp"].note is None


#: variant, framework -> its command, as the framework's own pages give it.
COMMANDS = {
    ("embedding_gemma3_300m", "Ollama"): "ollama run embeddinggemma:300m",
    ("translategemma_12b_it", "Ollama"): "ollama run translategemma:12b",
    ("shieldgemma_2b_en", "Ollama"): "ollama run shieldgemma:2b",
    ("t5gemma2_270m_270m", "Transformers"): (
        'T5Gemma2ForConditionalGeneration.from_pretrained("google/t5gemma-2-270m-270m", dtype="auto")'
    ),
    # this repository has no file in 4 bit
    ("gemma3_instruct_270m", "llama-cpp-python"): (
        'Llama.from_pretrained("ggml-org/gemma-3-270m-it-GGUF", filename="*Q8_0.gguf")'
    ),
    ("gemma4_instruct_2b", "Transformers.js"): (
        "await AutoModelForImageTextToText.from_pretrained("
        "'onnx-community/gemma-4-E2B-it-ONNX', {dtype: 'q4f16'})"
    ),
    ("gemma4_instruct_2b", "Cactus"): "cactus run google/gemma-4-E2B-it",
    # mlx-lm does not know its model type
    ("gemma4_unified_instruct_12b", "MLX"): (
        'mlx_vlm.generate --model mlx-community/gemma-4-12B-it-4bit --prompt "Hello"'
    ),
    ("gemma4_instruct_31b", "MLX"): (
        'mlx_lm.generate --model mlx-community/gemma-4-31b-it-4bit --prompt "Hello"'
    ),
}


@pytest.mark.parametrize(("asked", "command"), COMMANDS.items())
def test_commands(asked, command):
    name, framework = asked
    assert options(name)[framework].command == command


def test_both_languages():
    o = options("gemma3_1b")["Ollama"]
    english = str(o)
    set_language("ja")
    assert str(o) != english


@pytest.mark.parametrize("arguments", [("gemma3_1x",), ("gemma3_1b", "T5"), (None,)])
def test_bad_arguments(arguments):
    with pytest.raises(InvalidInput):
        frameworks_for(*arguments)


def test_objects_and_names_are_the_same():
    assert frameworks_for(variant("gemma3_1b"), "t4") == frameworks_for("GEMMA3_1B", "T4")
