"""The session: its kind, its packages, its cache directory, its network."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gemma_nb.errors import InvalidInput

#: place -> environment variables, any of which marks it. The first place that matches counts:
#: Colab and Kaggle, which run Jupyter too, come before it. Sources: googlecolab/colabtools
#: (COLAB_RELEASE_TAG), Kaggle/docker-python (KAGGLE_KERNEL_RUN_TYPE), BinderHub's documentation
#: (BINDER_*), ipykernel and jupyter_server (JPY_*).
PLACES = {
    "colab": ("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION", "COLAB_GPU"),
    "kaggle": ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE"),
    "binder": ("BINDER_SERVICE_HOST", "BINDER_LAUNCH_HOST", "BINDER_REPO_URL"),
    "jupyterlab": ("JPY_SESSION_NAME", "JPY_PARENT_PID"),
}

#: The packages whose versions are facts of a runtime.
PACKAGES = ("keras", "keras-hub", "jax", "kagglehub", "ipywidgets")

#: The packages through which JAX uses an accelerator (JAX's documentation, "Installation").
_PLUGINS = {"gpu": ("jax-cuda13-plugin", "jax-cuda12-plugin"), "tpu": ("libtpu",)}


def detect_place(env: Mapping[str, str]) -> tuple[str, str]:
    """The kind of session, and the environment variable that marks it.

    Args:
        env: the environment variables.

    Returns:
        The place ("colab", "kaggle", "binder", "jupyterlab", "terminal") and its source.
    """
    for place, variables in PLACES.items():
        for variable in variables:
            if env.get(variable):
                return place, f"${variable}"
    return "terminal", "environ"


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare: (0, 26, 0) for "0.26.0.dev1"; () for no version."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version).release
    except InvalidVersion:
        return ()


def package_version(name: str) -> str | None:
    """The installed version of a package, None where it is not installed; imports nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def find_jax_plugin(kind: str) -> str | None:
    """The installed package through which JAX uses an accelerator.

    Args:
        kind: "gpu" or "tpu".

    Returns:
        Name and version, None where no such package is installed.
    """
    for name in _PLUGINS[kind]:
        if installed := package_version(name):
            return f"{name} {installed}"
    return None


def jax_platform(env: Mapping[str, str], *, ask_jax: bool = False) -> tuple[str, str] | None:
    """The platform that JAX is told to use first, and the setting that tells it.

    JAX takes the first platform of the list in JAX_PLATFORMS; JAX_PLATFORM_NAME is its older name
    (JAX's documentation, "Configuration Options").

    Args:
        env: the environment variables.
        ask_jax: whether to read the setting of JAX itself, where this process has imported it.

    Returns:
        "cpu", "gpu", "tpu" or another platform, and the setting; None where JAX chooses.
    """
    settings = {f"${name}": env.get(name, "") for name in ("JAX_PLATFORMS", "JAX_PLATFORM_NAME")}
    config = getattr(sys.modules.get("jax"), "config", None) if ask_jax else None
    if config is not None:
        # what JAX read when it was imported, or what the program has set since
        settings = {"jax.config.jax_platforms": str(getattr(config, "jax_platforms", "") or "")}
    for name, value in settings.items():
        if first := value.split(",")[0].strip().lower():
            return {"cuda": "gpu"}.get(first, first), f"{name}={value}"
    return None


def find_cache_directory(
    env: Mapping[str, str], home: Path | None = None
) -> tuple[Path | None, str]:
    """The directory where kagglehub keeps downloads, and its source.

    It is ``KAGGLEHUB_CACHE``, else ``~/.cache/kagglehub`` (kagglehub 1.0.2, config.py).

    Args:
        env: the environment variables.
        home: the home directory; this user's when None.

    Returns:
        None for a user without a home directory (no HOME, and not in the user database).
    """
    if env.get("KAGGLEHUB_CACHE"):
        return Path(env["KAGGLEHUB_CACHE"]), "$KAGGLEHUB_CACHE"
    home = home or home_directory()
    return home and home / ".cache" / "kagglehub", "~/.cache/kagglehub"


def cache_directory(env: Mapping[str, str]) -> Path:
    """The directory where kagglehub keeps downloads.

    Args:
        env: the environment variables.

    Raises:
        InvalidInput: there is no home directory to hold it.
    """
    directory, _ = find_cache_directory(env)
    if directory is None:
        raise InvalidInput("no_home", variable="KAGGLEHUB_CACHE")
    return directory


def home_directory() -> Path | None:
    """This user's home directory; None without HOME and without an entry in the user database."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def has_route(root: Path | str = "/") -> bool | None:
    """Whether the kernel has a default route, over IPv4 or IPv6.

    A route does not prove that the internet is reachable; without one it is not.

    Args:
        root: the directory that contains ``proc``.

    Returns:
        None where the system does not tell (anything but Linux).
    """
    net = Path(root) / "proc" / "net"
    try:
        lines = (net / "route").read_text(encoding="ascii").splitlines()[1:]
        routes = [line.split() for line in lines]
        if any(fields[1] == "00000000" and fields[0] != "lo" for fields in routes):
            return True
        ipv6 = net / "ipv6_route"
        lines = ipv6.read_text(encoding="ascii").splitlines() if ipv6.exists() else []
    except (OSError, ValueError, IndexError):
        return None
    routes = [line.split() for line in lines]
    return any(fields[:2] == ["0" * 32, "00"] and fields[-1] != "lo" for fields in routes)
