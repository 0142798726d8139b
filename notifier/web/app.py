"""The web application, put together from its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine
from starlette.middleware.gzip import GZipMiddleware

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.web.counters import Counts
from notifier.web.error_pages import ErrorPage, add_error_pages, in_one_line
from notifier.web.health import HEALTH_SECONDS, Watched, health_router
from notifier.web.hosts import HostGuard, HostRules
from notifier.web.metrics import metrics_router
from notifier.web.middleware import OuterMiddleware
from notifier.web.webhooks.booking_hooks import hooks_router
from notifier.web.webhooks.twilio import WebhookSettings, webhook_router


def create_app(
    engine: Engine,
    clock: Timekeeper,
    *,
    webhooks: WebhookSettings | None = None,
    worker_age: Callable[[], float] | None = None,
    disk: Path | None = None,
    backups: Path | None = None,
    health_seconds: float = HEALTH_SECONDS,
    version: str = "",
    routers: Sequence[APIRouter] = (),
    error_page: ErrorPage = in_one_line,
    hosts: HostRules | None = None,
) -> FastAPI:
    """The app over this database. Without `webhooks` their addresses are unknown here (404).

    `worker_age`: seconds since the worker's last sign of progress, where it runs in this process; else the tables
    say whether one is alive. `disk`: a directory whose disk must not fill up. `backups`: where the worker writes
    them. `health_seconds`: how long the database may take to say how it is. `routers`: everything else, such as the
    staff page. `error_page`: what an unknown address, or a crash, is answered with. `hosts`: the names that it
    answers to; None: any, for tests. Its threads end with its lifespan.
    """
    # Each has threads of its own, so that neither a flood of webhooks nor a question about health holds up the other.
    webhook_threads, hook_threads, health_threads = (DatabaseThreads(engine) for _ in range(3))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        # What runs on after its asker was refused still holds a connection, which the engine's end would leave open.
        each = (webhook_threads, hook_threads, health_threads)
        await asyncio.gather(*(asyncio.to_thread(threads.close) for threads in each))

    counts = Counts()
    watched = Watched(health_threads, clock, webhooks is not None, worker_age, disk, backups, health_seconds, version)
    # No redirect to the other spelling of an address: it would be built from the request's own Host.
    app = FastAPI(
        title="Notifier", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan
    )
    if hosts is not None:
        app.add_middleware(HostGuard, rules=hosts)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    app.add_middleware(OuterMiddleware, clock=clock, error_page=error_page)
    add_error_pages(app, error_page)
    parts = [health_router(watched), metrics_router(watched, counts), hooks_router(hook_threads, clock, counts)]
    parts += routers
    if webhooks is not None:
        parts.append(webhook_router(webhooks, webhook_threads, clock.now, counts))
    for part in parts:
        app.router.routes.extend(part.routes)  # as they are: `include_router` would build each of them once more
    return app
