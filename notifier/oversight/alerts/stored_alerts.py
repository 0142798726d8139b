"""Alerts in the database: what they are made of, which are open, and who is about to tell one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.rate_limit import often_tried
from notifier.conversations.auto_reply import UNKNOWN_AN_HOUR
from notifier.conversations.claims import claim_of_reply
from notifier.conversations.reply_texts import answers_to_unknown
from notifier.db.rows import insert_if_new
from notifier.db.tables import Alert, Reply, TaskClaim
from notifier.domain.tasks import RECENT
from notifier.enrollments.importing.booking_hooks.events import failed_events
from notifier.enrollments.importing.calendar_feeds.feeds import failed_feeds
from notifier.enrollments.importing.drop_folder import failed_files
from notifier.numbers.open_replies import count_held_since_upgrade
from notifier.numbers.twilio_block import blocked_after_consent
from notifier.oversight.alerts.alert_rules import AlertFacts
from notifier.oversight.alerts.cadence import RETURNS, TOGETHER_FOR, Cause, is_due
from notifier.oversight.alerts.reply_alerts import UnreadReplies, UntakenReply
from notifier.oversight.alerts.task_alerts import lifts_to_alert, texts_to_alert, visits_to_alert
from notifier.oversight.alerts.vital_signs import filtered_lately, read_vital_signs

_FILES_FOR: Final = timedelta(days=30)
"""A booking system's file that failed is told of until a later one of it is taken whole."""
_MOST: Final = 500


def gather(session: Session, now: datetime) -> AlertFacts:
    """Everything that alerts are made of; each question has an index, and a bound."""
    told = {alert.cause for alert in open_alerts(session)}
    troubled = texts_to_alert(session, now, _numbers(told, "bounced-", "expired-"), limit=_MOST)
    booked = visits_to_alert(session, now, _numbers(told, "unmarked-"), limit=_MOST)
    return AlertFacts(
        signs=read_vital_signs(session, now),
        urgent=urgent_replies(session, now),
        holding=holding_replies(session, now),
        unread=unread_by_office(session),
        held_since_upgrade=count_held_since_upgrade(session),
        too_many_unknown=answers_to_unknown(session, since=now - timedelta(hours=1)) >= UNKNOWN_AN_HOUR,
        unmarked=booked,
        in_trouble=troubled,
        waiting=lifts_to_alert(session, now, _numbers(told, "cleared-"), limit=_MOST),
        filtered=filtered_lately(session, now),
        blocked=tuple(blocked_after_consent(session, now - RECENT, _numbers(told, "blocked-"))),
        often_tried=often_tried(session, now),
        failed_files=tuple(
            (one.mapping or "an import", one.bad_rows, one.id or 0) for one in failed_files(session, now - _FILES_FOR)
        ),
        failed_hooks=tuple(failed_events(session)),
        failed_feeds=tuple(failed_feeds(session)),
    )


def urgent_replies(session: Session, now: datetime) -> tuple[UntakenReply, ...]:
    """Replies with urgent words that nobody has taken or closed, or that were taken long ago; the oldest first."""
    lost = or_(col(TaskClaim.number).is_(None), col(TaskClaim.at) <= now - RETURNS)
    return _untaken(session, now, col(Reply.urgent).is_(True), lost)


def holding_replies(session: Session, now: datetime) -> tuple[UntakenReply, ...]:
    """Replies that hold their number whole, which nobody has taken or closed, the oldest first. Not urgent ones."""
    which = col(Reply.meaning).in_(["perhaps_stop", "wrong_person"])
    return _untaken(session, now, which, col(Reply.urgent).is_(False), col(TaskClaim.number).is_(None))


def unread_by_office(session: Session) -> tuple[UnreadReplies, ...]:
    """How many replies nobody has closed, and since when the oldest waits, for each office."""
    found = select(col(Reply.office), func.count(), func.min(col(Reply.at)))
    found = found.where(col(Reply.closed_at).is_(None)).group_by(col(Reply.office))
    return tuple(UnreadReplies(office, count, oldest) for office, count, oldest in session.execute(found).all())


def _untaken(session: Session, now: datetime, *which: ColumnElement[bool]) -> tuple[UntakenReply, ...]:
    """Nobody has a reply whose shift has ended."""
    found = (
        select(col(Reply.id), col(Reply.meaning), col(Reply.office), col(TaskClaim.at))
        .join(TaskClaim, claim_of_reply(now), isouter=True)
        .where(col(Reply.closed_at).is_(None), *which)
        .order_by(col(Reply.at))
        .limit(_MOST)
    )
    rows = session.execute(found).all()
    return tuple(
        UntakenReply(number or 0, meaning, office, taken is not None) for number, meaning, office, taken in rows
    )


def _numbers(causes: Iterable[str], *kinds: str) -> set[int]:
    """What the open alerts of these kinds are about."""
    return {int(cause.rpartition("-")[2]) for cause in causes if cause.startswith(kinds)}


def open_alerts(session: Session) -> list[Alert]:
    """Every cause that is still there, the oldest first."""
    found = select(Alert).where(col(Alert.cleared_at).is_(None))
    return list(session.scalars(found.order_by(col(Alert.id))))


def leave_out_recent(session: Session, causes: Sequence[Cause], now: datetime) -> list[Cause]:
    """The causes without those that are told at most every so often, and were told lately by an alert now cleared."""
    rare = {cause.key: cause.at_most_every for cause in causes if cause.at_most_every is not None}
    if not rare:
        return list(causes)
    told = select(col(Alert.cause), func.max(col(Alert.told_at))).where(
        col(Alert.cause).in_(sorted(rare)), col(Alert.cleared_at).is_not(None), col(Alert.told_at).is_not(None)
    )
    last = {key: at for key, at in session.execute(told.group_by(col(Alert.cause))) if at is not None}
    return [one for one in causes if one.key not in last or now - last[one.key] >= rare[one.key]]


def differs(opened: Sequence[Alert], causes: Sequence[Cause], now: datetime, *, are_all: bool = True) -> bool:
    """Whether there is anything to store or to send. `are_all`: no other cause is there any more."""
    there, found = {one.cause for one in opened}, {cause.key for cause in causes}
    return bool(found - there or (are_all and there - found) or _due(opened, causes, now))


def take(session: Session, causes: Sequence[Cause], *, now: datetime, are_all: bool = True) -> list[Alert]:
    """Open what is new, clear what is gone, and take what is to be sent now; of two workers one gets each."""
    for cause in causes:
        row = {"cause": cause.key, "why": cause.why[:400], "opened_at": now}
        insert_if_new(session, Alert, row)
    keys = {cause.key for cause in causes}
    opened = open_alerts(session)
    gone = [one.id for one in opened if one.cause not in keys and are_all]
    if gone:
        session.execute(update(Alert).where(col(Alert.id).in_(gone)).values(cleared_at=now))
    says = {cause.key: cause.why[:400] for cause in causes}
    return [one for one in _due(opened, causes, now) if _mark(session, one, now, says[one.cause])]


def mark_sent(session: Session, alert_ids: Sequence[int], *, at: datetime) -> None:
    """Store that these alerts were delivered at `at`."""
    session.execute(update(Alert).where(col(Alert.id).in_(alert_ids)).values(told_at=at, tries=0))


def mark_unsent(session: Session, alert_ids: Sequence[int]) -> None:
    """Store that no channel delivered these alerts; they are tried again, less and less often."""
    session.execute(update(Alert).where(col(Alert.id).in_(alert_ids)).values(tries=col(Alert.tries) + 1))


def _due(opened: Sequence[Alert], causes: Sequence[Cause], now: datetime) -> list[Alert]:
    by_key = {cause.key: cause for cause in causes}
    there = [(one, by_key[one.cause]) for one in opened if one.cause in by_key]
    just_told = {
        (cause.together, cause.office)
        for one, cause in there
        if cause.together and one.tried_at is not None and now - one.tried_at < TOGETHER_FOR
    }
    return [
        one
        for one, cause in there
        if (cause.together, cause.office) not in just_told
        and is_due(now, told_at=one.told_at, tried_at=one.tried_at, tries=one.tries, again_after=cause.again_after)
    ]


def _mark(session: Session, alert: Alert, now: datetime, why: str) -> bool:
    this = update(Alert).where(
        col(Alert.id) == alert.id,
        col(Alert.cleared_at).is_(None),
        col(Alert.tried_at).is_not_distinct_from(alert.tried_at),
        col(Alert.told_at).is_not_distinct_from(alert.told_at),
    )
    taken = this.values(tried_at=now, why=why).returning(col(Alert.id)).execution_options(synchronize_session=False)
    return session.execute(taken).first() is not None
