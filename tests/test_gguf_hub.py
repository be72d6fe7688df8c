"""GGUF files of a repository: described by ranges of their headers, downloaded alone."""

import made_gguf
import pytest
from hubs.server import HF_LOGIN

import gemma_nb as gnb
from gemma_nb.catalog.unlisted import _from_host as from_host
from gemma_nb.errors import InvalidInput, LoadError

pytest_plugins = ["hubs.plugin"]
pytestmark = pytest.mark.slow

FILE = "Q/tiny-it-F32.gguf"
HANDLE = f"hf://org/tiny:{FILE}"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("hub") / "tiny.gguf"
    made_gguf.export_tiny_gemma3(path)
    return path


@pytest.fixture
def repository(hubs, file, monkeypatch):
    """A hub whose repository holds the file beside others; no lookup is remembered."""
    monkeypatch.setenv("HF_ENDPOINT", hubs.url)
    from_host.cache_clear()
    hubs.presets["org/tiny"] = {
        FILE: file.read_bytes(),
        "other-Q2.gguf": b"never asked for",
        "mmproj-F16.gguf": b"never asked for",
        "README.md": b"# tiny",
    }
    yield hubs
    from_host.cache_clear()


def test_a_variant_is_read_from_a_range_of_the_header(repository, file, monkeypatch):
    monkeypatch.setattr("gemma_nb.catalog.gguf_header.FIRST_RANGE", 4096)
    variant = gnb.variant(HANDLE)
    assert (variant.name, variant.hf_id, variant.tuning) == (HANDLE, "org/tiny", "IT")
    assert variant.parameters == gnb.variant(file).parameters
    assert variant.unread_files == ("mmproj-F16.gguf",)
    assert gnb.advise(HANDLE, "bfloat16", max_length=256).fits
    ranges = [a for a in repository.bodies(FILE) if a.status == 206]
    assert ranges, repository.asked
    assert not [a for a in repository.bodies(".gguf") if a.status == 200]
    assert all(a.range for a in ranges)
    assert not repository.bodies("other-Q2.gguf") + repository.bodies("mmproj-F16.gguf")


def test_the_file_alone_is_downloaded_and_answers(repository, file):
    path = gnb.load(HANDLE, download_only=True, progress=False)
    assert path.name == FILE.rpartition("/")[2]
    assert path.read_bytes() == file.read_bytes()
    assert not list(path.parent.parent.glob("*mmproj*"))
    model = gnb.load(HANDLE, "float32", 64, progress=False)
    here = gnb.load(file, "float32", 64, progress=False)
    assert model.generate("fox", 8, temperature=0) == here.generate("fox", 8, temperature=0)
    model.unload()
    here.unload()


def test_it_is_loaded_again_without_a_network(repository, monkeypatch):
    path = gnb.load(HANDLE, download_only=True, progress=False)
    from_host.cache_clear()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert gnb.load(HANDLE, download_only=True, progress=False) == path
    entry = next(one for one in gnb.cached() if "tiny" in one.handle)
    assert (entry.handle, entry.whole) == (HANDLE, True)
    entry.delete()
    assert not path.exists()


def test_a_split_model_is_downloaded_whole(repository, file, tmp_path):
    parts = made_gguf.split(file, tmp_path, 30)
    repository.presets["org/tiny"] = {part.name: part.read_bytes() for part in parts}
    handle = f"hf://org/tiny:{parts[-1].name}"
    assert gnb.variant(handle).parameters == gnb.variant(file).parameters
    path = gnb.load(handle, download_only=True, progress=False)
    assert path.name == parts[0].name
    assert [path.with_name(part.name).read_bytes() for part in parts] == [
        part.read_bytes() for part in parts
    ]


def test_what_is_missing_or_damaged_is_named(repository, file):
    with pytest.raises((InvalidInput, LoadError), match=r"nothing\.gguf"):
        gnb.load("hf://org/tiny:nothing.gguf")
    with pytest.raises((InvalidInput, LoadError), match=r"nothing\.gguf"):
        gnb.variant("hf://org/tiny:nothing.gguf")
    with pytest.raises(LoadError, match="GGUF"):
        gnb.variant("hf://org/tiny:other-Q2.gguf")
    repository.presets["org/tiny"] = {FILE: file.read_bytes()[:-100]}
    from_host.cache_clear()
    with pytest.raises(LoadError, match="tiny-it-F32"):
        gnb.load(HANDLE, download_only=True, progress=False)


def test_a_gated_repository_wants_a_login(repository):
    repository.faults.login_needed = True
    with pytest.raises(LoadError) as caught:
        gnb.load(HANDLE, download_only=True)
    assert caught.value.message.key == "fetch_no_credentials"
    path = gnb.load(HANDLE, credentials=HF_LOGIN, download_only=True, progress=False)
    assert path.is_file()
