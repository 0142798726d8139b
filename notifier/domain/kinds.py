"""Kinds of texts beside those that protocols know, and when a text that waits is looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from schedules.protocol import KIND_ORDER

LOOK_AGAIN = timedelta(minutes=5)
"""How soon a text that waits for a person is looked at again."""


REPLY: Final = "reply"
"""The kind of a text that replies to what a patient wrote, beside the kinds that protocols know. It is no step of any
plan: it may leave at night, waits for no hold, and the daily cap does not count it."""

BY_ITSELF, BY_STAFF = "answer", "reply"
"""How the step of such a text begins; the number of what the patient wrote follows."""

NEED_ORDER: Final = (REPLY, *KIND_ORDER)
"""Every kind, in the order in which they leave where the need is the same."""
