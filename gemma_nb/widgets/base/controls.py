"""Labelled ipywidgets controls that work in ipywidgets 7.7.1 and 8.

The ``description`` of a control is its ``<label for=…>`` in both versions. ipywidgets 7 renders it
as HTML, ipywidgets 8 as text, and both typeset formulas in it. What goes into it goes through
``label_text``: names of folders, models and tools come from strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from gemma_nb.widgets.base.main_thread import handle_in_order

#: Characters with which markup and formulas begin -> characters that look alike.
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "$": "＄", "\\": "＼"})


def label_text(text: str) -> str:
    """A text as the description of a control: no markup and no formula, in any version.

    An escaped text would show its escapes in ipywidgets 8.
    """
    return text.translate(_LOOKALIKES)


def with_classes(widget: Any, *css_classes: str) -> Any:
    """Adds CSS classes to a widget and returns it."""
    for name in css_classes:
        widget.add_class(name)
    return widget


def control(widget: Any, *css_classes: str) -> Any:
    """Makes a widget that a person changes or clicks a part of a panel, and returns it.

    Args:
        widget: the widget.
        *css_classes: CSS classes to add.
    """
    handle_in_order(widget)
    return with_classes(widget, *css_classes)


def html(value: str = "", *css_classes: str) -> Any:
    """A block of HTML.

    Args:
        value: HTML from ``gemma_nb.widgets.base.html``.
        *css_classes: CSS classes of the widget.
    """
    return with_classes(ipywidgets.HTML(value), *css_classes)


def dropdown(label: str, options: Sequence[Any] = (), value: Any = None) -> Any:
    """A list of which one entry is selected.

    Args:
        label: its label.
        options: values, or (label, value) pairs.
        value: the selected value; None selects none.
    """
    widget = ipywidgets.Dropdown(description=label_text(label), options=options, value=value)
    return control(widget, "gnb-field")


def set_options(control: Any, options: list[tuple[str, Any]] | None, value: Any) -> None:
    """Sets options and value of a dropdown in one message, and sends only what differs.

    Args:
        control: a ``Dropdown``.
        options: its (label, value) pairs; None keeps the present ones.
        value: the value to select.
    """
    with control.hold_sync():
        if options is not None and list(control.options) != options:
            control.options = options
        if control.value != value:
            control.value = value


def text_field(label: str, placeholder: str = "") -> Any:
    """A field of one line; its value changes on Enter, or when the field loses the focus."""
    widget = ipywidgets.Text(
        description=label_text(label), placeholder=placeholder, continuous_update=False
    )
    return control(widget, "gnb-field")


def text_area(
    label: str, value: str = "", rows: int | None = None, *css_classes: str, each_key: bool = False
) -> Any:
    """A field of several lines.

    Args:
        label: its label.
        value: its text.
        rows: its height in lines; the browser's own when None.
        *css_classes: CSS classes besides that of a field.
        each_key: whether the value changes on each key, and not only when the field loses the focus.
    """
    widget = ipywidgets.Textarea(
        description=label_text(label), value=value, rows=rows, continuous_update=each_key
    )
    return control(widget, "gnb-field", *css_classes)


def checkbox(label: str, *, value: bool = False) -> Any:
    """A box to tick."""
    widget = ipywidgets.Checkbox(description=label_text(label), value=value, indent=False)
    return control(widget, "gnb-check")


def button(label: str, on_click: Callable[[Any], None], *css_classes: str) -> Any:
    """A button; ``on_click`` receives the button."""
    widget = ipywidgets.Button(description=label_text(label))
    widget.on_click(on_click)
    return control(widget, "gnb-button", *css_classes)


def toggle_buttons(label: str, options: Sequence[tuple[str, str]], value: str) -> Any:
    """A row of buttons of which one is on; used as tabs, too.

    ``ipywidgets.Tab`` does not serve: in ipywidgets 7 the keyboard does not reach its tabs.
    """
    widget = ipywidgets.ToggleButtons(description=label_text(label), options=options, value=value)
    return control(widget, "gnb-choices")


def row(*children: Any) -> Any:
    """Children side by side; they wrap where the page is narrow."""
    return with_classes(ipywidgets.Box(children), "gnb-row")


def column(*children: Any, css_classes: Sequence[str] = ()) -> Any:
    """Children below each other."""
    return with_classes(ipywidgets.VBox(children), *css_classes)


def fold(label: str, *children: Any) -> tuple[Any, Any]:
    """Children below a button that shows and hides them; hidden at first.

    ``ipywidgets.Accordion`` does not serve, for the reason that ``toggle_buttons`` gives.

    Args:
        label: the label of the button.
        *children: ipywidgets below each other.

    Returns:
        The button, whose value is whether the children are shown, and the whole.
    """
    toggle = control(ipywidgets.ToggleButton(description=label_text(label)), "gnb-summary")
    body = column(*children)
    set_visible(body, visible=False)
    toggle.observe(lambda change: set_visible(body, change["new"]), "value")
    return toggle, column(toggle, body)


def set_class(widget: Any, css_class: str, wanted: object) -> None:
    """Adds a CSS class to a widget where ``wanted`` is true, else removes it."""
    if wanted:
        widget.add_class(css_class)
    else:
        widget.remove_class(css_class)


def set_visible(widget: Any, visible: object) -> None:
    """Shows a widget where ``visible`` is true, else hides it; a hidden one leaves no gap."""
    display = None if visible else "none"
    if widget.layout.display != display:
        widget.layout.display = display


def close_tree(*widgets: Any) -> None:
    """Closes widgets with their layouts and styles, and all that is below them."""
    for widget in widgets:
        close_tree(*getattr(widget, "children", ()))
        for name in ("layout", "style"):
            if part := getattr(widget, name, None):
                part.close()
        widget.close()


def file_upload(label: str, accept: str) -> Any:
    """A button that takes one file.

    Args:
        label: its label.
        accept: kinds of files, as the ``accept`` attribute of HTML ("image/*,audio/*").
    """
    widget = ipywidgets.FileUpload(description=label_text(label), accept=accept, multiple=False)
    return control(widget, "gnb-button")


def take_uploaded_file(control: Any) -> tuple[str, bytes] | None:
    """The name and content of the uploaded file; None where there is none. Empties the control.

    Args:
        control: a ``FileUpload`` of ipywidgets 7 or 8.
    """
    value = control.value
    if not value:
        return None
    if isinstance(value, dict):  # ipywidgets 7: a dict from name to file
        name, file = next(iter(value.items()))
        control.metadata, control.data = [], []
        # ipywidgets 7 rebuilds its value from the two lists when the counter changes
        control._counter = 0  # noqa: SLF001
    else:
        file = value[0]
        name = file["name"]
        control.value = ()
    return str(name), bytes(file["content"])
