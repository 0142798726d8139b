"""What is posted: ids and states; names, numbers and words only where the endpoint was given them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from notifier.db.tables import Enrollment, Message, Reply, WebhookDelivery, WebhookEndpoint


def payload(session: Session, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The document of this delivery, after the Standard Webhooks convention: `type`, `timestamp`, `data`.

    Instants are ISO 8601 in UTC. What a row no longer has, because it was forgotten meanwhile, is left out.
    """
    data: dict[str, Any] = dict(delivery.ids)
    enrollment = session.get(Enrollment, delivery.ids.get("enrollment"))
    if enrollment is not None:
        data |= {"external_id": enrollment.external_id, "protocol": enrollment.protocol, "office": enrollment.office}
    message = session.get(Message, delivery.ids["message"]) if "message" in delivery.ids else None
    if message is not None:
        data |= {"step": message.step, "kind": message.kind}
    if endpoint.with_details:
        data |= _details(session, delivery, enrollment, message)
    return {"type": delivery.happening, "timestamp": delivery.at.isoformat(), "data": data}


def _details(
    session: Session, delivery: WebhookDelivery, enrollment: Enrollment | None, message: Message | None
) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if enrollment is not None:
        said |= {"name": enrollment.name, "phone": enrollment.phone}
    if message is not None:
        said["text"] = message.sent_text or message.text
    reply = session.get(Reply, delivery.ids["reply"]) if "reply" in delivery.ids else None
    if reply is not None:
        said["text"] = reply.text
    return said
