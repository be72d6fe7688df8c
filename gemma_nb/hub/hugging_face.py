"""The files of a repository at Hugging Face, through huggingface_hub's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gemma_nb.catalog.client_errors import is_network_error
from gemma_nb.catalog.hub_client import MAX_ANSWER, UNCOMPRESSED, limited_answers
from gemma_nb.errors import LoadError
from gemma_nb.hub.checksums import Checksum, retry_after
from gemma_nb.hub.credentials import Login
from gemma_nb.hub.download import TIMEOUT, DownloadError, RemoteFile, answered, busy_wait
from gemma_nb.hub.hub_answers import BadAnswer, check_checksum, check_commit, check_files
from gemma_nb.hub.hub_errors import load_error, not_reached, request_refused
from gemma_nb.hub.sources import Source
from gemma_nb.hub.xet import XetResponse, XetStorage

_T = TypeVar("_T")


class HuggingFaceRepo:
    """One repository at Hugging Face.

    Args:
        src: the source.
        login: the login to send; None for an anonymous request.
    """

    def __init__(self, src: Source, login: Login | None) -> None:
        from huggingface_hub import HfApi

        # False keeps the client from looking for a login itself
        token = login.token.reveal() if login and login.token else False
        self._api = HfApi(token=token, library_name="gemma_nb", headers=UNCOMPRESSED)
        self._login = login
        # the client's headers, with the login
        self._xet = XetStorage(self._api._build_hf_headers())  # noqa: SLF001
        self._info: Any = None
        self._checksums: dict[str, Checksum] = {}
        self.src = src

    def newest_version(self) -> str:
        """The commit that the source's revision (main where it has none) points to now.

        Raises:
            LoadError: Hugging Face does not say.
        """
        return str(self._model_info().sha)

    def list_files(self) -> dict[str, int | None]:
        """Every file of the repository, with its bytes.

        Raises:
            LoadError: no network, no such repository or revision, or no right to see it.
        """
        info = self._model_info()
        if getattr(info, "gated", None):
            # the file list of a gated repository is public, the files are not
            self._call(self._check_access)
        try:
            sizes = check_files((file.rfilename, file.size) for file in info.siblings or ())
            for file in info.siblings or ():
                if file.lfs:
                    self._checksums[file.rfilename] = check_checksum("sha256", file.lfs.sha256)
                elif file.blob_id:
                    self._checksums[file.rfilename] = check_checksum("git", file.blob_id)
        except BadAnswer:
            raise load_error("no_answer", self.src, self._login) from None
        return sizes

    def remote_file(self, name: str, size: int | None) -> RemoteFile:
        """One file of the repository, for ``download_files``.

        Args:
            name: the file.
            size: bytes.
        """
        checksum = self._checksums.get(name)
        return RemoteFile(name, size, checksum, lambda headers: self._open(name, headers))

    def _model_info(self) -> Any:
        """huggingface_hub's ``ModelInfo``, requested once."""
        if self._info is None:
            info = self._call(
                lambda: self._api.model_info(
                    self.src.handle,
                    revision=self.src.version,
                    files_metadata=True,
                    timeout=TIMEOUT[1],
                )
            )
            try:
                check_commit(info.sha)
            except BadAnswer:
                raise load_error("no_answer", self.src, self._login) from None
            self._info = info
        return self._info

    def _check_access(self) -> None:
        """Asks whether the login may download the files, as ``HfApi.auth_check`` does.

        That method takes no timeout, and huggingface_hub's session has none (2.4.0).
        """
        from huggingface_hub import get_session, utils

        response = get_session().get(
            f"{self._api.endpoint}/api/models/{self.src.handle}/auth-check",
            headers=self._api._build_hf_headers(),  # noqa: SLF001
            timeout=TIMEOUT[1],
        )
        utils.hf_raise_for_status(response)  # type: ignore[attr-defined]

    def _open(self, name: str, headers: dict[str, str]) -> Any:
        import requests
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(
            self.src.handle, name, revision=self._info.sha, endpoint=self._api.endpoint
        )
        if in_xet := self._open_in_xet(name, url, headers):
            return in_xet
        client_headers = self._api._build_hf_headers(token=False)  # noqa: SLF001
        response = requests.get(
            url,
            headers={**client_headers, **headers},
            # requests removes the header that this sets on a redirect to another host
            auth=self._sign,
            stream=True,
            timeout=TIMEOUT,
        )
        status = response.status_code
        if status in (200, 206, 416):
            return response
        response.close()
        if status in (401, 403, 404) and not response.history:
            raise request_refused(status, self.src, self._login)
        raise DownloadError("status", status=status, wait=retry_after(response.headers))

    def _open_in_xet(self, name: str, url: str, headers: dict[str, str]) -> XetResponse | None:
        """The file from the Xet storage; None where it is not there, or the storage failed before."""
        algorithm, _ = self._checksums.get(name, ("", ""))
        if algorithm != "sha256" or not self._xet.is_usable:
            return None
        try:
            metadata = self._api.get_hf_file_metadata(url=url, timeout=TIMEOUT[1])
        except Exception:  # noqa: BLE001 - the request over HTTP meets the same error, and tells it
            return None
        found = metadata.xet_file_data
        if found is None or metadata.size is None:
            self._xet.is_usable = False  # this hub has no Xet storage
            return None
        offset = int(headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        return self._xet.open(found.file_hash, metadata.size, found.refresh_route, offset)

    def _sign(self, request: Any) -> Any:
        if self._login and self._login.token:
            request.headers["Authorization"] = f"Bearer {self._login.token.reveal()}"
        return request

    def _call(self, call: Callable[[], _T]) -> _T:
        """Calls huggingface_hub, with a limit; turns its errors into a ``LoadError``."""
        from huggingface_hub.errors import HfHubHTTPError

        try:
            with limited_answers(MAX_ANSWER):
                return answered(call, lambda e: busy_wait(getattr(e, "response", None)))
        except HfHubHTTPError as error:
            raise self._load_error(error) from None
        except Exception as error:
            if is_network_error(error):
                raise not_reached(error, self.src, self._login) from None
            if isinstance(error, ValueError) and "proxy" in str(error).lower():
                raise not_reached(error, self.src, self._login) from None  # its address is none
            # the body is not JSON, or not what Hugging Face answers
            if isinstance(
                error, ValueError | TypeError | KeyError | AttributeError | RecursionError
            ):
                raise load_error("no_answer", self.src, self._login) from None
            raise

    def _load_error(self, error: Any) -> LoadError:
        from huggingface_hub.errors import (
            GatedRepoError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        status = error.response.status_code
        if isinstance(error, RevisionNotFoundError):
            return load_error(
                "version_gone",
                self.src,
                self._login,
                version=self.src.version or "main",
                newest="main",
                handle=f"hf://{self.src.handle}",
            )
        if isinstance(error, GatedRepoError):
            return request_refused(403, self.src, self._login)
        if isinstance(error, RepositoryNotFoundError) and self._login is None:
            # to an anonymous request Hugging Face answers 401 for a missing repository too
            return request_refused(404, self.src, self._login)
        return request_refused(status, self.src, self._login, busy_wait(error.response))
