"""The worker alone, with health and metrics at a port of their own where NOTIFIER_METRICS_PORT is set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from notifier.bootstrap.planning import build_clock
from notifier.bootstrap.run_worker import run_worker
from notifier.config.settings import Settings
from notifier.config.version import running_version
from notifier.db.engine import file_of, open_engine
from notifier.db.threads import DatabaseThreads


def run_with_metrics(settings: Settings) -> int:
    """The command `notifier worker`; the exit code. Raises what `run_worker` raises, and CannotListen."""
    return run_worker(settings, beside=lambda worker: worker_metrics(settings, worker.age))


@asynccontextmanager
async def worker_metrics(settings: Settings, worker_age: Callable[[], float]) -> AsyncIterator[str | None]:
    """Serve them through an engine of their own; the address, or None where no port is set."""
    if settings.metrics_port is None:
        yield None
        return
    from notifier.web.health import Watched  # noqa: PLC0415  # FastAPI takes 0.3 s, and most workers serve nothing
    from notifier.web.serving import serving  # noqa: PLC0415  # as above
    from notifier.web.worker_app import create_worker_app  # noqa: PLC0415  # as above

    engine = open_engine(settings.database_url.get_secret_value())
    file = file_of(engine)
    watched = Watched(
        DatabaseThreads(engine),
        build_clock(settings),
        settings.public_url is not None,
        worker_age,
        file.parent if file else None,
        settings.backup_dir,
        version=running_version(),
    )
    try:
        async with serving(create_worker_app(watched), settings.web_host, settings.metrics_port) as address:
            yield address
    finally:
        engine.dispose()
