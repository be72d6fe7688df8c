"""The most likely next tokens, before and after the sampling filters, and the words they begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import Sampling, filter_logits, not_a_number
from gemma_nb.model import Model
from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.safe_tokenizer import vocabulary
from gemma_nb.reply_request import Messages, sampling_options
from gemma_nb.text_utils import begins_word

#: The most tokens after the first one of a word.
_LONGEST_WORD = 6


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
    count = whole_number(count, "next_tokens_count", 1)
    ids = text_ids(model, messages, begun, raw=raw, **options)
    sampling = sampling_options(model.variant, temperature, top_k, top_p)
    logits = next_logits(model, ids)
    return likeliest_tokens(model, logits, sampling_probabilities(logits, sampling), count)


def text_ids(
    model: Model, messages: Messages, begun: str = "", *, raw: bool = False, **options: Any
) -> list[int]:
    """The token ids of a prompt and of a reply that was begun.

    Args:
        model: as in ``next_tokens``, like the others.
        messages: the conversation.
        begun: the reply so far.
        raw: send ``messages`` without a template.
        **options: options of the template.

    Raises:
        InvalidInput: as in ``next_tokens``.
        GenerationError: the model was unloaded.
    """
    if not isinstance(model, Model):
        raise InvalidInput("next_tokens_no_model", kind=type(model).__name__)
    check_text(begun)
    _decoder(model)
    ids = model.prompt_ids(messages, raw=raw, **options)
    if min(ids) < 0:
        raise InvalidInput("next_tokens_text_only")
    return [*ids, *(map(int, model.tokenizer.tokenize(begun)) if begun else ())]


def next_logits(model: Model, ids: Sequence[int]) -> Any:
    """The logits of the token that follows a text.

    Args:
        model: a loaded decoder.
        ids: the token ids of the text.

    Returns:
        A NumPy float32 array, (vocabulary,).

    Raises:
        InvalidInput: no token fits after the text.
        GenerationError: the logits are not numbers, or the model was unloaded.
    """
    import numpy as np

    engine = _decoder(model)
    model._room(ids)  # noqa: SLF001
    logits = engine.logits(ids).astype(np.float32)
    if not np.isfinite(logits).all():
        raise not_a_number(model.precision)
    return logits


def likeliest_tokens(model: Model, logits: Any, kept: Any, count: int) -> list[NextToken]:
    """The tokens with the largest logits, the likeliest first.

    Args:
        model: the model that made the logits.
        logits: as ``next_logits`` returns them.
        kept: as ``sampling_probabilities`` returns them.
        count: the number of tokens.
    """
    probabilities = _softmax(logits)
    vocab = vocabulary(model.tokenizer)
    return [
        NextToken(i, vocab.piece(i), float(probabilities[i]), float(kept[i]))
        for i in likeliest_ids(logits, count)
    ]


def likeliest_ids(logits: Any, count: int) -> list[int]:
    """The ids of the tokens with the largest logits, the likeliest first.

    Args:
        logits: as ``next_logits`` returns them.
        count: the number of tokens.
    """
    import numpy as np

    order: list[int] = np.argsort(-logits, kind="stable")[:count].tolist()
    return order


def finish_word(model: Model, ids: Sequence[int], token: int) -> str:
    """The rest of the word that a token begins, as the model most likely writes it.

    Args:
        model: a loaded decoder.
        ids: the token ids of the text before the token.
        token: the token's id.

    Returns:
        The text after the token; "" where the token is a whole word, or ``max_length`` is reached.
    """
    vocab = vocabulary(model.tokenizer)
    pieces = [vocab.piece(token)]
    control = frozenset(vocab.control.values())
    room = model.max_length - len(ids) - 1
    if room < 1 or token in control:
        return ""
    count = min(room, _LONGEST_WORD)
    greedy = _decoder(model).tokens([*ids, token], Sampling(), 0, count, reuse=True)
    for following in greedy:
        piece = vocab.piece(following) if following >= 0 else ""
        if not piece or following in control or begins_word(pieces[-1], piece):
            break
        pieces.append(piece)
    return "".join(pieces[1:])


def sampling_probabilities(logits: Any, sampling: Sampling) -> Any:
    """The probabilities with which sampling draws each token.

    Args:
        logits: as ``next_logits`` returns them.
        sampling: temperature, top-k and top-p.

    Returns:
        A NumPy array, (vocabulary,); 0 where they exclude a token.
    """
    import numpy as np

    if sampling.temperature == 0:
        return np.eye(1, len(logits), int(logits.argmax()))[0]
    scaled = logits[None] / max(sampling.temperature, 1e-6)
    return _softmax(np.asarray(filter_logits(scaled, sampling.top_k, sampling.top_p))[0])


def _decoder(model: Model) -> Decoder:
    engine = model._decoding()  # noqa: SLF001
    if not isinstance(engine, Decoder):
        raise InvalidInput("next_tokens_no_decoder", name=model.variant.name)
    return engine


def _softmax(logits: Any) -> Any:
    import numpy as np

    powers = np.exp((logits - logits.max()).astype(np.float64))
    return powers / powers.sum()
