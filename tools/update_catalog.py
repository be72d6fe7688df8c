"""Makes gemma_nb/catalog/variants.json: every Gemma variant with its numbers.

    python tools/update_catalog.py           # writes the file, prints what disagrees
    python tools/update_catalog.py --check   # writes nothing: what the installed keras-hub has that
                                             # the catalog has not; exit 1 where the file is not what
                                             # this would write

Names, handles, descriptions and published counts come from the installed keras-hub's registry;
configurations from ``catalog_configs.py``, everything else from ``catalog_facts.py``. Counts are
those of the real classes, built inside ``keras.StatelessScope(initialize_variables=False)``: the
variables get their shapes and no memory (the default would initialise them all on exit). Built
again under a quantised dtype policy, the same classes give the bytes of int8 and int4 exactly.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
import keras_hub
from catalog_configs import CONFIGS
from catalog_facts import DATE, DEMOS, EXTRA, PARTS, SOURCES, demo_facts, facts_of
from keras.src.backend.common import global_state
from keras_hub.src.models.gemma3.gemma3_vision_encoder import Gemma3VisionEncoder
from keras_hub.src.models.gemma4.gemma4_audio_encoder import Gemma4AudioEncoder
from keras_hub.src.models.gemma4.gemma4_vision_encoder import Gemma4VisionEncoder
from keras_hub.src.models.mobilenetv5.mobilenetv5_backbone import MobileNetV5Backbone
from keras_hub.src.utils.transformers.convert_gemma3n import MODEL_CONFIGS

from gemma_nb.catalog.keras_config import BACKBONE_GENERATIONS, ConfigFields, build_architecture
from gemma_nb.fit.precision import INT4_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "gemma_nb" / "catalog" / "variants.json"
DEMO = ROOT / "gemma_nb" / "demo"

POLICIES = {"int8": "int8_from_bfloat16", "int4": f"int4/{INT4_BLOCK}_from_bfloat16"}
ENCODERS = {
    "Gemma3VisionEncoder": Gemma3VisionEncoder,
    "Gemma4VisionEncoder": Gemma4VisionEncoder,
    "Gemma4AudioEncoder": Gemma4AudioEncoder,
}

#: keras's own check before a layer is quantised
CHECK = "_check_quantize_args"
VISION = ("vision_encoder", "vit_encoder", "embed_vision")
AUDIO = ("audio_encoder", "embed_audio")


# --- building --------------------------------------------------------------------------------


@contextmanager
def shapes_only(policy: str) -> Iterator[None]:
    """Inside, what is built under dtype ``policy`` has variables without values.

    Under int4, embeddings are in int8, as ``gemma_nb.load`` makes them. Three things need help
    there (keras 3.15.1, keras-hub 0.32): a variable made from an array (T5Gemma 2's end-of-image
    embeddings) is refused; a quantised policy asks layers that were built quantised to quantise
    again; and Gemma 3n's convolutional encoder, which ``quantize`` leaves in 16 bit, cannot be built
    under one.
    """
    variable, quantize = keras.Variable, keras.Model.quantize
    Layer = keras.layers.Layer  # noqa: N806
    check, encoder = getattr(Layer, CHECK), MobileNetV5Backbone.from_config
    Embedding = keras.layers.Embedding  # noqa: N806
    embedding = Embedding.__init__

    def without_int4(self: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> None:
        mode = keras.dtype_policies.get(dtype or policy).quantization_mode
        embedding(self, *args, dtype=POLICIES["int8"] if mode == "int4" else dtype, **kwargs)

    before = keras.config.dtype_policy()
    keras.Variable = lambda value, name=None: variable("zeros", shape=tuple(value.shape), name=name)
    keras.Model.quantize = lambda *_, **__: None
    setattr(Layer, CHECK, lambda *_, **__: None)
    Embedding.__init__ = without_int4
    MobileNetV5Backbone.from_config = lambda config: MobileNetV5Backbone(
        **{**config, "dtype": "bfloat16"}
    )
    keras.config.set_dtype_policy(policy)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keras.Variable, keras.Model.quantize = variable, quantize
        setattr(Layer, CHECK, check)
        Embedding.__init__ = embedding
        MobileNetV5Backbone.from_config = encoder
        keras.config.set_dtype_policy(before)
        global_state.set_global_attribute("uninitialized_variables", [])


def build(config: dict[str, Any]) -> Any:
    """The backbone of a configuration."""
    config = {k: v for k, v in config.items() if k != "task"}
    cls = getattr(keras_hub.models, config.pop("backbone"))
    for encoder in ("vision_encoder", "audio_encoder"):
        if config.get(encoder):
            numbers = dict(config[encoder])
            config[encoder] = ENCODERS[numbers.pop("encoder")](**numbers)
    if config.get("vision_encoder_config"):
        stages = MODEL_CONFIGS[config["vision_encoder_config"]]
        config["vision_encoder_config"] = {**stages, "image_shape": (768, 768, 3)}
    return cls(**config)


def task_numbers(config: dict[str, Any]) -> list[tuple[int, int]]:
    """(Numbers, bytes of one in bfloat16) that a drafter keeps beside its backbone.

    ``Gemma4AssistantCausalLM`` (keras-hub 0.32): a projection into the drafter and one out of it
    and, with ordered embeddings, the centroids and a float32 order of the vocabulary. Its
    constructor compiles, which a stateless scope refuses, so they are counted from their shapes.
    """
    task = config.get("task")
    if not task:
        return []
    hidden, target = config["hidden_dim"], task["backbone_hidden_size"]
    numbers = [(2 * target * hidden, 2), (hidden * target, 2)]
    if task["use_ordered_embeddings"]:
        numbers += [(hidden * task["num_centroids"], 2), (config["vocabulary_size"], 4)]
    return numbers


def count(layer: Any) -> tuple[int, int]:
    """(Parameters, bytes) of a layer's weights."""
    weights = {id(w): w for w in layer.weights}.values()
    numbers = [(math.prod(w.shape), keras.src.backend.standardize_dtype(w.dtype)) for w in weights]
    sizes = {"float32": 4, "bfloat16": 2, "int8": 1, "uint8": 1, "int32": 4}
    return sum(n for n, _ in numbers), sum(n * sizes[dtype] for n, dtype in numbers)


def encoders(backbone: Any, names: tuple[str, ...]) -> tuple[int, int]:
    """(Parameters, bytes) of the parts of ``names`` that the backbone has."""
    parts = [count(part) for name in names if (part := getattr(backbone, name, None)) is not None]
    return sum(p for p, _ in parts), sum(b for _, b in parts)


def per_layer_embeddings(backbone: Any) -> int:
    """Parameters of the per-layer embedding table; 0 where there is none."""
    owner = getattr(backbone, "language_model", backbone)
    for name in ("per_layer_token_embedding", "embed_tokens_per_layer"):
        if (table := getattr(owner, name, None)) is not None:
            return count(table)[0]
    return 0


def shape_of(config: dict[str, Any]) -> dict[str, Any]:
    """The numbers of one configuration, as the data file holds them."""
    with shapes_only("bfloat16"):
        backbone = build(config)
    total = count(backbone)[0]
    vision, audio = encoders(backbone, VISION)[0], encoders(backbone, AUDIO)[0]
    task = task_numbers(config)
    total += sum(n for n, _ in task)
    shape: dict[str, Any] = {
        "parameters": total,
        "text_parameters": total - vision - audio,
        "vision_parameters": vision,
        "audio_parameters": audio,
        "per_layer_embedding_parameters": per_layer_embeddings(backbone),
        "modalities": ["text", *["image"] * bool(vision), *["audio"] * bool(audio)],
        "encoder_decoder": config["backbone"].startswith("T5"),
        **image_numbers(config),
    }
    if task:
        # The target's quantisation leaves a drafter as it is.
        return {**shape, "architecture": architecture(config)}
    for mode, policy in POLICIES.items():
        with shapes_only(policy):
            quantised = build(config)
        outside = encoders(quantised, VISION)[1] + encoders(quantised, AUDIO)[1]
        shape[f"{mode}_bytes"] = [count(quantised)[1] - outside, outside]
    return {**shape, "architecture": architecture(config)}


def image_numbers(config: dict[str, Any]) -> dict[str, Any]:
    """Pixels of a side and tokens of an image; no side where any aspect ratio goes in."""
    if config["backbone"] == "PaliGemmaBackbone":
        side = config["image_size"]
        return {"image_size": side, "image_tokens": (side // config["vit_patch_size"]) ** 2}
    if config["backbone"] == "Gemma3nBackbone":
        return {"image_size": 768, "image_tokens": config["vision_soft_tokens_per_image"]}
    encoder = config.get("vision_encoder")
    if not encoder:
        return {}
    if encoder["encoder"] == "Gemma4VisionEncoder":
        # Google's default budget of 70, 140, 280, 560 and 1120 (gm/nn/gemma4/vision/_encoder.py)
        return {"image_tokens": 280}
    side = encoder["image_size"] // encoder["patch_size"] // encoder["pool_size"]
    return {"image_size": encoder["image_size"], "image_tokens": side * side}


def architecture(config: dict[str, Any]) -> dict[str, Any]:
    """The fields of the configuration's ``Architecture`` that are not at their defaults."""
    return _known(
        asdict(build_architecture(config["backbone"], ConfigFields(config, config["backbone"])))
    )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: _known(v) if isinstance(v, dict) else v for k, v in fields.items() if v}


def demo_config(name: str) -> dict[str, Any] | None:
    """A demo model's configuration, from the preset in the package; None where it is not there."""
    path = DEMO / name / "config.json"
    if not path.is_file():
        return None
    saved = json.loads(path.read_text(encoding="utf-8"))
    config = {k: v for k, v in saved["config"].items() if k not in ("name", "trainable", "dtype")}
    return {"backbone": saved["class_name"], **config}


# --- comparing -------------------------------------------------------------------------------


def registry() -> dict[str, dict[str, Any]]:
    """Every Gemma-family preset that the installed keras-hub registers."""
    return {
        name: preset
        for backbone in BACKBONE_GENERATIONS
        for name, preset in getattr(keras_hub.models, backbone).presets.items()
    }


def unknown_presets() -> list[str]:
    """Presets with "gemma" in the name or handle that neither catalog nor ``PARTS`` knows."""
    known = {*registry(), *PARTS}
    return sorted(
        name
        for name, preset in keras_hub.models.Backbone.presets.items()
        if ("gemma" in name or "gemma" in str(preset.get("kaggle_handle"))) and name not in known
    )


def unknown_classes() -> list[str]:
    """Gemma's backbones in ``keras_hub.models`` that the catalog does not know."""
    return sorted(
        name
        for name in dir(keras_hub.models)
        if "gemma" in name.lower()
        and name.endswith("Backbone")
        and name not in BACKBONE_GENERATIONS
    )


def missing() -> list[str]:
    """What the installed keras-hub has that the catalog has not, a line each."""
    names = {v["name"] for v in json.loads(TARGET.read_text(encoding="utf-8"))["variants"]}
    presets = sorted({*(registry().keys() - names), *unknown_presets()})
    return [f"preset {name}" for name in presets] + [f"class {c}" for c in unknown_classes()]


def reason(name: str) -> str:
    """Why the registry's count of ``name`` is not the built one."""
    if name.endswith("_assistant"):
        if "_2b_" in name:
            return "the registry leaves out the float32 order of the vocabulary (262,144)"
        return (
            "the registry counts the E2B drafter's projections (1536 wide) and centroids, "
            "not this one's"
        )
    if name.startswith("gemma4_"):
        return "the registry rounds to two digits"
    if name.startswith("pali_gemma2"):
        return "the registry gives the count at 224 px for every resolution"
    if name.startswith("t5gemma2_"):
        return "the registry leaves out the two end-of-image embeddings (2 x hidden_dim)"
    raise LookupError(f"{name}: the count differs from the registry's and nobody knows why")


def make() -> dict[str, Any]:
    """The whole data file."""
    if unknown := unknown_presets():
        raise LookupError(f"presets that tools/catalog_facts.py does not know: {unknown}")
    demos = {name: config for name in DEMOS if (config := demo_config(name))}
    shapes = {name: shape_of(config) for name, config in {**CONFIGS, **demos}.items()}
    variants, disagreements = [], []
    for name, preset in registry().items():
        facts = facts_of(name)
        variants.append(
            {
                "name": name,
                **facts,
                "handle": preset["kaggle_handle"],
                "loadable": True,
                "description": " ".join(preset["metadata"]["description"].split()),
            }
        )
        published, built = preset["metadata"]["params"], shapes[facts["shape"]]["parameters"]
        if published != built:
            disagreements.append(
                {"preset": name, "registry": published, "built": built, "reason": reason(name)}
            )
    for facts in EXTRA:
        facts = dict(facts)  # noqa: PLW2901
        if other := facts.pop("parameters_as", None):
            facts["parameters"] = shapes[other]["parameters"]
        variants.append(facts)
    variants += [demo_facts(name) for name in demos]
    variants.sort(key=lambda v: v["released"] or "", reverse=True)
    return {
        "header": {
            "made_by": "tools/update_catalog.py",
            "keras_hub": keras_hub.__version__,
            "keras": keras.__version__,
            "facts": DATE,
            "sources": SOURCES,
        },
        "disagreements": disagreements,
        "shapes": shapes,
        "variants": variants,
    }


# --- writing ---------------------------------------------------------------------------------

#: Fields that share a line, in this order; the rest of a variant follows on one more.
LINES = (
    ("name", "family", "generation", "base", "size", "tuning", "role", "prompt_format"),
    ("shape", "parameters", "modalities", "context_length", "licence", "gated", "released"),
    ("handle", "hf_id", "loadable", "keras_hub", "runs_with"),
)


def dumps(data: dict[str, Any]) -> str:
    """The data file's text: a variant a few lines, so that a change reads as one."""

    def one(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def variant(fields: dict[str, Any]) -> str:
        named = [{k: fields[k] for k in line if k in fields} for line in LINES]
        rest = {k: v for k, v in fields.items() if not any(k in line for line in LINES)}
        return "{" + ",\n   ".join(one(part)[1:-1] for part in [*named, rest] if part) + "}"

    def shape(name: str, fields: dict[str, Any]) -> str:
        numbers = {k: v for k, v in fields.items() if k != "architecture"}
        return f'{one(name)}: {{{one(numbers)[1:-1]},\n   "architecture": {one(fields["architecture"])}}}'

    def block(items: list[str], brackets: str) -> str:
        return f"{brackets[0]}\n  " + ",\n  ".join(items) + f"\n {brackets[1]}"

    parts = {
        "header": block([f"{one(k)}: {one(v)}" for k, v in data["header"].items()], "{}"),
        "disagreements": block([one(d) for d in data["disagreements"]], "[]"),
        "shapes": block([shape(k, v) for k, v in data["shapes"].items()], "{}"),
        "variants": block([variant(v) for v in data["variants"]], "[]"),
    }
    return "{\n " + ",\n ".join(f"{one(k)}: {v}" for k, v in parts.items()) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    arguments = parser.parse_args()
    if arguments.check:
        lacking = missing()
        print(f"keras-hub {keras_hub.__version__}: the catalog lacks {len(lacking)} of it")
        for line in lacking:
            print(f"- {line}")
        if lacking:
            return 1
    data = make()
    text = dumps(data)
    print(f"{len(data['variants'])} variants, {len(data['shapes'])} shapes")
    for d in data["disagreements"]:
        print(f"{d['preset']}: registry {d['registry']:,}, built {d['built']:,}: {d['reason']}")
    if arguments.check:
        same = TARGET.read_text(encoding="utf-8") == text
        print("the file is up to date" if same else "the file differs: run this without --check")
        return 0 if same else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
