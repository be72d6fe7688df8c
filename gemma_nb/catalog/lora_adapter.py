"""A LoRA adapter of PEFT: its settings, and how its tensors fit the weights of its base.

An adapter holds for some weights W (out, in) two small matrices A (rank, in) and B (out, rank). It
is merged while the base is loaded: W + scale · B A, with scale = lora_alpha / rank, or
lora_alpha / √rank with use_rslora. What PEFT computes otherwise is refused by name.

Source: peft 0.19, ``tuners/lora/config.py`` and ``tuners/lora/layer.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.catalog.checkpoint_tensors import canonical_name
from gemma_nb.catalog.config_bounds import is_number
from gemma_nb.catalog.hub_lookup import ModelFiles
from gemma_nb.catalog.safetensors_header import TensorInfo
from gemma_nb.catalog.weight_files import ADAPTER_CONFIG
from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json

#: Field of adapter_config.json -> the values with which an adapter is merged as PEFT merges it.
_NONE: tuple[Any, ...] = (None, False, [], {})
ADAPTER_FIELDS: dict[str, tuple[Any, ...]] = {
    "peft_type": ("LORA",),
    "bias": ("none", None),
    # the other ways to initialise change the base's weights too
    "init_lora_weights": (True, False, None, "gaussian", "eva", "orthogonal"),
    **dict.fromkeys(
        ("fan_in_fan_out", "use_dora", "modules_to_save", "alpha_pattern", "layer_replication",
         "trainable_token_indices", "alora_invocation_tokens", "lora_bias", "use_qalora",
         "target_parameters", "use_bdlora", "arrow_config", "velora_config", "monteclora_config",
         "kasa_config"),
        _NONE,
    ),
}  # fmt: skip

_MATRIX = re.compile(r"base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight")


@dataclass(frozen=True)
class LoraSettings:
    """What adapter_config.json says.

    Args:
        base: the repository or directory of the model that it was made for.
        revision: the revision of that repository; None for the newest.
        alpha: lora_alpha.
        root_scaled: whether the scale divides by the root of the rank (use_rslora).
    """

    base: str
    revision: str | None
    alpha: float
    root_scaled: bool

    def scale(self, rank: int) -> float:
        """The factor of B A for matrices of a rank, which may differ from weight to weight."""
        return float(self.alpha / (rank**0.5 if self.root_scaled else rank))


def read_lora(files: ModelFiles) -> LoraSettings | None:
    """Reads adapter_config.json.

    Args:
        files: access to the files of an adapter, or of a model with an adapter beside it.

    Returns:
        The settings; None if there is no such file.

    Raises:
        InvalidInput: it is no adapter that can be merged; the message names the field.
    """
    raw = files.read(ADAPTER_CONFIG)
    if raw is None:
        return None
    try:
        fields = parse_json(raw)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise InvalidInput("file_not_json", where=files.where, file=ADAPTER_CONFIG)
    for field, allowed in ADAPTER_FIELDS.items():
        value = fields.get(field, allowed[0])
        # False == 0 and True == 1 in Python, but not in JSON
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise _unsupported(files, field, value)
    base, alpha = fields.get("base_model_name_or_path"), fields.get("lora_alpha", 8)
    if not isinstance(base, str) or not base:
        raise InvalidInput("is_adapter", where=files.where)
    if alpha is None or not is_number(alpha, whole=False):
        raise _unsupported(files, "lora_alpha", alpha)
    revision = fields.get("revision")
    return LoraSettings(
        base,
        revision if isinstance(revision, str) and revision else None,
        float(alpha),
        bool(fields.get("use_rslora")),
    )


def _unsupported(files: ModelFiles, field: str, value: Any) -> InvalidInput:
    text = json.dumps(value)
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return InvalidInput("adapter_unsupported", where=files.where, field=field, value=shown)


def match_lora(
    adapter: Mapping[str, TensorInfo], base: Mapping[str, TensorInfo], where: str
) -> dict[str, tuple[str, str]]:
    """Finds the weight of the base that each pair of matrices belongs to.

    Args:
        adapter: the tensors of the adapter's header.
        base: the tensors of the base's headers.
        where: the adapter's directory or handle, for error messages.

    Returns:
        ``canonical_name`` of a weight -> the names of A and B.

    Raises:
        InvalidInput: a tensor fits no weight; the message names it.
    """
    pairs: dict[str, dict[str, str]] = {}
    for name in adapter:
        matrix = _MATRIX.fullmatch(name)
        if matrix is None:
            raise InvalidInput("adapter_tensor", where=where, tensor=name)
        pairs.setdefault(canonical_name(f"{matrix[1]}.weight"), {})[matrix[2]] = name
    shapes = {canonical_name(name): tensor.shape for name, tensor in base.items()}
    matched = {}
    for weight, pair in pairs.items():
        first = next(iter(pair.values()))
        if pair.keys() != {"A", "B"} or len(shapes.get(weight, ())) != 2:
            raise InvalidInput("adapter_tensor", where=where, tensor=first)
        a, b = adapter[pair["A"]].shape, adapter[pair["B"]].shape
        if len(a) != 2 or len(b) != 2 or a[0] != b[1] or (b[0], a[1]) != tuple(shapes[weight]):
            raise InvalidInput("adapter_tensor", where=where, tensor=first)
        matched[weight] = (pair["A"], pair["B"])
    if not matched:
        raise InvalidInput("adapter_tensor", where=where, tensor="*.lora_A.weight")
    return matched
