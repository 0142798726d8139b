"""A protocol's texts on a staff member's own phone, within minutes, each marked TEST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from notifier.db.tables import Staff
from notifier.domain.instants import zone_called
from notifier.domain.phone import area_zones
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.protocol_choice import check_words
from notifier.domain.refused import Refused
from notifier.numbers.staff_phones import phone_of, plan_test_texts, proved_by, rules_of
from schedules.moments import Anchor
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, Rules, build_timeline

_APART: Final = timedelta(seconds=20)
"""Between two of them, so that they arrive in their order."""
_ALL_WITHIN: Final = timedelta(minutes=15)


def try_out(
    session: Session,
    protocol: CareProtocol,
    phone: str,
    *,
    language: str | None = None,
    answers: Mapping[str, str] | None = None,
    rules: PlanningRules,
    now: datetime,
    by: str,
    account: Staff | None = None,
) -> int:
    """Plan what a patient treated now would read; how many texts. `account`: whose number it must be.

    Raises Refused for a number that no staff member has proved, and what `plan_test_texts` does.
    """
    tester = _whose(session, phone, account)
    spoken = language or protocol.languages[0]
    texts = texts_to_try(protocol, phone, spoken, answers or {}, rules_of(tester, rules), now)
    every = min(_APART, _ALL_WITHIN / max(len(texts), 1))
    about = (protocol.id, protocol.version, spoken)
    return len(plan_test_texts(session, tester, phone, texts, rules, now=now, by=by, every=every, about=about))


def texts_to_try(
    protocol: CareProtocol, phone: str, language: str, answers: Mapping[str, str], rules: PlanningRules, now: datetime
) -> list[str]:
    """The texts of a patient who was treated now, oldest first, each with its mark and place. Raises Refused."""
    first = {key: question.answers[0] for key, question in protocol.questions.items()}
    chosen = {**first, **answers}
    check_words(protocol, language, chosen)
    voice = replace(rules.voice, facts=(("provider", "Dr. Test"), *rules.voice.facts))
    zones = tuple(map(zone_called, area_zones(phone)))
    patient = Patient(
        zone_called(rules.timezone), language, "Test", area_zones=zones, answers=chosen, rebook_consent=True
    )
    shape = Rules(voice, rules.window, rules.max_texts_per_day, rules.staffed_clock)
    try:
        timeline = build_timeline(protocol, Anchor(now), patient, shape, enrolled_at=now)
    except ValueError as why:
        raise Refused(str(why), "protocol") from None
    said = [one.text for one in timeline.messages]
    return [f"TEST {number}/{len(said)}: {words}" for number, words in enumerate(said, 1)]


def _whose(session: Session, phone: str, account: Staff | None) -> Staff:
    if account is None:
        found = proved_by(session, phone)
    else:
        own = phone_of(session, account.id or 0)
        found = account if own is not None and own.phone == phone and own.proved_at is not None else None
    if found is None:
        raise Refused("no staff member has proved this number: prove it with a code first", "to")
    return found
