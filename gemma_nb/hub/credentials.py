"""Where a login for Kaggle or Hugging Face is found, told by place and never by value.

One ladder for each service, its first rung first: what the call gives; what was given to this
process (``give``, which the notebook's panel uses); environment variables; the files that the services' own programs keep; Colab's secrets; the identity of a Kaggle notebook.
Nothing here writes: not to disk, not into the environment that other programs inherit.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message

KAGGLE = "kaggle"
HUGGING_FACE = "huggingface"
SERVICES = (KAGGLE, HUGGING_FACE)

# Names of environment variables, which are those of Colab's secrets too. Sources: kagglehub 1.0.2
# (config.py), kagglesdk 0.1.28 (kaggle_env.py), huggingface_hub 2.4 (constants.py, utils/_auth.py).
KAGGLE_TOKEN = "KAGGLE_API_TOKEN"  # noqa: S105
KAGGLE_USERNAME = "KAGGLE_USERNAME"
KAGGLE_KEY = "KAGGLE_KEY"
HF_TOKEN = "HF_TOKEN"  # noqa: S105
HF_TOKEN_OLD = "HUGGING_FACE_HUB_TOKEN"  # noqa: S105
#: Where a Kaggle notebook finds the file with its own identity, and what tells such a notebook.
KAGGLE_NOTEBOOK_TOKEN_FILE = "KAGGLE_API_V1_TOKEN"  # noqa: S105
KAGGLE_NOTEBOOK = "KAGGLE_KERNEL_RUN_TYPE"
KAGGLE_NOTEBOOK_PROXY = "KAGGLE_DATA_PROXY_URL"
KAGGLE_NOTEBOOK_SECRETS = "KAGGLE_USER_SECRETS_TOKEN"
KAGGLE_NO_ATTACHING = "DISABLE_KAGGLE_CACHE"
#: Variables that move the services' own files.
KAGGLE_FOLDER = "KAGGLE_CONFIG_DIR"
HF_TOKEN_FILE = "HF_TOKEN_PATH"  # noqa: S105
HF_FOLDER = "HF_HOME"
CACHE_FOLDER = "XDG_CACHE_HOME"

#: How a Hugging Face token begins; another token given as a string is one of Kaggle's.
_HF_PREFIX = "hf_"


class Secret:
    """A value that shows itself to nobody: not in repr, str, format, a traceback or a pickle.

    Args:
        value: the token or key; blanks round it are dropped.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        kept = value.replace("\r", "").replace("\n", "").strip()
        # in a closure, so that no attribute holds it where a debugger lists attributes
        self._reveal: Callable[[], str] = lambda: kept

    def reveal(self) -> str:
        """The value itself: only for the client that sends it."""
        return self._reveal()

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written anywhere")


@dataclass(frozen=True)
class Credentials:
    """Logins given in a call; each part may be missing.

    Args:
        kaggle_token: Kaggle's API token.
        kaggle_username: with ``kaggle_key``, Kaggle's older form.
        kaggle_key: the key of ``kaggle_username``.
        hf_token: a Hugging Face token.
        fault: why what was given could not be read; ``check`` raises it.
    """

    kaggle_token: Secret | None = None
    kaggle_username: Secret | None = None
    kaggle_key: Secret | None = None
    hf_token: Secret | None = None
    fault: Message | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in _FIELDS.values():
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Secret(value))

    def check(self) -> None:
        """Raises what ``take`` found wrong.

        Raises:
            InvalidInput: what was given is no login; the message does not repeat it.
        """
        if self.fault:
            raise InvalidInput(self.fault.key, **self.fault.values)


_FIELDS = {
    KAGGLE_TOKEN: "kaggle_token",
    KAGGLE_USERNAME: "kaggle_username",
    KAGGLE_KEY: "kaggle_key",
    HF_TOKEN: "hf_token",
}
#: The fields of kaggle.json.
_FILE_FIELDS = {"username": "kaggle_username", "key": "kaggle_key"}


def parse_credentials(given: Any) -> Credentials:
    """Wraps what a caller gave, so that no traceback shows it from here on.

    It never raises, since the caller's frame still holds the bare value: ``check`` does, after the
    caller has put the result in its place.

    Args:
        given: None, ``Credentials``, a token (one that begins with "hf_" is Hugging Face's, any
            other Kaggle's), or a dict with the names of the environment variables, or kaggle.json's
            "username" and "key".
    """
    if given is None:
        return Credentials()
    if isinstance(given, Credentials):
        return given
    if isinstance(given, Secret):
        given = given.reveal()
    if isinstance(given, str) and given.strip():
        if given.strip().startswith(_HF_PREFIX):
            return Credentials(hf_token=Secret(given))
        return Credentials(kaggle_token=Secret(given))
    names = {**_FIELDS, **_FILE_FIELDS}
    if not isinstance(given, Mapping) or not given:
        return Credentials(fault=_bad(type(given).__name__))
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in names or not isinstance(value, str | Secret):
            return Credentials(fault=_bad("dict"))
        found[names[key]] = value if isinstance(value, Secret) else Secret(value)
    return Credentials(**found)


def _bad(kind: str) -> Message:
    return Message("credentials_bad", {"kind": kind, "names": ", ".join(_FIELDS)})


@dataclass(frozen=True)
class Login:
    """A login that was found: the service, the place, and either a token or a name and a key."""

    service: str
    place: str
    token: Secret | None = None
    username: Secret | None = None
    key: Secret | None = None

    def redact(self, text: str) -> str:
        """``text`` with every form in which this login could stand in it replaced."""
        parts = [s.reveal() for s in (self.token, self.key) if s]
        if self.username and self.key:
            pair = f"{self.username.reveal()}:{self.key.reveal()}"
            parts.insert(0, base64.b64encode(pair.encode()).decode())
        for part in parts:
            text = text.replace(part, "…")
        return text


@dataclass(frozen=True)
class CredentialSource:
    """One rung: the service, the place a login was looked for in, and whether it was found."""

    service: str
    place: str
    found: bool

    def __str__(self) -> str:
        key = "credentials_found" if self.found else "credentials_not_found"
        return str(Message(key, {"service": SERVICE_NAMES[self.service], "place": self.place}))


SERVICE_NAMES = {KAGGLE: "Kaggle", HUGGING_FACE: "Hugging Face"}
#: Where a token is made.
LOGIN_PAGES = {
    KAGGLE: "https://www.kaggle.com/settings/api",
    HUGGING_FACE: "https://huggingface.co/settings/tokens",
}


#: What was given to this process; it ends with it.
_held: dict[str, Credentials] = {}
#: The rung's place.
SESSION_SOURCE = "CredentialsPanel"


def set_session(service: str, given: Any) -> None:
    """Keeps a login for a service in this process alone, before everything but a call's own.

    Args:
        service: "kaggle" or "huggingface".
        given: a token, or for Kaggle the contents of kaggle.json; a ``Secret`` leaves no bare
            value in the caller's frame.

    Raises:
        InvalidInput: it is empty, or not a login for that service; the message does not repeat it.
    """
    taken = _of_service(service, given)
    del given  # no traceback shows it from here on
    taken.check()
    _held[service] = taken


def clear_session(service: str) -> None:
    """Drops what ``give`` kept for a service; nothing where there is none."""
    _held.pop(service, None)


def _of_service(service: str, given: Any) -> Credentials:
    value = (given if isinstance(given, Secret) else Secret(str(given))).reveal()
    if not value:
        return Credentials(fault=Message("credentials_empty", {}))
    if service == HUGGING_FACE:
        if not value.startswith(_HF_PREFIX):
            return Credentials(fault=Message("credentials_not_hf", {"prefix": _HF_PREFIX}))
        return Credentials(hf_token=Secret(value))
    if value.startswith(_HF_PREFIX):
        return Credentials(fault=Message("credentials_not_kaggle", {"prefix": _HF_PREFIX}))
    if not value.startswith("{"):
        return Credentials(kaggle_token=Secret(value))
    try:
        fields = json.loads(value)
        return Credentials(
            kaggle_username=Secret(fields["username"]), kaggle_key=Secret(fields["key"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Credentials(fault=Message("credentials_not_json", {}))


def has_login(service: str) -> bool:
    """Whether a login is found without asking anybody (Colab asks its user for each secret)."""
    return any(login for login, _ in _ladder(service, Credentials(), asking=False))


def find_login(service: str, given: Any = None) -> Login | None:
    """The login for a service: the first that the ladder finds.

    Args:
        service: "kaggle" or "huggingface".
        given: what the caller gave, as ``take`` reads it.

    Returns:
        The login, or None.

    Raises:
        InvalidInput: what was given is no login.
    """
    given = parse_credentials(given)
    given.check()
    return next((login for login, _ in _ladder(service, given) if login), None)


def list_sources(given: Any = None, *, asking: bool = True) -> list[CredentialSource]:
    """What was found where, for both services and every place that was looked in.

    Args:
        given: what the caller gave, as ``take`` reads it.
        asking: whether to look where the user is asked for each secret too (Colab's).

    Returns:
        Each place, those of Kaggle first and in the order in which they count; no values.

    Raises:
        InvalidInput: what was given is no login.
    """
    given = parse_credentials(given)
    given.check()
    return [
        CredentialSource(service, place, login is not None)
        for service in SERVICES
        for login, place in _ladder(service, given, asking=asking)
    ]


def source_names(service: str) -> str:
    """The places that are looked in for a service, in words for a message."""
    return ", ".join(place for _, place in _ladder(service, Credentials()))


def _ladder(
    service: str, given: Credentials, *, asking: bool = True
) -> Iterator[tuple[Login | None, str]]:
    """Each rung with what it holds; a rung is read only when it is reached."""
    for place, read in _rungs(service, given, asking=asking):
        parts = read()
        yield (Login(service, place, **parts) if parts else None), place


Rung = tuple[str, Callable[[], dict[str, Secret]]]


def _rungs(service: str, given: Credentials, *, asking: bool = True) -> Iterator[Rung]:
    """A service's rungs; those that ask the user only where ``asking``."""
    return (_kaggle if service == KAGGLE else _hugging_face)(given, asking)


def _kaggle(given: Credentials, asking: bool) -> Iterator[Rung]:
    yield (
        "credentials=",
        lambda: _parts(given.kaggle_token, given.kaggle_username, given.kaggle_key),
    )
    held = _held.get(KAGGLE, Credentials())
    yield SESSION_SOURCE, lambda: _parts(held.kaggle_token, held.kaggle_username, held.kaggle_key)
    yield f"${KAGGLE_TOKEN}", lambda: _parts(_variable(KAGGLE_TOKEN, may_be_file=True))
    yield (
        f"${KAGGLE_USERNAME} + ${KAGGLE_KEY}",
        lambda: _parts(None, _variable(KAGGLE_USERNAME), _variable(KAGGLE_KEY)),
    )
    for name in ("access_token", "access_token.txt"):
        path = Path.home() / ".kaggle" / name
        yield f"~/.kaggle/{name}", partial(_read_token, path)
    folder = os.environ.get(KAGGLE_FOLDER)
    path = Path(folder or Path.home() / ".kaggle") / "kaggle.json"
    shown = f"${KAGGLE_FOLDER}/kaggle.json" if folder else "~/.kaggle/kaggle.json"
    yield shown, lambda: _parts(None, *_kaggle_json(path))
    if asking and in_colab():
        yield f"Colab: {KAGGLE_TOKEN}", lambda: _parts(_colab(KAGGLE_TOKEN))
        yield (
            f"Colab: {KAGGLE_USERNAME} + {KAGGLE_KEY}",
            lambda: _parts(None, _colab(KAGGLE_USERNAME), _colab(KAGGLE_KEY)),
        )
    if in_kaggle_notebook():
        yield "Kaggle notebook", lambda: _parts(_notebook())


def _hugging_face(given: Credentials, asking: bool) -> Iterator[Rung]:
    yield "credentials=", lambda: _parts(given.hf_token)
    yield SESSION_SOURCE, lambda: _parts(_held.get(HUGGING_FACE, Credentials()).hf_token)
    yield f"${HF_TOKEN}", lambda: _parts(_variable(HF_TOKEN))
    yield f"${HF_TOKEN_OLD}", lambda: _parts(_variable(HF_TOKEN_OLD))
    home = hugging_face_home()
    moved = os.environ.get(HF_TOKEN_FILE)
    shown = f"${HF_TOKEN_FILE}" if moved else "~/.cache/huggingface/token"
    if not moved and os.environ.get(HF_FOLDER):
        shown = f"${HF_FOLDER}/token"
    yield shown, lambda: _parts(_file(Path(moved).expanduser() if moved else home / "token"))
    if asking and in_colab():
        yield f"Colab: {HF_TOKEN}", lambda: _parts(_colab(HF_TOKEN))


def hugging_face_home() -> Path:
    """The folder that huggingface_hub keeps its files in (its constants.py)."""
    base = os.environ.get(CACHE_FOLDER) or Path.home() / ".cache"
    return Path(os.environ.get(HF_FOLDER) or Path(base) / "huggingface").expanduser()


def in_kaggle_notebook() -> bool:
    """Whether this is a Kaggle notebook that can attach models (kagglesdk, kaggle_env.py)."""
    return bool(os.environ.get(KAGGLE_NOTEBOOK) and os.environ.get(KAGGLE_NOTEBOOK_PROXY))


def _read_token(path: Path) -> dict[str, Secret]:
    return _parts(_file(path))


def _parts(
    token: Secret | None, username: Secret | None = None, key: Secret | None = None
) -> dict[str, Secret]:
    """A token, else a name and a key together, else nothing."""
    if token:
        return {"token": token}
    return {"username": username, "key": key} if username and key else {}


def _variable(name: str, *, may_be_file: bool = False) -> Secret | None:
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    # kagglesdk takes the path of a file there too
    found = _file(Path(value)) if may_be_file and os.sep in value else None
    return found or Secret(value)


def _file(path: Path) -> Secret | None:
    try:
        return Secret(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError):
        return None


def _kaggle_json(path: Path) -> tuple[Secret | None, Secret | None]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Secret(fields["username"]), Secret(fields["key"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, None


def _notebook() -> Secret | None:
    """A Kaggle notebook's own identity: its token's file, else the token that attaches models."""
    path = os.environ.get(KAGGLE_NOTEBOOK_TOKEN_FILE)
    found = _file(Path(path)) if path else None
    # the other one attaches models and is no login for Kaggle's API
    attaches = not os.environ.get(KAGGLE_NO_ATTACHING)
    return found or (_variable(KAGGLE_NOTEBOOK_SECRETS) if attaches else None)


def in_colab() -> bool:
    """Whether this is Colab, which keeps secrets and asks its user for each."""
    return _colab_secrets() is not None


def _colab_secrets() -> Any:
    import sys

    if "google.colab" not in sys.modules:  # Colab's kernel has it imported from the start
        return None
    try:
        from google.colab import userdata
    except ImportError:
        return None
    return userdata


def _colab(name: str) -> Secret | None:
    """One of Colab's secrets; one that is absent or not granted leaves the others alone."""
    try:
        value = _colab_secrets().get(name)
    except Exception:  # noqa: BLE001 - its errors: absent, not granted, timed out
        return None
    return Secret(value) if isinstance(value, str) and value.strip() else None
