"""The headline: a worker is killed again and again at moments nobody chose, while the provider misbehaves at random and
some patients say stop. Then everything comes to rest, and the ledger is counted.

`NOTIFIER_TEST_KILLS=200` says how often (`make faults` does). The seed is printed by a failure.
"""

from __future__ import annotations

import random
import signal
import time
from functools import partial

from notifier.sandbox.faults import Fault, Faults, created_then_kill
from tests.faults.process import WorkerProcess, became, let_run
from tests.faults.service import Service
from tests.setups import faults

FIRST_CALL = 5.0
"""Seconds at most that a worker gets for its first call; on a machine that does nothing else it needs less than one."""
AT_ONCE = 6
"""Texts that come due for each worker."""


def test_killed_at_random_nothing_is_doubled_lost_or_stuck(
    service: Service, kills: int, recoveries: list[float]
) -> None:
    have_begun = 0
    for number in range(kills):
        chance = random.Random(f"{service.engine.dialect.name} {number}")
        stopping = plan(service, chance)
        worker = service.start(ready=False, NOTIFIER_IN_FLIGHT=str(chance.choice([1, 2, 50])))
        may_call, before = script(service, chance, worker.pid), service.creates()
        if chance.random() < 0.85:  # else it may die while it starts
            began = time.monotonic()
            worker.until_said("ready", or_ended=True)
            recoveries.append(time.monotonic() - began)
            if may_call:  # a kill before the first call proves little, and a slow machine would see hardly another
                became(partial(calls_or_dies, service, worker, before), within=FIRST_CALL)
        let_run(chance.uniform(0.0, 0.3))
        for phone in stopping:
            service.sandbox.receive(phone, chance.choice(["STOP", "please stop texting me"]))
        if chance.random() < 0.3:
            service.sandbox.settle()
        worker.end(signal.SIGKILL)
        service.sandbox.sandbox.faults = Faults()  # its pid may soon be somebody else's
        service.pass_(seconds=chance.choice([0, 5, 20, 61]))
        have_begun += service.creates() > before
    assert kills / 2 < have_begun


def calls_or_dies(service: Service, worker: WorkerProcess, before: int) -> bool:
    return service.creates() > before or worker.code is not None


def plan(service: Service, chance: random.Random) -> list[str]:
    """Some patients, each with a text or two; the numbers of those who are about to say stop."""
    stopping = []
    for _ in range(AT_ONCE):
        patient = service.enroll()
        for _ in range(chance.choice([1, 1, 2])):
            service.plan(patient=patient)
        if chance.random() < 0.1:
            stopping.append(patient[1])
    return stopping


def script(service: Service, chance: random.Random, pid: int) -> bool:
    """What the provider does to some of the next requests; whether the worker can call soon."""
    service.sandbox.sandbox.latency = chance.choice([0.0, 0.0, 0.03])
    for _ in range(chance.choice([0, 1, 2])):
        fault = chance.choice(ODD)
        service.faults.then(faults.created_then(fault) if chance.random() < 0.5 else fault)
    if chance.random() < 0.5:
        service.faults.then(created_then_kill(pid))
    if hears_nothing := chance.random() < 0.1:
        service.faults.then(faults.server_error(), on="list")
    return not hears_nothing


ODD: list[Fault] = [
    faults.server_error(500),
    faults.server_error(503, html=True),
    faults.reset_after_read(),
    faults.close_after_read(),
    faults.truncate(),
    faults.empty_201(),
    faults.html_201(),
    faults.captive_portal(),
    faults.sid_null(),
    faults.hang(),
]
"""Each may have created the text or not, and looks the same either way."""
