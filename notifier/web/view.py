"""One request to the staff page by somebody who is signed in, and the one way in which it is answered."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from notifier.access import accounts
from notifier.access.accounts import SignedIn, Source
from notifier.access.record_look import Look, record_look
from notifier.db.columns import can_be_id
from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.oversight.desk_state import DeskState
from notifier.web import cookies, origin
from notifier.web.context import WebContext
from notifier.web.drawn_pages import DrawnPage
from notifier.web.error_pages import NOTHING_HERE, patient_in
from notifier.web.hashing_room import BUSY, HashingRoom, TooMany
from notifier.web.render import render
from notifier.web.source import source_of

Fields = ImmutableMultiDict[str, str]
_ERROR = "error.html"
_PATIENT = re.compile(rb'(?:href|action)="/patients/([0-9]{1,18})\b')
_FORM = re.compile(rb' data-form="([0-9a-f]+)"')
_MAIN = re.compile(rb"<main .*</main>", re.DOTALL)
_LONGEST_PATH = 120
_MOST_BYTES = 200_000
_MOST_FIELDS = 300
_MOST_OF_A_LONG_FORM = 2000


@dataclass(frozen=True)
class View:
    """What a page needs to know."""

    context: WebContext
    request: Request
    now: datetime
    who: SignedIn
    token: str
    """The session's."""
    fields: Fields
    looks: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    """What has been seen so far: what it is called, and whom it shows."""

    @property
    def form(self) -> str:
        """What the forms of this page carry."""
        return cookies.form_token(self.token)

    @property
    def session_key(self) -> str:
        """What this session keeps something under, such as an uploaded file."""
        return cookies.session_key(self.token)

    def field(self, name: str) -> str:
        """What was typed, without spaces around; empty where nothing was."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int:
        """A number in the page's address; raises NotFound for one that no row can have."""
        found = int(self.request.path_params[name])
        if not can_be_id(found):
            raise NotFound
        return found

    def page(self, template: str, *, status: int = 200, about: str | None = None, **values: Any) -> Response:
        """A page as this person sees it; before it is handed over, whom it shows is written down.

        Whom a page names it links to: that is how they are known; for anybody else say `saw`. `about`: what the audit
        log calls the page; its template's name unless said.
        """
        made = render(
            template,
            status,
            context=self.context,
            who=self.who,
            form=self.form,
            now=self.now,
            here=self.request.url.path,
            zone=self.context.zone,
            **values,
        )
        if template != _ERROR:
            shown = {int(one) for one in _PATIENT.findall(bytes(made.body))}
            if "enrollment" in self.request.path_params:
                shown.add(self.number("enrollment"))
            if shown or about:
                self.saw(about or PurePath(template).stem.strip("_").replace("_", " "), *shown)
        return made

    @property
    def desk(self) -> DeskState:
        """What is open now, at most a second old; to be asked before the lists are read."""
        context = self.context
        return context.watch.state(context.engine, context.rules.yours, self.now, context.clock.monotonic())

    def read_once(self, state: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What a live page shows in that state of the desk: where it draws itself anew, it is read once for all who may
        see the same. `read` may look at nothing else of the person."""
        if not cookies.is_refresh(self.request):
            return read()
        context = self.context
        key = (context.rules.yours, self.request.url.path, state)
        return context.read.get(key, read, context.clock.monotonic())

    @cached_property
    def source(self) -> Source:
        """Where this person asks from."""
        return source_of(self.request)

    def note(self, what: str, about: str, enrollment_id: int | None = None) -> None:
        """Write down that this person did something, or saw what shows no patient; of a patient say `saw`."""
        with writing(self.context.engine) as session:
            accounts.audit(
                session, at=self.now, by=self.who.by, what=what, about=about, enrollment_id=enrollment_id,
                source=self.source)  # fmt: skip

    def refused(self, why: str) -> None:
        """Write down that this person was not shown what they asked for, or may not do what they tried."""
        about = f"{self.request.method} {self.request.url.path[:_LONGEST_PATH]}: {why}"
        self.note("refused", about, self.request.path_params.get("enrollment"))

    def saw(self, about: str, *patients: int) -> None:
        """Write down whom a page shows, before it is handed over; `patients`: their enrollments.

        A page that is drawn anew is no other look: whoever has been on it all the time is not written down again.
        """
        self.looks.append((about, patients))
        look = Look(self.who.by, self.source, about, patients)
        record_look(self.context.engine, self.context.looks, look, now=self.now)


Handler = Callable[[View], Response]
_WHOLE = "This concerns all offices together; ask somebody who sees all offices."
KEPT = "kept."
"""Marks the fields of a form that was sent after its session had been locked."""


class NotFound(Exception):
    """There is no such page, or not for this person."""


@dataclass(frozen=True)
class Page:
    """One address of the staff page."""

    method: str
    path: str
    handler: Handler
    kept_by: Handler | None = None
    """Shows the form again, filled in as it was sent, where the session had been locked meanwhile."""
    admin: bool = False
    whole: bool = False
    """Whether it concerns all offices at once: only for whoever sees all."""
    hashes: bool = False
    """Whether it hashes passwords, which is done in a room of its own."""
    read: Callable[[WebContext, Request], Awaitable[Fields | Response]] | None = None
    """How its form is read where `read_fields` will not do."""
    live: bool = False
    """Whether it draws itself anew in every open window when something has come."""
    waits: Callable[[WebContext, Request], Awaitable[None]] | None = None
    """What happens first, and tells nothing: who asks, and whether they may, is checked after it."""


async def respond(context: WebContext, room: HashingRoom, page: Page, request: Request) -> Response:
    """Check everything that holds for all pages, then call the page's handler in a thread."""
    fields = await (page.read or read_fields)(context, request)
    if isinstance(fields, Response):
        return fields
    if page.waits is not None:
        await page.waits(context, request)
    if not page.hashes:
        return await run_in_threadpool(_respond, context, page, request, fields)
    try:
        return await room.run(partial(_respond, context, page, request, fields), known=True)
    except TooMany:
        return render("error.html", 503, context=context, sentence=BUSY)


async def read_long_form(context: WebContext, request: Request) -> Fields | Response:
    """The same for a form with a field for each text of a protocol."""
    return await read_fields(context, request, most_fields=_MOST_OF_A_LONG_FORM)


async def read_fields(context: WebContext, request: Request, *, most_fields: int = _MOST_FIELDS) -> Fields | Response:
    """The form that was sent, or the response that refuses to read it. Raises HTTPException for one that is too big."""
    if refusal := origin.refuse(context, request):
        return refusal
    if request.method != "POST":
        return Fields([])
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > _MOST_BYTES:
        raise HTTPException(413)
    form: FormData = await request.form(max_files=0, max_fields=most_fields)
    return Fields([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


def _respond(context: WebContext, page: Page, request: Request, fields: Fields) -> Response:
    now = context.clock.now()
    token = cookies.token_in(request)
    who = cookies.who(context, request, now)
    if who is None or token is None:
        return locked(context, page, request, fields)
    context = context.with_own_words().limited_to(who.offices).for_address(request.path_params)
    view = View(context, request, now, who, token, fields)
    if context.hides(request.path_params):
        view.refused("of another office")
        return view.page("error.html", status=404, **NOTHING_HERE)
    try:
        if request.method == "POST" and not cookies.is_form_token(token, fields.get("form", "")):
            return _stale(view, page)
        if page.admin and not who.is_admin:
            view.refused("for admins")
            return view.page("error.html", status=403, sentence="Only an admin may do this.")
        if page.whole and who.offices is not None:
            return view.page("error.html", status=403, sentence=_WHOLE)
        return _drawn_once(view, page.handler) if page.live and cookies.is_refresh(request) else page.handler(view)
    except Refused as why:
        return view.page("error.html", status=422, sentence=str(why), patient=patient_in(request.url.path))
    except NotFound:
        return view.page("error.html", status=404, **NOTHING_HERE)


def _drawn_once(view: View, handler: Handler) -> Response:
    """The same for every window of one person: all is checked and written down for each, and only drawn for the first.

    What it shows is no older than what the window was told of: another state of the desk is another key.
    """

    def draw() -> DrawnPage:
        made = handler(view)
        form = _FORM.search(bytes(made.body))
        return DrawnPage(bytes(made.body), made.status_code, form[1].decode() if form else "", tuple(view.looks))

    address, state = str(view.request.url.path), view.desk.token
    key = (view.who, address, view.request.url.query, state)
    drawn = view.context.drawn.get(key, draw, view.context.clock.monotonic())
    for about, patients in drawn.looks:
        view.saw(about, *patients)
    main = _MAIN.search(drawn.body)  # the rest of a window stays as it is
    body = main[0] if main else drawn.body
    return HTMLResponse(body.replace(drawn.form.encode(), view.form.encode()) if drawn.form else body, drawn.status)


def locked(context: WebContext, page: Page, request: Request, fields: Mapping[str, str]) -> Response:
    """Nobody is signed in: the way in, and in a form's case with what had been filled in."""
    if request.headers.get("x-fragment"):
        return PlainTextResponse("locked\n", 401)
    kept = {}
    if page.kept_by is not None and request.method == "POST":
        kept = {f"{KEPT}{name}": value for name, value in fields.items() if name != "form"}
    if kept:
        return render("sign_in.html", 401, context=context, to="/", kept=kept, sentence=None, was_locked=True)
    # Only a page that can be looked at: a form that was not kept has to be found again.
    wanted = f"{request.url.path}?{request.url.query}".removesuffix("?")
    return redirect(f"/sign-in?{urlencode({'to': wanted})}" if request.method == "GET" else "/sign-in")


def _stale(view: View, page: Page) -> Response:
    """The form is of an earlier session in this browser, or no form of ours."""
    if page.kept_by is not None:
        return page.kept_by(view)
    sentence = "This form was open from before you signed in again. Nothing was changed; open the page anew."
    return view.page("error.html", status=403, sentence=sentence)


def redirect(path: str) -> Response:
    """Look there next; a reload then sends nothing again."""
    return RedirectResponse(path, 303)
