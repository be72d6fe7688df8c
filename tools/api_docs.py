"""Writes docs/api.md from the docstrings of the public names.

Needs griffe2md (tests/api_docs.txt). ``--check`` changes nothing and fails where the file on
disk is not what the docstrings give, or where a docstring documents an argument that is not there.
"""

import logging
import re
import sys
from pathlib import Path

import griffe
import griffe2md

import gemma_nb

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "api.md"
HEAD = """# Public names

Generated from the docstrings by `tools/api_docs.py`. `import gemma_nb as gnb` gives all of them.
"""
#: What griffe2md shows of each object.
OPTIONS = {
    "docstring_style": "google",
    "docstring_section_style": "list",
    "heading_level": 3,
    "members": None,
    "summary": False,
    "show_if_no_docstring": False,
    "inherited_members": False,
    "show_root_full_path": False,
    "show_submodules": False,
    "show_signature_annotations": True,
    "filters": ["!^_"],
    "line_length": 100,
}


class Warnings(logging.Handler):
    """Collects the warnings of griffe about docstrings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage().replace(f"{ROOT}/", ""))


def text() -> str:
    """The whole page."""
    package = griffe.load(
        "gemma_nb",
        search_paths=[str(ROOT)],
        docstring_parser="google",
        docstring_options={"returns_multiple_items": False, "returns_named_value": True},
    )
    parts = [HEAD]
    for name, module in sorted(gemma_nb._WHERE.items(), key=lambda item: item[0].lower()):  # noqa: SLF001
        page = griffe2md.render_object_docs(package[f"{module}.{name}"], OPTIONS)
        # griffe2md links every type, most of them to headings that this page does not have
        page = re.sub(r"\[([^\[\]]+)\]\(#[^)]*\)", r"\1", page)
        page = re.sub(r"</?code>", "`", page)
        page = re.sub(r"^(#+ `)gemma_nb\.[a-z_.]+\.(?=[A-Z])", r"\1", page, flags=re.MULTILINE)
        parts.append(page.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)) + "\n"


def main() -> int:
    """Writes, or with ``--check`` only compares."""
    warnings = Warnings()
    logging.getLogger("griffe").addHandler(warnings)
    page = text()
    for message in warnings.messages:
        print(message)
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(page, encoding="utf-8")
        return bool(warnings.messages)
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if old != page:
        print(f"{TARGET.relative_to(ROOT)} is not up to date: run tools/api_docs.py")
    return bool(warnings.messages) or old != page


if __name__ == "__main__":
    sys.exit(main())
