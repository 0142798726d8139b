"""What a protocol's content would change for every running patient, shown before anybody is moved; taken back."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from notifier.db.corrections import last_version_moved_to, misinformed_by
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.effect import PatientEffect, ProtocolEffect, protocol_effect
from notifier.publishing.effect_sentences import effect_summary
from notifier.publishing.migrate import Migrated, last_migration, migrate, undo
from notifier.web.pages.administration.protocols import the_protocol
from notifier.web.view import Page, View
from notifier.web.widgets.effect_view import EffectRow, effect_rows


def show_effect(view: View) -> Response:
    """Patient by patient what moves, who was told otherwise, what would be past; with the buttons that move them."""
    return _page(view, _effect(view))


def migrate_patients(view: View) -> Response:
    """Move all of them, or only those not yet told otherwise, as they were shown."""
    found = _effect(view)
    if view.field("sure") != found.digest:
        return _page(view, found, notes=["Something has changed since you looked. Look at it once more."])
    whom = view.field("whom")
    if whom not in ("all", "not-told"):
        raise Refused("say whom to move: all, or only those not yet told otherwise", "whom")
    context = view.context
    done = migrate(
        partial(writing, context.engine), found, not_told=whom == "not-told", rules=context.rules, now=view.now,
        by=view.who.by,
    )  # fmt: skip
    view.note("did", f"migrate {found.protocol.id} {found.protocol.version}")
    return _page(view, _effect(view), done=done)


def take_back(view: View) -> Response:
    """Take the last migration back, within an hour; what left meanwhile is listed."""
    protocol, context = the_protocol(view), view.context
    done = undo(partial(writing, context.engine), protocol.id, rules=context.rules, now=view.now, by=view.who.by)
    view.note("did", f"undo migrate {protocol.id}")
    return _page(view, _effect(view), done=done, undone=True)


def _effect(view: View) -> ProtocolEffect:
    context, protocol = view.context, the_protocol(view)
    with reading(context.engine) as session:
        return protocol_effect(
            session, protocol.id, protocols=context.protocols, rules=context.rules, now=view.now
        )  # fmt: skip


def _page(
    view: View,
    found: ProtocolEffect,
    *,
    notes: list[str] | None = None,
    done: Migrated | None = None,
    undone: bool = False,
) -> Response:
    with reading(view.context.engine) as session:
        last = last_migration(session, found.protocol.id, view.now)
        version = last_version_moved_to(session, found.protocol.id)
        told = len(misinformed_by(session, found.protocol.id, version)) if version else 0
    return view.page(
        "protocol_effect.html", protocol=found.protocol, found=found, summary=effect_summary(found),
        changed=changed_patients(found), last=last, notes=notes or [], done=done, undone=undone,
        told=told,
    )  # fmt: skip


def changed_patients(found: ProtocolEffect) -> list[tuple[PatientEffect, list[EffectRow]]]:
    """Each patient for whom texts change, with the rows that say how."""
    return [
        (one, effect_rows(one.effect.texts, zone_called(one.effect.timezone)))
        for one in found.patients
        if one.effect is not None and one.effect.texts
    ]


PAGES = (
    Page("GET", "/protocols/{protocol}/effect", show_effect, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate", migrate_patients, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate/undo", take_back, admin=True, whole=True),
)
