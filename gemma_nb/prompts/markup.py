"""How a format's replies are marked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Tokens that any reply may hold by mistake; they are never shown.
_STRAY = ("<bos>", "<pad>")


@dataclass(frozen=True)
class Markup:
    """The control tokens of a format's replies.

    Args:
        ends: what ends a reply; the rest is not part of it.
        drops: what is left out where it turns up.
        thought: what opens and closes a thought, if the format has thoughts.
        call: what opens and closes a tool call, if the format has tools.
        quote: what stands round strings in a call.
        kind: what the text is: "chat", "boxes" (PaliGemma), "verdict" (ShieldGemma) or "code".
    """

    ends: tuple[str, ...]
    drops: tuple[str, ...] = ()
    thought: tuple[str, str] | None = None
    call: tuple[str, str] | None = None
    quote: str = ""
    kind: str = "chat"

    @property
    def tokens(self) -> frozenset[str]:
        """Every token that the parser looks for."""
        pairs: Sequence[tuple[str, ...]] = (self.thought or (), self.call or ())
        return frozenset((*self.ends, *self.drops, *_STRAY, *(t for p in pairs for t in p)))
