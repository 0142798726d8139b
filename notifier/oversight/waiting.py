"""Which planned texts wait for a person: they do not leave at their moment unless somebody lets them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, literal, or_, select
from sqlmodel import col

from notifier.db.outbox import is_reply_or_test
from notifier.db.rows import table_of
from notifier.db.tables import Enrollment, Message, NumberHold, Pause
from notifier.db.tables.inbound import ALL_KINDS
from notifier.domain.states import EnrollmentState
from notifier.numbers.open_replies import held_by_reply

_texts = table_of(Message)
# Tables, not classes: an office's narrowing is for what is listed, not for what keeps it.
_enrollment, _hold, _pause = (table_of(one).alias() for one in (Enrollment, NumberHold, Pause))
_COMMA: Final = literal(",")


def waits_for_a_person() -> ColumnElement[bool]:
    """The condition that a planned text's number or enrollment is held, or its protocol or step paused.

    An open reply is a hold of the number too. A reply to a patient waits for none of them.
    """
    paused = _pause.c.step.is_(None) | (_pause.c.step == _texts.c.step) | _texts.c.step.like(_pause.c.step + ".%")
    paused &= (_pause.c.protocol == _enrollment.c.protocol) & _pause.c.lifted_at.is_(None)
    is_paused = select(_pause.c.id).where(paused)
    is_held = select(_enrollment.c.id).where(
        _enrollment.c.id == _texts.c.enrollment_id,
        or_(_enrollment.c.state == EnrollmentState.HELD, is_paused.correlate(_enrollment, _texts).exists()),
    )
    covered = (_COMMA + _hold.c.kinds + _COMMA).contains(_COMMA + col(Message.kind) + _COMMA)
    number_is_held = select(_hold.c.id).where(
        _hold.c.phone == _texts.c.phone, _hold.c.released_at.is_(None), or_(_hold.c.kinds == ALL_KINDS, covered)
    )
    unread = held_by_reply(_texts.c.phone, _texts.c.kind)
    return ~is_reply_or_test() & or_(
        is_held.correlate(_texts).exists(), number_is_held.correlate(_texts).exists(), unread
    )
