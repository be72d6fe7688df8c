"""One choice measured: loaded, timed, asked, unloaded."""

from __future__ import annotations

import math
import statistics
import time
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison.agreement import (
    ReplyDistributions,
    compare_distributions,
    reply_distributions,
)
from gemma_nb.comparison.log_likelihood import LogProbabilityReader, text_windows
from gemma_nb.comparison.peak_memory import PeakMemory
from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, FAILED, ComparisonRow, ScoredReply
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.fit.memory import INTERPRETER_BYTES, estimate_memory
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.generation.detokenizer import TextStream
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from gemma_nb.comparison.request import ComparisonTask, ResolvedChoice
    from gemma_nb.hardware.runtime import Runtime
    from gemma_nb.model import Messages, Model

#: Tokens that a reply is timed over; it runs on past its end, so that all are timed over as many.
SPEED_TOKENS = 64

#: What a verdict says that has not enough room.
_NO_ROOM = ("does_not_fit", "load_no_room_beside")

AgreementPairs = dict[str, tuple[float, float, int]]


def predicted_row(entry: ResolvedChoice, runtime: Runtime) -> ComparisonRow:
    """The row of a choice before it is measured: its prediction.

    Args:
        entry: the choice.
        runtime: this one.
    """
    memory = estimate_memory(entry.variant, entry.precision, entry.max_length, runtime=runtime)
    parts = ("weights", "towers", "kv_cache", "workspace", "overhead")
    predicted = {p: getattr(memory, p) for p in parts}
    device, host = memory.peak_device, memory.load_peak_host
    if runtime.shares_host_memory:
        predicted["python"] = INTERPRETER_BYTES
        host = device + INTERPRETER_BYTES
    return ComparisonRow(
        entry.variant.name,
        entry.precision,
        entry.max_length,
        given=entry.model is not None,
        predicted=predicted,
        predicted_device=None if runtime.shares_host_memory else device,
        predicted_host=host,
    )


class Measurement:
    """Measures one choice.

    Args:
        entry: the choice.
        task: what it is asked.
        row: its row so far.
        tell: told what is being done, one of the keys ``compare_doing_…``.
        options: those of ``load``.
    """

    def __init__(
        self,
        entry: ResolvedChoice,
        task: ComparisonTask,
        row: ComparisonRow,
        tell: Callable[[str], None],
        options: Mapping[str, Any],
    ) -> None:
        self._entry, self._task, self._options = entry, task, options
        self._found = {k: getattr(row, k) for k in ComparisonRow.__dataclass_fields__}
        self._notes: list[Message] = []
        self._say, self._doing = tell, "load"
        self.pairs: AgreementPairs = {}
        self.trace: ReplyDistributions | None = None

    def run(self, others: Mapping[str, tuple[str, ReplyDistributions]] | None) -> ComparisonRow:
        """Measures; whatever goes wrong is told in the row.

        Args:
            others: key -> (precision, what it found likely along its replies) of the rows of the
                same variant that were measured before; None where no other one is compared.

        Returns:
            The row. ``pairs`` then holds how it compares with each of ``others``, and ``trace``
            what later ones are held against.
        """
        model = self._entry.model
        held = sum(v.value.nbytes for v in model.lm.variables) if model else 0
        try:
            with PeakMemory(held) as peaks:
                model = model or self._load()
                replies = self._generate(model)
            self._found["device_peak"] = peaks.device
            self._found["device_peak_sampled"] = peaks.sampled
            self._found["host_peak"] = peaks.host
            self._score(model, replies, others)
            self._found["status"] = DONE
        except Exception as error:  # noqa: BLE001 - one row's fault must not end the others
            self._fault(error)
        finally:
            if model is not None and self._entry.model is None:
                self._tell("unload")
                model.unload()
        return ComparisonRow(**{**self._found, "notes": tuple(self._notes)})

    def _tell(self, doing: str) -> None:
        self._doing = doing
        self._say(doing)

    def _fault(self, error: Exception) -> None:
        if isinstance(error, LoadError) and error.message.key in _NO_ROOM:
            self._found["status"] = DOES_NOT_FIT
            reason = error.message.values["reason"]
            plain = error.message.key == "does_not_fit"
            self._found["reason"] = reason if plain else error.message
            return
        self._found["status"] = FAILED
        if isinstance(error, GemmaError):
            self._found["reason"] = error.message
            return
        values = {"doing": Message(f"compare_doing_{self._doing}"), "why": _why(error)}
        self._found["reason"] = Message("compare_failed", values)

    def _load(self) -> Model:
        from gemma_nb.fit.verdict import advise
        from gemma_nb.hardware.detect import detect_runtime
        from gemma_nb.hub.preflight import on_this_disk
        from gemma_nb.load_model import load

        entry = self._entry
        self._tell("load")
        runtime = on_this_disk(entry.variant, detect_runtime())
        fits = advise(entry.variant, entry.precision, runtime, entry.max_length).fits
        if fits or self._options.get("force"):
            # a download is no part of the load time; what does not fit is refused before it
            load(entry.variant, download_only=True, **self._options)
        started = time.perf_counter()
        model = load(entry.variant, entry.precision, entry.max_length, **self._options)
        self._found["load_seconds"] = time.perf_counter() - started
        return model

    def _generate(self, model: Model) -> list[list[int]]:
        """Times the first prompt, then has all of them answered; the replies' token ids."""
        task, prompt = self._task, self._task.prompts[0]
        self._tell("first")
        fresh = model.last is None
        started = time.perf_counter()
        pieces = model.stream_ids(prompt, 2, temperature=0, ignore_eos=True)
        next(pieces, None)
        if fresh:
            self._found["cold_seconds"] = time.perf_counter() - started
        list(pieces)
        self._speed(model, prompt)
        replies, outputs = [], []
        for one, reference in zip(task.prompts, task.references, strict=True):
            self._tell("answer")
            ids = list(model.stream_ids(one, task.max_new_tokens, temperature=0))
            replies.append(ids)
            outputs.append(score_reply(_text(model, ids), len(ids), reference))
            self._found["outputs"] = tuple(outputs)
        return replies

    def _speed(self, model: Model, prompt: Messages) -> None:
        firsts, rates = [], []
        for _ in range(self._task.repeats):
            self._tell("speed")
            for _ in model.stream_ids(prompt, SPEED_TOKENS, temperature=0, ignore_eos=True):
                pass
            assert model.last is not None
            firsts.append(model.last.first_token_seconds)
            if model.last.tokens_per_second is not None:
                rates.append(model.last.tokens_per_second)
        self._found["warm_seconds"] = statistics.median(firsts)
        if rates:
            self._found["tokens_per_second"] = statistics.median(rates)
            self._found["tokens_per_second_range"] = (min(rates), max(rates))

    def _score(
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
        positions = LogProbabilityReader(model)
        if self._task.text is not None:
            self._extra("text", lambda: self._likelihood(model, positions))
        if others is not None:
            self._extra("agreement", lambda: self._agree(model, positions, replies, others))

    def _extra(self, doing: str, work: Callable[[], None]) -> None:
        """Does what the row can also be finished without; a failure becomes a note."""
        self._tell(doing)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the rest of the row was measured
            values = {"doing": Message(f"compare_doing_{doing}"), "why": _why(error)}
            self._notes.append(Message("compare_failed", values))

    def _likelihood(self, model: Model, positions: LogProbabilityReader) -> None:
        text = self._task.text
        assert text is not None
        ids = [int(t) for t in model.tokenizer.tokenize(text)]
        bos = int(model.tokenizer.start_token_id)
        total = 0.0
        for piece in text_windows(len(ids), model.max_length):
            self._tell("text")
            total += float(positions.of_tokens([bos, *ids[piece.start : piece.stop]]).sum())
        if not math.isfinite(total):
            raise ArithmeticError(str(Message("not_a_number", {"precision": model.precision})))
        self._found["bits_per_byte"] = -total / math.log(2) / len(text.encode())
        self._found["text_tokens"] = len(ids)

    def _agree(
        self,
        model: Model,
        positions: LogProbabilityReader,
        replies: list[list[int]],
        others: Mapping[str, tuple[str, ReplyDistributions]],
    ) -> None:
        rank = list(PRECISIONS).index
        for key, (precision, other) in others.items():
            higher = rank(model.precision) < rank(precision)
            self.pairs[key] = compare_distributions(positions, other, higher=higher)
        prompts = [model.prompt_ids(one) for one in self._task.prompts]
        self.trace = reply_distributions(positions, prompts, replies)


def score_reply(text: str, tokens: int, reference: str | None) -> ScoredReply:
    """A reply with its scores.

    Args:
        text: the reply.
        tokens: how many it took.
        reference: the right answer, None where there is none.
    """
    if reference is None:
        return ScoredReply(text, tokens)
    exact = text.strip() == reference.strip()
    return ScoredReply(text, tokens, exact, exact or _plain(reference) in _plain(text))


def _plain(text: str) -> str:
    """Without differences of case, of full and half width, and of spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _text(model: Model, ids: list[int]) -> str:
    stream = TextStream(model.tokenizer, model._control)  # noqa: SLF001 - one package
    return "".join([*(stream.push(i) for i in ids), stream.finish()])


def _why(error: Exception) -> str:
    """An error in a line."""
    told = " ".join(str(error).split()) or type(error).__name__
    told = told if len(told) <= 300 else told[:299] + "…"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in told or "ut of memory" in told:
        return str(Message("compare_out_of_memory"))
    return told.rstrip(".。")
