"""The steps of a sign-in after the password: a code, a second factor to set up, a password of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from notifier.access import rate_limit, sessions
from notifier.access import sign_in as session_access
from notifier.access.manage_accounts import set_password
from notifier.access.password_rules import clinic_words
from notifier.access.sessions import token_hash
from notifier.db.engine import reading, writing
from notifier.db.tables import SignInStep, Staff
from notifier.domain.refused import Refused
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.hashing_room import BUSY, HashingRoom, TooMany
from notifier.web.pages.administration import sign_in_responses as responses
from notifier.web.pages.administration.sign_in_responses import CountedTry
from notifier.web.render import render
from notifier.web.source import source_of
from notifier.web.view import Fields, read_fields, redirect

WRONG_CODE: Final = "That code is wrong, or was used before. Wait for the next one, or use a recovery code."
WRONG_FIRST_CODE: Final = "That is no code of this key. Look whether the phone's clock is right, and type the next one."
DIFFER: Final = "The two passwords differ. Type the same one twice."


async def show(context: WebContext, step: SignInStep, request: Request) -> Response:
    """The page of a step, for whoever has come so far."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    return await run_in_threadpool(_show, context, step, request)


def _show(context: WebContext, step: SignInStep, request: Request) -> Response:
    token = cookies.token_in(request)
    if not token or _waiting(context, token, step) is None:
        return redirect("/sign-in")
    return responses.draw_step(context, step, token, to=request.query_params.get("to", "/"), kept={})


async def take(context: WebContext, room: HashingRoom, step: SignInStep, request: Request) -> Response:
    """What was filled in for a step. All of them may hash, so it is done in the room for that."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    try:
        return await room.run(partial(_take, context, step, request, fields), known=True)
    except TooMany:
        return responses.refuse(request, render("error.html", 503, context=context, sentence=BUSY), BUSY)


def _take(context: WebContext, step: SignInStep, request: Request, fields: Fields) -> Response:
    token = cookies.token_in(request)
    account = _waiting(context, token, step) if token else None
    if not token or account is None or not cookies.is_form_token(token, fields.get("form", "")):
        return responses.refuse(request, redirect("/sign-in"), "Sign in again: that took too long.", again=True)
    return _STEPS[step](context, request, fields, token, account)


def _give_code(context: WebContext, request: Request, fields: Fields, token: str, account: Staff) -> Response:
    assert account.id is not None
    now, source = context.clock.now(), source_of(request)
    tried = CountedTry(
        responses.address_of(request),
        rate_limit.code_of(account.id),
        responses.known_browser(context, request, account.name),
    )
    most = rate_limit.CODES
    if not rate_limit.take_try(context.engine, tried.address, tried.name, now, browser=tried.browser, anywhere=most):
        return _again(context, SignInStep.CODE, request, fields, token, responses.TOO_OFTEN, 429)
    keys, rule = context.keys, context.second_factor
    try:
        entry = session_access.give_code(
            context.engine, token, fields.get("code", ""), source, keys=keys, rule=rule, now=now
        )
    except Refused as why:
        return _again(context, SignInStep.CODE, request, fields, token, _sentence(why), 422)
    if entry is None:
        return _again(context, SignInStep.CODE, request, fields, token, WRONG_CODE, 401)
    return responses.complete(context, request, fields, entry)


def _set_up(context: WebContext, request: Request, fields: Fields, token: str, _account: Staff) -> Response:
    done = session_access.set_up(
        context.engine,
        token,
        fields.get("code", ""),
        source_of(request),
        keys=context.keys,
        rule=context.second_factor,
        now=context.clock.now(),
    )
    if done is None:
        return _again(context, SignInStep.SET_UP, request, fields, token, WRONG_FIRST_CODE, 422)
    entry, codes = done
    values = {"to": responses.only_here(fields.get("to", "/")), "kept": responses.kept_fields(fields)}
    form = cookies.form_token(entry.token)
    response = render("recovery_codes.html", 200, context=context, form=form, codes=codes, whose=entry.name, **values)
    return responses.keep_cookies(context, request, response, entry)


async def go_on(context: WebContext, request: Request) -> Response:
    """From the recovery codes to what was wanted, or to the last step."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    return await run_in_threadpool(_go_on, context, request, fields)


def _go_on(context: WebContext, request: Request, fields: Fields) -> Response:
    token, to, kept = cookies.token_in(request), fields.get("to", "/"), responses.kept_fields(fields)
    if not token or not cookies.is_form_token(token, fields.get("form", "")):
        return redirect("/sign-in")
    if _waiting(context, token, SignInStep.PASSWORD) is not None:
        return responses.draw_step(context, SignInStep.PASSWORD, token, to=to, kept=kept)
    if cookies.who(context, request, context.clock.now()) is None:
        return redirect("/sign-in")
    if kept:
        return responses.show_kept(context, request, token, kept)
    return redirect(responses.only_here(to))


def _set_own_password(context: WebContext, request: Request, fields: Fields, token: str, account: Staff) -> Response:
    new, now = fields.get("new", ""), context.clock.now()
    if new != fields.get("again", ""):
        return _again(context, SignInStep.PASSWORD, request, fields, token, DIFFER, 422)
    try:
        with writing(context.engine) as session:
            words, by = clinic_words(context.rules), f"staff:{account.name}"
            source = source_of(request)
            set_password(session, account.name, new, words=words, now=now, by=by, source=source)
            changed = session.get(Staff, account.id)
            assert changed is not None
            entry = session_access.enter_with_own_password(
                session, changed, token, source, rule=context.second_factor, now=now
            )
    except Refused as why:
        return _again(context, SignInStep.PASSWORD, request, fields, token, _sentence(why), 422)
    return responses.complete(context, request, fields, entry)


def _sentence(why: Refused) -> str:
    return f"{str(why)[:1].upper()}{str(why)[1:]}."


def _again(
    context: WebContext, step: SignInStep, request: Request, fields: Fields, token: str, sentence: str, status: int
) -> Response:
    kept, to = responses.kept_fields(fields), fields.get("to", "/")
    page = responses.draw_step(context, step, token, to=to, kept=kept, sentence=sentence, status=status)
    return responses.refuse(request, page, sentence)


def _waiting(context: WebContext, token: str, step: SignInStep) -> Staff | None:
    """Whose session waits for this step."""
    with reading(context.engine) as session:
        found = sessions.waiting(session, token_hash(token), step, now=context.clock.now())
        return found[1] if found else None


_STEPS: Final[dict[SignInStep, Callable[[WebContext, Request, Fields, str, Staff], Response]]] = {
    SignInStep.CODE: _give_code,
    SignInStep.SET_UP: _set_up,
    SignInStep.PASSWORD: _set_own_password,
}
