"""A form with a file in it, read into memory: a patient list is never written to a temporary file."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from notifier.web import cookies, origin
from notifier.web.context import WebContext
from notifier.web.uploads import LARGEST
from notifier.web.view import Fields, View

_AROUND: Final = 100_000
"""Bytes that the form itself may need besides the file."""
_MOST_READ_AWAY: Final = 20 * LARGEST
TOO_LARGE: Final = (
    f"The file has more than {LARGEST // 2**20} MiB. Split it into smaller ones; the rows stay known by their "
    "external_id, so nothing is imported twice."
)


class _InMemory(MultiPartParser):
    spool_max_size = LARGEST + _AROUND
    """So the file never reaches the disk."""


async def read_upload(context: WebContext, request: Request) -> Fields | Response:
    """The fields beside the file, which is then in `request.state.file`; or the response that refuses it."""
    if refusal := origin.refuse(context, request):
        return refusal
    view = await run_in_threadpool(_view, context, request)
    if view is None:
        return Fields([])  # the page sends a stranger to the sign-in
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return PlainTextResponse("Say how long the form is.\n", 411)
    if int(length) > LARGEST + _AROUND:
        await _read_away(request, int(length))
        return view.page("error.html", status=413, sentence=TOO_LARGE)
    parser = _InMemory(request.headers, request.stream(), max_files=1, max_fields=10, max_part_size=10_000)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        return view.page("error.html", status=400, sentence="This form is incomplete. Open the import page anew.")
    given = form.get("file")
    request.state.file = await given.read() if isinstance(given, UploadFile) else b""
    await form.close()
    return Fields([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


def _view(context: WebContext, request: Request) -> View | None:
    """Who is asking, before anything of a large body is kept."""
    now, token = context.clock.now(), cookies.token_in(request)
    who = cookies.who(context, request, now)
    return None if who is None or token is None else View(context, request, now, who, token, Fields([]))


async def _read_away(request: Request, length: int) -> None:
    """A browser shows a response only once it has sent everything. Nothing of it is kept."""
    if length <= _MOST_READ_AWAY:
        async for _ in request.stream():
            pass
