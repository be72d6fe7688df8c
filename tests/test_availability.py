"""What a download would lack, known without asking anybody: a route, a login, room for doubt."""

import pytest

import gemma_nb as gnb
from gemma_nb.hardware.environment import has_route
from gemma_nb.hub import availability, credential_sources, credentials

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
LOCAL = "eth0\t0011ACEF\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
DEFAULT = "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n"
SIXTH = f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 28} 00000400 00000001 00000000 00000003     eth0\n"
LOOPBACK = SIXTH.replace("eth0", "lo")


def routes(folder, fourth, sixth=None):
    net = folder / "proc" / "net"
    net.mkdir(parents=True)
    (net / "route").write_text(HEAD + fourth)
    if sixth is not None:
        (net / "ipv6_route").write_text(sixth)
    return has_route(folder)


@pytest.mark.parametrize(
    ("fourth", "sixth", "there"),
    [
        (LOCAL + DEFAULT, None, True),
        (LOCAL, None, False),
        (LOCAL, LOOPBACK, False),
        ("", SIXTH, True),
        ("", "", False),
    ],
)
def test_a_default_route_is_a_way_out(tmp_path, fourth, sixth, there):
    assert routes(tmp_path, fourth, sixth) is there


def test_where_the_system_does_not_say_nothing_is_claimed(tmp_path):
    assert has_route(tmp_path) is None
    (tmp_path / "x").mkdir()
    assert routes(tmp_path / "x", "nonsense\n") is None


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """No login and nothing downloaded."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "HF_TOKEN", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(availability, "has_route", lambda: True)
    yield
    for service in credentials.SERVICES:
        credentials.clear_session(service)


@pytest.mark.usefixtures("elsewhere")
def test_what_is_lacking(monkeypatch):
    gated, free = gnb.variant("gemma3_instruct_1b"), gnb.variant("gemma4_instruct_2b")
    demo = gnb.variant("demo_gemma3_instruct_4m")
    assert [availability.find_obstacle(v) for v in (gated, free, demo)] == ["login", "", ""]
    with monkeypatch.context() as colab:  # which may have one among its secrets
        colab.setattr(availability, "in_colab", lambda: True)
        colab.setattr(credential_sources, "_colab_secrets", lambda: pytest.fail("it asked"))
        assert availability.find_obstacle(gated) == ""
    credentials.set_session(credentials.HUGGING_FACE, "hf_ATokenOfNobody0123456789")
    assert availability.find_obstacle(gated) == "login"  # its preset lies on Kaggle
    credentials.set_session(credentials.KAGGLE, "KGAT_0123456789abcdef0123456789abcdef")
    assert availability.find_obstacle(gated) == ""
    monkeypatch.setattr(availability, "has_route", lambda: False)
    assert [availability.find_obstacle(v) for v in (gated, free, demo)] == [
        "network",
        "network",
        "",
    ]
    monkeypatch.setattr(availability, "local_directory", lambda _: "a folder")
    assert availability.find_obstacle(gated) == ""
