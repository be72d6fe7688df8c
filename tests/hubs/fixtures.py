"""The two hubs, with the real clients pointed at them and nothing of this machine's own logins."""

import os

import pytest
from hubs import presets
from hubs.server import Hubs

KAGGLE = "keras/tiny/keras/tiny_1b"
SHARDED = "keras/tiny/keras/tiny_sharded"
HF_KERAS = "org/tiny-keras"
HF_SAFE = "org/tiny-safetensors"


@pytest.fixture(scope="session")
def made():
    """The presets' files, made once."""
    return {
        KAGGLE: presets.keras(1),
        SHARDED: presets.sharded(2),
        HF_KERAS: presets.keras(3),
        HF_SAFE: presets.transformers(),
    }


def no_logins(monkeypatch, home):
    """Takes every login of this machine out of sight."""
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):
        if name.startswith(("KAGGLE", "HF_", "HUGGING", "COLAB", "TBE_", "XDG_CACHE")):
            monkeypatch.delenv(name)


@pytest.fixture
def hubs(made, monkeypatch, tmp_path):
    import huggingface_hub.constants as hf
    from kagglesdk import kaggle_env

    from gemma_nb.loading import transfer

    no_logins(monkeypatch, tmp_path)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setattr(transfer, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(transfer, "CHUNK", 2**14)
    with Hubs({k: dict(v) for k, v in made.items()}) as server:
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, server.url)
        monkeypatch.setattr(hf, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        for module in (hf, __import__("huggingface_hub.file_download").file_download):
            monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
        yield server
