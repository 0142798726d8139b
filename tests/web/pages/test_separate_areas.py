"""A second treatment: what "separate areas" means is said where it is chosen, and the older texts then go on."""

from __future__ import annotations

from tests.web.pages.conftest import FORM, Pages, words

MEANS = "the newer one’s restrictions do not hold back the older one’s texts"
WEEK = "microneedling-week"


def two_treatments(pages: Pages) -> None:
    """Ana was treated on Friday, and again, on the protocol of a week, on Saturday."""
    pages.enroll()
    pages.clock.pass_(hours=22)
    pages.enroll(protocol=WEEK)
    pages.sign_in()


def due(pages: Pages, step: str) -> set[str]:
    return {text.state.value for text in pages.texts(1) if text.step == step}


def test_the_preview_says_that_there_is_another_treatment_and_what_separate_means(pages: Pages) -> None:
    pages.enroll()
    asked = {**FORM, "protocol": WEEK, "treated_at": "2026-03-06T14:05"}
    one = words(pages.post("/preview", **asked))
    assert "This patient has 1 other treatment: Ana Ruiz (Fri Mar 6) ." in one
    assert "Say so under “Treated before?”" in one
    assert MEANS in words(pages.post("/preview", **asked, separate_areas="yes"))
    assert "other treatment" not in words(pages.post("/preview", **{**asked, "name": "Eva Ruiz"}))


def test_the_patients_page_offers_it_only_where_there_are_two(pages: Pages) -> None:
    pages.enroll()
    assert MEANS not in pages.read("/patients/1")
    pages.clock.pass_(hours=22)
    pages.enroll(protocol=WEEK)
    pages.sign_in()
    assert MEANS in pages.read("/patients/2")


def test_the_patients_page_shows_the_ends_that_the_texts_name(pages: Pages) -> None:
    """The later treatment forbids makeup and sun for longer; on a separate area of skin it would not."""
    two_treatments(pages)
    older = pages.get("/patients/1").text
    picture, table = older.split("<svg")[2].split("</svg>")[0], older.split("<caption>")[1].split("</table>")[0]
    assert "no makeup until Tue Mar 10, 1:10 PM" in picture
    assert "Tue Mar 10, 1:10 PM" in table
    assert "Another treatment overlaps: makeup, sun until the later" in words(pages.get("/patients/1"))
    assert "Another treatment overlaps" not in pages.read("/patients/2")


def test_said_later_it_gives_the_older_texts_back(pages: Pages) -> None:
    two_treatments(pages)
    assert "planned" not in due(pages, "retinoids-again")
    page = "/patients/2"
    change = {"what": "change", "asks_separate_areas": "yes", "separate_areas": "yes"}
    seen = pages.post(f"{page}/change", on=page, **change)
    assert "The same patient’s other treatment: " in words(seen)
    sure = seen.text.split('name="sure" value="')[1].split('"')[0]
    pages.post(f"{page}/change", on=page, **change, sure=sure)
    assert "planned" in due(pages, "retinoids-again")
