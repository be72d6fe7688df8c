"""The package as others install it: from a wheel, on each Python it names."""

import os
import sys

import pytest
from slow_suites import clone, interpreter, run


@pytest.mark.slow
def test_the_wheel_holds_everything_the_main_job_needs(tmp_path):
    # a copy, so that no build folder stays in the working tree
    source = clone(tmp_path / "source")
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


@pytest.mark.slow_suite
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_a_fresh_install_on_another_python(version, tmp_path):
    python = interpreter(version)
    told = run("make", "run", f"PYTHON={python}", cwd=clone(tmp_path / "clone"))
    assert "Python" in told
    assert version in told
    assert "Tokyo" in told
