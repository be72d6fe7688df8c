"""Style sheets and scripts of the panels, read from the ``.css`` and ``.js`` files beside them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from gemma_nb.html_markup import Html

_WIDGETS = "gemma_nb.widgets"


@cache
def style_sheet(path: str) -> str:
    """A style sheet without comments and spare whitespace.

    Args:
        path: the file below ``gemma_nb/widgets``, "base/style.css".
    """
    css = re.sub(r"/\*.*?\*/", "", _read(path), flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css).strip()
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    return re.sub(r"(?<=[\w-]): ", ":", css).replace(";}", "}")


@cache
def style_html(path: str) -> Html:
    """A style sheet as a ``<style>`` element.

    Args:
        path: as in ``style_sheet``.
    """
    return Html(f"<style>{style_sheet(path)}</style>")


@cache
def script_html(path: str) -> Html:
    """A script as a ``<script>`` element, without comments and indentation.

    Args:
        path: the file below ``gemma_nb/widgets``, "base/page.js".
    """
    lines = (line.strip() for line in _read(path).splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    return Html(f"<script>{code}</script>")


def static_copy_class(panel_name: str) -> str:
    """The CSS class of a panel's static copies.

    Args:
        panel_name: ``Panel.name``.
    """
    return f"{panel_name}-copy"


def panel_style_html(panel_name: str) -> Html:
    """The shared style sheet, with rules that hide the static copies of the panel that brings it.

    Args:
        panel_name: ``Panel.name``.
    """
    copy = static_copy_class(panel_name)
    # Two rules: a browser that does not know :has drops the whole rule in which it stands.
    hidden = f".{copy}{{display:none}}"
    hidden += f".jp-OutputArea-child:has(.{copy}),.output_area:has(.{copy}){{display:none}}"
    return Html(f"<style>{style_sheet('base/style.css')}{hidden}</style>")


def _read(path: str) -> str:
    return files(_WIDGETS).joinpath(path).read_text(encoding="utf-8")
