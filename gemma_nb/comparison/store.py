"""The rows of a comparison on disk, one file each, so that a killed run can be resumed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.comparison.rows import ComparisonRow, row_from_json, row_to_json
from gemma_nb.errors import InvalidInput
from gemma_nb.files import PARTIAL_SUFFIX, atomic_write, parse_json

_RUN_FILE, _STARTED_SUFFIX = "run.json", ".started"
#: How often a row may end the process before it counts as failed.
MAX_ATTEMPTS = 2


@dataclass(frozen=True)
class StoredRow:
    """A measured row with its agreement with other precisions.

    Attributes:
        row: the row.
        pairs: key of another row -> (share of same tokens, divergence in bits, positions).
    """

    row: ComparisonRow
    pairs: Mapping[str, tuple[float, float, int]]


class RowStore:
    """The folder of one comparison; only one process at a time can use it.

    Args:
        folder: the folder; it is created if it is missing.
        run: the settings and the machine, which distinguish this comparison from others.
        facts: other facts about the run. If the run is resumed, the facts of its beginning are
            used.
        own: whether this package chose the folder; its content is then replaced where necessary.
        fresh: whether to delete the rows of an earlier run.

    Attributes:
        folder: the folder.
        facts: the facts about the run.

    Raises:
        InvalidInput: the folder holds another comparison or other files, another process uses it,
            or it cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        run: Mapping[str, Any],
        facts: Mapping[str, Any] | None = None,
        *,
        own: bool,
        fresh: bool,
    ) -> None:
        from filelock import FileLock, Timeout

        self.folder = folder
        self.facts = dict(facts or {})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / ".lock", blocking=False)
            self._lock.acquire()
        except Timeout:
            raise InvalidInput("compare_busy", folder=folder) from None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._prepare(run, own=own, fresh=fresh)
        except OSError as error:
            self.close()
            raise self._unusable(error) from None
        except BaseException:
            self.close()
            raise

    def _unusable(self, error: OSError) -> InvalidInput:
        why = error.strerror or type(error).__name__
        return InvalidInput("compare_folder", folder=self.folder, why=why)

    def _prepare(self, run: Mapping[str, Any], *, own: bool, fresh: bool) -> None:
        self._run = json.loads(json.dumps(run))
        earlier = self._read_json(_RUN_FILE)
        if earlier is None and not own and any(self._files()):
            raise InvalidInput("compare_not_empty", folder=self.folder)
        if fresh or (own and earlier is not None and earlier.get("complete")):
            self._clear()
        elif earlier is not None and earlier.get("run") != self._run:
            if not own:
                raise InvalidInput("compare_other_run", folder=self.folder)
            self._clear()
        elif earlier is not None:
            self.facts = earlier.get("facts") or self.facts
        self._write_run(complete=False)

    def _write_run(self, *, complete: bool) -> None:
        values = {"run": self._run, "facts": self.facts, "complete": complete}
        self._write_json(_RUN_FILE, values)

    def _files(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.name != ".lock"]

    def _clear(self) -> None:
        for path in self._files():
            if path.suffix in {".json", ".npz", _STARTED_SUFFIX, PARTIAL_SUFFIX}:
                path.unlink()

    def read(self, key: str) -> StoredRow | None:
        """The measured row of a key; None if there is none or its file is damaged."""
        values = self._read_json(f"{key}.json")
        try:
            if values is None:
                return None
            pairs = {k: (float(a), float(b), int(n)) for k, (a, b, n) in values["pairs"].items()}
            return StoredRow(row_from_json(values["row"]), pairs)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def write(self, key: str, stored: StoredRow) -> None:
        """Writes a measured row, completely or not at all.

        Raises:
            InvalidInput: the disk is full, or the folder can no longer be written.
        """
        values = {"row": row_to_json(stored.row), "pairs": dict(stored.pairs)}
        self._write_json(f"{key}.json", values)
        self.clear_started(key)

    def mark_started(self, key: str) -> int:
        """Records that the measurement of a row starts.

        Returns:
            How often it started before without an end.
        """
        path = self.folder / f"{key}{_STARTED_SUFFIX}"
        earlier_starts = 0
        with suppress(OSError, ValueError):
            earlier_starts = int(path.read_text(encoding="ascii"))
        self._write(path.name, str(earlier_starts + 1))
        return earlier_starts

    def clear_started(self, key: str) -> None:
        """Removes the record of ``mark_started``: the measurement ended or was interrupted."""
        (self.folder / f"{key}{_STARTED_SUFFIX}").unlink(missing_ok=True)

    def distributions_path(self, key: str) -> Path:
        """The file of a row's next-token distributions, which exists until the run is complete."""
        return self.folder / f"{key}.npz"

    def mark_complete(self) -> None:
        """Records that every row is measured, and deletes what only the run needed."""
        for path in (*self.folder.glob("*.npz"), *self.folder.glob(f"*{PARTIAL_SUFFIX}")):
            path.unlink(missing_ok=True)
        self._write_run(complete=True)

    def close(self) -> None:
        """Lets other processes use the folder."""
        self._lock.release()

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            value = parse_json((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def _write_json(self, name: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
        self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        try:
            atomic_write(self.folder / name, text)
        except OSError as error:
            raise self._unusable(error) from None


def default_folder(digest: str) -> Path:
    """The folder of a comparison without a path: in the user's cache, or else a temporary one.

    Args:
        digest: the short name of the comparison.
    """
    import tempfile

    base = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError, OSError):
        root = Path(base) if base else Path.home() / ".cache"
        folder = root / "gemma_nb" / "compare" / digest
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free:
            return folder
    # a folder of this user's own: another one's could not be written
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"gemma_nb-{user}" / "compare" / digest
