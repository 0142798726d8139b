"""The error of a protocol file, by itself: who catches it need not load what reads one."""

from __future__ import annotations


class ProtocolError(ValueError):
    """A protocol file cannot be used. One line per problem: the file, the step, the field, what to write instead."""
