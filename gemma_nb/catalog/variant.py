"""What is known of one Gemma variant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """The numbers of a text decoder that memory and speed follow from.

    Names are those of KerasHub's backbone arguments. ``intermediate_dim`` is one projection's
    width (KerasHub's Gemma 1 and 2 argument counts gate and up together: halved here).
    """

    backbone: str
    num_layers: int
    num_query_heads: int
    num_key_value_heads: int
    hidden_dim: int
    intermediate_dim: int
    head_dim: int
    vocabulary_size: int
    sliding_window: int | None = None
    #: every n-th layer is global ("5:1" is 6); None where all are
    global_every: int | None = None
    global_head_dim: int | None = None
    global_key_value_heads: int | None = None
    kv_shared_layers: int = 0
    per_layer_input_dim: int = 0
    experts: int = 0
    active_experts: int = 0
    expert_dim: int = 0
    #: the encoder of an encoder-decoder; the fields above are then the decoder's
    encoder: Architecture | None = None


@dataclass(frozen=True)
class Variant:
    """One Gemma variant, named by KerasHub's preset where there is one.

    ``parameters`` counts everything; ``text_parameters`` the decoder with its embeddings, the
    other two the towers (None where unknown). ``per_layer_embedding_parameters`` is the part of
    ``text_parameters`` that per-layer embeddings take. ``context_length`` is in tokens,
    ``released`` an ISO date, ``modalities`` what goes in ("text", "image", "audio"), ``tuning``
    "PT", "IT", "FT" or "mix". ``role`` is what it is for: "generate", "embed", "draft" (a
    drafter for speculative decoding, never alone) or "classify". ``prompt_format`` names the
    module of ``gemma_nb.prompts`` that renders for it.
    """

    name: str
    family: str
    generation: str
    size: str
    tuning: str
    modalities: tuple[str, ...]
    parameters: int
    text_parameters: int | None
    vision_parameters: int | None
    audio_parameters: int | None
    context_length: int | None
    licence: str
    gated: bool
    released: str | None
    handle: str | None
    loadable: bool
    architecture: Architecture | None
    prompt_format: str
    description: str = ""
    role: str = "generate"
    encoder_decoder: bool = False
    per_layer_embedding_parameters: int = 0
    hf_id: str | None = None
    #: True where no config could be had: its memory is then an estimate from ``parameters`` alone
    rough: bool = False

    def __str__(self) -> str:
        return self.name
