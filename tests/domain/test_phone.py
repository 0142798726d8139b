"""Only numbers that can be texted in the United States and its territories; every refusal says why."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from notifier.domain.phone import Phone, area_zones, parse_phone


def test_every_plain_spelling_is_the_same_number(subtests: pytest.Subtests) -> None:
    for raw in (
        "+14155550123",
        "4155550123",
        "14155550123",
        "(415) 555-0123",
        "415.555.0123",
        "+1 415 555 0123",
        "\t+14155550123 ",
        "415\u2013555\u20130123",
        "415\u2011555\u22120123",
        "001 415 555 0123",
    ):
        with subtests.test(raw=raw):
            assert Phone("+14155550123", ("America/Los_Angeles",)) == parse_phone(raw)


def test_what_cannot_be_texted_is_refused_with_its_reason(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("", "is empty"),
        ("1-800-FLOWERS", "has letters"),
        ("4155550123 x5", "has an extension"),
        ("415-555-0123 ext. 12", "has an extension"),
        ("4155550123#5", "has an extension"),
        ("555-0123", "has 7 digits where a US number has ten"),
        ("415555012", "has 9 digits"),
        ("41555501234", "has 11 digits"),
        ("911", "has 3 digits"),
        ("9115551234", "area code 911 with 555 is no US number"),
        ("1155550123", "area code 115 with 555 is no US number"),
        ("+447911123456", "is not in the United States"),
        ("+498912345678", "is not in the United States"),
        ("00447911123456", "is not in the United States"),
        ("001415555123", "is not in the United States"),
        ("01114155551234", "is not in the United States"),
        ("6045551234", "is not in the United States"),
        ("8095551234", "is not in the United States"),
        ("8005551234", "is a toll-free number"),
        ("888-555-0123", "is a toll-free number"),
        ("9005551234", "is a premium-rate number"),
        ("5005551234", "is not a number that gets texts"),
        ("4.15555E+09", "scientific notation"),
        ("1.55512E+10", "scientific notation"),
        ("４１５５５５０１２３", 'no digit ("fullwidth digit four")'),
        ("\u202c4155550123", 'no digit ("pop directional formatting")'),
        ("415\u00b7555\u00b70123", 'no digit ("middle dot")'),
        ("415\x005550123", 'no digit ("u+0000")'),
        ("415/5550123", "has other characters than digits"),
        ("1" * 41, "is 41 characters long"),
    ]
    for raw, because in cases:
        with subtests.test(raw=raw, because=because):
            with pytest.raises(ValueError) as refused:  # its sentence is what is tested
                parse_phone(raw)
            assert because in str(refused.value)
            assert "\n" not in str(refused.value)


def test_a_number_of_an_area_code_that_nobody_knows_yet_passes_on_a_persons_word() -> None:
    for raw in ("(621) 234-5678", "679 234 5678"):
        with pytest.raises(ValueError, match="is no US number"):
            parse_phone(raw)
        assert () == parse_phone(raw, vouched=True).area_zones
    for raw in ("911 234 5678", "115 234 5678", "291 234 5678", "621 011 5678", "621 911 5678", "6042345678"):
        with pytest.raises(ValueError, match=r"is no US number|not in the United States"):
            parse_phone(raw, vouched=True)


def test_the_territories_are_at_home(subtests: pytest.Subtests) -> None:
    for prefix in ("787555", "939555", "671555", "340555", "684733", "670555"):
        with subtests.test(prefix=prefix):
            assert f"+1{prefix}0123" == parse_phone(f"{prefix}0123").e164


def test_a_fictitious_number_passes_as_it_can_never_reach_anybody() -> None:
    assert "+12025550199" == parse_phone("202-555-0199").e164


def test_an_area_code_points_to_one_to_four_zones_or_to_none(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, tuple[str, ...]]] = [
        ("+12125550123", ("America/New_York",)),
        ("+18506505501", ("America/Chicago", "America/New_York")),  # whatever its first six digits say
        ("+12195550123", ("America/Chicago", "America/New_York")),
        ("+16065550123", ("America/Chicago", "America/New_York")),
        ("+17752340123", ("America/Boise", "America/Los_Angeles")),
        ("+19285550123", ("America/Denver", "America/Phoenix")),
        ("+16895550123", ("America/New_York",)),
        ("+19075550123", ("America/Adak", "America/Anchorage")),
        ("+18005550123", ()),  # 42 zones say nothing
    ]
    for number, zones in cases:
        with subtests.test(number=number, zones=zones):
            assert zones == area_zones(number)


def test_the_last_four_digits_never_decide() -> None:
    """What is remembered for six digits holds for all numbers that begin so."""
    dice = random.Random(1)
    for _ in range(300):
        prefix, last = f"{dice.randint(200, 999)}{dice.randint(200, 999)}", f"{dice.randint(0, 9999):04}"
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(prefix + last))
        at_home = phonenumbers.region_code_for_number(number) in {"US", "PR", "GU", "VI", "AS", "MP"}
        textable = at_home and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
        assert textable == _is_accepted(prefix + last), prefix


def _is_accepted(raw: str) -> bool:
    try:
        parse_phone(raw)
    except ValueError:
        return False
    return True
