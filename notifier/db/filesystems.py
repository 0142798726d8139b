"""What the disk must do for us: lend memory that processes share, and keep what it was told to keep.

SQLite's log needs the first, and network filesystems give none.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from notifier.db.engine import file_of
from notifier.db.errors import BadDatabaseAddress

_NETWORK: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
    "ocfs2", "orangefs", "vboxsf", "vmhgfs",
    "fuse.ceph", "fuse.cifs", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs", "fuse.vmhgfs-fuse",
})  # fmt: skip
"""As the kernel names them. Some may work; one that loses a write texts a patient twice. Not 9p: to many a virtual
machine it is the only disk."""
_MOUNTS: Final = Path("/proc/self/mountinfo")


class OnTheNetwork(BadDatabaseAddress):
    """The database file is on a network filesystem; names both. It does not mend itself."""


def refuse_network(engine: Engine) -> None:
    """Raise OnTheNetwork where a worker would keep an SQLite file on one. Nothing happens where that cannot be seen."""
    file = file_of(engine)
    if file is None:
        return
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # elsewhere than on Linux
        return
    if kind := network_filesystem(file.resolve(), mounts):
        raise OnTheNetwork(
            f"The database {file} is on a network filesystem ({kind}), where SQLite can lose writes and lock nobody "
            "out: name a file on a local disk in NOTIFIER_DATABASE_URL, or use PostgreSQL."
        )


def network_filesystem(file: Path, mounts: str) -> str | None:
    """The kind of the network filesystem on which this absolute path is; None on a local one.

    `mounts` is what Linux writes in /proc/self/mountinfo. Of two mounts on one place the later one is seen.
    """
    found, kind = -1, ""
    for line in mounts.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split(" ")
        if not dash or len(fields) < 5:  # the mount point is the fifth
            continue
        point = Path(_unescaped(fields[4]))
        if file.is_relative_to(point) and len(point.parts) >= found:
            found, kind = len(point.parts), right.split(" ")[0]
    return kind if kind in _NETWORK else None


def _unescaped(field: str) -> str:
    """The kernel writes a space as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)


def keep_through_power_cut(path: Path) -> None:
    """Return when the file is on the disk; for a directory: the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
