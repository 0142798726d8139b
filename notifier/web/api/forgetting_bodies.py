"""What is sent and answered about exports, legal holds and erasures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from notifier.web.api.requests import CommandBody
from notifier.web.api.timelines import ResponseModel


class LegalHoldBody(CommandBody):
    """Hold, or lift the hold."""

    lift: bool = Field(False, description="The patient may be forgotten again.")


class LegalHoldResponse(ResponseModel):
    """How it stands now, or with `dry_run` would stand."""

    enrollment: int
    dry_run: bool
    on_hold: bool


class UnheardResponse(ResponseModel):
    """A planned text that the patient will not hear."""

    enrollment: int
    step: str
    due_at: datetime | None


class CopyResponse(ResponseModel):
    """A copy of the database that an erasure does not reach."""

    file: str
    goes: str
    """When it goes by itself, or that somebody has to delete it."""


class ErasureResponse(ResponseModel):
    """What was erased, or with `dry_run` would be. The texts at Twilio go later, in backups it stays until rotation."""

    enrollment: int
    dry_run: bool
    enrollments: list[int]
    """All of the same name and number."""
    texts: int
    replies: int
    shared_numbers: int
    """Numbers that another patient has too: what was written from them stays."""
    unheard: list[UnheardResponse]
    copies: list[CopyResponse]
    """Files beside the database, and the worker's backups, that still have the patient."""


class EvidenceResponse(ResponseModel):
    """Consent, STOP and every text of a patient with why, in the order in which it was sealed."""

    enrollment: int
    enrollments: list[int]
    """All of the same name and number."""
    account: str
    """To read."""
    evidence: dict[str, Any]
    """What the script verifies: save it as evidence.json."""
    verifier: str
    """The script, which needs Python alone: python verify_evidence.py evidence.json"""


class ExportResponse(ResponseModel):
    """Everything that is kept of a patient."""

    enrollment: int
    enrollments: list[int]
    """All of the same name and number."""
    kept: dict[str, Any]
    """By kind; rows as they are stored."""
