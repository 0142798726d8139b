"""What holds for every address of the API: a key first, then JSON, then the story."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from notifier.web.api.callers import identify
from notifier.web.api.json_body import StrictRequest, refuse_other_types


class KeyedRoute(APIRoute):
    """Reads nothing of a request before its key is known."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, behind the checks."""
        inner = super().get_route_handler()

        async def answer(request: Request) -> Response:
            state = request.app.state
            request.state.integration = await run_in_threadpool(identify, request, state.office, state.wrong_keys)
            if request.method == "POST":
                refuse_other_types(request)
            return await inner(StrictRequest(request.scope, request.receive))

        return answer


def keyed_router(tag: str) -> APIRouter:
    """A router for one file's addresses."""
    return APIRouter(prefix="/api/v1", route_class=KeyedRoute, tags=[tag])
