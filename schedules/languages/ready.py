"""Ready words of one language for a step that names its topics and gives no text of its own: `ready.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from schedules.languages.parts import LanguagePart, saying


class TopicWords(LanguagePart):
    """One topic: as a rule, and how its end is said."""

    rule: str
    again: str | None = None
    over: str | None = None

    @model_validator(mode="after")
    def _its_end_is_said(self) -> Self:
        if not (self.again or self.over):
            raise ValueError("with again or over")
        return self


class AnswerWords(LanguagePart):
    """What a patient reads who has answered a question, by what follows from the answer."""

    file: Annotated[str, saying("clinic", "phone")]
    task: Annotated[str, saying("clinic", "staffed.next", "phone")]
    urgent: Annotated[str, saying("clinic", "phone")]

    def by(self, consequence: object) -> str:
        """The words for that consequence, as a file says it; what is none is refused elsewhere."""
        return {"file": self.file, "task": self.task}.get(str(consequence), self.urgent)


class ReadyWords(LanguagePart):
    """The sentences, and the words for each topic."""

    restrict: Annotated[str, saying("clinic", "rules", "phone")]
    lift: Annotated[str, saying("clinic", "news", "phone")]
    again: Annotated[str, saying("things")]
    conjunction: str = Field(alias="and")
    topics: dict[str, TopicWords]
    answers: AnswerWords

    def with_words(self, own: Mapping[str, object], until: str) -> Self:
        """The same, with a protocol's own words for these topics; those that say no end of their topic are no help."""
        added = {}
        for topic, words in own.items():
            if isinstance(words, dict) and isinstance(rule := words.get("rule"), str):
                said = {**words, "rule": f"{rule} {until} {{{topic}.until}}"}
                try:
                    added[topic] = TopicWords.model_validate(said)
                except ValidationError:
                    continue  # the protocol's own check says what is wrong with them
        return self.model_copy(update={"topics": {**self.topics, **added}}) if added else self

    def restrict_text(self, topics: list[str]) -> str:
        """What must not be done, each with its end."""
        return self.restrict.replace("{rules}", ", ".join(self.topics[topic].rule for topic in topics))

    def lift_text(self, topics: list[str]) -> str:
        """What is over: all that fits "you may ... again", then the sentences that stand alone."""
        words = [self.topics[topic] for topic in topics]
        again = [word.again for word in words if word.again]
        news = [self.again.replace("{things}", self._joined(again))] if again else []
        return self.lift.replace("{news}", "; ".join(news + [word.over for word in words if word.over]))

    def _joined(self, things: list[str]) -> str:
        *others, last = things
        return f"{', '.join(others)}{self.conjunction}{last}" if others else last
