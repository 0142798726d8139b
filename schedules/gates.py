"""Gates: what a clinic may not offer yet, for nobody can open one."""

from __future__ import annotations

from schedules.protocol import CareProtocol


def refuse_gates(protocol: CareProtocol) -> str | None:
    """Why no patient may be enrolled on it: a line for each gate; None where it has none.

    A gate ends when staff mark it as cleared, and there is no way to do that: its lift would wait for ever.
    """
    gates = {topic: one for topic, one in protocol.restrictions.items() if one.is_gate}
    return "\n".join(_why(protocol.id, topic, has_length=bool(one.shortest)) for topic, one in gates.items()) or None


def _why(protocol_id: str, topic: str, *, has_length: bool) -> str:
    instead = "take `until` out and keep the length" if has_length else "write a length, such as days = 7"
    what = 'until = "cleared" is not for patients yet, for staff have no way to mark it as cleared'
    return f'{protocol_id}.toml: restriction "{topic}": {what}; {instead}'
