"""The decoder: generates replies token by token, and reuses the KV cache between replies."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.fit.cache_layout import CALLS_AHEAD
from gemma_nb.generation import compilation
from gemma_nb.generation.batching import RowSchedule, Step, insert_spec
from gemma_nb.generation.compilation import SpecFactory
from gemma_nb.generation.decode_programs import (
    DecodePrograms,
    default_steps_per_call,
    sampling_scalars,
)
from gemma_nb.generation.keras_internals import is_distributed, variable_arrays
from gemma_nb.generation.kv_cache import CacheSnapshot, KVCache, copy_specs
from gemma_nb.generation.partitioning import compiled_functions, same_seeds, send_inputs
from gemma_nb.generation.prefill import (
    NO_MEDIA,
    MediaEmbeddings,
    PrefillChunk,
    media_start,
    prefill_buckets,
    prefill_chunks,
    slot_offsets,
)
from gemma_nb.generation.sampling import Sampling
from gemma_nb.loading.sharding import DeviceLayout


class Decoder:
    """Generates tokens with a KerasHub task, using its own weights and layers.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens that the KV cache holds, prompt and reply together.
        steps_per_call: tokens that one call of the device generates; None for the device's default.
        programs: the programs to compile; None for ``DecodePrograms``.
        devices: the devices that the model is laid out over; None for one.

    Attributes:
        programs: the functions to compile.
        compiled: the compiled functions, by name.
    """

    def __init__(
        self,
        lm: Any,
        max_length: int,
        steps_per_call: int | None = None,
        programs: DecodePrograms | None = None,
        devices: DeviceLayout | None = None,
    ) -> None:
        self.lm = lm
        self.max_length = max_length
        steps = steps_per_call or default_steps_per_call()
        self.programs = programs or DecodePrograms(lm, max_length, steps, devices)
        self.steps_per_call = self.programs.steps_per_call
        self.adapter = self.programs.adapter
        self.devices = devices
        self.compiled = compiled_functions(devices)
        self._cache: KVCache | None = None  # of the last reply

    @property
    def compilations(self) -> int:
        """Number of programs that were compiled."""
        return self.compiled.compilations

    @property
    def compile_seconds(self) -> float:
        """Seconds spent on compiling."""
        return self.compiled.compile_seconds

    def start_compiling(self) -> bool:
        """Starts to compile what a short first prompt needs; the weights may not be loaded yet.

        Returns:
            Whether it started. It does not on a CPU, whose compiler would take the cores that load
            the weights, nor if a Keras distribution lays the weights out over several devices:
            only the loaded weights tell how.
        """
        distributed = is_distributed(self.programs.variables)
        if distributed or not compilation.compiles_in_background():
            return False
        self.compiled.start(self.programs.first_prompt_specs())
        return True

    def finish_compiling(self) -> None:
        """Waits until the programs of ``start_compiling`` are compiled."""
        self.compiled.ensure(self.programs.first_prompt_specs())

    # --- generation

    def tokens(
        self,
        ids: Sequence[int],
        sampling: Sampling,
        seed: int,
        count: int,
        *,
        reuse: bool = False,
        new_turn: bool = True,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[int]:
        """Yields ``count`` token ids of the reply; -1 if the logits were not numbers.

        Args:
            ids: the prompt's token ids, fewer than ``max_length``.
            sampling: how to sample.
            seed: seed of the random numbers, 0 to 2³² - 1.
            count: number of tokens; prompt and reply together must fit ``max_length``.
            reuse: whether to take the prompt's longest known prefix from the KV cache of the last
                prompt and reply. The results may then differ in their last bits from those of a
                new computation, which splits the prompt at other places.
            new_turn: with ``reuse``, whether a new turn begins here, to which later edits rewind.
            media: media id in the prompt -> embeddings.
        """
        weights = self._weights()
        # a reply that begins while another one is being read gets a cache of its own
        cache, self._cache = self._cache, None
        if cache is None:
            self._ensure_compiled([ids], 0, decode=compilation.compiles_in_background())
            cache = self._empty_cache()
        elif reuse and cache.is_bound_to(weights):
            self._rewind(cache, ids, count, weights, media, new_turn=new_turn)
        else:
            cache.reset()
        cache.bind_weights(weights)
        usable = False
        try:
            for row in self._generate(weights, [ids], cache, sampling, [seed], count, media):
                # NaN would spread from the cache to later replies
                usable = row[0] >= 0
                yield row[0]
        except BaseException as end:
            # usable if the caller stopped reading; after any other error a buffer may be donated
            usable = usable and isinstance(end, GeneratorExit)
            raise
        finally:
            if usable:
                self._cache = cache
                if reuse and compilation.compiles_in_background():
                    self._precompile_snapshot(cache)

    def batch_tokens(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
    ) -> Iterator[list[int]]:
        """Yields the next token of each of several conversations, ``count`` times.

        Args:
            prompts: the token ids of each, fewer than ``max_length``; lengths may differ.
            sampling: how to sample.
            seeds: seeds of the random numbers, one per conversation.
            count: number of tokens. The tokens of a conversation whose prompt and reply have
                reached ``max_length`` are meaningless from there on.
        """
        counts = [count] * len(prompts)
        for step in self.side_by_side(prompts, sampling, seeds, counts, len(prompts), set()):
            yield [token for _, token in step]

    def side_by_side(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling,
        seeds: Sequence[int],
        counts: Sequence[int],
        rows: int,
        ended: set[int],
    ) -> Iterator[Step]:
        """Yields the tokens of conversations that share the rows of a batch.

        The first ``rows`` prompts are computed together. The others begin, one by one, in the rows
        of conversations that ended.

        Args:
            prompts: the token ids of each, fewer than ``max_length``; lengths may differ.
            sampling: how to sample.
            seeds: seeds of the random numbers, one per conversation.
            counts: the most tokens of each conversation.
            rows: conversations that are computed at once, at least 2; one program is compiled for
                each number.
            ended: the caller adds the conversations that take no more tokens.

        Yields:
            The conversations that got a token, by their place in ``prompts``, and the tokens.
        """
        import numpy as np

        weights = self._weights()
        seeds = same_seeds(seeds, self.devices)
        if self.devices and self.devices.parallel == "data":  # each device takes as many rows
            rows += -rows % len(self.devices.devices)
        first = [prompts[i if i < len(prompts) else 0] for i in range(rows)]
        self._ensure_compiled(first, 0)
        if len(prompts) > rows:
            specs: dict[Hashable, SpecFactory] = {
                ("insert", rows): insert_spec(self.programs.cache_layout, rows)
            }
            for prompt in prompts[rows:]:
                specs |= self.programs.specs([prompt], 0, decode=False)
            self.compiled.ensure(specs)
        caches, spare = self._empty_cache(rows), None
        row_seeds = np.resize(np.array(seeds, np.uint32), rows)
        scalars = sampling_scalars(sampling)
        token, position, _ = self._prefill(weights, first, caches, (row_seeds, *scalars), NO_MEDIA)
        offset = slot_offsets(first)
        schedule = RowSchedule(counts, rows)
        schedule.request(token)
        arguments = send_inputs((row_seeds, *scalars), self.devices)
        while schedule.pending:
            while schedule.calls < CALLS_AHEAD and schedule.lacks_tokens(self.steps_per_call):
                tokens, token, position, caches.layers = self.compiled["decode", rows](
                    weights, token, position, offset, caches.layers, *arguments
                )
                schedule.request(tokens)
            yield from schedule.read(ended)
            for row, index in schedule.next_rows(ended):
                # the device computes it after the calls that were sent
                spare = spare or self._empty_cache()
                spare.reset()
                seed = np.array([seeds[index]], np.uint32)
                new_token, new_position, _ = self._prefill(
                    weights, [prompts[index]], spare, (seed, *scalars), NO_MEDIA
                )
                token, position, offset, caches.layers = self.compiled["insert", rows](
                    caches.layers,
                    spare.layers,
                    np.int32(row),
                    token,
                    position,
                    offset,
                    new_token,
                    new_position,
                )
                row_seeds[row] = seeds[index]
                arguments = send_inputs((row_seeds.copy(), *scalars), self.devices)
                schedule.request(new_token, row)

    def logits(self, ids: Sequence[int], media: Mapping[int, MediaEmbeddings] = NO_MEDIA) -> Any:
        """Computes the logits of the token that follows ``ids``.

        Args:
            ids: token ids, fewer than ``max_length``.
            media: as in ``tokens``.

        Returns:
            A NumPy float32 array, shape (vocabulary,).
        """
        import numpy as np

        weights = self._weights()
        cache = self._empty_cache()
        logits = None
        for chunk in self._prefill_chunks([ids], 0, media):
            name = ("logits", *chunk.shape)
            self.compiled.ensure({name: self.programs.logits_spec(chunk.shape)})
            logits, cache.layers = self.compiled[name](weights, *chunk.arguments, cache.layers)
        return np.asarray(logits)[0].astype(np.float32)

    def _generate(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        cache: KVCache,
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[list[int]]:
        """Yields the next token of each row, ``count`` times, after the tokens in ``cache``.

        Each call of the device generates ``steps_per_call`` tokens. The next call is sent before
        the tokens of the last one are read, so that the device does not wait for Python. After a
        short prompt, however, the first token is read first: it would wait for the next call (1 ms
        of 5, Gemma 3 1B on an H200).
        """
        import numpy as np

        batch = len(prompts)
        # elsewhere than on a GPU, XLA compiles the program of the reply after that of the first token
        self._ensure_compiled(prompts, len(cache.ids), decode=compilation.compiles_in_background())
        decode = self.programs.decode_specs(batch)
        written = max(len(p) for p in prompts)
        is_short = written - len(cache.ids) <= prefill_buckets()[0]
        seeds = same_seeds(seeds, self.devices)
        sampling_args = (np.array(seeds, np.uint32), *sampling_scalars(sampling))
        token, position, _ = self._prefill(weights, prompts, cache, sampling_args, media)
        token.copy_to_host_async()  # before the next call, which the copy would wait for
        # once for all further calls, while the device computes the prompt
        sampling_args = send_inputs(sampling_args, self.devices)
        step_args = () if self.programs.samples_apart(batch) else sampling_args
        pending, requested = [token], 1
        max_pending = 1 if is_short or ("decode", batch) not in self.compiled else 2
        uncached = None  # a token that was yielded and is not in the cache yet
        while True:
            while requested < count and len(pending) < max_pending:
                self.compiled.ensure(decode)
                tokens, token, position, cache.layers, *logits = self.compiled["decode", batch](
                    weights, token, position, None, cache.layers, *step_args
                )
                if logits and sampling.temperature > 0:
                    tokens = token = self._sample(logits[0], position, sampling_args)
                tokens.copy_to_host_async()
                if uncached is not None:  # this call writes it
                    cache.ids.append(uncached)
                    uncached = None
                pending.append(tokens)
                requested += self.steps_per_call
                written += self.steps_per_call
                cache.mark_written(written)
            max_pending = 2
            for row in np.asarray(pending.pop(0)).reshape(-1, batch).tolist():
                # the very last sampled token is not written to the cache
                if len(cache.ids) < written:
                    cache.ids.append(row[0])
                else:
                    uncached = row[0]
                yield row
                count -= 1
                requested -= 1
                if not count:
                    return

    def _prefill(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        cache: KVCache,
        sampling_args: tuple[Any, ...],
        media: Mapping[int, MediaEmbeddings],
    ) -> tuple[Any, Any, Any]:
        """Runs the prompts' chunks; returns as ``DecodePrograms.prefill_step``, without caches."""
        import numpy as np

        batch = len(prompts)
        token: Any = np.zeros(batch, np.int32)
        position: Any = None
        hidden: Any = None
        logits: list[Any] = []
        step_args = () if self.programs.samples_apart(batch) else sampling_args
        for chunk in self._prefill_chunks(prompts, len(cache.ids), media):
            prefill_step = self.compiled["prefill", *chunk.shape]
            token, position, hidden, cache.layers, *logits = prefill_step(
                weights, *chunk.arguments, cache.layers, token, *step_args
            )
            cache.ids.extend(chunk.ids)
            cache.mark_written(len(cache.ids))
        if logits and sampling_args[1] > 0:
            token = self._sample(logits[0], position, sampling_args)
        return token, position, hidden

    def _sample(self, logits: Any, position: Any, sampling_args: tuple[Any, ...]) -> Any:
        """The next token, int32 (1,), where sampling is a program of its own."""
        self.compiled.ensure(self.programs.sample_specs())
        return self.compiled["sample"](logits, position, *sampling_args)

    def _prefill_chunks(
        self,
        prompts: Sequence[Sequence[int]],
        start: int,
        media: Mapping[int, MediaEmbeddings],
    ) -> list[PrefillChunk]:
        bidirectional = self.adapter.bidirectional
        return list(prefill_chunks(prompts, start, bidirectional, prefill_buckets(), media))

    # --- cache reuse

    def _empty_cache(self, batch: int = 1) -> KVCache:
        """Creates the cache of conversations that run as one batch."""
        self.compiled.ensure({("empty", batch): self.programs.zero_caches_spec(batch)})
        return KVCache(self.compiled["empty", batch]())

    def _rewind(
        self,
        cache: KVCache,
        ids: Sequence[int],
        count: int,
        weights: list[Any],
        media: Mapping[int, MediaEmbeddings],
        *,
        new_turn: bool,
    ) -> None:
        """Rewinds the cache to the longest prefix of ``ids`` that it still holds.

        With ``new_turn``, also takes a snapshot of the sliding-window layers if the turn may
        overwrite them.
        """
        buffers = self.programs.cache_layout.ring_buffers()
        # an image is computed as a whole, and so is a prompt that is bidirectional
        bidirectional = self.adapter.bidirectional == "prompt"
        shared = 0 if bidirectional else media_start(ids, cache.shared_prefix(ids))
        snapshot = cache.snapshot
        if cache.can_rewind(shared, buffers.values()):
            del cache.ids[shared:]
        elif snapshot is not None and snapshot.length <= shared:
            # copied, not moved: the programs update caches in place, and the snapshot must stay
            sliding = {i: cache.layers[i] for i in snapshot.layers}
            cache.layers = {**cache.layers, **self._copy_caches(snapshot.layers, sliding)}
            cache.ids = cache.ids[: snapshot.length]
            cache.written_until = snapshot.written_until
        else:
            cache.reset()
        if not new_turn or not buffers:
            return
        if not self._wraps_round(len(ids) + count):
            cache.snapshot = None
            return
        if shared > len(cache.ids):  # compute again up to the place where the turn begins
            prefix = list(ids[:shared])
            self._ensure_compiled([prefix], len(cache.ids), decode=False)
            sampling_args = (_zero_seed(), *sampling_scalars(Sampling()))
            self._prefill(weights, [prefix], cache, sampling_args, media)
        if cache.ids:
            sliding = {i: cache.layers[i] for i in buffers}
            old_copy = cache.snapshot and cache.snapshot.layers
            copied = self._copy_caches(sliding, old_copy)
            cache.snapshot = CacheSnapshot(copied, len(cache.ids), cache.written_until)

    def _wraps_round(self, tokens: int) -> bool:
        """Whether so many tokens, plus those computed ahead, overwrite a ring buffer's first."""
        shortest = min(
            buffer.slots for buffer in self.programs.cache_layout.ring_buffers().values()
        )
        return tokens + CALLS_AHEAD * self.steps_per_call > shortest

    def _copy_caches(self, layers: Any, into: Any = None) -> Any:
        """Copies layers' caches, into the memory of others if there are any."""
        name = "copy" if into is None else "copy_into"
        self.compiled.ensure({name: copy_specs(layers)[name]})
        return self.compiled[name](layers, *([] if into is None else [into]))

    def _precompile_snapshot(self, cache: KVCache) -> None:
        """Starts to compile the programs that copy caches, turns before they are needed."""
        buffers = self.programs.cache_layout.ring_buffers()
        if buffers and self._wraps_round(self.max_length):
            self.compiled.start(copy_specs({i: cache.layers[i] for i in buffers}))

    # --- compilation

    def _weights(self) -> list[Any]:
        """The arrays that the programs take as their first argument."""
        return variable_arrays(self.programs.variables)

    def _ensure_compiled(
        self, prompts: Sequence[Sequence[int]], start: int, *, decode: bool = True
    ) -> None:
        """Compiles the programs that these prompts need and that do not exist yet."""
        self.compiled.ensure(self.programs.specs(prompts, start, decode=decode))


def _zero_seed() -> Any:
    import numpy as np

    return np.zeros(1, np.uint32)
