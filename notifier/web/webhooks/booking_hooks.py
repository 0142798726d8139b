"""`POST /hooks/NAME`: what booking systems post. Stored within a second; the worker reads it.

A name that nobody knows, a wrong signature and one that is too old are answered alike.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response

from notifier.db.tables import HookSource
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.webhook_secrets import good_secrets
from notifier.enrollments.importing.booking_hooks.events import store_event
from notifier.enrollments.importing.booking_hooks.signatures import signed_post
from notifier.enrollments.importing.booking_hooks.sources import HookKind, sources
from notifier.web.counters import Counts
from notifier.web.deadline import DatabaseSlow, within
from notifier.web.webhooks.signed_form import READ_SECONDS, NotTaken, limited_body, refusal_response

HOOKS_PATH: Final = "/hooks/{name}"
MOST_BYTES: Final = 256 * 1024
_ANSWER_SECONDS: Final = 0.9
_REMEMBERED: Final = 1.0
"""Seconds for which the sources are not read again: a flood costs no reads."""


def hooks_router(threads: DatabaseThreads, clock: Timekeeper, counts: Counts) -> APIRouter:
    """`/hooks/NAME` for every source that there is. `threads` are its alone: a flood must delay nobody else."""
    router, known = APIRouter(include_in_schema=False), _KnownSources(threads, clock)

    @router.post(HOOKS_PATH)
    async def hook(request: Request, name: str) -> Response:
        try:
            body = await limited_body(request, READ_SECONDS, media_type=None, most_bytes=MOST_BYTES)
            source, now = await known.named(name), clock.now()
            headers, good = dict(request.headers), good_secrets(source, now)
            tried = (signed_post(source.kind, one, headers, body, now=now) for one in good)
            post = next((one for one in tried if one is not None), None)
            if post is None or source.id is None:
                return refusal_response(request, counts, NotTaken(403, "signature"))
            store = partial(store_event, source_id=source.id, post=post, body=body, now=now)
            await within(_ANSWER_SECONDS, threads.write(store))
        except NotTaken as refusal:
            return refusal_response(request, counts, refusal)
        except DatabaseSlow:
            return refusal_response(request, counts, NotTaken(503, "database"))
        counts.webhooks_taken.labels("/hooks").inc()
        return Response(status_code=202)

    return router


class _KnownSources:
    """The sources by name, read once a second at most."""

    def __init__(self, threads: DatabaseThreads, clock: Timekeeper) -> None:
        self._threads, self._clock = threads, clock
        self._known: dict[str, HookSource] = {}
        self._read_at = float("-inf")
        self._nobody = HookSource(name="", kind=HookKind.STANDARD, secret=secrets.token_hex(), created_by="")

    async def named(self, name: str) -> HookSource:
        """The source of that name, or one without an id whose secret nobody has. Raises DatabaseSlow."""
        if self._clock.monotonic() - self._read_at >= _REMEMBERED:
            found = await within(_ANSWER_SECONDS, self._threads.read(sources))
            self._known, self._read_at = {one.name: one for one in found}, self._clock.monotonic()
        return self._known.get(name, self._nobody)
