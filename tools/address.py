"""Writes the project's public address into badges, install cells and binder links.

The address stands in one place: ``project.urls.Repository`` in pyproject.toml. Run this after
changing it; ``--check`` changes nothing and fails where a file names another.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: owner/name as it stands in each kind of address
PLACES = re.compile(
    r"(?P<before>colab\.research\.google\.com/github/|mybinder\.org/v2/gh/"
    r"|(?:git\+)?https://github\.com/)"
    r"(?P<address>[\w.-]+/gemma_nb)\b"
)


def address() -> str:
    """Owner and name of the project, "owner/name"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/").rstrip("/")


def files() -> list[Path]:
    """Every file that names the address."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("notebooks/*.md"),
        *ROOT.glob("notebooks/**/*.ipynb"),
    ]
    return sorted(p for p in found if ".ipynb_checkpoints" not in p.parts)


def main() -> int:
    """Writes, or with ``--check`` only compares."""
    check = "--check" in sys.argv[1:]
    wrong = []
    for path in files():
        old = path.read_text(encoding="utf-8")
        new = PLACES.sub(lambda m: m["before"] + address(), old)
        if new != old:
            wrong.append(path.relative_to(ROOT))
            if not check:
                path.write_text(new, encoding="utf-8")
    for path in wrong:
        print(f"{path}: {'names another address' if check else 'written'}")
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
