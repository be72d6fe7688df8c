"""The chat panel's settings: the system text, and how the next token is picked, with its meaning."""

from __future__ import annotations

from typing import Any

import ipywidgets

from gemma_nb.errors import InvalidInput
from gemma_nb.generation.sampling import default_sampling
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.widgets import controls
from gemma_nb.widgets.markup import tag

#: The largest values that the sliders reach.
_HOTTEST, _WIDEST = 2.0, 200
_SEEDS = 2**32


class Settings:
    """The controls, made in the language in force.

    Args:
        chat: a ``Chat``; its system text and its thinking follow the controls.
    """

    def __init__(self, chat: Any) -> None:
        self._chat = chat
        model = chat.model
        first = default_sampling(model.variant)
        slider, whole = ipywidgets.FloatSlider, ipywidgets.IntSlider
        length = model.max_length
        self.temperature = slider(value=first.temperature, min=0, max=_HOTTEST, step=0.05)
        self.top_k = whole(value=first.top_k, min=0, max=_WIDEST)
        self.top_p = slider(value=first.top_p, min=0.05, max=1, step=0.05)
        self.length = whole(value=min(256, length), min=1, max=length)
        self.seed = controls.text_field(text("chat_seed"))
        named = {
            "temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "length": self.length,
        }
        cells = []
        for name, control in named.items():
            control.description = text(f"chat_{name}")
            control.continuous_update = False
            controls.styled(control, "gnb-slider")
        for name, control in {**named, "seed": self.seed}.items():
            means = controls.html(tag("small", text(f"chat_{name}_means")))
            cells.append(controls.column(control, means, classes=("gnb-setting",)))
        self.system = controls.styled(
            ipywidgets.Textarea(
                description=text("chat_system"), value=chat.system or "", continuous_update=False
            ),
            *("gnb-field", "gnb-area"),
        )
        self.thinking = controls.styled(
            ipywidgets.Checkbox(description=text("chat_think"), value=chat.thinking, indent=False),
            "gnb-check",
        )
        controls.show(self.thinking, chat.thinking or _can_think(model.variant))
        grid = controls.styled(ipywidgets.Box(cells), "gnb-settings")
        self.widget = controls.column(self.system, self.thinking, grid)
        self.system.observe(self._instruct, "value")
        self.thinking.observe(self._think, "value")

    def enable(self, enabled: bool) -> None:
        """Lets the system text and thinking be changed, or not while an answer is made of them."""
        for control in (self.system, self.thinking):
            if control.disabled is enabled:
                control.disabled = not enabled

    def options(self) -> dict[str, Any]:
        """What ``Chat.chunks`` is given.

        Raises:
            InvalidInput: the seed is no whole number that can be one.
        """
        options: dict[str, Any] = {
            "max_new_tokens": self.length.value,
            "temperature": round(self.temperature.value, 4),
            "top_k": self.top_k.value,
            "top_p": round(self.top_p.value, 4),
        }
        written = self.seed.value.strip()
        if written:
            if not written.isdecimal() or not int(written[:11]) < _SEEDS:
                raise InvalidInput("chat_bad_seed", value=written[:40])
            options["seed"] = int(written)
        return options

    def _instruct(self, change: Any) -> None:
        self._chat.system = change["new"]

    def _think(self, change: Any) -> None:
        self._chat.thinking = change["new"]


def _can_think(variant: Any) -> bool:
    try:
        format_prompt("?", variant, thinking=True)
    except InvalidInput:
        return False
    return True
