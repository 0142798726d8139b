"""A file of a shape that nobody knows: its columns are guessed, pointed at, and kept as a mapping that reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.domain.refused import Refused
from notifier.enrollments.importing.files.read_file import read_file
from notifier.enrollments.importing.mappings.apply import HEADER, FileReader
from notifier.enrollments.importing.mappings.guessed import guess
from notifier.enrollments.importing.mappings.mapping import read_mapping
from notifier.enrollments.importing.mappings.pointed import PointedColumns
from notifier.enrollments.importing.mappings.roles import Says
from schedules.catalogue import shipped as protocols
from tests.enrollments.importing.test_mappings import RULES

ANA = ("Ana Diaz", "microneedling", "2026-12-01T09:00-05:00", "")
JOSE = ("José Peña", "microneedling", "2026-12-01T13:30-05:00", "")


def point(data: bytes) -> PointedColumns:
    return guess("A shape", list(read_file(data)))


def read(pointed: PointedColumns, data: bytes) -> list[object]:
    reader = FileReader("shape", read_mapping(pointed.toml(), "shape"), protocols(), RULES, consent="signed form")
    found: list[object] = []
    for _, row in [*reader.rows(data)][1:]:
        named = dict(zip(HEADER, row, strict=True)) if isinstance(row, list) else {}
        found.append(tuple(named[key] for key in ("name", "protocol", "appointment_at", "status")) if named else row)
    return found


def test_shapes_of_many_systems_are_read_as_guessed(subtests: pytest.Subtests) -> None:
    tabs = "Appt ID\tFirst Name\tLast Name\tMobile Phone\tAppt Date\tStart\tEnd\tTreatment\tProvider\r\n"
    tabs += '7\tAna\tDiaz\t="2125550123"\t2026-12-01\t9:00 AM\t10:00 AM\tMicroneedling\tDana RN\r\n'
    titles = (
        "Lakeside Skin\nDaily list – Dec 1, 2026\nClient;Client ID;Phone;Date;Time;Service;SMS Consent;Booked on\n"
        '"Diaz, Ana (she/her)";C12;Cell: (212) 555-0123;12/01/2026;9:00 am – 10:00 am;Microneedling;Yes;11/02/2026\n'
        '"Peña, José";C13;212 555 0124;12/14/2026;1:30 pm – 2:45 pm;Microneedling;yes;11/03/2026\n'
        "Total: 2;;;;;;;\n"
    )
    spanish = (
        "Folio,Nombre,Apellido,Teléfono celular,Fecha,Hora,Duración,Servicio,Zona horaria\n"
        "F1,José,Peña,212 555 0124,1 de diciembre de 2026,13:30,45,Microneedling,Eastern Standard Time\n"
    )
    mac = "Patient,Number,When,Procedure\nJosé Peña,2125550124,Dec 1 2026 1:30 PM,MICRONEEDLING\n"
    heads = ("Guest Name", "Guest Phone", "Start Time", "Reason for visit")
    cells = ("Ana Diaz", "2125550123", "2026-12-01T14:00:00Z", "microneedling")
    html = "<table>" + "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in (heads, cells))
    day_sheet = (
        "<table><tr><td colspan=6>Day sheet</td></tr></table><table><tr><th>Appt<br>Date</th><th>Appt Time</th>"
        "<th>Pt Name</th><th>Cell Phone</th><th>Appt Type</th><th>Appt Status</th><th>MRN</th></tr>"
        "<tr><td>01-Dec-26</td><td>9:00&nbsp;AM&ndash;10:00&nbsp;AM</td><td>Diaz, Ana she/her</td>"
        "<td>(212)&nbsp;555-0123</td><td>Microneedling</td><td>Scheduled</td><td>00123</td></tr>"
        "<tr><td>Totals</td><td colspan=6>1</td></tr></table>"
    )
    slots = "Date,Slot,Details,Tel\n12/01/2026,9:00-10:00 AM,Microneedling / Ana Diaz,2125550123\n"
    slots += "12/14/2026,1:30-2:45 PM,Microneedling / José Peña,2125550124\n"
    german = "Booking ref\tGuest\tGuest Mobile\tDay\tFrom\tMins\tTreatment\tBooking Status\tText consent\r\n"
    german += "B1\tAna Diaz\ttel:+1-212-555-0123\t13.12.2026\t09.00\t1h 15m\tMicroneedling\tConfirmed\tok\r\n"
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a@v\r\n"
    calendar += "DTSTART:20261201T140000Z\r\nDURATION:PT1H\r\n"
    calendar += "SUMMARY:Ana Diaz: Microneedling\r\nDESCRIPTION:Room: 2\\nMobile: 212-555-0123\r\nEND:VEVENT\r\n"
    calendar += "END:VCALENDAR\r\n"
    camel = "appointmentId,clientName,clientPhone,startTime,serviceName,status\n"
    camel += "x1,Ana Diaz,+12125550123,2026-12-01T14:00:00.000Z,microneedling,CONFIRMED\n"
    second = (*JOSE[:2], "2026-12-14T13:30-05:00", "")
    cases: list[tuple[str, bytes, list[object]]] = [
        ("UTF-16, tabs, first and last apart", tabs.encode("utf-16"), [ANA]),
        ("title lines, last name first, en dashes, a total line", titles.encode(), [ANA, second, None]),
        ("Spanish, a Windows zone", spanish.encode("cp1252"), [JOSE]),
        ("MacRoman, no word for the phone", mac.encode("mac_roman"), [JOSE]),
        ("HTML, an instant", html.encode(), [ANA]),
        ("two HTML tables, a range of hours, pronouns, totals", day_sheet.encode(), [ANA, None]),
        ("a column that says two things", slots.encode(), [ANA, second]),
        ("D.M.Y, start and length apart, UTF-16", german.encode("utf-16"), [(*ANA[:2], "2026-12-13T09:00-05:00", "")]),
        ("iCalendar with words of its own", calendar.encode(), [ANA]),
        ("names of columns out of a program", camel.encode(), [ANA]),
    ]
    for name, data, expected in cases:
        with subtests.test(name):
            assert expected == read(point(data), data)


def test_the_order_of_day_and_month_is_asked_only_where_every_date_could_be_read_in_two_ways() -> None:
    head = "Visit ID,Client,Phone,Date,Time,Service\n"
    rows = "1,Ana Diaz,2125550123,12/01/2026,9:00,microneedling\n"
    pointed = point((head + rows).encode())
    assert pointed.asks_order
    with pytest.raises(Refused, match='say whether the day or the month comes first in "Date"'):
        pointed.toml()
    data = (head + rows).encode()
    assert [ANA] == read(replace(pointed, order="month/day/year"), data)
    shown = point((head + rows + rows.replace("12/01", "12/24")).encode())
    assert not shown.asks_order
    assert 'order = "month/day/year"' in shown.toml()
    with pytest.raises(Refused, match="some dates"):
        point((head + rows.replace("12/01", "24/12") + rows.replace("12/01", "12/24")).encode()).toml()
    assert "order" not in point((head + rows.replace("12/01/2026", "2026-12-01")).encode()).toml()


def test_what_is_lacking_or_pointed_at_twice_is_said() -> None:
    data = b"ID,Client,Phone,Date,Service,Mobile\n1,Ana Diaz,2125550123,2026-12-01,microneedling,2125550123\n"
    pointed = point(data)
    with pytest.raises(Refused, match="the column of the date has no time"):
        pointed.toml()
    with pytest.raises(Refused, match='"Phone" and "Mobile" are both the phone'):
        replace(pointed, roles={**pointed.roles, 5: Says.PHONE}).toml()
    timed = point(data.replace(b"2026-12-01", b"2026-12-01 9:00"))
    without = replace(timed, roles={at: role for at, role in timed.roles.items() if role is not Says.SERVICE})
    with pytest.raises(Refused, match="no column is the service; point at it"):
        without.toml()
