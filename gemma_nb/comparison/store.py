"""A comparison on disk: a file a finished row, so that a killed run goes on where it stopped."""

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

_RUN, _MARK = "run.json", "started"
#: How often a row may end the process before it counts as failed.
MAX_ATTEMPTS = 2


@dataclass(frozen=True)
class StoredRow:
    """A finished row, and how it compares with other precisions: key -> (same, bits, positions)."""

    row: ComparisonRow
    pairs: Mapping[str, tuple[float, float, int]]


class RowStore:
    """The folder of one comparison.

    Args:
        folder: made where it is not there.
        run: what tells this comparison from another one: settings and machine.
        facts: what else to know of the run; those of its beginning stay when it goes on.
        own: whether the folder is this package's own choice: then what is in the way goes.
        fresh: begin anew, whatever is there.

    Raises:
        InvalidInput: another comparison lies there, another process is at work there, or the
            folder cannot be written.
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
            self._prepare(run, own=own, fresh=fresh)
        except Timeout:
            raise InvalidInput("compare_busy", folder=folder) from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise InvalidInput("compare_folder", folder=folder, why=why) from None

    def _prepare(self, run: Mapping[str, Any], *, own: bool, fresh: bool) -> None:
        wanted = json.loads(json.dumps(run))
        there = self._json(_RUN)
        if there is None and not own and any(self._others()):
            self.close()
            raise InvalidInput("compare_not_empty", folder=self.folder)
        if fresh or (own and there is not None and there.get("complete")):
            self._clear()
        elif there is not None and there.get("run") != wanted:
            if not own:
                self.close()
                raise InvalidInput("compare_other_run", folder=self.folder)
            self._clear()
        elif there is not None:
            self.facts = there.get("facts") or self.facts
        self._run = wanted
        self._begin(complete=False)

    def _begin(self, *, complete: bool) -> None:
        self._write(_RUN, {"run": self._run, "facts": self.facts, "complete": complete})

    def _others(self) -> list[Path]:
        return [p for p in self.folder.iterdir() if p.name != ".lock"]

    def _clear(self) -> None:
        for path in self._others():
            if path.suffix in {".json", ".npz", f".{_MARK}", ".part"}:
                path.unlink()

    def row(self, key: str) -> StoredRow | None:
        """The row that was finished under a key; None where there is none that can be read."""
        found = self._json(f"{key}.json")
        try:
            if found is None:
                return None
            pairs = {k: (float(a), float(b), int(n)) for k, (a, b, n) in found["pairs"].items()}
            return StoredRow(row_from_json(found["row"]), pairs)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def keep(self, key: str, kept: StoredRow) -> None:
        """Writes a finished row, whole or not at all."""
        self._write(f"{key}.json", {"row": row_to_json(kept.row), "pairs": dict(kept.pairs)})
        self.unmark(key)

    def mark(self, key: str) -> int:
        """Notes that a row begins; how often it began before without an end."""
        path = self.folder / f"{key}.{_MARK}"
        before = 0
        with suppress(OSError, ValueError):
            before = int(path.read_text(encoding="ascii"))
        path.write_text(str(before + 1), encoding="ascii")
        return before

    def unmark(self, key: str) -> None:
        """Forgets that a row began: it ended, or was interrupted."""
        (self.folder / f"{key}.{_MARK}").unlink(missing_ok=True)

    def trace(self, key: str) -> Path:
        """Where a row's next-token distributions lie while the run goes on."""
        return self.folder / f"{key}.npz"

    def complete(self) -> None:
        """Every row is there: what only the run needed goes."""
        for path in self.folder.glob("*.npz"):
            path.unlink()
        self._begin(complete=True)

    def close(self) -> None:
        """Lets other processes at the folder."""
        self._lock.release()

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            value = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def _write(self, name: str, value: Any) -> None:
        write(self.folder / name, json.dumps(value, ensure_ascii=False, indent=1, default=str))


def write(path: Path, content: str) -> None:
    """Writes a text file, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def default_folder(digest: str) -> Path:
    """Where a comparison lies that was given no place: in the user's cache, else among temporaries."""
    import tempfile

    base = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError, OSError):
        root = Path(base) if base else Path.home() / ".cache"
        folder = root / "gemma_nb" / "compare" / digest
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free:
            return folder
    return Path(tempfile.gettempdir()) / "gemma_nb" / "compare" / digest
