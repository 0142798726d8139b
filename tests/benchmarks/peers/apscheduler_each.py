"""APScheduler as its guide shows it: a persistent entry for each text, in SQLAlchemyJobStore."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from tests.benchmarks.peers.texts import Sender

_sender: list[Sender] = []


def send(text_id: int) -> None:
    """What APScheduler calls; it stores this function by its name."""
    _sender[0].send(text_id)


def main(database: str, twilio: str, count: int, begin: float, over: float, threads: int, grace: str) -> None:
    """Add everything, then start."""
    sender = Sender(database, twilio)
    _sender.append(sender)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": SQLAlchemyJobStore(engine=sender.engine)},
        executors={"default": ThreadPoolExecutor(threads)},
        job_defaults={} if grace == "default" else {"misfire_grace_time": None},
    )
    scheduler.start(paused=True)
    for text_id, due in enumerate(sender.fill(count, begin, over), 1):
        scheduler.add_job(send_by_name, "date", run_date=datetime.fromtimestamp(due, UTC), args=[text_id])
    scheduler.resume()
    threading.Event().wait()


send_by_name = "tests.benchmarks.peers.apscheduler_each:send"

if __name__ == "__main__":
    from tests.benchmarks.peers import apscheduler_each  # by its full name, under which APScheduler finds it again

    _database, _twilio, _count, _begin, _over, _threads, _grace = sys.argv[1:]
    apscheduler_each.main(_database, _twilio, int(_count), float(_begin), float(_over), int(_threads), _grace)
