"""Procrastinate on PostgreSQL: a row for each text with the instant from which it may run."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from procrastinate import App, PsycopgConnector

from tests.benchmarks.peers.texts import Sender


async def main(database: str, twilio: str, count: int, begin: float, over: float, threads: int) -> None:
    """Queue everything, then work."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
    sender = Sender(database, twilio)
    app = App(connector=PsycopgConnector(conninfo=database.replace("+psycopg", ""), max_size=threads // 2))
    send = app.task(name="send")(sender.send)
    due = sender.fill(count, begin, over)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        by_instant: dict[float, list[int]] = {}
        for text_id, at in enumerate(due, 1):
            by_instant.setdefault(at, []).append(text_id)
        for at, ids in by_instant.items():
            later = send.configure(schedule_at=datetime.fromtimestamp(at, UTC))
            await later.batch_defer_async(*({"text_id": text_id} for text_id in ids))
        await app.run_worker_async(concurrency=threads, install_signal_handlers=True)


if __name__ == "__main__":
    _database, _twilio, _count, _begin, _over, _threads = sys.argv[1:]
    asyncio.run(main(_database, _twilio, int(_count), float(_begin), float(_over), int(_threads)))
