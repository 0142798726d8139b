"""Files that somebody has prepared, or that only look like tables: bounded, refused with a sentence, never obeyed."""

from __future__ import annotations

import io
import zipfile

import pytest

from notifier.domain.refused import Refused
from notifier.enrollments.importing.files import read_file as table_files
from notifier.enrollments.importing.files.read_file import read_file
from notifier.enrollments.importing.mappings.guessed import guess

_OOXML = "http://schemas.openxmlformats.org"
_REL = f"{_OOXML}/officeDocument/2006/relationships"
_XML = "application/vnd.openxmlformats"
_RELATED = (
    f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
    '<Relationship Id="r1" Type="{kind}" Target="{target}"/></Relationships>'
)
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_OOXML}/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{_XML}-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_XML}-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": _RELATED.format(kind=f"{_REL}/officeDocument", target="xl/workbook.xml"),
    "xl/workbook.xml": f'<workbook xmlns="{_OOXML}/spreadsheetml/2006/main" xmlns:r="{_REL}">'
    '<sheets><sheet name="Day" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": _RELATED.format(kind=f"{_REL}/worksheet", target="worksheets/sheet1.xml"),
}


def workbook(*rows: str, more: dict[str, bytes] | None = None) -> bytes:
    """An .xlsx as small as one can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in _PARTS.items():
            packed.writestr(name, content)
        sheet = (
            f'<worksheet xmlns="{_OOXML}/spreadsheetml/2006/main"><sheetData>{"".join(rows)}</sheetData></worksheet>'
        )
        packed.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, data in (more or {}).items():
            packed.writestr(name, data)
    return out.getvalue()


def _row(number: int, *cells: str) -> str:
    return (
        f'<row r="{number}">'
        + "".join(f'<c r="{chr(65 + n)}{number}" {cell}</c>' for n, cell in enumerate(cells))
        + "</row>"
    )


def test_a_workbook_is_read_and_a_formula_is_not_computed() -> None:
    text = 't="inlineStr"><is><t>{}</t></is>'
    data = workbook(
        _row(1, text.format("Name"), text.format("Phone")),
        _row(2, text.format("Ana"), "><v>2125550123</v>"),
        _row(3, text.format("Bea"), '><f>HYPERLINK("http://127.0.0.1/")</f><v>7</v>'),
    )
    assert [(1, ["Name", "Phone"]), (2, ["Ana", "2125550123"]), (3, ["Bea", "7"])] == list(read_file(data))


def test_a_workbook_of_one_row_has_a_row() -> None:
    only = _row(1, 't="inlineStr"><is><t>Name</t></is>', 't="inlineStr"><is><t>Phone</t></is>')
    assert [(1, ["Name", "Phone"])] == list(read_file(workbook(only)))


def test_what_would_burst_or_is_no_table_is_refused_with_a_sentence(subtests: pytest.Subtests) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as other:
        other.writestr("notes.txt", "x")
    for data, sentence in (
        (workbook(more={"xl/media/zeros.bin": bytes(210_000_000)}), "unpacks to over 200,000,000 bytes"),
        (workbook()[:300], "cut off or damaged"),
        (zipped.getvalue(), "a zip and no Excel workbook"),
        (workbook(), "no sheet with rows"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "no workbook that can be read"),
        (b"<html><script>alert(1)</script>", "an HTML page without a table"),
        (b",".join([b"a"] * 50_000) + b"\n", "has 50,000 cells; a table has at most 300 columns"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "the calendar cannot be read"),
    ):
        with subtests.test(sentence=sentence), pytest.raises(Refused, match=sentence):
            list(read_file(data))


def test_what_an_html_page_would_do_is_not_done_and_its_cells_are_text() -> None:
    page = b"<table><tr><th>Name<th>Phone<tr><td>Ana&nbsp;<b>Diaz</b><script>x()</script><td>212<br>555</table>"
    assert [(1, ["Name", "Phone"]), (2, ["Ana Diaz", "212\n555"])] == list(read_file(page))


def test_accents_of_a_file_from_an_old_mac_are_noticed() -> None:
    assert [(1, ["Name"]), (2, ["José Peña"])] == list(read_file("Name\rJosé Peña\r".encode("mac_roman")))
    assert [(1, ["Name"]), (2, ["José Peña – x"])] == list(read_file("Name\nJosé Peña – x\n".encode("cp1252")))


def test_two_cells_at_the_corners_of_a_sheet_are_refused_before_it_is_laid_out() -> None:
    first = _row(1, "><v>1</v>")
    for far in (
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
        '<row r="1048576"><c/><c/><c/><c/><c><v>2</v></c></row>',
    ):
        with pytest.raises(Refused, match="reaches over more than 5,000,000 cells, down to row 1,048,576"):
            list(read_file(workbook(first, far)))
    empty = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert [(1, ["1"]), (2, ["7"])] == list(read_file(workbook(first, _row(2, "><v>7</v>"), empty)))


def test_what_no_front_desk_exports_is_refused_in_one_sentence_at_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 3)
    many = b"Date,Client\n" + b"12/01/2026,Ana\n" * 4
    long = f"<table><tr><td>{'x' * 19_000}</td></tr></table>".encode()
    calendar = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:{'x' * 21_000}\nEND:VEVENT\nEND:VCALENDAR\n".encode()
    assert 1 == len(list(read_file(long)))
    for data, sentence in (
        (many, "the file has over 3 rows; export fewer days at once"),
        (calendar, "row 2 has a cell of over 20,000 characters"),
    ):
        with pytest.raises(Refused, match=sentence):
            list(read_file(data))
    with pytest.raises(Refused, match="the file has no rows"):
        guess("a page", list(read_file(b"<table><tr><td></td></tr></table>")))
