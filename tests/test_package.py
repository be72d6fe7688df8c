"""What importing the package costs, and what it promises."""

import subprocess
import sys
from pathlib import Path

import pytest

import gemma_nb as gnb
from gemma_nb import i18n

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


def test_both_languages_take_the_same_values():
    import string

    def fields(text):
        return {f for _, f, _, _ in string.Formatter().parse(text) if f is not None}

    for key, pair in i18n.table().items():
        assert len(pair) == 2, key
        english, japanese = pair
        assert fields(english) == fields(japanese), key
        assert english.strip(), key
        assert japanese.strip(), key


def test_language_is_the_users(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", i18n.LANGUAGE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert i18n.language() == "en"
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert i18n.language() == "ja"
    monkeypatch.setenv(i18n.LANGUAGE_VARIABLE, "en")
    assert i18n.language() == "en"
    gnb.set_language("JA")
    assert i18n.language() == "ja"
    with pytest.raises(ValueError, match="'fr'"):
        gnb.set_language("fr")


def test_errors_are_told_in_the_language_in_force():
    from gemma_nb.errors import InvalidInput

    error = InvalidInput("bad_top_k", value=-1)
    assert "whole number" in str(error)
    gnb.set_language("ja")
    assert "整数" in str(error)


def test_the_address_stands_in_one_place():
    subprocess.run([sys.executable, "tools/address.py", "--check"], check=True, cwd=ROOT)


def test_nothing_committed_names_this_machine():
    import re

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
