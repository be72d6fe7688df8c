"""Whether this machine has a way out, without asking anybody."""

from __future__ import annotations

from pathlib import Path


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
