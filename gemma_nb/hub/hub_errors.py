"""From what a hub or a client says to one message of what happened and what to do."""

from __future__ import annotations

from typing import Any

from gemma_nb.errors import LoadError
from gemma_nb.hub.credentials import HUGGING_FACE, LOGIN_PAGES, SERVICE_NAMES, Login, places
from gemma_nb.hub.download import Broken
from gemma_nb.hub.progress import amount
from gemma_nb.hub.sources import LOCAL, Source
from gemma_nb.i18n import Message


def fault(key: str, src: Source, login: Login | None = None, **values: Any) -> LoadError:
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


def no_login(src: Source) -> LoadError:
    """No login was found anywhere and one is needed."""
    return fault("no_credentials", src, places=places(src.hub))


def refused(status: int, src: Source, login: Login | None) -> LoadError:
    """A hub's API answered with an error.

    Kaggle and Hugging Face say 401 to a login they do not know. 403 with a login that they know
    means that this account has not accepted the terms (or may not see the model at all).
    """
    if status in (401, 403) and login is None:
        return no_login(src)
    if status == 401:
        return fault("wrong_credentials", src, login, place=login.place if login else "")
    if status == 403:
        return fault("no_consent", src, login, place=login.place if login else "")
    if status == 404:
        return fault("unknown", src, login, handle=src.handle)
    if status == 429 or status >= 500:
        return fault("hub_busy", src, login, status=status)
    return fault("hub_refused", src, login, status=status)


def broken(error: Broken, src: Source, login: Login | None, name: str, folder: Any) -> LoadError:
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
        return fault("cut", src, login, **values, kept=amount(offset))
    if error.kind == "status":
        status = error.values["status"]
        key = "hub_busy" if status == 429 or status >= 500 else "storage_refused"
        return fault(key, src, login, **values, status=status)
    if error.kind == "size":
        shown = {"got": error.values["got"], "size": error.values["size"]}
        return fault("wrong_size", src, login, **values, **shown)
    if error.kind == "file":
        return fault("bad_file", src, login, **values, why=error.values["why"])
    if error.kind in ("full", "write"):
        return fault(error.kind, src, login, **values, why=error.values["why"])
    return fault(error.kind, src, login, **values)


def disk(src: Source, needed: int, free: int, folder: Any) -> LoadError:
    """There is not enough room before a download starts."""
    variable = "HF_HOME" if src.hub == HUGGING_FACE else "KAGGLEHUB_CACHE"
    return fault(
        "no_room", src, needed=amount(needed), free=amount(free), folder=folder, variable=variable
    )


def unusable(src: Source, folder: Any, file: str, why: Message) -> LoadError:
    """A directory on disk is no preset that can be loaded."""
    return fault("bad_preset", src, folder=folder, file=file, why=why)
