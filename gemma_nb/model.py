"""``Model``: a loaded Gemma that streams replies."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gemma_nb.arguments import flag_argument, whole_number
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation import embedder as embedding
from gemma_nb.generation.batching import choose_rows
from gemma_nb.generation.compilation import next_power_of_two
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.detokenizer import Detokenizer
from gemma_nb.generation.embedder import Embedder
from gemma_nb.generation.engine import Engine, create_engine
from gemma_nb.generation.media_encoders import MediaEmbeddingCache, create_media_encoder
from gemma_nb.generation.media_inputs import Converters, MediaInput, prompt_token_ids
from gemma_nb.generation.sampling import not_a_number
from gemma_nb.generation.seq2seq import EncoderDecoder
from gemma_nb.generation.stats import ReplyTimer, Stats, combine_stats
from gemma_nb.loading.export import export_model
from gemma_nb.loading.free_memory import free_memory
from gemma_nb.loading.saving import save_preset
from gemma_nb.prompts.formatting import format_prompt, reply_tokens, stop_tokens
from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.prompt import Prompt
from gemma_nb.prompts.reply_parser import Chunk, ReplyParser
from gemma_nb.prompts.safe_tokenizer import vocabulary
from gemma_nb.reply_request import (
    Messages,
    ReplyRequest,
    check_prompt_options,
    checked_seed,
    is_list_of_conversations,
    parsed_chunks,
    replies_side_by_side,
    sampling_options,
    stop_strings,
)

#: The models that are in memory.
_live: weakref.WeakSet[Model] = weakref.WeakSet()


def live_models() -> list[Model]:
    """The models that are in memory, sorted by name."""
    return sorted(_live, key=lambda model: model.variant.name)


class Model:
    """A Gemma in memory, created by ``load`` or ``from_keras``.

    Args:
        lm: the KerasHub task, which is not changed.
        tokenizer: its KerasHub tokenizer.
        variant: the variant that it is.
        precision: the precision of its weights.
        max_length: the largest number of tokens of prompt and reply together.
        converters: KerasHub's layers that read images and sound for it, if it takes any.
        engine: the engine that runs it; None creates one.
        stop_ids: tokens that end a reply besides those of the variant's prompt format.

    Attributes:
        last: the ``Stats`` of the last reply, of a list of replies together; None before the first.

    Raises:
        InvalidInput: this package does not run the class of ``lm``.
    """

    def __init__(
        self,
        lm: Any,
        tokenizer: Any,
        variant: Variant,
        precision: str,
        max_length: int,
        converters: Converters | None = None,
        engine: Engine | None = None,
        stop_ids: frozenset[int] = frozenset(),
    ) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.variant = variant
        self.precision = precision
        self.max_length = max_length
        self.last: Stats | None = None
        self._decoder: Engine | None = engine or create_engine(lm, max_length)
        self.converters = converters or Converters()
        compiled = getattr(self._decoder, "compiled", None)
        self._media_encoder = create_media_encoder(lm, self.converters, variant.name, compiled)
        self._media_cache = MediaEmbeddingCache(
            self._media_encoder
        )  # of the last prompt, for the next
        control = vocabulary(tokenizer).control
        self.stop_ids = stop_ids
        of_format = frozenset(control[t] for t in stop_tokens(variant) if t in control)
        self._stops = of_format | stop_ids
        # PaliGemma's locations and masks belong to its reply; they are no markup to drop
        reply_text = re.compile(r"<(?:loc|seg)\d+>")
        self._control = frozenset(i for t, i in control.items() if not reply_text.fullmatch(t))
        self._marks = frozenset(control[t] for t in reply_tokens(variant) if t in control)
        _live.add(self)

    def __repr__(self) -> str:
        state = "" if self._decoder else ", unloaded"
        return f"Model({self.variant.name}, {self.precision}, max_length={self.max_length}{state})"

    @property
    def compilations(self) -> int:
        """The number of programs that were compiled for this model so far."""
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
        """The token ids of the prompt, ``<bos>`` first.

        An image or clip takes the place of its embeddings, each a number below -1.

        Args:
            messages: a string, a conversation, or a ``Prompt``, which is sent as it is; with ``raw``
                a string.
            raw: send the string without a template.
            tools: as in ``format_prompt``.
            thinking: as in ``format_prompt``.
            guideline: as in ``format_prompt``.

        Raises:
            InvalidInput: the variant does not take these messages, or an image or clip cannot be
                read.
        """
        return self._prompt(messages, raw, tools=tools, thinking=thinking, guideline=guideline)[0]

    def _prompt(
        self, messages: Messages, raw: bool = False, **options: Any
    ) -> tuple[list[int], str, list[MediaInput]]:
        """The prompt's token ids, the prompt itself, and its images and clips."""
        if flag_argument(raw, "raw") and not isinstance(messages, Prompt):
            if not isinstance(messages, str):
                raise InvalidInput("raw_wants_text", kind=type(messages).__name__)
            ids = map(int, self.tokenizer.tokenize(check_text(messages)))
            return [self.tokenizer.start_token_id, *ids], messages, []
        prompt = format_prompt(messages, self.variant, **options)
        if not prompt.media:
            return list(prompt.token_ids(self.tokenizer)), prompt, []
        clips = [self._media_encoder.read(medium) for medium in prompt.media]
        return (
            prompt_token_ids(prompt, clips, self._media_encoder.placeholders, self.tokenizer),
            prompt,
            clips,
        )

    def stream_ids(
        self,
        messages: Messages,
        max_new_tokens: int = 256,
        *,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: Sequence[str] | None = (),
        ignore_eos: bool = False,
        raw: bool = False,
        tools: Sequence[Any] | None = None,
        thinking: bool = False,
        guideline: str | None = None,
    ) -> Iterator[int]:
        """Yields the token ids of the reply as they are generated, without the stop token.

        Args:
            messages: a string (one user turn), a conversation, or a ``Prompt`` of
                ``format_prompt``, which is sent as it is.
            max_new_tokens: the largest number of tokens to generate; the reply also ends when
                prompt and reply reach ``max_length``.
            temperature: 0 is greedy; None, as for the next two, takes the publisher's default.
            top_k: only the k most likely tokens; 0 keeps all.
            top_p: of those, the fewest whose probabilities reach p.
            seed: the same seed gives the same reply on the same machine; None draws one.
            stop: strings that end the reply.
            ignore_eos: continue after stop tokens.
            raw: send a string without a template.
            tools: as in ``format_prompt``.
            thinking: as in ``format_prompt``.
            guideline: as in ``format_prompt``.

        Raises:
            InvalidInput: an argument is out of range, or the prompt does not fit ``max_length``;
                raised by the call itself, before anything is computed.
            GenerationError: the logits are not finite.
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
        """Yields the text of the reply as it is generated, in whole characters.

        Args:
            messages: a string (one user turn), a conversation, or a ``Prompt`` of
                ``format_prompt``, which is sent as it is.
            max_new_tokens: the largest number of tokens to generate.
            **options: those of ``stream_ids``. Control tokens are dropped, the reply ends before
                the first of ``stop``, and an incomplete last character becomes one U+FFFD.

        Raises:
            InvalidInput: as in ``stream_ids``.
            GenerationError: as in ``stream_ids``.
        """
        pairs = self._start(messages, max_new_tokens, **options)
        return (text for _, text in pairs if text)

    def chunks(
        self, messages: Messages, max_new_tokens: int = 256, **options: Any
    ) -> Iterator[Chunk]:
        """Yields the parts of the reply as it is generated: answer, thoughts, tool calls, boxes.

        Args:
            messages: a string (one user turn), a conversation, or a ``Prompt`` of
                ``format_prompt``, which is sent as it is.
            max_new_tokens: the largest number of tokens to generate.
            **options: those of ``stream_ids``.

        Raises:
            InvalidInput: as in ``stream_ids``.
            GenerationError: as in ``stream_ids``.
        """
        return self._chunks(messages, max_new_tokens, **options)[0]

    def _chunks(
        self, messages: Messages, max_new_tokens: int, **options: Any
    ) -> tuple[Iterator[Chunk], ReplyParser]:
        one = self._request(messages, max_new_tokens, marked=True, **options)
        parser = ReplyParser(self.variant, prompt=one.prompt)
        return parsed_chunks(self._pairs(one), parser), parser

    def generate(
        self,
        messages: Messages | Sequence[Messages],
        max_new_tokens: int = 256,
        *,
        batch_size: int | None = None,
        **options: Any,
    ) -> str | list[str]:
        """The whole reply; for a list of conversations, a list of replies.

        An interrupt (Ctrl-C, the kernel's stop button) ends a single reply early and returns the
        part so far.

        Args:
            messages: a string, a conversation, a ``Prompt``, or a list of these.
            max_new_tokens: the largest number of tokens to generate for each.
            batch_size: how many conversations of a list are computed side by side; each has its
                own KV cache. None takes as many as the free memory allows, up to 64 on an
                accelerator and 8 on a processor; ``last.batch_size`` tells how many. When one
                ends, the next of the list takes its place.
            **options: those of ``stream_ids``. Conversation i of a list takes the seed
                ``seed + i``.

        Raises:
            InvalidInput: as in ``stream_ids``, and for a ``batch_size`` below 1.
            GenerationError: as in ``stream_ids``.
        """
        if batch_size is not None:
            batch_size = whole_number(batch_size, "bad_batch_size", 1)
        if is_list_of_conversations(messages):
            return self._batches(list(messages), max_new_tokens, batch_size, **options)
        pieces: list[str] = []
        try:
            pieces.extend(self.stream(messages, max_new_tokens, **options))  # type: ignore[arg-type]
        except KeyboardInterrupt:
            if not pieces:
                raise
        return "".join(pieces)

    def _batches(
        self, conversations: list[Any], max_new_tokens: int, batch_size: int | None, **options: Any
    ) -> list[str]:
        """The replies to a list. All arguments are checked first."""
        seed = checked_seed(options.pop("seed", None))
        requests = [
            self._request(one, max_new_tokens, seed=(seed + i) % 2**32, **options)
            for i, one in enumerate(conversations)
        ]
        engine = self._decoding()
        together = [i for i, one in enumerate(requests) if not one.media.inputs]
        if batch_size is None:
            rows = choose_rows(self.variant, self.precision, self.max_length, len(together) or 1)
        else:  # a power of two, so that few sizes are compiled
            rows = next_power_of_two(min(batch_size, len(together) or 1))
        replies: dict[int, str] = {}  # by place in the list
        stats: list[Stats] = []
        if rows > 1 and isinstance(engine, Decoder):
            made, joint = replies_side_by_side(
                engine, [requests[i] for i in together], rows, self.precision
            )
            replies.update(zip(together, made, strict=True))
            stats.append(joint)
        for i, one in enumerate(requests):
            if i not in replies:
                replies[i] = "".join(text for _, text in self._pairs(one))
                stats += [self.last] if self.last else []
        self.last = combine_stats(stats)
        return [replies[i] for i in range(len(requests))]

    def save(self, path: str | Path) -> Path:
        """Saves the model, quantised as it is, as an ordinary KerasHub preset.

        ``load(path)`` reads it back without the 16-bit weights; so does KerasHub's
        ``from_preset`` without a ``dtype``. KerasHub itself rounds activations when it opens an
        int8 preset, and those of the logits in an int4 one, whose embedding is in int8: Keras's
        config does not hold that only weights are rounded. ``load`` reads that from the record
        ``gemma_nb.json``.

        Args:
            path: a directory that does not exist yet, or is empty; for example on a mounted drive.

        Returns:
            The directory.

        Raises:
            InvalidInput: ``path`` exists and is not an empty directory.
            LoadError: the disk is full or cannot be written; nothing is left at ``path``.
            GenerationError: the model was unloaded.
        """
        self._loaded()
        converters = (self.converters.image, self.converters.audio)
        parts = [self.tokenizer, *(one for one in converters if one is not None)]
        return save_preset(self.lm, parts, self.variant, self.precision, path, self.stop_ids)

    def export(
        self,
        path: str | Path,
        format: str = "safetensors",  # noqa: A002 - the word that users know
        *,
        precision: str = "auto",
    ) -> Path:
        """Writes the model for other programs: as a checkpoint of transformers, or as GGUF.

        A quantised model is written dequantised. The vocabulary and, for a chat model, a chat
        template for text are written too. Image and audio encoders are not, and a note says so.

        Args:
            path: for safetensors a directory that does not exist yet, or is empty; for GGUF a file
                that does not exist yet and ends in ".gguf".
            format: "safetensors", which transformers loads, or "gguf", which llama.cpp and Ollama
                run; for GGUF the package gguf has to be installed.
            precision: "float32", "bfloat16" or "float16"; for GGUF "Q8_0" and "Q4_0" too; "auto" is
                the model's own, and bfloat16 for a quantised one.

        Returns:
            The path.

        Raises:
            InvalidInput: an unknown format or precision, a path that cannot be used, or a model that
                the format cannot hold (the message names its class, or what of it).
            LoadError: the package gguf is missing, or the disk is full or cannot be written;
                nothing is left at ``path``.
            GenerationError: the model was unloaded.
        """
        self._loaded()
        return export_model(self.lm, self.tokenizer, self.variant, path, format, precision)

    def score(self, messages: Messages, *, guideline: str) -> float:
        """The probability that the last turn violates a guideline, as ShieldGemma judges it.

        This is the probability of "Yes" against "No" as the first token of the verdict, as the
        model card of ShieldGemma computes it (https://ai.google.dev/gemma/docs/shieldgemma/model_card).

        Args:
            messages: a string (a user's question) or a conversation, whose last turn is judged.
            guideline: the policy, in the words of the model card or your own.

        Returns:
            The probability of "Yes", 0 to 1.

        Raises:
            InvalidInput: the variant is not ShieldGemma, does not take these messages, or they do
                not fit ``max_length``.
            GenerationError: the logits are not finite.
        """
        import numpy as np

        decoder = self._loaded()
        if self.variant.prompt_format != "shieldgemma" or not isinstance(decoder, Decoder):
            raise InvalidInput("score_wants_a_judge", name=self.variant.name)
        ids = self.prompt_ids(messages, guideline=guideline)
        self._room(ids)
        pair = [self.tokenizer.token_to_id(word) for word in ("Yes", "No")]
        logits = decoder.logits(ids)[pair].astype(np.float64)
        if not np.isfinite(logits).all():
            raise not_a_number(self.precision)
        return float(1 / (1 + np.exp(logits[1] - logits[0])))

    def embed(self, texts: Any, task: str = "search result", dimensions: int | None = None) -> Any:
        """Embedding vectors of texts, of length 1: the closer the meaning, the larger the product.

        Args:
            texts: a string, or a list of strings; a document may be {"text": …, "title": …}.
            task: the kind of text: "document", or a query of one of EmbeddingGemma's tasks
                ("search result", "question answering", "fact checking", "classification",
                "clustering", "sentence similarity", "code retrieval", "summarization"), each with
                its own prompt (https://ai.google.dev/gemma/docs/embeddinggemma/model_card).
            dimensions: 768, 512, 256 or 128, for EmbeddingGemma; None is the full size.

        Returns:
            A NumPy float32 array, shape (texts, dimensions).

        Raises:
            InvalidInput: the variant makes no embeddings, a text is not a string, is empty or
                longer than ``max_length``, or the task or size is unknown.
            GenerationError: the vectors are not finite.
        """
        import numpy as np

        embedder = self._loaded()
        if not isinstance(embedder, Embedder):
            raise InvalidInput("embed_wants_embedder", name=self.variant.name)
        dimensions = embedding.check_dimensions(dimensions, embedder.dimensions)
        ids = embedding.embedding_token_ids(
            texts, task, self.variant, self.tokenizer, self.max_length
        )
        vectors = embedder.vectors(ids)
        if not np.isfinite(vectors).all():
            raise not_a_number(self.precision)
        return embedding.truncate_vectors(vectors, dimensions)

    def unload(self) -> None:
        """Frees the memory of the model, which cannot be used afterwards."""
        _live.discard(self)
        self._decoder = None
        self.lm = self._media_encoder.lm = None
        self._media_cache.clear()
        free_memory()

    def _room(self, ids: Sequence[int]) -> int:
        """The number of tokens that fit after a prompt.

        Raises:
            InvalidInput: no token fits.
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

    def _decoding(self) -> Decoder | EncoderDecoder:
        """The engine, which generates replies.

        Raises:
            InvalidInput: the variant makes embeddings instead.
            GenerationError: the model was unloaded.
        """
        engine = self._loaded()
        if isinstance(engine, Embedder):
            raise InvalidInput("embed_no_reply", name=self.variant.name)
        return engine

    def _start(
        self, messages: Messages, max_new_tokens: int, **options: Any
    ) -> Iterator[tuple[int | None, str]]:
        """Checks all arguments, then returns an iterator of (token id, text that it completes)."""
        return self._pairs(self._request(messages, max_new_tokens, **options))

    def _request(
        self,
        messages: Messages,
        max_new_tokens: int,
        *,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: Sequence[str] | None = (),
        ignore_eos: bool = False,
        marked: bool = False,
        cache: Mapping[str, bool] = MappingProxyType({}),
        **prompt_options: Any,
    ) -> ReplyRequest:
        """The request for one reply, after all arguments were checked.

        ``marked`` keeps the control tokens that ``ReplyParser`` reads in the text; ``cache`` is
        passed to ``Decoder.tokens``.
        """
        self._decoding()
        check_prompt_options(prompt_options)
        sampling = sampling_options(self.variant, temperature, top_k, top_p)
        seed = checked_seed(seed)
        strings = stop_strings(stop)
        count = whole_number(max_new_tokens, "bad_max_new_tokens", 1)
        ids, prompt, clips = self._prompt(messages, **prompt_options)
        self._media_cache = MediaEmbeddingCache(self._media_encoder, clips, self._media_cache)
        control = self._control - self._marks if marked else self._control
        return ReplyRequest(
            prompt,
            ids,
            sampling,
            seed,
            min(count, self._room(ids)),
            frozenset() if flag_argument(ignore_eos, "ignore_eos") else self._stops,
            Detokenizer(self.tokenizer, control, strings),
            cache,
            self._media_cache,
        )

    def _pairs(self, one: ReplyRequest) -> Iterator[tuple[int | None, str]]:
        decoder = self._decoding()
        clock = ReplyTimer(len(one.ids), decoder)
        options: dict[str, Any] = {"media": one.media, **one.cache}
        if isinstance(decoder, EncoderDecoder):
            # it generates the whole reply before it yields any token
            start = self.tokenizer.start_token_id
            options = {"media": one.media, "stops": one.stops, "start": start}
        tokens = decoder.tokens(one.ids, one.sampling, one.seed, one.count, **options)
        return self._timed(tokens, one, clock)

    def _timed(
        self, tokens: Iterator[int], one: ReplyRequest, clock: ReplyTimer
    ) -> Iterator[tuple[int | None, str]]:
        clock.start()
        try:
            for token in tokens:
                clock.tick()
                if token < 0:
                    raise not_a_number(self.precision)
                if token in one.stops:
                    break
                clock.new_tokens += 1
                yield token, one.text.push(token)
                if one.text.stopped:
                    break
            yield None, one.text.finish()
        finally:
            self.last = clock.stats()
