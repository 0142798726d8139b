"""How a command ends other than well. Bad input is `Refused`, bad configuration `BadSettings`."""

from __future__ import annotations


class Failed(Exception):
    """The command was understood and could not be done; one sentence."""
