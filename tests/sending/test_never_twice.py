"""Whatever answers come and wherever the worker dies: no text leaves twice, and none after a STOP."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.db.engine import open_engine, writing
from notifier.domain.states import MessageState
from notifier.sending.gates.probe import close_circuit
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import Accepted, NotCreated, Outcome, OutgoingText, Unknown
from tests.setups.fakes import Answer, FakeGateway, created_but_lost
from tests.setups.sending import Sending, open_house

S = MessageState
NOW = datetime(2026, 3, 6, 14, 10, tzinfo=UTC)
PHONES = [f"+1212555010{n}" for n in range(4)]
LOST = Unknown("Perhaps sent.")
ANSWERS: dict[str, Outcome | Answer | None] = {
    "ok": None,
    "lost": LOST,
    "created but lost": created_but_lost,
    "no network": NotCreated(NotCreatedClass.NETWORK, None, "No network."),
    "slow down": NotCreated(NotCreatedClass.SLOW_DOWN, 20429, "Slow down.", 3.0),
    "refused": NotCreated(NotCreatedClass.ACCOUNT, 20003, "Refused."),
    "odd": NotCreated(NotCreatedClass.UNRECOGNIZED, 99999, "Odd."),
}
DEEDS = st.one_of(
    st.tuples(st.just("turn"), st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4)),
    st.tuples(st.just("crash"), st.sampled_from(["before the call", "after the call"])),
    st.tuples(st.just("stop"), st.sampled_from(PHONES)),
    st.tuples(st.just("look"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 65, 500, 4000])),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, max_size=14))
def test_never_twice_and_never_after_a_stop(sqlite_template: Path, deeds: list[tuple[str, object]]) -> None:
    with TemporaryDirectory() as place:
        file = Path(place, "notifier.db")
        copyfile(sqlite_template, file)
        engine = open_engine(f"sqlite:///{file}")
        with open_house(engine, NOW) as sending:
            asyncio.run(live(sending, deeds))
        engine.dispose()


async def live(sending: Sending, deeds: list[tuple[str, object]]) -> None:
    texts = [sending.plan(sending.enroll(phone=phone), phone=phone, text=f"Words for {phone}.") for phone in PHONES]
    stopped: Counter[str] = Counter()
    for deed, how in deeds:
        match deed, how:
            case "turn", list(names):
                sending.gateway.script.extend(answer(name) for name in names)
                await sending.inbound()
                await sending.turn(gate=False)
                sending.gateway.script.clear()
            case "crash", where:
                await crash(sending, called=where == "after the call")
            case "stop", str(phone):
                sending.gateway.reply(phone, "Stop texting me")
                await sending.inbound()
                stopped.setdefault(phone, sending.sent_to.count(phone))
            case "look", bool(up):
                sending.gateway.down = not up
                await sending.look_up()
                sending.gateway.down = False
            case "wait", int(seconds):
                sending.clock.pass_(seconds=seconds)
        check(sending, stopped)
    await come_to_rest(sending)
    check(sending, stopped)
    for text, phone in zip(texts, PHONES, strict=True):
        message = sending.message(text)
        assert message.state not in (S.ATTEMPTING, S.UNKNOWN), "nothing is stuck"
        if message.state is S.ACCEPTED:
            assert 1 == sending.sent_to.count(phone), "what we call accepted, Twilio has"
        elif message.state is S.PLANNED:
            assert message.due_at is not None
            assert message.due_at > sending.clock.now(), "nothing due is left behind"
        else:
            assert message.reason, "whatever is not sent has a reason"


def check(sending: Sending, stopped: Counter[str]) -> None:
    sent = Counter(sending.sent_to)
    assert all(many == 1 for many in sent.values()), "never twice"
    assert all(sent[phone] == before for phone, before in stopped.items()), "never after a STOP"


def answer(name: str) -> Outcome | Answer:
    return ANSWERS[name] or accept


def accept(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    return Accepted(gateway.create(text), "queued")


async def crash(sending: Sending, *, called: bool) -> None:
    """The worker dies between its commit and the call, or between the call and its commit; another one starts."""
    await sending.inbound()
    claimed = await sending.dispatch._step()
    for claim in claimed.claims:
        if called:
            sending.gateway.create(OutgoingText(claim.phone, claim.body, claim.attempt_id, 60))
    sending.start()
    await sending.takeover()


async def come_to_rest(sending: Sending) -> None:
    """Twilio is well, circuits are closed by hand, and an hour of turns goes by."""
    for _ in range(15):
        sending.clock.pass_(minutes=5)
        with writing(sending.engine) as session:
            close_circuit(session, at=sending.clock.now(), by="staff")
        await sending.inbound()
        await sending.look_up()
        await sending.turn(gate=False)
