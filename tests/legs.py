"""What the legs share: other Pythons, fresh environments, and this checkout as others get it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command, **options):
    """A command's output; one that fails shows all it said."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def interpreter(version):
    """A Python of that version, on the path or kept by pyenv; skips where there is none."""
    known = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    for candidate in (on_path, *sorted(known.glob(f"{version}.*/bin/python"))):
        if candidate:
            done = subprocess.run([candidate, "--version"], capture_output=True, text=True)
            if done.returncode == 0 and f" {version}." in done.stdout:
                return candidate
    return pytest.skip(f"Python {version} is not installed here: its leg did not run")


def clone(folder):
    """This checkout's files, without what was built or installed in it."""
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "build", "node_modules")
    return Path(shutil.copytree(ROOT, folder, ignore=ignored))
