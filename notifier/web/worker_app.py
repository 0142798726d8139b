"""What a worker without the page serves: health and metrics, and nothing about any patient."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from notifier.web.counters import Counts
from notifier.web.health import Watched, health_router
from notifier.web.metrics import metrics_router


def create_worker_app(watched: Watched) -> FastAPI:
    """`/healthz`, `/readyz` and `/metrics` alone. The threads that it looks through end with its lifespan."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(watched.threads.close)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    app.include_router(health_router(watched))
    app.include_router(metrics_router(watched, Counts()))
    return app
