"""A clinic's own words over a protocol: typed with each text beside it as a patient reads it, kept as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.overlays import overlay_draft, overlay_versions, published_overlays
from notifier.domain.refused import Refused
from notifier.publishing.base_changes import changes_of_base, say_base_changed
from notifier.publishing.own_words import SavedMeanwhile, discard_draft, save_draft
from notifier.web.pages.administration.protocols import in_order, moment_in_words
from notifier.web.view import NotFound, Page, View, read_long_form, redirect
from notifier.web.widgets.own_words import Judged, judge, shown_lengths, shown_steps
from notifier.web.widgets.protocol_examples import treated_at_two
from schedules.catalogue import ProtocolError
from schedules.extends import Extends
from schedules.overlay import overlay_table, read_overlay, write_overlay
from schedules.overlay_edit import FORM, edited, fields_of
from schedules.protocol import CareProtocol
from schedules.timeline import Rules

_AS_TOML, _TO_FORM, _BASE_READ = "as-toml", "to-form", "base-read"


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody is writing over a protocol."""

    base: CareProtocol
    present: CareProtocol
    """What the overlay came to before it was typed in, whose steps the form shows."""
    toml: str
    typed: Mapping[str, str]
    judged: Judged
    seen: int
    """The edit of the draft that was opened; 0 where there was none."""
    as_toml: bool = False

    @property
    def path(self) -> str:
        return f"/protocols/{self.base.id}/words"


def base_of(view: View) -> CareProtocol:
    """The protocol in the page's address, without what is published over it; raises NotFound."""
    found = view.context.of_files.get(str(view.request.path_params["protocol"]))
    if found is None:
        raise NotFound
    return found


def stored(view: View, base: CareProtocol) -> tuple[str, int]:
    """What is being written over it, else what is published, else nothing of its own; and which edit that is."""
    with reading(view.context.engine) as session:
        if (draft := overlay_draft(session, base.id)) is not None:
            return draft.toml, draft.edit
        return published_overlays(session).get(base.id) or write_overlay(base, {}), 0


def rules_of(view: View) -> Rules:
    """How this clinic's texts are planned and said."""
    rules = view.context.rules
    return Rules(rules.voice, rules.window, rules.max_texts_per_day)


def show(view: View) -> Response:
    """The form, with what was saved last."""
    base = base_of(view)
    toml, seen = stored(view, base)
    judged = judge(base, toml, {}, rules_of(view))
    typed = {} if judged.words else fields_of(base, overlay_table(base.id, toml))
    return _page(view, Writing(base, judged.words or base, toml, typed, judged, seen))


def check(view: View) -> Response:
    """What the words come to as they are typed; nothing is saved."""
    written = _written(view)
    if view.request.headers.get("x-fragment"):
        return view.page("_own_words_said.html", **_shown(view, written))
    return _page(view, written)


def save(view: View) -> Response:
    """Keep the draft; whoever saves after somebody else is told, and has lost nothing."""
    written = _written(view)
    context, base = view.context, written.base
    try:
        with writing(context.engine) as session:
            save_draft(session, base, written.toml, seen=written.seen, now=view.now, by=view.who.by)
    except SavedMeanwhile as why:
        with reading(context.engine) as session:
            draft = overlay_draft(session, base.id)
        theirs = draft.edit if draft else 0
        again = Writing(
            base, written.present, written.toml, written.typed, written.judged, theirs, as_toml=written.as_toml
        )
        return _page(view, again, told=f"{why}. Yours is below and not saved; save it again to put it in that place.")
    except Refused as why:
        return _page(view, written, told=str(why))
    view.note("did", f"save words over {base.id}")
    return redirect(written.path)


def discard(view: View) -> Response:
    """Throw the draft away; what is published stays."""
    base = base_of(view)
    with writing(view.context.engine) as session:
        discard_draft(session, base.id, seen=_seen(view), now=view.now, by=view.who.by)
    view.note("did", f"discard words over {base.id}")
    return redirect(f"/protocols/{base.id}")


def _written(view: View) -> Writing:
    """What was sent: the fields of the form over the overlay that it was opened with, or the overlay's own text."""
    base, fields = base_of(view), dict(view.fields)
    opened = fields.get("toml", "").replace("\r\n", "\n")
    rules, as_toml = rules_of(view), _AS_TOML in fields and _TO_FORM not in fields
    try:
        table = overlay_table(base.id, opened)
    except ProtocolError:
        judged = judge(base, opened, {}, rules)
        return Writing(base, base, opened, {}, judged, _seen(view), as_toml=True)
    if _BASE_READ in fields:
        table["based_on"] = base.version
    if FORM not in fields:
        toml = opened if _BASE_READ not in fields else write_overlay(base, table)
        judged = judge(base, toml, {}, rules)
        typed = {} if judged.words else fields_of(base, table)
        return Writing(base, judged.words or base, toml, typed, judged, _seen(view), as_toml=as_toml)
    try:
        present = read_overlay(base, opened)
    except ProtocolError:
        present = base
    table, unread = edited(base, present, table, fields)
    toml = write_overlay(base, table)
    judged = judge(base, toml, unread, rules)
    return Writing(base, judged.words or present, toml, fields, judged, _seen(view), as_toml=as_toml)


def _seen(view: View) -> int:
    said = view.field("seen")
    return int(said) if said.isdecimal() and len(said) < 12 else 0  # seconds since 1970, and some edits


def _shown(view: View, written: Writing) -> dict[str, Any]:
    at = treated_at_two(view.now, view.context.zone)
    order = in_order(written.present)
    steps = shown_steps(
        written.base, written.present, written.typed, rules_of(view), at, view.context.zone
    )  # fmt: skip
    return {
        "protocol": written.base,
        "written": written,
        "judged": written.judged,
        "steps": sorted(steps, key=lambda one: order(one.step)),
        "lengths": list(shown_lengths(written.base, written.present, written.typed)),
    }


def _page(view: View, written: Writing, *, told: str | None = None) -> Response:
    base, of_base = written.base, list[str]()
    try:
        based_on = str(overlay_table(base.id, written.toml).get("based_on", base.version))
    except ProtocolError:
        based_on = base.version
    with reading(view.context.engine) as session:
        draft, versions = overlay_draft(session, base.id), overlay_versions(session, base.id)
        if based_on != base.version:
            extends = Extends(base, based_on, on_the_page=True)
            of_base = say_base_changed(base.id, extends, changes_of_base(session, extends))[:-1]
    shown = _shown(view, written)
    moments = {one.step.key: moment_in_words(one.step) for one in shown["steps"]}
    return view.page(
        "own_words.html", status=409 if told else 200, draft=draft, versions=versions, told=told, of_base=of_base,
        moments=moments, **shown,
    )  # fmt: skip


_GUARD: dict[str, Any] = {"admin": True, "whole": True, "read": read_long_form}
PAGES = (
    Page("GET", "/protocols/{protocol}/words", show, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/words", save, kept_by=check, **_GUARD),
    Page("POST", "/protocols/{protocol}/words/check", check, kept_by=check, **_GUARD),
    Page("POST", "/protocols/{protocol}/words/discard", discard, admin=True, whole=True),
)
