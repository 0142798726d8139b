"""A draft of the clinic's own words before it holds: what it says otherwise, what it does, and who stands by it."""

from __future__ import annotations

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.overlays import overlay_draft
from notifier.db.protocols import is_approved
from notifier.domain.refused import Refused
from notifier.publishing.effect import ProtocolEffect, protocol_effect
from notifier.publishing.own_words import publish_draft
from notifier.web.countings import Counting, Figures
from notifier.web.pages.administration.own_words import base_of, rules_of
from notifier.web.pages.administration.protocol_checks import report_of
from notifier.web.pages.administration.protocol_effects import counted_effect, figures_of, still_counting
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.own_words import judge
from schedules.catalogue import Catalogue
from schedules.compare import compare_protocols
from schedules.protocol import CareProtocol

_NOTHING = "There is no draft to publish; change the words first."


def show(view: View) -> Response:
    """The effect of publishing the draft; nothing holds yet."""
    words, edit = _draft(view, base_of(view))
    found = counted_effect(view, words, _with(view, words))
    return still_counting(view, words, found) if isinstance(found, Counting) else _page(view, words, edit, found)


def publish(view: View) -> Response:
    """The draft holds from now on, as it was shown; running patients stay where they are until somebody moves them."""
    base = base_of(view)
    words, edit = _draft(view, base)
    found = _effect(view, words)
    if view.field("sure") != found.digest or view.field("seen") != str(edit):
        changed = "Something has changed since you looked. Look at it once more."
        return _page(view, words, edit, figures_of(found), changed)
    languages = [one for one in words.languages if f"approve-{one}" in view.fields]
    try:
        with writing(view.context.engine) as session:
            publish_draft(
                session, base, seen=edit, languages=languages, clinician=view.field("clinician")[:120],
                must_be_approved=view.context.rules.must_be_approved, now=view.now, by=view.who.by,
            )  # fmt: skip
    except Refused as why:
        return _page(view, words, edit, figures_of(found), str(why))
    view.note("did", f"publish words over {base.id} {words.version}")
    return redirect(f"/protocols/{base.id}/effect")


def _draft(view: View, base: CareProtocol) -> tuple[CareProtocol, int]:
    """What the draft comes to, and which edit it is. Raises Refused where it cannot be published."""
    with reading(view.context.engine) as session:
        draft = overlay_draft(session, base.id)
    if draft is None:
        raise Refused(_NOTHING)
    judged = judge(base, draft.toml, {}, rules_of(view))
    if judged.words is None:
        raise Refused(f"These words cannot be published yet: {judged.problems[0].sentence}")
    return judged.words, draft.edit


def _effect(view: View, words: CareProtocol) -> ProtocolEffect:
    """As `protocols effect` says it, were the draft what the protocol says."""
    with reading(view.context.engine) as session:
        return protocol_effect(
            session, words.id, protocols=_with(view, words), rules=view.context.rules, now=view.now
        )  # fmt: skip


def _with(view: View, words: CareProtocol) -> Catalogue:
    return Catalogue({**view.context.protocols, words.id: words})


def _page(view: View, words: CareProtocol, edit: int, found: Figures, told: str | None = None) -> Response:
    base = base_of(view)
    present = view.context.protocols.get(base.id, base)
    with reading(view.context.engine) as session:
        approved = [one for one in words.languages if is_approved(session, words.id, words.version, one)]
    return view.page(
        "publish_words.html",
        status=409 if told else 200,
        protocol=base,
        words=words,
        edit=edit,
        told=told,
        differences=[] if present.version == words.version else compare_protocols(present, words),
        **{name: found[name] for name in ("summary", "digest", "changed", "further")},
        report=report_of(view, words),
        approved=approved,
        must_be_approved=view.context.rules.must_be_approved,
    )


PAGES = (
    Page("GET", "/protocols/{protocol}/words/effect", show, admin=True, whole=True),
    Page("POST", "/protocols/{protocol}/words/publish", publish, admin=True, whole=True),
)
