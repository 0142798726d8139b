"""Dispatch: hand over what is due. Claim, call, record; and again, until nothing is due."""

from notifier.actions.dispatch.turns import Dispatch, Record, Turn

__all__ = ["Dispatch", "Record", "Turn"]
