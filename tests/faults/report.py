"""The report."""
from __future__ import annotations

import pytest

from tests.faults.invariants import Findings

TALLY = pytest.StashKey[list[Findings]]()
