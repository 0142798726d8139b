"""A photo that a patient sent: shown when asked for, saved to the chart by a person, and kept nowhere here."""

from __future__ import annotations

import threading
from typing import Any, Final

from starlette.responses import Response

from notifier.conversations.inbox import the_reply
from notifier.conversations.photo_looks import photo_opened
from notifier.conversations.pictures import NotAPicture, clean_picture
from notifier.db.engine import reading, writing
from notifier.db.enrollments import latest_on
from notifier.db.tables import Enrollment, Reply
from notifier.domain.refused import Refused
from notifier.sms.media import MediaUnavailable
from notifier.web.view import NotFound, Page, View

_fetching: Final = threading.BoundedSemaphore(2)
"""So many at a time: each may take seconds, and other pages need the threads too."""


def show(view: View) -> Response:
    """The page around one photo; the browser then asks for the photo itself."""
    reply, enrollment = _reply(view)
    number = _number(view, reply)
    return view.page("photo.html", reply=reply, enrollment=enrollment, number=number)


def look(view: View) -> Response:
    """The photo itself; who looked is recorded before anything is fetched."""
    return _picture(view, "saw", "inline")


def save(view: View) -> Response:
    """The photo as a file, for the chart."""
    return _picture(view, "did", "attachment")


def _picture(view: View, what: str, disposition: str) -> Response:
    reply, enrollment = _reply(view)
    number = _number(view, reply)
    about = f"photo {number} of reply {reply.id}" if what == "saw" else f"save photo {number} of reply {reply.id}"
    view.note(what, about, enrollment.id if enrollment else None)
    headers = {
        "Content-Disposition": f'{disposition}; filename="photo-{reply.id}-{number}.jpg"',
        "Cache-Control": "no-store",
    }
    return Response(_fetched(view, reply, number), media_type="image/jpeg", headers=headers)


def _fetched(view: View, reply: Reply, number: int) -> bytes:
    source = view.context.media
    if source is None:
        raise Refused("the photo cannot be fetched here: the Twilio account is not set; look at it in Twilio's console")
    if not _fetching.acquire(blocking=False):
        raise Refused("other photos are being fetched; try again in a moment")
    try:
        picture = clean_picture(source.fetch(reply.sid, number).content)
    except MediaUnavailable as why:
        if why.is_final:
            _opened(view, reply, number)
        raise Refused(str(why)) from None
    except NotAPicture as why:
        _opened(view, reply, number)
        raise Refused(f"this cannot be shown safely: {why}") from None
    finally:
        _fetching.release()
    _opened(view, reply, number)
    return picture


def _opened(view: View, reply: Reply, number: int) -> None:
    with writing(view.context.engine) as session:
        photo_opened(session, reply.id or 0, number, at=view.now)


def _reply(view: View) -> tuple[Reply, Enrollment | None]:
    with reading(view.context.engine) as session:
        try:
            reply = the_reply(session, view.number("reply"))
        except Refused:
            raise NotFound from None
    with view.context.visible_session() as session:  # the number may be a patient's of another office too
        whose: Any = latest_on(session, {reply.phone}).get(reply.phone)
    return reply, whose


def _number(view: View, reply: Reply) -> int:
    number = view.number("number")
    if not 1 <= number <= reply.media_count:
        raise NotFound
    return number


_ADDRESS: Final = "/replies/{reply:int}/photos/{number:int}"
PAGES = (
    Page("GET", _ADDRESS, show),
    Page("GET", f"{_ADDRESS}/image", look),
    Page("POST", f"{_ADDRESS}/save", save),
)
