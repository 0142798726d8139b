"""The examples for authors: eight other procedures, which nobody is enrolled on."""

from __future__ import annotations

from pathlib import Path

import schedules
from schedules.catalogue import load_directory, shipped
from schedules.check import check_protocol

EXAMPLES = Path(schedules.__file__).with_name("examples")


def test_every_example_reads_has_no_problem_says_that_nobody_reviewed_it_and_is_not_offered() -> None:
    found = load_directory(EXAMPLES)
    names = {"cryo", "filler", "ipl", "laser-hair", "peel-medium", "prp-facial", "tattoo-removal", "toxin"}
    assert names == set(found)
    assert {} == {name: problems for name, one in found.items() if (problems := check_protocol(one).problems)}
    assert names == {name for name, one in found.items() if one.source.endswith("not reviewed by a clinician")}
    assert set() == names & set(shipped())


def test_the_examples_show_what_a_protocol_can_say() -> None:
    found = load_directory(EXAMPLES)
    assert {"cryo", "peel-medium", "tattoo-removal"} == {
        name for name, one in found.items() if any(step.repeat for step in one.steps)
    }
    assert {"cryo", "tattoo-removal"} == {
        name for name, one in found.items() if any(rule.is_gate for rule in one.restrictions.values())
    }
    assert {"peel-medium"} == {name for name, one in found.items() if any(r.up_to for r in one.restrictions.values())}
    assert {"laser-hair"} == {name for name, one in found.items() if "session" in one.every_question}
