"""The small files of a model, wherever it lies: a directory, Hugging Face or Kaggle.

Weights are never downloaded: of safetensors only the headers are read (the first bytes of each
file), from Hugging Face by HTTP range requests. Clients are imported when they are first needed.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

from gemma_nb.errors import InvalidInput, LoadError

#: A safetensors header is a JSON of at most this many bytes (the format's own limit).
_HEADER_LIMIT = 100_000_000


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a safetensors header: its format's dtype name ("BF16") and its size."""

    dtype: str
    numbers: int


@dataclass(frozen=True)
class HubInfo:
    """What the host says of a model: licence, whether terms gate it, ISO date of its creation."""

    licence: str = "unknown"
    gated: bool = False
    created: str | None = None


class ModelFiles(Protocol):
    """A model's small files."""

    #: the directory or handle, for messages
    where: str

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where it is not there."""

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Every tensor of the safetensors headers by name; None where there are none to read."""

    def about(self) -> HubInfo:
        """What the host says of it."""


class DirectoryFiles:
    """A model in a local directory."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where it is not there."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Every tensor of the safetensors files' headers; None where there is no such file."""
        files = sorted(self.path.glob("*.safetensors"))
        found: dict[str, TensorInfo] = {}
        for path in files:
            found.update(read_safetensors_header(path))
        return found if files else None

    def about(self) -> HubInfo:
        """A directory says nothing of that."""
        return HubInfo()


def read_safetensors_header(path: Path) -> dict[str, TensorInfo]:
    """The tensors of one safetensors file, from its header.

    The file starts with the header's length (8 bytes, little-endian), then the header, a JSON
    object from tensor to dtype, shape and offsets (huggingface/safetensors, README, "Format").

    Raises:
        InvalidInput: the file is cut short or no safetensors.
    """
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _HEADER_LIMIT + 1
        raw = file.read(length) if length <= _HEADER_LIMIT else b""
    try:
        header = json.loads(raw)
        return {
            name: TensorInfo(entry["dtype"], prod(entry["shape"]))
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput("not_safetensors", path=path) from None


#: What gives the client a login for a lookup; it looks for one itself where this is None.
TOKEN_PROVIDER: ContextVar[Callable[[], str] | None] = ContextVar("LENT", default=None)


class HuggingFaceFiles:
    """A model on Hugging Face, read with its own client and its tokens."""

    def __init__(self, repository: str) -> None:
        self.repository, self.where = repository, f"hf://{repository}"

    def _call(self, what: str, *args: Any, **kwargs: Any) -> Any:
        """Calls the client; its errors become ours. None where a file is not there."""
        from huggingface_hub import HfApi, errors

        try:
            # the environment's endpoint as it is now, not as it was when the client was imported
            lent = TOKEN_PROVIDER.get()
            token = lent() if lent else None
            client = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token)
            return getattr(client, what)(self.repository, *args, **kwargs)
        except errors.GatedRepoError:
            raise self._refused() from None
        except (errors.RepositoryNotFoundError, errors.HFValidationError):
            raise InvalidInput("hub_not_found", handle=self.where) from None
        except errors.LocalEntryNotFoundError as error:
            raise LoadError("hub_unreachable", handle=self.where, why=error) from None
        except (errors.EntryNotFoundError, errors.NotASafetensorsRepoError):
            return None
        except errors.HfHubHTTPError as error:
            if error.response is not None and error.response.status_code in (401, 403):
                raise self._refused() from None
            raise LoadError("hub_unreachable", handle=self.where, why=error) from None
        except errors.SafetensorsParsingError:
            raise InvalidInput("not_safetensors", path=self.where) from None
        except (getattr(errors, "HTTPError", OSError), OSError) as error:  # httpx's, requests'
            raise LoadError("hub_unreachable", handle=self.where, why=error) from None

    def _refused(self) -> InvalidInput:
        url = f"https://huggingface.co/{self.repository}"
        return InvalidInput("hub_refused", handle=self.where, url=url)

    def read(self, name: str) -> bytes | None:
        """A file's bytes, through the client's own cache; None where it is not there."""
        path = self._call("hf_hub_download", name)
        return None if path is None else Path(path).read_bytes()

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Every tensor of the safetensors headers; None where the model has no safetensors."""
        found = self._call("get_safetensors_metadata")
        if found is None:
            return None
        return {
            name: TensorInfo(tensor.dtype, prod(tensor.shape))
            for file in found.files_metadata.values()
            for name, tensor in file.tensors.items()
        }

    def about(self) -> HubInfo:
        """What the repository's page says."""
        info = self._call("model_info")
        card = info.card_data.get("license") if info.card_data else None
        return HubInfo(
            licence=_LICENCES.get(card or "unknown", card or "unknown"),
            gated=bool(info.gated),
            created=info.created_at.date().isoformat() if info.created_at else None,
        )


#: Hugging Face's licence tags -> the catalog's names.
_LICENCES = {
    "gemma": "Gemma",
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "health-ai-developer-foundations": "HAI-DEF",
}


class KaggleFiles:
    """A model on Kaggle, read with its own client and its credentials."""

    def __init__(self, handle: str) -> None:
        self.handle, self.where = handle, f"kaggle://{handle}"

    def read(self, name: str) -> bytes | None:
        """A file's bytes, through the client's own cache; None where it is not there."""
        import kagglehub
        from kagglehub.exceptions import KaggleApiHTTPError
        from requests import RequestException

        try:
            return Path(kagglehub.model_download(self.handle, path=name)).read_bytes()
        except KaggleApiHTTPError as error:
            status = getattr(error.response, "status_code", None)
            if status == 404:
                return None
            if status in (401, 403):
                page = "/".join(self.handle.split("/")[:2])
                url = f"https://www.kaggle.com/models/{page}"
                raise InvalidInput("hub_refused", handle=self.where, url=url) from None
            raise LoadError("hub_unreachable", handle=self.where, why=error) from None
        except RequestException as error:
            raise LoadError("hub_unreachable", handle=self.where, why=error) from None

    def tensors(self) -> dict[str, TensorInfo] | None:
        """Nothing: Kaggle's client downloads whole files."""
        return None

    def about(self) -> HubInfo:
        """Nothing: what Kaggle says of a licence is not machine-readable."""
        return HubInfo()
