"""After an outage: what is late, what would become of each text now, and letting them leave."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.domain.refused import Refused
from notifier.sending.claim import SendingRules
from notifier.sending.recover import LateFate, RecoveryPlan, plan_recovery, release
from notifier.web.view import Page, View, redirect

_MOST = 500
WORDS = {
    LateFate.LEAVES: "late, still useful: it leaves",
    LateFate.MOVED: "still useful: it leaves at its next open hour",
    LateFate.WAITS: "waits for somebody all the same",
    LateFate.WITHDRAWN: "is withdrawn",
    LateFate.EXPIRED: "too late: tell the patient",
}


def show(view: View) -> Response:
    """The late texts and their fates; changes nothing."""
    with reading(view.context.engine) as session:
        plan = _plan(session, view)
    counts = [(WORDS[fate], plan.counts()[fate.value]) for fate in LateFate if plan.counts()[fate.value]]
    return view.page(
        "overdue.html", about="late texts", plan=plan, rows=plan.excerpt[:_MOST],
        many=sum(plan.fates.values()), patients=plan.patients, counts=counts, words=WORDS, seen=plan.digest,
    )  # fmt: skip


def release_late(view: View) -> Response:
    """Let leave exactly what was shown."""
    with writing(view.context.engine) as session:
        plan = _plan(session, view)
        if plan.restored_to is not None:
            raise Refused(
                "the database is an older one: Twilio must be asked what left since; tell whoever runs this machine"
            )
        if view.field("seen") != plan.digest:
            raise Refused("the late texts have changed since you looked; look at them once more")
        release(session, plan, now=view.now, by=view.who.by)
    view.note("did", "let the late texts leave")
    return redirect("/")


def _plan(session: Session, view: View) -> RecoveryPlan:
    return plan_recovery(session, _rules(view), view.now)


def _rules(view: View) -> SendingRules:
    rules = view.context.rules
    return SendingRules(rules.window, rules.max_texts_per_day, offices=rules.offices, staffed=rules.staffed_clock)


PAGES = (
    Page("GET", "/overdue", show, whole=True),
    Page("POST", "/overdue", release_late, whole=True),
)
