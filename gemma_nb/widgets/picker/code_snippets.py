"""What to paste to load a choice: through gemma_nb, and in plain KerasHub."""

from __future__ import annotations

from gemma_nb.catalog.handles import SUFFIX, revision_of
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt, stop_tokens


def gemma_nb_code(choice: Choice) -> str:
    """The two lines that load a choice with this package.

    Args:
        choice: what to load; its batch size and runtime stand in no code.
    """
    name, length = choice.variant.name, choice.max_length
    devices = f", devices={choice.devices}" if choice.devices > 1 else ""
    arguments = f"{_text(name)}, {_text(choice.precision)}, max_length={length}{devices}"
    load = f"model = gnb.load({arguments})"
    return f"import gemma_nb as gnb\n{load}\n"


def keras_hub_code(choice: Choice) -> str:
    """The same with KerasHub alone, down to a first answer where the variant gives one.

    Quantising goes through the backbone, since ``CausalLM.quantize`` fails right after
    ``from_preset``; the stop tokens are named, since KerasHub's default for Gemma 1 and 2 leaves
    ``<end_of_turn>`` out (keras-hub 0.32).

    KerasHub does not read GGUF files and adapters: for those, this package fills its model.
    The question and the comments are in the language in force.

    Args:
        choice: what to load; it has to be one that KerasHub loads.
    """
    variant, precision = choice.variant, PRECISIONS[choice.precision]
    if variant.adapter_of or (variant.handle or "").lower().endswith(SUFFIX):
        return f"{gemma_nb_code(choice)}lm = model.lm  # {text('picker_code_unread')}\n"
    preset, before, given = _preset(variant)
    answers = variant.role in ("generate", "classify") and not variant.encoder_decoder
    needs_image = variant.prompt_format == "paligemma"
    lines = [
        "import os",
        f'os.environ["KERAS_BACKEND"] = "jax"  # {text("picker_code_backend")}',
        "import keras_hub",
        *before,
        "",
        f"lm = keras_hub.models.{variant.task_class}.from_preset(",
        f"    {preset}, dtype={_text(precision.dtype)}{given}",
        ")",
    ]
    if precision.quantize:
        lines.append(f"lm.backbone.quantize({_text(precision.quantize)})")
    if answers and not needs_image:
        lines += _answer(choice)
    return "\n".join(lines) + "\n"


def _answer(choice: Choice) -> list[str]:
    variant = choice.variant
    stops = ", ".join(_text(t) for t in stop_tokens(variant))
    prompt = _prompt(variant)
    if prompt is None:
        return []
    ask = "prompt" if choice.batch_size == 1 else f"[prompt] * {choice.batch_size}"
    return [
        'lm.compile(sampler="greedy")',
        f"prompt = {_text(prompt)}",
        "tokenizer = lm.preprocessor.tokenizer",
        f"stop = [tokenizer.token_to_id(t) for t in [{stops}]]",
        "print(lm.generate(",
        f"    {ask}, max_length={choice.max_length}, stop_token_ids=stop, strip_prompt=True",
        "))",
    ]


def _prompt(variant: Variant) -> str | None:
    """A question in the variant's own format; None for one that wants more than a question."""
    try:
        return str(format_prompt(text("picker_code_question"), variant))
    except ValueError:
        return None


def _preset(variant: Variant) -> tuple[str, list[str], str]:
    """What ``from_preset`` is given first, the lines that come before it, its other arguments."""
    if (variant.handle or "").startswith("demo://"):
        # the demo presets are saved without a preprocessor
        before = [
            "from gemma_nb.catalog.registry import demo_directory",
            "",
            f"preset = str(demo_directory({_text(variant.name)}))",
            "preprocessor = keras_hub.models.Gemma3CausalLMPreprocessor(",
            "    keras_hub.models.Gemma3Tokenizer.from_preset(preset), image_converter=None",
            ")",
        ]
        return "preset", before, ", preprocessor=preprocessor"
    if (variant.handle or "").startswith("kaggle://") and "://" not in variant.name:
        return _text(variant.name), [], ""
    if found := revision_of(variant.handle):
        # KerasHub's handles at Hugging Face name no revision
        repository, revision = map(_text, found)
        before = [
            "from huggingface_hub import snapshot_download",
            "",
            f"preset = snapshot_download({repository}, revision={revision})",
        ]
        return "preset", before, ""
    return _text(variant.handle or variant.name), [], ""


def _text(value: str) -> str:
    """A string as Python code, in double quotes."""
    quoted = repr(value)
    if quoted[0] == '"':
        return quoted
    return '"' + quoted[1:-1].replace('"', '\\"') + '"'
