"""EmbeddingGemma: texts to vectors, through KerasHub's ``Gemma3TextEmbedder``.

The backbone sees the whole text in both directions, its states are averaged over the text's
tokens and projected; the vector has length 1. A text stands between ``<bos>`` and ``<eos>``, as
KerasHub's ``Gemma3TextEmbedderPreprocessor`` packs it and sentence-transformers tokenizes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation.compilation import CompiledFunctions, next_power_of_two
from gemma_nb.prompts.formats.embedding import TASKS
from gemma_nb.prompts.formatting import format_prompt

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant

#: Sizes that a vector can be cut to beside its full one (Matryoshka representation learning):
#: https://ai.google.dev/gemma/docs/embeddinggemma/model_card
TRUNCATED_DIMENSIONS = (512, 256, 128)

#: What a document is embedded as; the other tasks are what a query is for.
DOCUMENT = "document"

#: Tokens of one pass, padding included, unless one text alone has more.
TOKENS_PER_BATCH = 8192

#: Shortest padded length.
SHORTEST = 32

#: A text, or a document: {"text": …, "title": …}.
EmbeddingText = str | Mapping[str, Any]


class Embedder:
    """Runs a KerasHub text embedder, in passes of texts of similar length.

    Args:
        lm: a ``Gemma3TextEmbedder``; it is read, never changed.
        max_length: the most tokens of a text.
    """

    def __init__(self, lm: Any, max_length: int) -> None:
        self.lm = lm
        self.max_length = max_length
        self._programs = CompiledFunctions()

    @property
    def compilations(self) -> int:
        """How many programs were compiled."""
        return self._programs.compilations

    @property
    def compile_seconds(self) -> float:
        """How long that took."""
        return self._programs.compile_seconds

    @property
    def dimensions(self) -> int:
        """Numbers of one full vector."""
        return int(self.lm.output_shape[-1])

    def vectors(self, ids: Sequence[Sequence[int]]) -> Any:
        """The full vectors of tokenized texts, in their order.

        Args:
            ids: each text's token ids, 1 to ``max_length`` of them.

        Returns:
            A NumPy float32 array, shape (texts, ``dimensions``), as the model gives it.
        """
        import numpy as np

        made = np.empty((len(ids), self.dimensions), np.float32)
        sizes: dict[int, list[int]] = {}
        for i, text in enumerate(ids):
            sizes.setdefault(next_power_of_two(len(text), SHORTEST, self.max_length), []).append(i)
        for size, members in sizes.items():
            most = 1 << (max(TOKENS_PER_BATCH // size, 1).bit_length() - 1)
            for start in range(0, len(members), most):
                part = members[start : start + most]
                tokens = np.zeros((next_power_of_two(len(part), 1, most), size), np.int32)
                real = np.zeros(tokens.shape, np.int32)
                for row, i in enumerate(part):
                    tokens[row, : len(ids[i])] = ids[i]
                    real[row, : len(ids[i])] = 1
                real[len(part) :, 0] = 1  # rows of padding alone would be an average of nothing
                made[part] = np.asarray(self._run(tokens, real))[: len(part)]
        return made

    def _run(self, tokens: Any, real: Any) -> Any:
        weights = (
            [v.value for v in self.lm.trainable_variables],
            [v.value for v in self.lm.non_trainable_variables],
        )
        return self._programs.run(("vectors", tokens.shape), self._vectors, weights, tokens, real)

    def _vectors(self, weights: Any, tokens: Any, real: Any) -> Any:
        import jax.numpy as jnp

        inputs = {"token_ids": tokens, "padding_mask": real}
        return self.lm.stateless_call(*weights, inputs, training=False)[0].astype(jnp.float32)


def content_parts(texts: Any, task: str) -> list[dict[str, Any]]:
    """The content parts that the texts are embedded as.

    Args:
        texts: a text or a list of them; a document may be {"text": …, "title": …}.
        task: what the embeddings are for.

    Raises:
        InvalidInput: no texts, something that is no text, an empty one, an unknown task.
    """
    if task not in (*TASKS, DOCUMENT):
        raise InvalidInput("embed_task", task=task, tasks=", ".join((*TASKS, DOCUMENT)))
    if isinstance(texts, (str, Mapping)):
        texts = [texts]
    if not isinstance(texts, Sequence) or isinstance(texts, bytes):
        raise InvalidInput("embed_texts_type", kind=type(texts).__name__)
    if not texts:
        raise InvalidInput("embed_no_texts")
    return [_part(text, i, task) for i, text in enumerate(texts)]


def _part(text: Any, index: int, task: str) -> dict[str, Any]:
    fields = text if isinstance(text, Mapping) else {"text": text}
    said, title = fields.get("text"), fields.get("title")
    known = fields.keys() <= {"text", "title"} and isinstance(title, str | None)
    if not known or not isinstance(said, str):
        raise InvalidInput("embed_text_type", index=index, kind=type(text).__name__)
    if not said.strip():
        raise InvalidInput("embed_empty", index=index)
    if "title" in fields and task != DOCUMENT:
        raise InvalidInput("embed_title", index=index, document=DOCUMENT)
    what = {"title": title} if task == DOCUMENT else {"task": task}
    return {"type": "text", "text": said, **what}


def embedding_token_ids(
    texts: Any, task: str, variant: Variant, tokenizer: Any, max_length: int
) -> list[list[int]]:
    """Each text in its prompt, between ``<bos>`` and ``<eos>``.

    Args:
        texts: as in ``asked``.
        task: as in ``asked``.
        variant: an embedding variant.
        tokenizer: its KerasHub tokenizer.
        max_length: the most tokens of one.

    Raises:
        InvalidInput: as ``asked``, or a text is too long.
    """
    made = []
    for index, part in enumerate(content_parts(texts, task)):
        ids = [*format_prompt([part], variant).token_ids(tokenizer), tokenizer.end_token_id]
        if len(ids) > max_length:
            over = len(ids) - max_length
            raise InvalidInput(
                "embed_too_long", index=index, tokens=len(ids), max_length=max_length, over=over
            )
        made.append(ids)
    return made


def check_dimensions(dimensions: Any, full: int) -> int:
    """The size that the vectors are cut to.

    Args:
        dimensions: as asked for; None is ``full``.
        full: numbers of one full vector.

    Raises:
        InvalidInput: a size that the model was not trained for.
    """
    sizes = (full, *(size for size in TRUNCATED_DIMENSIONS if size < full))
    if dimensions is None:
        return full
    if type(dimensions) is not int or dimensions not in sizes:
        known = ", ".join(map(str, sizes))
        raise InvalidInput("embed_dimensions", value=dimensions, sizes=known)
    return dimensions


def truncate_vectors(vectors: Any, dimensions: int) -> Any:
    """Vectors cut to ``dimensions`` and brought back to length 1.

    Args:
        vectors: float32 (texts, numbers).
        dimensions: how many of the numbers to keep, from the first.
    """
    import numpy as np

    short = vectors[:, :dimensions]
    return short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-12)
