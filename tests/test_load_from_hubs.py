"""``load`` over a real hub protocol: what it refuses before it asks, and a model that arrives whole."""

import dataclasses

import pytest
from hubs import KAGGLE
from hubs.server import HF_LOGIN, KAGGLE_LOGIN

import gemma_nb as gnb
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.catalog.unlisted import _from_host as from_host
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.hub.sources import find_source

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}/1"
WEIGHTS = "model.weights.h5"


def test_load_refuses_before_any_request(hubs, monkeypatch):
    gated = gnb.variant("gemma3_instruct_1b")
    for only in (True, False):
        with pytest.raises(LoadError) as caught:
            gnb.load(gated, download_only=only)
        assert caught.value.message.key == "fetch_no_credentials"
    with pytest.raises(InvalidInput):
        gnb.load(gated, credentials={"TOKEN": KAGGLE_LOGIN})
    monkeypatch.setattr("gemma_nb.hub.resolve.package_version", lambda _: "0.26.0")
    with pytest.raises(LoadError, match=r"0\.26\.0.*0\.32"):
        gnb.load(gated, credentials=KAGGLE_LOGIN)
    assert not hubs.asked


def test_a_full_disk_does_not_matter_to_what_is_on_it(hubs):
    from gemma_nb.hub.resolve import resolve_model

    small = dataclasses.replace(gnb.detect_runtime(), disk_free_bytes=1)
    variant = dataclasses.replace(gnb.variant("demo_gemma3_1m"), name="tiny", handle=K)
    assert resolve_model(variant).fit_runtime(small).disk_free_bytes == 1
    gnb.load(variant, download_only=True, progress=False)
    assert resolve_model(variant).fit_runtime(small).disk_free_bytes is None


@pytest.mark.slow
@pytest.mark.parametrize("handle", ["kaggle://keras/demo/keras/demo/1", "hf://org/demo"])
def test_a_real_model_comes_through_a_broken_line_and_answers(hubs, handle):
    """Cut, resumed, checked, loaded: it says what the same files say from the package."""
    demo = gnb.variant("demo_gemma3_instruct_1m")
    folder = demo_directory(demo.name)
    served = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    hubs.presets[find_source(handle).handle] = served
    hubs.faults.cuts = [0.3, 0.8]
    variant = dataclasses.replace(demo, name="over_the_line", handle=handle)
    directory = gnb.load(variant, download_only=True, progress=False)
    assert [a.status for a in hubs.bodies() if a.path.startswith("/storage")] == [200, 206, 206]
    same_here = {n: (directory / n).read_bytes() for n in served if (directory / n).exists()}
    assert same_here[WEIGHTS] == served[WEIGHTS]
    model = gnb.load(variant, max_length=64, progress=False)
    here = gnb.load(demo, max_length=64, progress=False)
    said = [m.generate("What is a leaf?", 8, temperature=0) for m in (model, here)]
    assert said[0] == said[1]
    assert said[0]
    model.unload()
    here.unload()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handle", "login"),
    [("kaggle://keras/demo/keras/demo/1", KAGGLE_LOGIN), ("hf://org/demo", HF_LOGIN)],
)
def test_a_gated_handle_with_a_login_given_in_the_call(hubs, handle, login, monkeypatch):
    """The lookup of what a handle is uses the same login as the download, and tells the same."""
    monkeypatch.setenv("HF_ENDPOINT", hubs.url)
    folder = demo_directory("demo_gemma3_instruct_1m")
    hubs.presets[find_source(handle).handle] = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    hubs.faults.login_needed = True
    for given, key in ((None, "no_credentials"), (login[:5] + "mistyped", "wrong_credentials")):
        with pytest.raises(LoadError) as caught:
            gnb.load(handle, credentials=given, download_only=True)
        assert caught.value.message.key == f"fetch_{key}"
    hubs.faults.consent_needed = True
    with pytest.raises(LoadError) as caught:
        gnb.load(handle, credentials=login, download_only=True)
    assert caught.value.message.key == "fetch_no_consent"
    hubs.faults.consent_needed = False
    directory = gnb.load(handle, credentials=login, download_only=True, progress=False)
    assert (directory / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()
    assert {a.login for a in hubs.bodies("config.json") if a.path.startswith("/storage")} <= {None}
    from gemma_nb.catalog.hub_lookup import TOKEN_PROVIDER

    assert TOKEN_PROVIDER.get() is None


def test_a_handle_that_is_on_disk_is_understood_without_a_network(hubs, monkeypatch):
    from_host.cache_clear()  # another test's hub said that it is gated
    folder = demo_directory("demo_gemma3_instruct_1m")
    hubs.presets["org/demo"] = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    monkeypatch.setenv("HF_ENDPOINT", hubs.url)
    directory = gnb.load("hf://org/demo", download_only=True, progress=False)
    from_host.cache_clear()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert gnb.load("hf://org/demo", download_only=True, progress=False) == directory
