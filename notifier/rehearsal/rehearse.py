"""A whole rehearsal: its place, its patients, its weeks, its judgement and its report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.bootstrap.known_protocols import protocols_in
from notifier.bootstrap.planning import planning_rules
from notifier.bootstrap.sending import sending_rules
from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.domain.counted import counted
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.promises.facts import Arrival, PromiseKept
from notifier.publishing.effect import protocol_effect
from notifier.publishing.migrate import migrate
from notifier.rehearsal.judge import judge
from notifier.rehearsal.ledger import Ledger
from notifier.rehearsal.outage import Outage, parse_outage
from notifier.rehearsal.patients import made_up_patients
from notifier.rehearsal.place import rehearsal_place, rehearsal_settings
from notifier.rehearsal.play import Rehearsal, ledger_file
from notifier.rehearsal.report import RehearsalReport
from notifier.rehearsal.staff import BY, RehearsedStaff
from notifier.rehearsal.stepped import SteppedClock
from notifier.sandbox.server import Sandbox
from notifier.scheduler.worker_lock import only_worker
from schedules.protocol import CareProtocol
from schedules.send_window import zone_named


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """What is asked for."""

    begins: date
    ends: date
    """The last day."""
    patients: int = 0
    """So many made-up ones come."""
    database: Path | None = None
    """A copy of it is played on."""
    protocol: CareProtocol | None = None
    """The made-up patients get this one; the running ones of the copy that are on it are moved to it first."""
    outage: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it."""

    kept: list[PromiseKept]
    texts: int
    refused: list[str]
    """Why somebody could not be enrolled."""
    outage: Outage | None

    @property
    def is_well(self) -> bool:
        """Whether every promise was kept."""
        return not any(one.broken for one in self.kept)


def rehearse(
    plan: RehearsalPlan,
    report: RehearsalReport,
    *,
    watch: Callable[[datetime], None] = lambda _now: None,
    stage: Callable[[Engine, Sandbox], None] = lambda _engine, _sandbox: None,
) -> Rehearsed:
    """Play it, judge it and write its report. `watch` is told each new day; `stage` may set up something before.

    Raises Refused, BadSettings and DatabaseFailure.
    """
    if plan.ends < plan.begins:
        raise Refused("the last day lies before the first: begin with the earlier date")
    with rehearsal_place(plan.database) as (folder, engine):
        return asyncio.run(_rehearse(plan, folder, engine, report, watch, stage))


async def _rehearse(
    plan: RehearsalPlan,
    folder: Path,
    engine: Engine,
    report: RehearsalReport,
    watch: Callable[[datetime], None],
    stage: Callable[[Engine, Sandbox], None],
) -> Rehearsed:
    clock = SteppedClock(datetime.combine(plan.begins, time(0), ZoneInfo("UTC")))
    async with Sandbox(now=clock.now, settle_at_once=True) as sandbox:
        settings = rehearsal_settings(folder, sandbox.url)
        zone = zone_named(settings.timezone or "UTC")
        begins, ends = (
            datetime.combine(day, time(0), zone).astimezone(ZoneInfo("UTC"))
            for day in (plan.begins, plan.ends + timedelta(days=1))
        )
        clock.set(begins)
        outage = parse_outage(plan.outage, begins, zone) if plan.outage else None
        offered: Mapping[str, CareProtocol] = protocols_in(engine, settings)
        if plan.protocol is not None:
            offered = {plan.protocol.id: plan.protocol}
        random = Random(plan.seed)  # noqa: S311  # the same patients for the same seed
        rules, sending = planning_rules(settings), sending_rules(settings)
        staff = RehearsedStaff(engine, offered, rules, sending)
        ledger = Ledger(ledger_file(folder))
        ledger.add(_left_before(engine))
        stage(engine, sandbox)
        moved = _move_running(engine, plan, rules, begins)
        coming = made_up_patients(plan.patients, plan.begins, plan.ends, zone, offered, random)
        with only_worker(engine, begins):
            await Rehearsal(settings, engine, sandbox, clock, ledger, staff, coming, ends, zone, outage, watch).run()
        kept = judge(
            engine,
            ledger,
            since=begins,
            until=ends,
            window=sending.window,
            max_texts_per_day=sending.max_texts_per_day,
            seen=report.add,
        )
        texts = ledger.texts
        ledger.close()
    facts = [f"{plan.begins} to {plan.ends}: {counted(texts, 'text')} left. Nothing here reached a phone."]
    facts += moved
    if outage:
        there = (at.astimezone(zone) for at in (outage.begins, outage.ends))
        what = "An outage of Twilio alone" if outage.of_twilio else "An outage"
        facts.append("{} from {:%a %Y-%m-%d %H:%M} to {:%a %Y-%m-%d %H:%M}.".format(what, *there))
    if staff.refused:
        facts.append(f"{len(staff.refused)} could not be enrolled; the first: {staff.refused[0]}.")
    report.close(kept, facts)
    return Rehearsed(kept, texts, staff.refused, outage)


def _move_running(engine: Engine, plan: RehearsalPlan, rules: PlanningRules, now: datetime) -> list[str]:
    """Move the copy's patients to the edited protocol as `notifier protocols migrate` does; what came of it, in words.

    Raises Refused where there is nobody to move and nobody else comes.
    """
    if plan.database is None or plan.protocol is None:
        return []
    edited = plan.protocol
    with reading(engine) as session:
        effect = protocol_effect(session, edited.id, protocols={edited.id: edited}, rules=rules, now=now)
    if not effect.movable and plan.patients:
        return []
    done = migrate(partial(writing, engine), effect, not_told=False, rules=rules, now=now, by=BY)
    stayed = f"; stayed as they were: {len(done.stayed)}, the first: {done.stayed[0][1]}" if done.stayed else ""
    told = f"told otherwise before: {len(done.misinformed)}"
    return [f"Running patients of {edited.id} moved to the edited protocol: {len(done.effects)}; {told}{stayed}."]


def _left_before(engine: Engine) -> list[Arrival]:
    """What had left before: told, and not judged."""
    found = select(
        col(Message.sid), col(Message.phone), col(Message.sent_text), col(Message.left_at), col(Message.state)
    ).where(col(Message.sid).is_not(None), col(Message.left_at).is_not(None))
    with reading(engine) as session:
        rows = session.execute(found)
        return [Arrival(str(sid), phone, said or "", at, state.value) for sid, phone, said, at, state in rows]
