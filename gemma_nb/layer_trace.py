"""``trace``: what happens inside a Gemma while it reads a conversation and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.display import Displayed, Summary
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import not_a_number
from gemma_nb.generation.trace_programs import MAX_TOKENS, TraceReader, layer_windows
from gemma_nb.i18n import text
from gemma_nb.model import Model
from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.safe_tokenizer import vocabulary
from gemma_nb.reply_request import Messages
from gemma_nb.text_utils import visible_piece

#: The largest number of alternatives of a token.
_MOST_ALTERNATIVES = 50


@dataclass(frozen=True)
class TokenGuess:
    """A token that a model gives a probability.

    Attributes:
        id: its id in the vocabulary.
        piece: its piece in the vocabulary.
        probability: from 0 to 1.
    """

    id: int
    piece: str
    probability: float


@dataclass(frozen=True)
class TracedToken:
    """A token of a prompt or a reply, and what the model expected at its place.

    Attributes:
        id: its id in the vocabulary.
        piece: its piece in the vocabulary.
        is_control: whether it is a control token.
        in_reply: whether it belongs to the reply.
        probability: the probability that the model gives it after the tokens before it; None for
            the first token.
        alternatives: the likeliest tokens at its place, the likeliest first; it may be among them.
    """

    id: int
    piece: str
    is_control: bool
    in_reply: bool
    probability: float | None
    alternatives: tuple[TokenGuess, ...]


@dataclass(frozen=True, repr=False)
class Trace(Displayed):
    """What happens inside a model while it reads a text; ``trace`` creates it.

    The probabilities of the tokens are known from the beginning. What the layers say is computed
    when it is first asked for, and needs the model in memory.

    Attributes:
        name: the name of the variant.
        tokens: the tokens of prompt and reply, in order.
        next: the likeliest tokens after the last one.
        windows: for each layer the number of tokens that its attention reaches, the token itself
            included; None for a global layer, which reaches all.
        heads: the number of attention heads of each layer.
    """

    name: str
    tokens: tuple[TracedToken, ...]
    next: tuple[TokenGuess, ...]
    windows: tuple[int | None, ...]
    heads: int
    _model: Model = field(compare=False)
    _reader: TraceReader = field(compare=False)

    @property
    def layers(self) -> int:
        """The number of layers."""
        return len(self.windows)

    @property
    def prompt_length(self) -> int:
        """The number of tokens of the prompt, ``<bos>`` included."""
        return sum(not token.in_reply for token in self.tokens)

    def is_global(self, layer: int) -> bool:
        """Whether the attention of a layer reaches all tokens, and not only a sliding window.

        Args:
            layer: the layer's index, from 0.

        Raises:
            InvalidInput: there is no such layer.
        """
        return self.windows[self._layer(layer)] is None

    def lens(self, layer: int) -> tuple[tuple[TokenGuess, ...], ...]:
        """What the model would say next if it ended after a layer (the "logit lens").

        The final norm, the unembedding and the soft cap of the logits are applied to the residual
        stream after that layer
        (https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens). After
        the last layer it is what the model says. The streams of Gemma 3n are averaged first, as
        the model itself does at its end.

        Args:
            layer: the layer's index, from 0.

        Returns:
            For each token the likeliest tokens after it, the likeliest first.

        Raises:
            InvalidInput: there is no such layer, or the model was unloaded.
        """
        ids, probabilities, _ = self._reader.lens(self._engine(), self._layer(layer))
        return _guesses(self._model, ids, probabilities)

    def following(self, layer: int) -> tuple[float | None, ...]:
        """The probability of the token that follows in the text, as ``lens`` sees it.

        Args:
            layer: the layer's index, from 0.

        Returns:
            For each token the probability of the next one; None for the last token.

        Raises:
            InvalidInput: as for ``lens``.
        """
        probabilities = self._reader.lens(self._engine(), self._layer(layer))[2]
        return (*map(float, probabilities[:-1]), None)

    def attention(self, layer: int) -> Any:
        """How much each token attends to each token before it, and to itself.

        Args:
            layer: the layer's index, from 0.

        Returns:
            A NumPy float32 array, (heads, tokens, tokens): the weights with which token i of the
            second axis sums the values of the tokens of the third. They add up to 1, and are 0
            for later tokens and for those before a sliding window.

        Raises:
            InvalidInput: there is no such layer, or the model was unloaded.
        """
        return self._reader.attention(self._engine(), self._layer(layer)).copy()

    def _layer(self, layer: int) -> int:
        return whole_number(layer, "trace_layer", 0, self.layers - 1, last=self.layers - 1)

    def _engine(self) -> Decoder:
        return _decoder(self._model)

    def _summary(self) -> Summary:
        glob = sum(window is None for window in self.windows)
        title = text(
            "trace_summary",
            name=self.name,
            tokens=len(self.tokens),
            layers=self.layers,
            sliding=self.layers - glob,
            glob=glob,
            heads=self.heads,
        )
        rows = tuple(
            (str(i), visible_piece(token.piece), percent(token.probability), _others(token))
            for i, token in enumerate(self.tokens)
        )
        heads = tuple(text(f"trace_{key}") for key in ("number", "token", "chance", "expected"))
        return Summary(title, rows, heads, notes=(text("trace_hint"),))


def trace(
    model: Model,
    messages: Messages,
    *,
    reply: str | None = None,
    max_new_tokens: int = 48,
    count: int = 5,
    raw: bool = False,
    **options: Any,
) -> Trace:
    """Looks inside a model while it reads a conversation and answers.

    For each token of prompt and reply: its probability after the tokens before it, and the
    likeliest others. For each layer, computed when asked for: what the model would say there, and
    how much each token attends to each other.

    Args:
        model: a loaded model.
        messages: a string (one user turn) or a conversation; with ``raw`` a string without a
            template. Text only.
        reply: the reply to look at; None lets the model write one, the likeliest token each time;
            "" looks at the prompt alone.
        max_new_tokens: the largest number of tokens of a reply that the model writes.
        count: the number of likeliest tokens to keep for each token and layer.
        raw: send ``messages`` without a template.
        **options: ``tools``, ``thinking`` and ``guideline``, as in ``format_prompt``.

    Returns:
        What was seen.

    Raises:
        InvalidInput: an argument is out of range; the model was unloaded, is no decoder, or reads
            its prompt in both directions (PaliGemma); the prompt holds an image or sound; or
            prompt and reply have more than 1,024 tokens, or more than ``max_length``.
        GenerationError: the logits are not numbers.
    """
    import numpy as np

    if not isinstance(model, Model):
        raise InvalidInput("trace_wants_model", kind=type(model).__name__)
    engine = _decoder(model)
    count = whole_number(count, "trace_count", 1, _MOST_ALTERNATIVES, limit=_MOST_ALTERNATIVES)
    max_new_tokens = whole_number(max_new_tokens, "bad_max_new_tokens", 1)
    if reply is not None:
        if not isinstance(reply, str):
            raise InvalidInput("trace_reply", kind=type(reply).__name__)
        check_text(reply)
    ids = model.prompt_ids(messages, raw=raw, **options)
    if min(ids) < 0:
        raise InvalidInput("trace_text_only")
    prompt_length = len(ids)
    vocab = vocabulary(model.tokenizer)
    most = min(model.max_length, MAX_TOKENS)
    if reply is None:
        _check_length(prompt_length + 1, most)
        new = min(max_new_tokens, most - prompt_length)
        ids += model.stream_ids(messages, new, temperature=0, raw=raw, **options)
    else:
        ids += vocab.ids([(reply, False)])[1:]  # without <bos>
    _check_length(len(ids), most)
    reader = TraceReader(ids, count)
    windows = layer_windows(engine.adapter)
    found, probabilities, following = reader.lens(engine, len(windows) - 1)
    if not np.isfinite(probabilities).all():
        raise not_a_number(model.precision)
    guesses = ((), *_guesses(model, found, probabilities))
    chances = (None, *map(float, following[:-1]))
    control = frozenset(vocab.control.values())
    tokens = tuple(
        TracedToken(i, vocab.piece(i), i in control, at >= prompt_length, chances[at], guesses[at])
        for at, i in enumerate(ids)
    )
    heads = len(reader.attention(engine, 0))
    return Trace(model.variant.name, tokens, guesses[-1], windows, heads, model, reader)


def percent(probability: float | None) -> str:
    """A probability as a person reads it: "98%", "0.4%", "<0.1%"; "–" for None.

    Args:
        probability: from 0 to 1.
    """
    if probability is None:
        return "–"
    if probability < 0.001:
        return "<0.1%"
    # a digit after the point where two numbers would else look the same, or like certainty
    is_near_an_end = probability < 0.0995 or 0.995 <= probability < 0.9995
    return f"{probability:.1%}" if is_near_an_end else f"{probability:.0%}"


def _decoder(model: Model) -> Decoder:
    """The decoder of a model.

    Raises:
        InvalidInput: the model was unloaded, or is none that is read token by token.
    """
    engine = model._decoder  # noqa: SLF001
    if engine is None:
        raise InvalidInput("trace_unloaded", name=model.variant.name)
    if not isinstance(engine, Decoder):
        raise InvalidInput("trace_no_decoder", name=model.variant.name)
    if engine.adapter.bidirectional == "prompt":
        raise InvalidInput("trace_bidirectional", name=model.variant.name)
    return engine


def _check_length(tokens: int, most: int) -> None:
    if tokens > most:
        raise InvalidInput("trace_too_long", tokens=tokens, most=most, over=tokens - most)


def _guesses(model: Model, ids: Any, probabilities: Any) -> tuple[tuple[TokenGuess, ...], ...]:
    piece = vocabulary(model.tokenizer).piece
    return tuple(
        tuple(TokenGuess(i, piece(i), p) for i, p in zip(*row, strict=True))
        for row in zip(ids.tolist(), probabilities.tolist(), strict=True)
    )


def _others(token: TracedToken) -> str:
    shown: Sequence[TokenGuess] = token.alternatives[:3]
    return text("show_and").join(
        f"{visible_piece(g.piece)} {percent(g.probability)}" for g in shown
    )
