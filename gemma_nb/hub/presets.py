"""What a preset's directory says of itself, read without keras."""

from __future__ import annotations

import json
from pathlib import Path


def quantization_mode(directory: Path) -> str | None:
    """The mode, "int8" or "int4", where a Keras preset was saved quantised, else None.

    Args:
        directory: the preset; its config names a dtype policy map then, whose policies begin
            with the mode ("int8_from_bfloat16", "int4/128_from_bfloat16").

    Raises:
        OSError: it has no ``config.json``.
        ValueError: that is no JSON.
    """
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    dtype = config.get("config", {}).get("dtype") if isinstance(config, dict) else None
    if not isinstance(dtype, dict) or "DTypePolicyMap" not in str(dtype.get("class_name")):
        return None
    names = str(dtype.get("config", {}).get("policy_map", {}))
    return next((mode for mode in ("int8", "int4") if f"'{mode}" in names), None)
