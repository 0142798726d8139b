"""`notifier demo`: a clinic's two weeks in under a minute."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress

from notifier.cli.errors import Failed
from notifier.cli.output import out
from notifier.demo.play import play
from notifier.demo.stage import StageTrouble
from notifier.logs import configure_logs


def demo() -> int:
    """Show a clinic's two weeks in under a minute: no account, no phones, nothing left behind.

    On a terminal the staff page then stays, with the demo's patients, until Ctrl-C.
    """
    configure_logs(level="CRITICAL")  # the desk enrolls in this process, and the story is what people read
    # SIGTERM as Ctrl-C, so that the stage is cleared: its worker would go on without us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        kept = play(out(), stay=_until_interrupted if sys.stdin.isatty() and sys.stdout.isatty() else None)
    except StageTrouble as error:
        raise Failed(str(error)) from None
    return 0 if kept else 1


def _until_interrupted() -> None:
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
