"""`notifier run`, and its two halves `worker` and `web`: what a system service starts. All end with SIGTERM."""

from __future__ import annotations

from collections.abc import Callable

import typer

from notifier.bootstrap.run_web import run_all, run_web
from notifier.bootstrap.worker_metrics import run_with_metrics
from notifier.cli.errors import Failed
from notifier.config.settings import Settings, load_settings
from notifier.scheduler.worker_lock import AnotherWorker
from notifier.web.listening import CannotListen


def run() -> None:
    """Send what is due, and serve the staff page."""
    _until_stopped(run_all)


def worker() -> None:
    """Send what is due, without the staff page."""
    _until_stopped(run_with_metrics)


def web() -> None:
    """Serve the staff page and the webhooks, and send nothing."""
    _until_stopped(run_web)


def _until_stopped(start: Callable[[Settings], int]) -> None:
    try:
        code = start(load_settings())
    except (AnotherWorker, CannotListen) as error:
        raise Failed(str(error)) from None
    raise typer.Exit(code)
