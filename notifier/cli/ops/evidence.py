"""`notifier evidence`: consent, STOP and every text with why, which anybody can verify."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from notifier.access.seal_audit_log import extent, seal_entries
from notifier.bootstrap.key_set import key_set
from notifier.cli.context import command_context, patient_called
from notifier.cli.options import Json
from notifier.cli.output import note, print_json, write
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.key_set import KeySet
from notifier.domain.refused import Refused
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import VERIFIER, enrollments_proven, evidence_of, record_evidence


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
        with writing(context.engine) as session:
            record_evidence(session, enrollments, now=context.now, by=context.by)
        _seal(context.engine, key_set(context.settings, context.engine), context.now)
        with reading(context.engine) as session:
            found = evidence_of(session, enrollments)
        account = account_of(found, zone_called(context.rules.timezone))
    if folder is not None:
        _write(folder, found, account)
        note(f"written: {folder}; to verify it: cd {folder} && python3 {VERIFIER.name} evidence.json")
    elif as_json:
        print_json(found)
    else:
        write(account)


def _seal(engine: Engine, keys: KeySet, now: datetime) -> None:
    """All that is there by now, as the worker does each minute."""
    with writing(engine) as session:
        up_to = extent(session)
    sealed = True
    while sealed:
        with writing(engine) as session:
            sealed = seal_entries(session, keys, now, up_to) is not None


def _write(folder: Path, found: dict[str, Any], account: str) -> None:
    try:
        folder.mkdir(mode=0o700)
        files = {
            "evidence.json": json.dumps(found, ensure_ascii=False, indent=1),
            "evidence.txt": account,
            VERIFIER.name: VERIFIER.read_text("utf-8"),
        }
        for name, content in files.items():
            private = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(private, "w", encoding="utf-8") as file:
                file.write(content)
    except OSError as error:
        raise Refused(f"{folder} could not be written ({error.strerror})", "--folder") from None
