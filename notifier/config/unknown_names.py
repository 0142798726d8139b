"""Names in the environment or the settings file that look like settings of ours and are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches


def unknown_variables(environment: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """A sentence for each variable that nothing reads."""
    # NOTIFIER_TEST_… belongs to the test suite.
    given = [name for name in environment if name.startswith("NOTIFIER_") and not name.startswith("NOTIFIER_TEST_")]
    # Other programs may have variables of Twilio's: only what is nearly one of ours is a typo.
    given += [name for name in environment if name.startswith("TWILIO_") and get_close_matches(name, known, 1, 0.85)]
    return [unknown_name(name, known) for name in sorted(given) if name not in known]


def unknown_name(name: str, known: Sequence[str]) -> str:
    """What to write instead of a name that is none."""
    near = get_close_matches(name.upper(), known, n=1, cutoff=0.4)
    return f"{name} is no setting of Notifier; {f'did you mean {near[0]}?' if near else 'leave it out.'}"
