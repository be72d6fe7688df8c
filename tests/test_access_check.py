"""A hub is asked whether it knows a login: the real clients against two hubs on loopback."""

import dataclasses
import json
import time

import pytest
from hubs import HF_KERAS, KAGGLE
from hubs.server import HF_LOGIN, KAGGLE_LOGIN, KAGGLE_PAIR
from huggingface_hub import constants
from kagglesdk import kaggle_env

import gemma_nb as gnb
from gemma_nb import i18n
from gemma_nb.errors import LoadError
from gemma_nb.hub import access_check, credentials, hugging_face
from gemma_nb.hub.access_check import check_access

pytest_plugins = ["hubs.plugin"]

KNOWN = {"kaggle": KAGGLE_LOGIN, "huggingface": HF_LOGIN}
UNKNOWN = {"kaggle": f"KGAT_{'0' * 32}", "huggingface": f"hf_{'x' * 34}"}
SERVICES = sorted(KNOWN)
#: A gated variant whose preset lies at Kaggle, and whose weights lie at Hugging Face too.
GATED = dataclasses.replace(
    gnb.variant("gemma3_instruct_270m"), handle=f"kaggle://{KAGGLE}", hf_id=HF_KERAS
)


@pytest.fixture(autouse=True)
def asked(hubs, monkeypatch):
    """What is asked for where no variant was chosen lies on the two hubs."""
    monkeypatch.setattr(access_check, "find_variant", lambda _: GATED)
    yield hubs
    for service in SERVICES:
        credentials.clear_session(service)


def refused(service, variant=None):
    with pytest.raises(LoadError) as caught:
        check_access(service, variant)
    message = caught.value.message
    for lang in i18n.LANGUAGES:
        told = message.text(lang)
        for secret in (*KNOWN.values(), *UNKNOWN.values(), KAGGLE_PAIR[1]):
            assert secret not in told
    assert not caught.value.__cause__
    return message.key


@pytest.mark.parametrize("service", SERVICES)
def test_a_login_is_known_or_not(service, hubs):
    assert refused(service) == "fetch_no_credentials"
    credentials.set_session(service, KNOWN[service])
    answer = check_access(service)
    assert answer.key == "access_login"
    assert answer.values["place"] == "CredentialsPanel"
    assert KNOWN[service] not in answer.text("en") + answer.text("ja")
    credentials.set_session(service, UNKNOWN[service])
    assert refused(service) == refused(service, GATED) == "fetch_wrong_credentials"
    assert hubs.asked[-1].login.endswith(UNKNOWN[service])  # it was this one that was sent


@pytest.mark.parametrize("service", SERVICES)
def test_the_terms_of_the_chosen_variant_are_accepted_or_not(service, hubs):
    credentials.set_session(service, KNOWN[service])
    hubs.faults.login_needed = True
    answer = check_access(service, GATED)
    assert (answer.key, answer.values["variant"]) == ("access_variant", "gemma3_instruct_270m")
    hubs.faults.consent_needed = True
    assert refused(service, GATED) == "fetch_no_consent"
    assert check_access(service).key == "access_login"  # the login alone is in question


def test_a_pair_from_kaggle_json_is_asked_about_too():
    pair = dict(zip(("username", "key"), KAGGLE_PAIR, strict=True))
    credentials.set_session("kaggle", json.dumps(pair))
    assert check_access("kaggle", GATED).key == "access_variant"


def test_a_variant_that_lies_elsewhere_is_no_question_for_this_hub():
    only_there = dataclasses.replace(GATED, handle=f"hf://{HF_KERAS}", hf_id=None)
    credentials.set_session("kaggle", KAGGLE_LOGIN)
    assert check_access("kaggle", only_there).key == "access_login"


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_no_answer_is_said(service, hubs, monkeypatch):
    credentials.set_session(service, KNOWN[service])
    hubs.faults.api_page = True
    assert refused(service) == "fetch_no_answer"
    hubs.faults.api_page = False
    hubs.faults.api_status = 500
    assert refused(service, GATED) == "fetch_hub_busy"
    hubs.faults.api_status = 0
    closed = "http://127.0.0.1:9"
    monkeypatch.setattr(constants, "ENDPOINT", closed)
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, closed)
    assert refused(service, GATED) == "fetch_no_network"


def test_a_hub_that_does_not_say_whether_the_terms_are_accepted_is_given_up(hubs, monkeypatch):
    monkeypatch.setattr(hugging_face, "TIMEOUT", (0.2, 0.2))
    credentials.set_session("huggingface", HF_LOGIN)
    hubs.faults.login_needed = True
    assert check_access("huggingface", GATED).key == "access_variant"
    hubs.faults.check_wait = 20
    started = time.monotonic()
    assert refused("huggingface", GATED) == "fetch_no_network"
    assert time.monotonic() - started < 10


def test_nothing_is_downloaded(hubs, tmp_path):
    for service in SERVICES:
        credentials.set_session(service, KNOWN[service])
        check_access(service, GATED)
    assert not hubs.bodies()
    assert not list(tmp_path.rglob("*.json"))
