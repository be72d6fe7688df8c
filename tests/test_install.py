"""The package as others install it: from a wheel, on each Python it names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_everything_the_main_job_needs(tmp_path):
    # a copy, so that no build folder stays in the working tree
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "build", "node_modules")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, source)
    wheel = next(tmp_path.glob("gemma_nb-*.whl"))
    run(*pip, "install", "--quiet", "--no-deps", "--target", tmp_path / "site", wheel)
    told = run(
        sys.executable,
        "-c",
        "import gemma_nb; print(gemma_nb.__file__)",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert str(tmp_path / "site") in told
    answer = run(
        *(sys.executable, "-m", "gemma_nb", "--ask", "What is the capital of Japan?"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "GEMMA_NB_LANG": "en"},
    )
    assert "Tokyo" in answer


def interpreter(version):
    """A Python of that version, on the path or kept by pyenv."""
    known = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    for candidate in (on_path, *sorted(known.glob(f"{version}.*/bin/python"))):
        if candidate:
            done = subprocess.run([candidate, "--version"], capture_output=True, text=True)
            if done.returncode == 0 and f" {version}." in done.stdout:
                return candidate
    return None


@pytest.mark.leg
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_a_fresh_install_on_another_python(version, tmp_path):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here: its leg did not run")
    shutil.copytree(ROOT, tmp_path / "clone", ignore=shutil.ignore_patterns(".*", "*.egg-info"))
    told = run("make", "run", f"PYTHON={python}", cwd=tmp_path / "clone")
    assert "Python" in told
    assert version in told
    assert "Tokyo" in told
