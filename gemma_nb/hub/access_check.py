"""Asks a hub whether it knows a login, and whether a variant may be downloaded with it."""

from __future__ import annotations

from gemma_nb.catalog.client_errors import hide_frames
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.hub.credential_sources import find_login
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE, SERVICE_NAMES
from gemma_nb.hub.download import DownloadError
from gemma_nb.hub.hub_errors import download_failed, missing_login, not_reached
from gemma_nb.hub.hugging_face import HuggingFaceRepo
from gemma_nb.hub.kaggle import KaggleModel
from gemma_nb.hub.sources import Source, find_source, model_folder
from gemma_nb.i18n import Message

#: A variant that lies at both hubs: they are asked for it where the login alone is in question.
_ASKED = "gemma3_instruct_270m"


def check_access(service: str, variant: Variant | None = None) -> Message:
    """Asks a hub, with the login that is found for it.

    Args:
        service: "kaggle" or "huggingface".
        variant: the variant that is to be downloaded. None, and a variant that does not lie at this
            hub, ask about the login alone.

    Returns:
        What the hub answered.

    Raises:
        InvalidInput: the login has characters that no login has.
        LoadError: there is no login, the hub does not know it, the terms are not accepted, or the hub
            did not answer. No message holds any part of the login.
    """
    wanted = _source_at(service, variant) if variant else None
    source = wanted or _source_at(service, find_variant(_ASKED))
    assert source is not None
    return hide_frames(source.label, lambda: _ask(source, may_download=wanted is not None))


def _source_at(service: str, variant: Variant) -> Source | None:
    """Where a variant lies at a hub; None if it does not."""
    source = find_source(variant)
    if source.hub == service:
        return source
    if service == HUGGING_FACE and source.hub == KAGGLE and variant.hf_id:
        return Source(HUGGING_FACE, variant.hf_id, None, variant.name, variant.gated)
    return None


def _ask(source: Source, *, may_download: bool) -> Message:
    login = find_login(source.hub)
    if login is None:
        raise missing_login(source)
    hub = KaggleModel(source, login) if source.hub == KAGGLE else HuggingFaceRepo(source, login)
    newest = hub.newest_version()
    values = {"service": SERVICE_NAMES[source.hub], "place": login.place, "variant": source.label}
    if not may_download:
        return Message("access_login", values)
    hub.src = source if source.version else source.at(newest)
    sizes = hub.list_files()
    if source.hub == KAGGLE and source.gated:
        # Kaggle lists the files of a gated model to everybody, and checks the terms at a download
        smallest = min(sizes, key=lambda name: sizes[name] or 0)
        try:
            hub.remote_file(smallest, sizes[smallest]).open({}).close()
        except DownloadError as error:
            folder = model_folder(source)
            raise download_failed(error, source, login, smallest, folder) from None
        except OSError as error:  # that of a request that did not get through
            raise not_reached(error, source, login) from None
    return Message("access_variant", values)
