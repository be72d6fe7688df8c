"""The files of a model at Kaggle, through the client of kagglehub and kagglesdk.

Unlike in kagglehub 1.0.2, a request has a timeout, the login is the one that
``credential_sources`` found and no other, and nothing is printed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gemma_nb import __version__
from gemma_nb.catalog.hub_client import MAX_ANSWER, keep_body, read_up_to
from gemma_nb.errors import LoadError
from gemma_nb.hardware.environment import package_version
from gemma_nb.hub.credential_sources import in_kaggle_notebook
from gemma_nb.hub.credentials import Login
from gemma_nb.hub.download import TIMEOUT, DownloadError, RemoteFile, answered, busy_wait
from gemma_nb.hub.hub_answers import (
    MAX_FILES,
    MAX_PAGES,
    check_files,
    check_page_token,
    check_version,
)
from gemma_nb.hub.hub_errors import load_error, not_reached, request_refused
from gemma_nb.hub.sources import Source

_T = TypeVar("_T")
#: Files in one page of a listing.
_PAGE_SIZE = 100


class KaggleModel:
    """One model at Kaggle.

    Args:
        src: the source.
        login: the login to send; None for an anonymous request.
    """

    def __init__(self, src: Source, login: Login | None) -> None:
        self._login = login
        self._api = _new_client(login).models.model_api_client
        self.src = src

    def newest_version(self) -> str:
        """The number of the newest version.

        Raises:
            LoadError: Kaggle does not say.
        """
        from kagglesdk.models.types.model_api_service import ApiGetModelInstanceRequest

        request = self._address(ApiGetModelInstanceRequest())
        return self._call(
            lambda: check_version(self._api.get_model_instance(request).version_number)
        )

    def list_files(self) -> dict[str, int | None]:
        """Every file of the version, with its bytes where Kaggle says.

        Raises:
            LoadError: no network, no such model or version, or no right to see it.
        """
        from kagglesdk.models.types.model_api_service import (
            ApiListModelInstanceVersionFilesRequest as Request,
        )

        listed: list[tuple[Any, Any]] = []
        token = ""
        for _ in range(MAX_PAGES):
            request = self._address(Request())
            request.version_number = int(self.src.version or 0)
            request.page_size = _PAGE_SIZE
            if token:
                request.page_token = token
            page = self._call(lambda r=request: self._api.list_model_instance_version_files(r))  # type: ignore[misc]
            listed += [(f.name, f.size or None) for f in page.files or ()]
            next_token = self._call(lambda p=page: check_page_token(p.next_page_token))  # type: ignore[misc]
            if not next_token or next_token == token or len(listed) > MAX_FILES:
                return self._call(lambda: check_files(listed))  # noqa: B023 - called at once
            token = next_token
        raise load_error("no_answer", self.src, self._login)

    def remote_file(self, name: str, size: int | None) -> RemoteFile:
        """One file of the version, for ``download_files``.

        Args:
            name: the file.
            size: bytes, None where Kaggle does not say.
        """
        return RemoteFile(name, size, None, lambda headers: self._open(name, headers))

    def _open(self, name: str, headers: dict[str, str]) -> Any:
        """Requests the file. Kaggle redirects to its storage, which the headers are meant for."""
        import requests
        from kagglesdk.models.types.model_api_service import (
            ApiDownloadModelInstanceVersionRequest as Request,
        )

        request = self._address(Request())
        request.version_number = int(self.src.version or 0)
        request.path = name
        # a client of its own: several threads open files, and a client's session has the headers
        client = _new_client(self._login)
        session = client.http_client()._session  # noqa: SLF001
        session.headers.update({**headers, "Accept-Encoding": "identity"})
        try:
            return client.models.model_api_client.download_model_instance_version(request)
        except requests.exceptions.JSONDecodeError:
            raise DownloadError("page") from None
        except requests.HTTPError as error:
            response = error.response
            if response is not None and response.history:
                # Kaggle redirected; its storage refused
                if response.status_code == 416:
                    return response
                wait = busy_wait(response)
                raise DownloadError("status", status=response.status_code, wait=wait) from None
            status = response.status_code if response is not None else 0
            if status == 429 or status >= 500:
                raise DownloadError("status", status=status, wait=busy_wait(response)) from None
            raise request_refused(status, self.src, self._login) from None

    def _address(self, request: Any) -> Any:
        """Fills the fields of a request that name the model."""
        from kagglehub.handle import parse_model_handle

        handle = parse_model_handle(self.src.handle)
        request.owner_slug = handle.owner
        request.model_slug = handle.model
        request.framework = handle.framework_enum()
        request.instance_slug = handle.variation
        return request

    def _call(self, call: Callable[[], _T]) -> _T:
        """Calls Kaggle's API; turns its errors into a ``LoadError``."""
        import requests

        try:
            return answered(call, lambda e: busy_wait(getattr(e, "response", None)))
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status == 404 and self.src.version and (newest := self._newest_or_none()):
                raise load_error(
                    "version_gone",
                    self.src,
                    self._login,
                    version=self.src.version,
                    newest=newest,
                    handle=f"kaggle://{self.src.handle}/{newest}",
                ) from None
            wait = busy_wait(error.response)
            raise request_refused(status, self.src, self._login, wait) from None
        except json.JSONDecodeError:
            raise load_error("no_answer", self.src, self._login) from None
        except (requests.RequestException, OSError) as error:
            raise not_reached(error, self.src, self._login) from None
        # JSON that is not what Kaggle answers, BadAnswer among them
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise load_error("no_answer", self.src, self._login) from None

    def _newest_or_none(self) -> str | None:
        import requests

        try:
            return KaggleModel(self.src.at(""), self._login).newest_version()
        except (LoadError, requests.RequestException, OSError):
            return None


def _new_client(login: Login | None) -> Any:
    """Kagglesdk's client, with a timeout and with this login alone."""
    import requests
    from kagglesdk.kaggle_client import KaggleClient
    from kagglesdk.kaggle_env import get_env

    class TimeoutAdapter(requests.adapters.HTTPAdapter):
        """kagglesdk sends without a timeout, and would wait for ever."""

        def send(self, *args: Any, **options: Any) -> Any:
            options["timeout"] = options.get("timeout") or TIMEOUT
            response = super().send(*args, **options)
            if not options.get("stream"):
                _read_answer(response)
            return response

    # verbose=True, which kagglehub sets in one environment, prints the Authorization header
    client = KaggleClient(env=get_env(), verbose=False, user_agent=_user_agent())
    http = client.http_client()
    # this keeps the client from looking for a login itself, in another order than ours
    http._signed_in = login is not None  # noqa: SLF001
    http.__enter__()
    session = http._session  # noqa: SLF001
    for scheme in ("https://", "http://"):
        session.mount(scheme, TimeoutAdapter())
    if login and login.token:
        session.auth = http.BearerAuth(login.token.reveal())
    elif login and login.username and login.key:
        session.auth = (login.username.reveal(), login.key.reveal())
    return client


def _read_answer(response: Any) -> None:
    """Reads the body of an answer of the API, decompressed, up to ``MAX_ANSWER``.

    Raises:
        requests.ConnectionError: it is longer.
    """
    import requests

    body = read_up_to(response.iter_content(2**16), MAX_ANSWER + 1)
    if len(body) > MAX_ANSWER:
        response.close()
        raise requests.ConnectionError("the answer has no end")
    keep_body(response, body)


def _user_agent() -> str:
    # kagglehub's own function walks the stack for a quarter of a second
    return f"kagglehub/{package_version('kagglehub')} gemma_nb/{__version__}"


def can_attach() -> bool:
    """Whether this environment attaches models itself: a Kaggle notebook, or Colab."""
    return in_kaggle_notebook() or "TBE_RUNTIME_ADDR" in os.environ


def attach(src: Source, login: Login | None) -> Path | None:
    """Attaches a model without a download, where the environment can.

    A Kaggle notebook does so with its own identity, Colab with the user's login.

    Args:
        src: the source.
        login: the login to use.

    Returns:
        The directory of the model; None where the environment does not attach this model.

    Raises:
        LoadError: attaching failed.
    """
    import kagglehub
    import requests
    from kagglehub import config
    from kagglehub.clients import ColabClient
    from kagglehub.colab_cache_resolver import ModelColabCacheResolver
    from kagglehub.exceptions import BackendError, CredentialError
    from kagglehub.handle import parse_model_handle

    handle = src.handle if src.version is None else f"{src.handle}/{src.version}"
    try:
        with kagglehub_login(login):
            if in_kaggle_notebook() and not config.is_kaggle_cache_disabled():
                return Path(kagglehub.model_download(handle))
            in_colab = ColabClient.TBE_RUNTIME_ADDR_ENV_VAR_NAME in os.environ
            if in_colab and ModelColabCacheResolver().is_supported(parse_model_handle(handle)):
                return Path(kagglehub.model_download(handle))
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        raise request_refused(status, src, login) from None
    except requests.RequestException as error:
        raise not_reached(error, src, login) from None
    except (BackendError, CredentialError, ValueError) as error:
        raise load_error("not_attached", src, login, why=type(error).__name__) from None
    return None


@contextmanager
def kagglehub_login(login: Login | None) -> Iterator[None]:
    """Gives kagglehub a login for the length of a block, in this process's memory alone."""
    from kagglehub import config

    before = config._kaggle_credentials  # noqa: SLF001
    if login and login.token:
        config._kaggle_credentials = config.KaggleApiCredentials(api_key=login.token.reveal())  # noqa: SLF001
    elif login and login.username and login.key:
        config._kaggle_credentials = config.KaggleApiCredentials(  # noqa: SLF001
            username=login.username.reveal(), key=login.key.reveal()
        )
    try:
        yield
    finally:
        config._kaggle_credentials = before  # noqa: SLF001
