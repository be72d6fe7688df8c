"""Handles of models on a hub: one parser for the catalog, the downloads and the code snippets.

``hf://owner/model[@revision][:FILE.gguf]``, where the revision is a branch, a tag, a commit or a
reference such as ``refs/pr/1``, and the file is a GGUF file of the repository; ``kaggle://owner/model/framework/variation[/version]``, where ``@version`` is read
like ``/version``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

#: How the names of GGUF files end.
SUFFIX = ".gguf"
#: Scheme of a handle -> the number of names in it.
_LENGTHS = {"hf": 2, "kaggle": 4}
#: One name: the characters that both hubs allow; "." and ".." do not match.
_NAME = re.compile(r"(?!\.+$)[\w.-]{1,200}", re.ASCII)
#: One part of a revision between slashes. Git also forbids "..", ":" and spaces in the name of a
#: branch (git check-ref-format); a part becomes a folder of the cache.
_REVISION_PART = re.compile(r"(?!\.)(?!.*\.\.)[\w.+=@#%,-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class Handle:
    """A model on a hub.

    Args:
        scheme: "hf" or "kaggle".
        path: ``owner/model``, or ``owner/model/framework/variation``.
        version: Hugging Face's revision, or Kaggle's version number; None for the newest.
        file: the GGUF file that is meant; None for a whole checkpoint.
    """

    scheme: str
    path: str
    version: str | None = None
    file: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that tell the model, without its owner; the one that tells most is first.

        At Kaggle the variation may be called "default", and only the model tell its tuning.
        """
        if self.file:
            return (self.file.rpartition("/")[2],)
        parts = self.path.split("/")
        return (parts[1],) if self.scheme == "hf" else (parts[3], parts[1])

    def at(self, version: str | None) -> Handle:
        """The same model at another version."""
        return replace(self, version=version)

    def __str__(self) -> str:
        separator = "@" if self.scheme == "hf" else "/"
        version = f"{separator}{self.version}" if self.version else ""
        return f"{self.scheme}://{self.path}{version}" + (f":{self.file}" if self.file else "")


def parse_handle(text: str) -> Handle | None:
    """Parses the handle of a model on a hub.

    Args:
        text: the handle; the scheme may be written in any case.

    Returns:
        The handle; None if the text is none.
    """
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _LENGTHS:
        return None
    rest, colon, file = rest.partition(":") if scheme == "hf" else (rest, "", "")
    path, at, version = rest.partition("@")
    names = path.strip("/").split("/")
    if scheme == "kaggle" and not at and len(names) == 5:
        at, version = "@", names.pop()
    if len(names) != _LENGTHS[scheme] or not all(_NAME.fullmatch(n) for n in names):
        return None
    if at and not _is_version(scheme, version):
        return None
    if colon and not (
        file.lower().endswith(SUFFIX) and all(_NAME.fullmatch(part) for part in file.split("/"))
    ):
        return None
    return Handle(scheme, "/".join(names), version or None, file or None)


def _is_version(scheme: str, version: str) -> bool:
    if scheme == "kaggle":
        return version.isascii() and version.isdigit()
    return all(_REVISION_PART.fullmatch(part) for part in version.split("/"))


def revision_of(handle: str | None) -> tuple[str, str] | None:
    """The repository and the revision of a handle at Hugging Face that names a revision.

    KerasHub's ``from_preset`` and most programs take a repository alone: code for them fetches the
    revision first.

    Args:
        handle: a handle, or a variant's ``handle``.
    """
    parsed = parse_handle(handle or "")
    if parsed is None or parsed.scheme != "hf" or parsed.version is None:
        return None
    return parsed.path, parsed.version
