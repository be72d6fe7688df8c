"""``load``: from the name of a variant to a model that answers, through KerasHub."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

from gemma_nb import backend
from gemma_nb.arguments import flag_argument, whole_number
from gemma_nb.catalog.registry import DEMO
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.files import expand_home
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.precision import (
    GGUF_PRECISIONS,
    Precision,
    auto_precision,
    saved_precision,
)
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.engine import check_variant, create_engine
from gemma_nb.generation.media_inputs import Converters, load_converters
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.credentials import parse_credentials
from gemma_nb.hub.progress import ProgressCallback, ProgressMeter, progress_callback
from gemma_nb.hub.resolve import ResolvedModel, look_up_variant, resolve_model
from gemma_nb.loading.assistants import (
    check_memory_beside,
    find_assistant,
    processor_note,
    read_assistant,
)
from gemma_nb.loading.build import UnloadedModel, build_without_weights
from gemma_nb.loading.compile_cache import check_compile_cache, enable_compile_cache
from gemma_nb.loading.device_selection import select_devices, uneven_note, with_devices
from gemma_nb.loading.free_memory import cleaned_up_on_failure
from gemma_nb.loading.merge_lora import find_adapter
from gemma_nb.loading.sharding import DeviceLayout, device_bytes
from gemma_nb.loading.stop_tokens import stop_token_ids
from gemma_nb.loading.weights import weight_file_bytes
from gemma_nb.model import Model, live_models


@overload
def load(
    variant: str | Path | Variant | Choice | None = None,
    precision: str = "auto",
    max_length: int = 2048,
    *,
    force: bool = False,
    replace: bool = False,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
    compile_cache: str | Path | None = None,
    assistant: bool | str | Path | Variant = False,
    devices: int | str | Sequence[Any] | None = None,
    parallel: str = "model",
    download_only: Literal[False] = False,
) -> Model: ...


@overload
def load(
    variant: str | Path | Variant | Choice | None = None,
    precision: str = "auto",
    max_length: int = 2048,
    *,
    force: bool = False,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
    download_only: Literal[True],
) -> Path: ...


def load(
    variant: str | Path | Variant | Choice | None = None,
    precision: str = "auto",
    max_length: int = 2048,
    *,
    force: bool = False,
    replace: bool = False,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
    compile_cache: str | Path | None = None,
    assistant: bool | str | Path | Variant = False,
    devices: int | str | Sequence[Any] | None = None,
    parallel: str = "model",
    download_only: bool = False,
) -> Model | Path:
    """Loads a variant through KerasHub.

    Args:
        variant: a name from ``variants()``, a handle, a directory, a GGUF file
            ("model.gguf", "hf://org/name:FILE.gguf"), a ``Variant``, or a ``Choice``, which brings
            its own precision and max_length. A name of the catalog wins over a directory of that
            name, as in ``gemma_nb.variant``: "./name" is the directory. None is the demo model
            ``demo_gemma3_instruct_4m``. A
            LoRA adapter of PEFT is merged into its base while that is read: it lies beside the
            base, or names it (``base_model_name_or_path``).
        precision: a Keras dtype name ("float32", "bfloat16", "float16", "int8", "int4"), or
            "auto" for the precision that suits this hardware. A preset that ``Model.save`` wrote
            quantised keeps its precision, which "auto" takes.
        max_length: the largest number of tokens of prompt and reply together.
        force: load even if ``advise`` says that the variant does not fit.
        replace: unload every model that is in memory, once it is known that the new one fits and
            can be fetched.
        credentials: a login, as ``fetch`` takes it; None searches the usual places.
        progress: a callback that is given each step; None shows bars for what takes long, True also a
            line for each stage that ended, False nothing.
        compile_cache: the directory that keeps compiled programs for the next process; "off" for
            none; None takes ``GEMMA_NB_COMPILE_CACHE``, else a private directory of the user. One
            that was given to JAX itself is used instead.
        assistant: a small model that proposes tokens for this one (speculative decoding): the same
            replies, sooner where enough proposals are accepted. On a processor they are not sooner
            (benchmarks/assistants.md), and a note says so. True for the assistant that was published
            for the variant (Gemma 4 has them), or the name, handle or directory of one.
        devices: the devices to use: a number, "all", or a list of indices of ``jax.devices()`` (or
            of the devices themselves); None for one, or for those of a ``Choice``. The other Keras
            models of the process are not affected.
        parallel: "model" divides the weights over the devices, for a model that is too large for
            one; "data" gives each device the whole model and divides the rows of a batch.
        download_only: download the files and load nothing; memory is not checked.

    Returns:
        The model; with ``download_only`` the directory of its files.

    Raises:
        InvalidInput: an unknown name or precision, a variant that KerasHub cannot load or that this
            package cannot generate with, a max_length below 2, devices that are not there.
        BackendError: keras was imported before, with another backend.
        LoadError: keras-hub is too old, a login is missing, the variant does not fit (the message
            says what would), or reading it failed; nothing half-loaded stays in memory.
    """
    credentials = parse_credentials(credentials)  # an error's frames show no secret
    report = progress_callback(progress)
    if isinstance(variant, Choice):
        devices = variant.devices if devices is None else devices
        precision, max_length, variant = variant.precision, variant.max_length, variant.variant
    max_length = whole_number(max_length, "bad_max_length", 2)
    model = resolve_model(DEMO if variant is None else variant, credentials)
    if not model.variant.loadable:
        raise InvalidInput("not_loadable", name=model.variant.name)
    if flag_argument(download_only, "download_only"):
        model.check_before_download(force=force)
        if model.base:
            model.base.fetch(report)
        return model.fetch(report)
    check_variant(model.variant)
    check_compile_cache(compile_cache)
    layout = select_devices(devices, parallel)
    spread = len(layout.devices) if layout and parallel == "model" else 1
    helper = _resolve_assistant(model, assistant)
    given = None if precision == "auto" else find_precision(precision)
    saved = saved_precision(model.variant)
    if given and saved and given.quantize != saved:
        raise InvalidInput("load_saved_precision", saved=saved, asked=given.name)
    if flag_argument(replace, "replace") and live_models():
        # what can be known before costs no model that is in memory
        runtime = _without_live_models(model.fit_runtime(detect_runtime()))
        _check(model, helper, given, runtime, max_length, spread, force=force)
        backend.prepare()
        _unload_all()
    runtime = model.fit_runtime(detect_runtime())
    chosen, verdict = _check(model, helper, given, runtime, max_length, spread, force=force)
    if helper and (note := processor_note(runtime)):
        ProgressMeter(report, "build", model.variant.name).note(note.key, **note.values)
    backend.prepare()
    directory = model.fetch(report)
    base = model.base.fetch(report) if model.base else None
    helper_directory = helper.fetch(report) if helper else None
    with cleaned_up_on_failure(model.variant, verdict):
        with ProgressMeter(report, "import", "KerasHub"):
            backend.import_keras_hub()
        used = enable_compile_cache(compile_cache)
        if compile_cache and used and used != expand_home(compile_cache).resolve():
            meter = ProgressMeter(report, "build", model.variant.name)
            meter.note("load_cache_kept", used=used, folder=compile_cache)
        # a function of its own, so that a failure can clear its frame and free the model
        return _read_model(
            model.variant, chosen, max_length, directory, base, helper_directory, layout, report
        )


def choose_precision(variant: Variant, runtime: Runtime) -> str:
    """The precision that "auto" stands for: that of a saved preset, else what suits the runtime.

    Args:
        variant: the variant to load.
        runtime: the hardware.
    """
    return auto_precision(variant, runtime).name


def _resolve_assistant(
    model: ResolvedModel, assistant: bool | str | Path | Variant
) -> ResolvedModel | None:
    """The assistant to load beside a model; None for none."""
    helper = find_assistant(
        model.variant, assistant, lambda name: look_up_variant(name, model.credentials)
    )
    return resolve_model(helper, model.credentials) if helper else None


def _check(
    model: ResolvedModel,
    helper: ResolvedModel | None,
    given: Precision | None,
    runtime: Runtime,
    max_length: int,
    devices: int,
    *,
    force: bool,
) -> tuple[Precision, Verdict]:
    """Makes sure that a model fits a runtime, and that its files are on disk or can be fetched.

    Returns:
        The precision, and the verdict on it.

    Raises:
        LoadError: it does not fit, keras-hub is too old, or a login is missing.
    """
    chosen = given or find_precision(choose_precision(model.variant, runtime))
    runtime = with_devices(runtime, devices)
    verdict = _judge(model.variant, chosen, runtime, max_length, devices)
    if not force:
        _check_memory(verdict, chosen, helper)
    # last: first say that memory is too small, which no login changes
    for one in filter(None, (model, helper)):
        one.check_before_download(force=force)
    return chosen, verdict


def _judge(
    variant: Variant, precision: Precision, runtime: Runtime, max_length: int, devices: int
) -> Verdict:
    task = "embedding" if variant.role == "embed" else "chat"
    return advise(variant, precision, runtime, max_length=max_length, devices=devices, task=task)


def _check_memory(verdict: Verdict, precision: Precision, helper: ResolvedModel | None) -> None:
    """Makes sure that a model fits, and its assistant beside it.

    Raises:
        LoadError: one of them does not fit.
    """
    if not verdict.fits:
        raise _does_not_fit(verdict)
    if helper:
        check_memory_beside(helper.variant, precision, verdict)


def _does_not_fit(verdict: Verdict) -> LoadError:
    """The error for a variant that does not fit; it names loaded models whose memory would do."""
    name = verdict.choice.variant.name
    loaded, held = live_models(), _held_bytes()
    lacking = verdict.bytes_needed - verdict.bytes_available
    if 0 < lacking <= held:
        names = ", ".join(f"{model.variant.name} ({model.precision})" for model in loaded)
        key = "load_no_room_beside"
        return LoadError(key, name=name, loaded=names, reason=verdict.reason)
    return LoadError("does_not_fit", name=name, reason=verdict.reason)


def _held_bytes() -> int:
    """The bytes of the weights that are in memory, on the device that holds most of them."""
    variables = [v for model in live_models() for v in model.lm.variables]
    return max(device_bytes(variables).values(), default=0)


def _without_live_models(runtime: Runtime) -> Runtime:
    """The runtime as it will be when the models that are in memory are unloaded."""
    freed = runtime.memory_bytes + _held_bytes()
    total = runtime.memory_total_bytes
    return dataclasses.replace(runtime, memory_bytes=min(freed, total) if total else freed)


def _unload_all() -> None:
    for model in live_models():
        model.unload()


def _read_model(
    variant: Variant,
    precision: Precision,
    max_length: int,
    directory: Path,
    base: Path | None,
    helper_directory: Path | None,
    layout: DeviceLayout | None,
    report: ProgressCallback,
) -> Model:
    """Builds the model and reads its weights; compiles its programs meanwhile where that pays."""
    name = variant.name
    with ProgressMeter(report, "build", name) as meter:
        _note_gguf(variant, precision, meter)
        directory, adapter = find_adapter(directory, base)
        unloaded = build_without_weights(str(directory), precision, variant.task, adapter)
        helper = read_assistant(helper_directory, precision) if helper_directory else None
        if layout:
            _lay_out(layout, unloaded, helper, meter)
        engine = create_engine(unloaded.lm, max_length, helper, layout)
        compiling = engine if isinstance(engine, Decoder) and engine.start_compiling() else None
    with ProgressMeter(report, "weights", name, weight_file_bytes(directory)) as weights_meter:
        unloaded.read_weights(weights_meter.add)
    if compiling:
        with ProgressMeter(report, "compile", name):
            compiling.finish_compiling()
    takes_media = {"image", "audio"} & set(variant.modalities)
    converters = load_converters(directory) if takes_media else Converters()
    return Model(
        unloaded.lm,
        unloaded.tokenizer,
        variant,
        precision.name,
        max_length,
        converters,
        engine,
        stop_token_ids(directory, unloaded.tokenizer),
    )


def _lay_out(
    layout: DeviceLayout, unloaded: UnloadedModel, helper: Any, meter: ProgressMeter
) -> None:
    """Lays a model without weights out over devices, and says what does not divide."""
    uneven = layout.apply(unloaded.lm, unloaded.plain)
    if helper is not None:
        layout.repeat(helper)
    count = len(layout.devices)
    meter.note("devices_layout" if layout.parallel == "model" else "devices_copies", count=count)
    if note := uneven_note(uneven, count):
        meter.note(note.key, **note.values)


def _note_gguf(variant: Variant, precision: Precision, meter: ProgressMeter) -> None:
    """Tells what of a GGUF file is read in another form, and what is not read."""
    if variant.stored_type and GGUF_PRECISIONS.get(variant.stored_type) != precision.name:
        file = (variant.handle or variant.name).replace(":", "/").rpartition("/")[2]
        meter.note("gguf_reads_as", file=file, types=variant.stored_type, precision=precision)
    if variant.unread_files:
        meter.note("gguf_unread", files=", ".join(variant.unread_files))
