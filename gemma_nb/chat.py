"""A conversation with a model, in the form the ecosystem's chat templates take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput

if TYPE_CHECKING:
    from gemma_nb.model import Model


class Chat:
    """A conversation: each turn is sent with all that was said before.

    Args:
        model: a loaded model.
        system: an instruction that holds for the whole conversation.
        tools: as in ``format_prompt``.
        thinking: as in ``format_prompt``.

    Attributes:
        messages: the conversation so far, a list of {"role": …, "content": …}.

    Raises:
        InvalidInput: ``system`` is no string.
    """

    def __init__(
        self,
        model: Model,
        system: str | None = None,
        tools: Sequence[Any] | None = None,
        *,
        thinking: bool = False,
    ) -> None:
        if system is not None and not isinstance(system, str):
            raise InvalidInput("system_wants_text", value=system)
        self.model = model
        self.tools = tools
        self.thinking = thinking
        self.messages: list[dict[str, Any]] = []
        if system and system.strip():
            self.messages.append({"role": "system", "content": system})

    def send(self, text: str, max_new_tokens: int = 256, **options: Any) -> Iterator[str]:
        """Streams the answer to ``text``; both join the conversation when the answer ends.

        An answer that is interrupted or left unread joins with what there is of it; one that
        never began leaves the conversation as it was.

        Args:
            text: what the user says.
            max_new_tokens: the most tokens to make.
            **options: those of ``Model.stream``.

        Raises:
            InvalidInput: as in ``Model.stream``; raised by the call itself.
        """
        turn = {"role": "user", "content": text}
        pieces = self.model.stream(
            [*self.messages, turn],
            max_new_tokens,
            tools=self.tools,
            thinking=self.thinking,
            **options,
        )
        return self._keep(turn, pieces)

    def _keep(self, turn: dict[str, Any], pieces: Iterator[str]) -> Iterator[str]:
        said: list[str] = []
        try:
            for piece in pieces:
                said.append(piece)
                yield piece
        finally:
            if said:
                answer = {"role": "assistant", "content": "".join(said)}
                self.messages += [turn, answer]
