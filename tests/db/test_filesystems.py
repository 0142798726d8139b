"""A worker keeps its SQLite file on a local disk, or says why it does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.db import filesystems
from notifier.db.engine import open_engine
from notifier.db.filesystems import OnTheNetwork, network_filesystem, refuse_network

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 0:40 / /srv/share rw,relatime shared:9 master:2 - nfs4 nas:/share rw,vers=4.2
31 30 8:17 / /srv/share/local rw - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/Clinic\040Files rw - cifs //nas/clinic rw
33 22 0:42 / /home/eva/remote rw - fuse.sshfs eva@host: rw
34 22 0:43 / /var/lib/notifier rw - nfs nas:/old rw
35 34 8:33 / /var/lib/notifier rw - ext4 /dev/sdc1 rw
36 22 0:44 / /mnt/c rw - 9p C: rw
37 22 0:45 / /data rw - fuse.mergerfs a:b rw
a line that is cut
38 22 0:46
"""


def test_the_innermost_mount_decides(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None]] = [
        ("/opt/notifier.db", None),
        ("/srv/share/notifier.db", "nfs4"),
        ("/srv/share/deep/er/notifier.db", "nfs4"),
        ("/srv/share/local/notifier.db", None),
        ("/srv/share2/notifier.db", None),
        ("/mnt/Clinic Files/notifier.db", "cifs"),
        ("/home/eva/remote/notifier.db", "fuse.sshfs"),
        ("/var/lib/notifier/notifier.db", None),
        ("/mnt/c/notifier.db", None),
        ("/data/notifier.db", None),
    ]
    for file, expected in cases:
        with subtests.test(file=file, expected=expected):
            assert expected == network_filesystem(Path(file), MOUNTS)


def test_without_any_mount_nothing_is_known() -> None:
    assert None is network_filesystem(Path("/a/b.db"), "")


def test_a_worker_is_refused_there_and_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 22 0:40 / {tmp_path} rw - nfs4 nas:/share rw\n", encoding="utf-8")
    monkeypatch.setattr(filesystems, "_MOUNTS", mounts)
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with pytest.raises(OnTheNetwork, match=r"notifier\.db is on a network filesystem .nfs4.*use PostgreSQL"):
        refuse_network(engine)
    mounts.unlink()
    refuse_network(engine)
    engine.dispose()


def test_here_it_may_run(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    refuse_network(engine)
    engine.dispose()
