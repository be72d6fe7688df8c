"""The frameworks of Google's guide, and which variants are known to exist in their formats.

Sources: ai.google.dev/gemma/docs/run and its sub-pages (revisions of 2026-04 to 2026-09; the list
differs by revision), the projects' own documentation and the publishers' repositories, read
2026-11-22. A model is listed in a format only where such a source names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GUIDE = "https://ai.google.dev/gemma/docs/run"
_HF = "https://huggingface.co/"


@dataclass(frozen=True)
class Framework:
    """One way to run a variant.

    ``hardware`` is of "nvidia", "tpu", "x86", "arm", "apple", "phone", "web", "cloud". ``takes``
    names families with their generations, each in lower case, that its source names; ``refuses``
    families that it names as missing. ``how`` is the command or code, with ``{artifact}`` (the
    model in this format), ``{hf}`` (the publisher's repository) and ``{name}`` (KerasHub's).
    ``converts`` says that it reads the publisher's Safetensors itself; else ``artifacts`` gives the
    model in this format for a publisher's repository.
    """

    name: str
    format: str
    hardware: tuple[str, ...]
    how: str
    source: str
    date: str
    takes: dict[str, tuple[str, ...]]
    refuses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    converts: bool = False
    note: str | None = None
    artifacts: dict[str, str] = field(default_factory=dict)


def _gemma(version: str, names: dict[str, str], suffix: str = "-it") -> dict[str, str]:
    """{publisher's repository: name in a format} from {size: name}."""
    return {f"google/gemma-{version}-{size}{suffix}": name for size, name in names.items()}


_ALL: dict[str, tuple[str, ...]] = {"gemma": ("1", "1.1", "2", "3", "3n", "4")}

_SIZES = {
    "2": ("2b", "9b", "27b"),
    "3": ("1b", "4b", "12b", "27b"),
    "4": ("E2B", "E4B", "26B-A4B", "31B"),
}

_GGUF = {
    **_gemma("4", {s: f"ggml-org/gemma-4-{s}-it-GGUF" for s in _SIZES["4"]}),
    **_gemma("3", {s: f"ggml-org/gemma-3-{s}-it-GGUF" for s in ("270m", *_SIZES["3"])}),
    **_gemma("2", {"2b": "google/gemma-2-2b-it-GGUF"}),
    **{
        f"google/codegemma-{name}": f"google/codegemma-{name}-GGUF"
        for name in ("2b", "7b-it", "1.1-2b", "1.1-7b-it")
    },
}

FRAMEWORKS = (
    Framework(
        "Gemma JAX library",
        "Orbax",
        ("nvidia", "tpu"),
        'pip install gemma; path = kagglehub.model_download("{artifact}"); '
        "params = gm.ckpts.load_params(path)",
        "https://github.com/google-deepmind/gemma/blob/main/docs/checkpoints.md",
        "2026-07",
        {"gemma": ("2", "3", "3n", "4")},
        note="framework_note_jax",
        artifacts={
            **_gemma("3", {s: f"google/gemma-3/flax/gemma3-{s}-it" for s in _SIZES["3"]}),
            **_gemma("3", {s: f"google/gemma-3/flax/gemma3-{s}" for s in _SIZES["3"]}, "-pt"),
            **_gemma("2", {s: f"google/gemma-2/flax/gemma2-{s}-it" for s in _SIZES["2"]}),
            **_gemma("2", {s: f"google/gemma-2/flax/gemma2-{s}" for s in _SIZES["2"]}, ""),
        },
    ),
    Framework(
        "Transformers",
        "Safetensors",
        ("nvidia", "x86", "arm", "apple"),
        'AutoModelForCausalLM.from_pretrained("{hf}", dtype="auto")',
        "https://ai.google.dev/gemma/docs/core/huggingface_inference",
        "2026-09",
        {"*": ("*",)},
        converts=True,
    ),
    Framework(
        "Unsloth",
        "Safetensors (4-bit)",
        ("nvidia",),
        'FastModel.from_pretrained("{hf}", load_in_4bit=True)',
        GUIDE,
        "2026-09",
        _ALL,
        converts=True,
        note="framework_note_unsloth",
    ),
    Framework(
        "vLLM",
        "Safetensors",
        ("nvidia", "tpu"),
        "vllm serve {hf}",
        GUIDE,
        "2026-09",
        _ALL,
        converts=True,
        note="framework_note_vllm",
    ),
    Framework(
        "SGLang",
        "Safetensors",
        ("nvidia",),
        "python -m sglang.launch_server --model-path {hf}",
        GUIDE,
        "2026-09",
        {"gemma": ("2", "3", "4")},
        converts=True,
    ),
    Framework(
        "llama.cpp",
        "GGUF",
        ("nvidia", "x86", "arm", "apple"),
        "llama-cli -hf {artifact}",
        "https://ai.google.dev/gemma/docs/integrations/llamacpp",
        "2026-04-17",
        _ALL,
        refuses={"paligemma": ("*",)},
        artifacts=_GGUF,
    ),
    Framework(
        "Ollama",
        "GGUF",
        ("nvidia", "x86", "arm", "apple"),
        "ollama run {artifact}",
        "https://ollama.com/library",
        "2026-04",
        {
            **_ALL,
            "codegemma": ("*",),
            "shieldgemma": ("*",),
            "functiongemma": ("*",),
            "translategemma": ("*",),
            "embeddinggemma": ("*",),
        },
        artifacts={
            **_gemma("4", {s: f"gemma4:{s.lower().removesuffix('-a4b')}" for s in _SIZES["4"]}),
            **_gemma("3", {s: f"gemma3:{s}" for s in ("270m", *_SIZES["3"])}),
            **_gemma("2", {s: f"gemma2:{s}" for s in _SIZES["2"]}),
            "google/codegemma-1.1-2b": "codegemma:2b-code-v1.1-q4_K_M",
            "google/codegemma-1.1-7b-it": "codegemma:7b-instruct-v1.1-q4_K_M",
            "google/functiongemma-270m-it": "functiongemma:270m",
        },
    ),
    Framework(
        "LM Studio",
        "GGUF",
        ("nvidia", "x86", "arm", "apple"),
        "lms get {artifact}",
        "https://ai.google.dev/gemma/docs/integrations/lmstudio",
        "2026-04",
        {"gemma": ("1", "1.1", "2", "3", "4")},
        note="framework_note_app",
        artifacts={key: f"{_HF}{name}" for key, name in _GGUF.items()},
    ),
    Framework(
        "gemma.cpp",
        ".sbs",
        ("x86", "arm"),
        "gemma --weights {artifact} --tokenizer tokenizer.spm",
        "https://github.com/google/gemma.cpp",
        "2026-09",
        {"gemma": ("2", "3"), "paligemma": ("2",)},
        refuses={"gemma": ("1", "1.1", "3n", "4"), "codegemma": ("*",)},
        note="framework_note_sbs",
    ),
    Framework(
        "MLX",
        "MLX Safetensors",
        ("apple",),
        'mlx_lm.generate --model {artifact} --prompt "Hello"',
        _HF + "mlx-community",
        "2026-05",
        _ALL,
        artifacts={
            **_gemma("4", {s: f"mlx-community/gemma-4-{s.lower()}-it-4bit" for s in _SIZES["4"]}),
            **_gemma(
                "3", {s: f"mlx-community/gemma-3-{s}-it-4bit" for s in ("270m", *_SIZES["3"])}
            ),
            **_gemma(
                "2",
                {
                    "2b": "mlx-community/gemma-2-2b-it-4bit",
                    "9b": "mlx-community/gemma-2-9b-it-4bit",
                    "27b": "mlx-community/gemma-2-27b-it-bf16-4bit",
                },
            ),
        },
    ),
    Framework(
        "LiteRT-LM",
        ".litertlm",
        ("phone", "arm", "x86", "nvidia", "apple"),
        "litert-lm run --from-huggingface-repo={artifact}",
        "https://ai.google.dev/edge/litert-lm/models/gemma-4",
        "2026-05",
        {"gemma": ("3", "3n", "4")},
        artifacts={
            **_gemma("4", {s: f"litert-community/gemma-4-{s}-it-litert-lm" for s in ("E2B", "E4B")}),
            **_gemma("3n", {s: f"google/gemma-3n-{s}-it-litert-lm" for s in ("E2B", "E4B")}),
            **_gemma(
                "3",
                {"270m": "litert-community/gemma-3-270m-it", "1b": "litert-community/Gemma3-1B-IT"},
            ),
        },
    ),
    Framework(
        "MediaPipe LLM Inference",
        ".task",
        ("phone", "web"),
        "LlmInference.createFromOptions(context, options)  // model: {artifact}",
        "https://ai.google.dev/edge/mediapipe/solutions/genai/llm_inference",
        "2026-04",
        {"gemma": ("2", "3", "3n")},
        refuses={"gemma": ("4",)},
        note="framework_note_mediapipe",
        artifacts={
            **_gemma("3", {"1b": "litert-community/Gemma3-1B-IT"}),
            **_gemma("2", {"2b": "litert-community/Gemma2-2B-IT"}),
            **_gemma("3n", {s: f"google/gemma-3n-{s}-it-litert-preview" for s in ("E2B", "E4B")}),
        },
    ),
    Framework(
        "Vertex AI",
        "container",
        ("cloud",),
        "https://console.cloud.google.com/vertex-ai/model-garden",
        "https://docs.cloud.google.com/vertex-ai/docs/generative-ai/open-models/use-gemma",
        "2026-09",
        _ALL,
        note="framework_note_vertex",
    ),
    Framework(
        "GKE",
        "container",
        ("cloud",),
        "kubectl apply -f FILE.yaml  # a vLLM container with --model={hf}",
        GUIDE,
        "2026-09",
        _ALL,
        converts=True,
        note="framework_note_container",
    ),
    Framework(
        "Cloud Run",
        "container",
        ("cloud",),
        "gcloud run deploy gemma --gpu=1 --gpu-type=nvidia-l4 --image=CONTAINER  # serving {hf}",
        GUIDE,
        "2026-09",
        _ALL,
        converts=True,
        note="framework_note_container",
    ),
)  # fmt: skip
