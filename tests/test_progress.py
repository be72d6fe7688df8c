"""Progress as steps and as bars: what a terminal, a log and a caller of several threads see."""

import io
import re
import threading

import pytest

from gemma_nb.hub import progress
from gemma_nb.hub.progress import ProgressBars, ProgressMeter, ProgressStep, progress_callback
from gemma_nb.i18n import using_language


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    monkeypatch.setattr(progress, "_STEP_INTERVAL", 0.0)


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_download_ends_with_its_sentence(stream):
    out = stream()
    with ProgressMeter(ProgressBars(out), "download", "x", 3 * 2**20) as meter:
        for _ in range(3):
            meter.add(2**20)
    lines = [line for line in out.getvalue().replace("\n", "\r").split("\r") if line.strip()]
    assert lines[0].startswith("Downloading x: 0 KiB / 3 MiB (0%)")
    assert lines[-1].startswith("Downloading x: 3 MiB / 3 MiB (100%), ")
    assert "MiB/s" in lines[-1]
    assert ("|" in lines[-1]) is (stream is Terminal)
    # a log has the first and the last line alone, a terminal is redrawn at each step
    assert len(lines) == 2 if stream is io.StringIO else len(lines) > 3
    assert out.getvalue().endswith("\n")


def test_a_note_and_a_short_stage():
    out = io.StringIO()
    bars = ProgressBars(out)
    with ProgressMeter(bars, "build", "x") as meter:
        assert out.getvalue() == ""
        meter.note("progress_waiting", name="x")
    assert out.getvalue().strip() == "Another process is downloading x: waiting for it."


def test_a_stage_that_stops_ends_its_line():
    out = Terminal()
    with pytest.raises(KeyboardInterrupt), ProgressMeter(ProgressBars(out), "download", "x"):
        raise KeyboardInterrupt
    assert out.getvalue().endswith("\n")


def test_false_is_silent(capsys):
    with ProgressMeter(progress_callback(False), "download", "x", 2) as meter:
        meter.add(2)
    assert capsys.readouterr() == ("", "")


def test_other_threads_count_and_do_not_report():
    steps = []
    with ProgressMeter(
        lambda step: steps.append((threading.get_ident(), step)), "download", "x"
    ) as m:
        threads = [
            threading.Thread(target=lambda: [m.add(1) for _ in range(1000)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {ident for ident, _ in steps} == {threading.get_ident()}
    assert steps[-1][1].done == 4000


def test_each_stage_leaves_a_line_where_it_is_asked_for(capsys):
    report = progress_callback(True)
    for stage, total in (("import", None), ("download", 2**21), ("weights", 2**21)):
        with ProgressMeter(report, stage, "x", total) as meter:
            meter.add(total or 0)
    with pytest.raises(ValueError, match="stop"), ProgressMeter(report, "build", "x"):
        raise ValueError("stop")
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+\.\d s", "N s", line) for line in lines] == [
        "Imported x in N s",
        "Downloaded x in N s (2 MiB)",
        "Read the weights of x in N s (2 MiB)",
    ]


def test_a_finished_stage_is_one_sentence_in_japanese():
    step = ProgressStep("weights", "x", done=2**21, total=2**21, seconds=1, finished=True)
    with using_language("ja"):
        assert step.summary == "x の重みを読み込みました(1.0 秒)(2 MiB)"
