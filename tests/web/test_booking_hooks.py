"""`POST /hooks/NAME`: what is signed is stored at once; everything else is refused alike, and changes nothing."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from notifier.db.engine import writing
from notifier.db.tables import HookEvent
from notifier.enrollments.importing.booking_hooks.sources import HookKind, add_source, remove_source, rotate_secret
from notifier.web.webhooks.booking_hooks import MOST_BYTES
from tests.web.conftest import Web

BODY = '{"external_id": "B-1"}'


def add(session: Session, web: Web, name: str, kind: HookKind) -> str:
    return add_source(session, name, kind=kind, own_mappings={}, now=web.clock.now(), by="desk").secret


def standard(
    web: Web, secret: str, *, body: str = BODY, age: timedelta = timedelta(), **headers: str
) -> dict[str, str]:
    at = web.clock.now() - age
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1,AAAA {Webhook(secret).sign('msg_1', at, body)}",
    }


def cal_com(secret: str, body: str = BODY) -> dict[str, str]:
    return {"X-Cal-Signature-256": hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}


def test_a_signed_post_is_stored_once_as_it_came(web: Web) -> None:
    with writing(web.engine) as session:
        ours, cal = (
            add(session, web, one, kind) for one, kind in (("ours", HookKind.STANDARD), ("cal", HookKind.CAL_COM))
        )
    for headers in (standard(web, ours), standard(web, ours, age=timedelta(minutes=-4))):
        assert (202, b"") == (
            (answer := web.client.post("/hooks/ours", content=BODY, headers=headers)).status_code,
            answer.content,
        )
    for _ in range(2):
        assert 202 == web.client.post("/hooks/cal", content=BODY, headers=cal_com(cal)).status_code
    assert [("msg_1", BODY, "waiting"), (hashlib.sha256(BODY.encode()).hexdigest(), BODY, "waiting")] == [
        (one.event_id, one.body, one.state) for one in web.all(HookEvent)
    ]
    assert 4 == web.metric('notifier_webhooks_taken_total{route="/hooks"}')


def test_what_is_signed_with_the_former_secret_is_taken_for_a_day_more(sqlite_web: Web) -> None:
    web = sqlite_web

    def status(name: str, headers: dict[str, str]) -> int:
        return web.client.post(f"/hooks/{name}", content=BODY, headers=headers).status_code

    with writing(web.engine) as session:
        first, cal = add(session, web, "ours", HookKind.STANDARD), add(session, web, "cal", HookKind.CAL_COM)
        second = rotate_secret(session, "ours", now=web.clock.now(), by="desk")
        rotate_secret(session, "cal", at_once=True, now=web.clock.now(), by="desk")
    assert [202, 202] == [status("ours", standard(web, one)) for one in (first, second)]
    assert 403 == status("cal", cal_com(cal)), "somebody else has it"
    web.clock.pass_(days=1)
    assert [403, 202] == [status("ours", standard(web, one)) for one in (first, second)]


def test_who_is_no_source_is_answered_as_who_signs_wrong(sqlite_web: Web) -> None:
    web = sqlite_web
    with writing(web.engine) as session:
        secret, cal = add(session, web, "ours", HookKind.STANDARD), add(session, web, "cal", HookKind.CAL_COM)
        gone = add(session, web, "gone", HookKind.STANDARD)
        remove_source(session, "gone", now=web.clock.now(), by="desk")
    right = standard(web, secret)
    wrong = [
        ("nobody", right),
        ("gone", standard(web, gone)),
        ("cal", right),
        ("ours", cal_com(secret)),
        ("ours", {}),
        ("ours", standard(web, gone)),
        ("ours", standard(web, secret, body="{}")),
        ("ours", standard(web, secret, age=timedelta(minutes=6))),
        ("ours", standard(web, secret, age=timedelta(minutes=-6))),
        ("ours", right | {"webhook-timestamp": "9" * 11}),
        ("ours", right | {"webhook-timestamp": "-1"}),
        ("ours", right | {"webhook-id": "msg_2"}),
        ("ours", right | {"webhook-id": "m" * 201}),
        ("cal", cal_com(secret)),
        ("cal", cal_com(cal, "{}")),
    ]
    answers = [web.client.post(f"/hooks/{name}", content=BODY, headers=headers) for name, headers in wrong]
    assert {(403, b"signature\n")} == {(one.status_code, one.content) for one in answers}
    assert 413 == web.client.post("/hooks/ours", content="x" * (MOST_BYTES + 1), headers=right).status_code
    assert 0 == web.count(HookEvent)
    assert 202 == web.client.post("/hooks/ours", content=BODY, headers=right).status_code
