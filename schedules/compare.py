"""What differs between two protocols, topic by topic and step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schedules.plain import condition_in_words, length_in_words, moment_in_words
from schedules.protocol import CareProtocol, Step


@dataclass(frozen=True, slots=True)
class ProtocolDifference:
    """One place, and what each of the two says there; None where it says nothing."""

    where: str
    a: str | None
    b: str | None


def compare_protocols(a: CareProtocol, b: CareProtocol) -> list[ProtocolDifference]:
    """Every difference that a patient or a clinician could notice; sources and titles included, ids not."""
    differences = _unlike(dict(_facts(a)), dict(_facts(b)))
    old, new = ({step.key: step for step in plan.steps} for plan in (a, b))
    for key in dict.fromkeys((*old, *new)):
        if key in old and key in new:
            differences += _unlike(dict(_step_facts(a, old[key])), dict(_step_facts(b, new[key])))
        else:
            differences.append(ProtocolDifference(f"step {key}", *(_in_short(plan, key) for plan in (a, b))))
    return differences


def _unlike(old: dict[str, str], new: dict[str, str]) -> list[ProtocolDifference]:
    return [
        ProtocolDifference(where, old.get(where), new.get(where))
        for where in dict.fromkeys((*old, *new))
        if old.get(where) != new.get(where)
    ]


def _in_short(plan: CareProtocol, key: str) -> str | None:
    for step in plan.steps:
        if step.key == key:
            return f"{step.kind.value}, {moment_in_words(step)}: {step.text[plan.languages[0]]}"
    return None


def _facts(plan: CareProtocol) -> Iterator[tuple[str, str]]:
    yield "title", plan.title
    yield "source", plan.source
    yield "languages", ", ".join(plan.languages)
    for key, question in plan.questions.items():
        yield f"question {key}", f"{question.ask} ({' / '.join(question.answers)})"
    for topic, restriction in plan.restrictions.items():
        yield f"restriction {topic}", f"{length_in_words(restriction)}{condition_in_words(restriction.only_if)}"
        yield f"restriction {topic}: source", restriction.source or "none"
        yield f"restriction {topic}: said when it ends", "yes" if restriction.ends_in_a_lift else "no"


def _step_facts(plan: CareProtocol, step: Step) -> Iterator[tuple[str, str]]:
    where = f"step {step.key}"
    yield f"{where}: kind", step.kind.value
    yield f"{where}: when", f"{moment_in_words(step)}{condition_in_words(plan.condition(step))}"
    yield f"{where}: topics", ", ".join(step.named_topics) or "none"
    yield f"{where}: useful for", length_in_words(step.stale_after) if step.stale_after else "as long as its rules hold"
    yield f"{where}: sent", f"no: {step.why_off}" if step.why_off else "yes"
    yield f"{where}: source", step.source or "none"
    for language, text in step.text.items():
        yield f"{where}: text {language}", text
    for language, text in step.late_text.items():
        yield f"{where}: late text {language}", text
    for choice, answer in step.answers.items():
        yield f"{where}: answer {choice}", f"{answer.means.value}, then {answer.then.value}"
    for field, texts in step.texts_of_answers():
        for language, text in texts.items():
            yield f"{where}: {field} {language}", text
