"""Labelled controls, as ipywidgets 7.7.1 and 8 both have them.

A control's ``description`` is its real ``<label for=…>`` in both. ipywidgets 7 takes it for HTML:
give it sentences of ``gemma_nb.strings`` only, never a user's or a model's text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets


def html(value: str = "", *classes: str) -> Any:
    """A block of markup; ``value`` comes from ``gemma_nb.widgets.base.html``."""
    return styled(ipywidgets.HTML(value), *classes)


def styled(widget: Any, *classes: str) -> Any:
    """The widget with CSS classes of ``gemma_nb.widgets.base.style``."""
    for name in classes:
        widget.add_class(name)
    return widget


def dropdown(label: str, options: Sequence[Any] = (), value: Any = None) -> Any:
    """A list to choose from; ``options`` are values or (label, value) pairs."""
    made = ipywidgets.Dropdown(description=label, options=options, value=value)
    return styled(made, "gnb-field")


def text_field(label: str, placeholder: str = "") -> Any:
    """One line of text, told once it is complete (Enter, or leaving the field)."""
    made = ipywidgets.Text(description=label, placeholder=placeholder, continuous_update=False)
    return styled(made, "gnb-field")


def button(label: str, clicked: Callable[[Any], None], *classes: str) -> Any:
    """A button; ``clicked`` is given the button."""
    made = ipywidgets.Button(description=label)
    made.on_click(clicked)
    return styled(made, "gnb-button", *classes)


def choices(label: str, options: Sequence[tuple[str, str]], value: str) -> Any:
    """Buttons in a row of which one is on: tabs, among others.

    Not ``ipywidgets.Tab``: in ipywidgets 7 the keyboard does not reach its tabs.
    """
    made = ipywidgets.ToggleButtons(description=label, options=options, value=value)
    return styled(made, "gnb-choices")


def row(*children: Any) -> Any:
    """Children side by side, wrapping where the page is narrow."""
    return styled(ipywidgets.Box(children), "gnb-row")


def column(*children: Any, classes: Sequence[str] = ()) -> Any:
    """Children below each other."""
    return styled(ipywidgets.VBox(children), *classes)


def show(widget: Any, visible: object) -> None:
    """Shows or hides a widget; a hidden one leaves no gap."""
    wanted = None if visible else "none"
    if widget.layout.display != wanted:
        widget.layout.display = wanted
