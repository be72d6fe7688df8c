"""Several devices: equal ids, counted bytes, two processes. Each check runs in a process of its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.slow_suite]

SCRIPT = Path(__file__).with_name("virtual_devices.py")


def start(*arguments, **environment):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    root = str(SCRIPT.parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "GEMMA_NB_LANG": "en", **environment}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    output, errors = process.communicate(timeout=580)
    assert process.returncode == 0, f"{output}\n{errors[-3000:]}"
    return output


@pytest.mark.parametrize(
    "families",
    [
        ("gemma1", "gemma2", "gemma3", "pali_gemma"),
        ("gemma3n", "gemma4", "gemma4_moe"),
        ("t5gemma", "t5gemma2", "embedder"),
    ],
)
def test_every_family_on_two_devices(families):
    output = finish(start("families", *families))
    assert output.count("equal") == len(families)


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("kind", ["gemma3", "gemma4"])
def test_quantized_on_two_four_and_eight(kind, mode):
    assert finish(start("quantized", kind, mode, 2, 4, 8)).count("equal") == 3


def test_each_device_looks_up_the_tokens_of_its_own_rows():
    assert "equal" in finish(start("lookup"))


def test_chat_batch_image_and_rows():
    assert "equal" in finish(start("replies"))


def test_rows_on_two_devices_take_no_more_work():
    assert "equal" in finish(start("time"))


def test_speculative_decoding():
    assert "equal" in finish(start("speculative"))


@pytest.mark.parametrize("precision", ["float32", "int8", "int4"])
def test_load_from_files(precision):
    assert "loaded" in finish(start("load", precision))


def test_a_tensor_is_sent_in_blocks():
    assert "streamed" in finish(start("stream"))


def test_two_processes():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    two = [start("process", address, 2, rank) for rank in range(2)]
    replies = [[x for x in finish(p).splitlines() if x.startswith("REPLY")] for p in two]
    assert replies[0] == replies[1]
    assert len(replies[0]) == 1
    assert "Paris" in replies[0][0]
