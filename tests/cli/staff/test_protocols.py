"""`notifier protocols …`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from notifier.db.engine import open_engine, writing
from notifier.publishing.own_words import publish_draft, save_draft
from schedules.catalogue import shipped

PLAN = """
title  = "A plan"
source = "none"
[restrictions]
makeup = { hours = 24 }
[[steps]]
key     = "again"
lifts   = ["makeup"]
text.en = "{clinic}: makeup again. {phone}"
"""


def test_list_has_every_shipped_protocol(notifier: Callable[..., Any]) -> None:
    assert list(shipped()) == [one["protocol"] for one in notifier("protocols", "list", "--json").answer]
    assert all(one in notifier("protocols", "list").out for one in shipped())


def test_a_clinics_own_protocol_is_listed_beside_them(
    notifier: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ours.toml").write_text(PLAN)
    monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(tmp_path))
    assert {*shipped(), "ours"} == {one["protocol"] for one in notifier("protocols", "list", "--json").answer}


def test_a_malformed_file_stops_nothing_but_itself(
    notifier: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other command goes on; the protocol itself is refused with what is wrong in its file."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "microneedling.toml").write_text(PLAN.replace("hours = 24", "hours = 0"))
    monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(tmp_path / "mine"))
    when = ("--treated-at", "2026-03-07T15:30", "--timezone", "America/New_York")

    listed, other = notifier("protocols", "list"), notifier("timeline", "microneedling-week", *when)
    refused, found = notifier("timeline", "microneedling", *when), notifier("doctor", "--json").answer

    assert (0, 0, 2) == (listed.code, other.code, refused.code)
    why = 'microneedling.toml: restriction "makeup": hours must be at least 1'
    assert f"left out: {why}\n" == listed.err
    assert f"notifier: the file of microneedling cannot be read: {why}\n" == refused.err
    assert why in [one["found"] for one in found if one["level"] == "fail"]
    checked = notifier("protocols", "check")
    assert (2, f"notifier: {why}\n") == (checked.code, checked.err)
    assert "microneedling-week: no problem found" in checked.out


def test_show_has_every_restriction_and_every_text(subtests: pytest.Subtests, notifier: Callable[..., Any]) -> None:
    for protocol_id in shipped():
        with subtests.test(protocol_id=protocol_id):
            plan, shown = shipped()[protocol_id], notifier("protocols", "show", protocol_id).out
            assert [] == [topic for topic in plan.restrictions if topic not in shown]
            assert [] == [step.key for step in plan.steps if step.text["en"] not in shown]


def test_compare_names_what_differs_and_nothing_else(notifier: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(PLAN)
    (tmp_path / "b.toml").write_text(PLAN.replace("hours = 24", "days = 2"))
    answer = notifier("protocols", "compare", "a.toml", "b.toml", "--json").answer
    assert [{"where": "restriction makeup", "a": "24 hours", "b": "2 days"}] == answer


def test_a_step_of_one_alone_is_one_line(notifier: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(PLAN)
    more = '[[steps]]\nkey="ice"\nkind="care"\nat={hours=1}\nstale_after={hours=2}\ntext.en="{clinic}: ice."\n'
    (tmp_path / "b.toml").write_text(PLAN + more)
    answer = notifier("protocols", "compare", "a.toml", "b.toml", "--json").answer
    assert [{"where": "step ice", "a": None, "b": "care, 1 hour after: {clinic}: ice."}] == answer


def test_schema_is_json(notifier: Callable[..., Any]) -> None:
    assert "steps" in notifier("protocols", "schema").answer["properties"]


def test_check_passes_what_we_ship(notifier: Callable[..., Any]) -> None:
    ran = notifier("protocols", "check")
    assert 0 == ran.code, ran.err + ran.out


def test_check_of_a_broken_file_is_bad_input(notifier: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(PLAN.replace('lifts   = ["makeup"]', 'lifts = ["sun"]'))
    ran = notifier("protocols", "check", "ours.toml")
    assert 2 == ran.code
    assert '"sun" is no restriction of this protocol' in ran.err


def test_check_shows_what_the_base_says_otherwise_since_the_file_was_written_for_it(
    clinic: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.toml").write_text(PLAN)
    monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(tmp_path))
    (first,) = [one for one in clinic("protocols", "list", "--json").answer if one["protocol"] == "base"]
    words = '[steps.again]\ntext.en = "{clinic}: makeup! {phone}"\n'
    ours = f'extends = "base"\nbased_on = "{first["version"]}"\n{words}'
    (tmp_path / "ours.toml").write_text(ours)
    assert 0 == clinic("protocols", "approve", "ours", "--by", "Dr. Rivera", "--yes").code
    assert "has changed" not in clinic("protocols", "check", str(tmp_path / "ours.toml")).out

    (tmp_path / "base.toml").write_text(PLAN.replace("hours = 24", "hours = 48"))

    said = clinic("protocols", "check", str(tmp_path / "ours.toml")).out
    assert f"base has changed since {first['version']}" in said
    assert "base, restriction makeup: 24 hours -> 48 hours" in said
    shown = clinic("protocols", "show", "ours", "--toml").out
    assert ("makeup!" in shown, "hours = 48" in shown) == (True, True)


def test_what_staff_have_published_on_the_page_is_listed_shown_and_checked(
    clinic: Callable[..., Any], tmp_path: Path
) -> None:
    base, now = shipped()["microneedling-week"], datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
    toml = f'extends = "{base.id}"\nbased_on = "0123456789ab"\nrestrictions.sun.days = 10\n'
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        seen = save_draft(session, base, toml, seen=0, now=now, by="staff:Dana")
        publish_draft(
            session, base, seen=seen, languages=[], clinician="", must_be_approved=False, now=now, by="staff:Dana"
        )
    engine.dispose()
    (listed,) = [one for one in clinic("protocols", "list", "--json").answer if one["protocol"] == base.id]
    assert base.version != listed["version"]
    assert "sun.days = 10" in clinic("protocols", "show", base.id, "--toml").out
    assert listed["version"] == clinic("protocols", "effect", base.id, "--json").answer["version"]
    assert listed["version"] in clinic("timeline", base.id, "--treated-at", "2026-03-07T15:30").out
    said = clinic("doctor").out
    assert "were written for 0123456789ab" in " ".join(said.split())
