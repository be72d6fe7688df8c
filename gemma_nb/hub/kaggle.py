"""Kaggle: what it has of a model, through kagglehub's and kagglesdk's own client.

Unlike kagglehub 1.0.2, a request has a timeout, the login is the one that our ladder found and no
other, and nothing is printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gemma_nb.hardware.environment import package_version
from gemma_nb.hub import hub_errors
from gemma_nb.hub.credentials import in_kaggle_notebook
from gemma_nb.hub.download import TIMEOUT, DownloadError, RemoteFile

if TYPE_CHECKING:
    from gemma_nb.hub.credentials import Login
    from gemma_nb.hub.sources import Source

_T = TypeVar("_T")
_PAGE = 100


class KaggleModel:
    """One model at Kaggle.

    Args:
        src: which.
        login: as whom; None for nobody.
    """

    def __init__(self, src: Source, login: Login | None) -> None:
        self._login = login
        self._client = _client(login)
        self._api = self._client.models.model_api_client
        self.src = src

    def newest(self) -> str:
        """The number of the newest version.

        Raises:
            LoadError: Kaggle does not say.
        """
        from kagglesdk.models.types.model_api_service import ApiGetModelInstanceRequest

        request = self._fill(ApiGetModelInstanceRequest())
        return str(self._ask(lambda: self._api.get_model_instance(request)).version_number)

    def names(self) -> dict[str, int | None]:
        """Every file of the version, with its bytes where Kaggle says.

        Raises:
            LoadError: no network, no such model or version, no right to see it.
        """
        from kagglesdk.models.types.model_api_service import (
            ApiListModelInstanceVersionFilesRequest as Request,
        )

        found: dict[str, int | None] = {}
        token = ""
        while True:
            request = self._fill(Request())
            request.version_number = int(self.src.version or 0)
            request.page_size = _PAGE
            if token:
                request.page_token = token
            answer = self._ask(lambda r=request: self._api.list_model_instance_version_files(r))  # type: ignore[misc]
            found.update({f.name: f.size or None for f in answer.files})
            following = answer.next_page_token
            if not following or following == token:
                return found
            token = following

    def remote(self, name: str, size: int | None) -> RemoteFile:
        """A file, ready to be fetched."""
        return RemoteFile(name, size, None, lambda headers: self._open(name, headers))

    def _open(self, name: str, headers: dict[str, str]) -> Any:
        """Asks Kaggle for the file; it sends us on to its storage, to which the headers are."""
        import requests
        from kagglesdk.models.types.model_api_service import (
            ApiDownloadModelInstanceVersionRequest as Request,
        )

        request = self._fill(Request())
        request.version_number = int(self.src.version or 0)
        request.path = name
        session = self._client.http_client()._session  # noqa: SLF001
        headers = {**headers, "Accept-Encoding": "identity"}
        before = session.headers.copy()
        session.headers.update(headers)
        try:
            return self._api.download_model_instance_version(request)
        except requests.exceptions.JSONDecodeError:
            raise DownloadError("page") from None
        except requests.HTTPError as error:
            answer = error.response
            if answer is not None and answer.history:
                # Kaggle let us in; its storage did not
                if answer.status_code == 416:
                    return answer
                raise DownloadError("status", status=answer.status_code) from None
            status = answer.status_code if answer is not None else 0
            if status == 429 or status >= 500:
                raise DownloadError("status", status=status) from None
            raise hub_errors.request_refused(status, self.src, self._login) from None
        finally:
            session.headers = before

    def _fill(self, request: Any) -> Any:
        from kagglehub.handle import parse_model_handle

        handle = parse_model_handle(self.src.handle)
        request.owner_slug = handle.owner
        request.model_slug = handle.model
        request.framework = handle.framework_enum()
        request.instance_slug = handle.variation
        return request

    def _ask(self, call: Callable[[], _T]) -> _T:
        import requests

        try:
            return call()
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status == 404 and self.src.version and (newest := self._newest_or_none()):
                raise hub_errors.load_error(
                    "version_gone",
                    self.src,
                    self._login,
                    version=self.src.version,
                    newest=newest,
                    handle=f"kaggle://{self.src.handle}/{newest}",
                ) from None
            raise hub_errors.request_refused(status, self.src, self._login) from None
        except ValueError:  # no JSON
            raise hub_errors.load_error("no_answer", self.src, self._login) from None
        except (requests.RequestException, OSError):
            raise hub_errors.load_error("no_network", self.src, self._login) from None

    def _newest_or_none(self) -> str | None:
        import requests

        from gemma_nb.errors import LoadError

        try:
            return KaggleModel(self.src.at(""), self._login).newest()
        except (LoadError, requests.RequestException, OSError):
            return None


def _client(login: Login | None) -> Any:
    import requests
    from kagglesdk.kaggle_client import KaggleClient
    from kagglesdk.kaggle_env import get_env

    class Patient(requests.adapters.HTTPAdapter):
        """kagglesdk sends without a timeout and would wait for ever."""

        def send(self, *args: Any, **options: Any) -> Any:
            options["timeout"] = options.get("timeout") or TIMEOUT
            return super().send(*args, **options)

    # verbose, which kagglehub sets in one environment, prints the Authorization header
    client = KaggleClient(env=get_env(), verbose=False, user_agent=_user_agent())
    http = client.http_client()
    # it would look for a login itself, in another order than ours
    http._signed_in = login is not None  # noqa: SLF001
    http.__enter__()
    session = http._session  # noqa: SLF001
    for scheme in ("https://", "http://"):
        session.mount(scheme, Patient())
    if login and login.token:
        session.auth = http.BearerAuth(login.token.reveal())
    elif login and login.username and login.key:
        session.auth = (login.username.reveal(), login.key.reveal())
    return client


def _user_agent() -> str:
    # kagglehub's own walks the stack for a quarter of a second
    from gemma_nb import __version__

    return f"kagglehub/{package_version('kagglehub')} gemma_nb/{__version__}"


def can_attach() -> bool:
    """Whether this is a place that attaches models by itself: a Kaggle notebook, or Colab."""
    return in_kaggle_notebook() or "TBE_RUNTIME_ADDR" in os.environ


def attach(src: Source, login: Login | None) -> Path | None:
    """The directory of a model that the place itself attaches, without a download.

    Kaggle's notebooks do so with their own identity, Colab with the user's.

    Args:
        src: the model.
        login: as whom.

    Returns:
        The directory; None where nothing attaches this model.

    Raises:
        LoadError: the place would, and could not.
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
        raise hub_errors.request_refused(status, src, login) from None
    except requests.RequestException:
        raise hub_errors.load_error("no_network", src, login) from None
    except (BackendError, CredentialError, ValueError) as error:
        raise hub_errors.load_error("not_attached", src, login, why=type(error).__name__) from None
    return None


@contextmanager
def kagglehub_login(login: Login | None) -> Iterator[None]:
    """Lends kagglehub a login for the length of a block, in this process's memory alone."""
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
