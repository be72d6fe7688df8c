"""Revisions and versions of a handle, what the hubs' own clients keep, and read-only caches."""

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from hubs import HF_KERAS, KAGGLE, presets
from hubs.read_only import read_only
from hubs.server import COMMIT

import gemma_nb as gnb
from gemma_nb.catalog.handles import parse_handle
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.choice import Choice
from gemma_nb.hub.fetch import fetch, local_directory
from gemma_nb.hub.resolve import resolve_model
from gemma_nb.hub.sources import find_source
from gemma_nb.widgets.picker.code_snippets import gemma_nb_code, keras_hub_code

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}/1"
H = f"hf://{HF_KERAS}"
WEIGHTS = "model.weights.h5"
REVISIONS = ["v2", "feature/with-a-slash", "refs/pr/1", "v1.0+build"]
DEMO = demo_directory("demo_gemma3_instruct_1m")
DEMO_FILES = {
    p.relative_to(DEMO).as_posix(): p.read_bytes() for p in DEMO.rglob("*") if p.is_file()
}


@pytest.fixture
def no_network(monkeypatch):
    """Cuts the way to both hubs."""

    def cut():
        from kagglesdk import kaggle_env

        closed = "http://127.0.0.1:9"
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, closed)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", closed)

    return cut


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("hf://a/b", ("hf", "a/b", None)),
        ("HF://a/b/", ("hf", "a/b", None)),
        ("hf://a/b@main", ("hf", "a/b", "main")),
        ("hf://a/b@refs/pr/1", ("hf", "a/b", "refs/pr/1")),
        (f"hf://a/b@{COMMIT}", ("hf", "a/b", COMMIT)),
        ("kaggle://a/b/keras/d/3", ("kaggle", "a/b/keras/d", "3")),
        ("kaggle://a/b/keras/d@3", ("kaggle", "a/b/keras/d", "3")),
    ],
)
def test_a_handle_is_parsed_once(text, parsed):
    handle = parse_handle(text)
    assert (handle.scheme, handle.path, handle.version) == parsed
    assert parse_handle(str(handle)) == handle


@pytest.mark.parametrize(
    "revision",
    ["", "..", "../x", "a/../../b", "/a", "a/", "a//b", ".git", "a b", "a:b", "a\\b", "~"],
)
def test_a_revision_never_leaves_the_cache(revision):
    for call in (find_source, gnb.variant):
        with pytest.raises(InvalidInput):
            call(f"hf://a/b@{revision}")


def test_a_version_at_kaggle_is_a_number():
    assert find_source("kaggle://a/b/keras/d@3") == dataclasses.replace(
        find_source("kaggle://a/b/keras/d/3"), label="kaggle://a/b/keras/d@3"
    )
    for version in ("new", "1/2", "¹"):
        with pytest.raises(InvalidInput):
            fetch(f"kaggle://a/b/keras/d@{version}")
    known = gnb.variant("gemma3_instruct_1b")
    assert gnb.variant("@".join(known.handle.rsplit("/", 1))) is known


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_is_fetched_and_is_there_without_a_network(hubs, revision, no_network):
    commit = hubs.push(HF_KERAS, revision, presets.keras(9))
    handle = f"{H}@{revision}"
    main, folder = fetch(H, progress=False), fetch(handle, progress=False)
    assert folder.name == commit != main.name
    for kept, made in ((main, hubs.presets[HF_KERAS]), (folder, presets.keras(9))):
        assert (kept / WEIGHTS).read_bytes() == made[WEIGHTS]
    assert local_directory(handle) == folder
    no_network()
    assert fetch(handle, progress=False) == folder
    assert fetch(f"{H}@{commit}", progress=False) == folder
    assert fetch(H, progress=False) == main


@pytest.mark.parametrize("revision", [*REVISIONS, None])
def test_variant_and_advise_of_a_revision(hubs, revision, no_network):
    hubs.push(HF_KERAS, revision, DEMO_FILES)
    hubs.presets["org/model-it"] = {}
    hubs.push("org/model-it", revision or "main", DEMO_FILES)
    handle = "hf://org/model-it" + f"@{revision}" * bool(revision)
    found = gnb.variant(handle)
    assert (found.name, found.handle, found.hf_id) == (handle, handle, "org/model-it")
    assert found.tuning == "IT"
    assert gnb.advise(handle, "float32").fits
    with pytest.raises(InvalidInput, match="no revision 'v9'"):
        gnb.variant("hf://org/model-it@v9")
    # what a load finds is the same, and so it stays without a network
    assert resolve_model(handle).variant == found
    gnb.load(handle, download_only=True, progress=False)
    no_network()
    from gemma_nb.catalog.unlisted import _from_host

    _from_host.cache_clear()
    for offline in (gnb.variant(handle), resolve_model(handle).variant):
        assert (offline.name, offline.tuning) == (handle, "IT")
        assert offline.architecture == found.architecture


def test_a_branch_that_moves(hubs, no_network):
    """The files of one commit are described, fetched and kept; a broken download of the next costs nothing."""
    hubs.presets["org/model-it"] = {}
    first = hubs.push("org/model-it", "main", DEMO_FILES)
    folder = gnb.load("hf://org/model-it", download_only=True, progress=False)
    assert folder.name == first
    bigger = demo_directory("demo_gemma3_instruct_4m")
    second_files = {
        p.relative_to(bigger).as_posix(): p.read_bytes() for p in bigger.rglob("*") if p.is_file()
    }
    second = hubs.push("org/model-it", "main", second_files)
    assert resolve_model("hf://org/model-it").variant.parameters > 3_000_000
    hubs.faults.always_cut = 0.5
    with pytest.raises(LoadError):
        gnb.load("hf://org/model-it", download_only=True, progress=False)
    endpoint = hubs.url
    no_network()
    model = resolve_model("hf://org/model-it")
    assert model.fetch(progress=False) == folder
    assert model.variant.parameters < 2_000_000
    assert endpoint == hubs.url
    assert fetch(f"hf://org/model-it@{first}", progress=False) == folder
    assert local_directory(f"hf://org/model-it@{second}") is None


def test_snippets_name_the_revision(hubs):
    hubs.presets["org/model-it"] = {}
    hubs.push("org/model-it", "refs/pr/1", DEMO_FILES)
    choice = Choice("hf://org/model-it@refs/pr/1", "float32", runtime=gnb.runtime("L4"))
    assert 'gnb.load("hf://org/model-it@refs/pr/1"' in gemma_nb_code(choice)
    code = keras_hub_code(choice)
    compile(code, "snippet", "exec")
    assert 'snapshot_download("org/model-it", revision="refs/pr/1")' in code
    assert "hf://" not in code
    options = gnb.frameworks_for(choice.variant)
    keras = next(o for o in options if o.framework == "Keras / KerasHub")
    assert 'snapshot_download("org/model-it", revision="refs/pr/1")' in keras.command
    assert not [o for o in options if o.command and o is not keras], "they would run main"


def test_a_snippets_way_to_a_revision_works(hubs):
    from huggingface_hub import snapshot_download

    commit = hubs.push(HF_KERAS, "refs/pr/1", presets.keras(9))
    folder = Path(snapshot_download(HF_KERAS, revision="refs/pr/1", endpoint=hubs.url))
    assert folder.name == commit
    assert (folder / WEIGHTS).read_bytes() == presets.keras(9)[WEIGHTS]


def test_the_list_of_what_is_on_disk_names_each_revision(hubs):
    commit = hubs.push(HF_KERAS, "feature/x", {**presets.keras(9), "metadata.json": b"{}"})
    by_handle = {h: fetch(h, progress=False) for h in (f"{H}@feature/x", H)}
    listed = gnb.cached()
    assert {m.handle for m in listed} == set(by_handle)
    assert all(m.whole for m in listed)
    assert all(by_handle[m.handle] == m.path for m in listed)
    on_disk = Path(os.environ["HF_HOME"]) / "hub" / f"models--{HF_KERAS.replace('/', '--')}"
    files = [p for p in on_disk.rglob("*") if p.is_file() and not p.is_symlink()]
    total = sum(p.stat().st_size for p in files)
    assert total <= sum(m.size for m in listed) <= total + 8192
    # both have the same vocabulary: it stays for the other one
    listed.delete(H)
    assert [m.handle for m in gnb.cached()] == [f"{H}@feature/x"]
    assert local_directory(H) is None
    kept = local_directory(f"{H}@feature/x")
    assert kept.name == commit
    for name in ("assets/tokenizer/vocabulary.spm", WEIGHTS):
        assert (kept / name).read_bytes() == presets.keras(9)[name]
    weights = {p.stat().st_size for p in on_disk.glob("blobs/*")}
    assert len([s for s in weights if s > 100_000]) == 1, "the weights of main are gone"
    gnb.cached().delete(f"{H}@feature/x")
    assert not gnb.cached()
    assert not on_disk.exists()


def test_a_model_that_another_program_keeps_at_a_revision_is_listed(hubs):
    from huggingface_hub import hf_hub_download

    hubs.push(HF_KERAS, "v2", presets.keras(9))
    hf_hub_download(HF_KERAS, "config.json", revision="v2", endpoint=hubs.url)
    [model] = gnb.cached()
    assert model.handle == f"{H}@v2"
    assert not model.whole


@pytest.mark.parametrize("handle", ["kaggle://me/mine/keras/tiny/1", "kaggle://me/mine/keras/tiny"])
def test_what_kagglehub_downloaded_is_understood_offline(hubs, handle, no_network):
    import kagglehub

    hubs.presets["me/mine/keras/tiny"] = DEMO_FILES
    for name in DEMO_FILES:
        kagglehub.model_download("me/mine/keras/tiny/1", name)
    no_network()
    model = resolve_model(handle)
    assert (model.variant.name, model.variant.tuning) == (handle, "IT")
    assert gnb.variant(handle) == model.variant
    model.check_before_download()
    assert (model.fetch(progress=False) / WEIGHTS).read_bytes() == DEMO_FILES[WEIGHTS]


@pytest.mark.parametrize("gated", [False, True])
def test_what_huggingface_hub_downloaded_is_understood_offline(hubs, gated, no_network):
    from huggingface_hub import snapshot_download

    hubs.presets["org/model-it"] = DEMO_FILES
    folder = Path(snapshot_download("org/model-it", endpoint=hubs.url))
    if gated:  # since then; and there is no login
        hubs.faults.login_needed = True
    else:
        no_network()
    model = resolve_model("hf://org/model-it")
    assert model.variant.tuning == "IT"
    model.check_before_download()
    assert model.fetch(progress=False) == folder
    assert not hubs.bodies(".nothing")
    if not gated:
        assert gnb.variant("hf://org/model-it").tuning == "IT"


def test_a_part_of_a_model_that_huggingface_hub_downloaded_is_no_model(hubs, no_network):
    from huggingface_hub import hf_hub_download

    hubs.presets["org/model-it"] = DEMO_FILES
    for name in ("config.json", "metadata.json"):
        hf_hub_download("org/model-it", name, endpoint=hubs.url)
    no_network()
    with pytest.raises(LoadError, match="cannot be reached"):
        resolve_model("hf://org/model-it")


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("handle", [K, H, f"{H}@{COMMIT}"])
def test_a_cache_that_is_mounted_read_only(hubs, tmp_path, handle, own):
    """Whether this package filled it or the hub's own client."""
    import huggingface_hub
    import kagglehub

    if own and handle == K:
        for name in hubs.presets[KAGGLE]:
            kagglehub.model_download(f"{KAGGLE}/1", name)
    elif own:
        huggingface_hub.snapshot_download(HF_KERAS, endpoint=hubs.url)
    else:
        fetch(handle, progress=False)
    with read_only(tmp_path):
        folder = fetch(handle, progress=False)
        assert (folder / WEIGHTS).read_bytes() == hubs.presets[find_source(handle).handle][WEIGHTS]
        if handle == H:  # a newer one cannot be fetched: what is there is taken
            hubs.push(HF_KERAS, "main", presets.keras(9))
            assert fetch(handle, progress=False) == folder


@pytest.mark.parametrize(("handle", "variable"), [(K, "KAGGLEHUB_CACHE"), (H, "HF_HOME")])
def test_an_empty_cache_that_is_mounted_read_only(hubs, tmp_path, handle, variable):
    with read_only(tmp_path), pytest.raises(LoadError, match=variable) as caught:
        fetch(handle, progress=False)
    assert caught.value.message.key == "fetch_read_only"


@pytest.mark.parametrize("revision", [None, "v2", COMMIT])
def test_one_file_beside_an_index(hubs, revision):
    """The rule is the same for what is fetched and for what is read; an index may be out of date."""
    both = {**presets.transformers(), "model.safetensors": presets.safetensors(["a", "b"], 4)}
    hubs.presets["org/both"] = both
    hubs.push("org/both", "v2", both)
    handle = "hf://org/both" + f"@{revision}" * bool(revision)
    folder = fetch(handle, progress=False)
    assert [p.name for p in folder.glob("*.safetensors")] == ["model.safetensors"]
    assert local_directory(handle) == folder
    for name in list(both):
        if name.startswith("model-"):
            del both[name]
    assert fetch("hf://org/both", progress=False)


def test_a_keras_preset_with_one_file_beside_an_index(hubs):
    hubs.presets[KAGGLE] = {**presets.sharded(), **presets.keras(3)}
    folder = fetch(K, progress=False)
    assert [p.name for p in folder.glob("*.h5")] == [WEIGHTS]


def test_an_adapter_alone_is_named_as_on_disk(hubs, tmp_path):
    files = {"adapter_config.json": b'{"peft_type": "LORA"}', "adapter_model.safetensors": b"x"}
    hubs.presets |= {"org/adapter": files, "me/adapter/keras/x": files}
    folder = tmp_path / "adapter"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    said = []
    for where in ("hf://org/adapter", "kaggle://me/adapter/keras/x", folder):
        with pytest.raises(InvalidInput) as caught:
            gnb.load(where)
        assert caught.value.message.key == "is_adapter"
        said.append(str(caught.value).replace(str(where), "…"))
    assert len(set(said)) == 1


def test_a_repository_that_was_renamed(hubs, no_network):
    """Hugging Face sends an old name on, with 307: what is under the new one is loaded."""
    hubs.presets["new-org/model-it"] = DEMO_FILES
    hubs.renamed["org/model-it"] = "new-org/model-it"
    assert gnb.variant("hf://org/model-it").tuning == "IT"
    folder = gnb.load("hf://org/model-it", download_only=True, progress=False)
    assert (folder / WEIGHTS).read_bytes() == DEMO_FILES[WEIGHTS]
    no_network()
    assert gnb.load("hf://org/model-it", download_only=True, progress=False) == folder


def test_both_files_on_disk_are_read_by_the_same_rule(tmp_path):
    from gemma_nb.catalog.weight_files import weight_files

    files = {**presets.transformers(), "model.safetensors": presets.safetensors(["a"], 4)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert [p.name for p in weight_files(tmp_path)] == ["model.safetensors"]
    (tmp_path / "model.safetensors").unlink()
    assert [p.name for p in weight_files(tmp_path)] == [
        f"model-0000{n}-of-00002.safetensors" for n in (1, 2)
    ]
    shutil.rmtree(tmp_path)
