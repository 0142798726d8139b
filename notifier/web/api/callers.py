"""Who is calling: the key of a request, what it may do, and the audit log of what it saw and did."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeVar

from fastapi import Security
from fastapi.security import HTTPBearer, SecurityScopes
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.requests import Request

from notifier.access import accounts, api_keys
from notifier.access.accounts import Source
from notifier.access.api_keys import Integration
from notifier.access.rate_limit import note_wrong_key
from notifier.access.record_look import Look, record_look
from notifier.db.engine import reading, writing
from notifier.db.tables import Scope
from notifier.db.visibility import names_a_patient
from notifier.web.api.problems import Problem
from notifier.web.context import WebContext
from notifier.web.source import source_of

_T = TypeVar("_T")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
_CHALLENGE: Final = 'Bearer realm="Notifier"'
_shown = HTTPBearer(auto_error=False, scheme_name="key", description="An admin makes it on the staff page.")


@dataclass(frozen=True)
class Caller:
    """One request of an integration."""

    context: WebContext
    integration: Integration
    now: datetime
    operation: str
    """Method and pattern of the address, for the audit log."""
    source: Source
    is_a_list: bool = True
    """The address names no patient."""

    @property
    def by(self) -> str:
        return self.integration.by

    def read(self, query: Callable[[Session], _T], whose: Callable[[_T], int | None] = lambda _: None) -> _T:
        """What the query finds, handed over once the audit log has who saw whom: every `enrollment` in the response.

        `whose`: the enrollment it is about, where none is in it.
        """
        with self.context.visible_session() if self.is_a_list else reading(self.context.engine) as session:
            found = query(session)
        patients = set(_patients_in(found)) | ({one} if (one := whose(found)) is not None else set())
        look = Look(self.by, self.source, self.operation, patients)
        record_look(self.context.engine, self.context.looks, look, now=self.now)
        if api_keys.is_long_unseen(self.integration, self.now):
            with writing(self.context.engine) as session:
                api_keys.seen(session, self.integration.key_id, now=self.now)
        return found

    def write(self, change: Callable[[Session], _T], whose: Callable[[_T], int | None]) -> _T:
        """What the change returns. It and its entry in the audit log are one transaction."""
        with writing(self.context.engine) as session:
            done = change(session)
            self.note(session, "did", whose(done))
        return done

    def require(self, scope: Scope) -> None:
        """Raise Problem (403) unless the key has this scope too, where what is sent decides which one it needs."""
        if scope not in self.integration.scopes:
            raise _lacks({scope}, scope.value)

    def note(self, session: Session, what: str, enrollment: int | None = None, *, shown: Collection[int] = ()) -> None:
        """Write down what this integration saw or did, to one patient or to all of `shown`."""
        accounts.audit(
            session, at=self.now, by=self.by, what=what, about=self.operation, enrollment_id=enrollment,
            source=self.source, shown=shown)  # fmt: skip
        api_keys.seen(session, self.integration.key_id, now=self.now)


def _patients_in(found: object) -> Iterator[int]:
    """The enrollments that a response names, at whatever depth."""
    if isinstance(found, BaseModel):
        for name, value in found:
            if name == "enrollment" and isinstance(value, int):
                yield value
            else:
                yield from _patients_in(value)
    elif isinstance(found, list | tuple):
        for one in found:
            yield from _patients_in(one)


def identify(request: Request, context: WebContext) -> Integration:
    """Whose key this is. Raises Problem (401), whatever came before: a flood of wrong keys changes no answer."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        request.state.refused = "api key"
        raise _no_way_in("Send a key: Authorization: Bearer KEY. An admin makes one.")
    if not _KEY.fullmatch(key.strip()):
        raise _wrong_key(request, context, "This is no key of Notifier's.")
    with reading(context.engine) as session:
        found = api_keys.key_with(session, api_keys.hash_of(key.strip()))
    if found is None or found.revoked_at is not None:
        raise _wrong_key(request, context, "This key is unknown or revoked.")
    return api_keys.integration_of(found)


def _wrong_key(request: Request, context: WebContext, why: str) -> Problem:
    """The response to one more, from wherever it came."""
    source, now = source_of(request), context.clock.now()
    request.state.refused = "api key"
    if note_wrong_key(context.engine, source.address or "unknown", now):  # a flood of them fills no audit log
        with writing(context.engine) as session:
            accounts.audit(session, at=now, by="nobody", what="refused", about="a wrong API key", source=source)
    return _no_way_in(why, ', error="invalid_token"')


def _no_way_in(why: str, error: str = "") -> Problem:
    return Problem(401, why, headers={"WWW-Authenticate": f"{_CHALLENGE}{error}"})


def _lacks(missing: Collection[Scope], needed: str) -> Problem:
    challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"'
    sentence = f"This key may not do that: it lacks the scope {', '.join(sorted(missing))}."
    return Problem(403, sentence, headers={"WWW-Authenticate": challenge})


def caller(request: Request, needed: SecurityScopes, _: Annotated[object, Security(_shown)]) -> Caller:
    """The caller, if its key may do this. Raises Problem (403)."""
    context: WebContext = request.app.state.context
    integration: Integration = request.state.integration
    operation = f"{request.method} {getattr(request.scope['route'], 'path', '')}"
    context = context.with_own_words().limited_to(None if integration.office is None else {integration.office})
    calling = Caller(
        context,
        integration,
        context.clock.now(),
        operation,
        source_of(request),
        is_a_list=not names_a_patient(request.path_params),
    )
    if missing := {Scope(scope) for scope in needed.scopes} - integration.scopes:
        with writing(context.engine) as session:
            calling.note(session, "refused")
        raise _lacks(missing, needed.scope_str)
    if context.hides(request.path_params):
        with writing(context.engine) as session:
            calling.note(session, "refused", request.path_params.get("enrollment"))
        raise Problem(404, "There is nothing by that number.")
    return calling


Anyone = Annotated[Caller, Security(caller)]
Reader = Annotated[Caller, Security(caller, scopes=[Scope.READ.value])]
Enroller = Annotated[Caller, Security(caller, scopes=[Scope.ENROLL.value])]
Forgetter = Annotated[Caller, Security(caller, scopes=[Scope.FORGET.value])]
Changer = Annotated[Caller, Security(caller, scopes=[Scope.CHANGE.value])]
