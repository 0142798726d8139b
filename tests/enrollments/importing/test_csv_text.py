"""Files as spreadsheets write them: read, or refused with the row and one sentence."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import read_csv
from notifier.enrollments.importing.header import read_header
from notifier.enrollments.importing.rows import ImportRow, Status, read_row, template
from schedules.catalogue import shipped
from schedules.wording import Voice

NOW = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
RULES = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York")
HEADER = "external_id,name,phone,protocol,treated_at,consent"
ROW = "A-1,José,+12125550123,microneedling,2026-03-06T14:10,form"
ROWS = [(1, HEADER.split(",")), (2, ROW.split(","))]


def test_every_way_a_spreadsheet_saves_it_reads_the_same(subtests: pytest.Subtests) -> None:
    for data in (
        f"{HEADER}\n{ROW}\n".encode(),
        f"{HEADER}\n{ROW}".encode(),
        f"\ufeff{HEADER}\r\n{ROW}\r\n".encode(),
        f"{HEADER}\r{ROW}\r".encode(),
        f"{HEADER}\n{ROW}\n".encode("utf-16"),
        f"{HEADER}\n{ROW}\n".encode("utf-16-le"),
        f"{HEADER}\n{ROW}\n".encode("utf-16-be"),
        f"{HEADER}\n{ROW}\n".encode("cp1252"),
        f"{HEADER}\n{ROW}\n".replace(",", ";").encode(),
        f"{HEADER}\n{ROW}\n".replace(",", "\t").encode(),
        f'{HEADER}\n"{ROW.replace(",", chr(34) + "," + chr(34))}"\n'.encode(),
        f"{HEADER}\n {ROW.replace(',', ' , ')} \n".encode(),
    ):
        with subtests.test(data=data):
            assert ROWS == list(read_csv(data))


def test_the_delimiter_may_be_said_and_empty_rows_count() -> None:
    assert [(2, ["a", "b"]), (4, ["1,5", "c"])] == list(read_csv(b"sep=;\na;b\n\n1,5;c\n"))


def test_a_quoted_cell_may_hold_a_line_end() -> None:
    assert [(1, ["a", "b"]), (2, ["one\ntwo", "c"]), (3, ["d", "e"])] == list(read_csv(b'a,b\n"one\ntwo",c\nd,e\n'))


def _workbook() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def test_what_is_no_csv_is_refused_with_the_line(subtests: pytest.Subtests) -> None:
    cases: list[tuple[bytes, str]] = [
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b",,\n,,\n", "the file is empty"),
        (b"sep=;\n", "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (_workbook(), "is not a CSV but an Excel workbook or another zip file"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.7", "is not a CSV but a PDF"),
        (b"a,b\n1,2\nx\x00,3\n", "line 3 has a NUL character"),
        (b"a,b\n1,\x81\x8d\n", "line 2 has bytes that are no text"),
        (b'a,b\n1,"open\n2,3\n', "row 2 (line 3) cannot be read: the file ends inside a cell"),
        (b'a,b\n"x"y,2\n', 'row 2 (line 2) cannot be read: a quote (") stands inside a cell'),
        (
            b"a,b\n" + b"x" * 5_000_000 + b",1\n",
            "row 2 has over 200,000 characters",
        ),
        (b"a,b\n" + b"x" * 30_000 + b",1\n", "row 2 (line 2) has a cell of over 20,000 characters"),
    ]
    for data, because in cases:
        with subtests.test(data=data, because=because):
            with pytest.raises(Refused) as refused:
                list(read_csv(data))
            assert because in str(refused.value)


def test_a_header_is_understood_in_whole_or_refused_with_the_nearest_name(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("external_id,name,phone,protocol,treated_at", "names no column consent"),
        ("name,phone,treated_at", "names no column external_id, protocol, consent"),
        ("external_id,name,phone,protocol,consent", "neither treated_at nor appointment_at"),
        (f"{HEADER},name", "the column name is there twice"),
        (f"{HEADER},Name", "the column name is there twice"),
        (f"{HEADER},langauge", 'column 7 is "langauge", which is not known here; did you mean language?'),
        (f"{HEADER},shave", "did you mean shaves?"),
        (f"{HEADER},zzzzzz", "leave it out"),
        ("Start Time,End Time,First Name,Phone", "has not the columns of the sample file; where a booking system"),
        ("Schedule at a Glance", 'the first row is "Schedule at a Glance", and has not the columns'),
        ("<table><tr><td>2026-03-07T09:00", "where a booking system wrote it, say which"),
        ("name,phone,zone,consent", 'column 3 is "zone"'),
    ]
    for cells, because in cases:
        with subtests.test(cells=cells, because=because):
            with pytest.raises(Refused) as refused:
                read_header(cells.split(","), shipped())
            assert because in str(refused.value)


def test_case_spaces_and_hyphens_in_a_header_do_not_matter_and_empty_columns_pass() -> None:
    given = ["External ID", "NAME", "phone", "Protocol", "Treated at", "consent", "Cold sores", "", ""]
    expected = ["external_id", "name", "phone", "protocol", "treated_at", "consent", "cold-sores", "", ""]
    assert expected == read_header(given, shipped())


def row(**values: str) -> ImportRow:
    """A row like the one above, with other or further cells."""
    cells = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | values
    protocols = shipped()
    return read_row(2, list(cells.values()), read_header(list(cells), protocols), protocols, RULES, now=NOW)


def test_a_good_row_is_a_request() -> None:
    facts = row(language="es", rebook_consent="Yes", status="Canceled").wanted.facts
    assert ("+12125550123", "es", True, datetime(2026, 3, 6, 19, 10, tzinfo=UTC)) == (
        facts.phone,
        facts.language,
        facts.rebook_consent,
        facts.treated_at,
    )
    assert Status.CANCELLED is row(status="Canceled").status


@pytest.mark.parametrize("phone", ["\t+12125550123", "'+12125550123", "(212) 555-0123"])
def test_what_keeps_a_spreadsheet_from_counting_with_a_phone_is_taken_off(phone: str) -> None:
    assert "+12125550123" == row(phone=phone).wanted.facts.phone


def test_answers_have_a_column_each_and_an_empty_cell_is_no_answer() -> None:
    facts = row(protocol="microneedling-regimen", shaves="YES", indication="").wanted.facts
    assert {"shaves": "yes"} == dict(facts.answers)


def test_a_bad_cell_gets_its_column_and_one_sentence(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], str, str]] = [
        ({"external_id": ""}, "external_id", "external_id is empty"),
        ({"phone": "1.21256E+10"}, "phone", "scientific notation"),
        ({"treated_at": "46000.6"}, "treated_at", "a spreadsheet's date serial number"),
        ({"treated_at": "3/7/2026 15:30"}, "treated_at", "write the year first"),
        ({"treated_at": "", "appointment_at": ""}, "treated_at", "say when the treatment ENDED"),
        ({"timezone": "America/Denver"}, "treated_at", "say the offset"),
        ({"status": "done"}, "status", 'status "done" is not known; write cancelled or no-show'),
        ({"rebook_consent": "perhaps"}, "rebook_consent", "write yes or no"),
        ({"shaves": "yes"}, "shaves", 'microneedling does not ask "shaves"'),
        ({"name": "=cmd()"}, "name", 'the character "="'),
    ]
    for values, column, because in cases:
        with subtests.test(values=values, column=column, because=because):
            with pytest.raises(Refused) as refused:
                row(**values)
            assert because in str(refused.value)
            assert column == refused.value.field


def test_a_row_with_a_cell_too_many_is_refused() -> None:
    protocols = shipped()
    with pytest.raises(Refused, match="has 7 cells where the header has 6; is a comma outside of quotes"):
        read_row(2, [*ROW.split(","), "more"], read_header(HEADER.split(","), protocols), protocols, RULES, now=NOW)


def test_the_same_content_has_the_same_digest_however_it_is_written() -> None:
    assert row().digest == row(treated_at="2026-03-06T19:10Z", phone="212-555-0123", timezone="America/New_York").digest
    assert row().digest != row(treated_at="2026-03-06T19:11Z").digest


def test_the_template_can_be_imported_as_it_is(now: datetime) -> None:
    protocols = shipped()
    header, *rows = list(read_csv(template(protocols, RULES, now).encode()))
    columns = read_header(header[1], protocols)
    assert ["A-1001", "A-1002"] == [
        read_row(number, cells, columns, protocols, RULES, now=now).wanted.external_id for number, cells in rows
    ]
