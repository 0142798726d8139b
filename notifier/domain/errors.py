"""What keeps the program from doing its work, whoever asked: one sentence each, for whoever runs the machine.

They stand below the database and the settings, so that a door can catch them without loading either.
"""

from __future__ import annotations


class BadConfiguration(Exception):
    """A setting is wrong: trying again does not mend it."""


class Unavailable(Exception):
    """Something that the program stands on, such as its database, cannot be used as it is."""
