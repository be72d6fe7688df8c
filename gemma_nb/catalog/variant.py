"""The facts about one Gemma variant."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.display import Displayed, Summary, bar_parts
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import format_gib


@dataclass(frozen=True)
class Architecture:
    """The dimensions of a text decoder, from which memory and speed are computed.

    The fields are named after KerasHub's backbone arguments. ``intermediate_dim`` is the width of
    one feed-forward projection. (KerasHub's argument for Gemma 1, Gemma 2 and PaliGemma is the sum
    of the gate and up projections; this class holds half of it.)

    Args:
        backbone: the name of the KerasHub backbone class.
        num_layers: number of decoder layers.
        num_query_heads: number of query heads of a layer.
        num_key_value_heads: number of key-value heads of a layer.
        hidden_dim: width of the residual stream.
        intermediate_dim: width of one feed-forward projection.
        head_dim: size of one attention head.
        vocabulary_size: number of tokens in the embedding table.
        sliding_window: tokens that a sliding layer attends to; None if no layer slides.
        global_every: every n-th layer has global attention (6 for "5:1"); None if all layers do.
        global_head_dim: head size of the global layers; None if it equals ``head_dim``.
        global_key_value_heads: key-value heads of the global layers; None if their number equals
            ``num_key_value_heads``.
        kv_shared_layers: number of layers, at the end, that reuse the keys and values of an
            earlier layer.
        per_layer_input_dim: width of the per-layer embeddings; 0 if there are none.
        double_wide_shared_layers: whether the feed-forward network of the ``kv_shared_layers`` is
            twice as wide (Gemma 4 E2B).
        altup_num_inputs: number of parallel residual streams (Gemma 3n); 0 for the usual one.
        experts: number of experts of a mixture-of-experts layer; 0 for a dense model.
        active_experts: number of experts that the router selects for a token.
        expert_dim: width of one expert's feed-forward projection.
        attention_logit_soft_cap: soft cap of the attention logits; None if they are not capped.
        encoder: the encoder of an encoder-decoder, whose decoder the other fields describe.
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
    global_every: int | None = None
    global_head_dim: int | None = None
    global_key_value_heads: int | None = None
    kv_shared_layers: int = 0
    per_layer_input_dim: int = 0
    double_wide_shared_layers: bool = False
    altup_num_inputs: int = 0
    experts: int = 0
    active_experts: int = 0
    expert_dim: int = 0
    attention_logit_soft_cap: float | None = None
    encoder: Architecture | None = None


@dataclass(frozen=True, repr=False)
class Variant(Displayed):
    """One Gemma variant, named after its KerasHub preset if there is one.

    Args:
        name: the KerasHub preset. Without a preset: a name in the same style for a variant of the
            catalog, else the handle or the directory.
        family: "Gemma" for the core models, else "CodeGemma", "PaliGemma", "MedGemma", …
        generation: the family's own version: "3n" of Gemma, "1.1" of CodeGemma, "2" of PaliGemma,
            "4 QAT" of Gemma 4 with quantisation-aware training for a 4-bit format.
        size: the size as the publisher writes it: "270M", "E2B", "26B-A4B", "9B-2B".
        tuning: "PT" (pretrained), "IT" (instruction-tuned), "FT" (tuned for one task) or "mix".
        modalities: the kinds of input: "text", "image", "audio", "video".
        parameters: number of all parameters; exact if ``architecture`` is known.
        text_parameters: parameters of the decoder (and encoder) with embeddings; None if unknown.
        vision_parameters: parameters of the image encoder; None if unknown.
        audio_parameters: parameters of the audio encoder; None if unknown.
        context_length: longest context, in tokens; None if unknown.
        licence: "Gemma" (Google's Gemma terms), "HAI-DEF" (Health AI Developer Foundations),
            "Apache-2.0", "MIT" or "unknown".
        gated: whether an account must accept the terms before a download works.
        released: ISO date of the release; None if unknown.
        handle: the source of the files: ``kaggle://``, ``hf://``, ``demo://`` or a directory.
        loadable: whether KerasHub loads it.
        architecture: the decoder's dimensions; None if they are not available.
        prompt_format: the module of ``gemma_nb.prompts.formats`` that renders its prompts.
        description: one sentence, in English.
        role: "generate", "embed", "classify" or "draft" (it drafts tokens for a larger model and
            cannot be used alone).
        encoder_decoder: whether an encoder reads the prompt.
        per_layer_embedding_parameters: the part of ``text_parameters`` in per-layer embeddings.
        base: the Gemma generation that it is built on: "1", "2", "3", "3n" or "4".
        hf_id: its repository on Hugging Face; None if no source names one.
        image_tokens: number of tokens of one image; None without image input.
        image_size: side of an image in pixels; None if the aspect ratio is kept.
        int8_bytes: bytes of (text, encoders) after this package's int8 quantisation, with scales; None
            if unknown.
        int4_bytes: bytes of (text, encoders) after this package's int4 quantisation, with scales; None
            if unknown.
        quantization: Keras's quantisation of its (embeddings, kernels) in the files, such as
            ("int8", "int4/32"), where the number after the slash is the block size; None for files
            that are not quantised.
        keras_hub: the first KerasHub release that loads it ("0.26" stands for earlier ones too).
        runs_with: frameworks that run it, for a variant that KerasHub does not load.
        rough: whether its memory can only be estimated from ``parameters``.
        stored_type: the types of the matrices of a GGUF file's layers ("Q4_0"; "Q4_K, Q6_K" for a
            mix); None for any other source.
        unread_files: files beside a GGUF file that are not read: the image and audio encoders in
            mmproj files.
        adapter_of: the handle or directory of the model that it is a LoRA adapter of; None for a
            whole model.
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
    quantization: tuple[str, str] | None = None
    keras_hub: str | None = None
    runs_with: tuple[str, ...] = ()
    rough: bool = False
    stored_type: str | None = None
    unread_files: tuple[str, ...] = ()
    adapter_of: str | None = None

    def __str__(self) -> str:
        return self.name

    def _summary(self) -> Summary:
        title = text(
            "show_variant",
            name=self.name,
            family=self.family,
            generation=self.generation,
            size=self.size,
            tuning=self.tuning,
        )
        context = f"{self.context_length:,}" if self.context_length else text("show_unknown")
        licence = str(licence_name(self))
        if self.gated:
            licence = text("show_gated", licence=licence)
        rows = (
            (text("show_parameters"), f"{self.parameters:,}"),
            (text("show_input"), modality_names(self)),
            (text("show_context"), text("show_tokens", count=context)),
            (text("show_licence"), licence),
            (text("show_released"), self.released or text("show_unknown")),
            (text("show_loads"), text("show_yes" if self.loadable else "show_not")),
        )
        encoders = (self.vision_parameters or 0) + (self.audio_parameters or 0)
        bar = bar_parts({"weights": 2 * (self.parameters - encoders), "encoders": 2 * encoders})
        size = text("show_16bit", size=format_gib(2 * self.parameters))
        return Summary(title, rows, bar=bar, notes=(size,))

    @property
    def task(self) -> str:
        """KerasHub's kind of task: "CausalLM", "Seq2SeqLM" or "TextEmbedder"."""
        if self.role == "embed":
            return "TextEmbedder"
        return "Seq2SeqLM" if self.encoder_decoder else "CausalLM"

    @property
    def task_class(self) -> str:
        """The name of its class in ``keras_hub.models``; the task alone if the class is unknown.

        Naming the class avoids ``CausalLM.from_preset``, which finds the class itself but returns
        Gemma 4's assistant as often as Gemma 4 (keras-hub 0.32, ``find_subclass`` iterates over a
        set).
        """
        if self.role == "draft":
            return "Gemma4AssistantCausalLM"
        backbone = self.architecture.backbone if self.architecture else ""
        return backbone.removesuffix("Backbone") + self.task

    @property
    def terms_url(self) -> str | None:
        """The page with the licence, on which a gated variant's terms are accepted.

        On Kaggle this is the page of the model, on Hugging Face the page of the repository. None
        for a directory.
        """
        host, _, path = (self.handle or "").partition("://")
        if host == "kaggle":
            return "https://www.kaggle.com/models/" + "/".join(path.split("/")[:2])
        return f"https://huggingface.co/{path}" if host == "hf" else None


def modality_names(variant: Variant) -> str:
    """The kinds of input of a variant, in the language in force."""
    return text("show_and").join(text(f"modality_{kind}") for kind in variant.modalities)


def licence_name(variant: Variant) -> Message | str:
    """The licence as a person reads it; the names of licences are the same in all languages."""
    return Message("licence_unknown") if variant.licence == "unknown" else variant.licence
