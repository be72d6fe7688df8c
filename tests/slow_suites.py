"""What the slow suites share: other Pythons, environments that are kept, and this checkout as others get it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kept import KEPT

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
    return pytest.skip(f"Python {version} is not installed here: its slow suite did not run")


def environment(version, *requirements, needs=False):
    """The Python of an environment with what these files list, each installed over the one before.

    ``needs`` installs also what the listed packages ask for.

    It is kept by the hash of the files, and made once, also where two tests want it at a time.
    Nobody may install anything else into it.
    """
    from filelock import FileLock

    python = interpreter(version)
    contents = [str(python).encode(), *(Path(file).read_bytes() for file in requirements)]
    name = f"{version}-{hashlib.sha256(b'|'.join(contents)).hexdigest()[:12]}"
    place = KEPT / name
    own = place / "bin" / "python"
    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / f"{name}.lock"):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            run(python, "-m", "venv", place)
            for file in requirements:
                install(own, *([] if needs else ["--no-deps"]), "--requirement", file)
            (place / "complete").touch()
    return own


def with_tensorflow():
    """The Python of an environment with TensorFlow beside what ``.venv`` has."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    tests = ROOT / "tests"
    lists = (ROOT / "requirements.txt", tests / "requirements.txt", tests / "tensorflow.txt")
    return environment(here, *lists)


def install(python, *what):
    """Installs into an environment: by uv, and where uv cannot do it, by pip."""
    if not uv("pip", "install", "--python", python, *what):
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)


def uv(*command):
    """Whether uv, told of pip's indexes and folders, could do it."""
    named = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS")
    pips = {f"UV_{n}": os.environ[f"PIP_{n}"] for n in named if os.environ.get(f"PIP_{n}")}
    tool = [sys.executable, "-m", "uv", "--quiet", *map(str, command)]
    return subprocess.run(tool, capture_output=True, env={**pips, **os.environ}).returncode == 0


def without_compile_cache():
    """The environment variables of a process that finds nothing compiled, as a user's first."""
    return {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}


def clone(folder):
    """This checkout's files, without what was built or installed in it."""
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "build", "node_modules")
    return Path(shutil.copytree(ROOT, folder, ignore=ignored))


def pytest_in(python, names, *code, env=None):
    """Runs the tests of these files in another Python.

    Args:
        python: the interpreter.
        names: of ``tests/test_<name>.py``.
        *code: lines of Python that must run there first.
        env: further environment variables.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    run(python, "-c", "\n".join(code), env=env)
    files = [ROOT / "tests" / f"test_{name}.py" for name in names]
    quiet = ("-q", "-p", "no:cacheprovider", "-m", "not slow_suite")
    output = run(python, "-m", "pytest", *quiet, *files, cwd=ROOT, env=env)
    assert "TensorFlow is not installed" not in output, output
    assert re.match(r"=* ?\d+ passed", output.splitlines()[-1]), output
    print(output.splitlines()[-1])
