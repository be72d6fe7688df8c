"""A hub's answers are input: what a hostile endpoint says is refused before it names a path."""

import gzip
import traceback
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from hubs import HF_KERAS, HF_SAFE, KAGGLE
from hubs.server import HF_LOGIN
from huggingface_hub import HfApi, constants

import gemma_nb as gnb
from gemma_nb.catalog import hub_client, unlisted
from gemma_nb.catalog.handles import parse_handle
from gemma_nb.catalog.hub_lookup import HuggingFaceFiles
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.hub import download, hub_answers
from gemma_nb.hub.checksums import parse_headers, range_start, retry_after
from gemma_nb.hub.download import CHUNK, Download, DownloadError, RemoteFile
from gemma_nb.hub.fetch import fetch
from gemma_nb.hub.hub_answers import (
    MAX_FILES,
    BadAnswer,
    check_checksum,
    check_commit,
    check_files,
    check_page_token,
    check_version,
)
from gemma_nb.hub.partial_note import PARTIAL, PartialNote
from gemma_nb.hub.progress import ProgressMeter
from gemma_nb.hub.sources import find_source, model_folder

pytest_plugins = ["hubs.plugin"]

K = f"kaggle://{KAGGLE}"
H = f"hf://{HF_KERAS}"
T = f"hf://{HF_SAFE}"
STRANGE = (None, 5, True, 1.5, [], {}, "", "../x", "a" * 39, "A" * 40, "a" * 40 + "\n", b"a" * 40)


@pytest.mark.parametrize("value", STRANGE)
def test_a_commit_a_version_and_a_checksum_have_their_shape(value):
    for check in (check_commit, lambda v: check_checksum("git", v)):
        with pytest.raises(BadAnswer):
            check(value)
    if value != 5:
        with pytest.raises(BadAnswer):
            check_version(value)
    with pytest.raises(BadAnswer):
        check_checksum("sha256", value)


def test_what_hubs_answer_is_taken():
    assert check_commit("0a" * 20) == "0a" * 20
    assert check_version(12) == "12"
    assert check_checksum("sha256", "0b" * 32) == ("sha256", "0b" * 32)
    assert check_page_token(None) == check_page_token("") == ""
    assert check_files([("a/b.json", 3), ("c", None)]) == {"a/b.json": 3, "c": None}


@pytest.mark.parametrize("size", [-1, 2**51, 1.5, "12", True, [], float("nan")])
def test_a_size_that_cannot_be_is_refused(size):
    with pytest.raises(BadAnswer):
        check_files([("a", size)])


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/../../b", "a\\b", "c:a", "a\0", "a\nb", "~\x7f",
     "x" * 300, "a*", "\u202etxt.exe"],
)  # fmt: skip
def test_a_name_that_leaves_the_folder_or_is_none_is_left_out(name):
    assert check_files([(name, 1), ("good", 1)]) == {"good": 1}


@pytest.mark.parametrize("name", [None, 5, ["a"], b"a"])
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(BadAnswer):
        check_files([(name, 1)])


def test_a_list_ends():
    with pytest.raises(BadAnswer):
        check_files((f"f{i}", 1) for i in range(10**9))
    assert len(check_files((f"f{i}", 1) for i in range(MAX_FILES))) == MAX_FILES


def test_numbers_in_headers_are_short_or_none():
    for text in ("9" * 5000, "²", "-1", "1e3", " 5", ""):
        headers = {
            "Content-Length": text,
            "Content-Range": f"bytes {text}-1/{text}",
            "Retry-After": text,
        }
        assert parse_headers(headers, is_whole=True).size is None
        assert parse_headers(headers, is_whole=False).size is None
        assert range_start(headers) is None
        if text != " 5":
            assert retry_after(headers) is None
    assert retry_after({"Retry-After": "Thu, 01 Jan 99999999999999 00:00:00 GMT"}) is None


def changed(hubs, monkeypatch, call, change):
    """Changes what the hubs' API answers to a call."""
    handler = hubs._server.RequestHandlerClass
    usual = handler._json

    def answer(self, status, value, *more):
        if status == 200 and call in self.path:
            value = change(value)
        return usual(self, status, value, *more)

    monkeypatch.setattr(handler, "_json", answer)


@pytest.mark.parametrize("key", ["sha", "siblings"])
@pytest.mark.parametrize("value", ["../../../x", 5, ["a"], [{"rfilename": 5}], None, {}])
def test_whatever_hugging_face_says_of_a_repository_is_one_message(hubs, monkeypatch, key, value):
    changed(hubs, monkeypatch, "/api/models/", lambda info: {**info, key: value})
    with pytest.raises(LoadError):
        fetch(H, progress=False)


@pytest.mark.parametrize("key", ["size", "blobId", "lfs", "rfilename"])
@pytest.mark.parametrize("value", ["../../../x", -5, 10**30, ["a"], {"sha256": "../x", "size": 1}])
def test_whatever_hugging_face_says_of_a_file_is_one_message(hubs, monkeypatch, key, value):
    def change(info):
        return {**info, "siblings": [{**one, key: value} for one in info["siblings"]]}

    changed(hubs, monkeypatch, "/api/models/", change)
    with pytest.raises(LoadError):
        fetch(H, progress=False)


@pytest.mark.parametrize("value", ["../../../x", 0, -5, 2.5, [1], {}])
def test_whatever_kaggle_says_of_a_version_is_one_message(hubs, monkeypatch, value):
    changed(hubs, monkeypatch, "GetModelInstance", lambda info: {**info, "versionNumber": value})
    with pytest.raises(LoadError):
        fetch(K, progress=False)


@pytest.mark.parametrize(
    "page", [{"files": 5}, {"files": [5]}, {"files": [{"name": 5}]}, {"files": [{"name": "a", "size": "b"}]},
             {"files": [], "nextPageToken": ["x"]}, [], 5],
)  # fmt: skip
def test_whatever_kaggle_says_of_its_files_is_one_message(hubs, monkeypatch, page):
    changed(hubs, monkeypatch, "ListModelInstanceVersionFiles", lambda _: page)
    with pytest.raises(LoadError):
        fetch(f"{K}/1", progress=False)


@pytest.mark.parametrize("files", [0, 1])
def test_pages_without_an_end_are_not_asked_for_for_ever(hubs, monkeypatch, files):
    monkeypatch.setattr(hub_answers, "MAX_FILES", 30)
    monkeypatch.setattr("gemma_nb.hub.kaggle.MAX_FILES", 30)
    monkeypatch.setattr("gemma_nb.hub.kaggle.MAX_PAGES", 20)
    pages = iter(range(1000))

    def page(_):
        number = next(pages)
        listed = [{"name": f"{number}-{i}.json", "size": 2} for i in range(10 * files)]
        return {"files": listed, "nextPageToken": str(number)}

    changed(hubs, monkeypatch, "ListModelInstanceVersionFiles", page)
    with pytest.raises(LoadError):
        fetch(f"{K}/1", progress=False)
    assert next(pages) == (4 if files else 20)


class Endless:
    """A response whose body never ends."""

    status_code, headers = 200, {}

    def __init__(self):
        self.sent = 0

    def iter_content(self, chunk_size):
        while True:
            self.sent += chunk_size
            yield bytes(chunk_size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_a_body_without_an_end_is_read_to_the_promised_size(tmp_path):
    size, response = 10 * CHUNK + 5, Endless()
    remote = RemoteFile("model.bin", size, None, lambda _: response)
    with (
        ProgressMeter(lambda _: None, "download", "x") as meter,
        pytest.raises(DownloadError) as caught,
    ):
        Download(remote, tmp_path / "model.bin", meter).run()
    assert caught.value.kind == "size"
    assert response.sent <= size + CHUNK
    assert not list(tmp_path.iterdir())


def test_a_body_of_no_stated_size_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_UNSTATED", 10 * CHUNK)
    response = Endless()
    remote = RemoteFile("model.bin", None, None, lambda _: response)
    with (
        ProgressMeter(lambda _: None, "download", "x") as meter,
        pytest.raises(DownloadError) as caught,
    ):
        Download(remote, tmp_path / "model.bin", meter).run()
    assert caught.value.kind == "size"
    assert response.sent <= 11 * CHUNK
    assert not list(tmp_path.iterdir())


def test_a_compressed_body_is_not_unpacked_beyond_the_promised_size(tmp_path):
    bomb = gzip.compress(bytes(2**28), 1)

    class Compressed(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(bomb)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Compressed) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        remote = RemoteFile(
            "model.bin", 4 * CHUNK, None, lambda _: requests.get(url, stream=True, timeout=10)
        )
        tracemalloc.start()
        with (
            ProgressMeter(lambda _: None, "download", "x") as meter,
            pytest.raises(DownloadError) as caught,
        ):
            Download(remote, tmp_path / "model.bin", meter).run()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        server.shutdown()
    assert caught.value.kind == "size"
    assert peak < 2**24
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("handle", [K, H])
def test_a_part_that_is_too_long_is_thrown_away(hubs, handle):
    """What lies in the cache as a part of a file and is longer than the file."""
    good = fetch(handle, progress=False)
    weights = good / "model.weights.h5"
    whole, target = weights.read_bytes(), weights.resolve()
    gnb.cached()[0].delete()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PARTIAL)
    part.write_bytes(whole + b"x" * 1000)
    PartialNote(len(whole), None, None).write(part)
    assert (fetch(handle, progress=False) / "model.weights.h5").read_bytes() == whole
    assert not part.exists()


def test_an_answer_of_kaggles_api_ends(hubs, monkeypatch):
    monkeypatch.setattr("gemma_nb.hub.kaggle.MAX_ANSWER", 1000)
    changed(hubs, monkeypatch, "GetModelInstance", lambda info: {**info, "x": "a" * 2000})
    with pytest.raises(LoadError):
        fetch(K, progress=False)
    monkeypatch.setattr("gemma_nb.hub.kaggle.MAX_ANSWER", 10**6)
    assert fetch(K, progress=False).is_dir()


def endless(hubs, monkeypatch, part, status=200):
    """Makes the hub answer without an end where the address holds ``part``; the MiB that it sent."""
    handler, sent = hubs._server.RequestHandlerClass, []
    usual = handler.do_GET

    def answer(self):
        if part not in self.path or self.command != "GET":
            return usual(self)
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(400):
            self.wfile.write(b"%x\r\n" % 2**20 + b" " * 2**20 + b"\r\n")
            sent.append(1)
        return None

    monkeypatch.setattr(handler, "do_GET", answer)
    return sent


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("part", ["/api/models/", "/auth-check"])
def test_an_answer_of_hugging_faces_api_ends(hubs, monkeypatch, part, status):
    """The client reads an answer to its end, for us to a limit."""
    hubs.faults.login_needed = True  # what is said of a gated repository is followed by a check
    sent = endless(hubs, monkeypatch, part, status)
    monkeypatch.setattr("gemma_nb.hub.hugging_face.MAX_ANSWER", 2**22)
    tracemalloc.start()
    with pytest.raises(LoadError):
        fetch(H, credentials=HF_LOGIN, progress=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # what lies in the buffers of both sides is sent, too
    assert 4 <= len(sent) < 32
    assert peak < 2**24


def test_an_answer_to_a_lookup_ends(hubs, monkeypatch):
    sent = endless(hubs, monkeypatch, "/api/models/")
    monkeypatch.setattr("gemma_nb.catalog.hub_lookup.MAX_ANSWER", 2**22)
    with pytest.raises(LoadError, match="UnboundedAnswer"):
        gnb.variant(T)
    assert 4 <= len(sent) < 32


def test_a_file_that_the_client_reads_for_a_lookup_ends(hubs, monkeypatch):
    """Where Hugging Face itself is asked, its client downloads the files of a lookup."""
    monkeypatch.setattr("gemma_nb.catalog.hub_lookup._is_mirror", lambda: False)
    monkeypatch.setattr("gemma_nb.catalog.hub_lookup._MAX_BYTES", 2**22)
    sent = endless(hubs, monkeypatch, "/config.json")
    with pytest.raises(LoadError, match="UnboundedAnswer"):
        gnb.variant(T)
    assert 4 <= len(sent) < 32
    assert not list(Path(constants.HF_HUB_CACHE).rglob("config.json"))


@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_of_hugging_face_is_not_unpacked(hubs, monkeypatch, times):
    """Some kB that were compressed twice become 256 MiB."""
    handler, usual = hubs._server.RequestHandlerClass, hubs._server.RequestHandlerClass.do_GET
    bomb = bytes(2**28)
    for _ in range(times):
        bomb = gzip.compress(bomb, 1)
    asked = []

    def answer(self):
        if "/api/models/" not in self.path:
            return usual(self)
        asked.append(self.headers.get("Accept-Encoding"))
        self.send_response(200)
        self.send_header("Content-Encoding", ", ".join(["gzip"] * times))
        self.send_header("Content-Length", str(len(bomb)))
        self.end_headers()
        self.wfile.write(bomb)
        return None

    monkeypatch.setattr(handler, "do_GET", answer)
    for call in (gnb.variant, lambda handle: fetch(handle, progress=False)):
        tracemalloc.start()
        with pytest.raises(LoadError):
            call(T)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**24
    assert set(asked) == {"identity"}


def test_the_limit_is_that_of_our_own_requests(hubs):
    """The client's session is shared with everything in the process."""
    api = HfApi(endpoint=hubs.url)
    with hub_client.limited_answers(100):
        with pytest.raises(hub_client.UnboundedAnswer):
            api.model_info(HF_SAFE)
        with ThreadPoolExecutor() as others:
            assert others.submit(api.model_info, HF_SAFE).result().siblings
        with hub_client.limited_answers(10**6):
            assert api.model_info(HF_SAFE).siblings
    assert api.model_info(HF_SAFE).siblings


def test_a_mirror_that_ignores_ranges_is_read_to_the_end_of_the_range(hubs, monkeypatch):
    sent = endless(hubs, monkeypatch, "config.json")
    monkeypatch.setattr("gemma_nb.catalog.hub_lookup._MAX_BYTES", 2**21)
    unlisted._from_host.cache_clear()
    with pytest.raises(GemmaError):
        gnb.variant(T)
    assert 0 < len(sent) < 64


def test_headers_of_a_mirrors_tensors_are_read_in_ranges(hubs):
    unlisted._from_host.cache_clear()
    read = HuggingFaceFiles(parse_handle(T))
    tensors = read.tensors()
    assert tensors
    assert all(info.dtype == "F32" for info in tensors.values())
    assert read.adapter_tensors() is None
    assert all(one.range for one in hubs.asked if one.path.endswith(".safetensors"))
    assert not list(Path(constants.HF_HUB_CACHE).rglob("*.json"))


@pytest.mark.parametrize("number", range(1, 8))
def test_an_answer_that_repeats_the_login_shows_it_nowhere(hubs, monkeypatch, number):
    handler, asked = hubs._server.RequestHandlerClass, []
    usual = handler.do_GET

    def answer(self):
        asked.append(self.path)
        if len(asked) < number:
            return usual(self)
        login = str(self.headers.get("Authorization"))
        return self._json(500, {"error": login}, {"X-Error-Message": login})

    monkeypatch.setattr(handler, "do_GET", answer)
    monkeypatch.setattr(download, "PAUSES", ())
    with pytest.raises(GemmaError) as caught:
        gnb.load(T, credentials=HF_LOGIN, progress=False, download_only=True)
    assert len(asked) >= number
    error, chain = caught.value, []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    for one in chain:
        shown = traceback.TracebackException(type(one), one, one.__traceback__, capture_locals=True)
        frames = [frame for frame in shown.stack if frame.filename != __file__]
        assert HF_LOGIN not in f"{one}{one!r}{[frame.locals for frame in frames]}"


@pytest.mark.parametrize("header", ["ETag", "X-Repo-Commit"])
def test_a_header_of_a_mirror_names_no_file_outside(hubs, monkeypatch, header):
    handler, home = hubs._server.RequestHandlerClass, Path(constants.HF_HUB_CACHE)
    usual = handler.send_header

    def send(self, name, value):
        if name == header:
            value = '"../../../evil"' if name == "ETag" else "../../../evil"
        usual(self, name, value)

    monkeypatch.setattr(handler, "send_header", send)
    unlisted._from_host.cache_clear()
    for call in (gnb.variant, lambda handle: fetch(handle, progress=False)):
        with suppress(GemmaError):
            call(T)
    assert hubs.asked
    for folder in (home.parent, home):
        assert not [path for path in folder.rglob("*") if "evil" in path.name]


def test_a_commit_that_is_none_ends_the_lookup(hubs, monkeypatch):
    changed(hubs, monkeypatch, "/api/models/", lambda info: {**info, "sha": "../../../evil"})
    unlisted._from_host.cache_clear()
    with pytest.raises(LoadError):
        gnb.variant(T)


@pytest.mark.parametrize(
    ("handle", "folder"),
    [(K, "1"), (K, ".complete"), (H, "snapshots"), (H, "blobs"), (H, "refs")],
)
def test_a_link_out_of_the_cache_is_not_followed(hubs, tmp_path, handle, folder):
    """Whoever put it there: nothing is written behind it, and nothing deleted."""
    source = find_source(handle)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("precious")
    root = model_folder(source)
    root.mkdir(parents=True)
    (root / folder).symlink_to(mine, target_is_directory=True)
    with pytest.raises(LoadError, match="outside the cache"):
        fetch(handle, progress=False)
    assert [p.name for p in mine.rglob("*")] == ["thesis.txt"]


def test_a_model_behind_a_link_is_not_deleted(hubs, tmp_path):
    fetch(K, progress=False)
    root = model_folder(find_source(K))
    mine = tmp_path / "mine"
    root.rename(mine)
    root.symlink_to(mine, target_is_directory=True)
    (model,) = gnb.cached()
    with pytest.raises(LoadError, match="outside the cache"):
        model.delete()
    assert (mine / "1" / "config.json").is_file()


def test_a_cache_may_itself_be_a_link(hubs, tmp_path):
    elsewhere = tmp_path / "other disk"
    elsewhere.mkdir()
    (tmp_path / "kagglehub").symlink_to(elsewhere, target_is_directory=True)
    assert fetch(K, progress=False).is_dir()
    (model,) = gnb.cached()
    model.delete()
    assert not list(elsewhere.rglob("config.json"))


def test_a_fault_of_our_own_is_told_by_its_lines_and_shows_no_login(hubs, monkeypatch):
    """The shield round the hubs' clients hides what our frames hold, and not where they failed."""

    def broken(self, *_):
        try:
            return {}[self.login.token.reveal]
        except KeyError as error:
            raise RuntimeError(f"headers: {HF_LOGIN}") from error

    monkeypatch.setattr("gemma_nb.hub.fetch._VersionDownload.fetch_all", broken)
    with pytest.raises(LoadError, match=r"RuntimeError at test_hub_answers\.py") as caught:
        fetch(T, credentials=HF_LOGIN, progress=False)
    [note] = caught.value.__notes__
    assert "gemma_nb/hub/fetch.py:" in note
    assert "in _fetch_from_hub" in note
    assert "KeyError" in note
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = "".join(line for line in trace.format() if "test_hub_answers.py" not in line)
    assert HF_LOGIN not in note
    assert "broken" not in frames.replace(note, "")
    assert caught.value.__cause__ is caught.value.__context__ is None
