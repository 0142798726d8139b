"""What a protocol's content does to running patients: its effect, moving them, one correction, and trying it.

Approval stays a person's: a program vouches for no words. A key of one office moves nobody: a protocol is the clinic's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field
from notifier.publishing.correct import Correction, preview_correction, send_correction
from notifier.publishing.correction_words import write_correction
from notifier.publishing.effect import ProtocolEffect, protocol_effect
from notifier.publishing.migrate import Migrated, migrate, undo
from notifier.publishing.try_out import try_out
from notifier.web.api.callers import Caller, Changer, Reader
from notifier.web.api.effects import CallResponse, EffectResponse
from notifier.web.api.problems import Problem
from notifier.web.api.requests import CommandBody
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import ResponseModel
from schedules.protocol import CareProtocol

router = keyed_router("publishing")
_Protocol = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Its id.")]
_Words = Annotated[str, Field(min_length=1, max_length=640)]


class MigrateBody(CommandBody):
    """Whom to move."""

    not_told: bool = Field(False, description="Only who was told nothing that becomes different.")
    undo: bool = Field(False, description="Take the last one back, within an hour; all of it.")


class CorrectBody(CommandBody):
    """Words to write, which then wait for a clinician; without any, what is approved is sent."""

    text: dict[str, _Words] = Field({}, max_length=20, description="By language.", examples=[{"en": "{clinic}: ..."}])


class TryBody(CommandBody):
    """Whose phone, and as which patient."""

    to: Annotated[str, Field(min_length=1, max_length=40, description="A staff member's number, proved by a code.")]
    language: Annotated[str, Field(max_length=8)] | None = None
    answers: dict[str, str] = Field({}, max_length=30)


class StayedResponse(ResponseModel):
    """Who stays on the version of the enrollment, and why."""

    enrollment: int
    why: str


class ProtocolEffectResponse(ResponseModel):
    """As `notifier protocols effect --json` prints it."""

    protocol: str
    version: str
    on_it: int = Field(description="Running patients who are on this version already.")
    over: int = Field(description="Patients on any version whose aftercare is over: nothing changes for them.")
    waiting: list[str] = Field(description="Languages in which a clinician must approve it first.")
    texts: dict[str, int]
    told_otherwise: list[int]
    reworded: list[int] = Field(description="Enrollments whose patient has read the same in other words.")
    cannot_move: list[StayedResponse]
    enrollments: list[EffectResponse]


class LeftResponse(ResponseModel):
    """A text that left between a migration and its undoing."""

    enrollment: int
    step: str


class MigratedResponse(ResponseModel):
    """Who was moved; with `dry_run`, who would be."""

    dry_run: bool
    enrollments: list[EffectResponse]
    told_otherwise: list[int]
    left: list[LeftResponse]
    stayed: list[StayedResponse]


class CorrectionResponse(ResponseModel):
    """Who gets the correction; with `dry_run`, who would."""

    dry_run: bool
    protocol: str
    version: str
    enrollments: list[EffectResponse]
    already: list[int] = Field(description="Who had it before, whatever became of it.")
    waiting: dict[str, list[int]] = Field(description="By language whose words no clinician has approved.")
    call_patient: list[CallResponse]


class TriedResponse(ResponseModel):
    """How many test texts leave."""

    dry_run: bool
    texts: int


@router.get("/protocols/{protocol}/effect")
def show_protocol_effect(protocol: _Protocol, caller: Reader) -> ProtocolEffectResponse:
    """What its present content would change for every running patient who is on another version."""
    _known(caller, protocol)
    return caller.read(
        lambda session: ProtocolEffectResponse.model_validate(_effect(session, caller, protocol).to_json())
    )


@router.post("/protocols/{protocol}/migrate")
def migrate_running_patients(protocol: _Protocol, body: MigrateBody, caller: Changer) -> MigratedResponse:
    """Move running patients to its present content, or take that back; who cannot be moved stays."""
    _of_the_whole_clinic(caller)
    _known(caller, protocol)
    if body.undo:
        change = partial(_change, caller, dry_run=body.dry_run)
        done = undo(change, protocol, rules=caller.context.rules, now=caller.now, by=caller.by)
        return _moved(caller, done, dry_run=body.dry_run)
    with reading(caller.context.engine) as session:
        found = _effect(session, caller, protocol)
    whom = found.not_misinformed if body.not_told else found.movable
    if body.dry_run or not whom:
        effects = tuple(one.effect for one in whom if one.effect is not None)
        return _moved(caller, Migrated(effects), dry_run=body.dry_run)
    done = migrate(
        partial(_change, caller), found, not_told=body.not_told, rules=caller.context.rules, now=caller.now,
        by=caller.by,
    )  # fmt: skip
    return _moved(caller, done, dry_run=False)


@router.post("/protocols/{protocol}/correct")
def correct_misinformed_patients(protocol: _Protocol, body: CorrectBody, caller: Changer) -> CorrectionResponse:
    """Write one correction for those who were told otherwise, or send it, once to each of them."""
    _of_the_whole_clinic(caller)
    _known(caller, protocol)
    rules, now = caller.context.rules, caller.now
    with _change(caller, dry_run=body.dry_run) as session:
        if body.text:
            write_correction(session, protocol, body.text, rules=rules, now=now, by=caller.by)
        found = preview_correction(session, protocol, rules=rules, now=now)
    if found.effects and not (body.text or body.dry_run):
        found = send_correction(partial(_change, caller), found, rules=rules, now=now, by=caller.by)
    _note(caller, [one.enrollment for one in found.effects], dry_run=body.dry_run)
    return _corrected(found, dry_run=body.dry_run)


@router.post("/protocols/{protocol}/try")
def try_on_a_staff_phone(protocol: _Protocol, body: TryBody, caller: Changer) -> TriedResponse:
    """Text all of it within minutes to a staff member's own proved phone, each text marked TEST."""
    plan, phone = _known(caller, protocol), check_field("to", parse_phone, body.to).e164
    with _change(caller, dry_run=body.dry_run) as session:
        texts = try_out(
            session, plan, phone, language=body.language, answers=body.answers, rules=caller.context.rules,
            now=caller.now, by=caller.by,
        )  # fmt: skip
    _note(caller, (), dry_run=body.dry_run)
    return TriedResponse(dry_run=body.dry_run, texts=texts)


def _known(caller: Caller, protocol: str) -> CareProtocol:
    found = caller.context.protocols.get(protocol)
    if found is None:
        raise Problem(404, "There is no protocol of this id.")
    return found


def _of_the_whole_clinic(caller: Caller) -> None:
    if caller.integration.office is not None:
        raise Problem(403, "This key is one office's; what all patients of a protocol read is the whole clinic's.")


def _effect(session: Session, caller: Caller, protocol: str) -> ProtocolEffect:
    context = caller.context
    return protocol_effect(session, protocol, protocols=context.protocols, rules=context.rules, now=caller.now)


@contextmanager
def _change(caller: Caller, *, dry_run: bool = False) -> Iterator[Session]:
    """A transaction; of a dry run it is taken back."""
    with writing(caller.context.engine) as session:
        yield session
        if dry_run:
            session.rollback()


def _note(caller: Caller, whom: Iterable[int], *, dry_run: bool) -> None:
    with writing(caller.context.engine) as session:
        caller.note(session, "saw" if dry_run else "did", shown=tuple(whom))


def _moved(caller: Caller, done: Migrated, *, dry_run: bool) -> MigratedResponse:
    _note(caller, [one.enrollment for one in done.effects], dry_run=dry_run)
    return MigratedResponse(
        dry_run=dry_run,
        enrollments=[EffectResponse.model_validate(one.to_json()) for one in done.effects],
        told_otherwise=done.misinformed,
        left=[LeftResponse(enrollment=whose, step=step) for whose, step in done.left],
        stayed=[StayedResponse(enrollment=whose, why=why) for whose, why in done.stayed],
    )


def _corrected(found: Correction, *, dry_run: bool) -> CorrectionResponse:
    said: dict[str, Any] = found.to_json()
    return CorrectionResponse.model_validate({**said, "dry_run": dry_run})
