"""The picker where no widget can live: the same content as a table and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.advice.parts import memory_parts
from gemma_nb.columns import columns, wrapped
from gemma_nb.snippets import gemma_nb_code
from gemma_nb.strings import text
from gemma_nb.units import size
from gemma_nb.widgets.base.html import Html, join, link, pre, table, tag
from gemma_nb.widgets.picker.picker_view import ICONS, facts, status_words

if TYPE_CHECKING:
    from gemma_nb.advice import Verdict
    from gemma_nb.advice.fixes import Fix


def _rows(verdict: Verdict, *, on_disk: bool) -> list[tuple[str, str, str | None]]:
    """The whole choice: a name, a value and an address each."""
    choice, variant = verdict.choice, verdict.choice.variant
    shown = {
        "runtime": choice.runtime.name,
        "variant": variant.name,
        "family": f"{variant.family} {variant.generation}",
        "size": variant.size,
        "tuning": text(f"picker_tuning_{variant.tuning}"),
        "precision": choice.precision,
        "max_length": f"{choice.max_length:,}",
        "batch_size": str(choice.batch_size),
    }
    rows: list[tuple[str, str, str | None]] = [
        (text(f"picker_{name}"), value, None) for name, value in shown.items()
    ]
    rows += [(text(f"part_{p.key}"), size(p.size), None) for p in memory_parts(verdict)]
    return [*rows, *facts(verdict, on_disk=on_disk)]


def static_html(verdict: Verdict, fixes: tuple[Fix, ...], *, on_disk: bool) -> Html:
    """The choice as a table, with the verdict, the changes and the code."""
    title = text("picker_title")
    words = tag("strong", f"{ICONS[verdict.status]} {status_words(verdict)}")
    rows = [(name, link(url, value)) for name, value, url in _rows(verdict, on_disk=on_disk)]
    return join(
        [
            tag("h3", title),
            tag("p", words, " ", verdict.reason),
            tag("ul", *(tag("li", fix) for fix in fixes)) if fixes else "",
            table(rows, label=title, first_is_head=True),
            pre(gemma_nb_code(verdict.choice), text("picker_tab_code")),
        ]
    )


def static_text(verdict: Verdict, fixes: tuple[Fix, ...], *, on_disk: bool) -> str:
    """The same as plain text."""
    words = f"{ICONS[verdict.status]} {status_words(verdict)}"
    rows = [(name, value) for name, value, _ in _rows(verdict, on_disk=on_disk)]
    parts = [
        text("picker_title"),
        f"{words}\n{wrapped(str(verdict.reason))}",
        "\n".join(f"  - {fix}" for fix in fixes),
        columns(rows),
        gemma_nb_code(verdict.choice),
    ]
    return "\n\n".join(part for part in parts if part)
