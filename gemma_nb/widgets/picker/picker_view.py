"""What the picker shows of a choice, as HTML and as text.

The sentences are in the language in force.
"""

from __future__ import annotations

from typing import Any

from gemma_nb.catalog.data_files import published_memory
from gemma_nb.catalog.variant import licence_name, modality_names
from gemma_nb.display import drawn_lengths
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.fixes import Fix
from gemma_nb.fit.framework_table import format_name
from gemma_nb.fit.frameworks import frameworks_for
from gemma_nb.fit.recommendation import Recommendation
from gemma_nb.fit.speed import estimate_speed
from gemma_nb.fit.verdict import STATUSES, Verdict, download_bytes, memory_breakdown
from gemma_nb.hardware.known_runtimes import PRICE_DATE, is_outdated, runtimes
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns, format_each, format_gib, wrap_text
from gemma_nb.widgets.base.html import code_block, link, table
from gemma_nb.widgets.base.verdict_labels import (
    STATUS_ICONS,
    on_devices,
    status_label,
    status_with_icon,
)
from gemma_nb.widgets.picker.code_snippets import gemma_nb_code, keras_hub_code

#: How the table of all variants can be sorted.
SORT_KEYS = ("released", "variant", "parameters", "needed", "status")

#: A part of the memory -> the number of the pattern that it has in the bar.
_PATTERNS = {
    "weights": 1,
    "encoders": 2,
    "kv_cache": 3,
    "workspace": 4,
    "host": 5,
    "loading": 7,
    "free": 0,
    "missing": 6,
}


def runtime_options(here: Runtime, other: Runtime | None = None) -> list[tuple[str, Any]]:
    """The (label, value) pairs of the runtime list: this machine ("this"), then the known runtimes.

    Args:
        here: this machine.
        other: a runtime of the user's, added where it is neither.
    """
    this = text("picker_this", name=here.name, memory=format_gib(here.memory_bytes))
    pairs: list[tuple[str, Any]] = [(this, "this")]
    for known in runtimes():
        host = text("picker_own") if known.host == "own" else known.host
        values = {"host": host, "name": known.name, "memory": format_gib(known.memory_bytes)}
        pairs.append((text("picker_what_if", **values), known.name))
    if other is not None and other is not here and other not in runtimes():
        pairs.append((f"{other.name}, {format_gib(other.memory_bytes)}", other.name))
    return pairs


def recommendation_html(best: Recommendation | None, fault: str = "") -> Html:
    """A recommendation with its reason; its alternatives are folded.

    Args:
        best: the recommendation.
        fault: why there is none, where ``best`` is None.
    """
    if best is None:
        return tag("div", fault, class_="gnb-note")
    head = text("picker_recommended", variant=best.variant.name, precision=best.precision)
    rule = Html()
    if best.source.startswith("https://"):
        rule = join([" ", link(best.source, text("picker_rule"))])
    heads, *rows = best.table()
    reasons = [tag("p", tag("small", reason)) for reason in best.reasons[1:]]
    cells = table(rows, list(heads), label=head, first_is_head=True)
    others = tag("details", tag("summary", text("picker_others")), cells, *reasons)
    return join([tag("h4", head), tag("small", best.reason, rule), others if rows[1:] else ""])


def runtime_html(runtime: Runtime) -> Html:
    """The facts of a runtime as a table, folded."""
    head = text("picker_facts" if runtime.facts else "picker_runtime_facts", name=runtime.name)
    heads = [text(f"picker_{h}") for h in ("fact", "value", "source")]
    rows = table(_runtime_rows(runtime), heads, label=head, first_is_head=True)
    details = tag("details", tag("summary", head), rows)
    if not is_outdated(runtime):
        return details
    outdated = text("note_outdated", date=runtime.as_of)
    return join([tag("p", outdated, class_="gnb-note"), details])


def _runtime_rows(runtime: Runtime) -> list[tuple[str, str, str]]:
    """The facts of a runtime: names, values and sources."""
    if runtime.facts:
        return [(fact.label, fact.shown, fact.source) for fact in runtime.facts]
    source = text("picker_datasheet", date=runtime.as_of or PRICE_DATE)
    kind = text(f"show_kind_{runtime.kind}")
    device = text("show_noted", value=runtime.name, note=kind)
    rows = [(text("fact_accelerator"), f"{device} x{runtime.devices}")]
    rows.append((text("fact_device_memory"), format_gib(runtime.memory_bytes)))
    if runtime.host_ram_bytes:
        rows.append((text("fact_host_ram"), format_gib(runtime.host_ram_bytes)))
    if runtime.bandwidth_gb_s:
        rows.append((text("fact_bandwidth"), f"{runtime.bandwidth_gb_s:g} GB/s"))
    rows.append((text("fact_native_dtypes"), ", ".join(runtime.native_dtypes)))
    if runtime.price:
        rows.append((text("picker_price"), str(runtime.price)))
    if runtime.notes:
        rows.append((text("picker_note"), str(runtime.notes)))
    return [(name, value, source) for name, value in rows]


def verdict_html(verdict: Verdict) -> Html:
    """The verdict with its reason, then other things to know."""
    icon = tag("span", STATUS_ICONS[verdict.status], " ", aria_hidden="true")
    head = tag("strong", icon, status_label(verdict))
    body = tag("div", head, tag("p", verdict.reason), class_=f"gnb-verdict gnb-{verdict.status}")
    guards = [guard for guard in verdict.warnings if str(guard) != str(verdict.reason)]
    if not guards:
        return body
    return join([body, tag("small", tag("ul", *(tag("li", guard) for guard in guards)))])


def memory_html(verdict: Verdict) -> Html:
    """A bar of the memory that a choice needs beside what the device has, with a legend."""
    parts = memory_breakdown(verdict)
    check = verdict.checks[0]
    whole = max(check.needed, check.available)
    missing = next((part.size for part in parts if part.key == "missing"), 0)
    sections, legend = [], []
    for part, length in drawn_lengths(parts):
        pattern = f"gnb-p{_PATTERNS[part.key]}"
        legend.append(tag("li", tag("i", class_=pattern, aria_hidden="true"), part.label))
        width = f"width:{100 * length / whole:.2f}%"
        sections.append(tag("span", class_=pattern, style=width, title=part.label))
    spoken = "; ".join(part.label for part in parts)
    head = text(
        "picker_memory", needed=format_gib(check.needed), available=format_gib(check.available)
    )
    notes = [text("picker_memory_host")] if check.resource == "host" else []
    if verdict.choice.devices > 1:
        notes.append(text("picker_memory_device"))
    if missing:
        notes.append(text("picker_memory_over", missing=format_gib(missing)))
    if notes:
        head = text("show_noted", value=head, note=text("show_and").join(notes))
    bar = tag("div", *sections, class_="gnb-bar", role="img", aria_label=spoken)
    return join([tag("h4", head), bar, tag("ul", *legend, class_="gnb-keys")])


def facts(verdict: Verdict, *, on_disk: bool) -> list[tuple[str, str, str | None]]:
    """Facts about a choice: names, values, and the addresses of pages where there are any.

    Args:
        verdict: the verdict on the choice.
        on_disk: whether its files are on the disk of this machine.
    """
    choice, runtime = verdict.choice, verdict.choice.runtime
    variant = choice.variant
    rows: list[tuple[str, str, str | None]] = []
    if not runtime.shares_host_memory:
        needed, available = format_gib(verdict.memory.load_peak_host), runtime.host_ram_bytes
        host_ram = text("picker_unknown_of", needed=needed)
        if available:
            host_ram = text("picker_of", needed=needed, available=format_gib(available))
        rows.append((text("picker_host_ram"), host_ram, None))
    rows.append((text("picker_download"), _download_text(verdict, on_disk=on_disk), None))
    speed = None
    if choice.devices == 1:  # that of a divided model is not estimated
        speed = estimate_speed(variant, choice.precision, runtime, choice.max_length)
    speed_text = text("picker_speed_unknown") if speed is None else str(speed.message)
    rows.append((text("picker_speed"), speed_text, None))
    key = "picker_terms" if variant.gated else "picker_no_terms"
    licence = text(key, licence=licence_name(variant))
    rows.append((text("picker_licence"), licence, variant.terms_url))
    figure = published_memory(variant, choice.precision)
    figure_text = str(figure.message) if figure else text("picker_not_published")
    rows.append((text("picker_published"), figure_text, figure.source if figure else None))
    about = text(
        "picker_about_it",
        parameters=f"{variant.parameters:,}",
        modalities=modality_names(variant),
        context=f"{variant.context_length:,}" if variant.context_length else "?",
        released=variant.released or text("picker_no_date"),
    )
    rows.append((text("picker_about"), about, None))
    return rows


def _download_text(verdict: Verdict, *, on_disk: bool) -> str:
    handle = verdict.choice.variant.handle or ""
    if handle.startswith("demo://"):
        return text("picker_with_package")
    needed = download_bytes(verdict.choice.variant)
    if not verdict.choice.runtime.runs_keras:  # it is another framework's file
        on_disk, needed = False, verdict.memory.weights
    if on_disk or not needed:
        return text("picker_on_disk")
    free = verdict.choice.runtime.disk_free_bytes
    if free is None:
        return text("picker_download_alone", needed=format_gib(needed))
    return text("picker_download_of", needed=format_gib(needed), free=format_gib(free))


def facts_html(verdict: Verdict, *, on_disk: bool) -> Html:
    """``facts`` as a list of terms and descriptions."""
    rows = facts(verdict, on_disk=on_disk)
    pairs = (join([tag("dt", name), tag("dd", link(url, value))]) for name, value, url in rows)
    return tag("dl", *pairs)


def code_html(choice: Choice) -> Html:
    """The code that loads a choice, with gemma_nb and with KerasHub."""
    if not choice.variant.loadable:
        return tag("p", text("picker_code_not", variant=choice.variant.name))
    gemma_nb, keras_hub = text("picker_code_own"), text("picker_code_keras")
    return join(
        [
            tag("p", text("picker_code_hint")),
            tag("h4", gemma_nb),
            code_block(gemma_nb_code(choice), gemma_nb),
            tag("h4", keras_hub),
            code_block(keras_hub_code(choice), keras_hub),
        ]
    )


def frameworks_html(choice: Choice) -> Html:
    """A table of other frameworks with their formats and commands."""
    rows = []
    for option in frameworks_for(choice.variant, choice.runtime):
        how: object = option.message
        if option.exists == "yes" and option.command:
            how = tag("code", option.command)
        if option.note:
            how = join([how, " ", tag("small", option.note)])
        source = option.source
        name = link(source if source.startswith("https://") else None, option.framework)
        runs_here: object = option.obstacle
        if runs_here is None:
            runs_here = text("picker_yes" if option.runs_here else "show_unknown")
        rows.append((name, format_name(option), runs_here, how))
    heads = [text(f"picker_{h}") for h in ("framework", "format", "here", "how")]
    return table(rows, heads, label=text("picker_tab_elsewhere"), first_is_head=True)


def sort_value(verdict: Verdict, key: str) -> tuple[Any, str]:
    """The value by which a row is sorted; rows of the same value are sorted by name.

    Args:
        verdict: the verdict of the row.
        key: one of ``SORT_KEYS``.
    """
    variant = verdict.choice.variant
    values = {
        "released": variant.released or "",
        "variant": variant.name,
        "parameters": variant.parameters,
        "needed": verdict.bytes_needed * verdict.choice.devices,
        "status": STATUSES.index(verdict.status),
    }
    return values[key], variant.name


def all_variants_html(verdicts: list[Verdict], current: str) -> Html:
    """A table of variants.

    Args:
        verdicts: the verdict on each.
        current: the name of the selected variant, which is marked in words.
    """
    rows = []
    for verdict in verdicts:
        variant = verdict.choice.variant
        mark = [" ", tag("small", "← ", text("picker_current"))] if variant.name == current else []
        devices = verdict.choice.devices
        word = on_devices(text(f"picker_status_{verdict.status}"), devices)
        status = f"{STATUS_ICONS[verdict.status]} {word}"
        rows.append(
            (
                join([variant.name, *mark]),
                tag("span", status, class_=f"gnb-{verdict.status}"),
                verdict.choice.precision,
                format_each(verdict.bytes_needed, devices),
                f"{variant.family} {variant.generation}",
                variant.size,
                variant.tuning,
                variant.released or "?",
            )
        )
    names = "variant sort_status precision sort_needed family size tuning sort_released"
    heads = [text(f"picker_{n}") for n in names.split()]
    return table(rows, heads, label=text("picker_tab_all"), first_is_head=True)


# static copies


def _all_rows(verdict: Verdict, *, on_disk: bool) -> list[tuple[str, str, str | None]]:
    """Everything about a choice: names, values and addresses."""
    choice, variant = verdict.choice, verdict.choice.variant
    values = {
        "runtime": choice.runtime.name,
        "variant": variant.name,
        "family": f"{variant.family} {variant.generation}",
        "size": variant.size,
        "tuning": text(f"picker_tuning_{variant.tuning}"),
        "precision": choice.precision,
        "max_length": f"{choice.max_length:,}",
        "batch_size": str(choice.batch_size),
    }
    if choice.runtime.devices > 1:
        values["devices"] = str(choice.devices)
    rows: list[tuple[str, str, str | None]] = [
        (text(f"picker_{name}"), value, None) for name, value in values.items()
    ]
    rows += [(text(f"part_{p.key}"), format_gib(p.size), None) for p in memory_breakdown(verdict)]
    return [*rows, *facts(verdict, on_disk=on_disk)]


def static_html(verdict: Verdict, fixes: tuple[Fix, ...], *, on_disk: bool) -> Html:
    """A choice as a table, with verdict, fixes and code.

    Args:
        verdict: the verdict on the choice.
        fixes: changes that would make it fit.
        on_disk: whether its files are on the disk of this machine.
    """
    title = text("picker_title")
    rows = [(name, link(url, value)) for name, value, url in _all_rows(verdict, on_disk=on_disk)]
    return join(
        [
            tag("h3", title),
            tag("p", tag("strong", status_with_icon(verdict)), " ", verdict.reason),
            tag("ul", *(tag("li", fix) for fix in fixes)) if fixes else "",
            table(rows, label=title, first_is_head=True),
            code_block(gemma_nb_code(verdict.choice), text("picker_tab_code")),
        ]
    )


def static_text(verdict: Verdict, fixes: tuple[Fix, ...], *, on_disk: bool) -> str:
    """The same as plain text; the arguments are those of ``static_html``."""
    rows = [(name, value) for name, value, _ in _all_rows(verdict, on_disk=on_disk)]
    sections = [
        text("picker_title"),
        f"{status_with_icon(verdict)}\n{wrap_text(str(verdict.reason))}",
        "\n".join(f"  - {fix}" for fix in fixes),
        align_columns(rows),
        gemma_nb_code(verdict.choice),
    ]
    return "\n\n".join(section for section in sections if section)
