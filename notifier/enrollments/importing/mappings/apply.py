"""A booking system's rows, read through a mapping, as rows of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from notifier.domain.consent import says_no, says_yes, tells_consent, withdraws
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.file_visits import FileVisits
from notifier.enrollments.importing.import_rows import MappedRow
from notifier.enrollments.importing.mappings.cells import fold, id_of, read_name, read_phone
from notifier.enrollments.importing.mappings.dates import clean, is_other_order
from notifier.enrollments.importing.mappings.mapping import NO_TEXTS, Visit
from notifier.enrollments.importing.mappings.mapping import Mapping as FileMapping
from notifier.enrollments.importing.mappings.states import usual_state
from notifier.enrollments.importing.mappings.table import Rows, find_table, with_split
from notifier.enrollments.importing.mappings.visit_times import visit_times
from schedules.protocol import CareProtocol

HEADER: Final = (
    "external_id", "name", "phone", "protocol", "treated_at", "appointment_at", "status", "consent", "provider",
    "office",
)  # fmt: skip

_T = TypeVar("_T")
_ENDED: Final = "the visit has ended"


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word of the file that nobody has said the meaning of."""

    what: str
    """service, status, office or consent"""
    word: str


@dataclass
class FileReader:
    """Reads a file through a mapping; of what it could not understand it keeps a count."""

    name: str
    mapping: FileMapping
    protocols: Mapping[str, CareProtocol]
    rules: PlanningRules
    consent: str = ""
    """How everybody in the file agreed, where the file has no word on it."""
    unknown: Counter[UnknownWord] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Words are compared folded."""
        self.visits = FileVisits(self.name, self.mapping.complete)
        self._services = {fold(word): key for key, one in self.protocols.items() for word in (key, one.title)}
        self._services |= {fold(word): gives for word, gives in self.mapping.services.items()}
        self._statuses: dict[str, Visit] = {fold(word): means for word, means in self.mapping.statuses.items()}
        self._consents = {fold(word): means for word, means in self.mapping.consents.items()}
        self._offices = {fold(word): one.id for one in self.rules.choices for word in (one.id, one.voice.clinic)}
        self._offices |= {fold(word): office for word, office in self.mapping.offices.items()}

    def rows(self, data: bytes) -> Iterator[tuple[int, MappedRow]]:
        """The header of ours, then each row. Raises Refused where the file is not of this shape."""
        header, rows = with_split(self.mapping.split, *find_table(self.name, self.mapping, data))
        self._refuse_other_order(data)
        yield 1, [*HEADER, *self.mapping.answers]
        for number, cells in rows:
            try:
                yield number, self._row({**dict(zip(header, cells, strict=False)), **self.mapping.always})
            except Refused as why:
                self.visits.unread += not self.mapping.columns.id.visit
                yield number, why

    def original(self, data: bytes) -> Rows:
        """The file's own header and rows, to give back those that are to be mended."""
        header, rows = find_table(self.name, self.mapping, data)
        yield 1, header
        yield from rows

    def named(self, data: bytes) -> Rows:
        """The file's own rows under our names, to show what stands where a row is wrong."""
        columns = self.mapping.columns
        ours = {
            columns.name.columns[0]: "name", columns.phone: "phone", columns.service: "protocol",
            columns.day.column: "appointment_at", columns.status: "status", columns.office: "office",
            columns.provider: "provider", columns.id.visit: "external_id",
            columns.consent and columns.consent.column: "consent",
        }  # fmt: skip
        header, rows = find_table(self.name, self.mapping, data)
        yield 1, [ours.get(column, column) for column in header]
        yield from rows

    def _row(self, row: Mapping[str, str]) -> MappedRow:
        columns = self.mapping.columns
        if self._is_no_patient(row):
            return None
        if columns.id.visit:
            self.visits.ids.add(_cell(row, columns.id.visit))
        service = clean(row.get(columns.service, ""))
        if self._services.get(fold(service)) == NO_TEXTS:
            return None
        protocol, status, office, consent = self._words(row, service)
        zone = self.mapping.timezone or self.rules.at(office or None).timezone
        day, start, end = visit_times(row, columns, zone)
        external_id = self._id(row, day.isoformat())
        self.visits.ids.add(external_id)
        if end:
            self.visits.ends[external_id] = datetime.fromisoformat(end)
        is_over = status == "treated" and columns.end is not None and columns.end.is_treated
        return [
            external_id,
            read_name([row.get(column, "") for column in columns.name.columns], columns.name.order),
            read_phone(row.get(columns.phone, "")),
            protocol,
            end if is_over else "",
            "" if is_over else start,
            status if status in ("cancelled", "no-show") else "",
            consent,
            _cell(row, columns.provider),
            office,
            *(answers.get(service, "") for answers in self.mapping.answers.values()),
        ]

    def _words(self, row: Mapping[str, str], service: str) -> tuple[str, Visit, str, str]:
        """What the row's words mean; of a row with several unknown ones each is counted, so that all are asked at once.

        A visit that did not take place is over, whatever the patient thinks of texts.
        """
        wrong: list[Refused] = []

        def read(meaning: Callable[[], _T], otherwise: _T) -> _T:
            try:
                return meaning()
            except Refused as why:
                wrong.append(why)
                return otherwise

        protocol = read(lambda: self._protocol(service), "")
        status: Visit = read(lambda: self._status(row), "booked")
        office = read(lambda: self._office(row), "")
        consent = _ENDED if status in ("cancelled", "no-show") else read(lambda: self._consent(row), "")
        if wrong:
            raise wrong[0]
        return protocol, status, office, consent

    def _refuse_other_order(self, data: bytes) -> None:
        """Where one date shows that the file has the day first, all others would be read as another day."""
        day = self.mapping.columns.day
        if day.order is None:
            return
        header, rows = with_split(self.mapping.split, *find_table(self.name, self.mapping, data))
        place = header.index(day.column) if day.column in header else len(header)
        for number, cells in rows:
            if is_other_order("".join(cells[place : place + 1]), day.order):
                raise Refused(
                    f'row {number}: {day.column} "{cells[place][:40]}" is no date as {day.order}, which the mapping '
                    f"{self.name} says of every file; save the mapping with the other order, or mend that date",
                    "header",
                )

    def _is_no_patient(self, row: Mapping[str, str]) -> bool:
        if not _cell(row, self.mapping.columns.phone) and not _cell(row, self.mapping.columns.service):
            return True
        return any(
            fold(row.get(column, "")).startswith(fold(words))
            for column, beginnings in self.mapping.no_patients.items()
            for words in beginnings
        )

    def _id(self, row: Mapping[str, str], day: str) -> str:
        where = self.mapping.columns.id
        if where.visit:
            found = _cell(row, where.visit)
        else:
            keys = [row.get(column, "") for column in where.client]
            found = id_of(self.name, keys, day) if any(map(clean, keys)) else ""
        if not found:
            raise Refused(
                f"{where.visit or ' and '.join(where.client)} is empty, so the visit has no id", "external_id"
            )
        return found

    def _protocol(self, service: str) -> str:
        """Its id or its title in any case is a protocol; no other name is guessed at."""
        if (gives := self._services.get(fold(service))) is None:
            self.unknown[UnknownWord("service", service)] += 1
            what = f'a protocol, or "{NO_TEXTS}"'
            raise Refused(f'nobody has said what the service "{service[:60]}" gives: {what}', "protocol")
        return gives

    def _status(self, row: Mapping[str, str]) -> Visit:
        if not (word := _cell(row, self.mapping.columns.status)):
            return "booked"
        if (means := self._statuses.get(fold(word)) or usual_state(word)) is None:
            self.unknown[UnknownWord("status", word)] += 1
            what = "booked, treated, cancelled or no-show"
            raise Refused(f'nobody has said what the status "{word[:60]}" means: {what}', "status")
        return means

    def _office(self, row: Mapping[str, str]) -> str:
        word = _cell(row, self.mapping.columns.office)
        if not self.rules.offices or not word:
            return ""
        if (office := self._offices.get(fold(word))) is None:
            self.unknown[UnknownWord("office", word)] += 1
            raise Refused(f'nobody has said which office "{word[:60]}" is', "office")
        return office

    def _consent(self, row: Mapping[str, str]) -> str:
        where = self.mapping.columns.consent
        if where is None:
            return self.consent
        cell = _cell(row, where.column)
        means = self._consents.get(fold(cell))
        if means == "yes" or (means is None and says_yes(cell)):
            return where.how
        if means == "no":
            return cell if withdraws(cell) else "no"
        if cell and not says_no(cell) and not tells_consent(cell):
            self.unknown[UnknownWord("consent", cell)] += 1
            raise Refused(f'nobody has said whether the consent "{cell[:60]}" is a yes or a no', "consent")
        return cell


def _cell(row: Mapping[str, str], column: str | None) -> str:
    return clean(row.get(column, "")) if column else ""
