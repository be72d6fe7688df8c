"""The panel of logins: what it shows, and that a secret is nowhere but in the process."""

import json

import pytest

import gemma_nb as gnb
from gemma_nb.hub import credential_sources, credentials
from gemma_nb.hub.credential_sources import SESSION_SOURCE, find_login
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE

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
        (KAGGLE, SECRET, "token of Hugging Face"),
        (KAGGLE, '{"username": "x"', "kaggle.json"),
        (KAGGLE, '["username", "key"]x{', None),
    ],
)
def test_what_is_no_login_is_refused_and_not_repeated(service, text, why):
    panel = gnb.CredentialsPanel()
    typed(panel, service, text)
    assert panel._fields[service].value == ""
    assert text not in everything(panel)
    if why:
        assert why in panel._note.value
        assert 'role="alert"' in panel._note.value
        assert find_login(service) is None


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
    with pytest.raises(ValueError, match="nothing in the field"):
        credentials.set_session(KAGGLE, "  ")


def test_terms_of_a_variant_or_of_all():
    one = gnb.CredentialsPanel("gemma3_instruct_1b").static_html()
    assert "https://www.kaggle.com/models/keras/gemma3" in one
    assert "https://huggingface.co/google/gemma-3-1b-it" in one
    assert "paligemma" not in one
    assert "paligemma" in gnb.CredentialsPanel().static_html()
    assert "no terms" in gnb.CredentialsPanel("gemma4_instruct_2b").static_html()


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
