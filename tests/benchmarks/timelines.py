"""Timelines per second: the timing alone, and with every text rendered and its segments counted."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import timedelta
from time import process_time
from zoneinfo import ZoneInfo

from schedules.catalogue import shipped
from schedules.moments import Anchor, Moments, place
from schedules.protocol import CareProtocol
from schedules.selection import Circumstances, select_steps
from schedules.send_window import open_hours
from schedules.timeline import Patient, Rules, build_timeline
from tests.benchmarks import clinic
from tests.benchmarks.table import Line, at_least, show

_SECONDS = 2.0
_ENROLLED_AFTER = timedelta(minutes=10)
_RULES = Rules(clinic.VOICE)


def measure() -> None:
    """The default protocol and the one with the most texts, in English and Spanish, for patients in four zones."""
    protocols = shipped()
    default = next(iter(protocols.values()))
    densest = max(protocols.values(), key=_texts)
    lines = []
    for what, protocol in (("default", default), ("densest", densest)):
        called = f"{what} ({protocol.id}, {_texts(protocol)} texts)"
        timing, rendered = _rate(protocol, _timing), _rate(protocol, _rendered)
        target = at_least(20_000, timing, written="{:,.0f}/s") if what == "default" else ("", None)
        lines += [
            Line(f"{called}: timing", f"{timing:,.0f}/s", "", *target),
            Line(f"{called}: with its words", f"{rendered:,.0f}/s", f"{rendered / timing:.2f} of timing"),
        ]
    show("Timelines in a second of one core", lines)


def _texts(protocol: CareProtocol) -> int:
    return len(build_timeline(protocol, Anchor(clinic.NOW), _patients(protocol)[0], _RULES).messages)


def _patients(protocol: CareProtocol) -> list[Patient]:
    """Their area codes point where they live."""
    zones = [ZoneInfo(name) for name in clinic.ZONES]
    languages = protocol.languages
    return [
        Patient(zones[n % 4], languages[n // 4 % len(languages)], "Ana", area_zones=(zones[n % 4],)) for n in range(8)
    ]


def _timing(protocol: CareProtocol, anchor: Anchor, patient: Patient) -> None:
    """What `build_timeline` does before it renders, and counts the texts of a day."""
    moments = Moments.of(protocol, anchor, patient.zone, patient.answers)
    circumstances = Circumstances(anchor.treated, tuple(patient.answers.items()), patient.rebook_consent)
    steps = select_steps(protocol, circumstances).said
    hours = open_hours(_RULES.window, patient.zone, patient.area_zones)
    place(steps, moments, hours, anchor.at + _ENROLLED_AFTER)


def _rendered(protocol: CareProtocol, anchor: Anchor, patient: Patient) -> None:
    build_timeline(protocol, anchor, patient, _RULES, enrolled_at=anchor.at + _ENROLLED_AFTER)


def _rate(protocol: CareProtocol, plan: Callable[[CareProtocol, Anchor, Patient], None]) -> float:
    patients, done = _patients(protocol), 0
    gc.collect()
    begun = process_time()
    while (passed := process_time() - begun) < _SECONDS:
        for _ in range(100):
            plan(protocol, Anchor(clinic.treated_at(done)), patients[done % 8])
            done += 1
    return done / passed
