"""The lengths that a plan is tried with: the shortest and the longest that staff may choose, every gate opened."""

from __future__ import annotations

from datetime import timedelta

from schedules.moments import Anchor
from schedules.own_lengths import OwnLengths
from schedules.protocol import CareProtocol

_OPENED = timedelta(days=7)
"""When a gate without a length is taken to be marked as cleared."""


def tried_lengths(protocol: CareProtocol, anchor: Anchor) -> list[OwnLengths]:
    """What holds unless said, and the shortest of each range where there are any."""
    restrictions = protocol.restrictions.items()
    cleared = {topic: anchor.at if one.shortest else anchor.at + _OPENED for topic, one in restrictions if one.is_gate}
    shortest = {topic: one.shortest for topic, one in restrictions if one.up_to and one.shortest}
    longest = {topic: one.up_to for topic, one in restrictions if one.up_to}
    lengths = ({}, shortest, longest) if longest else ({},)
    return [OwnLengths(said, cleared=cleared) for said in lengths]
