"""The other ways to run a variant: framework, model format, hardware, and the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.framework_data import FRAMEWORKS, Framework
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from pathlib import Path

#: What a runtime's kind has of the hardware that frameworks name.
_HARDWARE = {
    "gpu": {"nvidia", "x86"},
    "tpu": {"tpu"},
    "cpu": {"x86", "arm"},
    "apple": {"apple", "arm"},
    "phone": {"phone"},
}
_EXISTS = ("yes", "unknown", "no")


@dataclass(frozen=True)
class FrameworkOption:
    """One framework for one variant.

    ``format`` is the model format it reads; ``hardware`` what it runs on ("nvidia", "tpu", "x86",
    "arm", "apple", "phone", "web", "cloud"); ``exists`` whether the variant is known to exist in
    that format: "yes", "no" or "unknown"; ``runs_here`` whether the framework runs on the runtime
    that was asked for, None where none was; ``command`` what runs it, None where not known;
    ``source`` and ``date`` where and when that was read; ``note`` what else to know.
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

    @property
    def message(self) -> Message:
        """The option in a sentence."""
        silent = self.exists == "yes" and self.command is None
        return Message(
            "framework_nameless" if silent else f"framework_{self.exists}",
            {
                "framework": self.framework,
                "format": self.format,
                "command": self.command or "",
                "date": self.date,
            },
        )

    def __str__(self) -> str:
        return str(self.message)


def frameworks_for(
    variant: str | Path | Variant, runtime: str | Runtime | None = None
) -> list[FrameworkOption]:
    """The frameworks of Google's guide for a variant: what each needs, and whether it can.

    Args:
        variant: a variant or its name.
        runtime: a runtime or its name; None for anywhere.

    Returns:
        Every framework, those first that run here and have the variant. "unknown" means that no
        source read names the variant in that format: it may exist all the same.

    Raises:
        InvalidInput: an unknown name.
    """
    variant = find_variant(variant)
    place = None if runtime is None else find_runtime(runtime)
    options = [_keras(variant, place), *(_option(f, variant, place) for f in FRAMEWORKS)]
    return sorted(options, key=lambda o: (o.runs_here is False, _EXISTS.index(o.exists)))


def _keras(variant: Variant, runtime: Runtime | None) -> FrameworkOption:
    hardware = ("nvidia", "tpu", "x86", "arm")
    name = variant.name if (variant.handle or "").startswith("kaggle://") else variant.handle
    command = f'keras_hub.models.{variant.task_class}.from_preset("{name}", dtype="bfloat16")'
    if variant.family == "Demo":
        command = f'gemma_nb.load("{variant.name}")'
    note = "framework_note_keras_apple" if runtime and runtime.kind == "apple" else None
    return FrameworkOption(
        "Keras / KerasHub",
        "Keras preset",
        hardware,
        "yes" if variant.loadable else "no",
        _runs(hardware, runtime),
        command if variant.loadable else None,
        "keras-hub 0.32",
        "2026-11-22",
        Message(note) if note else None,
    )


def _option(framework: Framework, variant: Variant, runtime: Runtime | None) -> FrameworkOption:
    exists, artifact = _exists(framework, variant)
    command = None
    if exists == "yes" and (artifact or "{artifact}" not in framework.how):
        command = framework.how.format(artifact=artifact, hf=hf_name(variant))
    return FrameworkOption(
        framework.name,
        framework.format,
        framework.hardware,
        exists,
        _runs(framework.hardware, runtime),
        command,
        framework.source,
        framework.date,
        Message(framework.note) if framework.note else None,
    )


def _runs(hardware: tuple[str, ...], runtime: Runtime | None) -> bool | None:
    return None if runtime is None else bool(_HARDWARE[runtime.kind] & set(hardware))


def _exists(framework: Framework, variant: Variant) -> tuple[str, str | None]:
    """Whether a variant is known to exist in a framework's format, and under which name."""
    if variant.family == "Demo":
        return "no", None  # made here, published nowhere else
    if artifact := framework.artifacts.get(hf_name(variant) or ""):
        return "yes", artifact
    if framework.name in variant.runs_with:
        return "yes", None
    if _named(framework.refuses, variant):
        return "no", None
    if framework.converts and _named(framework.takes, variant) and hf_name(variant):
        return "yes", None
    # gemma.cpp's own weights lie on Kaggle under the family, without a name a size
    if framework.name == "gemma.cpp" and _named(framework.takes, variant):
        return ("unknown", None) if variant.size == "270M" else ("yes", "FILE.sbs")
    if framework.name == "Vertex AI" and _named(framework.takes, variant):
        return "yes", None
    return "unknown", None


def _named(families: dict[str, tuple[str, ...]], variant: Variant) -> bool:
    """Whether a list of families with their generations holds a variant's; "*" is any."""
    family = variant.family.lower()
    generations = families.get(family) or families.get("*") or ()
    return "*" in generations or variant.generation in generations


def hf_name(variant: Variant) -> str | None:
    """The publisher's repository on Hugging Face, None where it is not known."""
    handle = variant.handle or ""
    return variant.hf_id or (handle.removeprefix("hf://") if handle.startswith("hf://") else None)
