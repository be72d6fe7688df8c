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
    #: layers that share another's keys have a feed-forward twice as wide (Gemma 4 E2B)
    double_wide_shared_layers: bool = False
    #: parallel residual streams (Gemma 3n); 0 where there is the usual one
    altup_num_inputs: int = 0
    experts: int = 0
    active_experts: int = 0
    expert_dim: int = 0
    attention_logit_soft_cap: float | None = None
    #: the encoder of an encoder-decoder; the fields above are then the decoder's
    encoder: Architecture | None = None


@dataclass(frozen=True)
class Variant:
    """One Gemma variant, named by KerasHub's preset where there is one.

    Args:
        name: KerasHub's preset; a name in the same manner, a handle or a directory elsewhere.
        family: "Gemma" for the core models, else "CodeGemma", "PaliGemma", "MedGemma", …
        generation: the family's own: "3n" of Gemma, "1.1" of CodeGemma, "2" of PaliGemma.
        size: as the publisher writes it: "270M", "E2B", "26B-A4B", "9B-2B".
        tuning: "PT" (pretrained), "IT" (instruction-tuned), "FT" (tuned for one task) or "mix".
        modalities: what goes in: "text", "image", "audio".
        parameters: all of them; exact where ``architecture`` is known.
        text_parameters: those of the decoder (and encoder) with embeddings; None where unknown.
        vision_parameters: those of the vision tower; None where unknown.
        audio_parameters: those of the audio tower; None where unknown.
        context_length: in tokens; None where unknown.
        licence: "Gemma" (Google's Gemma terms), "HAI-DEF" (Health AI Developer Foundations),
            "Apache-2.0", "MIT" or "unknown".
        gated: whether the terms must be accepted with an account before a download works.
        released: ISO date; None where unknown.
        handle: where it comes from: ``kaggle://``, ``hf://``, ``demo://`` or a directory.
        loadable: whether KerasHub loads it.
        architecture: the decoder's numbers; None where they cannot be had.
        prompt_format: the module of ``gemma_nb.prompts`` that renders for it.
        description: a sentence, in English.
        role: "generate", "embed", "classify" or "draft" (drafts for a larger model, never alone).
        encoder_decoder: whether an encoder reads the prompt.
        per_layer_embedding_parameters: the part of ``text_parameters`` in per-layer embeddings.
        base: the Gemma generation it is built on: "1", "2", "3", "3n" or "4".
        hf_id: its id on Hugging Face; None where no source says one.
        image_tokens: tokens of one image; None where no image goes in.
        image_size: pixels of an image's side; None where the aspect ratio is kept.
        int8_bytes: (text, towers) bytes after KerasHub's int8, scales included; None if unknown.
        int4_bytes: (text, towers) bytes after KerasHub's int4, scales included; None if unknown.
        keras_hub: the first KerasHub release that loads it ("0.26" stands for earlier ones too).
        runs_with: frameworks that run it, where KerasHub does not.
        rough: whether its memory can only be estimated from ``parameters``.
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
    base: str | None = None
    hf_id: str | None = None
    image_tokens: int | None = None
    image_size: int | None = None
    int8_bytes: tuple[int, int] | None = None
    int4_bytes: tuple[int, int] | None = None
    keras_hub: str | None = None
    runs_with: tuple[str, ...] = ()
    rough: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def task(self) -> str:
        """KerasHub's kind of task: "CausalLM", "Seq2SeqLM" or "TextEmbedder"."""
        if self.role == "embed":
            return "TextEmbedder"
        return "Seq2SeqLM" if self.encoder_decoder else "CausalLM"

    @property
    def task_class(self) -> str:
        """The class of ``keras_hub.models`` that it is; the kind alone where it cannot be known.

        ``CausalLM.from_preset`` looks for the class itself, and finds Gemma 4's assistant as often
        as Gemma 4 (keras-hub 0.32, ``find_subclass`` goes through a set).
        """
        if self.role == "draft":
            return "Gemma4AssistantCausalLM"
        backbone = self.architecture.backbone if self.architecture else ""
        return backbone.removesuffix("Backbone") + self.task

    @property
    def terms_url(self) -> str | None:
        """The page with the licence, where a gated variant's terms are accepted; None if local.

        Kaggle asks for the terms on the model's page, Hugging Face on the repository's.
        """
        where, _, rest = (self.handle or "").partition("://")
        if where == "kaggle":
            return "https://www.kaggle.com/models/" + "/".join(rest.split("/")[:2])
        return f"https://huggingface.co/{rest}" if where == "hf" else None
