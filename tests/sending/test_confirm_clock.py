"""A clock that cannot be compared is said once, not at every try."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine
from structlog.testing import capture_logs

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import ClockWatch
from notifier.sending.gates.confirm_clock import confirm_clock
from notifier.sms.gateway import GatewayUnavailable


class _Provider:
    """Says its time, or why it cannot be asked."""

    def __init__(self) -> None:
        self.why: str | None = "no route"

    async def time(self) -> None:
        if self.why:
            raise GatewayUnavailable(self.why)


async def test_an_outage_is_one_line_for_each_reason(sqlite_engine: Engine, now: datetime) -> None:
    provider, watch, threads = _Provider(), ClockWatch(), DatabaseThreads(sqlite_engine)
    with capture_logs() as lines:
        for why in ("no route", "no route", "timeout", "timeout", None, "timeout"):
            provider.why = why
            watch.begin(now, None)
            await confirm_clock(threads, provider, watch, worker_id="w", now=now)  # type: ignore[arg-type]  # only time
    said = [line["why"] for line in lines if line["event"] == "clock_not_confirmed"]
    assert ["no route", "timeout", "timeout"] == said
