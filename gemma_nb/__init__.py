"""Meet the Gemma models in a notebook: pick one that fits, load it, talk to it.

Names are resolved when they are first used, so that importing this package imports neither keras
nor jax nor ipywidgets nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Public name -> the module that defines it.
_WHERE = {
    "Picker": "widgets.picker.picker",
    "PromptInspector": "widgets.inspector.prompt_inspector",
    "ChatPanel": "widgets.chat.chat_panel",
    "ComparePanel": "widgets.compare.compare_panel",
    "CredentialsPanel": "widgets.credentials_panel",
    "estimate_speed": "speed",
    "frameworks_for": "frameworks",
    "Runtime": "hardware",
    "detect_runtime": "hardware",
    "runtimes": "hardware",
    "runtime": "hardware",
    "MemoryEstimate": "memory",
    "estimate_memory": "memory",
    "Choice": "advice",
    "Verdict": "advice",
    "advise": "advice",
    "Recommendation": "advice",
    "recommend": "advice",
    "format_prompt": "prompts",
    "Prompt": "prompts",
    "parse_reply": "prompts",
    "Reply": "prompts",
    "check_prompt": "prompts",
    "fim": "prompts",
    "load": "loading",
    "from_keras": "loading.wrapping",
    "cached": "loading.cached",
    "Model": "model",
    "Chat": "chat",
    "next_tokens": "likely",
    "compare": "comparing",
    "Comparison": "comparing",
    "set_language": "strings",
    "Variant": "catalog",
    "variant": "catalog",
    "variants": "catalog",
}

__version__ = "0.1.0"
__all__ = ["__version__", *_WHERE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
