"""`notifier demo`: a clinic's two weeks in under a minute."""

from __future__ import annotations

import signal

from notifier.cli.errors import Failed
from notifier.cli.screen import out
from notifier.demo.play import play
from notifier.demo.stage import StageTrouble


def demo() -> int:
    """Show a clinic's two weeks in under a minute: no account, no phones, nothing left behind."""
    # SIGTERM as Ctrl-C, so that the stage is cleared: its worker would go on without us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        kept = play(out())
    except StageTrouble as error:
        raise Failed(str(error)) from None
    return 0 if kept else 1
