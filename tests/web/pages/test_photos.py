"""A photo that a patient sent: on demand, drawn anew, recorded, and nothing of it for another office."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from notifier.access.manage_accounts import set_offices
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.tables import ProviderDeletion, Reply, StaffAudit
from notifier.domain.key_set import KeySet
from notifier.domain.offices import OfficeProfile
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.erase import erase
from notifier.sandbox.messages import media_sids
from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN
from notifier.sms.media import MediaSource
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.web.pages.conftest import ANA, Pages, words

PHOTO = "/replies/1/photos/1"


@pytest.fixture
def twilio(pages: Pages) -> Iterator[RunningSandbox]:
    """Ana has sent two photos, the second without a word."""
    pages.enroll()
    with running_sandbox(now=pages.clock.now) as sandbox:
        source = MediaSource(sandbox.url, ACCOUNT_SID, (ACCOUNT_SID, AUTH_TOKEN))
        object.__setattr__(pages.context, "media", source)
        sandbox.receive(ANA, "is this normal?", media=2)
        (message,) = (one for one in sandbox.sandbox.account.messages.values() if one.media)
        with writing(pages.engine) as session:
            now = pages.clock.now()
            receive(session, InboundText(message.sid, ANA, "is this normal?", now, 2), now)
        yield sandbox


def audited(pages: Pages) -> list[tuple[str, str | None, int | None]]:
    with reading(pages.engine) as session:
        found = session.scalars(select(StaffAudit).order_by(col(StaffAudit.id)))
        return [(one.what, one.about, one.enrollment_id) for one in found if "photo " in (one.about or "")]


def test_it_is_open_and_other_and_each_photo_is_behind_a_link(pages: Pages, twilio: RunningSandbox) -> None:
    with reading(pages.engine) as session:
        reply = session.scalars(select(Reply)).one()
        assert ("other", None, 2) == (reply.meaning, reply.closed_at, reply.media_count)
    for path in ("/", "/replies", "/patients/1"):
        shown = pages.get(path).text
        assert (path, True, True) == (path, f'href="{PHOTO}"' in shown, 'href="/replies/1/photos/2"' in shown)
    assert [] == [one for one in twilio.sandbox.requests if "Media" in one.path]


def test_looking_and_saving_are_recorded_and_nothing_is_kept_by_anybody(pages: Pages, twilio: RunningSandbox) -> None:
    assert "Photo 1 of 2" in pages.read(PHOTO)
    assert [] == audited(pages)
    seen = pages.get(f"{PHOTO}/image")
    assert (200, "image/jpeg", "no-store") == (
        seen.status_code, seen.headers["content-type"], seen.headers["cache-control"]
    )  # fmt: skip
    assert (640, 480) == Image.open(BytesIO(seen.content)).size
    saved = pages.post(f"{PHOTO}/save", on=PHOTO)
    assert 'attachment; filename="photo-1-1.jpg"' == saved.headers["content-disposition"]
    assert "no-store" == saved.headers["cache-control"]
    assert [("saw", "photo 1 of reply 1", 1), ("did", "save photo 1 of reply 1", 1)] == audited(pages)


def test_what_is_no_photo_is_a_sentence_and_the_look_is_recorded_all_the_same(
    pages: Pages, twilio: RunningSandbox
) -> None:
    account = twilio.sandbox.account
    (message,) = (one for one in account.messages.values() if one.media)
    for content in (b"<script>alert(1)</script>", b"0" * 11_000_000):
        account.media[media_sids(message)[0]] = ("text/html", content)
        refused = pages.get(f"{PHOTO}/image")
        assert (422, True) == (refused.status_code, "look at it in Twilio" in words(refused))
        assert "alert(1)" not in refused.text
    assert 2 == len(audited(pages))
    account.delete(message.sid)
    assert "Twilio does not have the photo any more" in pages.read(f"{PHOTO}/image")


def test_a_photo_that_nobody_has_opened_is_deleted_nowhere(pages: Pages, twilio: RunningSandbox) -> None:
    """The patient is not erased before somebody has seen each of them; a look in vain is none. Then all of it goes."""
    account, pseudonyms = twilio.sandbox.account, Pseudonyms(KeySet(b"k" * 32))
    (message,) = (one for one in account.messages.values() if one.media)

    def forget() -> list[str]:
        with writing(pages.engine) as session:
            erase(session, 1, rules=pages.context.rules, pseudonyms=pseudonyms, now=pages.clock.now(), by="desk")
            return list(session.scalars(select(col(ProviderDeletion.sid))))

    pages.post("/replies/1/close", texts="go-on")
    account.media[media_sids(message)[1]] = ("image/jpeg", b"no picture")
    here, nowhere = pages.context.media, MediaSource("http://127.0.0.1:9", ACCOUNT_SID, (ACCOUNT_SID, AUTH_TOKEN))
    for number, source, status in ((1, nowhere, 422), (1, here, 200), (2, here, 422)):
        with pytest.raises(Refused, match=f"nobody has opened photo {number} of the patient's message 1; look at it"):
            forget()
        object.__setattr__(pages.context, "media", source)
        assert status == pages.get(f"/replies/1/photos/{number}/image").status_code
    assert message.sid in forget()
    assert 404 == pages.get(f"{PHOTO}/image").status_code


def test_a_photo_that_is_not_there_and_one_without_an_account(pages: Pages, twilio: RunningSandbox) -> None:
    for path in ("/replies/1/photos/0", "/replies/1/photos/3", "/replies/9/photos/1", "/replies/1/photos/3/image"):
        assert (path, 404) == (path, pages.get(path).status_code)
    object.__setattr__(pages.context, "media", None)
    assert "the Twilio account is not set" in pages.read(f"{PHOTO}/image")


def test_nobody_sees_it_signed_out_or_at_another_office(pages: Pages, twilio: RunningSandbox) -> None:
    here = OfficeProfile("here", Voice("Here", "978 555 0110"), "America/New_York", SendWindow())
    offices = {"here": here, "there": replace(here, id="there")}
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, offices=offices))
    with writing(pages.engine) as session:
        session.scalars(select(Reply)).one().office = "there"
        set_offices(session, "Dana", ["here"], now=pages.clock.now(), by="test")
    for path in (PHOTO, f"{PHOTO}/image"):
        assert (path, 404) == (path, pages.get(path).status_code)
    assert 404 == pages.post(f"{PHOTO}/save").status_code
    with reading(pages.engine) as session:
        written = session.scalars(select(col(StaffAudit.about)).where(col(StaffAudit.what) == "refused")).all()
    tried = (f"GET {PHOTO}", f"GET {PHOTO}/image", f"POST {PHOTO}/save")
    assert [f"{one}: of another office" for one in tried] == written
    pages.client.cookies.clear()
    assert 303 == pages.get(f"{PHOTO}/image").status_code
    assert [] == [one for one in twilio.sandbox.requests if "Media" in one.path]
