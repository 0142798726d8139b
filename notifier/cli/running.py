"""Who is at the command line, and at which terminal: what the audit log says of it."""

from __future__ import annotations

import getpass
import os
import platform
from contextlib import suppress
from typing import Final

from notifier.access.accounts import Source
from notifier.cli.output import is_attended
from notifier.config.settings import login_name
from notifier.domain.refused import Refused

_NOBODY: Final = "root"


def who(said: str | None = None) -> str:
    """Who is acting, for the audit log: a person's name. `said`: NOTIFIER_STAFF, or `--by`.

    Raises Refused where somebody sits at a terminal as root and nothing says who it is.
    """
    name = said or login_name() or _owner()
    if name == _NOBODY and is_attended():
        raise Refused(
            "the audit log needs a person's name, and this terminal is root's: say who you are, such as "
            "NOTIFIER_STAFF=dana notifier ..., or come by sudo from your own login"
        )
    return f"cli:{name}"[:120]


def terminal() -> Source:
    """This machine's, and under which user the command runs; through ssh, from where."""
    return Source(device=f"terminal of {_owner()} on {platform.node()}"[:80])


def _owner() -> str:
    with suppress(KeyError, OSError):  # a user id without a name, as in some containers
        return getpass.getuser() if os.geteuid() else _NOBODY
    return f"user {os.geteuid()}"
