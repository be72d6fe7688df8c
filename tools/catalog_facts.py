"""What is known of each variant besides its numbers: family, tuning, dates, terms, names elsewhere.

Sources (read 2026-11-22):
- release dates, contexts, modalities, licences: Google's release notes and model cards (September
  2026 revision), as gathered in the project's facts on the Gemma families;
- Hugging Face ids: ``PRESET_MAP`` of keras-hub's tools/checkpoint_conversion scripts, the model
  cards and public code that names them;
- TxGemma's date: developers.googleblog.com, 2025-03-25; Harrier's date, licence and context: its
  announcement, 2026-03-30; Cell2Sentence's date: blog.google, 2025-10-15 (27B);
- VaultGemma trains on sequences of 1024 tokens, with full attention: transformers' documentation;
- T5Gemma's 8192 positions: its config.json; T5Gemma 2's 128K: blog.google/technology/developers/
  t5gemma-2; Gemma-APS's 8192: its model card;
- TranslateGemma's card asks for inputs of at most 2K tokens; the positions are Gemma 3's;
- PaliGemma's contexts are its decoder's (Gemma 1 and 2: 8192);
- Gemma 4 12B: 11.95 billion parameters (model card); DiffusionGemma: the shape of 26B-A4B (model
  card: 25.2 billion without the image encoder), the template of Gemma 4 with the empty thought of its
  larger models (huggingface/trl, trl/chat_templates/diffusion_gemma.jinja); EmbeddingGemma 2: 744,371,512 (its safetensors
  header), Apache 2.0;
- RecurrentGemma 2B: 2,682,862,080 (safetensors header); 9B: the same sum over its published shape
  (38 blocks of width 4096), which gives the 2B's count exactly;
- ShieldGemma 2: Gemma 3 4B's shape (model card);
- QAT (read 2026-11-29): the repositories of huggingface.co/collections/google ("Gemma 4 QAT Q4_0",
  "Gemma 3 QAT", EmbeddingGemma's); Gemma 4's date: alphasignal.ai and airelien.dev, 2026-06-05, with
  the licence; Gemma 3's: developers.googleblog.com, 2025-04-18. The unquantised ones are 16-bit
  safetensors of the shapes of the models that they were tuned from;
- Gemma 4 12B's drafter: huggingface.co/google/gemma-4-12B-it-assistant (0.4B parameters);
- EmbeddingGemma 2: huggingface.co/docs/transformers/model_doc/embedding_gemma2 and its model card:
  text, code, images, audio, video; 768, 512, 256 or 128 dimensions; 8K; ollama.com/library/
  embeddinggemma-2;
- the first KerasHub release with each preset: the wheels of 0.26.0, 0.27.1, 0.28.0 to 0.31.0
  ("0.26" therefore means 0.26 or earlier).
"""

from __future__ import annotations

import re
from typing import Any

DATE = "2026-11-29"

SOURCES = [
    "keras-hub 0.32.0: registry (names, handles, descriptions), backbone classes (counts)",
    "tools/catalog_configs.py and tools/catalog_facts.py: what the registry does not hold, with "
    "sources, as of " + DATE,
]

Facts = dict[str, Any]

_SIZES = {
    "270m": "270M", "300m": "308M", "1b": "1B", "2b": "2B", "3b": "3B", "4b": "4B", "7b": "7B",
    "9b": "9B", "10b": "10B", "12b": "12B", "27b": "27B", "28b": "28B", "31b": "31B",
    "e2b": "E2B", "e4b": "E4B", "26b_a4b": "26B-A4B",
}  # fmt: skip
_EFFECTIVE = {"2b": "e2b", "4b": "e4b"}

_GEMMA = {"licence": "Gemma", "gated": True}
_APACHE = {"licence": "Apache-2.0", "gated": False}
_HEALTH = {"licence": "HAI-DEF", "gated": True}


def _rule(pattern: str, **facts: Any) -> tuple[re.Pattern[str], Facts]:
    return re.compile(pattern), facts


#: Pattern of a preset's name -> its facts. ``{size}`` and ``{it}`` in a string are filled from the
#: name ("-it" where it says so), ``{px}`` is the image size. Tuning and prompt format follow from
#: the name unless they are given.
RULES = [
    _rule(r"gemma_(?P<it>instruct_)?(?P<size>[27]b)_en", family="Gemma", generation="1", base="1",
          released="2024-02-21", context=8192, shape="gemma_{size}", hf="google/gemma-{size}{it}",
          **_GEMMA),
    _rule(r"gemma_1\.1_(?P<it>instruct_)(?P<size>[27]b)_en", family="Gemma", generation="1.1",
          base="1", released="2024-04-05", context=8192, shape="gemma_{size}",
          hf="google/gemma-1.1-{size}{it}", **_GEMMA),
    _rule(r"code_gemma_(?P<it>instruct_)?(?P<size>[27]b)_en", family="CodeGemma", generation="1",
          base="1", released="2024-04-09", context=8192, shape="gemma_{size}", plain="fim",
          hf="google/codegemma-{size}{it}", **_GEMMA),
    _rule(r"code_gemma_1\.1_(?P<it>instruct_)?(?P<size>[27]b)_en", family="CodeGemma",
          generation="1.1", base="1", released="2024-05-03", context=8192, shape="gemma_{size}",
          plain="fim", hf="google/codegemma-1.1-{size}{it}", **_GEMMA),
    _rule(r"gemma2_(?P<it>instruct_)?(?P<size>2b)_en", family="Gemma", generation="2", base="2",
          released="2024-07-31", context=8192, shape="gemma2_{size}",
          hf="google/gemma-2-{size}{it}", **_GEMMA),
    _rule(r"gemma2_(?P<it>instruct_)?(?P<size>9b|27b)_en", family="Gemma", generation="2",
          base="2", released="2024-06-27", context=8192, shape="gemma2_{size}",
          hf="google/gemma-2-{size}{it}", **_GEMMA),
    _rule(r"shieldgemma_(?P<size>2b|9b|27b)_en", family="ShieldGemma", generation="1", base="2",
          released="2024-07-31", context=8192, shape="gemma2_{size}", tuning="FT",
          prompt="shieldgemma", role="classify", hf="google/shieldgemma-{size}", **_GEMMA),
    _rule(r"vault_gemma_(?P<size>1b)_en", family="VaultGemma", generation="1", base="2",
          released="2025-09-13", context=1024, shape="vault_gemma_{size}",
          hf="google/vaultgemma-{size}", **_GEMMA),
    _rule(r"c2s_scale_gemma_2_(?P<size>2b)_en", family="Cell2Sentence", generation="2", base="2",
          released=None, context=8192, shape="gemma2_{size}", tuning="FT", prompt="plain",
          hf="vandijklab/C2S-Scale-Gemma-2-2B", licence="unknown", gated=False),
    _rule(r"c2s_scale_gemma_2_(?P<size>27b)_en", family="Cell2Sentence", generation="2", base="2",
          released="2025-10-15", context=8192, shape="gemma2_{size}", tuning="FT",
          prompt="plain", hf="vandijklab/C2S-Scale-Gemma-2-27B", licence="unknown", gated=False),
    _rule(r"gemma3_(?P<it>instruct_)?(?P<size>270m)", family="Gemma", generation="3", base="3",
          released="2025-08-14", context=32768, shape="gemma3_{size}",
          hf="google/gemma-3-{size}{it}", **_GEMMA),
    _rule(r"gemma3_(?P<it>instruct_)?(?P<size>1b)", family="Gemma", generation="3", base="3",
          released="2025-03-10", context=32768, shape="gemma3_{size}",
          hf="google/gemma-3-{size}{it_or_pt}", **_GEMMA),
    _rule(r"gemma3_(?P<it>instruct_)?(?P<size>4b|12b|27b)(?P<text>_text)?", family="Gemma",
          generation="3", base="3", released="2025-03-10", context=131072,
          shape="gemma3_{size}{text}", hf="google/gemma-3-{size}{it_or_pt}", **_GEMMA),
    _rule(r"medgemma_(?P<it>instruct_)?(?P<size>4b|27b)", family="MedGemma", generation="1",
          base="3", released="2025-05-20", context=131072, shape="medgemma_{size}",
          hf="google/medgemma-{size}{it_or_pt}", **_HEALTH),
    _rule(r"medgemma_(?P<it>instruct_)(?P<size>27b)(?P<text>_text)", family="MedGemma",
          generation="1", base="3", released="2025-05-20", context=131072,
          shape="gemma3_{size}{text}", hf="google/medgemma-27b-text-it", **_HEALTH),
    _rule(r"medgemma_1\.5_(?P<it>instruct_)(?P<size>4b)", family="MedGemma", generation="1.5",
          base="3", released="2026-01-13", context=131072, shape="medgemma_{size}",
          hf="google/medgemma-1.5-4b-it", **_HEALTH),
    _rule(r"function_gemma_(?P<it>instruct_)(?P<size>270m)", family="FunctionGemma",
          generation="1", base="3", released="2025-12-18", context=32768, shape="gemma3_{size}",
          prompt="functiongemma", hf="google/functiongemma-270m-it", **_GEMMA),
    _rule(r"translategemma_(?P<size>4b|12b|27b)(?P<it>_it)", family="TranslateGemma",
          generation="1", base="3", released="2026-01-15", context=131072,
          shape="gemma3_{size}", prompt="translategemma", hf="google/translategemma-{size}-it",
          **_GEMMA),
    _rule(r"embedding_gemma3_(?P<size>300m)", family="EmbeddingGemma", generation="1", base="3",
          released="2025-09-04", context=2048, shape="embedding_gemma3_300m", tuning="FT",
          prompt="embedding", role="embed", hf="google/embeddinggemma-300m", **_GEMMA),
    _rule(r"harrier_embedding_oss_(?P<size>270m)", family="Harrier", generation="1", base="3",
          released="2026-03-30", context=32768, shape="gemma3_{size}", tuning="FT",
          prompt="embedding", role="embed", hf="microsoft/harrier-oss-v1-270m", licence="MIT",
          gated=False),
    _rule(r"gemma3n_(?P<size>e2b|e4b)(?P<it>_it)?", family="Gemma", generation="3n", base="3n",
          released="2025-06-26", context=32768, shape="gemma3n_{size}",
          hf="google/gemma-3n-{SIZE}{it}", **_GEMMA),
    _rule(r"gemma4_(?P<it>instruct_)?(?P<effective>2b|4b)", family="Gemma", generation="4",
          base="4", released="2026-03-31", context=131072, shape="gemma4_{effective}",
          turns="gemma4_small", hf="google/gemma-4-{SIZE}{it}", **_APACHE),
    _rule(r"gemma4_(?P<it>instruct_)?(?P<size>26b_a4b|31b)", family="Gemma", generation="4",
          base="4", released="2026-03-31", context=262144, shape="gemma4_{size}",
          turns="gemma4_large", hf="google/gemma-4-{SIZE}{it}", **_APACHE),
    _rule(r"gemma4_(?P<it>instruct_)(?P<effective>2b|4b)_assistant", family="Gemma",
          generation="4", base="4", released="2026-04-16", context=131072,
          shape="gemma4_{effective}_assistant", prompt="none", role="draft",
          hf="google/gemma-4-{SIZE}-it-assistant", **_APACHE),
    _rule(r"gemma4_(?P<it>instruct_)(?P<size>26b_a4b|31b)_assistant", family="Gemma",
          generation="4", base="4", released="2026-04-16", context=262144,
          shape="gemma4_{size}_assistant", prompt="none", role="draft",
          hf="google/gemma-4-{SIZE}-it-assistant", **_APACHE),
    _rule(r"pali_gemma_(?P<size>3b)_(?P<px>\d+)", family="PaliGemma", generation="1", base="1",
          released="2024-05-14", context=8192, shape="pali_gemma_{size}_{px}",
          prompt="paligemma", hf="google/paligemma-{size}-pt-{px}", **_GEMMA),
    _rule(r"pali_gemma_(?P<size>3b)_mix_(?P<px>\d+)", family="PaliGemma", generation="1",
          base="1", released="2024-05-14", context=8192, shape="pali_gemma_{size}_{px}",
          tuning="mix", prompt="paligemma", hf="google/paligemma-{size}-mix-{px}", **_GEMMA),
    _rule(r"pali_gemma2_pt_(?P<size>3b|10b|28b)_(?P<px>\d+)", family="PaliGemma", generation="2",
          base="2", released="2024-12-05", context=8192, shape="pali_gemma2_{size}_{px}",
          prompt="paligemma", hf="google/paligemma2-{size}-pt-{px}", **_GEMMA),
    _rule(r"pali_gemma2_mix_(?P<size>3b|10b|28b)_(?P<px>\d+)", family="PaliGemma",
          generation="2", base="2", released="2025-02-19", context=8192,
          shape="pali_gemma2_{size}_{px}", tuning="mix", prompt="paligemma",
          hf="google/paligemma2-{size}-mix-{px}", **_GEMMA),
    _rule(r"pali_gemma_?2_ft_docci_(?P<size>3b|10b)_(?P<px>\d+)", family="PaliGemma",
          generation="2", base="2", released="2024-12-05", context=8192,
          shape="pali_gemma2_{size}_{px}", tuning="FT", prompt="paligemma",
          hf="google/paligemma2-{size}-ft-docci-{px}", **_GEMMA),
    _rule(r"t5gemma_(?P<pair>[a-z0-9]+_[a-z0-9]+)_(?P<goal>ul2|prefixlm)(?P<it>_it)?",
          family="T5Gemma", generation="1", base="2", released="2025-07-09", context=8192,
          shape="t5gemma_{pair}", hf="google/t5gemma-{pair-}-{goal}{it}", **_GEMMA),
    _rule(r"t5gemma2_(?P<pair>[a-z0-9]+_[a-z0-9]+)", family="T5Gemma", generation="2", base="3",
          released="2025-12-18", context=131072, shape="t5gemma2_{pair}",
          hf="google/t5gemma-2-{pair-}", **_GEMMA),
]  # fmt: skip

#: A preset of another class that has "gemma" in its name: a part of a variant, none by itself.
PARTS = {
    "mobilenetv5_300m_enc_gemma3n": "Gemma 3n's image encoder by itself",
    "medsiglip_900m_448": "MedGemma's image encoder with a text encoder, without a decoder",
}

#: First KerasHub release that has the preset, where that is later than 0.26.
SINCE = [
    (r"gemma4_.*_assistant|harrier_.*", "0.30"),
    (r"gemma3n_.*", "0.28"),
    (r"gemma4_.*|t5gemma2_.*|embedding_gemma3_300m", "0.27"),
    (r".*", "0.26"),
]


def since(name: str) -> str:
    """The first KerasHub release that has preset ``name`` ("0.26" also for earlier ones)."""
    return next(version for pattern, version in SINCE if re.fullmatch(pattern, name))


def converts(name: str) -> bool:
    """Whether KerasHub 0.32 also loads preset ``name`` from its Hugging Face checkpoint.

    It has no converter for VaultGemma, and PaliGemma's takes the head size from the number of
    image tokens and leaves out Gemma 2's soft caps and norms: right for PaliGemma 1 at 224 px only
    (convert_pali_gemma.py).
    """
    return not re.fullmatch(r"vault_gemma.*|pali_gemma_3b_(mix_)?(448|896)|pali_gemma_?2_.*", name)


def facts_of(name: str) -> Facts:
    """The facts of preset ``name``; a LookupError where no rule, or more than one, knows it."""
    found = [(m, facts) for pattern, facts in RULES if (m := pattern.fullmatch(name))]
    if len(found) != 1:
        raise LookupError(f"{name}: {len(found)} rules of tools/catalog_facts.py match, not one")
    match, facts = found[0]
    parts = {k: v or "" for k, v in match.groupdict().items()}
    tuned = bool(parts.get("it"))
    raw = parts.get("size") or _EFFECTIVE.get(parts.get("effective", ""), "")
    size = _SIZES[raw] if raw else parts["pair"].upper().replace("_", "-")
    words = {
        **parts,
        "SIZE": size,
        "it": "-it" if tuned else "",
        "it_or_pt": "-it" if tuned else "-pt",
        "pair-": parts.get("pair", "").replace("_", "-"),
    }
    default = facts.get("turns", "turns") if tuned else facts.get("plain", "plain")
    hf_converts = {} if converts(name) else {"hf_converts": False}
    return {
        **hf_converts,
        "family": facts["family"],
        "generation": facts["generation"],
        "base": facts["base"],
        "size": size,
        "tuning": facts.get("tuning", "IT" if tuned else "PT"),
        "context_length": facts["context"],
        "licence": facts["licence"],
        "gated": facts["gated"],
        "released": facts["released"],
        "prompt_format": facts.get("prompt", default),
        "role": facts.get("role", "generate"),
        "shape": facts["shape"].format(**words),
        "hf_id": facts["hf"].format(**words),
        "keras_hub": since(name),
    }


def _convertible(name: str, shape: str, **facts: Any) -> Facts:
    """A variant without a preset that KerasHub converts from its Hugging Face checkpoint."""
    return {
        "name": name,
        "shape": shape,
        "context_length": 8192,
        "handle": f"hf://{facts['hf_id']}",
        "loadable": True,
        "role": "generate",
        "keras_hub": "0.26",
        **facts,
    }


def _qat(name: str, hf_id: str, **facts: Any) -> Facts:
    """A variant tuned for Q4_0, in 16-bit safetensors; its GGUF file has its own repository."""
    return _convertible(
        name,
        hf_id=f"google/{hf_id}-qat-q4_0-unquantized",
        tuning=facts.pop("tuning", "IT"),
        description=f"Quantisation-aware training for blocks of 32 in 4 bit (Q4_0), not quantised "
        f"yet. As GGUF: hf://google/{hf_id}-qat-q4_0-gguf.",
        **facts,
    )


def _elsewhere(name: str, **facts: Any) -> Facts:
    """A variant that KerasHub 0.32 cannot load, with the frameworks that run it."""
    return {
        "name": name,
        "shape": None,
        "handle": f"hf://{facts['hf_id']}",
        "loadable": False,
        "role": "generate",
        "keras_hub": None,
        **facts,
    }


_TX = {
    "family": "TxGemma", "generation": "1", "base": "2", "released": "2025-03-25", **_HEALTH,
}  # fmt: skip
_DATA = {
    "family": "DataGemma", "generation": "1", "base": "2", "size": "27B", "tuning": "IT",
    "prompt_format": "turns", "released": "2024-09-12", **_GEMMA,
}  # fmt: skip
_APS = {
    "family": "Gemma-APS", "generation": "1", "base": "1", "tuning": "FT",
    "prompt_format": "turns", "released": "2024-10-15", **_GEMMA,
}  # fmt: skip
_RECURRENT = {
    "family": "RecurrentGemma", "generation": "1", "base": "1", "released": "2024-04-09",
    "modalities": ["text"], "context_length": None, "runs_with": ["Transformers"], **_GEMMA,
}  # fmt: skip
_12B = {
    "family": "Gemma", "generation": "4", "base": "4", "size": "12B", "parameters": 11_950_000_000,
    "modalities": ["text", "image", "audio"], "context_length": 262144, "released": "2026-06-03",
    "runs_with": ["Transformers", "vLLM", "SGLang", "llama.cpp", "Ollama", "LM Studio", "MLX",
                  "LiteRT-LM", "Unsloth"], **_APACHE,
}  # fmt: skip

EXTRA: list[Facts] = [
    *(
        _qat(f"gemma4_instruct_{size}_qat", f"gemma-4-{hf_size}-it",
             shape=f"gemma4_{size}", family="Gemma", generation="4 QAT", base="4",
             size=hf_size, context_length=context, released="2026-06-05", keras_hub="0.27",
             prompt_format=prompt, **_APACHE)
        for size, hf_size, context, prompt in (
            ("2b", "E2B", 131072, "gemma4_small"), ("4b", "E4B", 131072, "gemma4_small"),
            ("26b_a4b", "26B-A4B", 262144, "gemma4_large"), ("31b", "31B", 262144, "gemma4_large"))
    ),
    *(
        _qat(f"gemma3_instruct_{size}_qat", f"gemma-3-{size}-it", shape=f"gemma3_{size}",
             family="Gemma", generation="3 QAT", base="3", size=size.upper(),
             context_length=32768 if size in ("270m", "1b") else 131072,
             released="2025-08-14" if size == "270m" else "2025-04-18", prompt_format="turns",
             **_GEMMA)
        for size in ("270m", "1b", "4b", "12b", "27b")
    ),
    _convertible("datagemma_rig_27b_it", "gemma2_27b", hf_id="google/datagemma-rig-27b-it",
                 description="Gemma 2 27B tuned to interleave its answers with statistics from "
                 "Data Commons (retrieval interleaved generation).", **_DATA),
    _convertible("datagemma_rag_27b_it", "gemma2_27b", hf_id="google/datagemma-rag-27b-it",
                 description="Gemma 2 27B tuned to write the queries to Data Commons that an "
                 "answer needs (retrieval augmented generation).", **_DATA),
    _convertible("gemma2_jpn_2b_it", "gemma2_2b", hf_id="google/gemma-2-2b-jpn-it",
                 family="Gemma", generation="2", base="2", size="2B", tuning="IT",
                 prompt_format="turns", released="2024-10-03",
                 description="Gemma 2 2B tuned on Japanese.", **_GEMMA),
    *(
        _convertible(f"gemma_aps_{size}_it", f"gemma_{size}", hf_id=f"google/gemma-{size}-aps-it",
                     size=size.upper(), description="Segments a text into its claims, each "
                     "restated as a full sentence (abstractive proposition segmentation).", **_APS)
        for size in ("2b", "7b")
    ),
    *(
        _convertible(f"txgemma_{size}_{kind}", f"gemma2_{size}",
                     hf_id=f"google/txgemma-{size}-{kind}", size=size.upper(),
                     tuning="IT" if kind == "chat" else "FT",
                     prompt_format="turns" if kind == "chat" else "plain",
                     description="Gemma 2 tuned on therapeutic development: " + (
                         "converses about its predictions." if kind == "chat"
                         else "predicts properties of molecules, proteins and trials."), **_TX)
        for size, kind in (("2b", "predict"), ("9b", "predict"), ("9b", "chat"),
                           ("27b", "predict"), ("27b", "chat"))
    ),
    *(
        _elsewhere(f"recurrentgemma_{size}{'_it' if tuning == 'IT' else ''}",
                   hf_id=f"google/recurrentgemma-{size}{'-it' if tuning == 'IT' else ''}",
                   size=size.upper(), tuning=tuning, parameters=parameters,
                   prompt_format="turns" if tuning == "IT" else "plain",
                   description="Griffin architecture: linear recurrences and local attention, so "
                   "memory does not grow with the conversation.", **_RECURRENT)
        for size, parameters in (("2b", 2_682_862_080), ("9b", 8_579_977_216))
        for tuning in ("PT", "IT")
    ),
    _elsewhere("shieldgemma2_4b_it", hf_id="google/shieldgemma-2-4b-it", family="ShieldGemma",
               generation="2", base="3", size="4B", tuning="FT", prompt_format="none",
               role="classify", modalities=["text", "image"], context_length=None,
               parameters_as="gemma3_4b", released="2025-03-10", runs_with=["Transformers"],
               description="Says whether an image violates a safety policy.", **_GEMMA),
    _elsewhere("gemma4_unified_12b", hf_id="google/gemma-4-12B", tuning="PT", prompt_format="plain",
               description="Gemma 4 12B Unified base model: images and audio enter the decoder "
               "directly, without encoders.", **_12B),
    _elsewhere("gemma4_unified_instruct_12b", hf_id="google/gemma-4-12B-it", tuning="IT",
               prompt_format="gemma4_large", description="Gemma 4 12B Unified instruction-tuned "
               "model: images and audio enter the decoder directly, without encoders.", **_12B),
    _elsewhere("gemma4_unified_instruct_12b_assistant", hf_id="google/gemma-4-12B-it-assistant",
               description="Drafts tokens for Gemma 4 12B Unified.", tuning="IT",
               prompt_format="none", **{**_12B, "parameters": 400_000_000, "role": "draft",
               "modalities": ["text"], "released": None,
               "runs_with": ["Transformers", "vLLM", "llama.cpp", "MLX"]}),
    _elsewhere("gemma4_unified_instruct_12b_qat", tuning="IT", prompt_format="gemma4_large",
               hf_id="google/gemma-4-12B-it-qat-q4_0-unquantized", description="Gemma 4 12B Unified "
               "with quantisation-aware training for Q4_0, not quantised yet. As GGUF: "
               "hf://google/gemma-4-12B-it-qat-q4_0-gguf.",
               **{**_12B, "generation": "4 QAT", "released": "2026-06-05"}),
    _elsewhere("diffusiongemma_26b_a4b_it", hf_id="google/diffusiongemma-26B-A4B-it",
               family="DiffusionGemma", generation="1", base="4", size="26B-A4B", tuning="IT",
               prompt_format="gemma4_large", modalities=["text", "image"], context_length=262144,
               parameters_as="gemma4_26b_a4b", released="2026-06-10",
               runs_with=["Transformers", "vLLM"], description="Writes by denoising 256 tokens "
               "at a time instead of one after the other.", **_APACHE),
    _elsewhere("embedding_gemma2", hf_id="google/embeddinggemma-2", family="EmbeddingGemma",
               generation="2", base="4", size="740M", tuning="FT", prompt_format="embedding",
               role="embed", modalities=["text", "image", "audio", "video"], context_length=8192,
               parameters=744_371_512, released="2026-10-06",
               runs_with=["Transformers", "Ollama"], description="Embeds text, code, images, audio "
               "and video into one space of 768 dimensions, of which the first 512, 256 or 128 can be "
               "used.",
               **_APACHE),
]  # fmt: skip

#: The demo models: trained here, shipped inside the package, built from their own config.json.
DEMOS = tuple(
    f"demo_gemma3_{instruct}{size}" for size in ("1m", "4m") for instruct in ("", "instruct_")
)


def demo_facts(name: str) -> Facts:
    """The facts of a demo model."""
    tuned = "instruct" in name
    return {
        "name": name,
        "family": "Demo",
        "generation": "3",
        "base": "3",
        "size": name.rpartition("_")[2].upper(),
        "tuning": "IT" if tuned else "PT",
        "shape": name,
        "context_length": 2048,
        "released": None,
        "handle": f"demo://{name}",
        "hf_id": None,
        "loadable": True,
        "prompt_format": "turns" if tuned else "plain",
        "role": "generate",
        "keras_hub": "0.26",
        "description": "A small model of Gemma 3's architecture, shipped with this package: "
        + ("answers in turns." if tuned else "continues a text."),
        **_APACHE,
    }
