"""What a protocol's change does to running patients, for other programs: by the use cases of the command line."""

from __future__ import annotations

from notifier.access.api_keys import add_key
from notifier.db.engine import writing
from notifier.db.tables import Message, Scope
from notifier.domain.states import MessageState
from schedules.catalogue import shipped
from tests.setups.changed import moved_and_misinformed
from tests.web.api.conftest import Api

WORDS = {"text": {"en": "{clinic}: put right: no sun until {sun.until}. STOP to opt out."}}
ABOUT = "/protocols/microneedling"


def test_a_correction_is_written_sent_once_and_withdrawn_with_its_migration(sqlite_api: Api) -> None:
    api = sqlite_api
    whose = api.enroll()
    with writing(api.engine) as session:
        moved_and_misinformed(session, whose, shipped()["microneedling"], api.clock.now())
    assert (1, []) == (api.get(f"{ABOUT}/effect").json()["on_it"], api.get(f"{ABOUT}/effect").json()["enrollments"])

    tried = api.post(f"{ABOUT}/correct", {**WORDS, "dry_run": True}).json()
    assert [(whose, "added")] == [(one["enrollment"], one["texts"][0]["what"]) for one in tried["enrollments"]]
    assert {} == api.post(f"{ABOUT}/correct", WORDS).json()["waiting"]
    assert [] == corrections(api)
    api.post(f"{ABOUT}/correct", {})
    again = api.post(f"{ABOUT}/correct", {}).json()
    assert ([whose], [MessageState.PLANNED]) == (again["already"], corrections(api))

    shown = api.post(f"{ABOUT}/migrate", {"undo": True, "dry_run": True}).json()
    assert ([whose], [MessageState.PLANNED]) == ([one["enrollment"] for one in shown["enrollments"]], corrections(api))
    api.post(f"{ABOUT}/migrate", {"undo": True})
    assert [MessageState.CANCELLED] == corrections(api)
    assert [whose] == [one["enrollment"] for one in api.post(f"{ABOUT}/migrate", {}).json()["enrollments"]]
    assert [] == api.post(f"{ABOUT}/migrate", {}).json()["enrollments"]


def test_a_key_of_one_office_moves_nobody(sqlite_api: Api) -> None:
    api = sqlite_api
    with writing(api.engine) as session:
        api.key = add_key(session, "north", tuple(Scope), office="north", now=api.clock.now(), by="test")
    for what in ("migrate", "correct"):
        assert 403 == api.post(f"{ABOUT}/{what}", {}).status_code


def corrections(api: Api) -> list[MessageState]:
    return [one.state for one in api.all(Message) if one.kind == "correction"]
