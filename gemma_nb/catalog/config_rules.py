"""Completes the config.json of a Hugging Face checkpoint, and refuses what KerasHub would not compute.

The result is the config as transformers reads it: defaults filled in, the rotary positions in one
form, a text-only model under its text type. KerasHub's converters and ``hugging_face_config`` both
read it. The tables of ``config_fields`` say what is filled in and what is refused.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

from gemma_nb.catalog.config_bounds import check_fields, is_number
from gemma_nb.catalog.config_fields import (
    FIXED_LAYERS,
    FULL,
    GLOBAL_EVERY,
    ROPE,
    SAME_IN_BOTH_STACKS,
    SLIDING,
    TEXT_FIELDS,
    VISION_FIELDS,
    Field,
    Rope,
)
from gemma_nb.errors import InvalidInput

#: Type of a model that may read images or sound -> type of its decoder.
_TEXT_TYPES = {
    "gemma3": "gemma3_text",
    "gemma3n": "gemma3n_text",
    "gemma4": "gemma4_text",
    "gemma4_assistant": "gemma4_text",
    "paligemma": "gemma",
}
#: The fields of a set of rotary positions.
_ROPE_FIELDS = {"rope_type", "type", "rope_theta", "factor", "partial_rotary_factor"}


def complete_config(fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Returns a config as transformers reads it, in the form that KerasHub's converters take.

    Args:
        fields: the parsed config.json, whose ``model_type`` KerasHub converts; it is not changed.
        where: the directory or handle, for error messages.

    Raises:
        InvalidInput: a part is missing, or a field has a value with which KerasHub would compute
            something else; the message names the field.
    """
    check_fields(fields, where)
    config = copy.deepcopy(dict(fields))
    rules = _Rules(where)
    refuse_quantised(config, where)
    model_type = config["model_type"]
    for part in ("vision_config", "audio_config"):
        if config.get(part) is None:
            config.pop(part, None)
    if model_type.startswith("t5gemma"):
        rules.encoder_decoder(config)
    elif model_type in _TEXT_TYPES:
        text = rules.part(config, "text_config")
        kind = _TEXT_TYPES[model_type]
        if (other := text.get("model_type", kind)) != kind:
            rules.refuse("text_config.model_type", other, (kind,))
        text.setdefault("tie_word_embeddings", config.get("tie_word_embeddings", True))
        rules.fill({"tie_word_embeddings": TEXT_FIELDS[kind]["tie_word_embeddings"]}, config, "")
        rules.text(kind, text, "text_config.")
        return rules.with_encoders(config, text)
    else:
        rules.text(model_type, config, "")
    return config


def refuse_quantised(config: Mapping[str, Any], where: str) -> None:
    """Raises an error if another framework quantised the checkpoint.

    Raises:
        InvalidInput: the config names the method.
    """
    if method := config.get("quantization_config"):
        method = method.get("quant_method") if isinstance(method, dict) else method
        raise InvalidInput("is_quantised", where=where, method=method)


def _is_same(value: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one; a float may have been rounded to float32."""
    if isinstance(value, float) and isinstance(wanted, float):
        return math.isclose(value, wanted, rel_tol=1e-6)
    return bool(value == wanted)


class _Rules:
    """The rules of ``config_fields``, applied to one config in place.

    Args:
        where: the directory or handle, for error messages.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def part(self, config: dict[str, Any], name: str, path: str = "") -> dict[str, Any]:
        """Returns a nested object.

        Raises:
            InvalidInput: it is missing.
        """
        if not isinstance(value := config.get(name), dict):
            raise InvalidInput("config_field_missing", field=path + name, where=self.where)
        return value

    def refuse(self, field: str, value: Any, wanted: tuple[Any, ...]) -> None:
        """Raises the error of a field whose value KerasHub does not compute."""
        raise InvalidInput(
            "config_field_unsupported",
            where=self.where,
            field=field,
            value=_shown(value),
            wanted=", ".join(dict.fromkeys(_shown(one) for one in wanted)),
        )

    def fill(self, table: Mapping[str, Field], part: dict[str, Any], path: str) -> None:
        """Fills in defaults and checks the values of one part of a config."""
        for name, field in table.items():
            value = part.setdefault(name, field.default)
            if field.only is not None and not any(_is_same(value, one) for one in field.only):
                self.refuse(path + name, value, field.only)

    def text(self, kind: str, text: dict[str, Any], path: str) -> None:
        """A decoder, or the encoder of an encoder-decoder."""
        self.fill(TEXT_FIELDS[kind], text, path)
        for name in ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                     "num_attention_heads", "num_key_value_heads", "head_dim"):  # fmt: skip
            if text[name] is None:
                raise InvalidInput("config_field_missing", field=path + name, where=self.where)
        if text["num_attention_heads"] % text["num_key_value_heads"]:
            divisors = tuple(
                n
                for n in range(1, text["num_attention_heads"] + 1)
                if not text["num_attention_heads"] % n
            )
            self.refuse(path + "num_key_value_heads", text["num_key_value_heads"], divisors)
        self._layers(kind, text, path)
        self._rope(kind, text, path)
        if kind in ("gemma2", "gemma3_text"):
            # KerasHub scales by the head size, or by the width for each head
            scales = (text["head_dim"], text["hidden_size"] // text["num_attention_heads"])
            if text["query_pre_attn_scalar"] not in scales:
                self.refuse(path + "query_pre_attn_scalar", text["query_pre_attn_scalar"], scales)
        if kind == "gemma4_text":
            # keys are values in global layers only if attention_k_eq_v says so
            heads = text["num_global_key_value_heads"] or text["num_key_value_heads"]
            text["num_global_key_value_heads"] = heads if text["attention_k_eq_v"] else None
        if kind == "gemma3n_text" and text.get("activation_sparsity_pattern") is None:
            sparse = 10 if text["num_hidden_layers"] > 10 else 0
            dense = text["num_hidden_layers"] - sparse
            text["activation_sparsity_pattern"] = [0.95] * sparse + [0.0] * dense

    def _layers(self, kind: str, text: dict[str, Any], path: str) -> None:
        """Which layers slide: layer_types, or the older sliding_window_pattern."""
        if kind not in GLOBAL_EVERY:
            return
        count, every = text["num_hidden_layers"], GLOBAL_EVERY[kind]
        constant = _layer_types(count, every)
        types, name = text.get("layer_types"), "layer_types"
        if types is None:
            pattern = every
            if kind == "gemma3_text":
                name = next((n for n in ("sliding_window_pattern", "_sliding_window_pattern")
                             if text.get(n) is not None), name)  # fmt: skip
                pattern = every if text.get(name) is None else text[name]
            if not is_number(pattern, whole=True):
                self.refuse(path + name, pattern, (every,))
            types = _layer_types(count, pattern)
        if (
            not isinstance(types, list)
            or len(types) != count
            or any(one not in (SLIDING, FULL) for one in types)
        ):
            self.refuse(path + "layer_types", types, (constant,))
        if (
            kind == "gemma4_text"
        ):  # transformers: the last layer is global, whatever the config says
            types = [*types[:-1], FULL]
        if kind in FIXED_LAYERS and types != constant:
            all_global = kind == "gemma3_text" and SLIDING not in types
            if not all_global:
                self.refuse(
                    path + name, text.get(name), (constant if name == "layer_types" else every,)
                )
        if SLIDING in types and text["sliding_window"] is None:
            raise InvalidInput(
                "config_field_missing", field=path + "sliding_window", where=self.where
            )
        text["layer_types"] = types

    def _rope(self, kind: str, text: dict[str, Any], path: str) -> None:
        """The rotary positions: rope_parameters of transformers 5, or the fields before it."""
        sets = self._rope_sets(kind, text, path)
        for name, rope in ROPE[kind].items():
            self._check_rope(rope, sets[name], path + (f"rope_parameters.{name}".rstrip(".")), path)
        full = sets.get(FULL) or sets[""]
        for name in ("rope_scaling", "rope_parameters", "rope_theta", "rope_local_base_freq"):
            text.pop(name, None)
        if kind in ("gemma3_text", "gemma4_text", "t5gemma2"):
            text["rope_parameters"] = sets
        else:
            text["rope_theta"] = full["rope_theta"]

    def _rope_sets(self, kind: str, text: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
        """Kind of layer -> its rotary positions, with the older fields that they come from."""
        given = text.get("rope_parameters") or {}
        scaling = text.get("rope_scaling") or {}
        if not isinstance(given, dict) or not isinstance(scaling, dict):
            self.refuse(path + "rope_parameters", given, ("{…}",))
        sets: dict[str, dict[str, Any]] = {}
        for name, rope in ROPE[kind].items():
            one = given.get(name) if name else given
            if one is None and kind == "gemma4_text" and name == FULL and not given:
                one = {"rope_type": "proportional", "partial_rotary_factor": 0.25}
            if not isinstance(one or {}, dict):
                self.refuse(path + "rope_parameters", given, ("{…}",))
            one = dict(one or {})
            if scaling and name in ("", FULL) and kind != "gemma4_text":
                one.update(scaling, source="rope_scaling")
            old = "rope_local_base_freq" if name == SLIDING else "rope_theta"
            if text.get(old) is not None and "rope_theta" not in one:
                one.update(rope_theta=text[old], theta_source=old)
            one.setdefault("rope_theta", rope.theta)
            one.setdefault("rope_type", one.pop("type", None) or "default")
            one.pop("type", None)
            sets[name] = one
        return sets

    def _check_rope(self, rope: Rope, one: dict[str, Any], path: str, outer: str) -> None:
        if source := one.pop("source", None):
            path = outer + source
        theta_source = one.pop("theta_source", None)
        theta_path = outer + theta_source if theta_source else f"{path}.rope_theta"
        if unknown := sorted(one.keys() - _ROPE_FIELDS):
            self.refuse(f"{path}.{unknown[0]}", one[unknown[0]], (None,))
        kind, theta = one["rope_type"], one["rope_theta"]
        if (
            kind == "default" and "proportional" in rope.kinds
        ):  # the same with every dimension turned
            kind = one["rope_type"] = "proportional"
            one.setdefault("partial_rotary_factor", 1.0)
        if kind not in rope.kinds:
            self.refuse(f"{path}.rope_type", kind, rope.kinds)
        if not is_number(theta, whole=False):
            self.refuse(theta_path, theta, (rope.theta,))
        if not rope.theta_is_free and theta != rope.theta:
            self.refuse(theta_path, theta, (rope.theta,))
        factor = one.setdefault("factor", 1.0)
        if factor is None or not is_number(factor, whole=False):
            self.refuse(f"{path}.factor", factor, (1.0,))
        if kind != "linear":
            if kind == "default":  # transformers does not read it then
                one["factor"] = 1.0
            elif factor != 1:
                self.refuse(f"{path}.factor", factor, (1.0,))
        part = one.setdefault("partial_rotary_factor", 1.0)
        if part != 1 and kind != "proportional":
            self.refuse(f"{path}.partial_rotary_factor", part, (1.0,))

    def with_encoders(self, config: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
        """Completes the parts that read images and sound; without any, the text model alone."""
        model_type = config["model_type"]
        if model_type in ("gemma3n", "paligemma"):  # KerasHub builds neither of them without
            self.part(config, "vision_config")
        if model_type == "gemma3n":
            self.part(config, "audio_config")
        if model_type in VISION_FIELDS and "vision_config" in config:
            vision = self.part(config, "vision_config")
            self.fill(VISION_FIELDS[model_type], vision, "vision_config.")
            if model_type == "gemma3":
                # KerasHub pools 4 x 4 patches to one token
                for name in ("image_size", "patch_size"):
                    if vision[name] is None:
                        field = f"vision_config.{name}"
                        raise InvalidInput("config_field_missing", field=field, where=self.where)
                side = vision["image_size"] // vision["patch_size"] // 4
                given = config.setdefault("mm_tokens_per_image", side * side)
                if given != side * side:
                    self.refuse("mm_tokens_per_image", given, (side * side,))
        if model_type == "paligemma":
            text["num_image_tokens"] = text["head_dim"]  # KerasHub reads the head size there
        if (
            model_type in ("gemma3", "gemma4")
            and not {"vision_config", "audio_config"} & config.keys()
        ):
            outer = {k: v for k, v in config.items() if k not in ("text_config", "model_type")}
            return {**outer, **text, "model_type": _TEXT_TYPES[model_type]}
        return config

    def encoder_decoder(self, config: dict[str, Any]) -> None:
        """T5Gemma and T5Gemma 2."""
        model_type = config["model_type"]
        encoder, decoder = self.part(config, "encoder"), self.part(config, "decoder")
        path = "encoder."
        if model_type == "t5gemma2":
            if encoder.get("vision_config") is None:
                encoder.pop("vision_config", None)
            else:
                vision = self.part(encoder, "vision_config", path)
                self.fill(VISION_FIELDS[model_type], vision, "encoder.vision_config.")
                encoder.setdefault("mm_tokens_per_image", 256)
            encoder, path = self.part(encoder, "text_config", path), "encoder.text_config."
            config.setdefault("eoi_token_index", 256000)
        self.fill({"tie_word_embeddings": Field(True, only=(True,))}, config, "")
        self.text(model_type, encoder, path)
        self.text(model_type, decoder, "decoder.")
        for name in SAME_IN_BOTH_STACKS:
            if encoder[name] != decoder[name]:
                self.refuse(path + name, encoder[name], (decoder[name],))
        if model_type == "t5gemma" and encoder["rope_theta"] != decoder["rope_theta"]:
            self.refuse(path + "rope_theta", encoder["rope_theta"], (decoder["rope_theta"],))


def _layer_types(count: int, every: int) -> list[str]:
    return [SLIDING if (i + 1) % every else FULL for i in range(count)]


def _shown(value: Any) -> str:
    """A value for a message, as JSON writes the short ones; long ones are cut."""
    if isinstance(value, list):
        text = ", ".join(str(one) for one in value[:8])
        return f"[{text}{', …' if len(value) > 8 else ''}]"
    names = {None: "null", True: "true", False: "false"}
    text = names[value] if value is None or isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
