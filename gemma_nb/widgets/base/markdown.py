"""Markdown as HTML that neither runs nor loads anything.

markdown-it-py parses it (CommonMark with tables and strikethrough, without HTML). Each element is
made by ``html.tag``, which escapes text and lets links lead to http:// and https:// only. An image
becomes its description: loading it from another server would tell that server who reads the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.widgets.base.html import code_block, link, scroll_region

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
#: The deepest nesting that is parsed; deeper text stays as it was written. A reply may consist of
#: brackets only.
_MAX_NESTING = 20


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    options = {"html": False, "maxNesting": _MAX_NESTING}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def markdown(source: str, code_label: str) -> Html:
    """Renders Markdown.

    Args:
        source: text of a user or a model; it may be cut anywhere, as a reply that still arrives.
        code_label: the name of code blocks for a screen reader.
    """
    from markdown_it.tree import SyntaxTreeNode

    return _children_html(SyntaxTreeNode(_parser().parse(source)), code_label)


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
    if kind in ("fence", "code_block"):
        return code_block(node.content.removesuffix("\n"), code_label)
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
        return tag(f"h{min(6, int(node.tag[1]) + 3)}", inner)
    if kind == "ordered_list":
        return tag("ol", inner, start=node.attrs.get("start"))
    if kind == "table":
        return scroll_region(tag("table", inner), code_label)
    if kind in _ELEMENTS:
        is_tight = kind == "paragraph" and node.hidden  # an item of a list without blank lines
        return inner if is_tight else tag(_ELEMENTS[kind], inner)
    return join([node.content, inner])
