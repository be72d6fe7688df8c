"""Files of Hugging Face's Xet storage: the same bytes, resumed, checked, and over HTTP where it fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hubs import HF_KERAS, HF_SAFE
from hubs.server import HF_LOGIN, Faults
from hubs.xet import Cas

import gemma_nb as gnb
from gemma_nb.errors import LoadError
from gemma_nb.hub.fetch import fetch, local_directory

pytest_plugins = ["hubs.plugin"]

hf_xet = pytest.importorskip("hf_xet")
pytestmark = pytest.mark.skipif(
    not hasattr(hf_xet, "XetDownloadStreamGroup"), reason="this hf_xet has no streams"
)

H = f"hf://{HF_KERAS}"
T = f"hf://{HF_SAFE}"
WEIGHTS = "model.weights.h5"


@pytest.fixture
def cas(hubs):
    hubs.xet = Cas(hubs)
    return hubs.xet


def same(folder, hubs, handle=H):
    served = hubs.presets[handle.removeprefix("hf://")]
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    assert [n for n in names if n.endswith((".h5", ".safetensors"))]
    return all((folder / n).read_bytes() == served[n] for n in names)


def over_http(hubs):
    return [a for a in hubs.asked if a.path.startswith("/storage")]


def over_xet(hubs):
    return [a for a in hubs.asked if a.path.startswith("/cas/xorbs/")]


@pytest.mark.parametrize("handle", [H, T])
def test_the_files_arrive_whole_and_nothing_comes_over_http(hubs, cas, handle):
    steps = []
    folder = fetch(handle, progress=steps.append)
    assert same(folder, hubs, handle)
    assert over_xet(hubs)
    assert not over_http(hubs)
    assert steps[-1].done == steps[-1].total
    assert local_directory(handle) == folder


def test_a_gated_repository_gives_its_token_to_the_login_alone(hubs, cas):
    hubs.faults.login_needed = True
    assert same(fetch(H, HF_LOGIN, progress=False), hubs)
    assert over_xet(hubs)
    asked = [a for a in hubs.asked if a.path.startswith("/cas/")]
    assert not [a for a in asked if HF_LOGIN in (a.login or "")], "the storage never sees the login"
    for path in Path(os.environ["HOME"]).rglob("*"):  # hf_xet keeps a log
        assert not path.is_file() or HF_LOGIN.encode()[5:] not in path.read_bytes()


def test_a_flipped_bit(hubs, cas):
    """hf_xet lets it in; the sha256 that Hugging Face gives tells."""
    cas.flips = 2
    with pytest.raises(LoadError, match="arrived damaged"):
        fetch(H, progress=False)
    cas.flips = 0
    assert same(fetch(H, progress=False), hubs)


def test_a_cut_is_gone_on_with_over_http(hubs, cas):
    cas.cuts = 99
    assert same(fetch(H, progress=False), hubs)
    assert over_http(hubs)


def test_a_part_of_an_earlier_call_is_gone_on_with(hubs, cas):
    size = len(hubs.presets[HF_KERAS][WEIGHTS])
    hubs.xet = None
    hubs.faults.always_cut = 0.5
    with pytest.raises(LoadError):
        fetch(H, progress=False)
    hubs.xet, hubs.faults = cas, Faults()
    hubs.asked.clear()
    assert same(fetch(H, progress=False), hubs)
    assert not over_http(hubs)
    ranges = [a.range for a in over_xet(hubs)]
    starts = [int(r.removeprefix("bytes=").partition("-")[0]) for r in ranges]
    assert any(0.4 * size < start < 0.6 * size for start in starts), ranges


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_storage_that_fails_is_left_for_http(hubs, cas, status):
    cas.status = status
    start = time.monotonic()
    assert same(fetch(H, progress=False), hubs)
    assert over_http(hubs)
    assert time.monotonic() - start < 20


def test_a_storage_that_cannot_be_reached_is_left_for_http(hubs, cas, monkeypatch):
    """As in a school whose network lets through Hugging Face's pages alone."""
    token = {**cas.token(), "casUrl": "http://127.0.0.1:9"}
    monkeypatch.setattr(cas, "token", lambda: token)
    assert same(fetch(H, progress=False), hubs)
    assert over_http(hubs)
    assert not over_xet(hubs)


def test_xet_can_be_switched_off(hubs, cas, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    assert same(fetch(H, progress=False), hubs)
    assert not over_xet(hubs)


SCRIPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from gemma_nb.hub.fetch import fetch
print("starting", flush=True)
fetch({handle!r})
"""


def test_ctrl_c_ends_it_at_once_and_leaves_what_is_good(hubs, cas):
    cas.slow = 0.3
    env = {**os.environ, "HF_ENDPOINT": hubs.url, "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(handle=H)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not over_xet(hubs) and not [a for a in hubs.asked if a.path.startswith("/cas/xorbs")]:
        assert time.monotonic() < deadline
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, err = child.communicate(timeout=30)
    assert time.monotonic() - start < 10
    assert child.returncode != 0
    assert "KeyboardInterrupt" in err
    assert local_directory(H) is None
    cas.slow = 0
    folder = fetch(H, progress=False)
    assert same(folder, hubs)
    assert not list(Path(os.environ["HOME"]).rglob("*.partial"))
    assert [m.whole for m in gnb.cached()] == [True]
