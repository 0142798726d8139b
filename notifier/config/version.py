"""Which Notifier this is."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

DISTRIBUTION: Final = "aftercare-notifier"
"""Its name at the index; `notifier` there is somebody else's."""


def running_version() -> str:
    """Such as "notifier 0.1.0, Python 3.11.7", for people: the doctor and `notifier --version`."""
    try:
        ours = version(DISTRIBUTION)
    except PackageNotFoundError:
        ours = "not installed, run from its folder"
    return f"notifier {ours}, Python {platform.python_version()}"
