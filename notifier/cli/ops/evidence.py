"""`notifier evidence`: consent, STOP and every text with why, which anybody can verify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from notifier.bootstrap.key_set import key_set
from notifier.cli.context import command_context, patient_called
from notifier.cli.options import Json
from notifier.cli.output import note, print_json, write
from notifier.db.engine import reading
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import VERIFIER, enrollments_proven
from notifier.maintenance.evidence.make_evidence import evidence_files, make_evidence


def evidence(
    patient: Annotated[
        str | None,
        typer.Argument(help="The enrollment's number, your own external id, or a phone number.", metavar="PATIENT"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="A new folder for it: to read, as JSON, and the script that verifies it.")
    ] = None,
    verifier: Annotated[bool, typer.Option("--verifier", help="Print that script; it needs Python alone.")] = False,
    as_json: Json = False,
) -> None:
    """Prove consent, STOP and every text of a patient with why; also after an erasure."""
    if verifier:
        write(VERIFIER.read_text("utf-8"))
        return
    if patient is None:
        raise Refused("name the patient: an enrollment, an external id or a phone number", "patient")
    if folder is not None and folder.exists():
        raise Refused(f"{folder} exists already; name a folder that does not", "--folder")
    with command_context() as context:
        with reading(context.engine) as session:
            whose = patient_called(session, patient, context.rules.pseudonyms)
            enrollments = enrollments_proven(session, whose, context.rules.yours)
            context.shows(enrollments)
        keys = key_set(context.settings, context.engine)
        found = make_evidence(context.engine, enrollments, keys, now=context.now, by=context.by)
        zone = zone_called(context.rules.timezone)
    if folder is not None:
        _write(folder, evidence_files(found, zone))
        note(f"written: {folder}; to verify it: cd {folder} && python3 {VERIFIER.name} evidence.json")
    elif as_json:
        print_json(found)
    else:
        write(account_of(found, zone))


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(mode=0o700)
        for name, content in files.items():
            private = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(private, "w", encoding="utf-8") as file:
                file.write(content)
    except OSError as error:
        raise Refused(f"{folder} could not be written ({error.strerror})", "--folder") from None
