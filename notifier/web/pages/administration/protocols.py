"""Protocols to read: the picture, every text in every language, its source, what is off and why; approve and pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.protocols import approvals, last_approved, open_pauses
from notifier.db.tables import Approval, Pause
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.publishing.approve import approve
from notifier.publishing.base_changes import keep_base
from notifier.publishing.pause import pause, unpause
from notifier.web.view import NotFound, Page, View, redirect
from notifier.web.widgets.protocol_examples import Example, examples, treated_at_two
from notifier.web.widgets.recovery_chart import draw
from notifier.web.widgets.timeline_view import planned
from schedules import plain
from schedules.moments import Anchor
from schedules.plain import length_in_words
from schedules.protocol import CareProtocol, Step
from schedules.send_window import SendWindow
from schedules.timeline import Patient, Rules, build_timeline
from schedules.wording import Voice

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """One protocol and where it stands."""

    protocol: CareProtocol
    approved: dict[str, Approval]
    """By language: who stands behind exactly these words."""
    goes_on: dict[str, CareProtocol]
    """By language: the content approved last, which goes on while the present words wait."""
    paused: Pause | None
    paused_steps: dict[str, Pause]
    only_an_admin: frozenset[str | None]
    """Steps that an admin has paused; None is the whole protocol."""

    @property
    def is_approved(self) -> bool:
        return all(language in self.approved for language in self.protocol.languages)


def show_all(view: View) -> Response:
    """The catalogue."""
    return view.page(
        "protocols.html",
        protocols=view.context.protocols,
        shown=[shown_of(view, one) for one in view.context.protocols.values()],
        unreadable=view.context.protocols.unreadable,
    )


def show(view: View) -> Response:
    """One protocol to read."""
    shown = shown_of(view, the_protocol(view))
    steps = sorted(shown.protocol.steps, key=in_order(shown.protocol))
    values: dict[str, Any] = {
        "moments": {one.key: moment_in_words(one) for one in steps},
        "steps": steps,
        "length_in_words": length_in_words,
    }
    pictures = _pictures(view, shown.protocol)
    said = {language: examples_in(view, shown.protocol, language) for language in shown.protocol.languages}
    return view.page("protocol.html", shown=shown, protocol=shown.protocol, examples=said, **values, **pictures)


def the_protocol(view: View) -> CareProtocol:
    """The protocol in the page's address; raises NotFound."""
    found = view.context.protocols.get(str(view.request.path_params["protocol"]))
    if found is None:
        raise NotFound
    return found


def shown_of(view: View, protocol: CareProtocol) -> Shown:
    """The protocol, who stands behind it, and what of it is paused."""
    with reading(view.context.engine) as session:
        stood_for = approvals(session)
        goes_on = last_approved(session, [protocol])
        pauses = [one for one in open_pauses(session) if one.protocol == protocol.id]
    exactly = (protocol.id, protocol.version)
    return Shown(
        protocol,
        {one.language: one for one in stood_for if (one.protocol, one.version) == exactly},
        {language: words for (_, language), words in goes_on.items()},
        next((one for one in pauses if one.step is None), None),
        {one.step: one for one in pauses if one.step},
        frozenset(one.step for one in pauses if one.by_admin),
    )


def _pictures(view: View, protocol: CareProtocol) -> dict[str, Any]:
    """A patient treated today at two, who gave the answers under which most is said."""
    zone = view.context.zone
    at = treated_at_two(view.now, zone)
    answers = {key: question.answers[0] for key, question in protocol.questions.items()}
    rules = Rules(Voice("clinic", "phone"), SendWindow(), view.context.rules.max_texts_per_day)
    patient = Patient(zone, protocol.languages[0], answers=answers)
    timeline = build_timeline(protocol, Anchor(at), patient, rules)
    bubbles = [one for one in planned(timeline.messages, zone) if one.kind != "rebook"]
    ends = timeline.restrictions
    picture = draw(ends, bubbles, anchor=at, zone=zone, now=None) if ends else None
    return {"picture": picture, "restrictions": ends, "sample_at": at, "sample_answers": answers}


def examples_in(view: View, protocol: CareProtocol, language: str) -> dict[str, Example]:
    """By step: what a patient treated today at two reads, in the clinic's own voice."""
    context = view.context
    return examples(protocol, language, context.rules.voice, treated_at_two(view.now, context.zone), context.zone)


def in_order(protocol: CareProtocol) -> Any:
    """Steps in the order in which a patient hears them: before the visit, then by their moment."""
    at = datetime.fromisoformat("2026-01-14T14:00-05:00")
    zone = at.tzinfo

    def key(step: Step) -> tuple[bool, datetime]:
        if step.repeat is not None:
            when = at + _rough(next(step.repeat.occurrences()).at)
        elif step.at is not None:
            when = at + _rough(step.at)
        else:
            when = max(at + _rough(protocol.restrictions[topic]) for topic in step.lifts)
        return step.kind.value != "prepare", when.astimezone(zone)

    return key


def _rough(offset: Any) -> timedelta:
    """About how long that is; for the order on the page alone."""
    units = {"minutes": 1 / 1440, "hours": 1 / 24, "day": 1, "days": 1, "until_day": 1, "weeks": 7, "months": 30.4}
    unit = next((unit for unit in offset.UNITS if getattr(offset, unit) is not None), None)
    if unit is None:  # a gate without a length
        return 60 * _DAY
    days: timedelta = getattr(offset, unit) * units[unit] * _DAY
    clock = getattr(offset, "time", None)
    return days + (timedelta(hours=clock.hour - 14, minutes=clock.minute) if clock else timedelta())


def moment_in_words(step: Step) -> str:
    """`1 hour after`, `day 3 at 9:00`, `when makeup ends`."""
    at = step.at
    if step.repeat is not None:
        return plain.moment_in_words(step)
    if at is None:
        return f"when {' and '.join(topic.replace('-', ' ') for topic in step.lifts)} end{'s' * (len(step.lifts) == 1)}"
    clock = f" at {at.time.hour % 12 or 12}:{at.time:%M %p}" if at.time else ""
    unit = next(unit for unit in at.UNITS if getattr(at, unit) is not None)
    many = getattr(at, unit)
    if unit == "day":
        before = f"{counted(-many, 'day')} before" if many < 0 else f"day {many}"
        return f"{before}{clock}"
    return f"{many} {unit if many != 1 else unit[:-1]} after{clock}" if many else "at once"


def approve_protocol(view: View) -> Response:
    """A clinician approves exactly these words."""
    protocol = the_protocol(view)
    if view.field("version") != protocol.version:
        raise Refused("this protocol has changed since you read it; read it again, then approve")
    with writing(view.context.engine) as session:
        language = view.field("language") or None
        by = view.field("clinician") or view.who.name
        approve(session, protocol, by=by[:120], now=view.now, language=language)
        keep_base(session, view.context.protocols, protocol.id, now=view.now)
    view.note("did", f"approve {protocol.id} {protocol.version}")
    return redirect(f"/protocols/{protocol.id}")


def pause_protocol(view: View) -> Response:
    """Stop a bad text, or the whole protocol, at once."""
    protocol, context = the_protocol(view), view.context
    step = view.field("step") or None
    with writing(context.engine) as session:
        pause(
            session,
            protocol.id,
            reason=view.field("reason"),
            protocols=context.protocols,
            now=view.now,
            by=view.who.by,
            by_admin=view.who.is_admin,
            step=step,
        )
    view.note("did", f"pause {protocol.id} {step or ''}".strip())
    return redirect(f"/protocols/{protocol.id}")


def unpause_protocol(view: View) -> Response:
    """Let its texts leave again."""
    protocol, step = the_protocol(view), view.field("step") or None
    with writing(view.context.engine) as session:
        unpause(
            session, protocol.id, reason=view.field("reason"), now=view.now, by=view.who.by,
            by_admin=view.who.is_admin, step=step,
        )  # fmt: skip
    view.note("did", f"unpause {protocol.id} {step or ''}".strip())
    return redirect(f"/protocols/{protocol.id}")


PAGES = (
    Page("GET", "/protocols", show_all),
    Page("GET", "/protocols/{protocol}", show),
    Page("POST", "/protocols/{protocol}/approve", approve_protocol, admin=True),
    Page("POST", "/protocols/{protocol}/pause", pause_protocol),
    Page("POST", "/protocols/{protocol}/unpause", unpause_protocol),
)
