"""What is kept of a patient: handed over, held for a court, or erased. For admins alone."""

from __future__ import annotations

import hashlib
import json

from starlette.responses import Response

from notifier.db import enrollments
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.pseudonyms import Pseudonyms, is_pseudonym
from notifier.domain.refused import Refused
from notifier.maintenance.evidence.account import account_of
from notifier.maintenance.evidence.evidence import enrollments_proven, evidence_of
from notifier.maintenance.evidence.make_evidence import evidence_archive, make_evidence
from notifier.maintenance.forgetting.copies import copies_with
from notifier.maintenance.forgetting.erase import ErasurePlan, erase, plan_erasure
from notifier.maintenance.forgetting.export import export_patient, export_text, plain
from notifier.maintenance.forgetting.legal_hold import lift_hold, put_on_hold, standing_hold
from notifier.maintenance.forgetting.provider_deletions import LONGEST_RESTORE, overdue_deletions
from notifier.web.view import NotFound, Page, View, redirect


def show(view: View) -> Response:
    """What can be done with the patient's data, and whether a legal hold forbids it."""
    with reading(view.context.engine) as session:
        enrollment = enrollments.by_id(session, view.number("enrollment"))
        if enrollment is None:
            raise NotFound
        gone = is_pseudonym(enrollment.phone)
        hold = None if gone else standing_hold(session, enrollment.id or 0)
    return view.page("patient_data.html", enrollment=enrollment, gone=gone, hold=hold)


def export_to_read(view: View) -> Response:
    """A text of everything that is kept."""
    return _export(view, "txt")


def export_as_json(view: View) -> Response:
    """The same for a program."""
    return _export(view, "json")


def _export(view: View, ending: str) -> Response:
    """Neither the file's name nor its address names the patient."""
    whose, rules = view.number("enrollment"), view.context.rules
    with reading(view.context.engine) as session:
        found = export_patient(session, whose, rules.yours)
    view.saw("export", *(one["id"] for one in found["enrollments"]))
    if ending == "json":
        content, kind = json.dumps(plain(found), ensure_ascii=False, indent=1), "application/json"
    else:
        content, kind = export_text(found, zone_called(rules.timezone)), "text/plain; charset=utf-8"
    name = f"attachment; filename=enrollment-{whose}.{ending}"
    return Response(content, media_type=kind, headers={"Content-Disposition": name, "Cache-Control": "no-store"})


def look_at_evidence(view: View) -> Response:
    """What proves consent, STOP and every text, as far as it is sealed by now; and the button that makes it to keep."""
    enrollment, account, refused = None, "", None
    with reading(view.context.engine) as session:
        enrollment = enrollments.by_id(session, view.number("enrollment"))
        if enrollment is None:
            raise NotFound
        whose = enrollments_proven(session, enrollment.id or 0, view.context.rules.yours)
        try:
            account = account_of(evidence_of(session, whose), view.context.zone)
        except Refused as why:
            refused = why
    view.saw("evidence", *whose)
    return view.page("evidence.html", enrollment=enrollment, account=account, refused=refused)


def make_evidence_to_keep(view: View) -> Response:
    """A ZIP: to read, for a program, and the script that verifies it. Neither its name nor its address names the
    patient."""
    whose, context = view.number("enrollment"), view.context
    with reading(context.engine) as session:
        proven = enrollments_proven(session, whose, context.rules.yours)
    view.note("did", "evidence", whose)
    found = make_evidence(context.engine, proven, context.keys, now=view.now, by=view.who.by)
    name = f"attachment; filename=evidence-{whose}.zip"
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(evidence_archive(found, context.zone), media_type="application/zip", headers=headers)


def hold(view: View) -> Response:
    """Let nothing of the patient be erased, or lift that."""
    whose, yours = view.number("enrollment"), view.context.rules.yours
    with writing(view.context.engine) as session:
        if view.field("lift"):
            lift_hold(session, whose, now=view.now, by=view.who.by, yours=yours)
        else:
            put_on_hold(session, whose, now=view.now, by=view.who.by, yours=yours)
    view.note("did", "lift legal hold" if view.field("lift") else "legal hold", whose)
    return redirect(f"/patients/{whose}/data#done")


def confirm(view: View) -> Response:
    """What the patient will not hear and what is taken away; the button, unless something forbids it."""
    return _confirm(view)


def _confirm(view: View, *, changed: bool = False) -> Response:
    plan, refused, at_twilio = None, None, None
    with reading(view.context.engine) as session:
        enrollment = enrollments.by_id(session, view.number("enrollment"))
        if enrollment is None:
            raise NotFound
        try:
            plan = plan_erasure(session, enrollment.id or 0, view.context.rules)
            at_twilio = overdue_deletions(session, view.now)
        except Refused as why:
            refused = why
    return view.page(
        "erase.html",
        enrollment=enrollment,
        plan=plan,
        refused=refused,
        sure=_digest(plan) if plan else "",
        changed=changed,
        copies=copies_with(view.context.engine, view.context.backups, plan.subject) if plan else [],
        days=LONGEST_RESTORE.days,
        at_twilio=at_twilio,
    )


def erase_for_good(view: View) -> Response:
    """Exactly what was shown; where something came since, it is shown once more."""
    whose, rules = view.number("enrollment"), view.context.rules
    with writing(view.context.engine) as session:
        done = _digest(plan_erasure(session, whose, rules)) == view.field("sure")
        if done:
            erase(session, whose, rules=rules, pseudonyms=Pseudonyms(view.context.keys), now=view.now, by=view.who.by)
    if not done:
        return _confirm(view, changed=True)
    view.note("did", "erase", whose)
    return redirect(f"/patients/{whose}/data#erased")


def _digest(plan: ErasurePlan) -> str:
    """Of what somebody saw before they agreed; it names nobody."""
    seen = repr((plan.subject.enrollments, plan.unheard, plan.texts, plan.replies, plan.subject.shared))
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


PAGES = (
    Page("GET", "/patients/{enrollment:int}/data", show, admin=True),
    Page("GET", "/patients/{enrollment:int}/export.txt", export_to_read, admin=True),
    Page("GET", "/patients/{enrollment:int}/export.json", export_as_json, admin=True),
    Page("GET", "/patients/{enrollment:int}/evidence", look_at_evidence, admin=True),
    Page("POST", "/patients/{enrollment:int}/evidence", make_evidence_to_keep, admin=True),
    Page("POST", "/patients/{enrollment:int}/legal-hold", hold, admin=True),
    Page("GET", "/patients/{enrollment:int}/erase", confirm, admin=True),
    Page("POST", "/patients/{enrollment:int}/erase", erase_for_good, admin=True),
)
