"""What the law asks for, by programs: all that is kept of a patient, a legal hold, and an erasure."""

from __future__ import annotations

from sqlalchemy.orm import Session

from notifier.domain.pseudonyms import Pseudonyms
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import VERIFIER, enrollments_proven
from notifier.maintenance.evidence.make_evidence import make_evidence
from notifier.maintenance.forgetting.copies import CopyWithPatient, copies_with
from notifier.maintenance.forgetting.erase import ErasurePlan, erase, plan_erasure
from notifier.maintenance.forgetting.export import export_patient, plain
from notifier.maintenance.forgetting.legal_hold import NO_HOLD, lift_hold, put_on_hold, standing_hold
from notifier.web.api.callers import Forgetter
from notifier.web.api.enrollments import the_enrollment
from notifier.web.api.forgetting_bodies import (
    CopyResponse,
    ErasureResponse,
    EvidenceResponse,
    ExportResponse,
    LegalHoldBody,
    LegalHoldResponse,
    UnheardResponse,
)
from notifier.web.api.requests import CommandBody, Number
from notifier.web.api.route import keyed_router

router = keyed_router("forgetting")


@router.get("/enrollments/{enrollment}/export")
def export(enrollment: Number, caller: Forgetter) -> ExportResponse:
    """Everything that is kept of the patient, in all enrollments of the same name and number."""

    def found(session: Session) -> ExportResponse:
        the_enrollment(session, enrollment)
        kept = plain(export_patient(session, enrollment, caller.context.rules.yours))
        return ExportResponse(enrollment=enrollment, enrollments=[one["id"] for one in kept["enrollments"]], kept=kept)

    return caller.read(found)


@router.get("/enrollments/{enrollment}/evidence")
def evidence(enrollment: Number, caller: Forgetter) -> EvidenceResponse:
    """Prove consent, STOP and every text with why; also after an erasure. That it is made is an event too."""
    context = caller.context

    def proven(session: Session) -> list[int]:
        the_enrollment(session, enrollment)
        return enrollments_proven(session, enrollment, context.rules.yours)

    enrollments = caller.read(proven, lambda _: enrollment)
    found = make_evidence(context.engine, enrollments, context.keys, now=caller.now, by=caller.by)
    return EvidenceResponse(
        enrollment=enrollment, enrollments=enrollments, account=account_of(found, context.zone), evidence=found,
        verifier=VERIFIER.read_text("utf-8"),
    )  # fmt: skip


@router.post("/enrollments/{enrollment}/legal-hold")
def legal_hold(enrollment: Number, body: LegalHoldBody, caller: Forgetter) -> LegalHoldResponse:
    """Let nothing of the patient be erased, by anybody, or lift that. Said again, nothing changes."""

    yours = caller.context.rules.yours

    def change(session: Session) -> LegalHoldResponse:
        the_enrollment(session, enrollment)
        if body.dry_run:
            if body.lift and standing_hold(session, enrollment) is None:
                raise NO_HOLD
        elif body.lift:
            lift_hold(session, enrollment, now=caller.now, by=caller.by, yours=yours)
        else:
            put_on_hold(session, enrollment, now=caller.now, by=caller.by, yours=yours)
        return LegalHoldResponse(enrollment=enrollment, dry_run=body.dry_run, on_hold=not body.lift)

    return (caller.read if body.dry_run else caller.write)(change, lambda _: enrollment)


@router.post("/enrollments/{enrollment}/erase")
def erase_patient(enrollment: Number, body: CommandBody, caller: Forgetter) -> ErasureResponse:
    """Take away the patient's name, numbers and words for good, in all enrollments of the same name and number."""
    rules = caller.context.rules

    def run(session: Session) -> ErasureResponse:
        the_enrollment(session, enrollment)
        if body.dry_run:
            plan = plan_erasure(session, enrollment, rules)
        else:
            keyed = Pseudonyms(caller.context.keys)
            plan = erase(session, enrollment, rules=rules, pseudonyms=keyed, now=caller.now, by=caller.by)
        copies = copies_with(caller.context.engine, caller.context.backups, plan.subject)
        return _response(enrollment, plan, copies, dry_run=body.dry_run)

    return (caller.read if body.dry_run else caller.write)(run, lambda _: enrollment)


def _response(enrollment: int, plan: ErasurePlan, copies: list[CopyWithPatient], *, dry_run: bool) -> ErasureResponse:
    return ErasureResponse(
        enrollment=enrollment, dry_run=dry_run, enrollments=list(plan.subject.enrollments), texts=plan.texts,
        replies=plan.replies, shared_numbers=len(plan.subject.shared),
        unheard=[UnheardResponse(enrollment=one.enrollment, step=one.step, due_at=one.due_at) for one in plan.unheard],
        copies=[CopyResponse(file=str(one.file), goes=one.goes) for one in copies],
    )  # fmt: skip
