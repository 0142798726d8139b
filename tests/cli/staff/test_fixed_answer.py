"""The fixed answer on the command line: what leaves now, who approved it, and what waits for a clinician."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from notifier.bootstrap.sending import answer_rules
from notifier.cli.staff import fixed_answer
from notifier.config.settings import Settings
from notifier.conversations.auto_reply import AnswerRules
from tests.cli.conftest import Ran


def strict(settings: Settings) -> AnswerRules:
    """As where texts go to phones."""
    found = answer_rules(settings)
    assert found is not None
    return replace(found, must_be_approved=True)


def test_a_changed_wording_waits_until_a_clinician_approves_it(
    clinic: Callable[..., Ran], ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == clinic(*ana).code
    monkeypatch.setattr(fixed_answer, "answer_rules", strict)

    def english() -> tuple[str, str | None, bool]:
        (found,) = [one for one in clinic("fixed-answer", "--json").answer if one["language"] == "en"]
        return found["says"].partition(": ")[2][:21], found["approved_by"], found["waits"] is not None

    assert ("we may not see your t", None, True) == english(), "the program's own words stand in"
    assert "say who approves it" in clinic("fixed-answer", "--approve", "--yes").err
    approve = ("fixed-answer", "--approve", "--by", "Dr. Lee", "--yes")
    assert "is approved in en, es" in clinic(*approve).err
    monkeypatch.setenv("NOTIFIER_URGENT_ANSWER", "{clinic}: ring {phone}.")
    assert ("we may not see your t", "Dr. Lee", True) == english()
    assert "is approved in en" in clinic(*approve, "--language", "en").err
    assert ("ring 212-555-0100.", "Dr. Lee", False) == english()
    monkeypatch.setenv("NOTIFIER_CLINIC_NAME", "Another Name")
    assert not english()[2], "the clinic's name, phone and hours never lapse an approval"
    assert "it was approved already" in clinic(*approve).err
