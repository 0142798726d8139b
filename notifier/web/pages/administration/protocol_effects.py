"""What a protocol's content would change for every running patient, shown before anybody is moved; taken back."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.responses import Response

from notifier.db.corrections import last_version_moved_to, misinformed_by
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.effect import PatientEffect, ProtocolEffect, protocol_effect
from notifier.publishing.effect_sentences import effect_summary
from notifier.publishing.migrate import Migrated, last_migration, migrate, undo
from notifier.web.countings import Counting, Figures, Progress
from notifier.web.pages.administration.protocols import the_protocol
from notifier.web.view import Page, View
from notifier.web.widgets.effect_view import EffectRow, effect_rows
from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol

_IN_FULL: Final = 30
"""So many patients are shown with their texts; the others by name."""


def show_effect(view: View) -> Response:
    """Patient by patient what moves, who was told otherwise, what would be past; with the buttons that move them."""
    protocol = the_protocol(view)
    found = counted_effect(view, protocol, view.context.protocols)
    return still_counting(view, protocol, found) if isinstance(found, Counting) else _page(view, found)


def counted_effect(view: View, protocol: CareProtocol, protocols: Catalogue) -> Figures | Counting:
    """What that content would do, as the page shows it; or how far it is counted."""
    context, now = view.context, view.now

    def count(progress: Progress) -> Figures:
        with reading(context.engine) as session:
            return figures_of(
                protocol_effect(
                    session, protocol.id, protocols=protocols, rules=context.rules, now=now, progress=progress
                )
            )

    key = (view.session_key, protocol.id, protocol.version)
    return context.countings.get(key, count, context.clock.monotonic())


def figures_of(found: ProtocolEffect) -> Figures:
    """What the page shows of an effect: going through some thousand patients takes longer than a page may."""
    changed = [one for one in found.patients if one.effect is not None and one.effect.texts]
    return {
        "protocol": found.protocol,
        "summary": effect_summary(found),
        "digest": found.digest,
        "movable": len(found.movable),
        "not_told": len(found.not_misinformed),
        "changed": [(one, _rows(one)) for one in changed[:_IN_FULL]],
        "further": changed[_IN_FULL:],
    }


def still_counting(view: View, protocol: CareProtocol, counting: Counting) -> Response:
    """How far it is; the browser looks again by itself, with or without scripts."""
    made = view.page("counting.html", protocol=protocol, done=counting.done, of=counting.of)
    made.headers["Refresh"] = "1"
    return made


def migrate_patients(view: View) -> Response:
    """Move all of them, or only those not yet told otherwise, as they were shown."""
    found = _effect(view)
    if view.field("sure") != found.digest:
        return _page(view, figures_of(found), notes=["Something has changed since you looked. Look at it once more."])
    whom = view.field("whom")
    if whom not in ("all", "not-told"):
        raise Refused("say whom to move: all, or only those not yet told otherwise", "whom")
    context = view.context
    done = migrate(
        partial(writing, context.engine), found, not_told=whom == "not-told", rules=context.rules, now=view.now,
        by=view.who.by,
    )  # fmt: skip
    view.note("did", f"migrate {found.protocol.id} {found.protocol.version}")
    return _page(view, figures_of(_effect(view)), done=done)


def take_back(view: View) -> Response:
    """Take the last migration back, within an hour; what left meanwhile is listed."""
    protocol, context = the_protocol(view), view.context
    done = undo(partial(writing, context.engine), protocol.id, rules=context.rules, now=view.now, by=view.who.by)
    view.note("did", f"undo migrate {protocol.id}")
    return _page(view, figures_of(_effect(view)), done=done, undone=True)


def _effect(view: View) -> ProtocolEffect:
    context, protocol = view.context, the_protocol(view)
    with reading(context.engine) as session:
        return protocol_effect(
            session, protocol.id, protocols=context.protocols, rules=context.rules, now=view.now
        )  # fmt: skip


def _page(
    view: View, found: Figures, *, notes: list[str] | None = None, done: Migrated | None = None, undone: bool = False
) -> Response:
    protocol = the_protocol(view)
    with reading(view.context.engine) as session:
        last = last_migration(session, protocol.id, view.now)
        version = last_version_moved_to(session, protocol.id)
        told = len(misinformed_by(session, protocol.id, version)) if version else 0
    return view.page(
        "protocol_effect.html", last=last, notes=notes or [], done=done, undone=undone, told=told, **found
    )  # fmt: skip


def _rows(one: PatientEffect) -> list[EffectRow]:
    return effect_rows(one.effect.texts, zone_called(one.effect.timezone)) if one.effect else []


PAGES = (
    Page("GET", "/protocols/{protocol}/effect", show_effect, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate", migrate_patients, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate/undo", take_back, admin=True, whole=True),
)
