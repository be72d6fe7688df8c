"""A process that is killed at any stage, and started again: as if nothing had been, nothing left over.

The stages are the changes that an operation makes on the disk, its chunks, tensors and steps; and
moments between them, in which a library writes by itself.
"""

import signal
from pathlib import Path

import pytest
from hubs import HF_SAFE, KAGGLE, presets
from hubs.server import Hubs
from killed_processes import Processes, tree

pytestmark = [
    pytest.mark.slow_suite,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL"),
]


@pytest.fixture(scope="module")
def processes():
    with Processes() as running:
        yield running


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of JAX's compiled programs; its path is part of their names."""
    return str(tmp_path_factory.mktemp("programs"))


def stages(events, most):
    """At most so many of the stages 1 to ``events``, spread evenly; the first and the last are."""
    if events <= most:
        return list(range(1, events + 1))
    return sorted({1 + round(i * (events - 1) / (most - 1)) for i in range(most)})


def hold(processes, tmp_path, operation, arguments, most, moments=(), finished=lambda _: False):
    """Kills an operation at its stages, starts it again each time, and compares what is there.

    Args:
        processes: the processes.
        tmp_path: a folder.
        operation: its name.
        arguments: makes its arguments for a root.
        most: the most stages to try.
        moments: shares of the operation's time after which it is killed too.
        finished: called with the root after each kill: whether what was written is in its place.

    Returns:
        The result of an undisturbed run, the number of its changes, and how often it was killed.
    """
    usual = tmp_path / "usual"
    whole = processes.run(operation, usual, *arguments(usual))
    assert whole["error"] is None, whole
    expected, kills = tree(usual), 0
    points = [{"kill": n} for n in stages(whole["events"], most)]
    points += [{"after": share * whole["seconds"]} for share in moments]
    for number, point in enumerate(points):
        root = tmp_path / f"killed{number}"
        killed = processes.run(operation, root, *arguments(root), **point)
        kills += killed["killed"]
        if not killed["killed"] and "kill" in point:
            # threads that meet at one file make a change or two less than in the usual run
            assert killed["events"] < point["kill"], (point, killed)
        finished_before = finished(root)
        after = processes.run(operation, root, *arguments(root))
        if finished_before:
            # what stands at the path is whole, and no second one is written over it
            assert after["error"].startswith("InvalidInput"), (point, after)
        else:
            assert after["error"] is None, (point, after)
            value = str(after["value"]).replace(str(root), str(usual))
            assert value == str(whole["value"]), point
        found = tree(root)
        assert found.keys() == expected.keys(), (point, found.keys() ^ expected.keys())
        for name, content in expected.items():
            assert _same(found[name], content, root, usual), (point, name)
    return whole, kills


def _same(found, expected, root, usual):
    if isinstance(found, bytes):
        return found == expected
    return str(found).replace(str(root), str(usual)) == str(expected) or found == expected


@pytest.mark.parametrize("handle", [f"kaggle://{KAGGLE}/1", f"hf://{HF_SAFE}"])
def test_a_download(processes, tmp_path, handle):
    with Hubs({KAGGLE: presets.keras(1), HF_SAFE: presets.transformers()}) as hubs:

        def count_requests():
            return len(hubs.asked)

        whole, kills = hold(
            processes, tmp_path, "fetch", lambda _: (handle, hubs.url), 16, moments=(0.3, 0.6)
        )
        assert kills >= 16, whole
        assert whole["events"] > 16
        before = count_requests()
        usual = processes.run("fetch", tmp_path / "usual", handle, hubs.url)
        assert usual["error"] is None
        if handle.startswith("kaggle"):
            assert count_requests() == before, "what is whole is not asked for again"


@pytest.mark.parametrize(("precision", "most"), [("int8", 3), ("int4", 2)])
def test_quantising_while_loading(processes, programs, tmp_path, precision, most):
    """Weights are read in memory: what may be left over are JAX's compiled programs."""
    usual = processes.run("load", tmp_path / "usual", precision, programs)
    assert usual["error"] is None, usual
    before = tree(Path(programs))
    for number, kill in enumerate(stages(usual["events"], most)):
        root = tmp_path / f"killed{number}"
        assert processes.run("load", root, precision, programs, kill=kill)["killed"]
        after = processes.run("load", root, precision, programs)
        assert (after["error"], after["value"]) == (None, usual["value"])
        assert [*tree(root)] == [*tree(tmp_path / "usual")]
    assert tree(Path(programs)).keys() == before.keys()


def test_programs_that_a_kill_cut_short_are_compiled_again(processes, tmp_path):
    """JAX writes them in place (jax 0.10, ``lru_cache.put``)."""
    cache = tmp_path / "programs"
    usual = processes.run("load", tmp_path, "float32", str(cache))
    written = list(cache.glob("*-cache"))
    assert written
    for path in written:
        path.write_bytes(path.read_bytes()[:100])
    after = processes.run("load", tmp_path, "float32", str(cache))
    assert (after["error"], after["value"]) == (None, usual["value"])


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_saving(processes, tmp_path, precision):
    _, kills = hold(
        processes,
        tmp_path,
        "save",
        lambda root: (precision, str(root / "saved")),
        6,
        moments=(0.9,),
        finished=lambda root: (root / "saved").exists(),
    )
    assert kills >= 6


@pytest.mark.parametrize(("form", "name"), [("safetensors", "other"), ("gguf", "other.gguf")])
def test_exporting(processes, tmp_path, form, name):
    pytest.importorskip("gguf")
    _, kills = hold(
        processes,
        tmp_path,
        "export",
        lambda root: ("bfloat16", str(root / name), form),
        4,
        moments=(0.9,),
        finished=lambda root: (root / name).exists(),
    )
    assert kills >= 4


def test_saving_a_chat_over_an_old_one(processes, tmp_path):
    def arguments(root):
        root.mkdir(exist_ok=True)
        path = root / "chat.json"
        if not path.exists():
            path.write_text("old")
        return str(path), "new" * 10_000

    def still_there(root):
        assert (root / "chat.json").read_text() in ("old", new)
        return False

    usual = tmp_path / "usual"
    processes.run("save_chat", usual, *arguments(usual))
    new = (usual / "chat.json").read_text()
    assert new.count("new") == 10_000
    _, kills = hold(processes, tmp_path, "save_chat", arguments, 8, finished=still_there)
    assert kills >= 2


def test_comparing(processes, programs, tmp_path):
    whole, kills = hold(
        processes, tmp_path, "compare", lambda root: (str(root / "rows"), programs), 4
    )
    assert kills == 4
    assert [status for status, *_ in whole["value"]] == ["done", "done"]
    assert all(reply for _, replies, _ in whole["value"] for reply in replies)
    assert whole["value"][1][2], "the precisions were compared"
