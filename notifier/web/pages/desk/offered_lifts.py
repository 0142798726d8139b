"""The lifts that are offered where texts go on: held meanwhile, and said or left out as a person ticks them."""

from __future__ import annotations

from collections.abc import Sequence

from notifier.db.tables import Message
from notifier.numbers.held_lifts import HeldLifts, held_lifts
from notifier.web.view import View


def lifts_on(view: View, *phones: str) -> HeldLifts:
    """Those on these numbers that this person may see."""
    with view.context.visible_session() as session:
        return held_lifts(session, phones, now=view.now)


def unsaid_of(view: View, lifts: Sequence[Message]) -> set[int]:
    """Those of them that were offered and are not ticked."""
    offered = read_ids(view.field("offered"))
    return {one.id for one in lifts if one.id in offered and not view.field(f"say.{one.id}")}


def read_ids(typed: str) -> set[int]:
    """Numbers with commas between, as a hidden field has them."""
    return {int(one) for one in typed.split(",") if one.isascii() and one.isdigit()}
