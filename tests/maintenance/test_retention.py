"""Patients are forgotten on time once somebody has agreed, here and at the provider; an export has all before."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlmodel import col

from notifier.db import outbox
from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import (
    Enrollment,
    Event,
    HookBooking,
    HookSource,
    Message,
    ProviderDeletion,
    Role,
    Staff,
    Tryout,
    TryoutReply,
)
from notifier.db.threads import DatabaseThreads
from notifier.domain.key_set import KeySet
from notifier.domain.kinds import TEST
from notifier.domain.pseudonyms import ERASED, Pseudonyms
from notifier.domain.states import MessageState
from notifier.maintenance.forgetting.erase import erase
from notifier.maintenance.forgetting.export import export_patient, export_text, plain
from notifier.maintenance.forgetting.legal_hold import put_on_hold
from notifier.maintenance.forgetting.provider_deletions import overdue_deletions
from notifier.maintenance.forgetting.retention import approve_retention, plan_retention
from notifier.oversight.doctor.forgetting import check_deletions
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER, Sandbox
from notifier.scheduler.forgetting import Forgetting
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Accepted, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway
from tests.setups.clinic import ANA, BOB, ClinicSetup
from tests.setups.fakes import FakeClock, FakeGateway

DAYS = 365
PSEUDONYMS = Pseudonyms(KeySet(b"k" * 32))


def names(clinic: ClinicSetup) -> list[str]:
    with reading(clinic.engine) as session:
        return list(session.scalars(select(col(Enrollment.name)).order_by(col(Enrollment.id))))


async def test_the_worker_forgets_on_time_and_at_the_provider_once_somebody_agreed(clinic: ClinicSetup) -> None:
    clock = FakeClock(clinic.now)
    threads = DatabaseThreads(clinic.engine)
    async with Sandbox(now=clock.now, settle_at_once=True) as sandbox:
        account = TwilioAccount(ACCOUNT_SID, auth_token=AUTH_TOKEN, from_number=SENDER, api_url=sandbox.url)
        gateway = TwilioGateway(account)
        clinic.enroll()
        clinic.enroll(name="Bob Ruiz", phone=BOB)
        clinic.act(put_on_hold, 2, now=clinic.now, by="desk")
        text = clinic.texts(1)["today"]
        left = await gateway.send(OutgoingText(ANA, text.text, "token", 3600))
        assert isinstance(left, Accepted)
        await sandbox.settle()
        clinic.send(text, clinic.now)
        sid = update(Message).where(col(Message.id) == text.id).values(sid=left.sid)
        clinic.act(lambda session: session.execute(sid))
        forgetting = Forgetting(threads, clock, gateway, clinic.rules, PSEUDONYMS, DAYS)
        clock.pass_(days=DAYS)
        with reading(clinic.engine) as session:
            too_early = plan_retention(session, DAYS, clinic.rules, clock.now())
        assert () == too_early.patients, "texts were useful for longer"
        clock.pass_(days=40)
        with reading(clinic.engine) as session:
            found = plan_retention(session, DAYS, clinic.rules, clock.now())
            enough = plan_retention(session, DAYS, clinic.rules, clock.now(), most=1)
        assert ((1,), {"on legal hold": 1}) == (found.patients, found.kept)
        assert ((1,), {}) == (enough.patients, enough.kept), "a round of the worker looks no further"
        await forgetting.round()
        assert ["Ana Ruiz", "Bob Ruiz"] == names(clinic), "nobody has agreed yet"
        clinic.act(approve_retention, DAYS - 1, now=clinic.now, by="desk")
        await forgetting.round()
        assert ["Ana Ruiz", "Bob Ruiz"] == names(clinic), "somebody has agreed to another number of days"
        clinic.act(approve_retention, DAYS, now=clinic.now, by="desk")
        await forgetting.round()
        assert [ERASED, "Bob Ruiz"] == names(clinic)
        assert {} == sandbox.account.messages
        assert [("", "")] == [(one.to, one.body) for one in sandbox.ledger]
        with reading(clinic.engine) as session:
            assert None is overdue_deletions(session, clock.now())
        await gateway.close()
    threads.close()


async def test_nothing_younger_than_the_longest_restore_is_deleted_at_the_provider_and_a_refusal_is_asked_again(
    clinic: ClinicSetup,
) -> None:
    clock, threads = FakeClock(clinic.now), DatabaseThreads(clinic.engine)
    gateway = FakeGateway(clock)
    clinic.enroll()
    clinic.send(text := clinic.texts(1)["today"], clinic.now)
    clinic.act(lambda session: session.execute(update(Message).where(col(Message.id) == text.id).values(sid="SM1")))
    clinic.act(erase, 1, rules=clinic.rules, pseudonyms=PSEUDONYMS, now=clock.now(), by="desk")
    forgetting = Forgetting(threads, clock, gateway, clinic.rules, PSEUDONYMS, None)
    left, said = list[int](), list[list[str]]()
    for days, refuses in ((34, False), (2, True), (1, True), (1, False)):
        gateway.down = refuses
        clock.pass_(days=days)
        await forgetting.round()
        with reading(clinic.engine) as session:
            still = select(col(ProviderDeletion.sid)).where(col(ProviderDeletion.done_at).is_(None))
            left.append(len(session.scalars(still).all()))
            said.append([one.found for one in check_deletions(session, clock.now())])
    threads.close()
    assert [1, 1, 1, 0] == left
    refused_on = f"{clinic.now + timedelta(days=36):%Y-%m-%d}"
    late = [f"Twilio still keeps 1 text of erased patients, since {refused_on}; the first is SM1"]
    assert [[], late, late, []] == said, "since the first refusal, however often it is asked again"


def test_texts_that_nobody_has_asked_twilio_to_delete_in_time_are_said_by_the_doctor_too(clinic: ClinicSetup) -> None:
    rows = [{"sid": f"SM{one}", "not_before": clinic.now + timedelta(days=one)} for one in range(3)]
    clinic.act(insert_rows, ProviderDeletion, rows)
    with reading(clinic.engine) as session:
        late = [overdue_deletions(session, clinic.now + timedelta(hours=hours)) for hours in (23, 49)]
    assert [None, (2, clinic.now, "SM0")] == late


async def test_test_texts_and_bookings_go_by_themselves_and_patients_do_not(clinic: ClinicSetup) -> None:
    clock, threads = FakeClock(clinic.now), DatabaseThreads(clinic.engine)
    clinic.enroll()
    made = {"created_at": clinic.now, "created_by": "desk"}
    staff = {"id": 1, "name": "Dana", "folded_name": "dana", "password_hash": "h", "role": Role.ADMIN, **made}
    with writing(clinic.engine) as session:
        insert_rows(session, Staff, [staff])
        insert_rows(session, Tryout, [{"staff_id": 1, "phone": BOB, "texts": 1, "at": clinic.now, "by": "Dana"}])
        insert_rows(session, TryoutReply, [{"sid": "SM1", "staff_id": 1, "at": clinic.now, "meaning": "other"}])
        insert_rows(session, HookSource, [{"name": "cal", "kind": "cal.com", "secret": "s", **made}])
        insert_rows(session, HookBooking, [{"source_id": 1, "booking": "B-1", "external_id": "B-1", "at": clinic.now}])
        test = {"step": "test-1-1", "kind": TEST, "phone": BOB, "text": "TEST 1/1", "enrollment_id": None}
        moments = dict.fromkeys(("nominal_at", "not_before", "due_at", "expires_at"), clinic.now)
        (tried,) = outbox.insert(session, [{**test, **moments, "state": MessageState.PLANNED}])
        text = session.get_one(Message, tried)
        session.expunge(text)
    clinic.send(text, clinic.now)
    forgetting = Forgetting(threads, clock, FakeGateway(clock), clinic.rules, PSEUDONYMS, None)
    left = []
    for days in (29, 2, 370):
        clock.pass_(days=days)
        await forgetting.round()
        with reading(clinic.engine) as session:
            tests = [session.scalars(select(one)).all() for one in (Tryout, TryoutReply)]
            bookings = session.scalars(select(HookBooking)).all()
            left.append([*map(len, tests), session.get(Message, tried) is not None, len(bookings)])
    with reading(clinic.engine) as session:
        words = set(session.scalars(select(col(Event.words)).where(col(Event.message_id) == tried)))
    threads.close()
    assert ([[1, 1, True, 1], [0, 0, False, 1], [0, 0, False, 0]], {None}) == (left, words)
    assert (["Ana Ruiz"], True) == (names(clinic), len(clinic.texts(1)) > 1)


def test_an_export_has_everything_of_the_patient_to_read_and_for_programs(clinic: ClinicSetup) -> None:
    clinic.enroll(external_id="EHR-1")
    clinic.enroll(name="Bob Ruiz", phone=BOB)
    with reading(clinic.engine) as session:
        found = export_patient(session, 1)
    said = export_text(found, ZoneInfo("America/New_York"))
    texts = clinic.texts(1).values()
    assert {one.text for one in texts} == {row["text"] for row in plain(found)["texts"]}
    assert [] == [one for one in ("Ana Ruiz", ANA, "EHR-1", "signed form", *(t.text for t in texts)) if one not in said]
    assert "Bob" not in said
    assert {1} == {row["enrollment_id"] for row in found["events"]}
