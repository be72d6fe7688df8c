"""Markdown as markup, with nothing in it that a page would run or load.

Parsed by markdown-it-py (CommonMark, tables, strikethrough) with HTML switched off; each element is
made by ``markup.tag``, which escapes every text and lets links lead to http:// and https:// only.
An image becomes its description: a picture on another server would tell that server who reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from gemma_nb.widgets.base.html import Html, join, link, pre, tag

#: Elements that hold nothing but their children.
_PLAIN = {
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
#: Nested deeper, text stands as it was written: a reply may be nothing but brackets.
_DEEPEST = 20


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    options = {"html": False, "maxNesting": _DEEPEST}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def markdown(written: str, code_label: str) -> Html:
    """A text in Markdown as markup.

    Args:
        written: a user's or a model's text; it may end anywhere, as a reply does that arrives.
        code_label: what a block of code is called, for a screen reader.
    """
    from markdown_it.tree import SyntaxTreeNode

    # a lone newline in a chat is meant, though CommonMark makes a space of it
    root = SyntaxTreeNode(_parser().parse(written))
    return join(_made(root.children, code_label))


def _made(nodes: Iterable[Any], label: str) -> Iterator[object]:
    for node in nodes:
        yield _element(node, label)


def _element(node: Any, label: str) -> object:
    kind = node.type
    if kind == "text":
        return node.content
    if kind in ("softbreak", "hardbreak"):
        return tag("br")
    if kind == "code_inline":
        return tag("code", node.content)
    if kind in ("fence", "code_block"):
        return pre(node.content.removesuffix("\n"), label)
    if kind == "hr":
        return tag("hr")
    if kind == "image":
        return tag("span", "🖼 ", node.content)
    inner = join(_made(node.children, label))
    if kind == "inline":
        return inner
    if kind == "link":
        address = str(node.attrs.get("href", ""))
        return link(address if address.startswith(("https://", "http://")) else None, inner)
    if kind == "heading":
        # below the headings of the widget, whatever the model thinks of its own rank
        return tag(f"h{min(6, int(node.tag[1]) + 3)}", inner)
    if kind == "ordered_list":
        return tag("ol", inner, start=node.attrs.get("start"))
    if kind == "table":
        return tag(
            "div",
            tag("table", inner),
            class_="gnb-scroll",
            tabindex="0",
            role="region",
            aria_label=label,
        )
    if kind in _PLAIN:
        hidden = kind == "paragraph" and node.hidden  # in a tight list
        return inner if hidden else tag(_PLAIN[kind], inner)
    return join([node.content, inner])
