"""The Idempotency-Key of a request that must not be repeated: it is done once, however often it arrives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy.orm import Session

from notifier.access.idempotency import AnotherBody, KeyedRequest, StoredResponse, store_response, stored_response
from notifier.enrollments.fields import FIELDS, Kind
from notifier.web.api.callers import Caller
from notifier.web.api.problems import Problem

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,255}$",
        description="Any unique word. The same request with it again gets the same response, for 24 hours.",
    ),
]


def once(
    session: Session, caller: Caller, key: str | None, body_hash: str, do: Callable[[], StoredResponse]
) -> StoredResponse:
    """What `do` does; where this key came with the same request within a day, what it was answered then.

    The response names an enrollment. Raises Problem (409) where the key came with another request.
    """
    if key is None:
        return do()
    question = KeyedRequest(caller.integration.key_id, key, body_hash)
    try:
        before = stored_response(session, question, now=caller.now)
    except AnotherBody:
        sentence = "This Idempotency-Key came with another body before; a new request needs a new one."
        raise Problem(409, sentence, {"Idempotency-Key": sentence}) from None
    if before is not None:
        caller.note(session, "saw", before.body["enrollment"])
        return before
    answered = do()
    store_response(session, question, answered)
    return answered


def body_hash(body: BaseModel, about: str = "", *, without: frozenset[str] = frozenset()) -> str:
    """The same for the same content, however it is spaced and ordered. `about`: what the address itself names;
    `without`: fields that are no content.

    A field that came later and is not said leaves no trace: a request from before an upgrade may come again after it.
    """
    content = body.model_dump(exclude=set(without))
    for one in FIELDS:
        if one.name in content and one.later and content[one.name] is None:
            del content[one.name]
        elif one.name in content and one.kind is Kind.FLAG:
            content[one.name] = bool(content[one.name])
    return hashlib.sha256(f"{about}{json.dumps(content, sort_keys=True)}".encode()).hexdigest()
