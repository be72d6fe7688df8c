"""Turns the errors of a hub or of a download into one message: what happened, and what to do."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from gemma_nb.catalog.client_errors import is_certificate_error
from gemma_nb.errors import LoadError
from gemma_nb.hub.credential_sources import source_names
from gemma_nb.hub.credentials import HUGGING_FACE, LOGIN_PAGES, SERVICE_NAMES, Login
from gemma_nb.hub.download import DownloadError
from gemma_nb.hub.progress import format_amount
from gemma_nb.hub.sources import LOCAL, Source
from gemma_nb.i18n import Message

#: The variables that name a proxy, in upper or lower case; requests and httpx read the same.
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def load_error(key: str, src: Source, login: Login | None = None, **values: Any) -> LoadError:
    """An error about a source; its message contains no part of the login.

    Args:
        key: a key of ``gemma_nb.i18n`` without its prefix ``fetch_``.
        src: the source.
        login: the login to redact.
        **values: further values of the message.
    """
    clean = {k: login.redact(v) if login and isinstance(v, str) else v for k, v in values.items()}
    fields = {"name": src.label, "hub": SERVICE_NAMES.get(src.hub, ""), **clean}
    if src.hub != LOCAL:
        fields |= {"page": src.page, "login_page": LOGIN_PAGES[src.hub]}
    return LoadError(f"fetch_{key}", **fields)


def missing_login(src: Source) -> LoadError:
    """The source needs a login, and no source of logins has one."""
    return load_error("no_credentials", src, places=source_names(src.hub))


def not_reached(error: BaseException, src: Source, login: Login | None) -> LoadError:
    """A request did not get an answer.

    Args:
        error: what the client raised.
        src: the source.
        login: the login to redact.
    """
    if is_certificate_error(error):
        return load_error("certificate", src, login)
    if type(error).__name__ == "OfflineModeIsEnabled":
        return load_error("offline", src, login)
    set_here = ", ".join(
        n for n in _PROXY_VARIABLES if os.environ.get(n) or os.environ.get(n.lower())
    )
    proxy = Message("fetch_through_proxy", {"names": set_here}) if set_here else ""
    return load_error("no_network", src, login, proxy=proxy)


def request_refused(
    status: int, src: Source, login: Login | None, wait: float | None = None
) -> LoadError:
    """A hub's API answered with an error status.

    Kaggle and Hugging Face answer 401 to a login that they do not recognise. 403 with a recognised
    login means that this account has not accepted the terms (or may not see the model at all).

    Args:
        status: the HTTP status.
        src: the source.
        login: the login that was sent, None where none was.
        wait: the seconds after which the hub wants to be asked again, None where it does not say.
    """
    if status in (401, 403) and login is None:
        return missing_login(src)
    if status == 401:
        return load_error("wrong_credentials", src, login, place=login.place if login else "")
    if status == 403:
        return load_error("no_consent", src, login, place=login.place if login else "")
    if status == 404:
        return load_error("unknown", src, login, handle=src.handle)
    if status == 429 or status >= 500:
        return load_error("hub_busy", src, login, status=status, when=_when(wait))
    return load_error("hub_refused", src, login, status=status)


def download_failed(
    error: DownloadError, src: Source, login: Login | None, name: str, folder: Path
) -> LoadError:
    """The download of a file failed.

    Args:
        error: what went wrong.
        src: the source of the file.
        login: the login to redact.
        name: the file.
        folder: the folder that keeps the downloads of the source.
    """
    values: dict[str, Any] = {"file": name, "folder": folder}
    if error.kind == "cut":
        offset = error.values.get("offset") or 0
        return load_error("cut", src, login, **values, kept=format_amount(offset))
    if error.kind == "status":
        status = error.values["status"]
        key = "hub_busy" if status == 429 or status >= 500 else "storage_refused"
        values["when"] = _when(error.values.get("wait"))
        return load_error(key, src, login, **values, status=status)
    if error.kind == "size":
        sizes = {"got": error.values["got"], "size": error.values["size"]}
        return load_error("wrong_size", src, login, **values, **sizes)
    if error.kind == "file":
        return load_error("bad_file", src, login, **values, why=error.values["why"])
    if error.kind in ("full", "write"):
        return load_error(error.kind, src, login, **values, why=error.values["why"])
    return load_error(error.kind, src, login, **values)


def _when(wait: float | None) -> Message:
    """When to try again, as the end of a sentence."""
    if wait is None:
        return Message("fetch_in_minutes")
    return Message("fetch_in_seconds", {"seconds": math.ceil(wait)})


def not_enough_space(src: Source, needed: int, free: int, folder: Path) -> LoadError:
    """The disk has too little free space; this is known before the download starts.

    Args:
        src: the source.
        needed: bytes.
        free: bytes.
        folder: the folder that the download would go to.
    """
    variable = _cache_variable(src)
    values = {"needed": format_amount(needed), "free": format_amount(free)}
    return load_error("no_room", src, None, **values, folder=folder, variable=variable)


def read_only_cache(src: Source, error: OSError, folder: Path) -> LoadError:
    """The cache of a hub cannot be written.

    Args:
        src: the source.
        error: what the system says.
        folder: the folder that the download would go to.
    """
    why = os.strerror(error.errno) if error.errno else type(error).__name__
    return load_error("read_only", src, folder=folder, why=why, variable=_cache_variable(src))


def _cache_variable(src: Source) -> str:
    """The environment variable that moves the cache of a hub."""
    return "HF_HOME" if src.hub == HUGGING_FACE else "KAGGLEHUB_CACHE"


def bad_preset(src: Source, folder: Path, file: str, why: Message) -> LoadError:
    """A directory on disk is not a preset that can be loaded.

    Args:
        src: the source.
        folder: the directory.
        file: the first file that is missing or damaged.
        why: what is wrong with it.
    """
    return load_error("bad_preset", src, folder=folder, file=file, why=why)
