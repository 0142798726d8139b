"""Saved answers, as they are and as one patient would read them; and a message that somebody else has to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from notifier.conversations.pass_on import pass_on
from notifier.db.enrollments import the_enrollment
from notifier.db.saved_answers import saved_answers
from notifier.oversight.offered_answers import offered_answers
from notifier.web.api.callers import Changer, Reader
from notifier.web.api.requests import Number, RequestBody
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import ResponseModel

router = keyed_router("decisions")


class SavedWordingResponse(ResponseModel):
    """The last words of an answer in one language."""

    language: str
    words: str
    approved_by: Annotated[str | None, Field(description="Who stands behind the words that may leave.")]
    waits: Annotated[bool, Field(description="Whether these words wait for a clinician.")]


class SavedAnswerResponse(ResponseModel):
    """An answer that staff give often, with its placeholders."""

    answer: int
    title: str
    wordings: list[SavedWordingResponse]


class SavedAnswersResponse(ResponseModel):
    """Those that are not retired."""

    answers: list[SavedAnswerResponse]


class OfferedAnswerResponse(ResponseModel):
    """An answer as one patient would read it now."""

    answer: int
    title: str
    words: Annotated[str | None, Field(description="With the patient's own dates; null: it may not leave.")]
    why_not: str | None


class OfferedAnswersResponse(ResponseModel):
    """Those in the patient's language."""

    enrollment: int
    answers: list[OfferedAnswerResponse]


class PassOnBody(RequestBody):
    """Who has to read it."""

    language: Annotated[
        str | None, Field(max_length=10, description="The language that it needs; the patient's own unless said.")
    ] = None


class PassOnResponse(ResponseModel):
    """The message stays open, and holds what it held."""

    reply: int
    readers: Annotated[list[str], Field(description="The colleagues whose accounts say that they read it.")]


@router.get("/saved-answers")
def list_saved_answers(caller: Reader) -> SavedAnswersResponse:
    """Every saved answer, in each language."""

    def query(session: Session) -> SavedAnswersResponse:
        answers = [
            SavedAnswerResponse(
                answer=one.answer.id or 0,
                title=one.answer.title,
                wordings=[
                    SavedWordingResponse(
                        language=language,
                        words=standing.written.words,
                        approved_by=standing.approved.approved_by if standing.approved else None,
                        waits=standing.waits,
                    )
                    for language, standing in one.wordings.items()
                ],
            )
            for one in saved_answers(session)
        ]
        return SavedAnswersResponse(answers=answers)

    return caller.read(query)


@router.get("/enrollments/{enrollment}/saved-answers")
def list_offered_answers(enrollment: Number, caller: Reader) -> OfferedAnswersResponse:
    """Each saved answer with this patient's dates, or why it may not leave now. Send its words as a reply."""
    context = caller.context

    def query(session: Session) -> OfferedAnswersResponse:
        found = offered_answers(
            session, the_enrollment(session, enrollment), rules=context.rules, answers=context.answers, now=caller.now
        )
        answers = [
            OfferedAnswerResponse(answer=one.answer, title=one.title, words=one.words, why_not=one.why_not)
            for one in found
        ]
        return OfferedAnswersResponse(enrollment=enrollment, answers=answers)

    return caller.read(query)


@router.post("/replies/{reply}/pass-on")
def pass_reply_on(reply: Number, body: PassOnBody, caller: Changer) -> PassOnResponse:
    """Pass a message on to colleagues who read its language. It stays open, and holds what it held."""

    def write(session: Session) -> PassOnResponse:
        readers = pass_on(session, reply, body.language, now=caller.now, by=caller.by)
        return PassOnResponse(reply=reply, readers=readers)

    return caller.write(write, lambda _: None)
