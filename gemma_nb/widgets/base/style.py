"""Style sheets and scripts of the panels, read from the ``.css`` and ``.js`` files beside them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from gemma_nb.html_markup import Html

_WIDGETS = "gemma_nb.widgets"
#: The style sheet that every panel brings.
SHARED_STYLE_FILE = "base/style.css"


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


def restart_style_html(panel_name: str, sentence: str) -> Html:
    """Rules of a live panel: its static copies are hidden until its kernel is gone.

    Then ipywidgets gives its widgets the class ``jupyter-widgets-disconnected``, and the copies appear
    in its place; in a browser that does not know ``:has``, a sentence does.

    Args:
        panel_name: ``Panel.name``.
        sentence: what to do now.
    """
    copy = static_copy_class(panel_name)
    gone = f".{panel_name}.jupyter-widgets-disconnected"
    written = sentence.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
    rules = (
        f".{copy}{{display:none}}",
        f'{gone}::after{{content:"{written}"}}',
        # rules of their own: a browser that does not know :has drops the whole rule with it
        f"body:has({gone}) .{copy}{{display:block}}",
        f"body:has({gone}) {gone}{{display:none!important}}",
        f"body:not(:has({gone})) .jp-OutputArea-child:has(.{copy}){{display:none}}",
        f"body:not(:has({gone})) .output_area:has(.{copy}){{display:none}}",
    )
    return Html(f"<style>{''.join(rules)}</style>")


def copy_style_html(panel_name: str) -> Html:
    """A rule of a static copy: JupyterLab's "Loading widget…" is hidden where no live panel comes.

    Args:
        panel_name: ``Panel.name``.
    """
    output, copy = ".jp-OutputArea-child", static_copy_class(panel_name)
    before = f"{output}:not(:has(.{panel_name})):has(+ {output} .{copy})"
    return Html(f"<style>{before}{{display:none}}</style>")


def _read(path: str) -> str:
    return files(_WIDGETS).joinpath(path).read_text(encoding="utf-8")
