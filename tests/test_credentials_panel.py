"""The panel of logins: what it shows, and that a secret is nowhere but in the process."""

import json

import pytest
from ipywidgets import Widget
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb.errors import LoadError
from gemma_nb.hub import credential_sources, credentials
from gemma_nb.hub.credential_sources import SESSION_SOURCE, find_login
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE
from gemma_nb.i18n import Message
from gemma_nb.widgets import credentials_panel

SECRET = "hf_ThisIsNobodysToken0123456789"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch, tmp_path):
    """No login of this machine's, and none that a test leaves."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        *("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR"),
        *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME"),
    ):
        monkeypatch.delenv(name, raising=False)
    yield
    for service in credentials.SERVICES:
        credentials.clear_session(service)
    Widget.close_all()  # everything() looks through all that are open


def typed(panel, service, text):
    """What a front end does when a field is left."""
    panel._fields[service].set_state({"value": text})


def everything(panel):
    """All that could be saved or sent: every widget's state, and the outputs."""
    from ipywidgets.widgets.widget import _instances

    states = [widget.get_state() for widget in _instances.values()]
    return json.dumps([states, panel._repr_mimebundle_()], default=str)


def test_a_secret_goes_to_the_process_and_nowhere_else():
    panel = gnb.CredentialsPanel()
    assert find_login(HUGGING_FACE) is None
    typed(panel, HUGGING_FACE, f" {SECRET}\n")
    found = find_login(HUGGING_FACE)
    assert found.place == SESSION_SOURCE
    assert found.token.reveal() == SECRET
    assert panel._fields[HUGGING_FACE].value == ""
    assert SECRET not in everything(panel)
    assert "Kept for this session" in panel._note.value
    assert "✓ Hugging Face" in panel.static_text()


def test_the_field_is_never_echoed():
    panel = gnb.CredentialsPanel()
    assert panel._fields[KAGGLE].trait_metadata("value", "echo_update") is False
    assert panel._fields[KAGGLE]._model_name == "PasswordModel"


@pytest.mark.parametrize(
    ("service", "text", "why"),
    [
        (HUGGING_FACE, "not-a-token-at-all", "begin with hf_"),
        (KAGGLE, SECRET, "is a Hugging Face token"),
        (KAGGLE, '{"username": "x"', "kaggle.json"),
        (KAGGLE, '{"username": "", "key": "x"}', "kaggle.json"),
        (KAGGLE, '["username", "key"]x{', "begins with KGAT_"),
        (KAGGLE, "77c1d09e5b2a48f6930e1bd2c85af364", "key alone is not enough"),
        (KAGGLE, "KGAT_9b1f0c77aa52", "cut off"),
        (KAGGLE, f"KGAT_{'9b1f' * 8} and a word", "other characters"),
        (HUGGING_FACE, "hf_Short", "cut off"),
        (HUGGING_FACE, f"{SECRET}…", "other characters"),
        (HUGGING_FACE, f"{SECRET}\n{SECRET}", "without spaces"),
        (HUGGING_FACE, f"hf_{'ｘ' * 34}", "other characters"),
    ],
)
def test_what_is_no_login_is_refused_and_not_repeated(service, text, why):
    panel = gnb.CredentialsPanel()
    typed(panel, service, text)
    assert panel._fields[service].value == ""
    assert text not in everything(panel)
    assert why in panel._note.value
    assert 'role="alert"' in panel._note.value
    assert find_login(service) is None


def test_a_login_that_was_kept_stays_where_another_is_refused():
    panel = gnb.CredentialsPanel()
    typed(panel, HUGGING_FACE, SECRET)
    typed(panel, HUGGING_FACE, "hf_Short")
    assert find_login(HUGGING_FACE).token.reveal() == SECRET


def test_tokens_of_every_kind_are_kept():
    panel = gnb.CredentialsPanel()
    for service, token in (
        (HUGGING_FACE, f"hf_{'aB' * 17}"),
        (HUGGING_FACE, "hf_oauth_eyJhbGciOiJFZERTQSJ9.eyJzY29wZSI6WyJv.c2lnbmF0dXJl-_x"),
        (KAGGLE, f"KGAT_{'9b1f' * 8}"),
    ):
        typed(panel, service, f"  {token}\n")
        assert find_login(service).token.reveal() == token


def test_test_says_what_the_hub_answered(monkeypatch):
    panel = gnb.CredentialsPanel("gemma3_instruct_1b")
    button = panel._test_buttons[HUGGING_FACE]
    assert button.layout.display == "none"  # there is no login to ask about
    typed(panel, HUGGING_FACE, SECRET)
    assert button.layout.display is None
    asked = []

    def answer(service, variant):
        asked.append((service, variant.name))
        button.click()  # once more, while the hub is asked
        assert "Asking Hugging Face" in panel._note.value
        return Message("access_variant", {"service": "Hugging Face", "place": "x", "variant": "y"})

    monkeypatch.setattr(credentials_panel, "check_access", answer)
    button.click()
    assert asked == [(HUGGING_FACE, "gemma3_instruct_1b")]
    assert "Hugging Face accepts the login" in panel._note.value
    assert "lets it download" in panel._live_region.value
    assert not button.disabled

    def fail(*_):
        raise LoadError("fetch_wrong_credentials", hub="Hugging Face", place="x", login_page="y")

    monkeypatch.setattr(credentials_panel, "check_access", fail)
    button.click()
    assert "does not accept the login" in panel._note.value
    assert 'role="alert"' in panel._note.value

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(credentials_panel, "check_access", interrupted)
    button.click()
    assert "Stopped" in panel._note.value
    assert not button.disabled
    assert SECRET not in everything(panel)


def test_kaggle_json_can_be_pasted_whole():
    panel = gnb.CredentialsPanel()
    typed(panel, KAGGLE, '{"username": "aiko", "key": "0123456789abcdef"}')
    found = find_login(KAGGLE)
    assert (found.username.reveal(), found.key.reveal()) == ("aiko", "0123456789abcdef")
    assert "0123456789abcdef" not in everything(panel)


def test_it_can_be_forgotten():
    panel = gnb.CredentialsPanel()
    assert panel._forget_buttons[HUGGING_FACE].layout.display == "none"
    typed(panel, HUGGING_FACE, SECRET)
    assert panel._forget_buttons[HUGGING_FACE].layout.display is None
    panel._forget_buttons[HUGGING_FACE].click()
    assert find_login(HUGGING_FACE) is None
    assert panel._forget_buttons[HUGGING_FACE].layout.display == "none"


def test_what_a_call_gives_counts_before_what_was_typed(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    credentials.set_session(HUGGING_FACE, SECRET)
    assert find_login(HUGGING_FACE).token.reveal() == SECRET
    assert find_login(HUGGING_FACE, "hf_given").place == "credentials="


def test_an_error_of_giving_holds_no_secret():
    with pytest.raises(ValueError) as caught:
        credentials.set_session(HUGGING_FACE, credentials.Secret("sk-something"))
    frame = caught.tb
    while frame:
        if "gemma_nb" in frame.tb_frame.f_code.co_filename:
            assert "sk-something" not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
    assert "sk-something" not in str(caught.value)
    with pytest.raises(ValueError, match="field is empty"):
        credentials.set_session(KAGGLE, "  ")


def test_terms_of_a_variant_or_of_all():
    one = gnb.CredentialsPanel("gemma3_instruct_1b").static_html()
    assert "https://www.kaggle.com/models/keras/gemma3" in one
    assert "https://huggingface.co/google/gemma-3-1b-it" in one
    assert "paligemma" not in one
    assert "paligemma" in gnb.CredentialsPanel().static_html()
    assert "no terms" in gnb.CredentialsPanel("gemma4_instruct_2b").static_html()


def test_terms_are_shown_of_what_was_chosen_alone():
    panel = gnb.CredentialsPanel()
    assert "https://" not in panel._terms_block.value
    assert "Choose a model" in panel._terms_block.value
    names = [value for _, value in panel._terms_list.options if value]
    assert "gemma3_instruct_1b" in names
    assert "gemma4_instruct_2b" not in names  # it asks for none
    panel._terms_list.value = "gemma3_instruct_1b"
    seen = ParsedHtml(panel._terms_block.value)
    assert [value for name, value in seen.attributes if name == "href"] == [
        "https://www.kaggle.com/models/keras/gemma3",
        "https://huggingface.co/google/gemma-3-1b-it",
    ]
    assert "paligemma" not in panel.static_html()
    panel._terms_list.value = ""
    assert "https://" not in panel._terms_block.value
    assert gnb.CredentialsPanel("gemma3_instruct_1b")._terms_list.layout.display == "none"


def test_in_japanese():
    panel = gnb.CredentialsPanel(lang="ja")
    assert "ログイン" in panel.static_text()
    typed(panel, HUGGING_FACE, "x")
    assert "始まります" in panel._note.value


def test_what_asks_the_user_is_looked_at_only_when_wanted(monkeypatch):
    asked = []

    class Secrets:
        def get(self, name):
            asked.append(name)
            return SECRET if name == "HF_TOKEN" else None

    monkeypatch.setattr(credential_sources, "_colab_secrets", Secrets)
    panel = gnb.CredentialsPanel()
    assert not credential_sources.has_login(HUGGING_FACE)
    assert asked == []
    panel._ask_colab()
    assert "HF_TOKEN" in asked
    assert "✓ Hugging Face: found in Colab: HF_TOKEN" in panel.static_text()
    assert SECRET not in everything(panel)
