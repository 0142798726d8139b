"""Whether a request means an enrollment whose patient was erased: "never twice" holds for it as before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.requests import Checked
from notifier.numbers.erased import erased_rows


def known_erased(session: Session, wanted: Sequence[Checked], pseudonyms: Pseudonyms | None) -> dict[int, int]:
    """By position in `wanted`: the enrollment that it means, where only pseudonyms of that are left.

    The same number, folded name, protocol and day, or the same external id; a second treatment means nobody.
    """
    phones = {one.facts.phone for one in wanted}
    ids = {one.external_id for one in wanted if one.external_id}
    rows = erased_rows(session, phones, ids, pseudonyms)
    if not rows or pseudonyms is None:
        return {}
    by_id = {one.external_id: one.enrollment for one in rows if one.external_id}
    by_day = {(one.phone, one.name_pseudonym, one.protocol, one.treated_on): one.enrollment for one in rows}
    found: dict[int, int] = {}
    for position, one in enumerate(wanted):
        if one.second:
            continue
        facts = one.facts
        days = [
            by_day.get((facts.phone, pseudonym, facts.protocol.id, facts.local_day))
            for pseudonym in pseudonyms.of_names([facts.folded_name])
        ]
        known = by_id.get(one.external_id or "") or next((day for day in days if day), None)
        if known:
            found[position] = known
    return found


def refuse_erased(session: Session, wanted: Checked, pseudonyms: Pseudonyms | None) -> None:
    """Raise Refused where somebody who was erased would be enrolled on the same treatment again."""
    if whose := known_erased(session, [wanted], pseudonyms):
        raise Refused(
            f"this is enrollment {whose[0]}, whose patient was erased; to text the patient again, enroll the patient "
            "as a second treatment",
            code=RefusalCode.ENDED_ALREADY,
            enrollment=whose[0],
        )
