"""What is known of one choice after it was measured: values only, that go to disk and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gemma_nb.i18n import Message, table

#: How a row ended: measured; does not fit; something went wrong; not reached.
DONE, DOES_NOT_FIT, FAILED, WAITING = "done", "misfit", "failed", "waiting"


@dataclass(frozen=True)
class ScoredReply:
    """What a model said to one prompt, greedily.

    Args:
        text: the reply.
        tokens: how many it took.
        exact: whether it equals the reference, spaces at the ends apart; None without one.
        contains: whether the reference stands in it, case and width apart; None without one.
    """

    text: str
    tokens: int
    exact: bool | None = None
    contains: bool | None = None


@dataclass(frozen=True)
class Agreement:
    """How far a precision says what the highest one of the same variant says.

    Both read the same replies, so that one early difference counts once.

    Args:
        precision: the one it is held against.
        same: share of positions at which both find the same token likeliest, 0 to 1.
        divergence: mean Kullback-Leibler divergence of the next token from the higher precision
            to this one, in bits.
        positions: how many positions that are.
    """

    precision: str
    same: float
    divergence: float
    positions: int


@dataclass(frozen=True)
class ComparisonRow:
    """One choice, measured or not. Times are in seconds, memory in bytes; None is unmeasured.

    Args:
        variant: its name.
        precision: a Keras dtype name.
        max_length: tokens of prompt and reply together.
        given: whether the user passed a loaded model (which is then neither loaded nor unloaded).
        status: "done", "misfit", "failed" or "waiting".
        reason: why it is not "done".
        load_seconds: until the weights are in place.
        cold_seconds: from the first call to the first token, compiling (or finding compiled
            programs on disk) included.
        warm_seconds: the same later, the median of the repeats.
        tokens_per_second: behind the first token, one conversation; the median of the repeats.
        tokens_per_second_range: the lowest and the highest of the repeats.
        device_peak: peak device memory through loading and generating, what was there before
            taken off; None on a processor.
        device_peak_sampled: whether that was read now and then, and so may have been higher (JAX
            keeps one peak a process, which an earlier row had set higher).
        host_peak: peak memory of the whole process, Python and its packages included.
        predicted: the parts of ``estimate_memory`` in bytes; "python" where the device's memory
            is the host's.
        predicted_device: peak of the device by ``estimate_memory``; None on a processor.
        predicted_host: peak of the host by ``estimate_memory``.
        outputs: one for each prompt.
        bits_per_byte: mean negative log-likelihood of the text, in bits for each UTF-8 byte.
        text_tokens: how many tokens the text has for this model.
        agreement: with the highest precision of the same variant; None for that one, and where
            there is no other.
        notes: what else to know, such as what could not be measured and why.
    """

    variant: str
    precision: str
    max_length: int
    given: bool = False
    status: str = WAITING
    reason: Message | None = None
    load_seconds: float | None = None
    cold_seconds: float | None = None
    warm_seconds: float | None = None
    tokens_per_second: float | None = None
    tokens_per_second_range: tuple[float, float] | None = None
    device_peak: int | None = None
    device_peak_sampled: bool = False
    host_peak: int | None = None
    predicted: Mapping[str, int] = field(default_factory=dict)
    predicted_device: int | None = None
    predicted_host: int | None = None
    outputs: tuple[ScoredReply, ...] = ()
    bits_per_byte: float | None = None
    text_tokens: int | None = None
    agreement: Agreement | None = None
    notes: tuple[Message, ...] = ()

    @property
    def label(self) -> str:
        """The variant and its precision."""
        return f"{self.variant} {self.precision}"

    def share(self, score: str) -> float | None:
        """The share of prompts with a reference that were answered right.

        Args:
            score: "exact" or "contains".

        Returns:
            0 to 1; None where no prompt has a reference.
        """
        found = [getattr(o, score) for o in self.outputs if getattr(o, score) is not None]
        return sum(found) / len(found) if found else None


def row_to_json(row: ComparisonRow) -> dict[str, Any]:
    """A row as JSON takes it."""
    values = asdict(row)
    values["reason"] = message_to_json(row.reason) if row.reason else None
    values["notes"] = [message_to_json(note) for note in row.notes]
    return values


def row_from_json(values: Mapping[str, Any]) -> ComparisonRow:
    """A row from what ``to_values`` wrote; what an older or newer version wrote more is left out.

    Raises:
        KeyError: a field that every row has is missing.
        TypeError: a field is of another kind.
        ValueError: a field is of another kind.
    """
    known = {k: v for k, v in values.items() if k in ComparisonRow.__dataclass_fields__}
    span, agreement = known.get("tokens_per_second_range"), known.get("agreement")
    known["tokens_per_second_range"] = (float(span[0]), float(span[1])) if span else None
    known["agreement"] = Agreement(**agreement) if agreement else None
    known["outputs"] = tuple(ScoredReply(**o) for o in known.get("outputs") or ())
    known["reason"] = message_from_json(known["reason"]) if known.get("reason") else None
    known["notes"] = tuple(message_from_json(note) for note in known.get("notes") or ())
    row = ComparisonRow(**known)
    if row.status not in (DONE, DOES_NOT_FIT, FAILED, WAITING):
        raise ValueError(row.status)
    return row


def message_to_json(found: Message) -> dict[str, Any]:
    """A sentence's key and values as JSON takes them; what is neither text nor number as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, Message):
            return message_to_json(value)
        return value if isinstance(value, (str, int, float)) else str(value)

    return {"key": found.key, "values": {k: plain(v) for k, v in found.values.items()}}


def message_from_json(values: Mapping[str, Any]) -> Message:
    """A sentence from what ``message_values`` wrote.

    Raises:
        KeyError: there is no such sentence.
    """
    if values["key"] not in table():
        raise KeyError(values["key"])
    inner = {
        k: message_from_json(v) if isinstance(v, Mapping) else v
        for k, v in values["values"].items()
    }
    return Message(values["key"], inner)
