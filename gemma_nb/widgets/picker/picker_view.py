"""What the picker shows of a choice, as markup; sentences come in the language in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.advice.parts import memory_parts
from gemma_nb.advice.verdict import download_bytes
from gemma_nb.catalog.published import published
from gemma_nb.hardware import PRICE_DATE
from gemma_nb.speed import estimate_speed
from gemma_nb.strings import text
from gemma_nb.units import size
from gemma_nb.widgets.base.html import Html, join, link, table, tag

if TYPE_CHECKING:
    from gemma_nb.advice import Recommendation, Verdict
    from gemma_nb.hardware import Runtime

ICONS = {"fits": "✓", "tight": "!", "no": "✗", "none": "–"}

#: The memory's parts -> the pattern of their stretch.
_PATTERNS = {
    "weights": 1,
    "towers": 2,
    "kv_cache": 3,
    "workspace": 4,
    "host": 5,
    "loading": 7,
    "free": 0,
    "missing": 6,
}


def status_words(verdict: Verdict) -> str:
    """The verdict in a word or two; a choice that is ruled out is told apart from one too large."""
    blocked = any(guard.blocks for guard in verdict.guards)
    return text("picker_ruled_out" if blocked else f"picker_{verdict.status}")


def verdict_html(verdict: Verdict) -> Html:
    """The verdict with its reason, then what else to know."""
    icon = tag("span", ICONS[verdict.status], " ", aria_hidden="true")
    head = tag("strong", icon, status_words(verdict))
    parts = [head, tag("p", verdict.reason)]
    also = [g for g in verdict.guards if str(g) != str(verdict.reason)]
    body = tag("div", *parts, class_=f"gnb-verdict gnb-{verdict.status}")
    notes = tag("ul", *(tag("li", g) for g in also)) if also else Html()
    return join([body, tag("small", notes)]) if also else body


def memory_html(verdict: Verdict) -> Html:
    """The bar of memory against what the device has, with every part in words."""
    parts = memory_parts(verdict)
    check = verdict.checks[0]
    whole = max(check.needed, check.available)
    missing = next((p.size for p in parts if p.key == "missing"), 0)
    stretches, keys = [], []
    # what is missing is the end of what is needed: it covers the other parts' end
    covered = missing
    for part in reversed(parts):
        length = part.size
        if part.key != "missing":
            hidden = min(covered, length)
            covered, length = covered - hidden, length - hidden
        shape = f"gnb-p{_PATTERNS[part.key]}"
        words = f"{text(f'part_{part.key}')} {size(part.size)}"
        keys.append(tag("li", tag("i", class_=shape, aria_hidden="true"), words))
        width = f"width:{100 * length / whole:.2f}%"
        stretches.append(tag("span", class_=shape, style=width, title=words))
    spoken = "; ".join(f"{text(f'part_{p.key}')} {size(p.size)}" for p in parts)
    needed = text("picker_memory", needed=size(check.needed), available=size(check.available))
    notes = [text("picker_memory_host")] if check.resource == "host" else []
    if verdict.choice.devices > 1:
        notes.append(text("picker_memory_device"))
    if missing:
        notes.append(text("picker_memory_over", missing=size(missing)))
    told = f"{needed} ({', '.join(notes)})" if notes else needed
    bar = tag("div", *reversed(stretches), class_="gnb-bar", role="img", aria_label=spoken)
    return join([tag("h4", told), bar, tag("ul", *reversed(keys), class_="gnb-keys")])


def facts(verdict: Verdict, *, on_disk: bool) -> list[tuple[str, str, str | None]]:
    """What else is known of a choice: a name, a value and, where there is a page, its address.

    Args:
        verdict: the verdict on the choice.
        on_disk: whether its files are on this machine's disk already.
    """
    choice, runtime = verdict.choice, verdict.choice.runtime
    variant = choice.variant
    found: list[tuple[str, str, str | None]] = []
    if not runtime.shares_host_memory:
        needed, there = size(verdict.memory.load_peak_host), runtime.host_ram_bytes
        told = text("picker_unknown_of", needed=needed)
        if there:
            told = text("picker_of", needed=needed, available=size(there))
        found.append((text("picker_host_ram"), told, None))
    found.append((text("picker_download"), _download(verdict, on_disk=on_disk), None))
    speed = estimate_speed(variant, choice.precision, runtime, choice.max_length)
    shown = text("picker_speed_unknown") if speed is None else str(speed.message)
    found.append((text("picker_speed"), shown, None))
    key = "picker_terms" if variant.gated else "picker_no_terms"
    licence = text(key, licence=variant.licence)
    found.append((text("picker_licence"), licence, variant.terms_url))
    figure = published(variant, choice.precision)
    own = str(figure.message) if figure else text("picker_not_published")
    found.append((text("picker_published"), own, figure.source if figure else None))
    about = text(
        "picker_about_it",
        parameters=f"{variant.parameters:,}",
        modalities=", ".join(text(f"picker_modality_{m}") for m in variant.modalities),
        context=f"{variant.context_length:,}" if variant.context_length else "?",
        released=variant.released or text("picker_no_date"),
    )
    found.append((text("picker_about"), about, None))
    return found


def _download(verdict: Verdict, *, on_disk: bool) -> str:
    handle = verdict.choice.variant.handle or ""
    if handle.startswith("demo://"):
        return text("picker_with_package")
    needed = download_bytes(verdict.choice.variant)
    if on_disk or not needed:
        return text("picker_on_disk")
    free = verdict.choice.runtime.disk_free_bytes
    if free is None:
        return text("picker_download_alone", needed=size(needed))
    return text("picker_download_of", needed=size(needed), free=size(free))


def facts_html(verdict: Verdict, *, on_disk: bool) -> Html:
    """``facts`` as a list."""
    rows = facts(verdict, on_disk=on_disk)
    pairs = (join([tag("dt", name), tag("dd", link(url, value))]) for name, value, url in rows)
    return tag("dl", *pairs)


def runtime_rows(runtime: Runtime) -> list[tuple[str, str, str]]:
    """What is known of a runtime: a name, a value and a source each."""
    if runtime.facts:
        return [(f.label, f.shown, f.source) for f in runtime.facts]
    source = text("picker_datasheet", date=runtime.price_date or PRICE_DATE)
    rows = [(text("fact_accelerator"), f"{runtime.name} ({runtime.kind}) x{runtime.devices}")]
    rows.append((text("fact_device_memory"), size(runtime.memory_bytes)))
    if runtime.host_ram_bytes:
        rows.append((text("fact_host_ram"), size(runtime.host_ram_bytes)))
    if runtime.bandwidth_gb_s:
        rows.append((text("fact_bandwidth"), f"{runtime.bandwidth_gb_s:g} GB/s"))
    rows.append((text("fact_native_dtypes"), ", ".join(runtime.native_dtypes)))
    if runtime.price:
        rows.append((text("picker_price"), str(runtime.price)))
    if runtime.notes:
        rows.append((text("picker_note"), str(runtime.notes)))
    return [(name, value, source) for name, value in rows]


def runtime_html(runtime: Runtime) -> Html:
    """What is known of a runtime, folded away."""
    key = "picker_facts" if runtime.facts else "picker_runtime_facts"
    head = text(key, name=runtime.name) if key == "picker_runtime_facts" else text(key)
    heads = [text(f"picker_{h}") for h in ("fact", "value", "source")]
    rows = table(runtime_rows(runtime), heads, label=head, first_is_head=True)
    return tag("details", tag("summary", head), rows)


def recommendation_html(best: Recommendation | None, fault: str = "") -> Html:
    """What is recommended and why; ``fault`` says why nothing is."""
    if best is None:
        return tag("div", fault, class_="gnb-note")
    head = tag(
        "h4", text("picker_recommended", variant=best.variant.name, precision=best.precision)
    )
    rule = Html()
    if best.source.startswith("https://"):
        rule = join([" ", link(best.source, text("picker_rule"))])
    return join([head, tag("small", best.reason, rule)])
