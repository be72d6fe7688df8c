"""What was put into a ``FileUpload``, in ipywidgets 7 and 8 alike."""

from __future__ import annotations

from typing import Any

import ipywidgets

from gemma_nb.widgets.base import controls


def field(label: str, accept: str) -> Any:
    """A button that takes one file.

    Args:
        label: what stands on it.
        accept: kinds of files, as HTML's ``accept`` takes them ("image/*").
    """
    made = ipywidgets.FileUpload(description=label, accept=accept, multiple=False)
    return controls.styled(made, "gnb-button")


def taken(control: Any) -> tuple[str, bytes] | None:
    """The file that was chosen, name and content, None where there is none; the field is emptied.

    Args:
        control: made by ``field``.
    """
    value = control.value
    if not value:
        return None
    if isinstance(value, dict):  # ipywidgets 7: by name
        name, file = next(iter(value.items()))
        control.metadata, control.data = [], []
        control._counter = 0  # noqa: SLF001 - 7 makes its value anew from the two when this changes
    else:
        file = value[0]
        name = file["name"]
        control.value = ()
    return str(name), bytes(file["content"])
