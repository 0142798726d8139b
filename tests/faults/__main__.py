"""`python -m tests.faults`: try every fault that has a name, here and elsewhere in the tests, and report.

Exits with 1 where one that was tried has not held, or a text was doubled, lost or stuck.
"""

from __future__ import annotations

import sys

import pytest

from tests.faults.report import Report, faults

if __name__ == "__main__":
    report = Report()
    tests = dict.fromkeys(test for fault in faults() for test in fault.tests)
    code = pytest.main(["-q", *sys.argv[1:], *tests], plugins=[report])
    sys.exit(int(code) or (0 if report.is_well else 1))
