"""What importing the package costs, and what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from slow_suites import environment, run

import gemma_nb as gnb

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("keras", "keras_hub", "jax", "ipywidgets", "matplotlib", "numpy", "tensorflow", "IPython")


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout


def test_importing_loads_nothing_heavy():
    heavy = f"[m for m in {HEAVY} if m in sys.modules]"
    assert python(f"import sys, gemma_nb; print({heavy})") == "[]\n"
    choosing = "gemma_nb.advise('gemma3_1b', 'int8', 'T4'), gemma_nb.recommend('L4')"
    assert python(f"import sys, gemma_nb; {choosing}; print({heavy})") == "[]\n"


def test_every_public_name_is_there():
    for name in gnb.__all__:
        assert getattr(gnb, name) is not None
    assert set(gnb.__all__) <= set(dir(gnb))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = gnb.nonsense


def test_the_address_stands_in_one_place():
    subprocess.run([sys.executable, "tools/address.py", "--check"], check=True, cwd=ROOT)


def test_nothing_committed_names_this_machine():
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    machine = re.compile(
        r"/(?:home|root|Users|work)/[a-z]|pypi\.org/simple|file:///", re.IGNORECASE
    )
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".ipynb", ".toml", ".txt", ".json", ".yml", ""}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found = machine.search(text)
            assert not found or name == "tests/test_package.py", f"{name}: {found[0]}"


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "notebooks" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_of_the_documents_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    for link in links:
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readme_is_short(name):
    """At most 100 lines of at most 100 characters; the addresses of badges are longer."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 100
    assert [line for line in lines if len(line) > 100 and not line.startswith("[")] == []


@pytest.mark.slow_suite
def test_the_page_of_public_names_is_what_the_docstrings_say():
    """It also names no argument that is not there, and links to nothing that it does not have."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run(
        environment(here, ROOT / "tests" / "api_docs.txt"),
        "tools/api_docs.py",
        "--check",
        cwd=ROOT,
        env=env,
    )
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert "](#" not in page
    for name in set(gnb.__all__) - {"__version__"}:
        assert f"### `{name}`" in page
