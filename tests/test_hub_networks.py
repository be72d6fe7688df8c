"""Networks between here and the hubs: certificates, proxies, busy servers, switches for no network."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hubs import HF_KERAS, KAGGLE
from hubs.server import Faults, Hubs

import gemma_nb as gnb
from gemma_nb import i18n
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.hub import download
from gemma_nb.hub.checksums import retry_after
from gemma_nb.hub.fetch import fetch

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}/1"
H = f"hf://{HF_KERAS}"
CLOSED = "http://127.0.0.1:9"


def refused(handle, key):
    with pytest.raises(LoadError) as caught:
        fetch(handle, progress=False)
    assert caught.value.message.key == key, str(caught.value)
    for lang in i18n.LANGUAGES:
        assert "{" not in i18n.text(key, lang=lang, **caught.value.message.values)
    return str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody trusts, as a proxy puts in the place of a hub's."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=proxy",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", folder / "key", "-out", folder / "certificate"],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


@pytest.fixture
def https(hubs, certificate, monkeypatch):
    """The hubs behind that certificate."""
    import huggingface_hub
    from kagglesdk import kaggle_env

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with Hubs(hubs.presets, tls=certificate) as server:
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, server.url)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        name = "huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE"
        monkeypatch.setattr(name, template, raising=False)
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        huggingface_hub.close_session()  # the next request reads the variables again
        yield server
    huggingface_hub.close_session()


@pytest.mark.parametrize("handle", [K, H])
def test_a_certificate_that_is_not_trusted_is_named(https, handle):
    told = refused(handle, "fetch_certificate")
    assert "SSL_CERT_FILE" in told
    assert "REQUESTS_CA_BUNDLE" in told
    with pytest.raises(LoadError, match="certificate"):
        gnb.variant(handle)
    assert not https.asked


@pytest.mark.parametrize("handle", [K, H])
def test_the_advice_about_a_certificate_works(https, handle, certificate, monkeypatch):
    """Each client reads the variable that the message gives for it; one alone is not enough at Hugging Face."""
    if handle == H:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        refused(handle, "fetch_certificate")
        assert https.asked, "huggingface_hub's client reads SSL_CERT_FILE"
        assert all("/api/" in a.path for a in https.asked), "requests does not"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    folder = fetch(handle, progress=False)
    assert (folder / "model.weights.h5").stat().st_size > 100_000


def test_a_certificate_error_in_a_download_is_not_tried_again(https, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(download, "PAUSES", (60, 60))
    refused(H, "fetch_certificate")


@pytest.mark.parametrize("handle", [K, H])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_does_not_answer_is_named(hubs, handle, variable, monkeypatch):
    import huggingface_hub

    scheme = "https" if variable == "HTTPS_PROXY" else "http"
    endpoint = f"{scheme}://hub.invalid"
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, endpoint)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setenv(variable, CLOSED)
    huggingface_hub.close_session()
    try:
        told = refused(handle, "fetch_no_network")
    finally:
        huggingface_hub.close_session()
    assert variable.upper() in told


@pytest.mark.parametrize("handle", [K, H])
def test_a_hub_is_reached_through_a_proxy(hubs, handle, monkeypatch):
    """The stand-in is asked as a proxy is: with whole addresses of a host that does not exist."""
    import huggingface_hub
    from kagglesdk import kaggle_env

    endpoint = "http://hub.invalid"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, endpoint)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    name = "huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE"
    monkeypatch.setattr(name, template, raising=False)
    monkeypatch.setenv("HTTP_PROXY", hubs.url)
    monkeypatch.setenv("http_proxy", hubs.url)
    huggingface_hub.close_session()
    try:
        assert fetch(handle, progress=False).is_dir()
    finally:
        huggingface_hub.close_session()


@pytest.mark.parametrize("wrong", ["not a proxy", "ftp://127.0.0.1:9", "127.0.0.1:port"])
@pytest.mark.parametrize("handle", [K, H])
def test_a_proxy_that_cannot_be_one(hubs, handle, wrong, monkeypatch):
    import huggingface_hub

    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, wrong)
    huggingface_hub.close_session()
    try:
        told = refused(handle, "fetch_no_network")
        with pytest.raises(LoadError):
            gnb.variant(handle)
    finally:
        huggingface_hub.close_session()
    assert "HTTP_PROXY" in told


@pytest.mark.parametrize("handle", [K, H])
def test_a_lookup_that_a_page_answers(hubs, handle):
    hubs.faults.api_page = True
    # kagglehub takes the page for the file
    with pytest.raises(GemmaError, match="could not be read" if handle == H else "not valid JSON"):
        gnb.variant(handle)


@pytest.mark.parametrize("handle", [K, H])
@pytest.mark.parametrize("where", ["api", "storage"])
def test_a_busy_hub_is_waited_for_as_it_asks(hubs, handle, where):
    hubs.faults = Faults(**{f"{where}_busy": 2})
    assert fetch(handle, progress=False).is_dir()
    assert len([a for a in hubs.asked if a.status == 429]) == 2


@pytest.mark.parametrize("handle", [K, H])
@pytest.mark.parametrize("where", ["api", "storage"])
@pytest.mark.parametrize(("says", "when"), [("3600", "3600 seconds"), ("soon", "a few minutes")])
def test_a_hub_that_is_busy_for_long(hubs, handle, where, says, when):
    hubs.faults = Faults(**{f"{where}_busy": 99}, retry_after=says)
    assert when in refused(handle, "fetch_hub_busy")
    if says == "3600":
        busy = [a for a in hubs.asked if a.status == 429]
        assert len(busy) == 1
    hubs.faults = Faults()
    assert fetch(handle, progress=False).is_dir()


def test_the_two_forms_of_a_time_to_wait():
    """RFC 9110, section 10.2.3."""
    assert retry_after({"Retry-After": "120"}) == 120
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < retry_after({"Retry-After": later}) <= 90
    assert retry_after({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}) == 0
    for nothing in ({}, {"Retry-After": ""}, {"Retry-After": "-1"}, {"Retry-After": "soon"}):
        assert retry_after(nothing) is None


OFFLINE = """
import gemma_nb as gnb
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.hub.fetch import fetch
print(fetch("hf://org/tiny-keras", progress=False))
try:
    fetch("hf://org/tiny-safetensors", progress=False)
except LoadError as error:
    print(error.message.key, error)
"""


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_the_switches_of_hugging_face_for_no_network(hubs, variable):
    """They are read when its client is imported, so in a process of its own."""
    folder = fetch(H, progress=False)
    before = len(hubs.asked)
    env = {**os.environ, "HF_ENDPOINT": hubs.url, variable: "1"}
    done = subprocess.run([sys.executable, "-c", OFFLINE], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == str(folder)
    assert second.startswith("fetch_offline")
    assert "HF_HUB_OFFLINE" in second
    assert len(hubs.asked) == before


@pytest.mark.parametrize("wrong", ["commit", "hash"])
def test_what_becomes_a_name_on_the_disk_is_checked_first(hubs, tmp_path, monkeypatch, wrong):
    """A commit and a hash that a hub names become names in the cache: "../…" is neither."""
    away = "../../../../../precious"
    if wrong == "commit":
        monkeypatch.setattr(hubs, "commit", lambda repo, revision: away)
    else:
        monkeypatch.setattr("hubs.server._sha256", lambda data: away)
    (tmp_path / "precious").write_text("mine")
    refused(H, "fetch_no_answer")
    assert (tmp_path / "precious").read_text() == "mine"
    assert not list(tmp_path.rglob("*.h5"))
