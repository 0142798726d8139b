"""`notifier protocols correct`: one approved correction to exactly those who were told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from notifier.cli.context import CommandContext, command_context
from notifier.cli.effect_table import print_texts
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import is_attended, note, print_json, show
from notifier.db.corrections import CorrectionStanding, correction_of
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.publishing.correct import Correction, preview_correction, send_correction
from notifier.publishing.correction_words import approve_correction, write_correction

_Words = Mapping[str, CorrectionStanding]


def correct_patients(
    protocol: Annotated[str, typer.Argument(help="Its id.")],
    text: Annotated[
        list[str] | None, typer.Option(help="LANGUAGE=WORDS: write what they shall read; may be given several times.")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Let a clinician stand behind these words.")] = False,
    by: Annotated[str | None, typer.Option(help="The clinician who does.")] = None,
    language: Annotated[str | None, typer.Option(help="Approve one language; all of them unless said.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Text one correction to exactly those who were told otherwise.

    After `protocols migrate`: first --text, then --approve --by, then neither of them to send it. Nobody gets it twice;
    whom no text can reach is listed to call.
    """
    if text and approve:
        raise Refused("write the words with --text first; a clinician reads them, then: --approve --by NAME", "approve")
    if not approve and (by or language):
        raise Refused("--by and --language go with --approve", "by")
    with command_context(writes_texts=True, dry_run=dry_run) as context:
        only_shown = dry_run or (as_json and is_attended() and not yes)
        if text:
            _write(context, protocol, _words(text), as_json=as_json, only_shown=only_shown)
        elif approve:
            _approve(context, protocol, by or "", language, yes=yes, as_json=as_json, only_shown=only_shown)
        else:
            _send(context, protocol, yes=yes, as_json=as_json, only_shown=only_shown)


def _write(
    context: CommandContext, protocol: str, words: Mapping[str, str], *, as_json: bool, only_shown: bool
) -> None:
    with context.change() as session:
        new = write_correction(session, protocol, words, rules=context.rules, now=context.now, by=context.by)
        found, standing = _look(context, session, protocol)
        if only_shown:
            session.rollback()
    _print(found, standing, as_json=as_json)
    said = f"written in {', '.join(new)}" if new else "these were the words already"
    context.report(said)
    if any(one.waits for one in standing.values()):
        note(f"a clinician reads and approves it: notifier protocols correct {protocol} --approve --by NAME")


def _approve(
    context: CommandContext,
    protocol: str,
    by: str,
    language: str | None,
    *,
    yes: bool,
    as_json: bool,
    only_shown: bool,
) -> None:
    with reading(context.engine) as session:
        found, standing = _look(context, session, protocol)
    seen = {code: one.written.id or 0 for code, one in standing.items()}
    _print(found, standing, as_json=as_json)
    if as_json and only_shown and not context.dry_run:
        return
    context.confirm(f"Has {by} read these words?", yes=yes)
    with context.change() as session:
        new = approve_correction(session, protocol, language=language, seen=seen, now=context.now, by=by)
    context.report(f"it is approved in {', '.join(new)}" if new else "it was approved already")


def _send(context: CommandContext, protocol: str, *, yes: bool, as_json: bool, only_shown: bool) -> None:
    with reading(context.engine) as session:
        found, standing = _look(context, session, protocol)
    if not standing:
        raise Refused(
            f'write the correction first: notifier protocols correct {protocol} --text "en={{clinic}}: ..."', "text"
        )
    if only_shown or not as_json:
        _print(found, standing, as_json=as_json)
    if context.dry_run:
        context.report(f"{counted(len(found.sent_to), 'patient')} would get it; to call: {len(found.call_patient)}")
    if only_shown:
        return
    context.confirm(f"Text it to {counted(len(found.sent_to), 'patient')}?", yes=yes)
    done = send_correction(context.change, found, rules=context.rules, now=context.now, by=context.by)
    if as_json:
        _print(done, standing, as_json=True)
    context.report(f"{counted(len(done.sent_to), 'patient gets', 'patients get')} it, in the send window")
    for call in done.call_patient:
        note(f"call: enrollment {call.enrollment}: {call.why}")


def _look(context: CommandContext, session: Session, protocol: str) -> tuple[Correction, _Words]:
    found = preview_correction(session, protocol, rules=context.rules, now=context.now)
    standing = correction_of(session, found.protocol.id, found.protocol.version)
    for one in standing.values():
        session.expunge(one.written)
    context.shows([*(one.enrollment for one in found.effects), *found.already, *_waiting(found)])
    return found, standing


def _waiting(found: Correction) -> Iterable[int]:
    return (whose for them in (found.waiting or {}).values() for whose in them)


def _print(found: Correction, standing: _Words, *, as_json: bool) -> None:
    if as_json:
        said = {code: {"words": one.written.words, "waits": one.waits} for code, one in standing.items()}
        print_json(found.to_json() | {"words": said})
        return
    for code, one in standing.items():
        show(f"{code}: {one.written.words}{' (waits for a clinician)' if one.waits else ''}")
    for effect in found.effects:
        print_texts(effect.texts, zone_called(effect.timezone), f"enrollment {effect.enrollment}")
    for code, whose in (found.waiting or {}).items():
        show(f"waits for approved words in {code}: enrollments {', '.join(map(str, whose))}")
    if found.already:
        show(f"had it before: enrollments {', '.join(map(str, found.already))}")


def _words(given: Iterable[str]) -> dict[str, str]:
    read: dict[str, str] = {}
    for one in given:
        code, equals, words = one.partition("=")
        if not (equals and code.strip() and words.strip()):
            raise Refused(
                f'--text "{one[:30]}" is not LANGUAGE=WORDS; write it like --text "en={{clinic}}: ..."', "text"
            )
        read[code.strip()] = words
    return read
