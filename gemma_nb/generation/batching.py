"""Several conversations side by side: they share the rows of a batch, and rows are given on.

A decode step reads the weights once for all rows. A conversation that ends leaves its row to the
next one in the list (continuous batching): that one's prompt is computed alone, and its cache is
copied to the row. The other rows do not wait for the longest reply.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.memory import estimate_memory
from gemma_nb.generation.attention import KeyValue
from gemma_nb.generation.compilation import ProgramSpec, SpecFactory, next_power_of_two
from gemma_nb.generation.decode_programs import array_spec
from gemma_nb.generation.kv_cache import CacheLayout
from gemma_nb.hardware.host import read_memory

#: The tokens of one step: the conversation, by its place in the list, and its token.
Step = list[tuple[int, int]]

#: The most rows that are chosen: on an accelerator, where a step of 64 rows takes less than twice as
#: long as one of 2 (``benchmarks/generation.md``), and on a processor.
MOST_ROWS, MOST_ROWS_PROCESSOR = 64, 8


def choose_rows(variant: Variant, precision: str, max_length: int, conversations: int) -> int:
    """Chooses how many conversations to compute at once, from the memory that is free.

    Args:
        variant: the variant, whose weights are in memory.
        precision: the name of its precision.
        max_length: tokens of prompt and reply together.
        conversations: how many there are.

    Returns:
        A power of two, so that few sizes are compiled.
    """
    import jax

    device = jax.local_devices()[0]
    processor = device.platform == "cpu"
    rows = next_power_of_two(conversations, longest=MOST_ROWS_PROCESSOR if processor else MOST_ROWS)
    free = _free_bytes(device)
    while rows > 1 and free is not None:
        try:
            estimate = estimate_memory(variant, precision, max_length, rows)
        except InvalidInput:  # longer than the variant's context, which ``from_keras`` may allow
            break
        if estimate.kv_cache + estimate.workspace <= free:
            break
        rows //= 2
    return rows


def _free_bytes(device: Any) -> int | None:
    """Bytes that can still be allocated on a device; None where that is not known."""
    stats = device.memory_stats()
    if stats and "bytes_limit" in stats:
        return int(stats["bytes_limit"] - stats["bytes_in_use"])
    memory = read_memory() if device.platform == "cpu" else None
    return memory.available if memory else None


def insert_spec(layout: CacheLayout, batch: int) -> SpecFactory:
    """Spec of ``insert_row``.

    Args:
        layout: the shapes of the caches.
        batch: rows of the batch.
    """

    def make_spec() -> ProgramSpec:
        rows, one = array_spec(batch), array_spec(1)
        caches = layout.specs(batch), layout.specs(1)
        # the row's cache is not donated: the next prompt is computed in it
        arguments = (*caches, array_spec(), rows, rows, rows, one, one)
        return ProgramSpec(insert_row, arguments, donated=(0,))

    return make_spec


def insert_row(
    caches: dict[int, KeyValue],
    new: dict[int, KeyValue],
    row: Any,
    token: Any,
    position: Any,
    offset: Any,
    new_token: Any,
    new_position: Any,
) -> tuple[Any, Any, Any, dict[int, KeyValue]]:
    """Puts a conversation whose prompt was computed alone into a row of a batch; JAX traces it.

    Args:
        caches: layer -> keys and values of the batch.
        new: layer -> keys and values of the conversation, in a batch of one without offset.
        row: scalar int32: the row.
        token: int32 (batch,): the rows' last sampled tokens.
        position: int32 (batch,): their positions.
        offset: int32 (batch,): as ``ForwardContext.offset``.
        new_token: int32 (1,): the token that was sampled after the prompt.
        new_position: int32 (1,): its position.

    Returns:
        The new ``token``, ``position``, ``offset`` and ``caches``.
    """
    import jax
    import jax.numpy as jnp

    shift = position[0] + offset[0] - new_position[0]  # all rows' next tokens go to one slot

    def put(buffer: Any, conversation: Any) -> Any:
        moved = jnp.roll(conversation, shift % buffer.shape[2], axis=2)
        return jax.lax.dynamic_update_slice(buffer, moved, (row, 0, 0, 0))

    return (
        token.at[row].set(new_token[0]),
        position.at[row].set(new_position[0]),
        offset.at[row].set(shift),
        jax.tree_util.tree_map(put, caches, new),
    )


@dataclass
class _Pending:
    """Tokens that the device has yet to compute.

    Args:
        tokens: the array, (steps, rows) or (rows,).
        owners: the conversation of each row, None for a row that is not in use.
    """

    tokens: Any
    owners: list[int | None]

    @property
    def is_call(self) -> bool:
        """Whether a call of the decode program computes them, not the prefill of a prompt."""
        return bool(self.tokens.ndim == 2)

    def steps(self) -> list[list[int]]:
        """Waits for the tokens."""
        import numpy as np

        return [list(row) for row in np.asarray(self.tokens).reshape(-1, len(self.owners)).tolist()]


class RowSchedule:
    """Which conversation each row of a batch computes, and how many tokens it still lacks.

    Args:
        counts: the most tokens of each conversation.
        rows: rows of the batch; the first conversations take one each.

    Attributes:
        owners: the conversation of each row, None for a row that is not in use.
        pending: the tokens that were requested and not read yet, in order.
    """

    def __init__(self, counts: Sequence[int], rows: int) -> None:
        self.owners: list[int | None] = [i if i < len(counts) else None for i in range(rows)]
        self.pending: deque[_Pending] = deque()
        self._left = list(counts)
        self._waiting = deque(range(rows, len(counts)))

    def request(self, tokens: Any, row: int | None = None) -> None:
        """Records an array of tokens that the device computes: for all rows, or for one."""
        tokens.copy_to_host_async()
        owners = self.owners if row is None else [self.owners[row]]
        self.pending.append(_Pending(tokens, list(owners)))

    @property
    def calls(self) -> int:
        """Calls of the decode program that were sent and not read yet."""
        return sum(pending.is_call for pending in self.pending)

    def lacks_tokens(self, steps_per_call: int) -> bool:
        """Whether a conversation needs more tokens than were requested.

        Args:
            steps_per_call: tokens that one call of the decode program gives each row.
        """
        for owner in self.owners:
            if owner is not None:
                requested = sum(
                    steps_per_call if p.is_call else 1 for p in self.pending if owner in p.owners
                )
                if self._left[owner] > requested:
                    return True
        return False

    def read(self, ended: set[int]) -> Iterator[Step]:
        """Yields the steps of the oldest request, without the conversations that ended.

        Args:
            ended: the conversations that take no more tokens; the caller may add to it between two
                steps, and this adds those that have all their tokens.
        """
        oldest = self.pending.popleft()
        for tokens in oldest.steps():
            step: Step = []
            for owner, token in zip(oldest.owners, tokens, strict=True):
                if owner is None or owner in ended:
                    continue
                step.append((owner, token))
                self._left[owner] -= 1
            if not step:
                return
            full = [owner for owner, _ in step if not self._left[owner]]
            yield step
            ended.update(full)

    def next_rows(self, ended: set[int]) -> Iterator[tuple[int, int]]:
        """Gives the rows of conversations that ended to the next ones.

        Args:
            ended: as in ``read``.

        Yields:
            (row, conversation) of each conversation that begins.
        """
        for row, owner in enumerate(self.owners):
            if owner is not None and owner not in ended:
                continue
            self.owners[row] = self._waiting.popleft() if self._waiting else None
            begins = self.owners[row]
            if begins is not None:
                yield row, begins
