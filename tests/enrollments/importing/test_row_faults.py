"""Every fault of a row is told at once, and none that only follows from another."""

from __future__ import annotations

from datetime import datetime

import pytest

from notifier.domain.refused import Refused
from notifier.enrollments.importing.header import read_header
from notifier.enrollments.importing.row_faults import faults_of
from schedules.catalogue import shipped
from tests.enrollments.importing.test_csv_text import RULES

GOOD = {
    "external_id": "A-1", "name": "Ana Diaz", "phone": "+12125550123", "protocol": "microneedling",
    "treated_at": "2026-03-06T14:10-05:00", "appointment_at": "", "timezone": "", "language": "", "consent": "form",
    "rebook_consent": "", "status": "", "shaves": "",
}  # fmt: skip
NOW = datetime.fromisoformat("2026-03-07T20:40:00Z")


def faults(**values: str) -> list[tuple[str | None, str]]:
    cells, protocols = GOOD | values, shipped()
    header = read_header(list(cells), protocols)
    found = faults_of(2, list(cells.values()), header, protocols, RULES, now=NOW)
    assert {2} >= {one.row for one in found}
    return [(one.column, one.sentence) for one in found]


def columns(**values: str) -> list[str | None]:
    return [column for column, _ in faults(**values)]


def test_a_good_row_has_none() -> None:
    assert [] == faults()


def test_each_fault_is_told_once_with_its_column(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"name": "Ana2", "phone": "911"}, ["name", "phone"]),
        ({"consent": "", "treated_at": "3/6/2026"}, ["treated_at", "consent"]),
        ({"external_id": "", "name": "", "phone": "", "consent": ""}, ["external_id", "name", "phone", "consent"]),
        ({"status": "done", "rebook_consent": "perhaps"}, ["status", "rebook_consent"]),
        ({"language": "fr", "phone": "911"}, ["phone", "language"]),
        ({"shaves": "yes", "language": "fr"}, ["language", "shaves"]),
        ({"treated_at": "", "consent": ""}, ["treated_at", "consent"]),
        ({"treated_at": "2026-03-09T10:00-05:00", "consent": ""}, ["consent", "treated_at"]),
        ({"timezone": "Boston", "name": "Ana2"}, ["name", "timezone"]),
        ({"treated_at": "2026-03-06T04:00"}, ["treated_at"]),
        ({"treated_at": "2026-03-06T04:00-05:00"}, []),
        ({"treated_at": "soon", "appointment_at": "later"}, ["treated_at", "appointment_at"]),
    ]
    for values, expected in cases:
        with subtests.test(values=values, expected=expected):
            assert sorted(expected) == sorted(str(column) for column in columns(**values))


def test_every_column_at_once() -> None:
    wrong = dict.fromkeys(GOOD, "\N{BELL}") | {"treated_at": "soon", "appointment_at": "soon", "external_id": "x" * 121}
    wrong |= {"consent": "", "language": "", "shaves": ""}
    expected = set(GOOD) - {"language", "shaves"}
    assert expected == set(columns(**wrong))


def test_what_cannot_be_judged_is_not() -> None:
    """Whether a protocol that does not exist has French, or asks about shaving, nobody knows."""
    assert ["protocol"] == columns(protocol="microneedlin", language="fr", shaves="yes")


def test_a_cell_in_a_column_without_a_name_hides_nothing_else() -> None:
    cells, protocols = GOOD | {"phone": "911"}, shipped()
    header = [*read_header(list(cells), protocols), ""]
    found = faults_of(2, [*cells.values(), "?"], header, protocols, RULES, now=NOW)
    assert [None, "phone"] == [one.column for one in found]


def test_a_cell_too_many_is_the_only_fault_because_all_behind_it_stand_elsewhere() -> None:
    cells, protocols = GOOD | {"phone": "911"}, shipped()
    found = faults_of(2, [*cells.values(), "more"], read_header(list(cells), protocols), protocols, RULES, now=NOW)
    assert ["has 13 cells where the header has 12; is a comma outside of quotes?"] == [one.sentence for one in found]


@pytest.mark.parametrize(
    "first",
    [
        ("A-1", "Ana Diaz", "+12125550123", "microneedling", "2026-03-06T14:10", "form"),
        ("A-1", "Ana Diaz", "2125550123", "microneedling", "3/6/2026", "consent"),
    ],
)
def test_a_file_without_a_header_gets_the_line_to_put_on_top(first: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        read_header(first, shipped())
    assert (
        "the first row is a patient's, not the names of the columns; put this line on top, with the names in the order "
        "of your own cells: external_id,name,phone,protocol,treated_at,consent" == str(refused.value)
    )


def test_names_that_are_not_known_are_still_a_header() -> None:
    with pytest.raises(Refused, match='the first row is "Nombre, Telefono", and has not the columns'):
        read_header(["Nombre", "Telefono"], shipped())
