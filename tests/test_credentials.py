"""The ladder of logins: which one counts, told by place; and that a value shows nowhere."""

import json
import os
import pickle
import sys
import traceback
import types

import pytest
from hubs.logins import no_logins

from gemma_nb.errors import InvalidInput
from gemma_nb.hub import credential_sources as sources
from gemma_nb.hub import credentials as logins
from gemma_nb.hub.credential_sources import find_login, list_sources
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE, Credentials, Secret, parse_credentials

TOKEN = "KGAT_2f6ac0de93b14f0e8f0d7a55c1b6e7d8"
HF = "hf_QwErTyUiOpAsDfGhJkLzXcVbNm13572468"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    no_logins(monkeypatch, tmp_path)
    return tmp_path


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


class Userdata(types.ModuleType):
    """Colab's secrets: absent, not granted, or there."""

    def __init__(self, secrets, refused=()):
        super().__init__("google.colab.userdata")
        self.secrets, self.refused, self.asked = secrets, refused, []

    def get(self, name):
        self.asked.append(name)
        if name in self.refused:
            raise PermissionError(name)
        if name not in self.secrets:
            raise LookupError(name)
        return self.secrets[name]


@pytest.fixture
def colab(monkeypatch):
    def put(secrets, refused=()):
        userdata = Userdata(secrets, refused)
        module = types.ModuleType("google.colab")
        module.userdata = userdata
        monkeypatch.setitem(sys.modules, "google.colab", module)
        monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
        return userdata

    return put


def test_nothing_anywhere():
    assert find_login(KAGGLE) is None
    assert find_login(HUGGING_FACE) is None
    assert not any(p.found for p in list_sources())
    assert {p.service for p in list_sources()} == {KAGGLE, HUGGING_FACE}


def test_every_rung_in_its_order(home, monkeypatch, colab):
    """From the last to the first, each added in turn takes over."""
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Batch")
    monkeypatch.setenv("KAGGLE_DATA_PROXY_URL", "http://127.0.0.1:9")
    write(home / "identity", "the-notebook's")
    monkeypatch.setenv("KAGGLE_API_V1_TOKEN", str(home / "identity"))
    assert find_login(KAGGLE).place == "Kaggle notebook"
    assert find_login(KAGGLE).token.reveal() == "the-notebook's"

    colab({"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "from-colab"})
    assert find_login(KAGGLE).place == "Colab: KAGGLE_USERNAME + KAGGLE_KEY"
    colab({"KAGGLE_API_TOKEN": "colab-token", "KAGGLE_USERNAME": "me", "KAGGLE_KEY": "k"})
    assert find_login(KAGGLE).place == "Colab: KAGGLE_API_TOKEN"

    write(home / ".kaggle" / "kaggle.json", json.dumps({"username": "me", "key": "in-file"}))
    assert find_login(KAGGLE).place == "~/.kaggle/kaggle.json"
    assert find_login(KAGGLE).key.reveal() == "in-file"
    write(home / ".kaggle" / "access_token", "in-token-file\n")
    assert find_login(KAGGLE).place == "~/.kaggle/access_token"
    assert find_login(KAGGLE).token.reveal() == "in-token-file"

    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    assert find_login(KAGGLE).place == "~/.kaggle/access_token"  # a name alone is no login
    monkeypatch.setenv("KAGGLE_KEY", "in-environment")
    assert find_login(KAGGLE).place == "$KAGGLE_USERNAME + $KAGGLE_KEY"
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert find_login(KAGGLE).place == "$KAGGLE_API_TOKEN"
    assert find_login(KAGGLE, "given").place == "credentials="
    assert find_login(KAGGLE, "given").token.reveal() == "given"
    # all of them are told, the one that counts first
    assert [p.place for p in list_sources("given") if p.found][:2] == [
        "credentials=",
        "$KAGGLE_API_TOKEN",
    ]


def test_hugging_faces_rungs(home, monkeypatch, colab):
    colab({"HF_TOKEN": "hf_colab"})
    assert find_login(HUGGING_FACE).place == "Colab: HF_TOKEN"
    write(home / ".cache" / "huggingface" / "token", "hf_file")
    assert find_login(HUGGING_FACE).place == "~/.cache/huggingface/token"
    write(home / "elsewhere" / "token", "hf_moved")
    monkeypatch.setenv("HF_HOME", str(home / "elsewhere"))
    assert find_login(HUGGING_FACE).place == "$HF_HOME/token"
    assert find_login(HUGGING_FACE).token.reveal() == "hf_moved"
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_old")
    assert find_login(HUGGING_FACE).place == "$HUGGING_FACE_HUB_TOKEN"
    monkeypatch.setenv("HF_TOKEN", HF)
    assert find_login(HUGGING_FACE).place == "$HF_TOKEN"
    assert find_login(HUGGING_FACE, {"HF_TOKEN": "hf_given"}).place == "credentials="


def test_colabs_secrets_are_each_read_on_their_own(colab):
    """kagglehub gives up where KAGGLE_API_TOKEN is absent."""
    colab({"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "k"}, refused=("HF_TOKEN",))
    assert find_login(KAGGLE).username.reveal() == "me"
    assert find_login(HUGGING_FACE) is None


def test_a_secret_is_not_asked_for_when_an_earlier_rung_holds(colab, monkeypatch):
    userdata = colab({"KAGGLE_API_TOKEN": "x"})
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert find_login(KAGGLE)
    assert userdata.asked == []  # each question is a dialog in Colab


def test_a_file_that_is_damaged_is_no_login(home):
    write(home / ".kaggle" / "kaggle.json", '{"username": "me", "key": ')
    assert find_login(KAGGLE) is None
    write(home / ".kaggle" / "kaggle.json", '["me"]')
    assert find_login(KAGGLE) is None


#: What editors, web pages and Windows programs put round a token, and nobody sees.
INVISIBLE = [
    "\ufeff{}",
    "{}\u200b",
    "\u200e{}\u200f",
    "\u2060{}\u00ad",
    "\u00a0{}\u3000",
    "{}\r\n",
    "\t{}\0",
]


@pytest.mark.parametrize("round_it", INVISIBLE)
def test_invisible_characters_are_no_part_of_a_login(round_it, home, monkeypatch):
    token = round_it.format(HF)
    if "\0" not in token:  # which no environment can hold
        monkeypatch.setenv("HF_TOKEN", token)
        assert find_login(HUGGING_FACE).token.reveal() == HF
    assert find_login(HUGGING_FACE, {"HF_TOKEN": token}).token.reveal() == HF
    assert parse_credentials(token).hf_token.reveal() == HF
    logins.set_session(HUGGING_FACE, token)
    assert find_login(HUGGING_FACE).place == "CredentialsPanel"
    assert find_login(HUGGING_FACE).token.reveal() == HF
    logins.clear_session(HUGGING_FACE)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    write(home / ".cache" / "huggingface" / "token", token)
    assert find_login(HUGGING_FACE).token.reveal() == HF
    write(home / ".kaggle" / "access_token", round_it.format(TOKEN))
    assert find_login(KAGGLE).token.reveal() == TOKEN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_as_windows_programs_write_them(encoding, home):
    file = home / ".kaggle" / "kaggle.json"
    file.parent.mkdir()
    file.write_bytes(json.dumps({"username": "me", "key": TOKEN}).encode(encoding))
    assert find_login(KAGGLE).key.reveal() == TOKEN
    (home / ".kaggle" / "access_token").write_bytes(TOKEN.encode(encoding))
    assert find_login(KAGGLE).token.reveal() == TOKEN
    logins.set_session(KAGGLE, "\ufeff" + json.dumps({"username": "me", "key": TOKEN}))
    assert find_login(KAGGLE).key.reveal() == TOKEN
    logins.clear_session(KAGGLE)


@pytest.mark.parametrize("wrong", [f"“{HF}”", "hf_ＡＢＣ", "hf_Abc…", "hf_ключ"])
def test_characters_that_no_token_has_are_named_with_the_place(wrong, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", wrong)
    with pytest.raises(InvalidInput, match=r"\$HF_TOKEN.*characters.*huggingface\.co") as caught:
        find_login(HUGGING_FACE)
    assert wrong not in str(caught.value)


def test_the_token_of_the_environment_may_be_a_file(home, monkeypatch):
    write(home / "secret" / "token", TOKEN)
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(home / "secret" / "token"))
    assert find_login(KAGGLE).token.reveal() == TOKEN


@pytest.mark.parametrize(
    "given",
    [
        TOKEN,
        {"KAGGLE_API_TOKEN": TOKEN, "HF_TOKEN": HF},
        {"username": "me", "key": TOKEN},
        {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": TOKEN},
        Credentials(kaggle_token=TOKEN, hf_token=HF),
        Secret(TOKEN),
    ],
)
def test_what_a_call_may_give(given):
    login = find_login(KAGGLE, given)
    assert TOKEN in (login.token or login.key).reveal()
    for shown in (
        repr(login),
        str(login),
        f"{login}",
        repr(parse_credentials(given)),
        str(list_sources(given)),
    ):
        assert TOKEN[5:] not in shown
        assert HF[3:] not in shown


@pytest.mark.parametrize("given", [7, "", {}, {"TOKEN": TOKEN}, {"HF_TOKEN": 5}, [TOKEN]])
def test_what_is_no_login_is_refused_without_being_repeated(given):
    with pytest.raises(InvalidInput) as caught:
        find_login(KAGGLE, given)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [f for f in shown.stack if f.filename in (logins.__file__, sources.__file__)]
    assert ours
    assert TOKEN[5:] not in "".join(str(f.locals) for f in ours)
    assert TOKEN[5:] not in str(caught.value)
    assert "KAGGLE_API_TOKEN" in str(caught.value)


def test_places_read_as_sentences(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", HF)
    shown = [str(p) for p in list_sources()]
    assert "Hugging Face: found in $HF_TOKEN" in shown
    assert "Kaggle: not in $KAGGLE_API_TOKEN" in shown


def test_a_secret_shows_itself_nowhere():
    secret = Secret(f" {TOKEN}\n")
    assert secret.reveal() == TOKEN
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}", f"{secret!s:>9}"):
        assert TOKEN[:3] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_redacting_covers_every_form():
    import base64

    pair = find_login(KAGGLE, {"username": "me", "key": TOKEN})
    header = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    assert pair.redact(f"Basic {header}, {TOKEN}") == "Basic …, …"


def test_looking_changes_nothing(home, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    before = dict(os.environ)
    find_login(KAGGLE)
    list_sources()
    assert dict(os.environ) == before
    assert list(home.iterdir()) == []


def test_a_user_without_a_home_directory_has_the_other_sources(monkeypatch):
    """Containers run as users that the user database does not have."""
    monkeypatch.setattr(sources, "home_directory", lambda: None)
    for name in ("HF_HOME", "XDG_CACHE_HOME", "KAGGLE_CONFIG_DIR", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_" + "a" * 34)
    assert find_login(HUGGING_FACE) is not None
    monkeypatch.delenv("HF_TOKEN")
    assert find_login(HUGGING_FACE) is None
    assert find_login(KAGGLE) is None
