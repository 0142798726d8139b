"""How each run ends: all is well again, and stays so until everything that was promised must have left."""

from __future__ import annotations

from datetime import timedelta

from notifier.db.engine import writing
from notifier.sending.gates.probe import close_circuit
from tests.machine.in_review import in_review
from tests.machine.lost import lost
from tests.machine.world import World


async def come_to_rest(world: World) -> None:
    """All is well again, and stays so for a fortnight: what was promised has left by then."""
    world.set_clock(timedelta(0))
    world.provider.script.clear()
    world.provider.always, world.provider.down, world.process.dies_at = None, False, None
    world.process.at.clear()
    await world.live(timedelta(minutes=30))
    await world.recover()
    with writing(world.engine) as session:
        close_circuit(session, at=world.now, by="staff")
    await world.live(timedelta(minutes=30))
    since = world.truth.now()
    await world.live(timedelta(days=9), at_least_every=timedelta(days=1))
    world.judge()
    texts = [text for _, text in world.texts]
    arrived = [text for sid, text in world.texts if sid not in world.provider.failed]
    review, until = in_review(world.engine) | world.given_up, world.truth.now()
    found = list(lost(world.known, texts, arrived=arrived, since=since, until=until, in_review=review))
    assert not found, "\n".join(found)
