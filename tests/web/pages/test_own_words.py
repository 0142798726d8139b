"""A clinic's own words are typed on the page, checked as they are typed, and hold once they are published."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx2

from notifier.db.engine import reading
from notifier.db.overlays import overlay_draft
from notifier.db.protocols import is_approved
from schedules.catalogue import shipped
from schedules.check import Report
from schedules.checks.density import check_density
from schedules.overlay import read_overlay
from schedules.send_window import SendWindow
from tests.web.pages.conftest import Pages, words

BASE = shipped()["microneedling-week"]
PAGE = f"/protocols/{BASE.id}/words"
TANNING = "text/no-tanning/text/en"
MINE = "{clinic}: stay out of the sun for a week before your visit on {visit.date}. {phone}. STOP to opt out."


def form_of(shown: httpx2.Response) -> dict[str, str]:
    """The form as a browser without JavaScript would send it."""
    html = shown.text[shown.text.index('<form id="own-words"') :]
    html = html[: html.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name_, said in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
        found[name_] = unescape(said)
    return found


def draft_of(pages: Pages) -> str:
    with reading(pages.engine) as session:
        draft = overlay_draft(session, BASE.id)
        return draft.toml if draft else ""


def send(pages: Pages, fields: dict[str, str], path: str = PAGE) -> httpx2.Response:
    return pages.client.post(path, data=fields)


def test_a_nurse_changes_one_sentence_and_only_that_differs(admin: Pages) -> None:
    form = form_of(admin.get(PAGE))
    assert f'extends = "{BASE.id}"\nbased_on = "{BASE.version}"\n' == form["toml"]
    assert 303 == send(admin, form | {TANNING: MINE}).status_code
    assert f'[steps.no-tanning]\ntext.en = "{MINE}"\n' == draft_of(admin).partition("\n\n")[2]
    changed = form_of(admin.get(PAGE))
    assert MINE == changed[TANNING]
    changed |= {"length/sun": "10 days", "why/no-waxing": "We never wax.", "on/screening": "1"}
    del changed["on/no-waxing"]
    assert 303 == send(admin, changed).status_code
    ours = read_overlay(BASE, draft_of(admin))
    steps = {one.key: one for one in ours.steps}
    assert (10, MINE, "We never wax.", True) == (
        ours.restrictions["sun"].days, steps["no-tanning"].text["en"], steps["no-waxing"].why_off,
        steps["screening"].enabled,
    )  # fmt: skip
    back = {one: said for one, said in form.items() if one not in {"toml", "seen"}}
    now = form_of(admin.get(PAGE))
    assert 303 == send(admin, back | {one: now[one] for one in ("toml", "seen")}).status_code
    assert form["toml"] == draft_of(admin)  # typed as it was, it is no difference


def test_what_is_wrong_is_said_beside_its_text_with_and_without_javascript(admin: Pages) -> None:
    form = form_of(admin.get(PAGE))
    typed = form | {TANNING: MINE.replace("{visit.date}", "{visit.dat}"), "length/sun": "a while"}
    shown = send(admin, typed, f"{PAGE}/check")
    fragment = admin.client.post(f"{PAGE}/check", data=typed, headers={"X-Fragment": "1"})
    for said in map(words, (shown, fragment)):
        assert ("did you mean {visit.date}?" in said, 'a while" is no length' in said) == (True, True)
        assert "2 problems" in said
    assert typed[TANNING] == form_of(shown)[TANNING]
    assert "UCS-2 because of “’”" in words(
        admin.client.post(f"{PAGE}/check", data=form | {TANNING: "{clinic}: don’t"}, headers={"X-Fragment": "1"})
    )
    assert "" == draft_of(admin)
    assert 303 == send(admin, typed).status_code  # a draft may have mistakes; nothing is lost
    kept = form_of(admin.get(PAGE))
    assert (typed[TANNING], "7 days") == (kept[TANNING], kept["length/sun"])
    assert "cannot be published yet" in admin.read(f"{PAGE}/effect")
    as_toml = admin.client.post(f"{PAGE}/check", data=kept | {"as-toml": "1"})
    assert "{visit.dat}" in form_of(as_toml)["toml"]
    broken = send(admin, {**form_of(as_toml), "toml": f"{kept['toml']}\n[steps x"})
    assert (409, True) == (broken.status_code, "this is not TOML" in words(broken))


def test_two_who_write_at_once_lose_nothing(admin: Pages) -> None:
    mine = form_of(admin.get(PAGE))
    theirs = mine | {"length/sun": "9 days"}
    assert 303 == send(admin, theirs).status_code
    told = send(admin, mine | {TANNING: MINE})
    assert (409, True) == (told.status_code, "Dr. Sol has saved this draft since you opened it" in words(told))
    assert "9" in draft_of(admin)
    again = form_of(told)
    assert MINE == again[TANNING]
    assert 303 == send(admin, again).status_code
    assert "days = 9" not in draft_of(admin)
    seen = form_of(admin.get(PAGE))["seen"]
    assert 303 == send(admin, {"form": mine["form"], "seen": seen}, f"{PAGE}/discard").status_code
    assert "" == draft_of(admin)


def test_a_base_that_has_changed_is_said_until_somebody_has_read_it(admin: Pages) -> None:
    form = form_of(admin.get(PAGE))
    older = form["toml"].replace(BASE.version, "0123456789ab") + "[restrictions.sun]\ndays = 10\n"
    as_toml = {one: form[one] for one in ("form", "seen")} | {"as-toml": "1", "toml": older}
    assert 303 == send(admin, as_toml).status_code
    shown = admin.get(PAGE)
    assert "has changed since 0123456789ab" in words(shown)
    assert 303 == send(admin, form_of(shown) | {"base-read": "1"}).status_code
    assert f'based_on = "{BASE.version}"' in draft_of(admin)
    assert "has changed since" not in admin.read(PAGE)


def test_words_hold_once_their_effect_was_seen_and_a_clinician_stands_behind_them(admin: Pages) -> None:
    object.__setattr__(admin.context, "rules", replace(admin.context.rules, must_be_approved=False))
    admin.enroll(protocol=BASE.id)
    object.__setattr__(admin.context, "rules", replace(admin.context.rules, must_be_approved=True))
    send(admin, form_of(admin.get(PAGE)) | {"length/sun": "10 days"})
    ours = read_overlay(BASE, f'extends = "{BASE.id}"\nbased_on = "{BASE.version}"\n[restrictions.sun]\ndays = 10\n')
    density, _ = check_density(BASE, SendWindow(), 2)
    admin.context.reports[BASE.id, ours.version] = Report((), (), density, (), ())  # the whole check takes a second
    shown = admin.read(f"{PAGE}/effect")
    assert ("10 days" in shown, "Ana Ruiz" in shown) == (True, True)
    fields = {one: admin.token(f"{PAGE}/effect", one) for one in ("form", "sure", "seen")} | {"clinician": "Dr. Sol"}
    for wrong, why in (({}, "in which languages"), ({"sure": "0", "approve-en": "1"}, "Look at it once more.")):
        refused = send(admin, fields | wrong, f"{PAGE}/publish")
        assert (409, True) == (refused.status_code, why in words(refused))
    assert "sun 7 days" in admin.read(f"/protocols/{BASE.id}")
    done = send(admin, fields | {"approve-en": "1"}, f"{PAGE}/publish")
    assert (303, f"/protocols/{BASE.id}/effect") == (done.status_code, done.headers["location"])
    assert "sun 10 days" in admin.read(f"/protocols/{BASE.id}")
    assert "Move all 1" in admin.read(f"/protocols/{BASE.id}/effect")
    with reading(admin.engine) as session:
        assert [True, False] == [is_approved(session, BASE.id, ours.version, one) for one in ("en", "es")]
    assert "10 days" == form_of(admin.get(PAGE))["length/sun"]
    assert "Published by Dr. Sol" in admin.read(PAGE)
