"""What a protocol's content would change for every running patient, shown before anybody is moved; taken back."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Final

from starlette.responses import Response

from notifier.db.corrections import last_version_moved_to, misinformed_by
from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.effect import PatientEffect, ProtocolEffect, no_progress, protocol_effect
from notifier.publishing.effect_sentences import effect_summary
from notifier.publishing.migrate import last_migration, migrate, to_be_moved, undo
from notifier.web.countings import Counting, Figures, Progress, Work
from notifier.web.pages.administration.protocols import the_protocol
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.effect_view import EffectRow, effect_rows
from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol

_IN_FULL: Final = 30
"""So many patients are shown with their texts; the others by name."""
_ONCE_MORE: Final = "Something has changed since you looked. Look at it once more."


def show_effect(view: View) -> Response:
    """Patient by patient what moves, who was told otherwise, what would be past; with the buttons that move them."""
    protocol, context = the_protocol(view), view.context
    moved = context.countings.find(_moving(view, protocol), context.clock.monotonic())
    if moved is not None:
        return _moved(view, protocol, moved)
    found = counted_effect(view, protocol, context.protocols)
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


def still_counting(view: View, protocol: CareProtocol, counting: Counting, *, moves: bool = False) -> Response:
    """How far it is; the browser looks again by itself, with or without scripts. `moves`: patients are being moved."""
    made = view.page("counting.html", protocol=protocol, done=counting.done, of=counting.of, moves=moves)
    made.headers["Refresh"] = "1"
    return made


def migrate_patients(view: View) -> Response:
    """Move all of them, or only those not yet told otherwise, as they were shown."""
    protocol, context, now, by = the_protocol(view), view.context, view.now, view.who.by
    whom, sure = view.field("whom"), view.field("sure")
    if whom not in ("all", "not-told"):
        raise Refused("say whom to move: all, or only those not yet told otherwise", "whom")
    not_told = whom == "not-told"

    def move(progress: Progress) -> Figures:
        found = _effect(view, protocol, progress)
        if sure != found.digest:
            return {**figures_of(found), "notes": [_ONCE_MORE]}
        to_be_moved(found, not_told=not_told)
        view.note("did", f"migrate {protocol.id} {protocol.version}")
        change, rules = partial(writing, context.engine), context.rules
        done = migrate(change, found, not_told=not_told, rules=rules, now=now, by=by, progress=progress)
        return {**figures_of(_effect(view, protocol)), "done": done}

    return _moved(view, protocol, _begin(view, protocol, move))


def take_back(view: View) -> Response:
    """Take the last migration back, within an hour; what left meanwhile is listed."""
    protocol, context, now, by = the_protocol(view), view.context, view.now, view.who.by

    def move_back(progress: Progress) -> Figures:
        change = partial(writing, context.engine)
        done = undo(change, protocol.id, rules=context.rules, now=now, by=by, progress=progress)
        view.note("did", f"undo migrate {protocol.id}")
        return {**figures_of(_effect(view, protocol)), "done": done, "undone": True}

    return _moved(view, protocol, _begin(view, protocol, move_back))


def _moving(view: View, protocol: CareProtocol) -> Hashable:
    """Under what the moving of its patients, by this person, is found again."""
    return (view.session_key, protocol.id, "moving")


def _begin(view: View, protocol: CareProtocol, work: Work) -> Figures | Counting:
    return view.context.countings.begin(_moving(view, protocol), work, view.context.clock.monotonic())


def _moved(view: View, protocol: CareProtocol, found: Figures | Counting) -> Response:
    """What was done; else how far it is, at the address that may be looked at again."""
    if not isinstance(found, Counting):
        return _page(view, found)
    if view.request.method == "POST":
        return redirect(f"/protocols/{protocol.id}/effect")
    return still_counting(view, protocol, found, moves=True)


def _effect(view: View, protocol: CareProtocol, progress: Progress = no_progress) -> ProtocolEffect:
    context = view.context
    with reading(context.engine) as session:
        return protocol_effect(
            session, protocol.id, protocols=context.protocols, rules=context.rules, now=view.now, progress=progress
        )


def _page(view: View, found: Figures) -> Response:
    protocol = the_protocol(view)
    with reading(view.context.engine) as session:
        last = last_migration(session, protocol.id, view.now)
        version = last_version_moved_to(session, protocol.id)
        told = len(misinformed_by(session, protocol.id, version)) if version else 0
    values = {"notes": [], "done": None, "undone": False, **found}
    return view.page("protocol_effect.html", last=last, told=told, **values)


def _rows(one: PatientEffect) -> list[EffectRow]:
    return effect_rows(one.effect.texts, zone_called(one.effect.timezone)) if one.effect else []


PAGES = (
    Page("GET", "/protocols/{protocol}/effect", show_effect, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate", migrate_patients, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/migrate/undo", take_back, admin=True, whole=True),
)
