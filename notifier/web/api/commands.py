"""The life of an enrollment: an address for each command of the table; each can say first what it would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy.orm import Session

from notifier.enrollments.command import Command
from notifier.enrollments.commands import COMMANDS, read_command
from notifier.enrollments.effect import Effect
from notifier.enrollments.lifecycle import apply, preview
from notifier.web.api.callers import Caller, Changer
from notifier.web.api.effects import CommandResponse, command_response
from notifier.web.api.enrollments import the_enrollment
from notifier.web.api.requests import (
    ChangeBody,
    ClearedBody,
    CommandBody,
    InformedBody,
    Number,
    ReasonBody,
    TreatedBody,
    instant,
)
from notifier.web.api.route import keyed_router

router = keyed_router("life")
_BODIES: Final[Mapping[str, type[CommandBody]]] = {
    "at": TreatedBody,
    "why": ReasonBody,
    "request": ChangeBody,
    "topics": InformedBody,
    "topic": ClearedBody,
}
"""What is sent, by what the command asks for."""


def _carry_out(kind: type[Command], enrollment: int, body: Any, caller: Caller) -> CommandResponse:
    """What the command does, or with `dry_run` would do. Raises Problem (404)."""
    command = read_command(kind, lambda name: _FIELDS[name](kind, body, caller))
    rules, now = caller.context.rules, caller.now

    def run(session: Session) -> Effect:
        the_enrollment(session, enrollment)
        if body.dry_run:
            return preview(session, enrollment, command, rules=rules, now=now)
        return apply(session, enrollment, command, rules=rules, now=now, by=caller.by)

    effect = (caller.read if body.dry_run else caller.write)(run, lambda _: enrollment)
    return command_response(effect, dry_run=body.dry_run)


_FIELDS: Final[Mapping[str, Callable[[type[Command], Any, Caller], Any]]] = {
    "at": lambda _kind, body, _caller: instant(body.at, "at"),
    "why": lambda kind, body, caller: body.reason or f"{kind.past} by {caller.by}",
    "request": lambda _kind, body, caller: body.request(caller.context.protocols),
    "topics": lambda _kind, body, _caller: tuple(body.topics),
    "informed": lambda _kind, body, _caller: body.informed,
    "topic": lambda _kind, body, _caller: body.topic,
    "cleared_at": lambda _kind, body, _caller: instant(body.at, "at") if body.at else None,
    "take_back": lambda _kind, body, _caller: body.take_back,
}
"""How a command's fields are read from a body."""


def _add(word: str, kind: type[Command]) -> None:
    def endpoint(enrollment: Number, body: Any, caller: Changer) -> CommandResponse:
        return _carry_out(kind, enrollment, body, caller)

    body_type = next((_BODIES[field.name] for field in fields(kind)), CommandBody)
    endpoint.__annotations__["body"] = body_type  # FastAPI reads the body's type here
    name = f"{word.replace('-', '_')}_enrollment"
    router.add_api_route(
        f"/enrollments/{{enrollment}}/{word}", endpoint, methods=["POST"], name=name, description=kind.__doc__
    )


for _word, _kind in COMMANDS.items():
    _add(_word, _kind)
