"""From a variant's name to a model that answers, through KerasHub."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from gemma_nb.errors import GemmaError, InvalidInput, LoadError

if TYPE_CHECKING:
    from gemma_nb.advice import Choice
    from gemma_nb.catalog import Variant
    from gemma_nb.model import Model
    from gemma_nb.precision import Precision

#: What ``load()`` without a name loads: no account, no download, no accelerator.
DEMO = "demo_gemma3_instruct_4m"


def load(
    variant: str | Variant | Choice | None = None,
    precision: str = "auto",
    max_length: int = 2048,
    *,
    force: bool = False,
) -> Model:
    """Loads a variant through KerasHub.

    Args:
        variant: a name of ``variants()``, a handle, a directory, a ``Variant``, or a ``Choice``
            (whose precision and max_length then hold); None is the demo model
            ``demo_gemma3_instruct_4m``.
        precision: a Keras dtype name ("float32", "bfloat16", "float16", "int8", "int4"), or
            "auto" for what ``advise`` says of this hardware.
        max_length: tokens of prompt and reply together.
        force: load even where ``advise`` says that it does not fit.

    Returns:
        The model.

    Raises:
        InvalidInput: an unknown name or precision, a variant that KerasHub cannot load or this
            package cannot generate with, a max_length below 2.
        BackendError: keras was imported before, with another backend.
        LoadError: it does not fit (the sentence says what would), or reading it failed; nothing
            half-loaded stays in memory.
    """
    from gemma_nb.advice import Choice, advise, auto_precision
    from gemma_nb.catalog import variant as find
    from gemma_nb.generation.adapters import check_decodable
    from gemma_nb.hardware import detect_runtime
    from gemma_nb.precision import precision as find_precision

    if isinstance(variant, Choice):
        wanted, precision, max_length = variant.variant, variant.precision, variant.max_length
    else:
        wanted = find(DEMO if variant is None else variant)
    if type(max_length) is not int or max_length < 2:
        raise InvalidInput("bad_max_length", value=max_length)
    if not wanted.loadable:
        raise InvalidInput("not_loadable", name=wanted.name)
    check_decodable(wanted)
    runtime = detect_runtime()
    chosen = auto_precision(wanted, runtime) if precision == "auto" else find_precision(precision)
    verdict = advise(wanted, chosen, runtime, max_length=max_length)
    if not verdict.fits and not force:
        raise LoadError("does_not_fit", name=wanted.name, reason=verdict.reason)
    return _load(wanted, chosen, max_length)


def _load(variant: Variant, precision: Precision, max_length: int) -> Model:
    from gemma_nb.loading.build import build
    from gemma_nb.model import Model

    try:
        lm, tokenizer = build(_source(variant), precision)
        return Model(lm, tokenizer, variant, precision.name, max_length)
    except GemmaError:
        raise
    except Exception as error:
        raise LoadError("load_failed", name=variant.name, why=_sentence(error)) from error
    finally:
        gc.collect()


def _source(variant: Variant) -> str:
    """What KerasHub's ``from_preset`` is told: a directory for the demo models."""
    from gemma_nb.catalog import demo_directory

    handle = variant.handle or variant.name
    return str(demo_directory(variant.name)) if handle.startswith("demo://") else handle


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "。")) else f"{text}."
