"""Protocols before a clinician stands behind them: two side by side, what the check says, and the words to approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from notifier.db.engine import reading
from notifier.publishing.base_changes import changes_of_base, extends_of, say_base_changed
from notifier.web.pages.administration.protocols import (
    examples_in,
    in_order,
    moment_in_words,
    shown_of,
    the_protocol,
)
from notifier.web.view import NotFound, Page, View
from schedules.check import Report, check_protocol
from schedules.compare import ProtocolDifference, compare_protocols
from schedules.plain import length_in_words
from schedules.protocol import CareProtocol
from schedules.timeline import Rules


@dataclass(frozen=True, slots=True)
class Topic:
    """One restriction in two protocols, in words; None where one of them has none."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What differs in one part of two protocols."""

    title: str
    differences: Sequence[ProtocolDifference]


def compare(view: View) -> Response:
    """Two protocols side by side: first topic by topic, then everything else that differs."""
    known = view.context.protocols
    a, b = (known.get(view.request.query_params.get(name, "")) for name in ("a", "b"))
    if a is None or b is None:
        raise NotFound
    differences = [] if a.version == b.version else compare_protocols(a, b)
    return view.page(
        "compare.html", a=a, b=b, topics=_topics(a, b), parts=_parts(a, b, differences), protocols=known
    )  # fmt: skip


def _topics(a: CareProtocol, b: CareProtocol) -> list[Topic]:
    return [
        Topic(
            topic, *(length_in_words(one.restrictions[topic]) if topic in one.restrictions else None for one in (a, b))
        )
        for topic in dict.fromkeys((*a.restrictions, *b.restrictions))
    ]


def _parts(a: CareProtocol, b: CareProtocol, differences: Sequence[ProtocolDifference]) -> list[Part]:
    """The differences by what they are about; steps in the order in which a patient hears them."""
    rest = [one for one in differences if not one.where.startswith("step ")]
    steps = dict.fromkeys(step.key for plan in (a, b) for step in sorted(plan.steps, key=in_order(plan)))
    by_step = {key: [one for one in differences if _step_of(one) == key] for key in steps}
    return [
        Part("In general", rest),
        *(Part(f"Text “{key.replace('-', ' ')}”", found) for key, found in by_step.items() if found),
    ]


def _step_of(difference: ProtocolDifference) -> str | None:
    kind, _, rest = difference.where.partition(" ")
    return rest.partition(":")[0] if kind == "step" else None


def report_of(view: View, protocol: CareProtocol) -> Report:
    """What the check says with this clinic's name, hours and limit; it takes a second or two, once for each version."""
    rules, kept = view.context.rules, view.context.reports
    key = (protocol.id, protocol.version)
    if key not in kept:
        kept[key] = check_protocol(protocol, Rules(rules.voice, rules.window, rules.max_texts_per_day))
    return kept[key]


def show_check(view: View) -> Response:
    """What the check says about one protocol."""
    protocol = the_protocol(view)
    extends, of_base = extends_of(view.context.protocols, protocol.id), list[str]()
    if extends is not None and extends.has_changed:
        with reading(view.context.engine) as session:
            of_base = say_base_changed(protocol.id, extends, changes_of_base(session, extends))
    return view.page("check.html", protocol=protocol, report=report_of(view, protocol), of_base=of_base)


def show_approval(view: View) -> Response:
    """The words of one language, all of them, above the button that says who stands behind them."""
    protocol, language = the_protocol(view), str(view.request.path_params["language"])
    if language not in protocol.languages:
        raise NotFound
    steps = sorted(protocol.steps, key=in_order(protocol))
    return view.page(
        "approve.html",
        protocol=protocol,
        shown=shown_of(view, protocol),
        language=language,
        steps=steps,
        examples=examples_in(view, protocol, language),
        moments={one.key: moment_in_words(one) for one in steps},
        length_in_words=length_in_words,
        report=report_of(view, protocol),
    )


PAGES = (
    Page("GET", "/protocols/compare", compare),
    Page("GET", "/protocols/{protocol}/check", show_check),
    Page("GET", "/protocols/{protocol}/approve/{language}", show_approval, admin=True),
)
