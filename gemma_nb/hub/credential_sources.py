"""Where a login for Kaggle or Hugging Face is looked for, and in which order.

The order for each service: the call's own ``credentials=``; the session's login (``set_session``,
which the notebook's panel calls); environment variables; the files that the services' own programs
keep; Colab's secrets; the identity of a Kaggle notebook. Reports name the source of a login and
never its value. Nothing here writes to disk or into the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.files import expand_user
from gemma_nb.hub.credentials import (
    HF_TOKEN,
    HUGGING_FACE,
    KAGGLE,
    KAGGLE_KEY,
    KAGGLE_TOKEN,
    KAGGLE_USERNAME,
    LOGIN_PAGES,
    SERVICE_NAMES,
    SERVICES,
    Credentials,
    Login,
    Secret,
    parse_credentials,
    parse_kaggle_json,
    session_credentials,
)
from gemma_nb.i18n import Message
from gemma_nb.text_utils import decode_text, remove_invisible

#: The name of the source that ``set_session`` fills.
SESSION_SOURCE = "CredentialsPanel"

# Environment variables. Sources: kagglehub 1.0.2 (config.py), kagglesdk 0.1.28 (kaggle_env.py),
# huggingface_hub 2.4 (constants.py, utils/_auth.py).
_HF_TOKEN_OLD = "HUGGING_FACE_HUB_TOKEN"  # noqa: S105
#: The path of the file with a Kaggle notebook's own token.
_KAGGLE_NOTEBOOK_TOKEN_FILE = "KAGGLE_API_V1_TOKEN"  # noqa: S105
#: Both are set in a Kaggle notebook.
_KAGGLE_NOTEBOOK = "KAGGLE_KERNEL_RUN_TYPE"
_KAGGLE_NOTEBOOK_PROXY = "KAGGLE_DATA_PROXY_URL"
#: The token with which a Kaggle notebook attaches models, and the switch that turns that off.
_KAGGLE_NOTEBOOK_SECRETS = "KAGGLE_USER_SECRETS_TOKEN"
_KAGGLE_NO_ATTACHING = "DISABLE_KAGGLE_CACHE"
#: These move the files of the services' own programs.
_KAGGLE_FOLDER = "KAGGLE_CONFIG_DIR"
_HF_TOKEN_FILE = "HF_TOKEN_PATH"  # noqa: S105
_HF_FOLDER = "HF_HOME"
_CACHE_FOLDER = "XDG_CACHE_HOME"


@dataclass(frozen=True)
class CredentialSource:
    """One place in which a login was looked for.

    Args:
        service: "kaggle" or "huggingface".
        place: the name of the source.
        found: whether it holds a login.
    """

    service: str
    place: str
    found: bool

    def __str__(self) -> str:
        key = "credentials_found" if self.found else "credentials_not_found"
        return str(Message(key, {"service": SERVICE_NAMES[self.service], "place": self.place}))


def has_login(service: str) -> bool:
    """Whether a login is found without asking the user (Colab asks for each secret)."""
    return any(login for login, _ in _search(service, Credentials(), ask_user=False))


def find_login(service: str, credentials: Any = None) -> Login | None:
    """The login for a service: that of the first source that has one.

    Args:
        service: "kaggle" or "huggingface".
        credentials: the caller's login, as ``parse_credentials`` reads it.

    Returns:
        The login, or None.

    Raises:
        InvalidInput: ``credentials`` are not a login, or the login that was found has characters
            that no login has.
    """
    credentials = parse_credentials(credentials)
    credentials.check()
    found = next((login for login, _ in _search(service, credentials) if login), None)
    if found and not found.is_sendable:
        place, page = found.place, LOGIN_PAGES[service]
        raise InvalidInput("credentials_characters", place=place, page=page)
    return found


def list_sources(credentials: Any = None, *, ask_user: bool = True) -> list[CredentialSource]:
    """Every source of both services, and whether it holds a login.

    Args:
        credentials: the caller's login, as ``parse_credentials`` reads it.
        ask_user: whether to include Colab's secrets, for each of which Colab asks its user.

    Returns:
        The sources, those of Kaggle first, in the order in which they count; no values.

    Raises:
        InvalidInput: ``credentials`` are not a login.
    """
    credentials = parse_credentials(credentials)
    credentials.check()
    return [
        CredentialSource(service, place, login is not None)
        for service in SERVICES
        for login, place in _search(service, credentials, ask_user=ask_user)
    ]


def source_names(service: str) -> str:
    """The sources of a service, separated by commas, for a message."""
    return ", ".join(place for _, place in _search(service, Credentials()))


def _search(
    service: str, credentials: Credentials, *, ask_user: bool = True
) -> Iterator[tuple[Login | None, str]]:
    """Each source with its login; a source is read only when the iterator reaches it."""
    sources = _kaggle_sources if service == KAGGLE else _hugging_face_sources
    for place, read in sources(credentials, ask_user=ask_user):
        parts = read()
        yield (Login(service, place, **parts) if parts else None), place


#: The name of a source, and the function that reads the parts of a login from it.
_Source = tuple[str, Callable[[], dict[str, Secret]]]


def _kaggle_sources(credentials: Credentials, *, ask_user: bool) -> Iterator[_Source]:
    yield (
        "credentials=",
        lambda: _parts(
            credentials.kaggle_token, credentials.kaggle_username, credentials.kaggle_key
        ),
    )
    session = session_credentials(KAGGLE)
    yield (
        SESSION_SOURCE,
        lambda: _parts(session.kaggle_token, session.kaggle_username, session.kaggle_key),
    )
    yield f"${KAGGLE_TOKEN}", lambda: _parts(_read_variable(KAGGLE_TOKEN, may_be_file=True))
    yield (
        f"${KAGGLE_USERNAME} + ${KAGGLE_KEY}",
        lambda: _parts(None, _read_variable(KAGGLE_USERNAME), _read_variable(KAGGLE_KEY)),
    )
    for name in ("access_token", "access_token.txt"):
        yield f"~/.kaggle/{name}", partial(_read_token, Path.home() / ".kaggle" / name)
    folder = os.environ.get(_KAGGLE_FOLDER)
    path = Path(folder or Path.home() / ".kaggle") / "kaggle.json"
    label = f"${_KAGGLE_FOLDER}/kaggle.json" if folder else "~/.kaggle/kaggle.json"
    yield label, lambda: _parts(None, *_read_kaggle_json(path))
    if ask_user and in_colab():
        yield f"Colab: {KAGGLE_TOKEN}", lambda: _parts(_read_colab_secret(KAGGLE_TOKEN))
        yield (
            f"Colab: {KAGGLE_USERNAME} + {KAGGLE_KEY}",
            lambda: _parts(
                None, _read_colab_secret(KAGGLE_USERNAME), _read_colab_secret(KAGGLE_KEY)
            ),
        )
    if in_kaggle_notebook():
        yield "Kaggle notebook", lambda: _parts(_read_notebook_token())


def _hugging_face_sources(credentials: Credentials, *, ask_user: bool) -> Iterator[_Source]:
    yield "credentials=", lambda: _parts(credentials.hf_token)
    yield SESSION_SOURCE, lambda: _parts(session_credentials(HUGGING_FACE).hf_token)
    yield f"${HF_TOKEN}", lambda: _parts(_read_variable(HF_TOKEN))
    yield f"${_HF_TOKEN_OLD}", lambda: _parts(_read_variable(_HF_TOKEN_OLD))
    path = os.environ.get(_HF_TOKEN_FILE)
    label = f"${_HF_TOKEN_FILE}" if path else "~/.cache/huggingface/token"
    if not path and os.environ.get(_HF_FOLDER):
        label = f"${_HF_FOLDER}/token"
    token_file = expand_user(path) if path else _hugging_face_home() / "token"
    yield label, lambda: _parts(_read_file(token_file))
    if ask_user and in_colab():
        yield f"Colab: {HF_TOKEN}", lambda: _parts(_read_colab_secret(HF_TOKEN))


def _hugging_face_home() -> Path:
    """The folder that huggingface_hub keeps its files in (its constants.py)."""
    base = os.environ.get(_CACHE_FOLDER) or Path.home() / ".cache"
    return expand_user(os.environ.get(_HF_FOLDER) or Path(base) / "huggingface")


def in_kaggle_notebook() -> bool:
    """Whether this is a Kaggle notebook that can attach models (kagglesdk, kaggle_env.py)."""
    return bool(os.environ.get(_KAGGLE_NOTEBOOK) and os.environ.get(_KAGGLE_NOTEBOOK_PROXY))


def _parts(
    token: Secret | None, username: Secret | None = None, key: Secret | None = None
) -> dict[str, Secret]:
    """The fields of a ``Login``: a token, else a username with its key, else nothing."""
    if token:
        return {"token": token}
    return {"username": username, "key": key} if username and key else {}


def _read_variable(name: str, *, may_be_file: bool = False) -> Secret | None:
    value = remove_invisible(os.environ.get(name, ""))
    if not value:
        return None
    # kagglesdk accepts the path of a file in this variable too
    token = _read_file(Path(value)) if may_be_file and os.sep in value else None
    return token or Secret(value)


def _read_file(path: Path) -> Secret | None:
    try:
        return Secret(decode_text(path.read_bytes())) if path.is_file() else None
    except (OSError, ValueError):
        return None


def _read_token(path: Path) -> dict[str, Secret]:
    return _parts(_read_file(path))


def _read_kaggle_json(path: Path) -> tuple[Secret | None, Secret | None]:
    try:
        return parse_kaggle_json(decode_text(path.read_bytes()))
    except (OSError, ValueError):
        return None, None


def _read_notebook_token() -> Secret | None:
    """A Kaggle notebook's own identity: the token in its file, else the one that attaches models."""
    path = os.environ.get(_KAGGLE_NOTEBOOK_TOKEN_FILE)
    token = _read_file(Path(path)) if path else None
    # the second one attaches models; Kaggle's API does not accept it as a login
    attaches = not os.environ.get(_KAGGLE_NO_ATTACHING)
    return token or (_read_variable(_KAGGLE_NOTEBOOK_SECRETS) if attaches else None)


def in_colab() -> bool:
    """Whether this is Colab, which keeps secrets and asks its user for each."""
    return _colab_secrets() is not None


def _colab_secrets() -> Any:
    """Colab's module ``userdata``, None elsewhere."""
    if "google.colab" not in sys.modules:  # Colab's kernel imports it at its start
        return None
    try:
        from google.colab import userdata
    except ImportError:
        return None
    return userdata


def _read_colab_secret(name: str) -> Secret | None:
    """One of Colab's secrets; None where it is absent or not granted."""
    try:
        value = _colab_secrets().get(name)
    except Exception:  # noqa: BLE001 - its errors: absent, not granted, timed out
        return None
    return Secret(value) if isinstance(value, str) and value.strip() else None
