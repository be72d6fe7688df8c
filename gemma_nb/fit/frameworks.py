"""The other ways to run a variant: framework, model format, hardware and command.

``frameworks.json`` holds the data, with its sources: the frameworks of Google's guide, and the
variants that are known to exist in the format of each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path

from gemma_nb.catalog.handles import revision_of
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.best_verdict import best_verdict
from gemma_nb.fit.framework_table import FrameworkTable, format_name
from gemma_nb.fit.memory import packed_bytes
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_gib

_DATA = Path(__file__).with_name("frameworks.json")

#: Kind of a runtime -> the hardware it has, in the terms of ``Framework.hardware``.
_HARDWARE = {
    "gpu": {"nvidia", "x86"},
    "tpu": {"tpu"},
    "cpu": {"x86", "arm"},
    "apple": {"apple", "arm"},
    "phone": {"phone"},
}
#: The values of ``FrameworkOption.exists``, in the order of the list.
_EXISTS = ("yes", "unknown", "no")


@dataclass(frozen=True)
class Framework:
    """One framework of ``frameworks.json``.

    ``families``, ``missing_families`` and ``needs_bfloat16`` map families, in lower case, to
    generations; "*" stands for any family or any generation. The keys of ``commands``, ``sizes`` and
    ``hardware_of`` are a family ("t5gemma"), a family and a generation ("gemma 4") or these and a
    size ("gemma 3 270m").

    Args:
        name: the framework's name.
        format: the model format that it reads.
        hardware: what it runs on: "nvidia", "tpu", "x86", "arm", "apple", "phone", "web", "cloud".
        command: the command or code that runs a model, with the placeholders ``{artifact}`` (the
            model in this format) and ``{hf}`` (the publisher's repository on Hugging Face).
        source: the address of the source.
        date: the date of the source.
        families: the families that the source names.
        missing_families: the families that the source names as missing.
        reads_safetensors: whether it reads the publisher's safetensors itself.
        note: a key of ``gemma_nb.i18n`` with what else to know.
        processor_note: the same on a processor, in place of ``note``.
        artifacts: the publisher's repository -> the name of the model in this format.
        artifacts_of: the framework whose artifacts it reads too.
        bits: bits of one parameter in this format, with its scales; None if that differs.
        commands: commands that differ from ``command``.
        command_sources: the source of each of ``commands``.
        sizes: the sizes that exist, where not all of them do.
        hardware_of: what a variant runs on, where it is less than ``hardware``.
        needs_bfloat16: families that it does not run in float16, so that they need compute
            capability 8.0.
        bfloat16_source: the source of ``needs_bfloat16``.
    """

    name: str
    format: str
    hardware: tuple[str, ...]
    command: str
    source: str
    date: str
    families: dict[str, list[str]]
    missing_families: dict[str, list[str]] = field(default_factory=dict)
    reads_safetensors: bool = False
    note: str | None = None
    processor_note: str | None = None
    artifacts: dict[str, str] = field(default_factory=dict)
    artifacts_of: str | None = None
    bits: float | None = None
    commands: dict[str, str] = field(default_factory=dict)
    command_sources: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, list[str]] = field(default_factory=dict)
    hardware_of: dict[str, list[str]] = field(default_factory=dict)
    needs_bfloat16: dict[str, list[str]] = field(default_factory=dict)
    bfloat16_source: str | None = None


@cache
def load_frameworks() -> tuple[Framework, ...]:
    """Reads the frameworks of ``frameworks.json``, once."""
    entries = json.loads(_DATA.read_text(encoding="utf-8"))["frameworks"]
    artifacts = {entry["name"]: entry.get("artifacts", {}) for entry in entries}
    for entry in entries:
        entry["hardware"] = tuple(entry["hardware"])
        entry["artifacts"] = artifacts[entry.get("artifacts_of") or entry["name"]]
    return tuple(Framework(**entry) for entry in entries)


@dataclass(frozen=True)
class FrameworkOption:
    """One framework for one variant.

    Args:
        framework: the framework's name.
        format: the model format that it reads.
        hardware: what it runs on: "nvidia", "tpu", "x86", "arm", "apple", "phone", "web", "cloud".
        exists: whether the variant is known to exist in that format: "yes", "no" or "unknown".
        runs_here: whether the variant exists in that format, the framework runs on the given
            runtime, and the variant fits there; None without a runtime, and where only ``exists``
            is unknown.
        command: the command or code that runs the variant; None if unknown.
        source: the source of these facts.
        date: the date of the source.
        note: what else to know.
        memory_bytes: what the variant takes in that format, in bytes, with a tenth for the rest;
            None if it is unknown.
        obstacle: why it does not run on the runtime; None if it does or may, or without a runtime.
    """

    framework: str
    format: str
    hardware: tuple[str, ...]
    exists: str
    runs_here: bool | None
    command: str | None
    source: str
    date: str
    note: Message | None = None
    memory_bytes: int | None = None
    obstacle: Message | None = None

    @property
    def message(self) -> Message:
        """The option as a sentence."""
        nameless = self.exists == "yes" and self.command is None
        return Message(
            "framework_nameless" if nameless else f"framework_{self.exists}",
            {
                "framework": self.framework,
                "format": format_name(self),
                "command": self.command or "",
                "date": self.date,
            },
        )

    def __str__(self) -> str:
        return str(self.message)


def frameworks_for(
    variant: str | Path | Variant, runtime: str | Runtime | None = None
) -> list[FrameworkOption]:
    """Lists the frameworks of Google's guide for a variant: what each needs, and whether it runs.

    Args:
        variant: a variant or its name.
        runtime: a runtime or its name; None for no particular one.

    Returns:
        Every framework, in a list that is shown as a table; first those that run the variant on the
        runtime, last those that do not. "unknown" means that none of the sources names the variant
        in that format; it may exist nevertheless.

    Raises:
        InvalidInput: a name is unknown.
    """
    variant = find_variant(variant)
    known_runtime = None if runtime is None else find_runtime(runtime)
    options = [_keras_option(variant, known_runtime)]
    options += [_option(framework, variant, known_runtime) for framework in load_frameworks()]
    options.sort(key=lambda o: (o.runs_here is False, _EXISTS.index(o.exists)))
    return FrameworkTable(options, variant.name)


def _keras_option(variant: Variant, runtime: Runtime | None) -> FrameworkOption:
    hardware = ("nvidia", "tpu", "x86", "arm")
    name = variant.name if (variant.handle or "").startswith("kaggle://") else variant.handle
    preset = f'"{name}"'
    if found := revision_of(variant.handle):
        # KerasHub's handles at Hugging Face name no revision
        preset = f'huggingface_hub.snapshot_download("{found[0]}", revision="{found[1]}")'
    command = f'keras_hub.models.{variant.task_class}.from_preset({preset}, dtype="bfloat16")'
    if variant.family == "Demo":
        command = f'gemma_nb.load("{variant.name}")'
    on_apple = runtime is not None and runtime.kind == "apple"
    verdict = best_verdict(variant, runtime) if runtime and runtime.runs_keras else None
    exists = "yes" if variant.loadable else "no"
    obstacle = _missing_obstacle(exists, runtime) or _hardware_obstacle(hardware, runtime)
    if verdict and not obstacle and not verdict.fits:
        obstacle = verdict.reason
    return FrameworkOption(
        framework="Keras / KerasHub",
        format="Keras preset",
        hardware=hardware,
        exists=exists,
        runs_here=_runs_here(exists, obstacle, runtime),
        command=command if variant.loadable else None,
        source="keras-hub 0.32",
        date="2026-11-22",
        note=Message("framework_note_keras_apple") if on_apple else None,
        memory_bytes=verdict.bytes_needed if verdict else None,
        obstacle=obstacle,
    )


def _option(framework: Framework, variant: Variant, runtime: Runtime | None) -> FrameworkOption:
    exists, artifact = _exists(framework, variant)
    own = next((key for key in _keys(variant) if key in framework.commands), "")
    command, text = None, framework.commands.get(own, framework.command)
    if exists == "yes" and (artifact or "{artifact}" not in text):
        command = text.format(artifact=artifact, hf=hugging_face_id(variant))
    needed = None
    if framework.bits:
        needed = packed_bytes(variant, framework.bits)
    hardware = tuple(_entry(framework.hardware_of, variant) or framework.hardware)
    obstacle = _missing_obstacle(exists, runtime) or _hardware_obstacle(hardware, runtime)
    obstacle = obstacle or _obstacle(framework, variant, runtime, needed)
    note = framework.note
    if runtime and runtime.kind == "cpu" and exists != "no" and not obstacle:
        note = framework.processor_note or note
    return FrameworkOption(
        framework=framework.name,
        format=framework.format,
        hardware=hardware,
        exists=exists,
        runs_here=_runs_here(exists, obstacle, runtime),
        command=command,
        source=framework.command_sources.get(own, framework.source),
        date=framework.date,
        note=Message(note) if note else None,
        memory_bytes=needed,
        obstacle=obstacle,
    )


def _keys(variant: Variant) -> tuple[str, str, str]:
    """The keys of a ``Framework``'s tables that mean a variant, the narrowest first."""
    family = variant.family.lower()
    generation = f"{family} {_plain_generation(variant)}"
    return f"{generation} {variant.size.lower()}", generation, family


def _entry(entries: dict[str, list[str]], variant: Variant) -> list[str] | None:
    """What a ``Framework``'s table holds for a variant; None for nothing."""
    return next((entries[key] for key in _keys(variant) if key in entries), None)


def _plain_generation(variant: Variant) -> str:
    """The generation without "QAT": the unquantised QAT models have the same classes."""
    return variant.generation.removesuffix(" QAT")


def _runs_here(exists: str, obstacle: Message | None, runtime: Runtime | None) -> bool | None:
    """Whether a variant runs; None where no runtime is given, or nobody names it in that format."""
    if obstacle:
        return False
    return True if runtime and exists == "yes" else None


def _missing_obstacle(exists: str, runtime: Runtime | None) -> Message | None:
    return Message("framework_missing") if runtime and exists == "no" else None


def _hardware_obstacle(hardware: tuple[str, ...], runtime: Runtime | None) -> Message | None:
    if runtime is None or _HARDWARE[runtime.kind] & set(hardware):
        return None
    names = [Message(f"framework_on_{kind}") for kind in hardware]
    listed = reduce(lambda a, b: Message("show_pair", {"first": a, "second": b}), names)
    return Message("framework_other_hardware", {"hardware": listed})


def _obstacle(
    framework: Framework, variant: Variant, runtime: Runtime | None, needed: int | None
) -> Message | None:
    """Why a variant does not run on a runtime of the right kind; None if nothing is known."""
    if runtime is None:
        return None
    on_gpu = runtime.kind == "gpu" and "nvidia" in framework.hardware
    if (
        on_gpu
        and "bfloat16" not in runtime.native_dtypes
        and _includes(framework.needs_bfloat16, variant)
    ):
        return Message("framework_needs_bfloat16", {"source": framework.bfloat16_source})
    available = runtime.usable_bytes
    if on_gpu and "x86" in framework.hardware:  # it can use the host's memory too
        available = max(available, runtime.host_ram_bytes or 0)
    if needed is not None and needed > available:
        sizes = {"needed": format_gib(needed), "available": format_gib(available)}
        return Message("framework_too_large", sizes)
    return None


def _exists(framework: Framework, variant: Variant) -> tuple[str, str | None]:
    """Whether a variant exists in a framework's format, and its name there.

    Returns:
        "yes", "no" or "unknown", and the name in the format; None if it has none.
    """
    if variant.family == "Demo":
        return "no", None  # part of this package and published nowhere else
    publisher_id = hugging_face_id(variant)
    if artifact := framework.artifacts.get(publisher_id or ""):
        return "yes", artifact
    if framework.name in variant.runs_with:
        return "yes", None
    sizes = _entry(framework.sizes, variant)
    if _includes(framework.missing_families, variant):
        return "no", None
    if sizes is not None and variant.size not in sizes:
        return "no", None
    if not _includes(framework.families, variant):
        return "unknown", None
    if framework.reads_safetensors and publisher_id:
        return "yes", None
    if framework.name == "gemma.cpp":
        # its weights are on Kaggle, one page for a family, without a name for each size
        return ("unknown", None) if variant.size == "270M" else ("yes", "FILE.sbs")
    if framework.name == "Vertex AI":
        return "yes", None
    return "unknown", None


def _includes(families: dict[str, list[str]], variant: Variant) -> bool:
    """Whether a table of families and generations includes a variant."""
    generations = families.get(variant.family.lower()) or families.get("*") or ()
    return "*" in generations or _plain_generation(variant) in generations


def hugging_face_id(variant: Variant) -> str | None:
    """Returns the publisher's repository on Hugging Face; None if it is unknown.

    None also for a revision of a repository: the frameworks' commands would run another one.
    """
    handle = variant.handle or ""
    if revision_of(handle):
        return None
    return variant.hf_id or (handle.removeprefix("hf://") if handle.startswith("hf://") else None)
