"""EmbeddingGemma: texts to vectors, with KerasHub's ``Gemma3TextEmbedder``.

The backbone attends to the whole text in both directions; its hidden states are averaged over the
text's tokens and projected; the vector is normalized to length 1. A text is placed between ``<bos>``
and ``<eos>``, as KerasHub's ``Gemma3TextEmbedderPreprocessor`` packs it and sentence-transformers
tokenizes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.generation.compilation import next_power_of_two
from gemma_nb.generation.keras_internals import variable_arrays
from gemma_nb.generation.partitioning import compiled_functions
from gemma_nb.loading.relayout import keep_layouts
from gemma_nb.loading.sharding import DeviceLayout
from gemma_nb.prompts.formats.embedding_format import TASKS
from gemma_nb.prompts.formatting import format_prompt

#: Sizes to which a vector can be truncated (Matryoshka representation learning):
#: https://ai.google.dev/gemma/docs/embeddinggemma/model_card
TRUNCATED_DIMENSIONS = (512, 256, 128)

#: The task of a document; the other tasks are those of a query.
DOCUMENT = "document"

#: Tokens of one batch, padding included, unless a single text has more.
TOKENS_PER_BATCH = 8192

#: Shortest padded length of a text.
SHORTEST = 32

#: A text, or a document: {"text": …, "title": …}.
EmbeddingText = str | Mapping[str, Any]


class Embedder:
    """Runs a KerasHub text embedder on batches of texts of similar length.

    Args:
        lm: a ``Gemma3TextEmbedder``; it is read, never changed.
        max_length: the most tokens of a text.
        devices: the devices that the model is laid out over; None for one.
    """

    def __init__(self, lm: Any, max_length: int, devices: DeviceLayout | None = None) -> None:
        self.lm = lm
        self.max_length = max_length
        self._compiled = compiled_functions(devices)

    @property
    def compilations(self) -> int:
        """Number of programs that were compiled."""
        return self._compiled.compilations

    @property
    def compile_seconds(self) -> float:
        """Seconds spent on compiling."""
        return self._compiled.compile_seconds

    @property
    def dimensions(self) -> int:
        """Size of a full vector."""
        return int(self.lm.output_shape[-1])

    def vectors(self, ids: Sequence[Sequence[int]]) -> Any:
        """Computes the full vectors of tokenized texts.

        Args:
            ids: the token ids of each text, 1 to ``max_length``.

        Returns:
            A NumPy float32 array, shape (texts, ``dimensions``), in the order of the texts.
        """
        import numpy as np

        vectors = np.empty((len(ids), self.dimensions), np.float32)
        by_size: dict[int, list[int]] = {}
        for i, text in enumerate(ids):
            size = next_power_of_two(len(text), SHORTEST, self.max_length)
            by_size.setdefault(size, []).append(i)
        for size, indices in by_size.items():
            max_rows = 1 << (max(TOKENS_PER_BATCH // size, 1).bit_length() - 1)
            for start in range(0, len(indices), max_rows):
                batch = indices[start : start + max_rows]
                tokens = np.zeros((next_power_of_two(len(batch), 1, max_rows), size), np.int32)
                mask = np.zeros(tokens.shape, np.int32)
                for row, i in enumerate(batch):
                    tokens[row, : len(ids[i])] = ids[i]
                    mask[row, : len(ids[i])] = 1
                mask[len(batch) :, 0] = 1  # an average over no tokens would be NaN
                vectors[batch] = np.asarray(self._run(tokens, mask))[: len(batch)]
        return vectors

    def _run(self, tokens: Any, mask: Any) -> Any:
        weights = (
            [v.value for v in self.lm.trainable_variables],
            [v.value for v in self.lm.non_trainable_variables],
        )
        return self._compiled.run(("vectors", tokens.shape), self._embed, weights, tokens, mask)

    def _embed(self, weights: Any, tokens: Any, mask: Any) -> Any:
        """Traced: returns the vectors of a batch."""
        import jax.numpy as jnp

        variables = self.lm.trainable_variables, self.lm.non_trainable_variables
        weights = [
            keep_layouts(w, variable_arrays(v)) for w, v in zip(weights, variables, strict=True)
        ]
        inputs = {"token_ids": tokens, "padding_mask": mask}
        return self.lm.stateless_call(*weights, inputs, training=False)[0].astype(jnp.float32)


def content_parts(texts: Any, task: str) -> list[dict[str, Any]]:
    """Turns texts into the content parts that their prompts are formatted from.

    Args:
        texts: a text or a list of them; a document may be {"text": …, "title": …}.
        task: what the embeddings are for.

    Returns:
        One content part per text.

    Raises:
        InvalidInput: no texts, an item that is not a text, an empty text, an unknown task.
    """
    if not isinstance(task, str) or task not in (*TASKS, DOCUMENT):
        raise InvalidInput("embed_task", task=shown(task), tasks=", ".join((*TASKS, DOCUMENT)))
    if isinstance(texts, (str, Mapping)):
        texts = [texts]
    if not isinstance(texts, Sequence) or isinstance(texts, bytes):
        raise InvalidInput("embed_texts_type", kind=type(texts).__name__)
    if not texts:
        raise InvalidInput("embed_no_texts")
    return [_content_part(text, i, task) for i, text in enumerate(texts)]


def _content_part(item: Any, index: int, task: str) -> dict[str, Any]:
    fields = item if isinstance(item, Mapping) else {"text": item}
    text, title = fields.get("text"), fields.get("title")
    is_valid = fields.keys() <= {"text", "title"} and isinstance(title, str | None)
    if not is_valid or not isinstance(text, str):
        raise InvalidInput("embed_text_type", index=index, kind=type(item).__name__)
    if not text.strip():
        raise InvalidInput("embed_empty", index=index)
    if "title" in fields and task != DOCUMENT:
        raise InvalidInput("embed_title", index=index, document=DOCUMENT)
    purpose = {"title": title} if task == DOCUMENT else {"task": task}
    return {"type": "text", "text": text, **purpose}


def embedding_token_ids(
    texts: Any, task: str, variant: Variant, tokenizer: Any, max_length: int
) -> list[list[int]]:
    """Tokenizes texts: each in its prompt, between ``<bos>`` and ``<eos>``.

    Args:
        texts: as in ``content_parts``.
        task: as in ``content_parts``.
        variant: an embedding variant.
        tokenizer: its KerasHub tokenizer.
        max_length: the most tokens of one text.

    Returns:
        The token ids of each text.

    Raises:
        InvalidInput: as ``content_parts``, or a text is too long.
    """
    token_ids = []
    for index, part in enumerate(content_parts(texts, task)):
        ids = [*format_prompt([part], variant).token_ids(tokenizer), tokenizer.end_token_id]
        if len(ids) > max_length:
            over = len(ids) - max_length
            raise InvalidInput(
                "embed_too_long", index=index, tokens=len(ids), max_length=max_length, over=over
            )
        token_ids.append(ids)
    return token_ids


def check_dimensions(dimensions: Any, full: int) -> int:
    """Checks the size that vectors are to be truncated to.

    Args:
        dimensions: the requested size; None for the full one.
        full: size of a full vector.

    Returns:
        The size.

    Raises:
        InvalidInput: the model was not trained for this size.
    """
    sizes = (full, *(size for size in TRUNCATED_DIMENSIONS if size < full))
    if dimensions is None:
        return full
    allowed = ", ".join(map(str, sizes))
    number = whole_number(dimensions, "embed_dimensions", 1, sizes=allowed)
    if number not in sizes:
        raise InvalidInput("embed_dimensions", value=dimensions, sizes=allowed)
    return number


def truncate_vectors(vectors: Any, dimensions: int) -> Any:
    """Truncates vectors and normalizes them to length 1 again.

    Args:
        vectors: float32 (texts, size).
        dimensions: how many numbers to keep, from the first.

    Returns:
        float32 (texts, ``dimensions``).
    """
    import numpy as np

    short = vectors[:, :dimensions]
    return short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-12)
