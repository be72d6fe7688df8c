"""What ``recommend`` returns: a choice with its reason, beside the alternatives to it."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Variant, licence_name
from gemma_nb.display import Displayed, Summary
from gemma_nb.fit.speed import SpeedEstimate, estimate_speed
from gemma_nb.fit.tuning import tuning_check
from gemma_nb.fit.verdict import Verdict
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import align_columns, format_each

#: The columns of ``Recommendation.table``.
_COLUMNS = ("which", "variant", "precision", "memory", "speed", "licence")


@dataclass(frozen=True, repr=False)
class Recommendation(Displayed):
    """A recommended choice.

    Args:
        verdict: the verdict on the choice, which fits with room.
        reason: why this choice is recommended.
        source: the address of the rule, or "gemma_nb" if the rule is this package's own.
        kind: "best", or of an alternative: "largest" (the largest variant of the same generation
            that fits with room), "fastest" (the fastest of that generation in 16 bit or int8) or
            "no_login" (the best that needs no account, if the best one needs one).
        alternatives: the alternatives that are not the best choice itself, in this order.
    """

    verdict: Verdict
    reason: Message
    source: str
    kind: str = "best"
    alternatives: tuple[Recommendation, ...] = ()

    @property
    def variant(self) -> Variant:
        """The recommended variant."""
        return self.verdict.choice.variant

    @property
    def precision(self) -> str:
        """The Keras dtype name of the recommended precision."""
        return self.verdict.choice.precision

    @property
    def licence(self) -> str:
        """The licence of the variant, as ``Variant.licence`` names it."""
        return self.variant.licence

    @property
    def memory_bytes(self) -> int:
        """Bytes that the choice needs of the resource that decides; for tuning, with LoRA."""
        if self.verdict.task == "tuning":
            return tuning_check(self.verdict).needed
        return self.verdict.bytes_needed

    @property
    def speed(self) -> SpeedEstimate | None:
        """The estimated speed of one conversation; None if the bandwidth is unknown.

        None too on several devices, because that of a divided model is not estimated, and for
        tuning, which generates nothing.
        """
        choice = self.verdict.choice
        if choice.devices > 1 or self.verdict.task == "tuning":
            return None
        return estimate_speed(choice.variant, choice.precision, choice.runtime, choice.max_length)

    @property
    def alternative(self) -> Recommendation | None:
        """The largest variant that fits with room; None if it is this one."""
        return next((a for a in self.alternatives if a.kind == "largest"), None)

    @property
    def title(self) -> Message:
        """What this choice is among the alternatives, in a few words."""
        return Message(f"recommend_{self.kind}")

    def table(self) -> list[tuple[str, ...]]:
        """This choice and its alternatives as rows of text, the headings first.

        The cells are: which it is, variant, precision, memory needed (of several devices: "2 x 11.5
        GiB"), tokens a second (estimated), licence.
        """
        heads = tuple(text(f"recommend_column_{name}") for name in _COLUMNS)
        return [heads, *(_table_row(r) for r in (self, *self.alternatives))]

    @property
    def reasons(self) -> tuple[Message, ...]:
        """The reasons of this choice and of its alternatives, in the order of the table."""
        return tuple(r.reason for r in (self, *self.alternatives))

    @property
    def speed_note(self) -> Message | None:
        """What the estimates of the speed rest on; None where there are none."""
        speed = self.speed
        return Message("recommend_speed_note", {"basis": speed.basis_message}) if speed else None

    @property
    def sentences(self) -> tuple[Message, ...]:
        """What stands below the table: the reasons, and what the speeds rest on."""
        return (*self.reasons, *((note,) if (note := self.speed_note) else ()))

    def _summary(self) -> Summary:
        heads, *rows = self.table()
        choice = self.verdict.choice
        title = text(
            "show_choice",
            variant=choice.variant.name,
            precision=choice.precision,
            runtime=choice.runtime.name,
        )
        return Summary(
            title,
            tuple(rows),
            heads,
            bar=self.verdict.memory_bar,
            notes=tuple(map(str, filter(None, (self.reason, self.speed_note)))),
            details=tuple((str(one.title), str(one.reason)) for one in self.alternatives),
            details_title=text("show_alternatives"),
        )

    def __str__(self) -> str:
        return "\n\n".join([align_columns(self.table(), indent=0), *map(str, self.sentences)])


def _table_row(one: Recommendation) -> tuple[str, ...]:
    speed, licence = one.speed, str(licence_name(one.variant))
    return (
        str(one.title),
        one.variant.name,
        one.precision,
        format_each(one.memory_bytes, one.verdict.choice.devices),
        speed.range_text if speed else "?",
        text("recommend_login", licence=licence) if one.variant.gated else licence,
    )
