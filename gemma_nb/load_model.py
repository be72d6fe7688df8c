"""From a variant's name to a model that answers, through KerasHub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from gemma_nb.errors import InvalidInput, LoadError

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.fit.choice import Choice
    from gemma_nb.fit.precision import Precision
    from gemma_nb.fit.verdict import Verdict
    from gemma_nb.hub.progress import Callback
    from gemma_nb.model import Model


@overload
def load(
    variant: str | Path | Variant | Choice | None = None,
    precision: str = "auto",
    max_length: int = 2048,
    *,
    force: bool = False,
    replace: bool = False,
    credentials: Any = None,
    progress: Callback | bool | None = None,
    compile_cache: str | Path | None = None,
    assistant: bool | str | Path | Variant = False,
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
    progress: Callback | bool | None = None,
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
    progress: Callback | bool | None = None,
    compile_cache: str | Path | None = None,
    assistant: bool | str | Path | Variant = False,
    download_only: bool = False,
) -> Model | Path:
    """Loads a variant through KerasHub.

    Args:
        variant: a name of ``variants()``, a handle, a directory, a ``Variant``, or a ``Choice``
            (whose precision and max_length then hold); None is the demo model
            ``demo_gemma3_instruct_4m``.
        precision: a Keras dtype name ("float32", "bfloat16", "float16", "int8", "int4"), or
            "auto" for what ``advise`` says of this hardware. A preset that ``Model.save`` wrote
            quantised has its own, which "auto" takes.
        max_length: tokens of prompt and reply together.
        force: load even where ``advise`` says that it does not fit.
        replace: unload every model that is in memory first.
        credentials: a login, as ``fetch`` takes it; looked for when None.
        progress: a callback that is given each step; text on stderr when None, nothing when False.
        compile_cache: where compiled programs are kept for the next process; "off" for nowhere;
            None takes ``GEMMA_NB_COMPILE_CACHE``, else a private directory of the user's.
        assistant: a small model beside it that guesses tokens, which the model checks several at a
            pass: the same replies, sooner. True for the one that was published for the variant
            (Gemma 4 has them), or its name, handle or directory.
        download_only: fetch the files and load nothing; memory is not looked at then.

    Returns:
        The model; the directory of its files where ``download_only``.

    Raises:
        InvalidInput: an unknown name or precision, a variant that KerasHub cannot load or this
            package cannot generate with, a max_length below 2.
        BackendError: keras was imported before, with another backend.
        LoadError: keras-hub is too old, a login is missing, it does not fit (the sentence says
            what would), or reading it failed; nothing half-loaded stays in memory.
    """
    from gemma_nb.catalog.registry import DEMO
    from gemma_nb.fit.auto_precision import auto_precision
    from gemma_nb.fit.choice import Choice
    from gemma_nb.fit.precision import precision as find_precision
    from gemma_nb.fit.verdict import advise
    from gemma_nb.generation.engine import check_variant
    from gemma_nb.hardware.detect import detect_runtime
    from gemma_nb.hub.credentials import take
    from gemma_nb.hub.fetch import fetch
    from gemma_nb.hub.preflight import check_before_download, looked_up, on_this_disk
    from gemma_nb.loading.assistants import assistant_of, check_room

    credentials = take(credentials)
    if isinstance(variant, Choice):
        wanted, precision, max_length = variant.variant, variant.precision, variant.max_length
    else:
        wanted = looked_up(DEMO if variant is None else variant, credentials, _find)
    if type(max_length) is not int or max_length < 2:
        raise InvalidInput("bad_max_length", value=max_length)
    if not wanted.loadable:
        raise InvalidInput("not_loadable", name=wanted.name)
    if download_only:
        check_before_download(wanted, credentials, force=force)
        return fetch(wanted, credentials, progress)
    check_variant(wanted)
    helper = assistant_of(wanted, assistant, lambda asked: looked_up(asked, credentials, _find))
    if precision != "auto":
        find_precision(precision)
    if replace:
        check_before_download(wanted, credentials, force=force)  # before what answers is lost
        _unload_all()
    runtime = on_this_disk(wanted, detect_runtime())
    saved = _saved(wanted)
    if precision == "auto":
        chosen = find_precision(saved) if saved else auto_precision(wanted, runtime)
    else:
        chosen = find_precision(precision)
    task = "embedding" if wanted.role == "embed" else "chat"
    verdict = advise(wanted, chosen, runtime, max_length=max_length, task=task)
    if not verdict.fits and not force:
        raise _refused(wanted, verdict)
    if helper and not force:
        check_room(helper, chosen, verdict)
    # last, since a login helps nobody whose memory is too small
    for one in filter(None, (wanted, helper)):
        check_before_download(one, credentials, force=force)
    options = (credentials, progress, compile_cache)
    return _load(wanted, chosen, max_length, verdict, helper, options)


def _find(variant: str | Path | Variant) -> Variant:
    """The variant; a directory that ``Model.save`` wrote says itself which it is."""
    from gemma_nb.catalog.registry import variant as find
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.loading.saving import recorded

    if isinstance(variant, (str, Path)) and (found := recorded(Path(variant).expanduser())):
        return found
    return variant if isinstance(variant, Variant) else find(variant)


def _saved(variant: Variant) -> str | None:
    """The precision in which a local preset was saved quantised."""
    from gemma_nb.hub.presets import saved_mode

    try:
        return saved_mode(Path(variant.handle or variant.name))
    except (OSError, ValueError):  # not a directory; what is wrong with one, fetching tells
        return None


def _refused(variant: Variant, verdict: Verdict) -> LoadError:
    from gemma_nb.model import live_models

    loaded = live_models()
    held = sum(v.value.nbytes for m in loaded for v in m.lm.variables)
    short = verdict.bytes_needed - verdict.bytes_available
    if 0 < short <= held:  # else unloading would help nobody
        names = ", ".join(f"{m.variant.name} ({m.precision})" for m in loaded)
        key = "load_no_room_beside"
        return LoadError(key, name=variant.name, loaded=names, reason=verdict.reason)
    return LoadError("does_not_fit", name=variant.name, reason=verdict.reason)


def _unload_all() -> None:
    from gemma_nb.model import live_models

    for model in live_models():
        model.unload()


def _load(
    variant: Variant,
    precision: Precision,
    max_length: int,
    verdict: Verdict,
    helper: Variant | None,
    options: tuple[Any, Any, Any],
) -> Model:
    from gemma_nb import backend
    from gemma_nb.hub.fetch import fetch
    from gemma_nb.hub.progress import reporter
    from gemma_nb.loading.compile_cache import enable
    from gemma_nb.loading.free_memory import guarded

    credentials, progress, compile_cache = options
    backend.prepare()
    directory = fetch(variant, credentials, progress)
    beside = fetch(helper, credentials, progress) if helper else None
    with guarded(variant, verdict):
        backend.import_keras_hub()
        enable(compile_cache)
        # in a frame of its own, which is emptied where it fails
        return _made(variant, precision, max_length, directory, beside, reporter(progress))


def _made(
    variant: Variant,
    precision: Precision,
    max_length: int,
    directory: Path,
    beside: Path | None,
    report: Callback,
) -> Model:
    """The model, its programs compiled while its weights are read where that gains time."""
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.media_inputs import Converters, load_converters
    from gemma_nb.hub.progress import Meter
    from gemma_nb.loading import assistants
    from gemma_nb.loading.build import begin
    from gemma_nb.loading.weights import on_disk
    from gemma_nb.model import Model

    name = variant.name
    with Meter(report, "build", name):
        unread = begin(str(directory), precision, variant.task)
        guesses = assistants.read(beside, precision) if beside else None
        engine = create_engine(unread.lm, max_length, guesses)
        early = engine if isinstance(engine, Decoder) and engine.start_compiling() else None
    with Meter(report, "weights", name, on_disk(directory)) as meter:
        unread.read(meter.add)
    if early:
        with Meter(report, "compile", name):
            early.finish_compiling()
    reads = {"image", "audio"} & set(variant.modalities)
    converters = load_converters(directory) if reads else Converters()
    told = (variant, precision.name, max_length)
    return Model(unread.lm, unread.tokenizer, *told, converters, engine)
