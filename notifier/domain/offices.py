"""Offices: one clinic in several places, each with its own name, phone, clock and hours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from notifier.domain.counted import counted
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from schedules.protocol import CareProtocol
from schedules.send_window import SendWindow, zone_named
from schedules.wording import Voice


@dataclass(frozen=True, slots=True)
class OfficeProfile:
    """One place of a clinic. What its table leaves out is the clinic's own."""

    id: str
    voice: Voice
    timezone: str
    """IANA name."""
    window: SendWindow
    staffed: StaffedHours | None = None
    """When somebody reads what patients write, on the office's clock; None: nobody has said."""
    after_hours_phone: str | None = None
    """What patients call outside those hours, as they shall read it; None: nobody has said."""
    alerts: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """The addresses of those who are told what concerns its patients, person by person. Some are secrets."""
    covered_by: str | None = None
    """The office that is told while nobody is here."""
    sender: str | None = None
    """A messaging service's SID, or a number in E.164; None: the clinic's own."""
    language: str | None = None
    """Of a patient for whom nobody gives another one; None: the protocol's first."""
    protocols: tuple[str, ...] | None = None
    """The ids of those that its patients may be enrolled on; None: all."""

    @property
    def staffed_clock(self) -> StaffedClock | None:
        """The staffed hours on the office's clock."""
        return StaffedClock(self.staffed, zone_named(self.timezone)) if self.staffed else None

    def language_of(self, protocol: CareProtocol) -> str:
        """The language of a patient for whom nobody says one."""
        return self.language if self.language in protocol.languages else protocol.languages[0]


Offices = Mapping[str, OfficeProfile]
"""By id, in the order of the file; empty where the clinic is one place."""
NO_OFFICES: Final[Offices] = MappingProxyType({})


def choose_office(word: str | None, offices: Offices, allowed: Collection[str] | None = None) -> str | None:
    """The office that is meant: the only one where none is said, None where there are none. Raises Refused.

    `allowed`: those of whoever asks; None: all.
    """
    word = (word or "").strip()
    if not offices:
        if word:
            raise Refused(
                "there are no offices here (NOTIFIER_OFFICES_FILE is not set); leave the office out", "office"
            )
        return None
    mine = [office for office in offices if allowed is None or office in allowed]
    if not word:
        if len(mine) == 1:
            return mine[0]
        raise Refused(f"say which office the patient belongs to: {', '.join(mine) or 'none is yours'}", "office")
    if word in mine:
        return word
    if word in offices:
        raise Refused(f"the office {word} is not one of yours; yours: {', '.join(mine) or 'none'}", "office")
    raise Refused(f'there is no office "{word[:40]}"; {nearest_office(word, mine)}', "office")


def choose_offices(words: Iterable[str], offices: Offices, allowed: Collection[str] | None = None) -> list[str]:
    """Several of them, each once; none is all. Raises Refused. `allowed`: those of whoever asks; None: all."""
    found = [choose_office(word, offices, allowed) for word in words]
    return list(dict.fromkeys(office for office in found if office))


def nearest_office(word: str, offices: Collection[str]) -> str:
    """What to write in place of an id that does not exist."""
    near = get_close_matches(word.casefold(), offices, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(offices) or 'none'}"


def profile_of(offices: Offices, office: str) -> OfficeProfile:
    """The profile by its id. Raises Refused where the file has lost it."""
    if office in offices:
        return offices[office]
    raise Refused(
        f'the office "{office}" is not in the offices file (NOTIFIER_OFFICES_FILE); write its table back, '
        "or move its patients",
        "office",
        code=RefusalCode.OFFICE_LOST,
    )


def office_of_sender(offices: Offices, senders: Collection[str | None]) -> str | None:
    """The office that sends through one of these numbers or services; None where none does, or several do."""
    found = [one.id for one in offices.values() if one.sender is not None and one.sender in senders]
    return found[0] if len(found) == 1 else None


def say_lost_offices(enrolled: Mapping[str, int]) -> list[str]:
    """A sentence for each office that has patients and is not in the file: nobody could say who texts them.

    `enrolled`: how many enrollments run at each such office.
    """
    return [
        f'The office "{office}" has {counted(many, "running enrollment")}, and no table in '
        "NOTIFIER_OFFICES_FILE; write it back, or move them: notifier change ENROLLMENT --office OFFICE."
        for office, many in enrolled.items()
    ]
