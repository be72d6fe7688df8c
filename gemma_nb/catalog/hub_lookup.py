"""Reads the small files of a model from a directory, from Hugging Face or from Kaggle.

Weights are never downloaded. Of safetensors and GGUF files only the headers are read (the first bytes
of each file), from Hugging Face by HTTP range requests. The hubs' client packages are imported at the
first lookup.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gemma_nb.catalog.client_errors import hide_frames, is_network_error, unreachable
from gemma_nb.catalog.gguf_header import GgufModel, ReadRange, read_gguf_files, split_files
from gemma_nb.catalog.handles import Handle
from gemma_nb.catalog.hub_client import (
    MAX_ANSWER,
    TIMEOUT,
    UNCOMPRESSED,
    limited_answers,
    read_response,
)
from gemma_nb.catalog.safetensors_header import (
    HEADER_LIMIT,
    TensorInfo,
    parse_header,
    read_safetensors_header,
    tensor_infos,
)
from gemma_nb.catalog.weight_files import (
    ADAPTER_WEIGHTS,
    CONFIG,
    SAFETENSORS,
    SAFETENSORS_INDEX,
    read_object,
    shard_names,
    weight_file_names,
)
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.files import parse_json
from gemma_nb.text_utils import remove_invisible

#: The most bytes of a config or a template; a tokenizer_config.json has about 1 MB.
_MAX_BYTES = 64 * 2**20
#: The bytes of a safetensors file that are read at first, and the most files that one model has.
_FIRST_RANGE, _MAX_SHARDS = 100_000, 1_000

#: Hugging Face's licence tags -> the names of ``Variant.licence``.
LICENCES = {
    "gemma": "Gemma",
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "health-ai-developer-foundations": "HAI-DEF",
}

#: A function that returns the Hugging Face token for a lookup. If it is None, the client searches
#: for a token itself.
TOKEN_PROVIDER: ContextVar[Callable[[], str] | None] = ContextVar("TOKEN_PROVIDER", default=None)


@dataclass(frozen=True)
class HubInfo:
    """The facts that a hub publishes about a model.

    Args:
        licence: the licence, as ``Variant.licence`` names it.
        gated: whether terms must be accepted before a download.
        created: ISO date of the repository's creation; None if unknown.
        files: the names of the repository's files.
    """

    licence: str = "unknown"
    gated: bool = False
    created: str | None = None
    files: tuple[str, ...] = ()


class ModelFiles(Protocol):
    """Access to the small files of one model."""

    #: The directory or handle, for error messages.
    where: str

    def read(self, name: str) -> bytes | None:
        """Returns the bytes of a file; None if there is no such file."""

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of all safetensors headers by name; None if none can be read."""

    def adapter_tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of an adapter's header; None if there is none or it cannot be read."""

    def info(self) -> HubInfo:
        """Returns the facts that the hub publishes."""


class DirectoryFiles:
    """The files of a model in a local directory."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)

    def read(self, name: str) -> bytes | None:
        """Returns the bytes of a file; None if there is no such file."""
        path = self.path / name
        return _read_small(path, self.where, name) if path.is_file() else None

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of the safetensors headers; None if there is no such file."""
        names = {p.name for p in self.path.iterdir()}
        selected = weight_file_names(names, self._read_index, keras=False)
        paths = [path for name in sorted(selected) if (path := self.path / name).is_file()]
        tensors: dict[str, TensorInfo] = {}
        for path in paths:
            tensors.update(read_safetensors_header(path))
        return tensors if paths else None

    def adapter_tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of the adapter's header; None if there is no such file."""
        path = self.path / ADAPTER_WEIGHTS
        return read_safetensors_header(path) if path.is_file() else None

    def _read_index(self, name: str) -> dict[str, Any]:
        try:
            return read_object(self.path / name)
        except ValueError:
            raise InvalidInput("file_not_json", where=self.where, file=name) from None

    def info(self) -> HubInfo:
        """Returns the defaults: a directory carries no such facts."""
        return HubInfo()


class HuggingFaceFiles:
    """The files of a model on Hugging Face, read with its client package and its tokens.

    Every file is read at the commit to which the revision points at the first request.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle, self.where = handle, str(handle)
        self._revision = handle.version

    def _call(self, method: str, *args: Any, most: int, **options: Any) -> Any:
        """Calls a method of the client, of whose answers ``most`` bytes are read; as ``_ask``."""
        path, revision = self._handle.path, self._revision

        def question(client: Any) -> Any:
            with limited_answers(most):
                return getattr(client, method)(path, *args, revision=revision, **options)

        return self._ask(question)

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        """Calls a function with the client.

        Returns:
            The function's result; None if a file does not exist.

        Raises:
            InvalidInput: no such repository or revision, or no access to it.
            LoadError: the hub cannot be reached.
        """
        return hide_frames(self.where, lambda: self._ask_client(question))

    def _ask_client(self, question: Callable[[Any], Any]) -> Any:
        """As ``_ask``; the frames of its errors hold the token."""
        from huggingface_hub import HfApi, errors, get_token

        provider = TOKEN_PROVIDER.get()
        # a token that an editor or a page saved with invisible characters is still a token
        token = provider() if provider else remove_invisible(get_token() or "") or None
        try:
            # the client has read HF_ENDPOINT at its import; pass the present value
            endpoint = os.environ.get("HF_ENDPOINT")
            client = HfApi(endpoint=endpoint, token=token, headers=UNCOMPRESSED)
            return question(client)
        except errors.GatedRepoError:
            raise self._refused() from None
        except errors.RevisionNotFoundError:
            version = self._revision
            raise InvalidInput("hub_no_revision", handle=self.where, version=version) from None
        except (errors.RepositoryNotFoundError, errors.HFValidationError):
            raise InvalidInput("hub_not_found", handle=self.where) from None
        except errors.LocalEntryNotFoundError as error:
            raise unreachable(self.where, error) from None
        except (errors.EntryNotFoundError, errors.NotASafetensorsRepoError):
            return None
        except errors.HfHubHTTPError as error:
            if error.response is not None and error.response.status_code in (401, 403):
                raise self._refused() from None
            raise unreachable(self.where, error) from None
        except errors.SafetensorsParsingError:
            raise InvalidInput("not_safetensors", path=self.where) from None
        except UnicodeError:
            raise InvalidInput("hub_token_characters", handle=self.where) from None
        except Exception as error:
            # a ValueError is that of an answer that is no JSON, or of a proxy's address that is none
            if is_network_error(error) or isinstance(error, ValueError):
                raise unreachable(self.where, error) from None
            raise

    def _refused(self) -> InvalidInput:
        url = f"https://huggingface.co/{self._handle.path}"
        return InvalidInput("hub_refused", handle=self.where, url=url)

    def read(self, name: str) -> bytes | None:
        """Returns the bytes of a file, through the client's cache; None if there is none.

        Nothing of a mirror (``HF_ENDPOINT``) is put into the cache.
        """
        if _is_mirror():
            # the client names files of its cache after an ETag, which may be a path, and reads a
            # body to its end
            raw = self._range(name, 0, _MAX_BYTES + 1)
            if raw is not None and len(raw) > _MAX_BYTES:
                raise InvalidInput("file_not_json", where=self.where, file=name)
            return raw
        path = self._call("hf_hub_download", name, most=_MAX_BYTES)
        return None if path is None else _read_small(Path(path), self.where, name)

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of the safetensors headers; None if the model has no safetensors.

        The client has the rule of ``weight_file_names``.
        """
        if _is_mirror():
            return self._tensors_of_mirror()
        metadata = self._call("get_safetensors_metadata", most=HEADER_LIMIT)
        if metadata is None:
            return None
        files = metadata.files_metadata.values()
        return self._read_headers(files)

    def adapter_tensors(self) -> dict[str, TensorInfo] | None:
        """Returns the tensors of the adapter's header; None if there is no such file."""
        if _is_mirror():
            return self._header(ADAPTER_WEIGHTS)
        metadata = self._call("parse_safetensors_file_metadata", ADAPTER_WEIGHTS, most=HEADER_LIMIT)
        return None if metadata is None else self._read_headers([metadata])

    def _read_headers(self, files: Iterable[Any]) -> dict[str, TensorInfo]:
        """The tensors of all files.

        Raises:
            InvalidInput: a header describes no tensors.
        """
        try:
            return {name: info for file in files for name, info in tensor_infos(file).items()}
        except (ValueError, TypeError, AttributeError):
            raise InvalidInput("not_safetensors", path=self.where) from None

    def _tensors_of_mirror(self) -> dict[str, TensorInfo] | None:
        """As ``tensors``; the client would put a mirror's index into its cache."""
        single = self._header(SAFETENSORS)
        index = None if single is not None else self.read(SAFETENSORS_INDEX)
        if index is None:
            return single
        try:
            shards = shard_names(parse_json(index))
        except (ValueError, AttributeError):
            raise InvalidInput("file_not_json", where=self.where, file=SAFETENSORS_INDEX) from None
        tensors: dict[str, TensorInfo] = {}
        for name in sorted(shards)[:_MAX_SHARDS]:
            tensors.update(self._header(name) or {})
        return tensors

    def _header(self, name: str) -> dict[str, TensorInfo] | None:
        """The tensors of one safetensors file; None if there is no such file."""
        raw = self._range(name, 0, _FIRST_RANGE)
        if raw is None:
            return None
        length = int.from_bytes(raw[:8], "little")
        if length > HEADER_LIMIT:
            raise InvalidInput("not_safetensors", path=f"{self.where}/{name}")
        if length + 8 > len(raw) == _FIRST_RANGE:
            raw += self._range(name, len(raw), length + 8 - len(raw)) or b""
        return parse_header(raw[8 : 8 + length], f"{self.where}/{name}")

    def gguf(self) -> GgufModel:
        """Reads the headers of the handle's GGUF file, or of its parts, by range requests.

        Raises:
            InvalidInput: there is no such file.
            LoadError: a file is damaged, the package gguf is missing, or the hub cannot be reached.
        """

        def read_from(file: str) -> tuple[ReadRange, None]:
            return lambda start, count: self._range_of_weights(file, start, count), None

        return read_gguf_files(self._handle.file or "", self.where, read_from)

    def _range_of_weights(self, name: str, start: int, count: int) -> bytes:
        """Bytes of a file of the repository, which has to be there; fewer at its end."""
        part = self._range(name, start, count) if count > 0 else b""
        if part is None:
            where = f"hf://{self._handle.path}"
            raise InvalidInput("gguf_not_in_repository", where=where, file=name)
        return part

    def _range(self, name: str, start: int, count: int) -> bytes | None:
        """Bytes of a file of the repository; fewer at its end; None if there is no such file."""

        def request(client: Any) -> bytes:
            from huggingface_hub import hf_hub_url

            url = hf_hub_url(
                self._handle.path, name, revision=self._revision, endpoint=client.endpoint
            )
            headers = client._build_hf_headers()  # noqa: SLF001 - as in hub/hugging_face.py
            headers["Range"] = f"bytes={start}-{start + count - 1}"
            # a server that ignores the range sends the whole file
            response, body = read_response(url, headers, start + count)
            if response.status_code == 416:  # the file ended before
                return b""
            _raise_for_status(response)
            return body[:count] if response.status_code == 206 else body[start : start + count]

        part = self._ask(request)
        return None if part is None else bytes(part)

    def info(self) -> HubInfo:
        """Returns the facts of the repository's page."""
        info = self._call("model_info", most=MAX_ANSWER, timeout=TIMEOUT)
        if not re.fullmatch("[0-9a-f]{40}", str(info.sha)):
            raise LoadError("hub_unreachable", handle=self.where, why="commit")
        self._revision = info.sha
        tag = info.card_data.get("license") if info.card_data else None
        return HubInfo(
            licence=LICENCES.get(tag or "unknown", tag or "unknown"),
            gated=bool(info.gated),
            created=info.created_at.date().isoformat() if info.created_at else None,
            files=tuple(file.rfilename for file in info.siblings or ()),
        )


def _raise_for_status(response: Any) -> None:
    """Raises the client's own errors for a failed request."""
    from huggingface_hub import utils

    utils.hf_raise_for_status(response)  # type: ignore[attr-defined]


class KaggleFiles:
    """The files of a model on Kaggle, read with its client package and its credentials."""

    def __init__(self, handle: Handle) -> None:
        self._handle, self.where = handle, str(handle)

    def read(self, name: str) -> bytes | None:
        """Returns the bytes of a file, through the client's cache; None if there is none."""
        return hide_frames(self.where, lambda: self._ask(name))

    def _ask(self, name: str) -> bytes | None:
        """As ``read``; the frames of its errors hold the login."""
        import kagglehub
        from kagglehub.exceptions import KaggleApiHTTPError
        from requests import RequestException

        try:
            handle = self.where.removeprefix("kaggle://")
            return _read_small(Path(kagglehub.model_download(handle, path=name)), self.where, name)
        except KaggleApiHTTPError as error:
            status = getattr(error.response, "status_code", None)
            if status == 404:
                return None
            if status in (401, 403):
                page = "/".join(self._handle.path.split("/")[:2])
                url = f"https://www.kaggle.com/models/{page}"
                raise InvalidInput("hub_refused", handle=self.where, url=url) from None
            raise unreachable(self.where, error) from None
        except InvalidInput:
            raise
        except (RequestException, OSError, ValueError) as error:
            raise unreachable(self.where, error) from None

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Returns None: Kaggle's client downloads whole files only."""
        return None

    def adapter_tensors(self) -> dict[str, TensorInfo] | None:
        """Returns None, as ``tensors``."""
        return None

    def info(self) -> HubInfo:
        """Returns the defaults: Kaggle's licence text is not machine-readable."""
        return HubInfo()


def _is_mirror() -> bool:
    """Whether Hugging Face's client asks another endpoint."""
    from huggingface_hub import constants

    endpoint = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT
    return str(endpoint).rstrip("/") != "https://huggingface.co"


def _read_small(path: Path, where: str, name: str) -> bytes:
    """The bytes of a file that describes a model.

    Raises:
        InvalidInput: it has more than ``_MAX_BYTES``.
    """
    with path.open("rb") as file:
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise InvalidInput("file_not_json", where=where, file=name)
    return raw


def find_download(handle: Handle) -> Path | None:
    """The folder in which the hub's own client keeps a model on disk; no request is sent.

    Args:
        handle: the handle. Without a version, the newest one at Kaggle and "main" at Hugging Face.

    Returns:
        The folder, or the handle's GGUF file; None if the client has no ``config.json`` of the
        model, or not the file.
    """
    if handle.scheme == "hf":
        from huggingface_hub import try_to_load_from_cache

        name = split_files(handle.file)[0] if handle.file else CONFIG
        path = try_to_load_from_cache(handle.path, name, revision=handle.version)
        if not isinstance(path, str):
            return None
        return Path(path) if handle.file else Path(path).parent
    from kagglehub.config import get_cache_folder

    folder = Path(get_cache_folder()) / "models" / handle.path
    versions = [p for p in folder.glob(handle.version or "[0-9]*") if p.name.isdigit()]
    versions.sort(key=lambda p: int(p.name))
    return versions[-1] if versions and (versions[-1] / CONFIG).is_file() else None
