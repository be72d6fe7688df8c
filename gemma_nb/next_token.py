"""``next_tokens``: the most likely next tokens, before and after the sampling filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import Sampling, default_sampling, filter_logits, not_a_number
from gemma_nb.model import Model
from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.safe_tokenizer import vocabulary
from gemma_nb.reply_request import Messages


@dataclass(frozen=True)
class NextToken:
    """One candidate for the next token.

    Attributes:
        id: its id in the vocabulary.
        piece: its piece in the vocabulary.
        probability: the probability that the model gives it.
        kept: the probability with which sampling draws it, after temperature, top-k and top-p; 0
            where they exclude it.
    """

    id: int
    piece: str
    probability: float
    kept: float


def next_tokens(
    model: Model,
    messages: Messages,
    count: int = 10,
    *,
    begun: str = "",
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    raw: bool = False,
    **options: Any,
) -> list[NextToken]:
    """The most likely next tokens, the likeliest first.

    Args:
        model: a loaded model.
        messages: a string (one user turn) or a conversation; with ``raw`` a string without a
            template. Text only.
        count: the number of tokens to return.
        begun: the reply so far.
        temperature: as in ``Model.stream_ids``, like the next two: None takes the publisher's
            default, 0 is greedy.
        top_k: only the k most likely tokens; 0 keeps all.
        top_p: of those, the fewest whose probabilities reach p.
        raw: send ``messages`` without a template.
        **options: ``tools``, ``thinking`` and ``guideline``, as in ``format_prompt``.

    Raises:
        InvalidInput: an argument is out of range or of another type, the prompt does not fit or holds an image or
            sound, or the variant is not decoder-only.
        GenerationError: the logits are not numbers, or the model was unloaded.
    """
    import numpy as np

    count = whole_number(count, "next_tokens_count", 1)
    if not isinstance(model, Model):
        raise InvalidInput("next_tokens_no_model", kind=type(model).__name__)
    check_text(begun)
    engine = model._decoding()  # noqa: SLF001
    if not isinstance(engine, Decoder):
        raise InvalidInput("next_tokens_no_decoder", name=model.variant.name)
    usual = default_sampling(model.variant)
    sampling = Sampling(
        usual.temperature if temperature is None else temperature,
        usual.top_k if top_k is None else top_k,
        usual.top_p if top_p is None else top_p,
    )
    ids = model.prompt_ids(messages, raw=raw, **options)
    if min(ids) < 0:
        raise InvalidInput("next_tokens_text_only")
    ids += map(int, model.tokenizer.tokenize(begun)) if begun else ()
    model._room(ids)  # noqa: SLF001
    logits = engine.logits(ids).astype(np.float32)
    if not np.isfinite(logits).all():
        raise not_a_number(model.precision)
    order = np.argsort(-logits, kind="stable")[:count]
    probabilities = _softmax(logits)
    kept = _sampling_probabilities(logits, sampling)
    vocab = vocabulary(model.tokenizer)
    return [
        NextToken(int(i), vocab.piece(int(i)), float(probabilities[i]), float(kept[i]))
        for i in order
    ]


def _sampling_probabilities(logits: Any, sampling: Sampling) -> Any:
    """The probabilities with which sampling draws each token; shape (vocabulary,)."""
    import numpy as np

    if sampling.temperature == 0:
        return np.eye(1, len(logits), int(logits.argmax()))[0]
    scaled = logits[None] / max(sampling.temperature, 1e-6)
    return _softmax(np.asarray(filter_logits(scaled, sampling.top_k, sampling.top_p))[0])


def _softmax(logits: Any) -> Any:
    import numpy as np

    powers = np.exp((logits - logits.max()).astype(np.float64))
    return powers / powers.sum()
