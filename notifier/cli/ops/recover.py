"""`notifier recover`: after an outage, or after a backup was put in place, look first and then let texts leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from notifier.bootstrap.preflight import check_ready_to_send
from notifier.bootstrap.receiving import build_receive
from notifier.bootstrap.sending import build_gateway, sending_rules
from notifier.cli.context import CommandContext, command_context
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, note, print_json, print_table
from notifier.cli.timeline_table import local
from notifier.db.engine import reading, writing
from notifier.db.threads import DatabaseThreads
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.oversight.forecast import as_json as plain
from notifier.sending.adopt import Adopted, Interrupted, adopt
from notifier.sending.gates.recoveries import what_it_is
from notifier.sending.poll import LONG_OVERLAP, poll_inbound
from notifier.sending.recover import LateFate, LateText, RecoveryPlan, plan_recovery, release
from notifier.sms.gateway import GatewayUnavailable

_A_LINE_EACH: Final = 10_000
_WORDS = {
    LateFate.LEAVES: "late, still useful: it leaves",
    LateFate.MOVED: "still useful: it leaves at its next open moment",
    LateFate.WAITS: "it waits for somebody all the same",
    LateFate.WITHDRAWN: "it is withdrawn",
    LateFate.EXPIRED: "expired: tell the patient",
}


def recover(
    plan: Annotated[bool, typer.Option("--plan", help="Show, and change nothing.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Let leave what is shown.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """After an outage: which texts are late and what becomes of each.

    After a restore, --apply first asks Twilio what left since the backup, so that nobody hears it twice.
    """
    if plan == apply:
        raise Refused("say --plan (show, and change nothing) or --apply (let leave what is shown)")
    only_show = plan or dry_run or (as_json and not yes and is_attended())
    with command_context(dry_run=only_show) as context:
        found = _plan(context)
        if not only_show and found.restored_to is not None:
            adopted = _ask_twilio(context, found, yes=yes)
            _show(_plan(context), as_json, adopted=adopted)
            return
        _show(found, as_json)
        if not only_show:
            _release(context, found, yes=yes)
        elif apply and not as_json:
            context.report(_would(found))


def _plan(context: CommandContext) -> RecoveryPlan:
    with reading(context.engine) as session:
        return plan_recovery(session, sending_rules(context.settings), context.now)


def _would(found: RecoveryPlan) -> str:
    if found.restored_to is not None:
        return f"Twilio is asked for every text since {found.restored_to:%Y-%m-%d %H:%M} UTC, and texts leave then"
    return f"{counted(found.useful, 'text')} go their way, as shown" if found.useful else "nothing waits"


def _release(context: CommandContext, found: RecoveryPlan, *, yes: bool) -> None:
    if not found.useful:
        note("nothing waits: no late text is useful still")
        return
    context.confirm(f"Let {counted(found.useful, 'text')} go their way, as shown?", yes=yes)
    with writing(context.engine) as session:
        many = release(session, found, now=context.now, by=context.by)
    note(f"released: {counted(many, 'text')}; each is checked again when it leaves, and the sender's rate spreads them")


def _ask_twilio(context: CommandContext, found: RecoveryPlan, *, yes: bool) -> Adopted:
    check_ready_to_send(context.settings)
    context.confirm(
        f"Ask Twilio for every text since {found.restored_to:%Y-%m-%d %H:%M} UTC, and let texts leave then?", yes=yes
    )
    try:
        return asyncio.run(_read_and_adopt(context))
    except Interrupted as error:
        kept = f"{counted(error.texts, 'text')} that had left are written down; the same command goes on from there"
        raise Failed(f"Twilio could not be asked to the end, so nothing is sent yet: {error} {kept}") from None
    except GatewayUnavailable as error:
        raise Failed(f"Twilio could not be asked, so nothing is sent yet: {error}") from None


async def _read_and_adopt(context: CommandContext) -> Adopted:
    """What patients wrote first: a STOP since the backup must count before anything leaves."""
    threads, gateway = DatabaseThreads(context.engine), build_gateway(context.settings)
    now, receive = context.now, build_receive(context.settings)
    try:
        if not await poll_inbound(threads, gateway, now=now, receive=receive, overlap=LONG_OVERLAP):
            raise GatewayUnavailable("what patients wrote since the backup could not be read to the end.")
        return await adopt(threads, gateway, now=now, by=context.by, said=_Progress().said)
    finally:
        await gateway.close()
        threads.close()


class _Progress:
    """A line for every so many texts that were read."""

    def __init__(self) -> None:
        self._next = _A_LINE_EACH

    def said(self, read: int, left: int) -> None:
        if read >= self._next:
            self._next = read - read % _A_LINE_EACH + _A_LINE_EACH
            note(f"read: {counted(read, 'text')} at Twilio, {left:,} of them had left since the backup")


def _show(found: RecoveryPlan, as_json: bool, *, adopted: Adopted | None = None) -> None:
    if as_json:
        print_json(_document(found, adopted))
        return
    for sentence in _sentences(found, adopted):
        note(sentence)
    rows = [_row(one) for one in found.excerpt]
    columns = ("message", "enrollment", "patient", "step", "was due", "what becomes of it")
    print_table(columns, rows, empty="no text is late, and none has expired")
    if found.omitted:
        note(f"and {found.omitted} more, which the counts below have too")
    counts = {fate: many for fate, many in found.counts().items() if many}
    if counts:
        patients = found.patients
        fates = ", ".join(f"{many} {fate}" for fate, many in counts.items())
        note(f"{counted(patients, 'patient')}: {fates}")
    if found.waiting and found.useful:
        note("they wait for: notifier recover --apply")


def _sentences(found: RecoveryPlan, adopted: Adopted | None) -> Sequence[str]:
    if adopted is not None:
        left = counted(adopted.texts, "text")
        said = [f"{left} had left since {adopted.since:%Y-%m-%d %H:%M} UTC and will not leave again"]
        for phone, many in adopted.held.items():
            said.append(f"held: {phone}, with {counted(many, 'text')} at Twilio that this backup does not know")
        if adopted.held:
            said.append("enroll them again as they were, then for each: notifier release PHONE")
        return [*said, "what staff did since then is not in the backup: enrollments, changes, opt-outs by phone"]
    if found.restored_to is not None:
        then = f"{found.restored_to:%Y-%m-%d %H:%M} UTC"
        return [
            f"{what_it_is(then, went_back=found.went_back)}, so nothing is sent; some of these may have left since",
            "to ask Twilio, and to read what patients wrote since: notifier recover --apply",
        ]
    return []


def _row(one: LateText) -> tuple[str, ...]:
    zone = ZoneInfo(one.timezone)
    whose = f"{one.enrollment}{f' ({one.external_id})' if one.external_id else ''}"
    when = f", {local(one.leaves_at, zone)}" if one.fate is LateFate.MOVED and one.leaves_at else ""
    why = f" ({one.why.rstrip('.')})" if one.why else ""
    becomes = f"{_WORDS[one.fate]}{when}{why}"
    return (str(one.message), whose, f"{one.name}, {one.phone}", one.step, local(one.due_at, zone), becomes)


def _document(found: RecoveryPlan, adopted: Adopted | None) -> dict[str, Any]:
    reconciliation = (
        {"since": adopted.since.isoformat(), "adopted": adopted.texts, "held": adopted.held} if adopted else None
    )
    return {
        "restored_to": found.restored_to.isoformat() if found.restored_to else None,
        "asked_twilio": reconciliation,
        "waiting": found.waiting,
        "late_since": found.up_to.isoformat(),
        "counts": found.counts(),
        "omitted": found.omitted,
        "texts": [plain(one) for one in found.excerpt],
    }
