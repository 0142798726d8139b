"""What a change asks for is read back before it is stored: nobody confirms a number that she cannot see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.web.pages.conftest import Pages, words

PAGE = "/patients/1"


def shown(pages: Pages, **fields: str) -> str:
    return words(pages.post(f"{PAGE}/change", on=PAGE, what="change", **fields)).partition("Change it?")[2]


@pytest.mark.parametrize(
    ("typed", "read_back"),
    [
        ({"phone": "978 555 0188"}, "Mobile +1 212 555 0123 → +1 978 555 0188"),
        ({"name": "Ana Ruiz-Vega"}, "Name Ana Ruiz → Ana Ruiz-Vega"),
        ({"treated_at": "2026-03-06T13:30"}, "Treatment ended Fri Mar 6, 2:10 PM → Fri Mar 6, 1:30 PM"),
        ({"language": "es", "timezone": "America/Chicago"}, "Lives in New York → Chicago Texts in English → Spanish"),
        ({"protocol": "microneedling-week"}, "Microneedling: standard aftercare → Microneedling: the careful week"),
        ({"asks_rebook_consent": "yes", "rebook_consent": "yes"}, "Wants to hear of next visits no → yes"),
    ],
)
def test_what_changes_is_read_back(pages: Pages, typed: dict[str, str], read_back: str) -> None:
    pages.enroll()
    assert read_back in shown(pages, **typed)


def test_an_answer_is_read_back(pages: Pages) -> None:
    pages.enroll(protocol="microneedling-regimen")
    assert "Shaves not asked → yes" in shown(pages, **{"answer.shaves": "yes"})


def test_a_moved_appointment_is_read_back(pages: Pages) -> None:
    pages.enroll(appointment_at=pages.clock.now() + timedelta(hours=2))
    found = shown(pages, appointment_at="2026-03-10T11:30")
    assert "Appointment Fri Mar 6, 4:10 PM → Tue Mar 10, 11:30 AM" in found


def test_what_stays_is_not_read_back(pages: Pages) -> None:
    """The whole form is sent, however little of it was touched."""
    pages.enroll()
    same = {"name": "Ana Ruiz", "phone": "+1 212 555 0123", "treated_at": "2026-03-06T14:10", "language": "en"}
    found = shown(pages, **same, protocol="", asks_rebook_consent="yes", timezone="America/Chicago")
    assert (1, True) == (found.count("→"), "Lives in New York → Chicago" in found)
    hold = words(pages.post(f"{PAGE}/change", on=PAGE, what="hold", phone="978 555 0188"))
    assert "→" not in hold
