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
    "TracePanel": "widgets.trace.trace_panel",
    "NextTokenPanel": "widgets.next_token.next_token_panel",
    "estimate_speed": "fit.speed",
    "frameworks_for": "fit.frameworks",
    "Runtime": "hardware.runtime",
    "detect_runtime": "hardware.detect",
    "runtimes": "hardware.known_runtimes",
    "runtime": "hardware.known_runtimes",
    "MemoryEstimate": "fit.memory",
    "estimate_memory": "fit.memory",
    "Choice": "fit.choice",
    "Verdict": "fit.verdict",
    "advise": "fit.verdict",
    "Recommendation": "fit.recommendation",
    "recommend": "fit.recommend",
    "format_prompt": "prompts.formatting",
    "Prompt": "prompts.prompt",
    "parse_reply": "prompts.reply_parser",
    "Reply": "prompts.reply_parser",
    "check_prompt": "prompts.formatting",
    "fim": "prompts.formats.fim",
    "load": "load_model",
    "from_keras": "from_keras_model",
    "cached": "hub.cached_models",
    "Model": "model",
    "Chat": "chat",
    "next_tokens": "next_token",
    "trace": "layer_trace",
    "Trace": "layer_trace",
    "compare": "comparison.run",
    "Comparison": "comparison.comparison",
    "set_language": "language",
    "Variant": "catalog.variant",
    "variant": "catalog.registry",
    "variants": "catalog.registry",
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
