"""Check: what an author should change in a protocol before anyone is enrolled on it."""

from __future__ import annotations

from dataclasses import dataclass

from schedules.checks.asks import check_asks
from schedules.checks.cost import PlanCost, plan_costs
from schedules.checks.density import Density, check_density
from schedules.checks.findings import Finding
from schedules.checks.pairs import Pair, check_pairs, find_pairs
from schedules.checks.quiet import quiet_notes
from schedules.checks.texts import check_texts
from schedules.checks.times import check_times
from schedules.protocol import CareProtocol
from schedules.timeline import Rules
from schedules.wording import Voice

EXAMPLE = Rules(Voice("Riverside Skin Clinic", "(978) 555-0142"))
"""A clinic with a name and a phone of the usual length."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one protocol: what must change, what should be looked at, how dense its texts are
    and what they cost."""

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    density: Density
    costs: tuple[PlanCost, ...]
    pairs: tuple[Pair, ...]
    """Texts that want the same hour after some treatments: the plan puts one of the two off."""
    quiet: tuple[str, ...] = ()
    """What the clinic's quiet days move, or take out."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The findings in sentences."""
        return tuple(finding.sentence for finding in self.findings)

    @property
    def notes(self) -> tuple[str, ...]:
        """The warnings, the pairs, what quiet days do, the density and the cost in sentences."""
        cost = f"segments of a whole plan: at most {', '.join(map(str, self.costs))}"
        return (*(one.sentence for one in self.warnings), *map(str, self.pairs), *self.quiet, str(self.density), cost)


def check_protocol(protocol: CareProtocol, rules: Rules = EXAMPLE) -> Report:
    """Try a protocol as a clinic with these rules would use it: every text, every hour, every answer.

    What breaks its structure (a missing language, an unknown placeholder, a lift with a time of its own) is refused
    before, when the file is read.
    """
    density, crowds = check_density(protocol, rules.window, rules.max_texts_per_day)
    pairs = find_pairs(protocol, rules.window)
    found = (
        *check_wording(protocol, rules),
        *check_pairs(protocol, pairs),
        *check_times(protocol, rules.window),
        *crowds,
    )
    return Report(
        tuple(finding for finding in found if not finding.is_warning),
        tuple(finding for finding in found if finding.is_warning),
        density,
        plan_costs(protocol, rules.voice),
        tuple(pairs),
        quiet_notes(protocol, rules.window),
    )


def check_wording(protocol: CareProtocol, rules: Rules = EXAMPLE) -> tuple[Finding, ...]:
    """The part that needs no plans and takes no time: every text, question, restriction and reason by itself."""
    return (
        *check_texts(protocol, rules.voice),
        *check_asks(protocol, rules.voice),
        *_check_topics(protocol),
        *_check_reasons(protocol),
    )


def _check_reasons(protocol: CareProtocol) -> list[Finding]:
    """Check that a rule is not cut short without a reason."""
    what, instead = "expires while its rules still hold", 'leave `stale_after` out, or add why_stale = "the reason"'
    short = [step for step in protocol.steps if step.enabled and step.named_rules and step.stale_after]
    return [Finding(protocol.id, what, instead, step.key) for step in short if step.why_stale is None]


def _check_topics(protocol: CareProtocol) -> list[Finding]:
    """Check that a restrict step names each restriction, and that a lift ends it unless it has no end to say."""
    on = [step for step in protocol.steps if step.enabled]
    named = {topic for step in on for topic in step.still_held}
    lifted = {topic for step in on for topic in step.lifts}
    found = []
    for topic, restriction in protocol.restrictions.items():
        if dumb := [code for code in protocol.languages if code not in restriction.words]:
            what = f"has no words in {', '.join(dumb)} for a text that tells what no other text tells any more"
            spoken = topic.replace("-", " ")
            instead = f'write {topic}.words.{dumb[0]} = {{ rule = "no {spoken}", again = "..." }}'
            found.append(Finding(protocol.id, f'restriction "{topic}" {what}', instead))
        if topic not in named:
            what, instead = "is told to nobody", f'name it in a restrict step: topics = ["{topic}"]'
            found.append(Finding(protocol.id, f'restriction "{topic}" {what}', instead, is_warning=True))
        if restriction.ends_in_a_lift and topic not in lifted:
            what, instead = "ends and nobody says so", "add a step that lifts it, or write ends_in_a_lift = false"
            is_warning = not restriction.is_gate  # the patient waits to be told
            found.append(Finding(protocol.id, f'restriction "{topic}" {what}', instead, is_warning=is_warning))
        if not restriction.ends_in_a_lift and topic in lifted:
            what, instead = "has ends_in_a_lift = false and is lifted", "take one of the two out"
            found.append(Finding(protocol.id, f'restriction "{topic}" {what}', instead))
    return found
