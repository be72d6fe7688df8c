"""The rows of a comparison, and their form in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gemma_nb.i18n import Message, table

#: The statuses of a row: measured, does not fit into memory, an error, not reached. These strings
#: are also in the files that comparisons are saved to.
DONE, DOES_NOT_FIT, FAILED, WAITING = "done", "misfit", "failed", "waiting"


@dataclass(frozen=True)
class ScoredReply:
    """The reply to one prompt, generated greedily, with its scores.

    Attributes:
        text: the reply.
        tokens: the number of its tokens.
        exact: whether it equals the reference, leading and trailing spaces ignored; None without a
            reference.
        contains: whether it contains the reference, case and character width ignored; None without
            a reference.
    """

    text: str
    tokens: int
    exact: bool | None = None
    contains: bool | None = None


@dataclass(frozen=True)
class Agreement:
    """How closely a precision agrees with the highest measured precision of the same variant.

    Both models read the same replies, so that an early difference counts once.

    Attributes:
        precision: the highest measured precision.
        same: the share of positions where both give the same token the highest probability, 0 to 1.
        divergence: mean Kullback-Leibler divergence of the next token, from the higher precision
            to this one, in bits.
        positions: the number of positions.
    """

    precision: str
    same: float
    divergence: float
    positions: int


def row_label(variant: str, precision: str, detail: str) -> str:
    """The name of a row: the variant, its precision, and what tells it from others of these."""
    return " ".join(filter(None, (variant, precision, detail)))


@dataclass(frozen=True)
class ComparisonRow:
    """One choice, measured or not.

    Times are in seconds, memory is in bytes, and None stands for values that were not measured.

    Attributes:
        variant: the name of the variant.
        precision: a Keras dtype name.
        max_length: tokens of prompt and reply together.
        given: whether the user passed a loaded model, which is neither loaded nor unloaded.
        status: "done", "misfit", "failed" or "waiting".
        reason: why the status is not "done".
        load_seconds: time until the weights are in place.
        cold_seconds: time from the first call to the first token. It includes compiling, or
            finding compiled programs on disk.
        warm_seconds: the same for later calls, the median of the repeats.
        tokens_per_second: speed after the first token with one conversation, the median of the
            repeats.
        tokens_per_second_range: the lowest and the highest of the repeats.
        device_peak: peak device memory while loading and generating, without what was in use
            before; None on a CPU.
        device_peak_sampled: whether that peak comes from readings and so may have been higher (JAX
            counts one peak for the process, and an earlier row had raised it).
        host_peak: peak memory of the whole process, including Python and its packages.
        predicted: the parts of ``estimate_memory`` in bytes, and "python" where the memory of the
            device is that of the host.
        predicted_device: peak of the device as ``estimate_memory`` predicts it; None on a CPU.
        predicted_host: peak of the host as ``estimate_memory`` predicts it.
        outputs: the reply to each prompt.
        bits_per_byte: mean negative log-likelihood of the text, in bits per UTF-8 byte.
        text_tokens: the number of tokens of the text for this model.
        agreement: agreement with the highest precision of the same variant; None for that
            precision itself, and where no other precision was measured.
        notes: remarks, such as what could not be measured and why.
        detail: what tells it from another row of the same variant and precision.
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
    detail: str = ""

    @property
    def label(self) -> str:
        """The variant, its precision, and what tells it from others of these."""
        return row_label(self.variant, self.precision, self.detail)

    def scores(self, score: str) -> list[bool]:
        """One score of each reply to a prompt with a reference.

        Args:
            score: "exact" or "contains".
        """
        values = (getattr(output, score) for output in self.outputs)
        return [value for value in values if value is not None]

    def share(self, score: str) -> float | None:
        """The share of the prompts with a reference that were answered right.

        Args:
            score: "exact" or "contains".

        Returns:
            0 to 1; None where no prompt has a reference.
        """
        values = self.scores(score)
        return sum(values) / len(values) if values else None


def row_to_json(row: ComparisonRow) -> dict[str, Any]:
    """A row as a dict that JSON can hold."""
    values = asdict(row)
    values["reason"] = message_to_json(row.reason) if row.reason else None
    values["notes"] = [message_to_json(note) for note in row.notes]
    return values


def row_from_json(values: Mapping[str, Any]) -> ComparisonRow:
    """The row that ``row_to_json`` made a dict of; fields of other versions are ignored.

    Raises:
        KeyError: a required field is missing.
        TypeError: a field has the wrong type.
        ValueError: a field has the wrong value.
    """
    fields = {k: v for k, v in values.items() if k in ComparisonRow.__dataclass_fields__}
    speeds, agreement = fields.get("tokens_per_second_range"), fields.get("agreement")
    fields["tokens_per_second_range"] = (float(speeds[0]), float(speeds[1])) if speeds else None
    fields["agreement"] = Agreement(**agreement) if agreement else None
    fields["outputs"] = tuple(ScoredReply(**output) for output in fields.get("outputs") or ())
    fields["reason"] = message_from_json(fields["reason"]) if fields.get("reason") else None
    fields["notes"] = tuple(message_from_json(note) for note in fields.get("notes") or ())
    row = ComparisonRow(**fields)
    if row.status not in (DONE, DOES_NOT_FIT, FAILED, WAITING):
        raise ValueError(row.status)
    return row


def message_to_json(message: Message) -> dict[str, Any]:
    """The key and the values of a sentence; values that JSON cannot hold become strings."""

    def to_json(value: Any) -> Any:
        if isinstance(value, Message):
            return message_to_json(value)
        return value if isinstance(value, (str, int, float)) else str(value)

    return {"key": message.key, "values": {k: to_json(v) for k, v in message.values.items()}}


def message_from_json(values: Mapping[str, Any]) -> Message:
    """The sentence that ``message_to_json`` made a dict of.

    Raises:
        KeyError: there is no sentence with that key.
    """
    if values["key"] not in table():
        raise KeyError(values["key"])
    inner = {
        k: message_from_json(v) if isinstance(v, Mapping) else v
        for k, v in values["values"].items()
    }
    return Message(values["key"], inner)
