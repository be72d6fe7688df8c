"""One choice measured: loaded, timed, asked the prompts, unloaded."""

from __future__ import annotations

import math
import statistics
import time
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from gemma_nb.comparison.log_likelihood import (
    LogProbabilityReader,
    ReplyDistributions,
    compare_distributions,
    reply_distributions,
    text_windows,
)
from gemma_nb.comparison.peak_memory import PeakMemory
from gemma_nb.comparison.request import ComparisonTask, ResolvedChoice
from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, FAILED, ComparisonRow, ScoredReply
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.fit.memory import INTERPRETER_BYTES, estimate_memory
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.verdict import advise
from gemma_nb.generation.detokenizer import Detokenizer
from gemma_nb.generation.sampling import not_a_number
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.resolve import resolve_model
from gemma_nb.i18n import Message
from gemma_nb.load_model import load
from gemma_nb.model import Model
from gemma_nb.reply_request import Messages

#: The number of tokens of a timed reply. The end of the reply is ignored, so that every model is
#: timed over the same number of tokens.
SPEED_TOKENS = 64

#: The keys of the errors of ``load`` that mean that the memory is too small.
_NO_ROOM_KEYS = ("does_not_fit", "load_no_room_beside")

#: Key of another row -> (share of same tokens, divergence in bits, number of positions).
AgreementPairs = dict[str, tuple[float, float, int]]


def predicted_row(choice: ResolvedChoice, runtime: Runtime) -> ComparisonRow:
    """The row of a choice before it is measured, with the predicted memory.

    Args:
        choice: the choice.
        runtime: this machine.
    """
    memory = estimate_memory(
        choice.variant,
        choice.precision,
        choice.max_length,
        runtime=runtime,
        devices=runtime.separate_memories(choice.devices),
    )
    parts = ("weights", "encoders", "kv_cache", "workspace", "overhead")
    predicted = {part: getattr(memory, part) for part in parts}
    device, host = memory.peak_device, memory.load_peak_host
    if runtime.shares_host_memory:
        predicted["python"] = INTERPRETER_BYTES
        host = device + INTERPRETER_BYTES
    return ComparisonRow(
        choice.variant.name,
        choice.precision,
        choice.max_length,
        given=choice.model is not None,
        predicted=predicted,
        predicted_device=None if runtime.shares_host_memory else device,
        predicted_host=host,
        detail=choice.detail,
    )


class Measurement:
    """Measures one choice.

    Args:
        choice: the choice.
        task: what the model has to do.
        row: the predicted row.
        report_step: called with each step, the end of a key ``compare_doing_…``.
        options: other arguments of ``load``.

    Attributes:
        pairs: the agreement with each other row, after ``run``.
        distributions: the distributions along this model's replies, with which later rows are
            compared; None if there are none.
    """

    def __init__(
        self,
        choice: ResolvedChoice,
        task: ComparisonTask,
        row: ComparisonRow,
        report_step: Callable[[str], None],
        options: Mapping[str, Any],
    ) -> None:
        self._choice, self._task, self._options = choice, task, options
        self._values = {name: getattr(row, name) for name in ComparisonRow.__dataclass_fields__}
        self._notes: list[Message] = []
        self._report_step, self._step = report_step, "load"
        self.pairs: AgreementPairs = {}
        self.distributions: ReplyDistributions | None = None

    def run(self, others: Mapping[str, tuple[str, ReplyDistributions]] | None) -> ComparisonRow:
        """Measures the choice; an error becomes the reason of the row.

        Args:
            others: key -> (precision, distributions) of the rows of the same variant that were
                measured before; None where the comparison has no other precision of the variant.
        """
        model = self._choice.model
        own_bytes = sum(v.value.nbytes for v in model.lm.variables) if model else 0
        try:
            with PeakMemory(own_bytes) as peak:
                model = model or self._load()
                replies = self._generate(model, peak)
            self._values["device_peak"] = peak.device
            self._values["device_peak_sampled"] = peak.sampled
            self._values["host_peak"] = peak.host
            self._measure_quality(model, replies, others)
            self._values["status"] = DONE
        except Exception as error:  # noqa: BLE001 - an error in one row does not end the others
            self._set_error(error)
        finally:
            if model is not None and self._choice.model is None:
                self._begin("unload")
                model.unload()
        return ComparisonRow(**{**self._values, "notes": tuple(self._notes)})

    def _begin(self, step: str) -> None:
        self._step = step
        self._report_step(step)

    def _set_error(self, error: Exception) -> None:
        if isinstance(error, LoadError) and error.message.key in _NO_ROOM_KEYS:
            self._values["status"] = DOES_NOT_FIT
            reason = error.message.values["reason"]
            fits_alone = error.message.key != "does_not_fit"
            self._values["reason"] = error.message if fits_alone else reason
            return
        self._values["status"] = FAILED
        if isinstance(error, GemmaError):
            self._values["reason"] = error.message
        else:
            self._values["reason"] = _failure(self._step, error)

    def _load(self) -> Model:
        choice = self._choice
        self._begin("load")
        runtime = resolve_model(choice.variant).fit_runtime(detect_runtime())
        settings = (choice.variant, choice.precision, runtime, choice.max_length)
        fits = advise(*settings, devices=choice.devices).fits
        if fits or self._options.get("force"):
            # the download is not part of the load time; without room, load refuses before it
            load(choice.variant, download_only=True, **self._options)
        started = time.perf_counter()
        devices = choice.devices if choice.devices > 1 else None
        model = load(
            choice.variant,
            choice.precision,
            choice.max_length,
            devices=devices,
            **self._options,
        )
        self._values["load_seconds"] = time.perf_counter() - started
        if devices:
            self._notes.append(Message("compare_devices", {"devices": devices}))
        return model

    def _generate(self, model: Model, peak: PeakMemory) -> list[list[int]]:
        """Times the first prompt, then generates a reply to each; the token ids of the replies."""
        task, prompt = self._task, self._task.prompts[0]
        self._begin("first")
        is_first_call = model.last is None
        started = time.perf_counter()
        ids = model.stream_ids(prompt, 2, temperature=0, ignore_eos=True)
        next(ids, None)
        if is_first_call:
            self._values["cold_seconds"] = time.perf_counter() - started
        list(ids)
        # a thread that reads the memory would take time from the replies that are timed
        with peak.paused():
            self._measure_speed(model, prompt)
        replies, outputs = [], []
        for one, reference in zip(task.prompts, task.references, strict=True):
            self._begin("answer")
            reply = list(model.stream_ids(one, task.max_new_tokens, temperature=0))
            replies.append(reply)
            outputs.append(score_reply(_detokenize(model, reply), len(reply), reference))
            self._values["outputs"] = tuple(outputs)
        return replies

    def _measure_speed(self, model: Model, prompt: Messages) -> None:
        first_token_seconds, speeds = [], []
        for _ in range(self._task.repeats):
            self._begin("speed")
            for _ in model.stream_ids(prompt, SPEED_TOKENS, temperature=0, ignore_eos=True):
                pass
            assert model.last is not None
            first_token_seconds.append(model.last.first_token_seconds)
            if model.last.tokens_per_second is not None:
                speeds.append(model.last.tokens_per_second)
        self._values["warm_seconds"] = statistics.median(first_token_seconds)
        if speeds:
            self._values["tokens_per_second"] = statistics.median(speeds)
            self._values["tokens_per_second_range"] = (min(speeds), max(speeds))

    def _measure_quality(
        self,
        model: Model,
        replies: list[list[int]],
        others: Mapping[str, tuple[str, ReplyDistributions]] | None,
    ) -> None:
        if self._task.text is None and others is None:
            return
        if model.variant.encoder_decoder:
            self._notes.append(Message("compare_encoder"))
            return
        reader = LogProbabilityReader(model)
        if self._task.text is not None:
            self._try("text", lambda: self._measure_likelihood(model, reader))
        if others is not None:
            self._try("agreement", lambda: self._measure_agreement(model, reader, replies, others))

    def _try(self, step: str, measure: Callable[[], None]) -> None:
        """Measures a value that the row can do without; an error becomes a note."""
        self._begin(step)
        try:
            measure()
        except Exception as error:  # noqa: BLE001 - the other values were measured
            self._notes.append(_failure(step, error))

    def _measure_likelihood(self, model: Model, reader: LogProbabilityReader) -> None:
        text = self._task.text
        assert text is not None
        ids = [int(token) for token in model.tokenizer.tokenize(text)]
        bos = int(model.tokenizer.start_token_id)
        total = 0.0
        for window in text_windows(len(ids), model.max_length):
            self._begin("text")
            total += float(reader.token_log_probs([bos, *ids[window.start : window.stop]]).sum())
        if not math.isfinite(total):
            raise ArithmeticError(str(not_a_number(model.precision)))
        self._values["bits_per_byte"] = -total / math.log(2) / len(text.encode())
        self._values["text_tokens"] = len(ids)

    def _measure_agreement(
        self,
        model: Model,
        reader: LogProbabilityReader,
        replies: list[list[int]],
        others: Mapping[str, tuple[str, ReplyDistributions]],
    ) -> None:
        rank = list(PRECISIONS).index
        for key, (precision, distributions) in others.items():
            is_higher = rank(model.precision) < rank(precision)
            self.pairs[key] = compare_distributions(reader, distributions, higher=is_higher)
        prompts = [model.prompt_ids(prompt) for prompt in self._task.prompts]
        self.distributions = reply_distributions(reader, prompts, replies)


def score_reply(text: str, tokens: int, reference: str | None) -> ScoredReply:
    """Scores a reply against its reference.

    Args:
        text: the reply.
        tokens: the number of its tokens.
        reference: the right answer; None where there is none.
    """
    if reference is None:
        return ScoredReply(text, tokens)
    exact = text.strip() == reference.strip()
    contains = exact or _normalized(reference) in _normalized(text)
    return ScoredReply(text, tokens, exact, contains)


def _normalized(text: str) -> str:
    """The text without differences of case, character width (NFKC) and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _detokenize(model: Model, ids: list[int]) -> str:
    stream = Detokenizer(model.tokenizer, model._control)  # noqa: SLF001 - one package
    return "".join([*(stream.push(token) for token in ids), stream.finish()])


def _failure(step: str, error: Exception) -> Message:
    """The sentence that a step failed, with the error in one line of at most 300 characters."""
    why = " ".join(str(error).split()) or type(error).__name__
    why = why if len(why) <= 300 else why[:299] + "…"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in why or "ut of memory" in why:
        why = str(Message("compare_out_of_memory"))
    else:
        why = why.rstrip(".。")
    return Message("compare_failed", {"doing": Message(f"compare_doing_{step}"), "why": why})
