"""The protocol: what a clinic's plan on the wall says, as a checked model.

A protocol declares restrictions (topic, how long) and steps (what is said when). A step that *lifts* topics
has no time of its own: its moment is when the last of them has ended, so "never early" is structure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from schedules.asking import Asking, wrong_answers
from schedules.conditions import Condition, Conditional, both, implies, questions_in, wrong_condition
from schedules.field_types import Key, Language, Words
from schedules.offsets import Moment, Span, Strict
from schedules.placeholders import series_printed, topics_printed
from schedules.repeat import Occurrence, Repeat, wrong_days
from schedules.restriction import Restriction, no_such_topic
from schedules.series import LAST, SERIES, SESSION
from schedules.step_texts import wrong_texts
from schedules.topic_words import CATCH_UP, CatchUpWords


class StepKind(StrEnum):
    """What a text is for; it decides which way the text moves when its hour is closed."""

    WARNING = "warning"
    PREPARE = "prepare"
    RESTRICT = "restrict"
    CARE = "care"
    EXPECT = "expect"
    LIFT = "lift"
    ASK = "ask"
    CHECK_IN = "check_in"
    REBOOK = "rebook"


KIND_ORDER: Final = ("warning", "restrict", "care", "prepare", "lift", "ask", "expect", "check_in", "rebook")
"""Which kind goes first where two want the same place."""


FIRST_TEXT: Final = "first-text"
"""The key of the text that leaves at enrollment, which is no step of any protocol."""


class Question(Strict):
    """Something staff answer at enrollment; an unanswered one never falls into a branch."""

    ask: Words
    answers: Annotated[tuple[Key, ...], Field(min_length=2, max_length=8, strict=False)] = ("yes", "no")
    source: str | None = None


class Step(Conditional, Asking):
    """One planned contact."""

    key: Key
    kind: StepKind
    at: Moment | None = None
    repeat: Repeat | None = None
    """In place of `at`: at these hours of these days, each a text of its own."""
    lifts: Annotated[tuple[Key, ...], Field(strict=False)] = ()
    """The topics that this step says are over; only for kind `lift`."""
    topics: Annotated[tuple[Key, ...], Field(strict=False)] = ()
    """The topics that a restrict step names."""
    stale_after: Span | None = None
    """How long it is useful after its nominal moment; None (only a restrict step): while all that it names holds."""
    why_stale: str | None = None  # why a restrict step is useful for less than that
    text: dict[Language, Words]
    late_text: Annotated[dict[Language, Words], Field(default_factory=dict)]
    """The wording when it leaves on a later local date than its nominal one."""
    source: str | None = None
    inferred: str | None = None
    """What of this step is not on the page (its hour, usually), in words."""
    enabled: bool = True
    why_off: str | None = None
    _occurrence: Occurrence | None = PrivateAttr(default=None)

    @field_validator("kind", mode="before")
    @classmethod
    def _read_kind(cls, value: object) -> object:
        if isinstance(value, str) and value in {kind.value for kind in StepKind}:
            return StepKind(value)
        raise ValueError(f"{value!r} is not a kind; say one of {', '.join(StepKind)}")

    @model_validator(mode="before")
    @classmethod
    def _lifting_is_a_kind(cls, data: object) -> object:
        if isinstance(data, dict) and "kind" not in data:
            kind = "lift" if data.get("lifts") else "restrict" if data.get("topics") else None
            return {**data, "kind": kind} if kind else data
        return data

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if (self.kind is StepKind.LIFT) != bool(self.lifts):
            raise ValueError("`lifts` goes with kind lift, and only with it")
        if self.kind is StepKind.LIFT and self.at is not None:
            raise ValueError("a lift has no time of its own: leave out `at`; its moment is when its topics end")
        if self.kind is not StepKind.LIFT and self.at is None and self.repeat is None:
            raise ValueError("say when: add `at`, such as `at = { hours = 1 }`")
        if self.topics and self.kind is not StepKind.RESTRICT:
            raise ValueError("`topics` goes with kind restrict")
        self._check_staleness()
        if why := wrong_answers(self, self.key, asks=self.kind is StepKind.ASK):
            raise ValueError(why)
        if why := wrong_days(self.at, self.repeat, self.key, self.kind):
            raise ValueError(why)
        if self.enabled == bool(self.why_off):
            raise ValueError("`why_off` says why a step has `enabled = false`; one goes with the other")
        if self.late_text and self.late_text.keys() != self.text.keys():
            raise ValueError("`late_text` needs the same languages as `text`")
        return self

    def _check_staleness(self) -> None:
        if self.stale_after is None and not (self.kind is StepKind.RESTRICT and self.named_topics):
            raise ValueError("stale_after is missing; write stale_after = { hours = 8 }")
        if self.why_stale and not (self.kind is StepKind.RESTRICT and self.stale_after):
            raise ValueError("`why_stale` goes with the `stale_after` of a restrict step, and only with it")

    @cached_property
    def named_topics(self) -> tuple[str, ...]:
        """What a lift lifts, or what a restrict step names: `topics`, and those it prints the end or length of."""
        if self.kind is not StepKind.RESTRICT:
            return self.lifts
        return tuple(dict.fromkeys((*self.topics, *self.printed_topics, *self.measured_topics)))

    @property
    def named_rules(self) -> tuple[str, ...]:
        """What a restrict step tells; no other kind tells a rule."""
        return self.named_topics if self.kind is StepKind.RESTRICT else ()

    @cached_property
    def printed_topics(self) -> tuple[str, ...]:
        """Topics whose end (`{makeup.until}`) this step's texts print, in the order of the texts."""
        return topics_printed((*self.text.values(), *self.late_text.values()), "until")

    @cached_property
    def measured_topics(self) -> tuple[str, ...]:
        """Topics whose length (`{sun.length}`) this step's texts print; a reader counts it from the treatment."""
        return topics_printed((*self.text.values(), *self.late_text.values()), "length")

    @property
    def occurrence(self) -> Occurrence | None:
        """Which one of a repeat it is, in a plan; never in a file."""
        return (self.__pydantic_private__ or {}).get("_occurrence")  # by its name it would take ten times as long

    def occurrences(self) -> Iterator[Step]:
        """Each text that a plan may have of this step; itself where it does not repeat."""
        if self.repeat is None:
            yield self
            return
        for one in self.repeat.occurrences():
            step = self.model_copy(update={"key": self.key + one.suffix, "at": one.at, "repeat": None})
            step._occurrence = one  # noqa: SLF001 -- of the same class; no file may say it
            yield step

    @property
    def every_text(self) -> tuple[tuple[str, dict[str, str]], ...]:
        """Each field that has words, and its words by language."""
        return ("text", self.text), ("late_text", self.late_text), *self.texts_of_answers()

    @cached_property
    def printed_series(self) -> tuple[str, ...]:
        """What this step's texts print of the series: `session`, `sessions`."""
        return series_printed((*self.text.values(), *self.late_text.values(), *self.again_text.values()))

    @cached_property
    def still_held(self) -> tuple[str, ...]:
        """Topics of which this step says that they still hold: what it names or prints and does not lift."""
        said = dict.fromkeys((*self.named_topics, *self.printed_topics, *self.measured_topics))
        return tuple(topic for topic in said if topic not in self.lifts)


class CareProtocol(Strict):
    """A clinic's plan for one treatment, complete: the same content always has the same version."""

    id: Key
    title: Words
    source: Words
    languages: Annotated[tuple[Language, ...], Field(min_length=1, strict=False)] = ("en",)
    """The languages that every step is written in; the first is the protocol's own."""
    questions: Annotated[dict[Key, Question], Field(default_factory=dict)]
    restrictions: Annotated[dict[Key, Restriction], Field(default_factory=dict)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=60, strict=False)]
    catch_up: Annotated[dict[Language, CatchUpWords], Field(default_factory=dict)]
    """The sentence of a catch-up text, by language."""

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if reserved := SERIES.keys() & self.questions.keys():
            raise ValueError(
                f'question "{min(reserved)}": this name is that of the series and needs no question; '
                'write only_if = { session = "first" }, and staff are asked'
            )
        for topic, restriction in self.restrictions.items():
            self._check_condition(f"restrictions.{topic}", restriction.only_if)
        seen: set[str] = set()
        for step in self.steps:
            where = f'step "{step.key}"'
            if step.key == FIRST_TEXT:
                raise ValueError(f"{where}: this key is that of the text at enrollment; choose another")
            if step.key in seen:
                raise ValueError(f"{where}: this key is used twice; call one of the two steps otherwise")
            if step.key == CATCH_UP:
                raise ValueError(f"{where}: this key is ours, for the rules that no other text tells; take another")
            seen.add(step.key)
            self._check_condition(where, step.only_if)
            if (
                step.kind is StepKind.REBOOK
                and step.only_if
                and all(one.get(SESSION) == (LAST,) for one in step.only_if)
            ):
                raise ValueError(f"{where}: after the last session nobody is asked to rebook; take a check_in for it")
            if why := wrong_texts(step.kind, step.every_text, self.languages, self.restrictions):
                raise ValueError(f"{where}{why}")
            self._check_topics(where, step)
        return self

    def _check_condition(self, where: str, only_if: Condition) -> None:
        if why := wrong_condition(only_if, {key: question.answers for key, question in self.questions.items()}):
            raise ValueError(f"{where}: {why}")

    def _check_topics(self, where: str, step: Step) -> None:
        if step.kind is StepKind.PREPARE and step.printed_topics:
            raise ValueError(
                f"{where}: before the visit nothing has an end yet; write {{….length}} instead of {{….until}}"
            )
        for topic in step.named_topics:
            if topic not in self.restrictions:
                raise ValueError(f"{where}: {no_such_topic(topic, self.restrictions)}")
        conditions = {json.dumps(self.restrictions[topic].only_if, sort_keys=True) for topic in step.lifts}
        if len(conditions) > 1:
            raise ValueError(f"{where}: all topics of one lift must share one only_if; make one lift for each")
        for topic in self.topics_said(step):
            needed = self.restrictions[topic].only_if
            if not implies(self.condition(step), needed):
                said = needed[0] if len(needed) == 1 else list(needed)
                raise ValueError(f'{where}: names "{topic}", which holds only if {said}; give the step that only_if')

    def topics_said(self, step: Step) -> set[str]:
        """Topics whose end or length this step's texts print, besides those it names."""
        return {*step.named_topics, *step.printed_topics, *step.measured_topics} & self.restrictions.keys()

    def condition(self, step: Step) -> Condition:
        """When this step applies: its own `only_if` and that of the topics it lifts."""
        inherited = self.restrictions[step.lifts[0]].only_if if step.lifts else ()
        return step.only_if if inherited == step.only_if else both(inherited, step.only_if)

    @cached_property
    def planned_steps(self) -> tuple[Step, ...]:
        """Each text that a plan may have: of a step that repeats, each occurrence."""
        return tuple(one for step in self.steps for one in step.occurrences())

    def hangs_on(self, step: Step) -> set[str]:
        """The questions that must be answered before this step can be said."""
        return questions_in(self.conditions[step.key]).union(step.printed_series)

    @cached_property
    def every_question(self) -> Mapping[str, str]:
        """How each question is asked: its own, and those of the series where anything hangs on them."""
        hanging = {one for step in self.steps for one in self.hangs_on(step)}
        hanging |= {one for restriction in self.restrictions.values() for one in questions_in(restriction.only_if)}
        own = {key: question.ask for key, question in self.questions.items()}
        return own | {key: ask for key, ask in SERIES.items() if key in hanging}

    @cached_property
    def has_series(self) -> bool:
        """Whether it is of use to know the session: something hangs on it, or the patient is asked to rebook."""
        return bool(SERIES.keys() & self.every_question.keys()) or any(
            step.kind is StepKind.REBOOK for step in self.steps
        )

    @cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """When each step applies, by its key."""
        return {step.key: self.condition(step) for step in (*self.steps, *self.planned_steps)}

    @cached_property
    def content(self) -> str:
        """Canonical JSON: what is stored with an enrollment and hashed for the version."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def version(self) -> str:
        """The first 12 hex digits of the content's SHA-256."""
        return hashlib.sha256(self.content.encode()).hexdigest()[:12]

    @classmethod
    def from_content(cls, content: str) -> Self:
        """Read back what `content` stored."""
        return cls.model_validate(json.loads(content))
