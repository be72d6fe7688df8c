"""The sentences in two languages, and the language in force."""

import string
import threading

import pytest

import gemma_nb as gnb
from gemma_nb import i18n


def test_all_languages_take_the_same_values():
    def fields(text):
        return {f for _, f, _, _ in string.Formatter().parse(text) if f is not None}

    for key, texts in i18n.table().items():
        assert len(texts) == len(i18n.LANGUAGES), key
        for text in texts:
            assert fields(text) == fields(texts[0]), key
            assert text.strip(), key


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


def test_a_block_speaks_its_own_language_in_its_own_thread():
    gnb.set_language("en")
    other = []
    with i18n.using_language("ja"):
        thread = threading.Thread(target=lambda: other.append(i18n.language()))
        thread.start()
        thread.join()
        assert i18n.language() == "ja"
    assert (i18n.language(), other) == ("en", ["en"])


def test_a_message_within_a_message_is_in_the_same_language():
    inner = i18n.Message("fix_batch")
    outer = i18n.Message("load_fixes", {"fixes": inner})
    for lang in i18n.LANGUAGES:
        assert outer.text(lang).endswith(inner.text(lang))
