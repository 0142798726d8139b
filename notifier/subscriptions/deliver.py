"""Posting: signed after the Standard Webhooks convention, in order for a patient, again for three days.

At least once: whoever receives a post remembers its `webhook-id`, which is the same for every try.
https://www.standardwebhooks.com has the convention and libraries that check the signature.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx2
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, aliased
from sqlmodel import col
from standardwebhooks import Webhook

from notifier.db.tables import WebhookDelivery, WebhookEndpoint
from notifier.domain.webhook_secrets import good_secrets
from notifier.subscriptions.payload import payload

WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 20 * 3600)
)
"""After each try that failed; after the last of them it is given up: 72 hours in all."""
AT_ONCE: Final = 50
"""Deliveries of one endpoint taken in one round."""
_LEASE: Final = timedelta(minutes=2)
"""Whoever takes a delivery has so long; then it is tried again, also where the process died."""
_SECONDS: Final = 10.0
_GONE: Final = 410
"""The other program wants no more of it: the convention's own status."""


@dataclass(frozen=True, slots=True)
class Post:
    """One try of one delivery."""

    delivery: int
    endpoint: int
    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class PostResult:
    """What became of a try; `why` None: it was taken."""

    post: Post
    why: str | None = None
    is_gone: bool = False


def take(session: Session, now: datetime) -> list[Post]:
    """What is due, signed, each endpoint's oldest first; nobody else takes it for two minutes.

    A delivery waits for an earlier one about the same patient to the same endpoint.
    """
    posts = []
    working = select(WebhookEndpoint).where(col(WebhookEndpoint.ended_at).is_(None)).order_by(col(WebhookEndpoint.id))
    for endpoint in session.scalars(working.with_for_update(skip_locked=True)):
        for one in session.scalars(_due(endpoint, now)):
            one.tries, one.next_at = one.tries + 1, now + _LEASE
            posts.append(_signed(endpoint, f"msg_{endpoint.id}_{one.source.replace(':', '_')}", one.id or 0,
                                 json.dumps(payload(session, one, endpoint), ensure_ascii=False), now))  # fmt: skip
    return posts


def try_out(endpoint: WebhookEndpoint, now: datetime) -> Post:
    """A post that says only that it is a test."""
    body = json.dumps({"type": "test", "timestamp": now.isoformat(), "data": {}})
    return _signed(endpoint, f"msg_{endpoint.id}_test_{now:%Y%m%d%H%M%S%f}", 0, body, now)


async def send(posts: Sequence[Post], *, client: httpx2.AsyncClient) -> list[PostResult]:
    """One after the other; after the first that fails the rest of its endpoint waits for the next round."""
    outcomes: list[PostResult] = []
    failed: set[int] = set()
    for post in posts:
        if post.endpoint in failed:
            continue
        outcome = await _send_one(post, client)
        outcomes.append(outcome)
        if outcome.why is not None:
            failed.add(post.endpoint)
    return outcomes


def send_now(post: Post) -> str | None:
    """Post it from a thread without an event loop; why it was not taken, None where it was."""

    async def posted() -> str | None:
        async with client() as http:
            return (await send([post], client=http))[0].why

    return asyncio.run(posted())


def save(session: Session, posts: Sequence[Post], outcomes: Sequence[PostResult], now: datetime) -> None:
    """Write down what became of the tries; those that were not made count as none."""
    tried = {one.post.delivery for one in outcomes}
    untried = [post.delivery for post in posts if post.delivery not in tried]
    back = update(WebhookDelivery).where(col(WebhookDelivery.id).in_(untried))
    session.execute(back.values(tries=WebhookDelivery.tries - 1, next_at=now))
    for one in outcomes:
        delivery = session.get(WebhookDelivery, one.post.delivery)
        if delivery is None or delivery.delivered_at is not None:
            continue
        delivery.why = one.why
        if one.why is None:
            delivery.delivered_at = now
        elif one.is_gone or delivery.tries > len(WAITS):
            delivery.given_up_at = now
        else:
            delivery.next_at = now + WAITS[delivery.tries - 1]
        endpoint = session.get(WebhookEndpoint, one.post.endpoint)
        if one.is_gone and endpoint is not None and endpoint.ended_at is None:
            endpoint.ended_at, endpoint.ended_by = now, "its answer 410 Gone"


def client() -> httpx2.AsyncClient:
    """No redirects, no proxies of the environment: a post goes where an admin has said, and nowhere else."""
    return httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False)


def _due(endpoint: WebhookEndpoint, now: datetime) -> Select[WebhookDelivery]:
    earlier = aliased(WebhookDelivery)
    before = select(col(earlier.id)).where(
        col(earlier.endpoint_id) == col(WebhookDelivery.endpoint_id),
        col(earlier.patient) == col(WebhookDelivery.patient),
        col(earlier.id) < col(WebhookDelivery.id),
        col(earlier.delivered_at).is_(None),
        col(earlier.given_up_at).is_(None),
    )
    return (
        select(WebhookDelivery)
        .where(
            col(WebhookDelivery.endpoint_id) == endpoint.id,
            col(WebhookDelivery.delivered_at).is_(None),
            col(WebhookDelivery.given_up_at).is_(None),
            col(WebhookDelivery.next_at) <= now,
            ~before.exists(),
        )
        .order_by(col(WebhookDelivery.id))
        .limit(AT_ONCE)
    )


def _signed(endpoint: WebhookEndpoint, id_: str, delivery: int, body: str, now: datetime) -> Post:
    headers = {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(one).sign(id_, now, body) for one in good_secrets(endpoint, now)),
    }
    return Post(delivery, endpoint.id or 0, endpoint.url, headers, body)


async def _send_one(post: Post, client: httpx2.AsyncClient) -> PostResult:
    try:
        response = await client.post(post.url, content=post.body.encode(), headers=post.headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return PostResult(post, f"it could not be reached ({type(error).__name__})")
    if response.is_success:
        return PostResult(post)
    return PostResult(post, f"it answered {response.status_code}", is_gone=response.status_code == _GONE)
