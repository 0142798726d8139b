"""Deliver a notice: to so many people at once, and to the next ones where no channel of theirs takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from notifier.alerting.channel import AlertLine, AlertNotice, Channel, NotDelivered
from notifier.oversight.alerts.on_call import Contact

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """What became of a notice on one channel."""

    channel: str
    """Its id."""
    name: str
    why: str | None = None
    """Why it was not taken; None: it was."""


async def deliver(
    name: str, host: str, lines: Sequence[AlertLine], people: Sequence[Contact], at_once: int
) -> list[ChannelResult]:
    """Tell the first `at_once` people; where no channel of theirs takes it the next one, until somebody is told.

    `name`: of the clinic or the office in whose name it is sent.
    """
    notice = AlertNotice(name, host, tuple(lines))
    found = await _through(notice, dict.fromkeys(channel for person in people[:at_once] for channel in person))
    for person in people[at_once:]:
        if any(one.why is None for one in found):
            break
        found += await _through(notice, person)
    return found


async def deliver_to_all(name: str, host: str, line: AlertLine, people: Iterable[Contact]) -> list[ChannelResult]:
    """Try every channel of everybody, each once."""
    return await _through(
        AlertNotice(name, host, (line,)), {one.id: one for person in people for one in person}.values()
    )


async def _through(notice: AlertNotice, channels: Iterable[Channel]) -> list[ChannelResult]:
    """All of them together: one that hangs must not keep the others waiting."""
    return list(await asyncio.gather(*(_send(notice, channel) for channel in channels)))


async def _send(notice: AlertNotice, channel: Channel) -> ChannelResult:
    try:
        await channel.send(notice)
    except NotDelivered as why:
        log.warning("alert_not_told", channel=channel.name, why=str(why))
        return ChannelResult(channel.id, channel.name, str(why))
    except Exception as error:
        log.exception("alert_not_told", channel=channel.name)
        return ChannelResult(channel.id, channel.name, f"it failed ({type(error).__name__})")
    return ChannelResult(channel.id, channel.name)
