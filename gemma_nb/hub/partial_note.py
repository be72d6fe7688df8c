"""The note beside a partial file on disk: it identifies the file that the bytes belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gemma_nb.files import atomic_write, read_json
from gemma_nb.hub.checksums import Checksum, FileInfo, checksums_differ

#: The suffix of a partial file's name.
PARTIAL = ".partial"


@dataclass(frozen=True)
class PartialNote:
    """The whole file that a partial file is a part of; None where the hub does not say.

    Args:
        size: bytes.
        etag: the ETag.
        checksum: algorithm and hex value.
    """

    size: int | None
    etag: str | None
    checksum: Checksum | None

    @classmethod
    def read(cls, partial: Path) -> PartialNote | None:
        """Reads the note of a partial file.

        Args:
            partial: the partial file.

        Returns:
            The note; None where there is none. A partial file without a note is never used.
        """
        try:
            fields = read_json(note_path(partial))
            checksum = fields.get("digest")
            return cls(
                fields.get("size"),
                fields.get("etag"),
                (str(checksum[0]), str(checksum[1])) if checksum else None,
            )
        except (OSError, ValueError, AttributeError, TypeError, LookupError):
            return None

    def write(self, partial: Path) -> None:
        """Writes the note beside a partial file.

        Args:
            partial: the partial file.
        """
        # the keys are those of the notes on users' disks
        checksum = list(self.checksum) if self.checksum else None
        fields = {"size": self.size, "etag": self.etag, "digest": checksum}
        atomic_write(note_path(partial), json.dumps(fields))

    def matches(self, size: int | None, checksum: Checksum | None) -> bool:
        """Whether the partial file belongs to the file that the hub offers now.

        Without a checksum or an ETag this cannot be known, and the partial file is not used.

        Args:
            size: bytes of the file at the hub, None where unknown.
            checksum: algorithm and hex value of the file at the hub, None where unknown.
        """
        if size is not None and self.size not in (None, size):
            return False
        if checksum:
            return self.checksum in (None, checksum)
        return bool(self.checksum or self.etag)

    def contradicts(self, info: FileInfo) -> bool:
        """Whether a response is about another file.

        Args:
            info: what the response's headers say.
        """
        is_other_etag = bool(info.etag and self.etag not in (None, info.etag))
        return is_other_etag or checksums_differ(info.checksum, self.checksum)


def note_path(partial: Path) -> Path:
    """The path of a partial file's note."""
    return partial.with_name(partial.name + ".json")
