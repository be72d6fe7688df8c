"""Several files at the same time: one meter, the first error cancels the rest, Ctrl-C too."""

import threading
import time

import pytest

from gemma_nb.hub.download import DownloadError, RemoteFile
from gemma_nb.hub.parallel_download import WORKERS, download_files
from gemma_nb.hub.progress import ProgressMeter


class Response:
    """An answer whose body comes from a function."""

    status_code = 200

    def __init__(self, body, **headers):
        self.headers = {"Content-Type": "application/octet-stream", **headers}
        self.iter_content = lambda _: body()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def remote(name, body, **headers):
    return RemoteFile(name, None, None, lambda _: Response(body, **headers))


def download(tmp_path, remotes, on_checked=lambda *_: None, steps=None):
    files = {tmp_path / one.name: one for one in remotes}
    with ProgressMeter((steps if steps is not None else []).append, "download", "x") as meter:
        download_files(files, meter, on_checked)


def workers():
    return [t for t in threading.enumerate() if t.name == "gemma_nb-download"]


def wait_for_workers():
    deadline = time.monotonic() + 10
    while workers():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_files_come_side_by_side_and_count_in_one_meter(tmp_path):
    together = threading.Barrier(WORKERS, timeout=20)

    def body():
        together.wait()
        yield b"1234"

    checked, steps = [], []

    def on_checked(one, result):
        assert threading.current_thread() is threading.main_thread()
        checked.append((one.name, result.size))

    names = [f"{i}.txt" for i in range(2 * WORKERS)]
    download(tmp_path, [remote(n, body) for n in names], on_checked, steps)
    assert sorted(checked) == [(n, 4) for n in names]
    assert {(tmp_path / n).read_bytes() for n in names} == {b"1234"}
    assert steps[-1].done == 4 * len(names)
    assert steps[-1].finished


@pytest.mark.parametrize("cause", ["error", "interrupt"])
def test_an_error_and_ctrl_c_cancel_the_rest_at_once(tmp_path, cause):
    """A thread that still waits for the network changes nothing on the disk afterwards."""
    begun = threading.Barrier(WORKERS, timeout=20)
    goes_on = threading.Event()

    def waits():
        yield b"1"
        begun.wait()
        goes_on.wait(20)
        yield b"2"

    def small():
        yield b"x"

    def interrupt(*_):
        raise KeyboardInterrupt

    header = {"Content-Type": "text/html"} if cause == "error" else {}

    def opens(_):
        begun.wait()
        return Response(small, **header)

    later = [remote(f"later{i}.txt", lambda: pytest.fail("it was begun")) for i in range(3)]
    files = [remote("slow.txt", waits), RemoteFile("small.txt", None, None, opens)]
    files += [remote(f"wait{i}.txt", waits) for i in range(WORKERS - 2)]
    start = time.monotonic()
    with pytest.raises(DownloadError if cause == "error" else KeyboardInterrupt) as caught:
        download(tmp_path, [*files, *later] if cause == "error" else files, interrupt)
    assert time.monotonic() - start < 10
    if cause == "error":
        assert (caught.value.kind, caught.value.file) == ("page", "small.txt")
    state = {p: p.read_bytes() for p in tmp_path.iterdir()}
    assert state[tmp_path / "slow.txt.partial"] == b"1"
    goes_on.set()
    wait_for_workers()
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == state
    # what is good stays: of the interrupted ones a part with its note, of the small one all
    assert (tmp_path / "small.txt").exists() is (cause == "interrupt")
    assert not list(tmp_path.glob("later*"))
