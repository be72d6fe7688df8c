"""Downloads: whole, resumed, refused, broken; the real clients against two hubs on loopback."""

import base64
import dataclasses
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest
from hubs import HF_KERAS, HF_SAFE, KAGGLE, ROWS, SHARDED, presets
from hubs.server import COMMIT, HF_LOGIN, KAGGLE_LOGIN, KAGGLE_PAIR, Faults, _crc32c
from IPython.core.ultratb import VerboseTB

from gemma_nb import i18n
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.hub import checksums, download
from gemma_nb.hub.checkpoint_files import check_file
from gemma_nb.hub.checksums import Crc32c
from gemma_nb.hub.fetch import fetch, local_directory
from gemma_nb.hub.resolve import resolve_model
from gemma_nb.hub.sources import find_source
from gemma_nb.language import set_language

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}/1"
S = f"kaggle://{SHARDED}/1"
H = f"hf://{HF_KERAS}"
T = f"hf://{HF_SAFE}"
WEIGHTS = "model.weights.h5"
HEALED = Faults()


def files_of(hubs, handle):
    return hubs.presets[find_source(handle).handle]


def same(folder, hubs, handle):
    """Whether what lies in a folder is what the hub has, byte for byte, and a loadable whole."""
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    served = files_of(hubs, handle)
    expected = {n for n in served if n.endswith((".json", ".h5", ".safetensors", ".spm", ".model"))}
    assert there == expected - {"consolidated.safetensors"}
    for name in there:
        assert (folder / name).read_bytes() == served[name], name
    return True


def refused(case, handle, key, credentials=None):
    """Fetches, expects one message with that key, and gives it back; notes a row of the table."""
    with pytest.raises((LoadError, InvalidInput)) as caught:
        fetch(handle, credentials, progress=False)
    error = caught.value
    assert error.message.key == f"fetch_{key}", str(error)
    english, japanese = (
        i18n.text(error.message.key, lang=lang, **error.message.values) for lang in i18n.LANGUAGES
    )
    assert english != japanese
    assert "\n" not in english
    shown = english.replace(str(Path(os.environ["HOME"])), "~")
    ROWS.append([case, shown, False])
    return english


def recovered(hubs, handle, credentials=None):
    """The cause is gone: the next try has to succeed, with the right bytes."""
    hubs.faults = dataclasses.replace(HEALED)
    folder = fetch(handle, credentials, progress=False)
    assert same(folder, hubs, handle)
    assert not list(folder.rglob("*.partial*"))
    ROWS[-1][2] = True
    return folder


def weights_asked(hubs, suffix=".h5"):
    return [
        a
        for a in hubs.asked
        if a.method == "GET" and a.path.startswith("/storage") and a.path.endswith(suffix)
    ]


@pytest.mark.parametrize("handle", [K, f"kaggle://{KAGGLE}", S, H, T])
def test_a_preset_arrives_whole_and_is_not_asked_for_again(hubs, handle):
    folder = fetch(handle, progress=False)
    assert same(folder, hubs, handle)
    assert local_directory(handle) == folder
    before = len(weights_asked(hubs, ""))
    assert fetch(handle, progress=False) == folder
    assert len(weights_asked(hubs, "")) == before


@pytest.mark.parametrize("handle", [K, H])
def test_two_files_of_the_same_bytes(hubs, handle):
    """At Hugging Face they are one file on the disk, which is downloaded once."""
    for name in ("assets/one.json", "assets/two.json", "assets/three.json"):
        files_of(hubs, handle)[name] = b'{"the same": "bytes"}'
    folder = fetch(handle, progress=False)
    assert same(folder, hubs, handle)
    asked = [a for a in hubs.asked if a.path.endswith(("one.json", "two.json", "three.json"))]
    assert len([a for a in asked if a.method == "GET"]) == (1 if handle == H else 3)
    assert local_directory(handle) == folder


def test_a_version_that_is_here_needs_no_network(hubs):
    folder = fetch(K, progress=False)
    asked = len(hubs.asked)
    assert fetch(K, progress=False) == folder
    assert len(hubs.asked) == asked


def test_nothing_that_could_run_code_is_fetched(hubs):
    folder = fetch(T, progress=False)
    assert {p.suffix for p in folder.iterdir()} == {".json", ".safetensors", ".model"}
    assert not [a for a in hubs.asked if a.path.endswith((".bin", ".py"))]


def test_kagglehub_finds_the_files_by_itself(hubs):
    import kagglehub

    folder = fetch(K, progress=False)
    before = len(hubs.asked)
    for name in ("config.json", WEIGHTS, "assets/tokenizer/vocabulary.spm"):
        assert kagglehub.model_download(f"{KAGGLE}/1", name) == str(folder / name)
    assert len(hubs.asked) == before


def test_huggingface_hub_finds_the_files_by_itself(hubs, tmp_path):
    from huggingface_hub import hf_hub_download, scan_cache_dir

    folder = fetch(H, progress=False)
    cache = tmp_path / "hf" / "hub"
    found = hf_hub_download(HF_KERAS, WEIGHTS, cache_dir=cache, local_files_only=True)
    assert Path(found) == folder / WEIGHTS
    [repo] = scan_cache_dir(cache).repos
    assert repo.repo_id == HF_KERAS
    assert repo.size_on_disk >= (folder / WEIGHTS).stat().st_size


@pytest.mark.parametrize("handle", [K, H])
def test_no_network(hubs, handle, monkeypatch):
    import huggingface_hub.constants as hf
    from kagglesdk import kaggle_env

    closed = "http://127.0.0.1:9"
    with monkeypatch.context() as gone:
        gone.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, closed)
        gone.setattr(hf, "ENDPOINT", closed)
        refused(f"no network, {find_source(handle).hub}", handle, "no_network")
    recovered(hubs, handle)


def test_no_network_but_a_copy_on_disk(hubs, monkeypatch):
    import huggingface_hub.constants as hf

    folder = fetch(H, progress=False)
    monkeypatch.setattr(hf, "ENDPOINT", "http://127.0.0.1:9")
    assert fetch(H, progress=False) == folder


@pytest.mark.parametrize(("handle", "login"), [(K, KAGGLE_LOGIN), (H, HF_LOGIN)])
def test_no_credentials(hubs, handle, login):
    hubs.faults.login_needed = True
    told = refused(f"no credentials, {find_source(handle).hub}", handle, "no_credentials")
    assert find_source(handle).page in told
    assert not weights_asked(hubs)
    hubs.faults = Faults(login_needed=True)
    assert same(fetch(handle, login, progress=False), hubs, handle)
    ROWS[-1][2] = True


def test_a_pair_of_name_and_key_is_a_login_too(hubs, monkeypatch):
    # kagglesdk would take this token first, although the pair was given
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_withdrawn")
    hubs.faults.login_needed = True
    pair = dict(zip(("KAGGLE_USERNAME", "KAGGLE_KEY"), KAGGLE_PAIR, strict=True))
    assert same(fetch(K, pair, progress=False), hubs, K)


@pytest.mark.parametrize(("handle", "login"), [(K, "KGAT_mistyped"), (H, "hf_mistyped")])
def test_wrong_credentials(hubs, handle, login):
    told = refused(
        f"wrong credentials, {find_source(handle).hub}", handle, "wrong_credentials", login
    )
    assert "credentials=" in told
    assert "mistyped" not in told
    recovered(hubs, handle, KAGGLE_LOGIN if handle == K else HF_LOGIN)


@pytest.mark.parametrize(("handle", "login"), [(K, KAGGLE_LOGIN), (H, HF_LOGIN)])
def test_consent_missing(hubs, handle, login):
    hubs.faults.consent_needed = True
    told = refused(f"consent missing, {find_source(handle).hub}", handle, "no_consent", login)
    assert find_source(handle).page in told
    recovered(hubs, handle, login)


@pytest.mark.parametrize("handle", ["kaggle://keras/tiny/keras/tiny_9b/1", "hf://org/none"])
def test_unknown_preset(hubs, handle):
    refused(f"unknown preset, {find_source(handle).hub}", handle, "unknown")
    hubs.presets[find_source(handle).handle] = presets.keras(5)
    recovered(hubs, handle)


def test_version_gone(hubs):
    hubs.versions[KAGGLE] = 4
    told = refused("version gone, kaggle", f"kaggle://{KAGGLE}/3", "version_gone")
    assert f"kaggle://{KAGGLE}/4" in told
    recovered(hubs, f"kaggle://{KAGGLE}/4")
    told = refused("revision gone, huggingface", f"{H}@v2", "version_gone")
    assert H in told
    recovered(hubs, H)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("handle", [K, H])
def test_connection_cut_and_resumed(hubs, handle, share):
    size = len(files_of(hubs, handle)[WEIGHTS])
    hubs.faults.always_cut = share
    told = refused(f"cut at {share:.0%}, {find_source(handle).hub}", handle, "cut")
    assert WEIGHTS in told
    assert len(weights_asked(hubs)) > len(download.PAUSES)
    recovered(hubs, handle)
    begin = int(weights_asked(hubs)[-1].range.removeprefix("bytes=").removesuffix("-"))
    assert share * size - download.CHUNK <= begin <= share * size


@pytest.mark.parametrize("handle", [K, H])
def test_three_cuts_in_one_download_need_no_second_try(hubs, handle):
    hubs.faults.cuts = [0.1, 0.5, 0.99]
    steps = []
    folder = fetch(handle, progress=steps.append)
    assert same(folder, hubs, handle)
    asked = weights_asked(hubs)
    assert [a.status for a in asked] == [200, 206, 206, 206]
    assert steps[-1].finished
    assert steps[-1].done == steps[-1].total


@pytest.mark.parametrize("handle", [K, H])
def test_a_server_that_ignores_range(hubs, handle):
    hubs.faults.cuts = [0.5, 0.5, 0.5]
    hubs.faults.ignore_range = True
    # the line breaks at half each time, and each time all of it comes again
    refused(f"Range ignored, {find_source(handle).hub}", handle, "cut")
    hubs.faults = Faults(ignore_range=True)
    assert same(fetch(handle, progress=False), hubs, handle)
    ROWS[-1][2] = True
    assert weights_asked(hubs)[-1].range
    assert weights_asked(hubs)[-1].status == 200


@pytest.mark.parametrize("handle", [K, H])
@pytest.mark.parametrize("begun", [False, True])
def test_a_body_that_is_an_error_page(hubs, handle, begun):
    if begun:
        hubs.faults.always_cut = 0.5
        with pytest.raises(LoadError):
            fetch(handle, progress=False)
    hubs.faults = Faults(page=True)
    refused(
        f"error page{' on resuming' if begun else ''}, {find_source(handle).hub}", handle, "page"
    )
    recovered(hubs, handle)
    # what had arrived before the page was good, and was gone on with
    assert bool(weights_asked(hubs)[-1].range) is begun


@pytest.mark.parametrize("handle", [K, H])
def test_the_storage_refuses(hubs, handle):
    hubs.faults.always_cut = 0.5
    with pytest.raises(LoadError):
        fetch(handle, progress=False)
    hubs.faults = Faults(storage_status=403, no_hash=True)
    refused(f"403 from the storage, {find_source(handle).hub}", handle, "storage_refused")
    recovered(hubs, handle)
    assert weights_asked(hubs)[-1].range


@pytest.mark.parametrize("handle", [K, H])
def test_a_hub_that_is_down_or_is_not_the_hub(hubs, handle):
    hubs.faults.api_status = 503
    refused(f"503, {find_source(handle).hub}", handle, "hub_busy")
    hubs.faults = Faults(api_page=True)
    refused(f"a page instead of the hub, {find_source(handle).hub}", handle, "no_answer")
    recovered(hubs, handle)
    ROWS[-2][2] = True


@pytest.mark.parametrize("handle", [K, H])
def test_a_flipped_bit(hubs, handle):
    hubs.faults.flips = 1
    refused(f"flipped bit, {find_source(handle).hub}", handle, "hash")
    # nothing of the damaged file stays; what else was coming in was cancelled, and is good so far
    served = files_of(hubs, handle)
    damaged_file = (WEIGHTS, hashlib.sha256(served[WEIGHTS]).hexdigest())
    for left in Path(os.environ["HOME"]).rglob("*.partial*"):
        assert not left.name.startswith(damaged_file)
        if left.suffix == ".partial":
            assert any(data.startswith(left.read_bytes()) for data in served.values())
    small = len([a for a in hubs.asked if a.path.endswith("tokenizer.json")])
    recovered(hubs, handle)
    # good files of the first try were kept
    assert len([a for a in hubs.asked if a.path.endswith("config.json")]) == 1
    assert small <= 1


def test_a_flipped_bit_in_the_part_of_an_earlier_try_costs_no_second_message(hubs):
    hubs.faults.always_cut = 0.5
    with pytest.raises(LoadError):
        fetch(K, progress=False)
    [partial] = Path(os.environ["HOME"]).rglob(f"{WEIGHTS}.partial")
    spoilt = bytearray(partial.read_bytes())
    spoilt[100] ^= 1
    partial.write_bytes(spoilt)
    hubs.faults = Faults()
    assert same(fetch(K, progress=False), hubs, K)
    assert [a.status for a in weights_asked(hubs)[-2:]] == [206, 200]


def test_a_partial_without_a_note_or_a_hash_is_not_trusted(hubs):
    hubs.faults = Faults(always_cut=0.5, no_hash=True, no_etag=True)
    with pytest.raises(LoadError):
        fetch(K, progress=False)
    hubs.faults = Faults(no_hash=True, no_etag=True)
    assert same(fetch(K, progress=False), hubs, K)
    assert not weights_asked(hubs)[-1].range


@pytest.mark.parametrize("no_hash", [False, True])
def test_what_kagglehub_left_of_a_broken_download(hubs, no_hash, monkeypatch):
    """kagglehub leaves a partial at the final name; with the hub's hash it is gone on with."""
    import kagglehub

    hubs.faults = Faults(cuts=[0.5])
    monkeypatch.setattr("kagglehub.clients.CHUNK_SIZE", 2**14)
    with pytest.raises(Exception):  # noqa: B017 - whatever the client raises
        kagglehub.model_download(f"{KAGGLE}/1", WEIGHTS)
    [left] = (p for p in Path(os.environ["KAGGLEHUB_CACHE"]).rglob(WEIGHTS))
    assert 0 < left.stat().st_size < len(files_of(hubs, K)[WEIGHTS])
    hubs.faults = Faults(no_hash=no_hash)
    assert same(fetch(K, progress=False), hubs, K)
    assert bool(weights_asked(hubs)[-1].range) is not no_hash


def test_a_flipped_bit_that_huggingface_hub_let_in(hubs, tmp_path):
    """It checks the size alone; what it left is checked by its hash before it is used."""
    from huggingface_hub import hf_hub_download

    cache = tmp_path / "hf" / "hub"
    hubs.faults = Faults(flips=1)
    bad = hf_hub_download(HF_KERAS, WEIGHTS, cache_dir=cache, endpoint=hubs.url)
    assert Path(bad).read_bytes() != files_of(hubs, H)[WEIGHTS]
    hubs.faults = Faults()
    assert same(fetch(H, progress=False), hubs, H)


def test_what_huggingface_hub_fetched_well_is_not_fetched_again(hubs, tmp_path):
    from huggingface_hub import hf_hub_download

    cache = tmp_path / "hf" / "hub"
    hf_hub_download(HF_KERAS, WEIGHTS, cache_dir=cache, endpoint=hubs.url)
    before = len(weights_asked(hubs))
    assert same(fetch(H, progress=False), hubs, H)
    assert len(weights_asked(hubs)) == before


@pytest.mark.parametrize("handle", [K, H])
def test_what_another_program_fetched_does_without_network_and_login(hubs, handle, monkeypatch):
    import huggingface_hub
    import huggingface_hub.constants as hf
    import kagglehub
    from kagglesdk import kaggle_env

    cache = Path(os.environ["HF_HOME"]) / "hub"
    for name in files_of(hubs, handle):
        if handle == K:
            kagglehub.model_download(f"{KAGGLE}/1", name)
        else:
            huggingface_hub.hf_hub_download(HF_KERAS, name, cache_dir=cache, endpoint=hubs.url)
    hubs.faults = Faults(login_needed=True)
    folder = fetch(handle, progress=False)
    closed = "http://127.0.0.1:9"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, closed)
    monkeypatch.setattr(hf, "ENDPOINT", closed)
    assert fetch(handle, progress=False) == folder
    assert (folder / WEIGHTS).read_bytes() == files_of(hubs, handle)[WEIGHTS]
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:1000])
    with pytest.raises(LoadError, match="cannot be reached"):
        fetch(handle, progress=False)


def test_a_page_that_kagglehub_took_for_the_file(hubs):
    """What another program marked as complete is checked once before it is used."""
    import kagglehub

    hubs.faults = Faults(page=True)
    kagglehub.model_download(f"{KAGGLE}/1", WEIGHTS)
    hubs.faults = Faults()
    assert same(fetch(K, progress=False), hubs, K)


@pytest.mark.parametrize("handle", [K, H])
def test_a_full_disk_in_the_middle(hubs, handle):
    size = len(files_of(hubs, handle)[WEIGHTS])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
    try:
        told = refused(f"full disk, {find_source(handle).hub}", handle, "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "gnb.cached()" in told
    recovered(hubs, handle)
    assert weights_asked(hubs)[-1].range == f"bytes={size // 2}-"


@pytest.mark.parametrize("handle", [K, H])
def test_no_room_on_the_disk_is_told_before_the_weights_come(hubs, handle, monkeypatch):
    with monkeypatch.context() as small:
        small.setattr(
            shutil, "disk_usage", lambda _: type("Usage", (), {"free": 70_000_000 - 2**20})()
        )
        small.setattr("gemma_nb.hub.fetch.SPARE_BYTES", 70_000_000)
        refused(f"no room, {find_source(handle).hub}", handle, "no_room")
    assert not weights_asked(hubs)
    recovered(hubs, handle)


def damaged(data, how):
    if how == "truncated":
        return data[: len(data) // 2]
    if how == "corrupt":
        return b"\0" * 64 + data[64:]
    raise ValueError(how)


@pytest.mark.parametrize("how", ["truncated", "corrupt"])
@pytest.mark.parametrize(
    ("handle", "name"),
    [(K, WEIGHTS), (S, "model_00001.weights.h5"), (T, "model-00002-of-00002.safetensors")],
)
def test_weights_that_are_bad_at_the_hub_itself(hubs, handle, name, how):
    """Size and hash are those that the hub gives: only the file's own form tells."""
    served = files_of(hubs, handle)
    good = served[name]
    served[name] = damaged(good, how)
    told = refused(f"{how} {name} at the hub", handle, "bad_file")
    assert name in told
    served[name] = good
    recovered(hubs, handle)


@pytest.mark.parametrize(
    ("handle", "name"),
    [(S, "model_00001.weights.h5"), (T, "model-00002-of-00002.safetensors"), (K, WEIGHTS)],
)
def test_a_shard_is_missing(hubs, handle, name):
    served = files_of(hubs, handle)
    good = served.pop(name)
    told = refused(f"{name} missing at the hub", handle, "shard_missing")
    assert name in told
    assert not weights_asked(hubs, (".h5", ".safetensors"))
    served[name] = good
    recovered(hubs, handle)


FOREIGN = {
    "an unknown KerasHub class": {**presets.CONFIG, "registered_name": "keras_hub>Gemma9Backbone"},
    "a foreign class inside": {
        **presets.CONFIG,
        "config": {"inner": {"module": "os", "class_name": "system", "config": {"x": 1}}},
    },
    "a Lambda inside": {
        **presets.CONFIG,
        "config": {"inner": {"module": "keras.layers", "class_name": "Lambda", "config": {}}},
    },
    "an unknown model type": {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
}


@pytest.mark.parametrize("what", FOREIGN)
def test_config_of_an_unknown_class(hubs, what):
    served = files_of(hubs, H)
    good = served["config.json"]
    served["config.json"] = presets.dumps(FOREIGN[what])
    told = refused(f"config names {what}", H, "bad_file")
    assert "config.json" in told
    assert not weights_asked(hubs)
    served["config.json"] = good
    recovered(hubs, H)


def test_no_preset_at_all(hubs):
    hubs.presets["org/notes"] = {"README.md": b"hello"}
    refused("no config.json", "hf://org/notes", "no_preset")
    hubs.presets["org/notes"] = presets.keras(6)
    recovered(hubs, "hf://org/notes")


def test_names_that_leave_the_folder_are_not_followed(hubs, tmp_path):
    served = files_of(hubs, K)
    served["../../evil.json"] = b"{}"
    served["/tmp/evil.json"] = b"{}"
    folder = fetch(K, progress=False)
    assert not list(tmp_path.rglob("evil.json"))
    assert (folder / WEIGHTS).exists()


SCRIPT = """
import signal
# a shell that runs the tests in the background makes its children deaf to it
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys
sys.path.insert(0, {tests!r})
import huggingface_hub.constants, huggingface_hub.file_download
from kagglesdk import kaggle_env
kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.LOCAL] = {url!r}
from gemma_nb.hub.fetch import fetch
print("starting", flush=True)
print(fetch({handle!r}))
"""


def process(hubs, handle):
    env = {**os.environ, "HF_ENDPOINT": hubs.url, "GEMMA_NB_LANG": "en", "PYTHONUNBUFFERED": "1"}
    code = SCRIPT.format(tests=str(Path(__file__).parent), url=hubs.url, handle=handle)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("handle", [K, H])
def test_two_processes_download_it_once(hubs, handle):
    hubs.faults.slow = 0.05  # 25 pieces: more than a second
    both = [process(hubs, handle) for _ in range(2)]
    said = [p.communicate(timeout=90) for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    folders = {out.split()[-1] for out, _ in said}
    assert len(folders) == 1
    assert same(Path(folders.pop()), hubs, handle)
    assert len(weights_asked(hubs)) == 1
    waited = [err for _, err in said if "Another process is downloading" in err]
    assert len(waited) == 1
    ROWS.append(
        [f"two processes, {find_source(handle).hub}", waited[0].strip().splitlines()[0], True]
    )


def test_ctrl_c_leaves_what_is_good_and_nothing_else(hubs):
    hubs.faults.slow = 0.2
    child = process(hubs, K)
    home = Path(os.environ["HOME"])
    deadline = time.monotonic() + 60
    while not any(p.stat().st_size for p in home.rglob(f"{WEIGHTS}.partial")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode != 0
    assert "KeyboardInterrupt" in err
    assert local_directory(K) is None
    ROWS.append(["Ctrl-C", "KeyboardInterrupt", False])
    recovered(hubs, K)
    assert weights_asked(hubs)[-1].range


def test_ctrl_c_between_any_two_steps_leaves_no_broken_cache(hubs, monkeypatch):
    """Every place where the disk changes, interrupted once each."""
    real = {name: getattr(Path, name) for name in ("replace", "touch", "symlink_to", "write_text")}
    counting = threading.Lock()
    for handle in (K, H):
        stop = 0
        while True:
            stop += 1
            count = 0

            def step(name):
                def call(self, *args, **kwargs):
                    nonlocal count
                    with counting:  # files come in several threads
                        count += 1
                        here = count
                    if here == stop:  # noqa: B023 - read while this round runs
                        raise KeyboardInterrupt
                    return real[name](self, *args, **kwargs)

                return call

            shutil.rmtree(os.environ["KAGGLEHUB_CACHE"], ignore_errors=True)
            shutil.rmtree(os.environ["HF_HOME"], ignore_errors=True)
            with monkeypatch.context() as breaking:
                for name in real:
                    breaking.setattr(Path, name, step(name))
                try:
                    fetch(handle, progress=False)
                    interrupted = False
                except KeyboardInterrupt:
                    interrupted = True
            assert same(fetch(handle, progress=False), hubs, handle)
            if not interrupted:
                break
        assert stop > 10


@pytest.mark.parametrize(("handle", "login"), [(K, KAGGLE_LOGIN), (H, HF_LOGIN)])
@pytest.mark.parametrize("wrong", ["consent", "unforeseen", "interrupt", "cut"])
def test_no_part_of_a_login_in_any_traceback(hubs, handle, login, wrong, monkeypatch, capfd):
    """As ``%xmode Verbose`` shows it: every frame with its local variables."""
    import requests

    if wrong == "consent":
        hubs.faults.consent_needed = True
    elif wrong == "cut":
        hubs.faults.always_cut = 0.5
    else:
        error = KeyboardInterrupt() if wrong == "interrupt" else RuntimeError(f"Bearer {login}")

        def fail(self, request, **_):
            headers = dict(request.headers)
            assert login in str(headers)
            raise error

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail)
        hubs.faults.login_needed = True
    with pytest.raises((LoadError, KeyboardInterrupt)) as caught:
        fetch(handle, login)
    error = caught.value
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    seen = "".join(shown.format()) + repr(error.__context__) + repr(error.__cause__)
    out, err = capfd.readouterr()
    # the frame of this test holds the login itself, as a user's cell would
    frames = [f for f in shown.stack if f.filename != __file__]
    assert frames
    assert login not in "".join(str(f.locals) for f in frames)
    # and IPython's own, whose first frame here is this test's
    text = VerboseTB().text(type(error), error, error.__traceback__.tb_next)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "hide_frames" in plain
    assert login[8:20] not in plain + out + err + str(error)
    assert wrong == "interrupt" or "fetch" in seen


def test_nothing_of_a_login_is_written_anywhere(hubs):
    hubs.faults.login_needed = True
    before = dict(os.environ)
    for handle, login in ((K, KAGGLE_LOGIN), (H, HF_LOGIN)):
        fetch(handle, login, progress=False)
    assert dict(os.environ) == before
    for path in Path(os.environ["HOME"]).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert KAGGLE_LOGIN.encode()[5:] not in data
            assert HF_LOGIN.encode()[5:] not in data


def test_the_login_is_not_sent_on_to_the_storage(hubs):
    fetch(K, KAGGLE_LOGIN, progress=False)
    fetch(H, HF_LOGIN, progress=False)
    stored = [a for a in hubs.asked if a.path.startswith("/storage")]
    assert stored
    assert not [a for a in stored if a.login]


def test_a_gated_variant_is_refused_before_any_request(hubs):
    from gemma_nb.catalog.registry import variant

    gated = variant("gemma3_instruct_1b")
    for call in (lambda v: resolve_model(v).check_before_download(), fetch):
        with pytest.raises(LoadError) as caught:
            call(gated)
        assert caught.value.message.key == "fetch_no_credentials"
        assert "https://www.kaggle.com/models/keras/gemma3" in str(caught.value)
    assert not hubs.asked
    resolve_model(gated, "KGAT_some").check_before_download()


def test_directories(hubs, tmp_path):
    folder = tmp_path / "mine"
    for name, data in presets.sharded().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert fetch(folder) == folder
    assert fetch("demo://demo_gemma3_instruct_1m").name == "demo_gemma3_instruct_1m"
    shard = folder / "model_00001.weights.h5"
    good = shard.read_bytes()
    for how, key in (("truncated", "ends too early"), ("corrupt", "not an HDF5 file")):
        shard.write_bytes(damaged(good, how))
        assert key in refused(f"{how} shard in a directory", folder, "bad_preset")
    shard.unlink()
    assert "is missing" in refused("missing shard in a directory", folder, "bad_preset")
    shard.write_bytes(good)
    assert fetch(folder) == folder
    for row in ROWS[-3:]:
        row[2] = True
    assert not hubs.asked


def test_weights_that_read_another_file_are_refused(tmp_path):
    import h5py

    folder = tmp_path / "sly"
    for name, data in presets.keras().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with h5py.File(folder / WEIGHTS, "a") as file:
        file["layers/other"] = h5py.ExternalLink("/etc/passwd", "/x")
    with pytest.raises(LoadError, match="outside itself"):
        fetch(folder)


@pytest.mark.parametrize("kind", ["cycle", "doubled", "datatype"])
def test_groups_that_hold_themselves_and_objects_that_are_no_weights(tmp_path, kind):
    import h5py
    import numpy as np

    path = tmp_path / WEIGHTS
    with h5py.File(path, "w") as file:
        group = file.create_group("g0")
        group["weight"] = np.zeros(3)
        if kind == "datatype":
            file["named"] = np.dtype("float32")
        for level in range(1, 41):
            child = file.create_group(f"g{level}")
            group["a"] = group["b"] = child
            group = child
        if kind == "cycle":
            group["root"], group["self"] = file["/"], group
    start = time.process_time()
    why = check_file(path, WEIGHTS)
    assert time.process_time() - start < 1
    assert (why.key if why else None) == ("fetch_why_corrupt" if kind == "datatype" else None)
    with h5py.File(path, "a") as file:
        file["g40/outside"] = h5py.ExternalLink("/etc/passwd", "/x")
    if kind != "datatype":
        assert check_file(path, WEIGHTS).key == "fetch_why_outside"


@pytest.mark.parametrize(
    "bad", ["kaggle://a/b", "hf://a", "hf://../x", "ftp://a/b/c/d", "kaggle://a/b/c/d/new"]
)
def test_handles_that_cannot_be(bad):
    with pytest.raises(InvalidInput):
        fetch(bad)


@pytest.mark.parametrize("place", ["kaggle", "colab"])
def test_a_place_that_attaches_models_downloads_nothing(hubs, place, monkeypatch, tmp_path):
    mount = tmp_path / "input"
    folder = mount / "tiny_1b" / ("1" if place == "kaggle" else "")
    slug = "tiny_1b"
    if place == "kaggle":
        monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
        monkeypatch.setenv("KAGGLE_DATA_PROXY_URL", hubs.url)
        monkeypatch.setenv("KAGGLE_USER_SECRETS_TOKEN", "its-own-identity")
        monkeypatch.setenv("KAGGLE_DATA_PROXY_TOKEN", "proxy")
        monkeypatch.setenv("KAGGLE_CACHE_MOUNT_FOLDER", str(mount))
        folder = mount / slug
    else:
        monkeypatch.setenv("TBE_RUNTIME_ADDR", hubs.url.removeprefix("http://"))
        monkeypatch.setenv("COLAB_CACHE_MOUNT_FOLDER", str(mount))
        hubs.faults.login_needed = True
    for name, data in files_of(hubs, K).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert fetch(K, KAGGLE_LOGIN if place == "colab" else None, progress=False) == folder
    assert not weights_asked(hubs)
    from kagglehub import config

    assert config._kaggle_credentials is None


def test_progress_as_text_and_as_steps(hubs, capsys):
    steps = []
    fetch(K, progress=steps.append)
    assert {s.stage for s in steps} == {"download"}
    assert steps[-1].total == sum(
        len(d)
        for n, d in files_of(hubs, K).items()
        if n.endswith((".h5", ".spm", "tokenizer.json"))
    )
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert steps[-1].rate > 0
    fetch(H)
    err = capsys.readouterr().err
    assert "Downloading hf://org/tiny-keras" in err
    assert "MiB/s" in err
    set_language("ja")
    assert "ダウンロード中" in str(steps[-1])


def test_digests_of_the_three_kinds(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"what is up, doc?")
    # the blob of the Pro Git book, chapter "Git Objects"
    assert checksums.file_checksum(path, "git") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"
    assert checksums.file_checksum(path, "md5") == hashlib.md5(path.read_bytes()).hexdigest()
    assert checksums.file_checksum(path, "sha256") == hashlib.sha256(path.read_bytes()).hexdigest()


def test_crc32c_has_the_published_check_values():
    """RFC 3720, appendix B.4, and the catalogue of parametrised CRC algorithms' check value."""
    known = {
        b"123456789": "e3069283",
        bytes(32): "8a9136aa",
        b"\xff" * 32: "62a8ab43",
        bytes(range(32)): "46dd794e",
        b"": "00000000",
    }
    for data, value in known.items():
        crc = Crc32c()
        crc.update(data)
        assert crc.hexdigest() == value
    data = bytes(range(251)) * 12_001  # in pieces and at once
    whole, parts = Crc32c(), Crc32c()
    whole.update(data)
    for at in range(0, len(data), 100_003):
        parts.update(data[at : at + 100_003])
    plain = int.from_bytes(base64.b64decode(_crc32c(data)), "big")
    assert whole.hexdigest() == parts.hexdigest() == f"{plain:08x}"


def test_a_file_that_has_no_md5_is_checked_by_its_crc32c(hubs):
    hubs.faults = Faults(no_md5=True, flips=1)
    refused("flipped bit, kaggle, CRC-32C alone", K, "hash")
    hubs.faults = Faults(no_md5=True, always_cut=0.5)
    with pytest.raises(LoadError):
        fetch(K, progress=False)
    recovered(hubs, K)
    assert weights_asked(hubs)[-1].range


def test_a_commit_can_be_named(hubs):
    folder = fetch(f"{H}@{COMMIT}", progress=False)
    asked = len(hubs.asked)
    assert fetch(f"{H}@{COMMIT}", progress=False) == folder
    assert len(hubs.asked) == asked
    assert json.loads((folder / "config.json").read_text())["class_name"] == "Gemma3Backbone"
