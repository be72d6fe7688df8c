"""What kind of session this is, and which packages it has."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: place -> environment variables of which one tells it; the first place that matches counts, so
#: that Colab and Kaggle, which run Jupyter too, come before it. Sources: googlecolab/colabtools
#: (COLAB_RELEASE_TAG), Kaggle/docker-python (KAGGLE_KERNEL_RUN_TYPE), BinderHub's documentation
#: (BINDER_*), ipykernel and jupyter_server (JPY_*).
PLACES = {
    "colab": ("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION", "COLAB_GPU"),
    "kaggle": ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE"),
    "binder": ("BINDER_SERVICE_HOST", "BINDER_LAUNCH_HOST", "BINDER_REPO_URL"),
    "jupyterlab": ("JPY_SESSION_NAME", "JPY_PARENT_PID"),
}

PACKAGES = ("keras", "keras-hub", "jax", "kagglehub", "ipywidgets")


def place(env: Mapping[str, str]) -> tuple[str, str]:
    """Which kind of session this is, and what told it.

    Args:
        env: the environment variables.

    Returns:
        The place ("colab", "kaggle", "binder", "jupyterlab", "terminal") and its source.
    """
    for name, variables in PLACES.items():
        for variable in variables:
            if env.get(variable):
                return name, f"${variable}"
    return "terminal", "environ"


def package_version(name: str) -> str | None:
    """The installed version of a package, None where it is not installed; imports nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


#: The packages through which JAX uses an accelerator (jax's documentation, "Installation").
_PLUGINS = {"gpu": ("jax-cuda13-plugin", "jax-cuda12-plugin"), "tpu": ("libtpu",)}


def jax_plugin(kind: str) -> str | None:
    """The installed package through which JAX uses a "gpu" or "tpu", None where there is none."""
    for name in _PLUGINS[kind]:
        if found := package_version(name):
            return f"{name} {found}"
    return None


def python_version() -> str:
    """This Python's version."""
    return platform.python_version()


def cache_directory(env: Mapping[str, str], home: Path | None = None) -> tuple[Path, str]:
    """Where kagglehub keeps downloads, and what told it.

    ``KAGGLEHUB_CACHE``, else ``~/.cache/kagglehub`` (kagglehub 1.0.2, config.py).
    """
    if env.get("KAGGLEHUB_CACHE"):
        return Path(env["KAGGLEHUB_CACHE"]), "$KAGGLEHUB_CACHE"
    return (home or Path.home()) / ".cache" / "kagglehub", "~/.cache/kagglehub"


def has_route(root: Path | str = "/") -> bool | None:
    """Whether the kernel has a default route, over IPv4 or IPv6.

    A route is no proof of an internet behind it; without one there is none.

    Args:
        root: the directory that ``proc`` lies in.

    Returns:
        None where the system does not say (anything but Linux).
    """
    net = Path(root) / "proc" / "net"
    try:
        fourth = (net / "route").read_text(encoding="ascii").splitlines()[1:]
        found = [row.split() for row in fourth]
        if any(fields[1] == "00000000" and fields[0] != "lo" for fields in found):
            return True
        sixth = net / "ipv6_route"
        rows = sixth.read_text(encoding="ascii").splitlines() if sixth.exists() else []
    except (OSError, ValueError, IndexError):
        return None
    return any(r.split()[:2] == ["0" * 32, "00"] and r.split()[-1] != "lo" for r in rows)
