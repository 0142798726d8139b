"""Why texts do not leave as they should, and what to do about it: what the day begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import writing
from notifier.db.tables import RecoveryKind
from notifier.domain.counted import counted
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.sending.gates.circuits import HIDES, open_circuits, what_stops
from notifier.sending.gates.heartbeats import living, trust_clocks
from notifier.sending.gates.probe import close_circuit
from notifier.sending.gates.recoveries import BY_WORKER, count_waiting, open_recoveries, what_it_is
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.formats import moment, sentence

_ASK: Final = "Tell whoever runs this machine."
_TO_DO: Final = {
    "gate": "Nothing leaves until it can be. Is this machine online, and is Twilio? Then texts leave by themselves.",
    "silence": _ASK,
    "attempting": _ASK,
    "read_only": f"Nothing can be written down, so nothing leaves. {_ASK}",
    "webhooks": f"Nothing is missed, it only takes longer. {_ASK}",
    "unknown": "It is looked up at Twilio again and again. You find it below.",
}
"""By an alert's cause. What has a list of its own below needs no sentence here."""
_LISTED: Final = (
    "urgent-",
    "holding-",
    "unread",
    "unmarked-",
    "expired-",
    "bounced-",
    "cleared-",
    "review",
    "circuit",
    "clock",
    "recovery",
    "worker",
)


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """One thing that concerns every patient."""

    why: str
    to_do: str
    since: datetime | None = None
    link: tuple[str, str] | None = None
    """Where whoever sees all offices may look, and what the link is called."""
    resets: bool = False
    """Whether an admin may say that it is mended."""


def status_notices(session: Session, view: View) -> list[StatusNotice]:
    """What is wrong right now, what stops everything first."""
    return [*_stops(session, view), *_alerts(session)]


def _stops(session: Session, view: View) -> Iterator[StatusNotice]:
    now, zone = view.now, view.context.zone
    alive = living(session, now)
    if not alive:
        yield StatusNotice("Nothing is sent right now: no worker is running.", _ASK)
    for doubt in (one.doubt for one in alive if one.doubt is not None):
        why = f"Nothing is sent right now: {sentence(doubt)}"
        to_do = f"Here it is {moment(now, zone)}: is that right, an admin says so. If not: {_ASK}"
        yield StatusNotice(why, to_do, resets=True)
    for circuit in open_circuits(session):
        why = sentence(what_stops(circuit))
        by_itself = "" if circuit.code == HIDES else "It is tried again every few minutes. "
        to_do = f"{by_itself}Once the cause is mended, an admin may send again at once."
        yield StatusNotice(why, to_do, circuit.opened_at, resets=True)
    for kind, found in open_recoveries(session).items():
        if kind is RecoveryKind.RESTORED:
            what = what_it_is(moment(found.up_to, zone), went_back=found.by == BY_WORKER)
            why = f"Nothing is sent: {what}."
            yield StatusNotice(why, f"Twilio must be asked what has left since. {_ASK}", found.at)
        elif many := count_waiting(session, found.up_to, now):
            waits = "waits" if many == 1 else "wait"
            why = f"{counted(many, 'late text')} {waits} for you after an outage; newer ones leave as planned."
            to_do = "Look at them, then let them leave."
            if view.who.offices is not None:
                to_do = "Somebody who sees all offices looks at them and lets them leave."
            yield StatusNotice(why, to_do, found.at, ("/overdue", "Look at the late texts"))


def _alerts(session: Session) -> Iterator[StatusNotice]:
    opened = open_alerts(session)
    if untold := [one for one in opened if one.told_at is None]:
        why = f"{counted(len(untold), 'alert')} reached nobody: there is no channel, or none took what it was given."
        yield StatusNotice(why, _ASK, min(one.opened_at for one in untold))
    for one in opened:
        if not one.cause.startswith(_LISTED):
            to_do = "" if one.cause.startswith("blocked-") else _TO_DO.get(one.cause, _ASK)
            yield StatusNotice(sentence(one.why), to_do, one.opened_at)


def send_again(view: View) -> Response:
    """An admin says that what stopped everything is mended, and that the clocks are right."""
    with writing(view.context.engine) as session:
        close_circuit(session, at=view.now, by=view.who.by)
        trust_clocks(session)
    view.note("did", "send again")
    return redirect("/")


PAGES = (Page("POST", "/send-again", send_again, admin=True, whole=True),)
