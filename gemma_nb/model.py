"""A loaded model: text in, text out, as it is made."""

from __future__ import annotations

import re
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation import embedding
from gemma_nb.generation.decoding import Decoder
from gemma_nb.generation.embedding import Embedder
from gemma_nb.generation.engine import Engine, engine_of
from gemma_nb.generation.sampling import Sampling, defaults
from gemma_nb.generation.text import TextStream
from gemma_nb.prompts import format_prompt, stop_tokens
from gemma_nb.prompts.tokens import vocabulary

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant

#: A conversation: one user turn as a string, or a list of {"role": …, "content": …}.
Messages = str | Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Stats:
    """What the last reply took.

    ``first_token_seconds`` runs from the call to the first token and leaves compiling out;
    ``tokens_per_second`` counts the tokens after the first; None where there was only one.
    """

    prompt_tokens: int
    new_tokens: int
    compile_seconds: float
    first_token_seconds: float
    tokens_per_second: float | None


#: Every model that is in memory.
_live: weakref.WeakSet[Model] = weakref.WeakSet()


def live_models() -> list[Model]:
    """The models that are in memory now, by name."""
    return sorted(_live, key=lambda model: model.variant.name)


class Model:
    """A Gemma that is in memory and answers; made by ``load`` or ``from_keras``.

    Args:
        lm: the KerasHub task; it is read, never changed.
        tokenizer: its KerasHub tokenizer.
        variant: what it is.
        precision: the dtype its weights are held in.
        max_length: tokens of prompt and reply together.
    """

    def __init__(
        self, lm: Any, tokenizer: Any, variant: Variant, precision: str, max_length: int
    ) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.variant = variant
        self.precision = precision
        self.max_length = max_length
        self.last: Stats | None = None
        self._decoder: Engine | None = engine_of(lm, max_length)
        control = vocabulary(tokenizer).control
        self._stops = frozenset(control[t] for t in stop_tokens(variant) if t in control)
        # PaliGemma's places and masks are what it says, not marks round it
        said = re.compile(r"<(?:loc|seg)\d+>")
        self._control = frozenset(i for t, i in control.items() if not said.fullmatch(t))
        _live.add(self)

    def __repr__(self) -> str:
        state = "" if self._decoder else ", unloaded"
        return f"Model({self.variant.name}, {self.precision}, max_length={self.max_length}{state})"

    @property
    def compilations(self) -> int:
        """How many programs were compiled for this model so far."""
        return self._loaded().compilations

    def prompt_ids(
        self,
        messages: Messages,
        *,
        raw: bool = False,
        tools: Sequence[Any] | None = None,
        thinking: bool = False,
        guideline: str | None = None,
    ) -> list[int]:
        """The token ids that the model is given, ``<bos>`` first.

        Args:
            messages: a string or a conversation; with ``raw`` a string.
            raw: the string as it stands, without a template.
            tools: as in ``format_prompt``.
            thinking: as in ``format_prompt``.
            guideline: as in ``format_prompt``.

        Raises:
            InvalidInput: the variant cannot take these messages.
        """
        if raw:
            if not isinstance(messages, str):
                raise InvalidInput("raw_wants_text", kind=type(messages).__name__)
            return [self.tokenizer.start_token_id, *map(int, self.tokenizer.tokenize(messages))]
        prompt = format_prompt(
            messages, self.variant, tools=tools, thinking=thinking, guideline=guideline
        )
        return list(prompt.token_ids(self.tokenizer))

    def stream_ids(
        self,
        messages: Messages,
        max_new_tokens: int = 256,
        *,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: Sequence[str] = (),
        ignore_eos: bool = False,
        raw: bool = False,
        tools: Sequence[Any] | None = None,
        thinking: bool = False,
        guideline: str | None = None,
    ) -> Iterator[int]:
        """Yields the reply's token ids as they are made, the stop token excluded.

        Args:
            messages: a string (one user turn) or a conversation.
            max_new_tokens: the most tokens to make; the reply also ends where prompt and reply
                reach ``max_length``.
            temperature: 0 is greedy; None, like the next two, takes the publisher's default.
            top_k: only the k most likely tokens; 0 keeps all.
            top_p: of those, the fewest whose probabilities reach p.
            seed: the same seed gives the same reply on the same machine; None draws one.
            stop: strings that end the reply.
            ignore_eos: run on past stop tokens.
            raw: send a string as it stands, without a template.
            tools: as in ``format_prompt``.
            thinking: as in ``format_prompt``.
            guideline: as in ``format_prompt``.

        Raises:
            InvalidInput: an argument is out of range, or the prompt does not fit ``max_length``;
                raised by the call itself, before anything is computed.
            GenerationError: the logits are not numbers.
        """
        pairs = self._start(
            messages,
            max_new_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
            stop=stop,
            ignore_eos=ignore_eos,
            raw=raw,
            tools=tools,
            thinking=thinking,
            guideline=guideline,
        )
        return (token for token, _ in pairs if token is not None)

    def stream(
        self, messages: Messages, max_new_tokens: int = 256, **options: Any
    ) -> Iterator[str]:
        """Yields the reply's text in pieces of whole characters, as it is made.

        Args:
            messages: a string (one user turn) or a conversation.
            max_new_tokens: the most tokens to make.
            **options: those of ``stream_ids``. Control tokens are dropped; the reply ends before
                the first of ``stop``; a character that the reply leaves incomplete becomes one
                U+FFFD.

        Raises:
            InvalidInput: as in ``stream_ids``.
            GenerationError: as in ``stream_ids``.
        """
        pairs = self._start(messages, max_new_tokens, **options)
        return (text for _, text in pairs if text)

    def generate(
        self, messages: Messages | Sequence[Messages], max_new_tokens: int = 256, **options: Any
    ) -> str | list[str]:
        """The whole reply; for a list of conversations, a list of replies.

        An interrupt (Ctrl-C, the kernel's stop) ends a single reply early and returns what there
        is.

        Args:
            messages: a string, a conversation, or a list of strings or conversations.
            max_new_tokens: the most tokens to make for each.
            **options: those of ``stream_ids``.

        Raises:
            InvalidInput: as in ``stream_ids``.
            GenerationError: as in ``stream_ids``.
        """
        if _is_batch(messages):
            return [str(self.generate(one, max_new_tokens, **options)) for one in messages]  # type: ignore[arg-type]
        pieces: list[str] = []
        try:
            pieces.extend(self.stream(messages, max_new_tokens, **options))  # type: ignore[arg-type]
        except KeyboardInterrupt:
            if not pieces:
                raise
        return "".join(pieces)

    def save(self, path: str | Path) -> Path:
        """Saves the model, quantised as it is, as an ordinary KerasHub preset.

        ``load(path)`` brings it back without the 16-bit one; so does KerasHub's ``from_preset``
        without a ``dtype``.

        Args:
            path: a directory that does not exist yet, or is empty; on a mounted drive, say.

        Returns:
            The directory.

        Raises:
            InvalidInput: there is something at ``path`` already.
            LoadError: the disk is full or cannot be written; nothing is left there.
            GenerationError: the model was unloaded.
        """
        self._loaded()
        from gemma_nb.loading.saving import save

        return save(self, path)

    def score(self, messages: Messages, *, guideline: str) -> float:
        """How likely ShieldGemma finds that the last turn breaks a guideline.

        The probability of "Yes" against "No" as the first token of the verdict, as ShieldGemma's
        model card computes it (https://ai.google.dev/gemma/docs/shieldgemma/model_card).

        Args:
            messages: a string (a user's question) or a conversation, whose last turn is judged.
            guideline: the policy, in the card's words or your own.

        Returns:
            The probability of "Yes", 0 to 1.

        Raises:
            InvalidInput: the variant judges nothing, or cannot take these messages, or they do
                not fit ``max_length``.
            GenerationError: the logits are not numbers.
        """
        import numpy as np

        decoder = self._loaded()
        if self.variant.prompt_format != "shieldgemma" or not isinstance(decoder, Decoder):
            raise InvalidInput("score_wants_a_judge", name=self.variant.name)
        ids = self.prompt_ids(messages, guideline=guideline)
        self._room(ids)
        pieces = self.tokenizer.get_vocabulary()
        pair = [pieces.index(word) for word in ("Yes", "No")]
        logits = decoder.logits(ids)[pair].astype(np.float64)
        if not np.isfinite(logits).all():
            raise GenerationError("not_a_number", precision=self.precision)
        return float(1 / (1 + np.exp(logits[1] - logits[0])))

    def embed(self, texts: Any, task: str = "search result", dimensions: int | None = None) -> Any:
        """Vectors of texts, each of length 1: the nearer two are in meaning, the larger their product.

        Args:
            texts: a string, or a list of strings; a document may be {"text": …, "title": …}.
            task: what the texts are: "document", or a query of one of EmbeddingGemma's tasks
                ("search result", "question answering", "fact checking", "classification",
                "clustering", "sentence similarity", "code retrieval", "summarization"), each with
                its own prompt (https://ai.google.dev/gemma/docs/embeddinggemma/model_card).
            dimensions: 768, 512, 256 or 128, for EmbeddingGemma; None is the full size.

        Returns:
            A NumPy float32 array, shape (texts, dimensions).

        Raises:
            InvalidInput: the variant makes no embeddings, a text is none, empty or longer than
                ``max_length``, or the task or size is unknown.
            GenerationError: the vectors are not numbers.
        """
        import numpy as np

        embedder = self._loaded()
        if not isinstance(embedder, Embedder):
            raise InvalidInput("embed_wants_embedder", name=self.variant.name)
        dimensions = embedding.checked_dimensions(dimensions, embedder.dimensions)
        ids = embedding.token_ids(texts, task, self.variant, self.tokenizer, self.max_length)
        vectors = embedder.vectors(ids)
        if not np.isfinite(vectors).all():
            raise GenerationError("not_a_number", precision=self.precision)
        return embedding.cut(vectors, dimensions)

    def unload(self) -> None:
        """Gives the model's memory back; it answers no more."""
        _live.discard(self)
        self._decoder = None
        self.lm = None
        from gemma_nb.loading.release import release

        release()

    def _room(self, ids: Sequence[int]) -> int:
        """How many tokens fit behind a prompt.

        Raises:
            InvalidInput: none.
        """
        if len(ids) >= self.max_length:
            over = len(ids) + 1 - self.max_length
            raise InvalidInput(
                "no_room_for_reply", tokens=len(ids), max_length=self.max_length, over=over
            )
        return self.max_length - len(ids)

    def _loaded(self) -> Engine:
        if self._decoder is None:
            raise GenerationError("unloaded", name=self.variant.name)
        return self._decoder

    def _start(
        self,
        messages: Messages,
        max_new_tokens: int,
        *,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: Sequence[str] = (),
        ignore_eos: bool = False,
        **prompt_options: Any,
    ) -> Iterator[tuple[int | None, str]]:
        """Checks everything, then returns an iterator of (token id, text that it completes)."""
        decoder = self._loaded()
        if isinstance(decoder, Embedder):
            raise InvalidInput("embed_no_reply", name=self.variant.name)
        sampling = _sampling(self.variant, temperature, top_k, top_p)
        seed = _seed(seed)
        strings = _stop_strings(stop)
        if type(max_new_tokens) is not int or max_new_tokens < 1:
            raise InvalidInput("bad_max_new_tokens", value=max_new_tokens)
        ids = self.prompt_ids(messages, **prompt_options)
        count = min(max_new_tokens, self._room(ids))
        stops = frozenset[int]() if ignore_eos else self._stops
        tokens = decoder.tokens(ids, sampling, seed, count)
        clock = _Clock(len(ids), decoder)
        return self._pairs(tokens, stops, TextStream(self.tokenizer, self._control, strings), clock)

    def _pairs(
        self, tokens: Iterator[int], stops: frozenset[int], text: TextStream, clock: _Clock
    ) -> Iterator[tuple[int | None, str]]:
        clock.start()
        try:
            for token in tokens:
                clock.tick()
                if token < 0:
                    raise GenerationError("not_a_number", precision=self.precision)
                if token in stops:
                    break
                clock.kept += 1
                yield token, text.push(token)
                if text.stopped:
                    break
            yield None, text.finish()
        finally:
            self.last = clock.stats()


class _Clock:
    """Times one reply; compiling is told apart."""

    def __init__(self, prompt_tokens: int, decoder: Engine) -> None:
        self.kept = 0
        self._prompt_tokens = prompt_tokens
        self._decoder = decoder
        self._ticks = 0
        self.start()

    def start(self) -> None:
        self._compiled = self._decoder.compile_seconds
        self._started = self._first = self._last = time.perf_counter()
        self._first_compiled = 0.0

    def tick(self) -> None:
        self._last = time.perf_counter()
        self._ticks += 1
        if self._ticks == 1:
            self._first = self._last
            self._first_compiled = self._decoder.compile_seconds - self._compiled

    def stats(self) -> Stats:
        compiled = self._decoder.compile_seconds - self._compiled
        seconds = self._last - self._first - (compiled - self._first_compiled)
        return Stats(
            prompt_tokens=self._prompt_tokens,
            new_tokens=self.kept,
            compile_seconds=compiled,
            first_token_seconds=self._first - self._started - self._first_compiled,
            tokens_per_second=(self._ticks - 1) / seconds if self._ticks > 1 else None,
        )


def _sampling(
    variant: Variant, temperature: float | None, top_k: int | None, top_p: float | None
) -> Sampling:
    default = defaults(variant)
    return Sampling(
        default.temperature if temperature is None else temperature,
        default.top_k if top_k is None else top_k,
        default.top_p if top_p is None else top_p,
    )


def _seed(seed: int | None) -> int:
    if seed is None:
        import secrets

        return secrets.randbits(31)
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise InvalidInput("bad_seed", value=seed)
    return seed


def _stop_strings(stop: Sequence[str]) -> tuple[str, ...]:
    strings = (stop,) if isinstance(stop, str) else tuple(stop)
    if any(not isinstance(s, str) or not s for s in strings):
        raise InvalidInput("bad_stop", value=stop)
    return strings


def _is_batch(messages: Any) -> bool:
    """A list of strings or of conversations, as against one conversation (a list of dicts)."""
    return (
        not isinstance(messages, str)
        and len(messages) > 0
        and all(not isinstance(one, dict) for one in messages)
    )
