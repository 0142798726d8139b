"""One's own second factor: set it up, a new phone, new recovery codes, or turn it off where it is not required."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from notifier.access import accounts, rate_limit, sessions
from notifier.access import second_factor as codes
from notifier.access.second_factor import NewRecoveryCodes
from notifier.access.sessions import token_hash
from notifier.db.engine import reading, writing
from notifier.db.tables import Staff, StaffSession
from notifier.domain.refused import Refused
from notifier.web.pages.administration import sign_in_responses as responses
from notifier.web.pages.administration.sign_in_steps import WRONG_CODE, WRONG_FIRST_CODE
from notifier.web.view import Page, View, redirect


def show(view: View) -> Response:
    """Whether there is one, since when, and how many recovery codes are left."""
    return _page(view)


def _page(view: View, *, problem: str | None = None, status: int = 200) -> Response:
    with reading(view.context.engine) as session:
        since = _mine(session.get(Staff, view.who.staff_id)).otp_since
        left = codes.recovery_codes_left(session, view.who.staff_id)
    required = view.context.second_factor.requires(view.who.role)
    return view.page("second_factor.html", status=status, since=since, left=left, required=required, problem=problem)


def change(view: View) -> Response:
    """What is done to a second factor that is there, for whoever gives a code of it."""
    what, context, now = view.field("what"), view.context, view.now
    if what not in ("new-phone", "new-codes", "off"):
        raise Refused("choose what to change; nothing was changed")
    if what == "off" and context.second_factor.requires(view.who.role):
        return _page(view, problem="You must have a second factor; nothing was changed.", status=422)
    if refusal := _refuse_code(view):
        return refusal
    by, mine = view.who.by, view.who.staff_id
    if what == "new-codes":
        new = codes.new_recovery_codes()
        with writing(context.engine) as session:
            codes.keep_recovery_codes(session, mine, new)
            accounts.audit(session, at=now, by=by, what="did", about="made new recovery codes", source=view.source)
        return _show_codes(view, new)
    if what == "off":
        with writing(context.engine) as session:
            codes.turn_off(session, _mine(session.get(Staff, mine)))
            accounts.audit(
                session,
                at=now,
                by=by,
                what="did",
                about=f"turned off the second factor of account {mine}",
                source=view.source,
            )
        return redirect("/account/second-factor")
    return _set_up_page(view)


def _refuse_code(view: View) -> Response | None:
    """Count a try, judge the code and use it up; the response where it is wrong."""
    context, mine, now = view.context, view.who.staff_id, view.now
    address, name = view.source.address or "unknown", rate_limit.code_of(mine)
    browser = responses.known_browser(context, view.request, view.who.name)
    if not rate_limit.take_try(context.engine, address, name, now, browser=browser, anywhere=rate_limit.CODES):
        return _page(view, problem=responses.TOO_OFTEN, status=429)
    with reading(context.engine) as session:
        proof = codes.prove(session, _mine(session.get(Staff, mine)), view.fields.get("code", ""), context.keys, now)
    with writing(context.engine) as session:
        account = _mine(session.get(Staff, mine))
        right = proof is not None and codes.take(session, account, proof, context.keys, now)
        if not right:
            accounts.audit(
                session, at=now, by=view.who.by, what="refused", about=f"code of account {mine}", source=view.source
            )
    if not right:
        return _page(view, problem=WRONG_CODE, status=422)
    rate_limit.forget_wrong_passwords(context.engine, address, name, browser=browser)
    return None


def begin(view: View) -> Response:
    """Show a key, where there is no second factor yet."""
    with reading(view.context.engine) as session:
        if _mine(session.get(Staff, view.who.staff_id)).otp_secret is not None:
            return redirect("/account/second-factor")
    return _set_up_page(view)


def _set_up_page(view: View, *, problem: str | None = None, status: int = 200) -> Response:
    key = responses.key_to_show(view.context, view.token)
    return view.page("second_factor_set_up.html", status=status, key=key, problem=problem)


def confirm(view: View) -> Response:
    """The first code of the new key: from now on it is asked for. All other sessions of this person end."""
    now, code = view.now, view.fields.get("code", "")
    hashed = token_hash(view.token)
    with reading(view.context.engine) as session:
        opened = session.get(StaffSession, hashed)
        if opened is None or opened.new_otp_secret is None:
            return redirect("/account/second-factor")  # no key was asked for here, so none is shown either
        right = codes.is_first_code(opened, code, view.context.keys, now)
    if not right:
        return _set_up_page(view, problem=WRONG_FIRST_CODE, status=422)
    new = codes.new_recovery_codes()
    if not _confirm(view, hashed, code, new, now):
        return _set_up_page(view, problem=WRONG_FIRST_CODE, status=422)
    return _show_codes(view, new)


def _confirm(view: View, hashed: str, code: str, new: NewRecoveryCodes, now: datetime) -> bool:
    with writing(view.context.engine) as session:
        opened, staff = session.get(StaffSession, hashed), _mine(session.get(Staff, view.who.staff_id))
        if opened is None or not codes.begin_to_use(session, opened, staff, code, new, keys=view.context.keys, now=now):
            return False
        sessions.revoke_others(session, view.who.staff_id, hashed, now=now)
        about = f"set up the second factor of account {view.who.staff_id}"
        accounts.audit(session, at=now, by=view.who.by, what="did", about=about, source=view.source)
    return True


def _show_codes(view: View, new: NewRecoveryCodes) -> Response:
    return view.page("recovery_codes.html", codes=new.codes, whose=view.who.name, to="/account/second-factor", kept={})


def _mine(account: Staff | None) -> Staff:
    assert account is not None  # accounts are never deleted
    return account


PAGES = (
    Page("GET", "/account/second-factor", show),
    Page("POST", "/account/second-factor", change, hashes=True),
    Page("POST", "/account/second-factor/key", begin),
    Page("POST", "/account/second-factor/confirm", confirm, hashes=True),
)
