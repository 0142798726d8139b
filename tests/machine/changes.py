"""What staff change of a course."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Cancel, Change, Hold, InformInPerson, Resume
from tests.machine.world import World

_STATES: dict[str, tuple[Command, dict[str, Any]]] = {
    "hold": (Hold("so"), {"held": True}),
    "resume": (Resume(), {"held": False, "cancelled": False}),
    "cancel": (Cancel(), {"cancelled": True}),
    "inform": (InformInPerson(), {"informed": True}),
}
STATES = list(_STATES)


def change_course(world: World, number: int, what: str, how: Any) -> None:
    """What staff change of one of the courses."""
    if not world.known.courses:
        return
    whose = sorted(world.known.courses)[number % len(world.known.courses)]
    if what in _STATES:
        command, values = _STATES[what]
        world.command(whose, command, **values)
    elif what == "treated":
        at = world.known.courses[whose].treated_at + timedelta(hours=how)
        overtaken = world.known.courses[whose].overtaken_by(at, world.now)
        world.command(whose, Change(ChangeRequest(treated_at=at)), treated_at=at, overtaken=overtaken)
    elif what == "phone":
        world.command(whose, Change(ChangeRequest(phone=how)), patient={"phone": how})
    else:
        of_course = {"timezone": "zone", "language": "language"}[what]
        world.command(whose, Change(ChangeRequest(**{what: how})), **{of_course: how})
