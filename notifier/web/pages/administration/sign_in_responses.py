"""What every step of a sign-in has in common: its try is counted, and it leads to the next step or to the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.access import rate_limit, second_factor
from notifier.access.known_browsers import is_known, keep_known
from notifier.access.sessions import token_hash
from notifier.access.sign_in import Entry
from notifier.db.engine import reading, writing
from notifier.db.tables import SignInStep, Staff, StaffSession
from notifier.domain.refused import Refused
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.pages.patients import enroll
from notifier.web.render import render
from notifier.web.source import source_of
from notifier.web.view import KEPT, Fields, View, redirect
from notifier.web.widgets.qr_code import picture_of

TOO_OFTEN: Final = "Too many tries. Wait a quarter of an hour, or ask an admin for a new password."
STEPS: Final = {
    SignInStep.CODE: "/sign-in/code",
    SignInStep.SET_UP: "/sign-in/set-up",
    SignInStep.PASSWORD: "/sign-in/password",
}
"""The address of each step after the password."""


@dataclass(frozen=True, slots=True)
class CountedTry:
    """A try that has been counted."""

    address: str
    name: str
    """Whose it is: the typed name, or `rate_limit.code_of` somebody."""
    browser: str | None
    """What this browser is known by; None for a stranger's."""


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key of a second factor, as it is shown while it is set up."""

    typed: str
    """In groups of four."""
    picture: str | None
    """An SVG for an app's camera; None where segno is not installed."""


def address_of(request: Request) -> str:
    """Where the tries of a request are counted."""
    return source_of(request).address or "unknown"


def known_browser(context: WebContext, request: Request, name: str) -> str | None:
    """What this browser is known by, if the person of that name has signed in with it before."""
    browser = cookies.browser_in(request)
    return browser if is_known(context.engine, browser, name, context.clock.now()) else None


def complete(context: WebContext, request: Request, fields: Fields, entry: Entry) -> Response:
    """After a right step: the next one, or what was wanted; the browser keeps the new token."""
    return keep_cookies(context, request, _next(context, request, fields, entry), entry)


def keep_cookies(context: WebContext, request: Request, response: Response, entry: Entry) -> Response:
    """Let the browser keep its new token, and once the sign-in is complete also what it is known by."""
    cookies.give(response, request, entry.token)
    if entry.waits_for is None:
        _forget_tries(context, request, entry)
        kept = keep_known(context.engine, cookies.browser_in(request), entry.staff_id, context.clock.now())
        cookies.give_browser(response, request, kept)
    return response


def _forget_tries(context: WebContext, request: Request, entry: Entry) -> None:
    """The sign-in is complete, and not before: a right password would else give back the tries of codes."""
    address, browser = address_of(request), known_browser(context, request, entry.name)
    for name in (entry.name, rate_limit.code_of(entry.staff_id)):
        rate_limit.forget_wrong_passwords(context.engine, address, name, browser=browser)


def _next(context: WebContext, request: Request, fields: Fields, entry: Entry) -> Response:
    form = cookies.form_token(entry.token)
    if is_in_place(request):
        return JSONResponse({"form": form, "name": entry.name, "step": entry.waits_for and STEPS[entry.waits_for]})
    to, kept = only_here(fields.get("to", "/")), kept_fields(fields)
    if entry.waits_for is not None:
        if kept:  # it names a patient, so it stands in no address
            return draw_step(context, entry.waits_for, entry.token, to=to, kept=kept)
        return redirect(f"{STEPS[entry.waits_for]}?{urlencode({'to': to})}")
    return show_kept(context, request, entry.token, kept) if kept else redirect(to)


def show_kept(context: WebContext, request: Request, token: str, kept: dict[str, str]) -> Response:
    """The form that was sent while the page was locked, filled in as it was."""
    now = context.clock.now()
    who = cookies.who(context, request, now, token=token)
    assert who is not None
    filled = ImmutableMultiDict({name.removeprefix(KEPT): value for name, value in kept.items()})
    try:
        return enroll.show_again(View(context, request, now, who, token, filled))
    except Refused:  # it was no form of ours
        return redirect("/enroll")


def draw_step(
    context: WebContext,
    step: SignInStep,
    token: str,
    *,
    to: str,
    kept: dict[str, str],
    sentence: str | None = None,
    status: int = 200,
) -> Response:
    """The page of a step, with a form that belongs to this session."""
    values: dict[str, object] = {"to": only_here(to), "kept": kept, "sentence": sentence, "step": STEPS[step]}
    if step is SignInStep.SET_UP:
        values["key"] = key_to_show(context, token)
    if step is SignInStep.PASSWORD:
        values["whose"] = _name_of(context, token)
    return render(f"sign_in_{step.value}.html", status, context=context, form=cookies.form_token(token), **values)


def _name_of(context: WebContext, token: str) -> str:
    """The name of whose session this is: a browser keeps a password with its name."""
    with reading(context.engine) as session:
        opened = session.get(StaffSession, token_hash(token))
        staff = session.get(Staff, opened.staff_id) if opened else None
        return staff.name if staff else ""


def key_to_show(context: WebContext, token: str) -> ShownKey:
    """The key that is being set up in this session, for an app to read and for a person to type."""
    with writing(context.engine) as session:
        opened = session.get(StaffSession, token_hash(token))
        assert opened is not None
        secret = second_factor.key_to_set_up(session, opened, context.keys)
        staff = session.get(Staff, opened.staff_id)
        assert staff is not None
        address = second_factor.key_address(secret, staff.name, context.rules.voice.clinic)
    return ShownKey(second_factor.in_groups(secret), picture_of(address))


def refuse(request: Request, page: Response, sentence: str, *, again: bool = False) -> Response:
    """The same page once more, or for a page that stays open its sentence; `again`: it begins with the password."""
    status = page.status_code if page.status_code >= 400 else 401
    return JSONResponse({"sentence": sentence, "again": again}, status) if is_in_place(request) else page


def kept_fields(fields: Fields) -> dict[str, str]:
    """What had been filled in when the page was locked, as it is carried from step to step."""
    return {name: value for name, value in fields.items() if name.startswith(KEPT)}


def is_in_place(request: Request) -> bool:
    """Whether a page asks that stays open, and not a browser that goes somewhere."""
    return request.headers.get("x-fragment") is not None


def only_here(path: str) -> str:
    """A path of this page, never another host's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
