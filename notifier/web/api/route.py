"""What holds for every address of the API: a key first, then words that it knows, then JSON, then the use case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from typing import Any, ClassVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from notifier.web.api.callers import identify
from notifier.web.api.json_body import StrictRequest, refuse_other_types
from notifier.web.api.problems import Problem


class KeyedRoute(APIRoute):
    """Reads nothing of a request before its key is known."""

    media_types: ClassVar[frozenset[str]] = frozenset({"application/json"})
    """What a body may be."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, behind the checks."""
        inner = super().get_route_handler()
        dependants = (self.dependant, *self.dependant.dependencies)
        known = frozenset(parameter.alias for one in dependants for parameter in one.query_params)

        async def respond(request: Request) -> Response:
            request.state.integration = await run_in_threadpool(identify, request, request.app.state.context)
            _refuse_unknown_words(request, known)
            if request.method == "POST":
                refuse_other_types(request, self.media_types)
            return await inner(StrictRequest(request.scope, request.receive))

        return respond


def keyed_router(tag: str) -> APIRouter:
    """A router whose addresses need an API key; `tag` groups them in the document."""
    return APIRouter(prefix="/api/v1", route_class=KeyedRoute, tags=[tag])


def _refuse_unknown_words(request: Request, known: Collection[str]) -> None:
    """A misspelled filter would find everybody. Raises Problem (422)."""
    errors = {}
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        shown = name[:60]
        if name not in known:
            errors[shown] = f"{shown} is no parameter here; there {_are(sorted(known))}"
        elif times > 1:
            errors[shown] = f"{shown} is said {times} times; say it once"
    if errors:
        raise Problem(422, f"{'; '.join(errors.values())}.", errors)


def _are(names: list[str]) -> str:
    return f"are {', '.join(names)}" if names else "is none"
