"""`python -m tests.faults`: try every fault that has a name, here and elsewhere in the tests, and report."""

from __future__ import annotations

import sys

import pytest

from tests.faults.report import Report, faults

if __name__ == "__main__":
    tests = dict.fromkeys(test for fault in faults() for test in fault.tests)
    sys.exit(pytest.main(["-q", *sys.argv[1:], *tests], plugins=[Report()]))
