"""A protocol version that this program cannot read, of a later one, say: what stops texts must work all the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from notifier.db.engine import writing
from tests.cli.conftest import _no_settings_from_outside, clinic, new_clinic, notifier
from tests.setups.command_doors import CASES, COMMAND_DOORS, open_clinic
from tests.web.pages.conftest import _quick_passwords

__all__ = ["_no_settings_from_outside", "_quick_passwords", "clinic", "new_clinic", "notifier", "open_clinic"]

STAY = "A protocol version on this number cannot be read, so the texts of the other enrollments on it stay as they are"


def test_what_ends_or_holds_an_enrollment_works_at_every_door_and_others_keep_their_texts(open_clinic: Any) -> None:
    ways = [("command line", "hold"), ("command line", "no-show"), *((door, "cancel") for door in COMMAND_DOORS)]
    for door, word in ways:
        case = CASES[word]
        with open_clinic() as clinic:
            clinic.enroll(case)
            known = [f"--{name}={clinic.row[name]}" for name in ("phone", "protocol", "consent", "timezone")]
            assert 0 == clinic.run("enroll", "--name=Bo Diaz", "--treated-at=2026-03-07T15:36", *known).code
            others = clinic.run("show", "2", "--json").answer
            with writing(clinic.engine) as session:
                session.execute(text("UPDATE protocol_versions SET content = '{}'"))
            page = clinic.client.get("/patients/1").text
            assert (True, True) == (clinic.row["name"] in page, "cannot read version" in page)
            shown = clinic.cli(word, case, "--dry-run", "--json").answer
            assert (word, word != "hold") == (word, shown["others_unplanned"])
            assert (word != "hold") == (STAY in " ".join(clinic.cli(word, case, "--dry-run").err.split()))
            COMMAND_DOORS[door](clinic, word, case)
            assert (door, case.state) == (door, clinic.stored()[1][-1]["state"])
            assert others == clinic.run("show", "2", "--json").answer


def test_somebody_else_is_enrolled_on_the_number_and_changed_and_the_unread_texts_stay_as_they_are(
    open_clinic: Any,
) -> None:
    """The same patient is not: nobody knows what the unread protocol restricts for how long."""
    with open_clinic() as clinic:
        clinic.enroll(CASES["change"])
        with writing(clinic.engine) as session:
            session.execute(text("UPDATE protocol_versions SET content = '{}'"))
        texts = clinic.run("show", "1", "--json").answer
        said = ["--phone=+14155550123", "--protocol=microneedling", "--consent=form", "--treated-at=2026-03-07T15:36"]
        dry = clinic.run("enroll", "--name=Bo Diaz", *said, "--dry-run", "--json").answer
        done = clinic.run("enroll", "--name=Bo Diaz", *said, "--json").answer
        assert (True, True) == (dry["effect"]["others_unplanned"], done["effect"]["others_unplanned"])
        known = clinic.run("enroll", "--name=Bo Diaz", *said, "--json").answer
        assert (2, True) == (known["enrollment"], known["already"])
        changed = clinic.run("change", "2", "--language", "es", "--json").answer
        assert (True, True) == (changed["others_unplanned"], any(one["what"] == "reworded" for one in changed["texts"]))
        assert texts == clinic.run("show", "1", "--json").answer
        assert [200, 200] == [clinic.client.get(f"/patients/{number}").status_code for number in (1, 2)]
        refused = clinic.run("enroll", "--name=Ana Lopez", *said)
        assert (2, True) == (refused.code, "cannot read version" in refused.err)


def test_what_needs_the_protocol_is_refused_in_a_sentence(open_clinic: Any) -> None:
    with open_clinic() as clinic:
        clinic.enroll(CASES["change"])
        with writing(clinic.engine) as session:
            session.execute(text("UPDATE protocol_versions SET content = '{}'"))
        refused = clinic.run("change", "1", "--language", "es")
        assert (2, True) == (refused.code, "can be cancelled, marked no-show and held all the same" in refused.err)
        assert 0 == clinic.run("explain", "1").code
