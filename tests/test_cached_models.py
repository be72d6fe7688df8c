"""What is on disk is listed, and deleted at a word."""

import os
from pathlib import Path

import pytest
from filelock import FileLock
from hubs import HF_KERAS, KAGGLE, SHARDED
from hubs.server import Faults

import gemma_nb as gnb
from gemma_nb.errors import LoadError
from gemma_nb.hub.fetch import fetch, local_directory
from gemma_nb.hub.sources import cache_paths, find_source, kaggle_lock

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}/1"
S = f"kaggle://{SHARDED}/1"
H = f"hf://{HF_KERAS}"


@pytest.fixture
def full(hubs):
    folders = {handle: fetch(handle, progress=False) for handle in (K, S, H)}
    return hubs, folders


def test_nothing_on_disk(hubs):
    assert list(gnb.cached()) == []
    assert "No models on disk" in repr(gnb.cached())
    assert os.environ["KAGGLEHUB_CACHE"] in repr(gnb.cached())


def test_what_is_there_with_size_and_place(full):
    _, folders = full
    listed = {m.handle: m for m in gnb.cached()}
    assert set(listed) == {K, S, H}
    for handle, model in listed.items():
        there = sum(p.stat().st_size for p in folders[handle].rglob("*") if p.is_file())
        # Hugging Face's links and notes take a little
        assert there <= model.size < there + 4096
        assert model.whole
        assert folders[handle] == model.path or model.path in folders[handle].parents
    shown = repr(gnb.cached())
    assert K in shown
    assert str(folders[K]) in shown
    assert "KiB" in shown
    assert "Models on disk: 3" in shown
    gnb.set_language("ja")
    assert "3 個" in repr(gnb.cached())


def test_a_name_of_the_catalog_is_told(hubs):
    short = "keras/gemma3/keras/gemma3_instruct_1b"
    hubs.presets[short] = hubs.presets[KAGGLE]
    variant = gnb.variant("gemma3_instruct_1b")
    hubs.versions[short] = int(variant.handle.rpartition("/")[2])
    fetch(variant, "KGAT_9b1f0c77aa52de4860311fe2d7c4b895", progress=False)
    [model] = gnb.cached()
    assert model.name == "gemma3_instruct_1b"
    assert local_directory(variant) == model.path


def test_delete_one(full):
    _, folders = full
    listed = gnb.cached()
    next(m for m in listed if m.handle == K).delete()
    assert not folders[K].exists()
    assert local_directory(K) is None
    assert local_directory(S)
    assert {m.handle for m in gnb.cached()} == {S, H}
    # nothing of it is left behind, and what others keep is untouched
    assert not list(Path(os.environ["KAGGLEHUB_CACHE"]).rglob("*tiny_1b*"))
    listed = gnb.cached()
    listed.delete(H)
    assert [m.handle for m in listed] == [S]
    assert not list((Path(os.environ["HF_HOME"]) / "hub").glob("models--*"))
    with pytest.raises(KeyError):
        listed.delete(H)
    gnb.cached().delete(S)
    assert not gnb.cached()


@pytest.mark.parametrize("handle", [K, H])
def test_a_deletion_leaves_the_lock_on_which_others_may_wait(full, handle):
    """Who waits for a lock that is unlinked gets one that a third process does not see."""
    _, folders = full
    lock = cache_paths(find_source(handle).at(folders[handle].name)).lock
    before = lock.stat().st_ino
    gnb.cached().delete(handle)
    assert lock.stat().st_ino == before


def test_deleted_and_fetched_again(full):
    _, folders = full
    gnb.cached().delete(K)
    assert fetch(K, progress=False) == folders[K]


def test_an_unfinished_download_is_listed_as_such(hubs):
    hubs.faults = Faults(always_cut=0.5)
    with pytest.raises(LoadError):
        fetch(K, progress=False)
    [model] = gnb.cached()
    assert not model.whole
    assert "incomplete" in repr(gnb.cached())
    model.delete()
    assert not gnb.cached()


def test_a_deletion_that_is_interrupted_leaves_no_broken_model(full, monkeypatch):
    import shutil

    hubs, folders = full
    real = shutil.rmtree

    def stopped(path, **options):
        if Path(path) == folders[K]:
            (folders[K] / "config.json").unlink()
            raise KeyboardInterrupt
        real(path, **options)

    with monkeypatch.context() as breaking:
        breaking.setattr("shutil.rmtree", stopped)
        with pytest.raises(KeyboardInterrupt):
            gnb.cached().delete(K)
    assert local_directory(K) is None
    folder = fetch(K, progress=False)
    assert (folder / "config.json").read_bytes() == hubs.presets[KAGGLE]["config.json"]


@pytest.mark.usefixtures("full")
def test_what_is_being_downloaded_is_not_deleted():
    with FileLock(kaggle_lock(KAGGLE, "1")):
        [model] = [m for m in gnb.cached() if m.handle == K]
        with pytest.raises(LoadError, match="another process"):
            model.delete()
    assert local_directory(K)


def test_what_the_hubs_own_programs_fetched_is_listed(hubs):
    import kagglehub

    kagglehub.model_download(f"{KAGGLE}/1", "model.weights.h5")
    [model] = gnb.cached()
    assert model.handle == K
    assert not model.whole


def test_html_holds_no_markup_of_strangers(hubs):
    folder = Path(os.environ["HF_HOME"]) / "hub" / "models--org--<img src=x>"
    folder.mkdir(parents=True)
    shown = gnb.cached()._repr_html_()
    assert "<img" not in shown
    assert "&lt;img" in shown
