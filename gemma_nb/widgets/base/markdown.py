"""Markdown as HTML that neither runs nor loads anything.

markdown-it-py parses it (CommonMark with tables and strikethrough, without HTML). Each element is
made by ``html.tag``, which escapes text and lets links lead to http:// and https:// only. An image
becomes its description: loading it from another server would tell that server who reads the page.
Formulas become MathML, and code is coloured by pygments.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.widgets.base.formulas import find_formula, formula
from gemma_nb.widgets.base.html import code_block, copyable, link, scroll_region

#: Node types whose element holds only the children.
_ELEMENTS = {
    "paragraph": "p",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "bullet_list": "ul",
    "list_item": "li",
    "blockquote": "blockquote",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
}
_WITH_TEXT = {"paragraph", "list_item", "th", "td"}
#: The deepest nesting that is parsed; deeper text stays as it was written. A reply may consist of
#: brackets only.
_MAX_NESTING = 20
#: The longest block of code that is coloured, in characters.
_LONGEST_CODE = 20_000


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    options = {"html": False, "maxNesting": _MAX_NESTING}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "formula", _formula_rule)
    return parser


def _formula_rule(state: Any, silent: bool) -> bool:
    r"""A rule of markdown-it for formulas: ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]``."""
    if state.src[state.pos] not in "$\\":
        return False
    found = find_formula(state.src[: state.posMax], state.pos)
    if found is None:
        return False
    latex, is_block, end = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content = latex
        token.meta = {"is_block": is_block, "source": state.src[state.pos : end]}
    state.pos = end
    return True


def markdown(source: str, code_label: str) -> Html:
    """Renders Markdown.

    Args:
        source: text of a user or a model; it may be cut anywhere, as a reply that still arrives.
        code_label: the name of code blocks for a screen reader.
    """
    from markdown_it.tree import SyntaxTreeNode

    return _children_html(SyntaxTreeNode(_parser().parse(source)), code_label)


def _coloured(code: str, info: str) -> object:
    """Code in the language that the block names; as it is where none is named or known."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES
    from pygments.util import ClassNotFound

    name = info.partition(" ")[0]
    if not name or len(code) > _LONGEST_CODE:
        return code
    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return code
    parts: list[object] = []
    for kind, said in lexer.get_tokens(code):
        css_class = STANDARD_TYPES[next(k for k in reversed(kind.split()) if k in STANDARD_TYPES)]
        parts.append(tag("span", said, class_=f"gnb-{css_class}") if css_class else said)
    return join(parts)


def _children_html(node: Any, code_label: str) -> Html:
    children: Iterable[Any] = node.children
    return join(_node_html(child, code_label) for child in children)


def _node_html(node: Any, code_label: str) -> object:
    kind = node.type
    if kind == "text":
        return node.content
    if kind in ("softbreak", "hardbreak"):
        # CommonMark renders a single newline as a space, but in a chat it is meant as a break
        return tag("br")
    if kind == "code_inline":
        return tag("code", node.content)
    if kind == "formula":
        shown = formula(node.content, is_block=node.meta["is_block"])
        return tag("code", node.meta["source"]) if shown is None else shown
    if kind in ("fence", "code_block"):
        code = node.content.removesuffix("\n")
        block = code_block(_coloured(code, node.info), code_label)
        return copyable(block, source=None)
    if kind == "hr":
        return tag("hr")
    if kind == "image":
        return tag("span", "🖼 ", node.content)
    inner = _children_html(node, code_label)
    if kind == "inline":
        return inner
    if kind == "link":
        address = str(node.attrs.get("href", ""))
        return link(address if address.startswith(("https://", "http://")) else None, inner)
    if kind == "heading":
        # ranks below the headings of the panel
        return tag(f"h{min(6, int(node.tag[1]) + 3)}", inner, dir="auto")
    if kind == "ordered_list":
        return tag("ol", inner, start=node.attrs.get("start"))
    if kind == "table":
        return scroll_region(tag("table", inner), code_label)
    if kind in _ELEMENTS:
        is_tight = kind == "paragraph" and node.hidden  # an item of a list without blank lines
        # Arabic and Hebrew run from the right, each paragraph by its own first letter
        has_text = kind in _WITH_TEXT
        return inner if is_tight else tag(_ELEMENTS[kind], inner, dir="auto" if has_text else None)
    return join([node.content, inner])
