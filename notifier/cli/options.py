"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
LeaveOut = Annotated[
    list[int] | None,
    typer.Option(
        "--leave-out", help='A "you may" held meanwhile that shall not be said, by its message.', metavar="MESSAGE"
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
WhichEnrollment = Annotated[str, typer.Argument(help="Its number, or your own external id.", metavar="ENROLLMENT")]
WhichPatient = Annotated[
    str, typer.Argument(help="The enrollment's number, your own external id, or a phone number.", metavar="PATIENT")
]
WhichOffice = Annotated[
    str | None, typer.Option("--office", help="The patient's office, by its id; see: notifier offices.")
]
Answers = Annotated[list[str] | None, typer.Option("--answer", help="QUESTION=ANSWER; may be given several times.")]
SessionNumber = Annotated[
    str | None, typer.Option("--session", help="Which session of a series this is.", metavar="NUMBER")
]
Sessions = Annotated[str | None, typer.Option("--sessions", help="How many the series has.", metavar="NUMBER")]
Restrictions = Annotated[
    list[str] | None,
    typer.Option("--restriction", help="TOPIC=LENGTH of this patient: sun=10d, 48h or 2w; sun= takes it back."),
]
DecidedBy = Annotated[str | None, typer.Option(help="Who decided a length shorter than the protocol's.")]
QuietDaysOption = Annotated[
    str | None,
    typer.Option("--quiet-days", help="Days the patient wishes no text on, like Sun,2026-12-25.", metavar="DAYS"),
]
TreatedAt = Annotated[str | None, typer.Option(help="The END of the treatment, like 2026-03-07T15:30.")]
AppointmentAt = Annotated[str | None, typer.Option(help="The appointment, while the patient is not treated yet.")]
Timezone = Annotated[str | None, typer.Option(help="The patient's IANA zone; the clinic's unless said.")]
Language = Annotated[str | None, typer.Option(help="The patient's language; the protocol's first unless said.")]
Informed = Annotated[
    str | None,
    typer.Option(help="yes: somebody told the patient every rule; card: in writing.", metavar="yes|card"),
]
