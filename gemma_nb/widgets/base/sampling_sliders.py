"""Sliders for temperature, top-k and top-p, which the chat and the next-token panel share."""

from __future__ import annotations

from typing import Any

import ipywidgets

from gemma_nb.generation.sampling import Sampling
from gemma_nb.html_markup import tag
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls

#: The style sheet and the CSS class of a panel with sliders.
STYLE_FILE = "base/sampling_sliders.css"
STYLE_CLASS = "gnb-sampling"
#: The largest values, unless the first value is larger.
_MAX_TEMPERATURE, _MAX_TOP_K = 2.0, 200
_STEP = 0.05


class SamplingSliders:
    """Three sliders. Their labels are in the language in force.

    Args:
        sampling: the first values.
        continuous: whether the values change while a slider is moved, and not only at its end.

    Attributes:
        by_name: the sliders, in the order in which they are shown.
    """

    def __init__(self, sampling: Sampling, *, continuous: bool = False) -> None:
        self.temperature = ipywidgets.FloatSlider(
            value=sampling.temperature,
            min=0,
            max=max(_MAX_TEMPERATURE, sampling.temperature),
            step=_STEP,
        )
        self.top_k = ipywidgets.IntSlider(
            value=sampling.top_k, min=0, max=max(_MAX_TOP_K, sampling.top_k)
        )
        self.top_p = ipywidgets.FloatSlider(
            value=sampling.top_p, min=min(_STEP, sampling.top_p), max=1, step=_STEP
        )
        self.by_name = {
            "temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
        }
        for name, slider in self.by_name.items():
            label_slider(slider, name, continuous=continuous)

    def values(self) -> dict[str, Any]:
        """The values as the keyword arguments of ``Sampling``."""
        return {
            "temperature": round(self.temperature.value, 4),
            "top_k": self.top_k.value,
            "top_p": round(self.top_p.value, 4),
        }


def label_slider(slider: Any, name: str, *, continuous: bool = False) -> None:
    """Gives a slider its label and its looks.

    Args:
        slider: a slider of ipywidgets.
        name: the end of the key of its label, "temperature".
        continuous: as in ``SamplingSliders``.
    """
    slider.description = text(f"chat_{name}")
    slider.continuous_update = continuous
    controls.control(slider, "gnb-slider")


def settings_grid(settings: dict[str, Any]) -> Any:
    """Controls side by side where there is room, each above a sentence that explains it.

    Args:
        settings: from the end of the key of its sentences, "temperature", to the control.
    """
    cells = []
    for name, control in settings.items():
        meaning = controls.html(tag("small", text(f"chat_{name}_means")))
        cells.append(controls.column(control, meaning, css_classes=("gnb-setting",)))
    return controls.with_classes(ipywidgets.Box(cells), "gnb-settings")
