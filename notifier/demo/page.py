"""The staff page on the demo's own data, for a look when the script has been told."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from notifier.access.manage_accounts import add_staff
from notifier.db.engine import writing
from notifier.demo.stage import Stage

NAME = "Demo"


@contextmanager
def open_page(stage: Stage) -> Iterator[str]:
    """Serve it, with an account for this look alone; the sentence that says where it is and how to get in."""
    password = secrets.token_urlsafe(9)
    with writing(stage.engine) as session:
        add_staff(session, NAME, password, admin=True, now=stage.now(), by="demo")
    port = _free_port()
    with stage.serving("web", NOTIFIER_WEB_PORT=str(port), NOTIFIER_SECOND_FACTOR="off"):
        yield f"The staff page: http://127.0.0.1:{port} (name {NAME}, password {password}). Ctrl-C ends the demo."


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
