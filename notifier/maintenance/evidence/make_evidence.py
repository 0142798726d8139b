"""Make the evidence of a patient: that it is made is written down and sealed with all the rest, then it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from notifier.access.seal_audit_log import extent, seal_entries
from notifier.db.engine import reading, writing
from notifier.domain.key_set import KeySet
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import VERIFIER, evidence_of, record_evidence


def make_evidence(
    engine: Engine, enrollments: Sequence[int], keys: KeySet, *, now: datetime, by: str
) -> dict[str, Any]:
    """What `verify_evidence.py` reads. Seals as the worker does each minute; raises DatabaseBusy where another does."""
    with writing(engine) as session:
        record_evidence(session, enrollments, now=now, by=by)
    with writing(engine) as session:
        up_to = extent(session)
    sealed = True
    while sealed:
        with writing(engine) as session:
            sealed = seal_entries(session, keys, now, up_to) is not None
    with reading(engine) as session:
        return evidence_of(session, enrollments)


def evidence_files(found: dict[str, Any], zone: ZoneInfo) -> dict[str, str]:
    """By name: for a program, to read, and the script that verifies it."""
    return {
        "evidence.json": json.dumps(found, ensure_ascii=False, indent=1),
        "evidence.txt": account_of(found, zone),
        VERIFIER.name: VERIFIER.read_text("utf-8"),
    }


def evidence_archive(found: dict[str, Any], zone: ZoneInfo) -> bytes:
    """The same as one ZIP file."""
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, content in evidence_files(found, zone).items():
            archive.writestr(f"evidence/{name}", content)
    return written.getvalue()
