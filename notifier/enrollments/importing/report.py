"""What an import did, or would do, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field

from notifier.enrollments.importing.absent_visits import AbsentVisit
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.rows import RowFault, as_one

MOST_FAULTS = 1000
"""So many are told, unless more are asked for; the others are counted."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or (as a dry run) would do."""

    dry_run: bool
    rows: int = 0
    counts: dict[RowMeaning, int] = field(default_factory=lambda: dict.fromkeys(RowMeaning, 0))
    faults: list[RowFault] = field(default_factory=list)
    """The first `most_faults` of them; a row may have several."""
    fault_count: int = 0
    bad_rows: int = 0
    opted_out: list[int] = field(default_factory=list)
    """Rows whose number has opted out: enrolled or changed, and nothing will be sent."""
    for_staff: list[str] = field(default_factory=list)
    """What somebody must decide or tell a patient, in sentences."""
    withdrawn: list[int] = field(default_factory=list)
    """Rows that take consent back: what is planned for their numbers waits for a person, or would."""
    absent: list[AbsentVisit] = field(default_factory=list)
    """Booked visits that the file should name and does not, and those of patients who have a new one: to be asked."""
    ended: int = 0
    """How many of those were ended."""
    written: int = 0
    most_faults: int = MOST_FAULTS

    @property
    def refused(self) -> bool:
        """Whether nothing was written because of faults."""
        return self.fault_count > 0 and self.written == 0

    def add_bad_row(self, *faults: RowFault) -> None:
        self.bad_rows += 1
        self.fault_count += len(faults)
        room = max(self.most_faults - len(self.faults), 0)
        # Far down a long list a row's sentences are kept as one, which takes a third of the memory.
        self.faults += faults[:room] if len(self.faults) < MOST_FAULTS else [as_one(faults)][:room]
