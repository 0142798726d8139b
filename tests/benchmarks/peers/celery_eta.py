"""Celery with an ETA for each text, Redis as the broker: `celery_eta.py fill …` queues, `celery … worker` sends."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cache

from celery import Celery

from tests.benchmarks.peers.texts import Sender

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.update(broker_connection_retry_on_startup=True, task_ignore_result=True, worker_hijack_root_logger=False)


@cache
def _sender() -> Sender:
    return Sender(os.environ["BENCH_DATABASE"], os.environ["BENCH_TWILIO"])


def _send(text_id: int) -> None:
    _sender().send(text_id)


send = app.task(name="send")(_send)


def fill(count: int, begin: float, over: float) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for text_id, due in enumerate(_sender().fill(count, begin, over), 1):
            send.apply_async((text_id,), eta=datetime.fromtimestamp(due, UTC), producer=producer)


if __name__ == "__main__":
    fill(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
