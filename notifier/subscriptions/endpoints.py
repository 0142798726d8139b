"""The addresses of other programs: added, listed, taken away."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access import accounts
from notifier.access.accounts import Source
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import Event, Reply, WebhookEndpoint
from notifier.domain.refused import Refused
from notifier.domain.web_address import check_web_address
from notifier.domain.webhook_secrets import new_secret, replace_secret
from notifier.subscriptions.happenings import Happening

AT_ONCE: Final = "; the former one is good for nothing any more"


def add_endpoint(
    session: Session,
    url: str,
    happenings: Iterable[Happening],
    *,
    office: str | None = None,
    with_details: bool = False,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> WebhookEndpoint:
    """A new endpoint, told what happens from now on; its secret is for the other program. Raises Refused."""
    wanted = sorted({one.value for one in happenings})
    if not wanted:
        raise Refused(f"say what it is told: {', '.join(Happening)}", "happening")
    url = check_web_address(
        url.strip(), example="https://example.org/hooks/notifier", http="this machine alone",
        may_use_http=_is_this_machine,
    )  # fmt: skip
    if any(one.url == url for one in endpoints(session)):
        raise Refused("there is an endpoint with this address already; take it away first", "url")
    (id_,) = insert_rows_for_ids(
        session,
        WebhookEndpoint,
        [
            {
                "url": url,
                "secret": new_secret(),
                "happenings": wanted,
                "office": office,
                "with_details": with_details,
                "read_event": session.scalar(select(func.max(col(Event.id)))) or 0,
                "read_reply": session.scalar(select(func.max(col(Reply.id)))) or 0,
                "created_at": now,
                "created_by": by,
            }
        ],
    )
    accounts.audit(
        session, at=now, by=by, what="did", about=f"added webhook endpoint {id_}: {', '.join(wanted)}", source=source
    )
    return the_endpoint(session, id_)


def endpoints(session: Session) -> list[WebhookEndpoint]:
    """Those that are told, the oldest first."""
    working = select(WebhookEndpoint).where(col(WebhookEndpoint.ended_at).is_(None))
    return list(session.scalars(working.order_by(col(WebhookEndpoint.id))))


def the_endpoint(session: Session, endpoint_id: int) -> WebhookEndpoint:
    """The working endpoint of this number. Raises Refused where there is none."""
    found = session.get(WebhookEndpoint, endpoint_id)
    if found is None or found.ended_at is not None:
        raise Refused(f"there is no endpoint {endpoint_id}; look at the list of endpoints", "endpoint")
    return found


def rotate_endpoint_secret(
    session: Session,
    endpoint_id: int,
    *,
    at_once: bool = False,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> str:
    """A new secret; posts carry the signature of the former one too, for a day unless `at_once`. Raises Refused."""
    found = the_endpoint(session, endpoint_id)
    replace_secret(found, new_secret(), now, at_once=at_once)
    about = f"made a new secret for webhook endpoint {endpoint_id}{AT_ONCE if at_once else ''}"
    accounts.audit(session, at=now, by=by, what="did", about=about, source=source)
    return found.secret


def remove_endpoint(session: Session, endpoint_id: int, *, now: datetime, by: str, source: Source | None = None) -> str:
    """Nothing is posted to it any more, not even what waits; its address. Raises Refused."""
    found = the_endpoint(session, endpoint_id)
    found.ended_at, found.ended_by = now, by
    accounts.audit(session, at=now, by=by, what="did", about=f"removed webhook endpoint {endpoint_id}", source=source)
    return found.url


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
