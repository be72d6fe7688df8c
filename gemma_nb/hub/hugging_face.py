"""Hugging Face: what it has of a model, through huggingface_hub's own client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gemma_nb.hub import hub_errors
from gemma_nb.hub.download import TIMEOUT, DownloadError, RemoteFile

if TYPE_CHECKING:
    from gemma_nb.errors import LoadError
    from gemma_nb.hub.credentials import Login
    from gemma_nb.hub.sources import Source

_T = TypeVar("_T")
#: Packages whose errors mean that the network did not carry a request (the client changed from
#: requests to httpx to httpx2).
_NETWORK = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")


class HuggingFaceRepo:
    """One repository at Hugging Face.

    Args:
        src: which.
        login: as whom; None for nobody.
    """

    def __init__(self, src: Source, login: Login | None) -> None:
        from huggingface_hub import HfApi

        # False: it shall not look for a login itself
        token = login.token.reveal() if login and login.token else False
        self._api = HfApi(token=token, library_name="gemma_nb")
        self._login = login
        self._info: Any = None
        self._digests: dict[str, tuple[str, str]] = {}
        self.src = src

    def newest(self) -> str:
        """The commit that the revision (the main branch where none is named) stands for now.

        Raises:
            LoadError: Hugging Face does not say.
        """
        return str(self._read().sha)

    def names(self) -> dict[str, int | None]:
        """Every file of the repository, with its bytes.

        Raises:
            LoadError: no network, no such repository or revision, no right to see it.
        """
        info = self._read()
        if getattr(info, "gated", None):
            # what a gated repository holds is public, the files are not
            self._ask(lambda: self._api.auth_check(self.src.handle))
        for one in info.siblings:
            if one.lfs:
                self._digests[one.rfilename] = ("sha256", one.lfs.sha256)
            elif one.blob_id:
                self._digests[one.rfilename] = ("git", one.blob_id)
        return {one.rfilename: one.size for one in info.siblings}

    def remote(self, name: str, size: int | None) -> RemoteFile:
        """A file, ready to be fetched."""
        return RemoteFile(
            name,
            size,
            self._digests.get(name),
            lambda headers: self._open(name, headers),
        )

    def _read(self) -> Any:
        if self._info is None:
            self._info = self._ask(
                lambda: self._api.model_info(
                    self.src.handle,
                    revision=self.src.version,
                    files_metadata=True,
                    timeout=TIMEOUT[1],
                )
            )
        return self._info

    def _open(self, name: str, headers: dict[str, str]) -> Any:
        import requests
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(
            self.src.handle, name, revision=self._info.sha, endpoint=self._api.endpoint
        )
        own = self._api._build_hf_headers(token=False)  # noqa: SLF001
        response = requests.get(
            url,
            headers={**own, "Accept-Encoding": "identity", **headers},
            # requests drops the header that this sets when it is sent on to another host
            auth=self._sign,
            stream=True,
            timeout=TIMEOUT,
        )
        status = response.status_code
        if status in (200, 206, 416):
            return response
        response.close()
        if status in (401, 403, 404) and not response.history:
            raise hub_errors.request_refused(status, self.src, self._login)
        raise DownloadError("status", status=status)

    def _sign(self, request: Any) -> Any:
        if self._login and self._login.token:
            request.headers["Authorization"] = f"Bearer {self._login.token.reveal()}"
        return request

    def _ask(self, call: Callable[[], _T]) -> _T:
        from huggingface_hub.errors import HfHubHTTPError

        try:
            return call()
        except HfHubHTTPError as error:
            raise self._told(error) from None
        except Exception as error:
            package = type(error).__module__.partition(".")[0]
            if package in _NETWORK or isinstance(error, OSError):
                raise hub_errors.load_error("no_network", self.src, self._login) from None
            if isinstance(error, ValueError):  # a page where JSON should be
                raise hub_errors.load_error("no_answer", self.src, self._login) from None
            raise

    def _told(self, error: Any) -> LoadError:
        from huggingface_hub.errors import (
            GatedRepoError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        status = error.response.status_code
        if isinstance(error, RevisionNotFoundError):
            return hub_errors.load_error(
                "version_gone",
                self.src,
                self._login,
                version=self.src.version or "main",
                newest="main",
                handle=f"hf://{self.src.handle}",
            )
        if isinstance(error, GatedRepoError):
            return hub_errors.request_refused(403, self.src, self._login)
        if isinstance(error, RepositoryNotFoundError) and self._login is None:
            # 401 is what Hugging Face says to nobody about what is missing, too
            return hub_errors.request_refused(404, self.src, self._login)
        return hub_errors.request_refused(status, self.src, self._login)
