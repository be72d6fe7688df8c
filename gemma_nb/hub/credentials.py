"""Logins for Kaggle and Hugging Face as values: secrets, what a call gives, the session's login.

Where else a login is looked for is the subject of ``credential_sources``. Nothing here writes to
disk, or into the environment that other programs inherit.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json
from gemma_nb.i18n import Message
from gemma_nb.text_utils import remove_invisible

KAGGLE = "kaggle"
HUGGING_FACE = "huggingface"
SERVICES = (KAGGLE, HUGGING_FACE)
#: The services' names as a message writes them.
SERVICE_NAMES = {KAGGLE: "Kaggle", HUGGING_FACE: "Hugging Face"}
#: The page on which a service issues tokens.
LOGIN_PAGES = {
    KAGGLE: "https://www.kaggle.com/settings/api",
    HUGGING_FACE: "https://huggingface.co/settings/tokens",
}

# Names of environment variables; Colab's secrets have the same names. Sources: kagglehub 1.0.2
# (config.py), kagglesdk 0.1.28 (kaggle_env.py), huggingface_hub 2.4 (constants.py, utils/_auth.py).
KAGGLE_TOKEN = "KAGGLE_API_TOKEN"  # noqa: S105
KAGGLE_USERNAME = "KAGGLE_USERNAME"
KAGGLE_KEY = "KAGGLE_KEY"
HF_TOKEN = "HF_TOKEN"  # noqa: S105

#: Every Hugging Face token begins with this; any other token given as a string is Kaggle's.
_HF_PREFIX = "hf_"
#: The tokens that Kaggle's settings page gives since 2025; before, it gave a kaggle.json.
_KAGGLE_PREFIX = "KGAT_"
#: What follows the prefix: 34 letters and digits at Hugging Face and 32 hex digits at Kaggle (as of
#: 2026-11), with room for other lengths, and for Hugging Face's tokens of OAuth.
_AFTER_PREFIX = re.compile(r"[0-9A-Za-z_.-]{16,2000}")
#: Name of an environment variable -> field of ``Credentials``.
_FIELDS = {
    KAGGLE_TOKEN: "kaggle_token",
    KAGGLE_USERNAME: "kaggle_username",
    KAGGLE_KEY: "kaggle_key",
    HF_TOKEN: "hf_token",
}
#: Field of kaggle.json -> field of ``Credentials``.
_KAGGLE_JSON_FIELDS = {"username": "kaggle_username", "key": "kaggle_key"}


class Secret:
    """A value that does not appear in repr, str, format, a traceback or a pickle.

    Args:
        value: the token or key; surrounding whitespace and invisible characters are removed.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        stripped = remove_invisible(value)
        # in a closure: a debugger that lists attributes does not list the value
        self._reveal: Callable[[], str] = lambda: stripped

    def reveal(self) -> str:
        """Returns the value; only the client that sends it calls this."""
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
        kaggle_username: the user's name; with ``kaggle_key``, Kaggle's older form of a login.
        kaggle_key: the key of ``kaggle_username``.
        hf_token: a Hugging Face token.
        fault: why the input could not be parsed; ``check`` raises it.
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
        """Raises the fault that ``parse_credentials`` recorded, if there is one.

        Raises:
            InvalidInput: the input is not a login; the message does not repeat it.
        """
        if self.fault:
            raise InvalidInput(self.fault.key, **self.fault.values)


def parse_credentials(value: Any) -> Credentials:
    """Wraps a caller's login, so that no later traceback shows it.

    This function never raises, because its own frame and the caller's still hold the bare value.
    The caller first replaces that value by the result, then calls ``check``.

    Args:
        value: None, ``Credentials``, a token (one that begins with "hf_" is Hugging Face's, any
            other Kaggle's), or a dict whose keys are the names of the environment variables, or
            kaggle.json's "username" and "key".

    Returns:
        The parts of the login; with a ``fault`` where the input is not a login.
    """
    if value is None:
        return Credentials()
    if isinstance(value, Credentials):
        return value
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, str) and value.strip():
        if remove_invisible(value).startswith(_HF_PREFIX):
            return Credentials(hf_token=Secret(value))
        return Credentials(kaggle_token=Secret(value))
    if not isinstance(value, Mapping) or not value:
        return Credentials(fault=_bad_input(type(value).__name__))
    fields = {**_FIELDS, **_KAGGLE_JSON_FIELDS}
    parts: dict[str, Any] = {}
    for key, part in value.items():
        if key not in fields or not isinstance(part, str | Secret):
            return Credentials(fault=_bad_input("dict"))
        parts[fields[key]] = part if isinstance(part, Secret) else Secret(part)
    return Credentials(**parts)


def _bad_input(kind: str) -> Message:
    return Message("credentials_bad", {"kind": kind, "names": ", ".join(_FIELDS)})


@dataclass(frozen=True)
class Login:
    """A login that was found; it has either a token, or a username and a key.

    Args:
        service: "kaggle" or "huggingface".
        place: the name of the source it was found in.
        token: the token.
        username: the user's name, with ``key``.
        key: the key of ``username``.
    """

    service: str
    place: str
    token: Secret | None = None
    username: Secret | None = None
    key: Secret | None = None

    @property
    def is_sendable(self) -> bool:
        """Whether it can stand in a request's header: printable ASCII, as every token and key."""
        parts = [s.reveal() for s in (self.token, self.username, self.key) if s]
        return all(part.isascii() and part.isprintable() for part in parts)

    def redact(self, text: str) -> str:
        """Replaces every form in which this login can appear in ``text`` by "…"."""
        parts = [s.reveal() for s in (self.token, self.key) if s]
        if self.username and self.key:
            pair = f"{self.username.reveal()}:{self.key.reveal()}"
            parts.insert(0, base64.b64encode(pair.encode()).decode())
        for part in parts:
            text = text.replace(part, "…")
        return text


#: Service -> the login set for this process; it ends with the process.
_session: dict[str, Credentials] = {}


def set_session(service: str, value: Any) -> None:
    """Sets a service's login for this process alone; only a call's own login precedes it.

    Args:
        service: "kaggle" or "huggingface".
        value: a token, or for Kaggle the contents of kaggle.json; pass a ``Secret`` to leave no
            bare value in the caller's frame.

    Raises:
        InvalidInput: it is empty, not a login for that service, or does not have the shape of one; the
            message does not repeat it.
    """
    credentials = _parse_for(service, value)
    del value  # from here on no traceback shows it
    credentials.check()
    _session[service] = credentials


def clear_session(service: str) -> None:
    """Removes the login that ``set_session`` set for a service, if there is one."""
    _session.pop(service, None)


def session_credentials(service: str) -> Credentials:
    """The login that ``set_session`` set for a service; empty ``Credentials`` where none is set."""
    return _session.get(service, Credentials())


def _parse_for(service: str, value: Any) -> Credentials:
    """As ``parse_credentials``, for a login that has to belong to one service."""
    token = (value if isinstance(value, Secret) else Secret(str(value))).reveal()
    if not token:
        return Credentials(fault=Message("credentials_empty", {}))
    if service == HUGGING_FACE:
        if not token.startswith(_HF_PREFIX):
            return Credentials(fault=Message("credentials_not_hf", {"prefix": _HF_PREFIX}))
        fault = _shape_fault(service, token, _HF_PREFIX)
        return Credentials(fault=fault) if fault else Credentials(hf_token=Secret(token))
    if token.startswith(_HF_PREFIX):
        return Credentials(fault=Message("credentials_not_kaggle", {"prefix": _HF_PREFIX}))
    if token.startswith("{"):
        username, key = parse_kaggle_json(token)
        if not username or not key:
            return Credentials(fault=Message("credentials_not_json", {}))
        return Credentials(kaggle_username=username, kaggle_key=key)
    if not token.startswith(_KAGGLE_PREFIX):
        values = {"prefix": _KAGGLE_PREFIX, "page": LOGIN_PAGES[KAGGLE]}
        return Credentials(fault=Message("credentials_kaggle_shape", values))
    fault = _shape_fault(service, token, _KAGGLE_PREFIX)
    return Credentials(fault=fault) if fault else Credentials(kaggle_token=Secret(token))


def _shape_fault(service: str, token: str, prefix: str) -> Message | None:
    """What is wrong with the shape of a token that begins with its prefix; None for nothing."""
    rest = token.removeprefix(prefix)
    if _AFTER_PREFIX.fullmatch(rest) and prefix not in rest:  # not pasted twice
        return None
    values = {"service": SERVICE_NAMES[service], "prefix": prefix, "page": LOGIN_PAGES[service]}
    return Message("credentials_bad_shape", values)


def parse_kaggle_json(text: str) -> tuple[Secret | None, Secret | None]:
    """The username and the key of a kaggle.json; None and None where it cannot be parsed."""
    try:
        fields = parse_json(text)
        return Secret(fields["username"]), Secret(fields["key"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
