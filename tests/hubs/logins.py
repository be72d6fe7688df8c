"""This machine's own logins, out of sight."""

import os


def no_logins(monkeypatch, home):
    """Takes every login of this machine out of sight."""
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):
        if name.startswith(("KAGGLE", "HF_", "HUGGING", "COLAB", "TBE_", "XDG_CACHE")):
            monkeypatch.delenv(name)
