"""A pytest plugin: the two hubs with the real clients pointed at them, and the table of failures."""

import pytest

from hubs import HF_KERAS, HF_SAFE, KAGGLE, ROWS, SHARDED, presets
from hubs.logins import no_logins
from hubs.server import Hubs


@pytest.fixture(scope="session")
def made():
    """The presets' files, made once."""
    return {
        KAGGLE: presets.keras(1),
        SHARDED: presets.sharded(2),
        HF_KERAS: presets.keras(3),
        HF_SAFE: presets.transformers(),
    }


@pytest.fixture
def hubs(made, monkeypatch, tmp_path):
    import huggingface_hub.constants as hf
    from kagglesdk import kaggle_env

    from gemma_nb.catalog import unlisted
    from gemma_nb.hub import download

    unlisted._from_host.cache_clear()  # each test has a hub of its own
    no_logins(monkeypatch, tmp_path)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    # huggingface_hub read its variables when it was imported
    monkeypatch.setattr(hf, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(download, "CHUNK", 2**14)
    with Hubs({k: dict(v) for k, v in made.items()}) as server:
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, server.url)
        monkeypatch.setattr(hf, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        for module in (hf, __import__("huggingface_hub.file_download").file_download):
            monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
        yield server


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    terminalreporter.section("when things go wrong")
    wide = max(len(case) for case, _, _ in ROWS)
    terminalreporter.write_line(f"{'case'.ljust(wide)} | recovered | message")
    for case, message, recovered in ROWS:
        terminalreporter.write_line(
            f"{case.ljust(wide)} | {'yes' if recovered else 'NO':9} | {message}"
        )
