r"""Formulas in replies, from LaTeX to MathML that neither runs nor loads anything.

latex2mathml converts them. Its text is not escaped, and it passes on the attributes of ``\href``,
``\style`` and ``\class``. So the elements are built again here: only the names and attributes that
are listed below, and every text escaped. A formula that cannot be shown this way
stays as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Any

from gemma_nb.html_markup import Html, join, tag

#: The longest formula, in characters, and the deepest nesting of its braces and elements.
LONGEST, DEEPEST = 2_000, 20

#: The elements that are built: those of https://www.w3.org/TR/mathml-core/ that formulas need, and
#: menclose of MathML 3, whose content shows where its box does not.
_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom",
    "mstyle", "menclose",
}  # fmt: skip
#: Attributes and the form of their values.
_ATTRIBUTES = {
    **dict.fromkeys(
        ("stretchy", "fence", "separator", "accent", "accentunder", "largeop", "movablelimits",
         "displaystyle"), r"true|false"),
    **dict.fromkeys(
        ("lspace", "rspace", "width", "height", "depth", "voffset", "linethickness", "minsize",
         "maxsize"), r"-?[0-9.]{1,8}(?:em|ex|px|%)?"),
    "form": r"prefix|infix|postfix",
    "columnalign": r"(?:left|center|right)(?: (?:left|center|right)){0,20}",
    "notation": r"box",
    "scriptlevel": r"[+-]?[0-3]",
    "mathvariant": r"normal|bold|italic|bold-italic|double-struck|script|fraktur|monospace",
}  # fmt: skip

#: How a formula begins -> how it ends, and whether it stands on a line of its own.
_DELIMITERS = {"$$": ("$$", True), "\\[": ("\\]", True), "\\(": ("\\)", False), "$": ("$", False)}


def find_formula(source: str, start: int) -> tuple[str, bool, int] | None:
    """The formula that begins at a place of a text.

    A single ``$`` begins one only before a character that is no space, and ends it only after one
    and before no digit, so that amounts of money are none (pandoc's rule).

    Args:
        source: the text.
        start: where its first delimiter would be.

    Returns:
        The LaTeX without its delimiters, whether it stands on a line of its own, and where the text
        continues; None where no formula begins.
    """
    opening = next((one for one in _DELIMITERS if source.startswith(one, start)), None)
    if opening is None:
        return None
    closing, is_block = _DELIMITERS[opening]
    begin = start + len(opening)
    end = source.find(closing, begin, begin + LONGEST + len(closing))
    if opening == "$":
        while end > 0 and source[end - 1] == "\\":  # an escaped dollar sign
            end = source.find(closing, end + 1, begin + LONGEST + 1)
        follows = source[end + 1 : end + 2]
        if end > 0 and (source[begin].isspace() or source[end - 1].isspace() or follows.isdigit()):
            return None
    latex = source[begin:end].strip() if end > 0 else ""
    return (latex, is_block, end + len(closing)) if latex else None


@lru_cache(maxsize=1024)
def formula(latex: str, *, is_block: bool) -> Html | None:
    """A formula as MathML, with its source as the text of a screen reader.

    Args:
        latex: what was written between the delimiters.
        is_block: whether it stands on a line of its own.

    Returns:
        The markup; None where latex2mathml is missing or the formula cannot be shown.
    """
    if len(latex) > LONGEST or _depth(latex) > DEEPEST:
        return None
    try:
        from latex2mathml.converter import convert_to_element

        root = convert_to_element(latex)
        inner = [_rebuilt(child, 0) for child in root]
    except ImportError:
        return None
    except Exception:  # noqa: BLE001 - a stranger's formula: any error means "not shown as one"
        return None
    display = "block" if is_block else "inline"
    math = tag("math", *inner, display=display, aria_label=latex)
    if not is_block:
        return math
    # a wide one scrolls by itself, and the keyboard can reach it
    return tag("span", math, class_="gnb-formula", tabindex="0", role="region", aria_label=latex)


def _depth(latex: str) -> int:
    """The deepest nesting of braces, and of what opens one argument more without them."""
    deepest = level = 0
    for sign in re.findall(r"[{}]|\\(?:left|right|begin|end)\b|\\[a-zA-Z]+", latex):
        if sign in ("{", "\\left", "\\begin"):
            level += 1
        elif sign in ("}", "\\right", "\\end"):
            level -= 1
        deepest = max(deepest, level)
    return deepest


def _rebuilt(element: Any, level: int) -> Html:
    """An element of the allowed names and attributes.

    Raises:
        ValueError: the element is another one, is nested too deep, or holds LaTeX that was not
            understood.
    """
    if element.tag not in _ELEMENTS or level > 3 * DEEPEST:
        raise ValueError(element.tag)
    text = unescape(element.text or "")
    if text.startswith("\\") or (text == "&" and element.tag == "mi"):
        raise ValueError(text)
    attributes = {
        name: value
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and re.fullmatch(_ATTRIBUTES[name], value)
    }
    children = join(_rebuilt(child, level + 1) for child in element)
    return tag(element.tag, text, children, **attributes)
