"""Delivery: what became of the texts of the last weeks, by day and by protocol, and why some did not arrive."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.states import MessageState
from notifier.oversight import delivery
from notifier.oversight.advice import what_to_do
from notifier.oversight.answers import answers_by_day, minutes_to_a_person
from notifier.oversight.delivery import Failure
from notifier.sms.codes import in_words
from notifier.tasks.silence import close_silent, silent_patients
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.charts import columns, rows
from notifier.web.widgets.formats import day
from schedules.asking import AnswerMeaning

SPANS: Final = (14, 30)
"""Days that can be looked at."""
_MOST_SILENT: Final = 200
_S = MessageState
_PART: Final = {
    **dict.fromkeys((_S.DELIVERED,), 0),
    **dict.fromkeys((_S.ACCEPTED, _S.SENT), 1),
    **dict.fromkeys((_S.FAILED, _S.UNDELIVERED), 2),
    **dict.fromkeys((_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW), 3),
}
"""Which part of a bar a state is. The other states' texts did not leave after all, or are about to once more."""


@dataclass(slots=True)
class DeliveryLine:
    """One day, one protocol, or everything."""

    name: str
    on: date | None = None
    parts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """Delivered, no receipt yet, not delivered, in doubt."""
    opted_out: int = 0

    @property
    def sent(self) -> int:
        return sum(self.parts)

    @property
    def arrived(self) -> str:
        """Of the texts with a receipt, how many arrived."""
        known = self.parts[0] + self.parts[2]
        return f"{self.parts[0]:,} of {known:,}" if known else "–"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why texts did not arrive, in words."""

    code: int | None
    many: int
    words: str
    advice: str


def show(view: View) -> Response:
    """The last two weeks, or the last thirty days; today is the last of them."""
    chosen = view.request.query_params.get("days", "")
    span = next((one for one in SPANS if str(one) == chosen), SPANS[0])
    context = view.context
    edges = delivery.day_edges(view.now, context.zone, span)
    with context.visible_session() as session:
        found = list(delivery.outcomes(session, edges))
        stopped = delivery.opt_outs(session, edges[0], edges[-1])
        failures = delivery.failures(session, edges[0], edges[-1])
        answered = answers_by_day(session, edges)
        waited = minutes_to_a_person(session, edges[0], edges[-1])
        silent = silent_patients(session, view.now, _MOST_SILENT)
    by_day = {edge: DeliveryLine(day(edge, context.zone), edge.astimezone(context.zone).date()) for edge in edges[:-1]}
    by_protocol: dict[str, DeliveryLine] = {}
    total = DeliveryLine("All")
    for one in found:
        part = _PART.get(one.state)
        if part is not None:
            for line in (by_day[one.since], _line(view, by_protocol, one.protocol), total):
                line.parts[part] += one.many
    for at, protocols in stopped:
        for line in (by_day[_day_of(at, edges)], *(_line(view, by_protocol, one) for one in protocols), total):
            line.opted_out += 1
    ranked = sorted(by_protocol.values(), key=lambda line: (-line.sent, line.name))
    return view.page(
        "delivery.html",
        about="delivery",
        span=span,
        spans=SPANS,
        total=total,
        days=list(by_day.values()),
        protocols=ranked,
        reasons=_reasons(failures, total.parts[2]),
        answered=[(day(one.since, context.zone), one) for one in answered if one.asked or one.answers],
        meanings=list(AnswerMeaning),
        waited=waited,
        silent=silent,
        day_chart=columns(
            [
                (one.name, _label(one, number, span), one.parts, one.opted_out)
                for number, one in enumerate(by_day.values())
            ]
        ),
        protocol_chart=rows([(one.name, one.parts, one.opted_out) for one in ranked]),
    )


def _day_of(at: datetime, edges: list[datetime]) -> datetime:
    return max(edge for edge in edges if edge <= at)


def _line(view: View, lines: dict[str, DeliveryLine], protocol: str) -> DeliveryLine:
    """The protocol's line; one that is no longer in the catalogue goes by its id."""
    known = view.context.protocols.get(protocol)
    return lines.setdefault(protocol, DeliveryLine(known.title if known else protocol))


def _label(line: DeliveryLine, number: int, span: int) -> str:
    """Every second day of two weeks, every seventh of a month, counted back from today."""
    assert line.on is not None
    every = 2 if span == SPANS[0] else 7
    return f"{line.on:%b} {line.on.day}" if (span - 1 - number) % every == 0 else ""


def _reasons(failures: list[Failure], not_arrived: int) -> list[Reason]:
    """Codes that mean the same and ask for the same stay apart: the code is what Twilio's support asks for. Texts that
    nobody gave a reason for are counted too."""
    unexplained = not_arrived - sum(one.many for one in failures)
    if unexplained > 0:
        failures = [*failures, Failure(None, True, unexplained)]
    together: Counter[tuple[int | None, str]] = Counter()
    for one in failures:
        together[one.code, what_to_do(one.code, was_accepted=one.was_accepted)] += one.many
    return [Reason(code, many, in_words(code), advice) for (code, advice), many in together.most_common()]


def close_list(view: View) -> Response:
    """Somebody has read the list of silent patients: exactly those who stood on it."""
    shown = [int(one) for one in view.field("messages").split(",") if one.isdecimal() and len(one) < 10]
    with view.context.visible_session() as session:
        listed = {message.id for message, _ in silent_patients(session, view.now, _MOST_SILENT)}
    with writing(view.context.engine) as session:
        close_silent(session, [one for one in shown if one in listed], now=view.now, by=view.who.by)
    view.note("did", "close the list of silent patients")
    return redirect("/delivery")


PAGES = (Page("GET", "/delivery", show), Page("POST", "/delivery/silent", close_list))
