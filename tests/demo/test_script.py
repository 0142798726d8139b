"""The sample patients and what happens to them."""

from __future__ import annotations

import re

from notifier.demo.cast import CAST, CLINIC_PHONE, WALK_INS
from notifier.demo.script import FRIDAY, TWO_WEEKS
from schedules.catalogue import shipped

FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
"""The numbers that are kept for fiction."""


def test_no_real_phone_can_ring() -> None:
    assert [] == [who.name for who in CAST if not FICTIONAL.fullmatch(who.phone)]
    assert FICTIONAL.fullmatch("+1" + re.sub(r"\D", "", CLINIC_PHONE))


def test_no_two_patients_share_a_phone() -> None:
    assert len(CAST) == len({who.phone for who in CAST})


def test_every_shipped_protocol_is_seen() -> None:
    assert set(shipped()) == {who.protocol for who in CAST}


def test_everybody_is_on_the_stage() -> None:
    assert set(CAST_NAMES) == {happening.who.name for happening in TWO_WEEKS.happenings}


def test_it_happens_in_order() -> None:
    moments = [TWO_WEEKS.begins, *(happening.at for happening in TWO_WEEKS.happenings), TWO_WEEKS.ends]
    assert sorted(moments) == moments


CAST_NAMES = [who.name for who in CAST]


def test_the_day_that_is_looked_at_is_a_busy_one_of_patients_whose_phones_cannot_ring() -> None:
    moments = [TWO_WEEKS.ends, *(happening.at for happening in FRIDAY.happenings), FRIDAY.looked_at]
    assert sorted(moments) == moments
    assert [] == [who.name for who in WALK_INS if not FICTIONAL.fullmatch(who.phone)]
    assert {who.name for who in WALK_INS} <= {happening.who.name for happening in FRIDAY.happenings}
