"""From what a hub or a client says to one message of what happened and what to do."""

from __future__ import annotations

from typing import Any

from gemma_nb.errors import LoadError
from gemma_nb.hub.credentials import HUGGING_FACE, LOGIN_PAGES, SERVICE_NAMES, Login, source_names
from gemma_nb.hub.download import DownloadError
from gemma_nb.hub.progress import format_amount
from gemma_nb.hub.sources import LOCAL, Source
from gemma_nb.i18n import Message


def load_error(key: str, src: Source, login: Login | None = None, **values: Any) -> LoadError:
    """An error about a source; what it says holds no part of a login.

    Args:
        key: a key of ``gemma_nb.i18n`` without its ``fetch_``.
        src: what was to be fetched.
        login: what must not be shown.
        **values: further values of the sentence.
    """
    clean = {k: login.redact(v) if login and isinstance(v, str) else v for k, v in values.items()}
    told = {"name": src.label, "hub": SERVICE_NAMES.get(src.hub, ""), **clean}
    if src.hub != LOCAL:
        told |= {"page": src.page, "login_page": LOGIN_PAGES[src.hub]}
    return LoadError(f"fetch_{key}", **told)


def missing_login(src: Source) -> LoadError:
    """No login was found anywhere and one is needed."""
    return load_error("no_credentials", src, places=source_names(src.hub))


def request_refused(status: int, src: Source, login: Login | None) -> LoadError:
    """A hub's API answered with an error.

    Kaggle and Hugging Face say 401 to a login they do not know. 403 with a login that they know
    means that this account has not accepted the terms (or may not see the model at all).
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
        return load_error("hub_busy", src, login, status=status)
    return load_error("hub_refused", src, login, status=status)


def download_failed(
    error: DownloadError, src: Source, login: Login | None, name: str, folder: Any
) -> LoadError:
    """A file's transfer failed.

    Args:
        error: how.
        src: of what.
        login: what must not be shown.
        name: the file.
        folder: where downloads of it are kept.
    """
    values: dict[str, Any] = {"file": name, "folder": folder}
    if error.kind == "cut":
        offset = error.values.get("offset") or 0
        return load_error("cut", src, login, **values, kept=format_amount(offset))
    if error.kind == "status":
        status = error.values["status"]
        key = "hub_busy" if status == 429 or status >= 500 else "storage_refused"
        return load_error(key, src, login, **values, status=status)
    if error.kind == "size":
        shown = {"got": error.values["got"], "size": error.values["size"]}
        return load_error("wrong_size", src, login, **values, **shown)
    if error.kind == "file":
        return load_error("bad_file", src, login, **values, why=error.values["why"])
    if error.kind in ("full", "write"):
        return load_error(error.kind, src, login, **values, why=error.values["why"])
    return load_error(error.kind, src, login, **values)


def not_enough_space(src: Source, needed: int, free: int, folder: Any) -> LoadError:
    """There is not enough room before a download starts."""
    variable = "HF_HOME" if src.hub == HUGGING_FACE else "KAGGLEHUB_CACHE"
    return load_error(
        "no_room",
        src,
        needed=format_amount(needed),
        free=format_amount(free),
        folder=folder,
        variable=variable,
    )


def bad_preset(src: Source, folder: Any, file: str, why: Message) -> LoadError:
    """A directory on disk is no preset that can be loaded."""
    return load_error("bad_preset", src, folder=folder, file=file, why=why)
