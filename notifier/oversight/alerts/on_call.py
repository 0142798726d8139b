"""Who is told: of the machine those who run it, of patients the people of an office, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.alerting.channel import Channel
from notifier.domain.staffed_hours import StaffedHours

Contact = tuple[Channel, ...]
"""The channels of one person, all of which are used at once."""


@dataclass(frozen=True, slots=True)
class OfficeOnCall:
    """Who is told at one office."""

    name: str
    """As its patients know it."""
    zone: ZoneInfo
    people: tuple[Contact, ...] = ()
    """In the order in which they are told."""
    staffed: StaffedHours | None = None
    covered_by: str | None = None
    """The office that is told while nobody is here, and after the people here."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Everybody who can be told."""

    machine: Sequence[Channel] = ()
    """Those who run it, all at once; they hear of patients where nobody is named for those."""
    clinic: tuple[Contact, ...] = ()
    """For patients of no office, and after an office's own people."""
    offices: Mapping[str, OfficeOnCall] = field(default_factory=dict)

    def everybody(self) -> dict[str, Contact]:
        """Each person, by a name without an address: to try their channels, and to say which never worked."""
        found: dict[str, Contact] = {"the machine": tuple(self.machine)}
        groups = {"the clinic": self.clinic} | {f"office {key}": one.people for key, one in self.offices.items()}
        for whose, people in groups.items():
            found |= {f"{whose}, person {number}": person for number, person in enumerate(people, 1)}
        return {who: person for who, person in found.items() if person}

    def for_machine(self) -> list[Contact]:
        """Who is told what is wrong with the machine: the next one only where no channel of the first took it."""
        return [person for person in (tuple(self.machine), *self.clinic) if person]

    def for_patients_of(self, office: str | None, now: datetime) -> list[Contact]:
        """Who is told what concerns an office's patients at `now`, in their order, each once.

        While nobody is at the office and somebody is at the one that covers it, that one comes first.
        """
        own = self.offices.get(office) if office else None
        found: list[Contact] = []
        if own is not None:
            cover = self.offices.get(own.covered_by) if own.covered_by else None
            groups = [own.people, cover.people if cover else ()]
            found = [
                person for group in (reversed(groups) if _only_cover(own, cover, now) else groups) for person in group
            ]
        found += self.clinic
        found.append(tuple(self.machine))
        return list(dict.fromkeys(person for person in found if person))


def _only_cover(own: OfficeOnCall, cover: OfficeOnCall | None, now: datetime) -> bool:
    return cover is not None and _is_there(cover, now) and not _is_there(own, now)


def _is_there(office: OfficeOnCall, now: datetime) -> bool:
    return office.staffed is not None and office.staffed.include(now, office.zone)
