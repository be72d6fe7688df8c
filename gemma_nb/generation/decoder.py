"""The compiled programs of one model: take a stretch of a prompt in, make the next tokens."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.fit.cache_plan import AHEAD, CHUNK, STRETCH
from gemma_nb.generation import compilation
from gemma_nb.generation.adapters import create_adapter
from gemma_nb.generation.attention import ForwardContext, KeyValue, LayerCacheSpec
from gemma_nb.generation.compilation import CompiledFunctions, ProgramSpec
from gemma_nb.generation.kv_cache import CacheSnapshot, KVCache, RingBuffer
from gemma_nb.generation.prefill import (
    NO_MEDIA,
    MediaEmbeddings,
    PrefillChunk,
    chunk_shapes,
    media_start,
    prefill_chunks,
)
from gemma_nb.generation.sampling import Sampling, sample_tokens
from gemma_nb.loading import relayout

#: Prompts are computed in stretches of one of these lengths; the last is padded to the next one.
PREFILL_BUCKETS = (32, 64, 128, 256, STRETCH)
#: Those of an accelerator: padding costs it little, and each length takes seconds to compile.
PREFILL_BUCKETS_ACCELERATOR = (64, 256, STRETCH)


class Decoder:
    """Runs a KerasHub task token by token, on its own weights and layers.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens that the KV cache holds, prompt and reply together.
        chunk: tokens that one call of the device makes; None for what suits the device.

    Attributes:
        programs: what was compiled.
    """

    def __init__(self, lm: Any, max_length: int, chunk: int | None = None) -> None:
        self.lm = lm
        self.max_length = max_length
        self.family = create_adapter(lm)
        self.programs = CompiledFunctions()
        self.chunk = chunk or default_steps_per_call()
        self._context: KVCache | None = None  # the last reply's, for the next
        self._weights_of = [*lm.trainable_variables, *lm.non_trainable_variables]

    @property
    def compilations(self) -> int:
        """How many programs were compiled."""
        return self.programs.compilations

    @property
    def compile_seconds(self) -> float:
        """How long that took."""
        return self.programs.compile_seconds

    def prepare(self) -> bool:
        """Begins to compile what a short first prompt needs; the weights may not be read yet.

        Returns:
            Whether it did: not on a processor, whose compiler would take the cores that read, and
            not where the weights will be laid out over several devices, which only they tell.
        """
        spread = any(v._layout is not None for v in self._weights_of)  # noqa: SLF001
        if spread or not compilation.compiles_in_background():
            return False
        self.programs.start(self._first())
        return True

    def ready(self) -> None:
        """Waits until what ``prepare`` began is compiled."""
        self.programs.make(self._first())

    def _first(self) -> dict[Hashable, Callable[[], ProgramSpec]]:
        if self.family.both_ways == "prompt":  # an image comes with it: how long, nobody knows
            return {("empty", 1): self._empty_recipe(1), ("chunk", 1): self._chunk_recipe(1)}
        return self._recipes([[0]], 0, chunk=True)

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
        """Yields ``count`` token ids of the reply; -1 where the logits were not numbers.

        Args:
            ids: the prompt's token ids, fewer than ``max_length``.
            sampling: how to pick.
            seed: of the random numbers, 0 to 2³² - 1.
            count: how many; prompt and reply fit ``max_length`` together.
            reuse: whether what the prompt begins with is taken from the KV cache, where the last
                prompt and reply left it. The numbers may then differ in their last bits from a
                fresh computation's, which cuts the prompt elsewhere.
            new_turn: with ``reuse``, whether the conversation goes on from here, so that an edit
                goes back to this place.
            media: soft id, as the prompt has it, -> what stands there.
        """
        weights = self._weights()
        # a reply that is begun while another is being read has a cache of its own
        context, self._context = self._context, None
        if context is None:
            self._make([ids], 0)
            context = self._empty()
        elif reuse and context.made_with(weights):
            self._go_back(context, ids, count, weights, media, new_turn=new_turn)
        else:
            context.forget()
        context.note(weights)
        whole = False
        try:
            for row in self._rows(weights, [ids], context, sampling, [seed], count, media):
                # what is not a number would spread from the cache
                whole = row[0] >= 0
                yield row[0]
        except BaseException as end:
            # left unread they are whole; after anything else they may have been given away
            whole = whole and isinstance(end, GeneratorExit)
            raise
        finally:
            if whole:
                self._context = context
                if reuse and compilation.compiles_in_background():
                    self._foresee(context)

    def rows(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
    ) -> Iterator[list[int]]:
        """Yields the next token of each of several conversations, ``count`` times.

        Args:
            prompts: token ids of each, fewer than ``max_length``; of any lengths.
            sampling: how to pick.
            seeds: of the random numbers, one a conversation.
            count: how many; what follows where a conversation's prompt and reply reach
                ``max_length`` before is to be left unread.
        """
        weights = self._weights()
        self._make(prompts, 0)
        yield from self._rows(weights, prompts, self._empty(len(prompts)), sampling, seeds, count)

    def _rows(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        context: KVCache,
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[list[int]]:
        """The same, behind what is in ``context`` already.

        Tokens are made ``chunk`` at a call, and the next call is sent to the device before the
        tokens of the last are read, so that the device does not wait for Python; but behind a
        short prompt, whose token would wait for that (1 ms of 5, Gemma 3 1B on an H200).
        """
        import jax
        import numpy as np

        batch = len(prompts)
        self._make(prompts, len(context.ids))
        written = max(len(p) for p in prompts)
        short = written - len(context.ids) <= prefill_buckets()[0]
        how = (np.array(seeds, np.uint32), *sampling_scalars(sampling))
        token, position, _ = self._prompt(weights, prompts, context, how, media)
        token.copy_to_host_async()  # now: behind the next call it would wait for that
        how = jax.device_put(how)  # for all further calls, while the prompt is computed
        waiting, sent = [token], 1
        # a short prompt is computed before another call is sent: its token is read first
        most, read = 1 if short else 2, None
        while True:
            while sent < count and len(waiting) < most:
                made, token, position, context.caches = self.programs["chunk", batch](
                    weights, token, position, context.caches, *how
                )
                made.copy_to_host_async()
                if read is not None:  # it is taken in now
                    context.ids.append(read)
                    read = None
                waiting.append(made)
                sent += self.chunk
                written += self.chunk
                context.wrote(written)
            most = 2
            for row in np.asarray(waiting.pop(0)).reshape(-1, batch).tolist():
                # the last token of all was never taken in
                if len(context.ids) < written:
                    context.ids.append(row[0])
                else:
                    read = row[0]
                yield row
                count -= 1
                sent -= 1
                if not count:
                    return

    def logits(self, ids: Sequence[int], media: Mapping[int, MediaEmbeddings] = NO_MEDIA) -> Any:
        """What the model makes of the token that would follow ``ids``.

        Args:
            ids: token ids, fewer than ``max_length``.
            media: as in ``tokens``.

        Returns:
            A NumPy float32 array, shape (vocabulary,).
        """
        import numpy as np

        weights = self._weights()
        context = self._empty()
        logits = None
        for piece in self._pieces([ids], 0, media):
            recipe = self._recipe(piece.shape, how=False)
            self.programs.make({("logits", *piece.shape): recipe})
            program = self.programs["logits", *piece.shape]
            logits, context.caches = program(weights, *_taken(piece), context.caches)
        return np.asarray(logits)[0]

    def _empty(self, batch: int = 1) -> KVCache:
        """Empty KV caches for conversations that run side by side."""
        self.programs.make({("empty", batch): self._empty_recipe(batch)})
        return KVCache(self.programs["empty", batch]())

    # --- what is in the caches

    def _go_back(
        self,
        context: KVCache,
        ids: Sequence[int],
        count: int,
        weights: list[Any],
        media: Mapping[int, MediaEmbeddings],
        *,
        new_turn: bool,
    ) -> None:
        """Leaves in the context what ``ids`` begins with, as far as the caches still have it."""
        rings = self._rings()
        # an image is taken in whole; and so is a prompt that is seen both ways
        shared = media_start(ids, context.shared(ids)) if self.family.both_ways != "prompt" else 0
        saved = context.snapshot
        if context.can_go_back(shared, rings.values()):
            del context.ids[shared:]
        elif saved is not None and saved.length <= shared:
            # the caches are written in place: the snapshot itself is kept
            sliding = {i: context.caches[i] for i in saved.caches}
            context.caches = {**context.caches, **self._copied(saved.caches, sliding)}
            context.ids, context.reach = context.ids[: saved.length], saved.reach
        else:
            context.forget()
        if not new_turn or not rings:
            return
        if not self._wraps(len(ids) + count):
            context.snapshot = None
            return
        if shared > len(context.ids):  # computed once more up to where the turn begins
            known = list(ids[:shared])
            self._make([known], len(context.ids), chunk=False)
            how = (*_no_seed(), *sampling_scalars(Sampling()))
            self._prompt(weights, [known], context, how, media)
        if context.ids:
            sliding = {i: context.caches[i] for i in rings}
            kept = context.snapshot and context.snapshot.caches
            copied = self._copied(sliding, kept)
            context.snapshot = CacheSnapshot(copied, len(context.ids), context.reach)

    def _rings(self) -> dict[int, RingBuffer]:
        """The sliding layers' caches."""
        return {
            i: RingBuffer(layer.window, self._slots(layer))
            for i, layer in self.family.layers.items()
            if layer.window is not None
        }

    def _wraps(self, tokens: int) -> bool:
        """Whether so many tokens, with what is computed ahead, overwrite a ring's first ones."""
        fewest = min(ring.slots for ring in self._rings().values())
        return tokens + AHEAD * self.chunk > fewest

    def _slots(self, layer: LayerCacheSpec) -> int:
        return layer.slots(self.max_length, self.chunk, padded=pads_caches())

    def _copied(self, caches: Any, into: Any = None) -> Any:
        """A copy of caches, in the memory of others where there are any."""
        name = "copy" if into is None else "copy over"
        self.programs.make({name: _copies(caches)[name]})
        return self.programs[name](caches, *([] if into is None else [into]))

    def _foresee(self, context: KVCache) -> None:
        """Begins to compile what keeps the sliding layers' caches, turns before it is needed."""
        rings = self._rings()
        if rings and self._wraps(self.max_length):
            self.programs.start(_copies({i: context.caches[i] for i in rings}))

    def _prompt(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        context: KVCache,
        how: tuple[Any, ...],
        media: Mapping[int, MediaEmbeddings],
    ) -> tuple[Any, Any, Any]:
        """Takes prompts in; the tokens picked to follow, where those will stand, from which state."""
        import numpy as np

        batch = len(prompts)
        token: Any = np.zeros(batch, np.int32)
        position: Any = None
        hidden: Any = None
        for piece in self._pieces(prompts, len(context.ids), media):
            program = self.programs["prompt", *piece.shape]
            token, position, hidden, context.caches = program(
                weights, *_taken(piece), context.caches, token, *how
            )
            context.ids.extend(piece.ids)
            context.wrote(len(context.ids))
        return token, position, hidden

    # --- the programs

    def _weights(self) -> list[Any]:
        # value looks for a scope first: half a millisecond of a first token
        return [v._value for v in self._weights_of]  # noqa: SLF001

    def _make(self, prompts: Sequence[Sequence[int]], start: int, *, chunk: bool = True) -> None:
        """Compiles what these prompts need and is not there yet."""
        self.programs.make(self._recipes(prompts, start, chunk=chunk))

    def _recipes(
        self, prompts: Sequence[Sequence[int]], start: int, *, chunk: bool
    ) -> dict[Hashable, Callable[[], ProgramSpec]]:
        batch = len(prompts)
        recipes: dict[Hashable, Any] = {("empty", batch): self._empty_recipe(batch)}
        for shape in chunk_shapes(prompts, start, self.family.both_ways, prefill_buckets()):
            recipes["prompt", *shape] = self._recipe(shape, how=True)
        if chunk:
            recipes["chunk", batch] = self._chunk_recipe(batch)
        return recipes

    def _described(self) -> list[Any]:
        """The weights as programs are compiled for, read or not."""
        return relayout.described(self._weights_of, self.lm._flatten_layers())  # noqa: SLF001

    def _empty_recipe(self, batch: int) -> Any:
        return lambda: ProgramSpec(lambda: self._zeros(batch), ())

    def _pieces(
        self, prompts: Sequence[Sequence[int]], start: int, media: Mapping[int, MediaEmbeddings]
    ) -> list[PrefillChunk]:
        return list(prefill_chunks(prompts, start, self.family.both_ways, prefill_buckets(), media))

    def _recipe(self, shape: tuple[int, int, bool, bool], *, how: bool) -> Any:
        """Of the program that takes a piece of that shape in, and ``how`` picks what follows."""
        batch, size, has_soft, has_groups = shape

        def recipe() -> ProgramSpec:
            row, tokens = array_spec(batch), array_spec(batch, size)
            soft = (
                array_spec(batch, size, self.family.hidden, dtype="float32") if has_soft else None,
                array_spec(batch, size, dtype="bool") if has_soft else None,
                tokens if has_groups else None,
            )
            arguments = (self._described(), tokens, row, row, *soft, self._caches(batch))
            at = len(arguments) - 1
            if not how:
                return ProgramSpec(self._look, arguments, donated=(at,))
            return ProgramSpec(self._take, (*arguments, row, *sampling_specs(batch)), donated=(at,))

        return recipe

    def _chunk_recipe(self, batch: int) -> Any:
        def recipe() -> ProgramSpec:
            row = array_spec(batch)
            described = self._described()
            arguments = (described, row, row, self._caches(batch), *sampling_specs(batch))
            return ProgramSpec(self._chunk, arguments, donated=(3,))

        return recipe

    def _caches(self, batch: int) -> Any:
        import jax

        return jax.eval_shape(lambda: self._zeros(batch))

    def _zeros(self, batch: int) -> dict[int, KeyValue]:
        import jax.numpy as jnp

        def zeros(layer: Any) -> Any:
            shape = (batch, layer.heads, self._slots(layer), layer.head_dim)
            return jnp.zeros(shape, self.lm.compute_dtype)

        return {i: KeyValue(zeros(c), zeros(c)) for i, c in self.family.layers.items()}

    def _look(self, weights: Any, *pass_: Any) -> tuple[Any, dict[int, KeyValue]]:
        """One pass: takes tokens into the caches; the logits of the token that follows."""
        logits, _, caches = self._pass(weights, *pass_)
        return logits[:, 0], caches

    def _pass(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        soft: Any,
        is_soft: Any,
        groups: Any,
        caches: dict[int, KeyValue],
        *,
        every: bool = False,
    ) -> tuple[Any, Any, dict[int, KeyValue]]:
        """Takes tokens into the caches; as ``Family.forward``, the logits in float32."""
        import jax.numpy as jnp

        windows = {i: c.window for i, c in self.family.layers.items()}
        seen = (soft, is_soft, groups, self.family.beyond, every)
        step = ForwardContext(start, length, tokens.shape[1], dict(caches), windows, *seen)
        with self._scope(weights):
            logits, hidden = self.family.forward(tokens, step)
        return logits.astype(jnp.float32), hidden, step.caches

    def _scope(self, weights: list[Any]) -> Any:
        """In which KerasHub's layers have these weights."""
        import keras

        mapping = zip(self._weights_of, self._as_they_lie(weights), strict=True)
        return keras.StatelessScope(state_mapping=mapping)

    def _as_they_lie(self, weights: list[Any]) -> list[Any]:
        """Weights whose layout XLA keeps: inside a loop it would copy them into its own."""
        from jax.experimental.layout import Layout, with_layout_constraint

        orders = [_order(w) for w in self._described()]
        return [
            w if order is None else with_layout_constraint(w, Layout(major_to_minor=order))
            for w, order in zip(weights, orders, strict=True)
        ]

    def _take(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        soft: Any,
        is_soft: Any,
        groups: Any,
        caches: dict[int, KeyValue],
        before: Any,
        *how: Any,
    ) -> tuple[Any, Any, Any, dict[int, KeyValue]]:
        """A stretch of the prompts; the tokens that are picked to follow, and from which state.

        A prompt that ended in an earlier stretch (``length`` 0) keeps the token from ``before``.
        """
        import jax.numpy as jnp

        shown = (soft, is_soft, groups)
        logits, hidden, caches = self._pass(weights, tokens, start, length, *shown, caches)
        end = start + length
        last = jnp.take_along_axis(hidden, (length - 1)[:, None, None], axis=1)
        picked = sample_tokens(logits[:, 0], end, *how)
        return jnp.where(length > 0, picked, before), end, last, caches

    def _chunk(
        self, weights: Any, token: Any, position: Any, caches: dict[int, KeyValue], *how: Any
    ) -> tuple[Any, Any, Any, dict[int, KeyValue]]:
        """``chunk`` tokens more: all of them, (chunk, batch); the last; where it will stand."""
        import jax
        import jax.numpy as jnp

        one = jnp.ones_like(position)

        def step(state: Any, _: None) -> Any:
            token, position, caches = state
            logits, caches = self._look(
                weights, token[:, None], position, one, None, None, None, caches
            )
            token = sample_tokens(logits, position + 1, *how)
            return (token, position + 1, caches), token

        start = token, position, caches
        if self.chunk == 1:  # a loop would copy the caches in and out
            last, made = step(start, None)
            return made[None], *last
        last, made = jax.lax.scan(step, start, None, length=self.chunk)
        return made, *last


def prefill_buckets() -> tuple[int, ...]:
    """Lengths that stretches of prompts are padded to, on this process's device."""
    import jax

    return PREFILL_BUCKETS if jax.default_backend() == "cpu" else PREFILL_BUCKETS_ACCELERATOR


def default_steps_per_call() -> int:
    """Tokens that one call of the device makes: a call costs a GPU as much as a third of a token.

    A processor makes one: there a call costs next to nothing, and the reader sees each at once.
    """
    import jax

    return 1 if jax.default_backend() == "cpu" else CHUNK


def pads_caches() -> bool:
    """Whether a layer's cache is rounded up as ``padded_slots`` says, on this process's device."""
    import jax

    return jax.default_backend() != "cpu"


def _taken(piece: PrefillChunk) -> tuple[Any, ...]:
    """A piece as the programs take it."""
    return piece.tokens, piece.start, piece.length, piece.soft, piece.is_soft, piece.groups


def _order(value: Any) -> tuple[int, ...] | None:
    """The order of an array's axes in memory; None where it is the usual one."""
    lies = value.format.layout
    order = lies and lies.major_to_minor
    return None if not order or order == tuple(range(value.ndim)) else order


def _copies(caches: Any) -> dict[Hashable, Callable[[], ProgramSpec]]:
    """The programs that copy such caches: into memory of their own, and into that of others."""
    from jax.tree_util import tree_map

    def copy() -> ProgramSpec:
        import jax.numpy as jnp

        return ProgramSpec(lambda tree: tree_map(jnp.copy, tree), (caches,))

    def over() -> ProgramSpec:
        return ProgramSpec(lambda tree, old: tree_map(_write, old, tree), (caches, caches), (1,))

    return {"copy": copy, "copy over": over}


def _write(old: Any, new: Any) -> Any:
    """``new`` in the memory of ``old``."""
    import jax

    return jax.lax.dynamic_update_slice(old, new, (0,) * old.ndim)


def sampling_scalars(sampling: Sampling) -> tuple[Any, Any, Any]:
    """How to pick, as the programs take it behind the seeds."""
    import numpy as np

    return (
        np.float32(sampling.temperature),
        np.int32(sampling.top_k),
        np.float32(sampling.top_p),
    )


def _no_seed() -> tuple[Any]:
    import numpy as np

    return (np.zeros(1, np.uint32),)


def array_spec(*shape: int, dtype: str = "int32") -> Any:
    """What stands for an array while a program is compiled."""
    import jax

    return jax.ShapeDtypeStruct(shape, dtype)


def sampling_specs(batch: int) -> tuple[Any, ...]:
    """What stands for the seeds and ``scalars``."""
    import jax
    import numpy as np

    kinds = (np.float32, np.int32, np.float32)
    scalars = (jax.ShapeDtypeStruct((), kind) for kind in kinds)
    return jax.ShapeDtypeStruct((batch,), np.uint32), *scalars
