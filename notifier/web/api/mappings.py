"""A booking system's file through a mapping, as its rows would be read: nothing is written or remembered."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Path
from pydantic import Field

from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.enrollments.importing.import_rows import MappedRow
from notifier.enrollments.importing.mappings.apply import UnknownWord
from notifier.enrollments.importing.mappings.stored import open_reader
from notifier.web.api.callers import Enroller
from notifier.web.api.requests import RequestBody
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import ResponseModel

router = keyed_router("mappings")
_Words = Annotated[dict[str, str], Field(max_length=200, description="What a word means, by the word.")]
_Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="See `notifier mappings list`.")]
_LONGEST: Final = 60_000


class TryMappingBody(RequestBody):
    """A file, and what is said of its words beside what is remembered of them."""

    file: Annotated[str, Field(max_length=_LONGEST, description="Its bytes in base64.", examples=["RGF0ZSxDbGllbnQK"])]
    consent: Annotated[str, Field(max_length=200, description="How all agreed, where the file does not say.")] = ""
    services: _Words = Field(default_factory=dict)
    statuses: _Words = Field(default_factory=dict)
    offices: _Words = Field(default_factory=dict)
    consents: _Words = Field(default_factory=dict)


class MappedRowResponse(ResponseModel):
    """A row: its cells by the columns of our import, or why it cannot be read. What names no visit is left out."""

    row: int
    cells: dict[str, str] | None
    wrong: str | None


class UnknownWordResponse(ResponseModel):
    """A word of which nobody has said what it means."""

    what: Annotated[str, Field(description="service, status, office or consent.")]
    word: str
    rows: int


class TryMappingResponse(ResponseModel):
    """What the file's rows say."""

    rows: list[MappedRowResponse]
    unknown: list[UnknownWordResponse]


@router.post("/mappings/{mapping}/try")
def try_mapping(mapping: _Name, body: TryMappingBody, caller: Enroller) -> TryMappingResponse:
    """Show a file's rows as they would be read through a mapping. Nothing is written or remembered."""
    said = {**_words("service", body.services), **_words("status", body.statuses), **_words("office", body.offices)}
    said |= _words("consent", body.consents)
    context = caller.context
    with writing(context.engine) as session:
        caller.note(session, "saw")
        reader = open_reader(session, mapping, context.protocols, context.rules, consent=body.consent, said=said)
    (_, header), *rows = reader.rows(_bytes(body.file))
    names = header if isinstance(header, list) else []
    words = [UnknownWordResponse(what=one.what, word=one.word, rows=n) for one, n in reader.unknown.most_common()]
    return TryMappingResponse(rows=[_row(n, names, row) for n, row in rows if row is not None], unknown=words)


def _words(what: str, said: Mapping[str, str]) -> dict[UnknownWord, str]:
    return {UnknownWord(what, word): means for word, means in said.items()}


def _bytes(file: str) -> bytes:
    try:
        return b64decode(file, validate=True)
    except (NotBase64, ValueError):
        raise Refused("file is not base64; encode the file's bytes so", "file") from None


def _row(number: int, names: list[str], row: MappedRow) -> MappedRowResponse:
    if isinstance(row, Refused):
        return MappedRowResponse(row=number, cells=None, wrong=str(row))
    return MappedRowResponse(row=number, cells=dict(zip(names, row or (), strict=True)), wrong=None)
