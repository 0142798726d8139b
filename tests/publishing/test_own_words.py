"""A clinic's own words over a protocol: a draft, told apart where two write, published for every process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.cli.ops.doctor_settings import check_protocols
from notifier.db.engine import reading, writing
from notifier.db.overlays import overlay_draft, overlay_versions
from notifier.db.protocols import is_approved
from notifier.db.tables import Event
from notifier.domain.refused import Refused
from notifier.oversight.doctor.diagnosis import Level
from notifier.publishing.base_changes import say_base_changed
from notifier.publishing.own_words import SavedMeanwhile, discard_draft, publish_draft, save_draft
from notifier.publishing.present_protocols import PresentProtocols
from schedules.catalogue import Catalogue, parse_protocol, shipped
from schedules.overlay import overlaid, overlay_table, read_overlay, write_overlay

NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
BASE = shipped()["microneedling-week"]
HEAD = f'extends = "{BASE.id}"\nbased_on = "{BASE.version}"\n'
LONGER = f"{HEAD}[restrictions.sun]\ndays = 10\n"


def test_what_is_published_holds_in_every_process_and_a_draft_in_none(engine: Engine) -> None:
    worker, page = PresentProtocols(shipped()), PresentProtocols(shipped())
    with writing(engine) as session:
        edit = save_draft(session, BASE, LONGER, seen=0, now=NOW, by="staff:Dana")
    with reading(engine) as session:
        assert BASE.version == worker.read(session)[BASE.id].version
    with writing(engine) as session, pytest.raises(Refused, match="say in which languages"):
        publish_draft(
            session, BASE, seen=edit, languages=[], clinician="", must_be_approved=True, now=NOW, by="staff:Dana"
        )
    with writing(engine) as session:
        words = publish_draft(
            session, BASE, seen=edit, languages=["en"], clinician="Dr. Sol", must_be_approved=True, now=NOW,
            by="staff:Dana",
        )  # fmt: skip
    with reading(engine) as session:
        assert [words.version] * 2 == [one.read(session)[BASE.id].version for one in (worker, page)]
        assert 10 == worker.read(session)[BASE.id].restrictions["sun"].days
        approved = [is_approved(session, BASE.id, words.version, language) for language in ("en", "es")]
        assert ([True, False], None) == (approved, overlay_draft(session, BASE.id))
        kept = [(one.based_on, one.version, one.by) for one in overlay_versions(session, BASE.id)]
        assert [(BASE.version, words.version, "staff:Dana")] == kept
        events = session.scalars(select(col(Event.what)).order_by(col(Event.id))).all()
        assert ["overlay_saved", "protocol_approved", "overlay_published"] == events


def test_the_later_of_two_saves_is_told_and_changes_nothing(engine: Engine) -> None:
    with writing(engine) as session:
        first = save_draft(session, BASE, HEAD, seen=0, now=NOW, by="staff:Dana")
        save_draft(session, BASE, LONGER, seen=first, now=NOW, by="staff:Ben")
    for late in (0, first):
        with writing(engine) as session, pytest.raises(SavedMeanwhile, match="Ben has saved this draft"):
            save_draft(session, BASE, HEAD, seen=late, now=NOW, by="staff:Dana")
        with writing(engine) as session, pytest.raises(SavedMeanwhile, match="Ben has saved this draft"):
            discard_draft(session, BASE.id, seen=late, now=NOW, by="staff:Dana")
    with writing(engine) as session:
        draft = overlay_draft(session, BASE.id)
        assert draft is not None
        assert (LONGER, first + 1) == (draft.toml, draft.edit)
        discard_draft(session, BASE.id, seen=first + 1, now=NOW, by="staff:Ben")
        assert overlay_draft(session, BASE.id) is None
        with pytest.raises(SavedMeanwhile, match="published or discarded"):
            save_draft(session, BASE, HEAD, seen=first + 1, now=NOW, by="staff:Dana")
        with pytest.raises(Refused, match="line 3"):
            save_draft(session, BASE, f"{HEAD}[steps x", seen=0, now=NOW, by="staff:Dana")


def test_an_overlay_lies_over_a_file_too_and_one_that_does_not_fit_takes_its_protocol_out(tmp_path: Path) -> None:
    own = parse_protocol(BASE.id, f"{HEAD}[restrictions]\nsun = {{ days = 9 }}\n")
    wrong = f'{HEAD}[steps."no-such-step"]\ntext.en = "x"\n'
    found = overlaid(
        Catalogue({**shipped(), BASE.id: own}),
        {BASE.id: f'{HEAD}disable = ["no-waxing"]\n', "microneedling": HEAD.replace("-week", ""), "gone": LONGER},
    )
    assert (9, False) == (
        found[BASE.id].restrictions["sun"].days,
        next(one.enabled for one in found[BASE.id].steps if one.key == "no-waxing"),
    )
    assert (True, "microneedling" in found.extends) == (found.extends[BASE.id].has_changed, False)
    came = str(found.extends[BASE.id].came_between)
    assert came.startswith(f"{BASE.id}.toml in NOTIFIER_PROTOCOLS_DIR has taken the place of the shipped {BASE.id}")
    assert came == say_base_changed(BASE.id, found.extends[BASE.id], None)[0]
    assert [Level.FAIL] == [one.level for one in check_protocols(found) if one.found in came]
    anew = overlaid(Catalogue({**shipped(), BASE.id: own}), {BASE.id: LONGER.replace(BASE.version, own.version)})
    assert (None, None) == (
        anew.extends[BASE.id].came_between, overlaid(shipped(), {BASE.id: LONGER}).extends[BASE.id].came_between,
    )  # fmt: skip
    assert "put gone.toml back into NOTIFIER_PROTOCOLS_DIR" in found.unreadable["gone"]
    assert shipped()["microneedling"].version == found["microneedling"].version  # it says nothing of its own
    broken = overlaid(shipped(), {BASE.id: wrong})
    assert (False, "is no step of microneedling-week") == (
        BASE.id in broken,
        next(part for part in broken.unreadable[BASE.id].split(": ") if "no step" in part)[:32],
    )


def test_what_is_written_as_toml_reads_back_as_the_same() -> None:
    said = (
        f'{HEAD}enable = ["screening"]\ntitle = "Ours \\" too"\n[restrictions.sun]\ndays = 10\n'
        '[restrictions.sun.words.en]\nrule = "no sun"\nagain = "sun"\n[steps."no-tanning"]\ntext.en = "a ñ"\n'
        'at = { day = -1, time = 09:30:00 }\n[questions.kit]\nask = "?"\n'
    )
    table = overlay_table(BASE.id, said)
    assert table == overlay_table(BASE.id, write_overlay(BASE, table))
    assert LONGER == write_overlay(BASE, overlay_table(BASE.id, LONGER)).replace("\n\n", "\n")
    assert BASE is read_overlay(BASE, HEAD)
