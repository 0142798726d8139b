"""The booking systems that post here: added, listed, taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access import accounts
from notifier.access.accounts import Source
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import HookSource
from notifier.domain.refused import Refused
from notifier.domain.webhook_secrets import new_hex_secret, new_secret, replace_secret
from notifier.enrollments.importing.mappings.registry import find_mapping

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class HookKind(StrEnum):
    """How a booking system signs, and where its posts say what."""

    STANDARD = "standard"
    """The Standard Webhooks convention."""
    CAL_COM = "cal.com"


def kind_called(word: str) -> HookKind:
    """The kind of that name. Raises Refused."""
    if word not in tuple(HookKind):
        raise Refused(f"say how it signs: {', '.join(HookKind)}", "kind")
    return HookKind(word)


def add_source(
    session: Session,
    name: str,
    *,
    kind: HookKind = HookKind.STANDARD,
    mapping: str | None = None,
    own_mappings: Mapping[str, str],
    consent: str = "",
    now: datetime,
    by: str,
    source: Source | None = None,
) -> HookSource:
    """A booking system that may post to /hooks/NAME from now on; its secret is for that system. Raises Refused."""
    if not _NAME.fullmatch(name):
        raise Refused(f'"{name[:40]}" is no name for a source; use lower-case letters, digits and -', "name")
    if any(one.name == name for one in sources(session)):
        raise Refused(f"there is a source {name} already; remove it first, or take another name", "name")
    if mapping is None and kind is HookKind.CAL_COM:
        mapping = "cal-com"
    if mapping is not None and find_mapping(mapping, own_mappings).mapping.columns.id.visit is None:
        raise Refused(f"the mapping {mapping} names no column with the visit's own id, which a webhook needs", "as")
    row = {
        "name": name, "kind": kind.value, "mapping": mapping, "consent": consent.strip()[:200],
        "secret": _new_secret(kind), "created_at": now, "created_by": by,
    }  # fmt: skip
    insert_rows_for_ids(session, HookSource, [row])
    accounts.audit(session, at=now, by=by, what="did", about=f"added booking webhook {name} ({kind})", source=source)
    return the_source(session, name)


def sources(session: Session) -> list[HookSource]:
    """Those that may post, the oldest first."""
    working = select(HookSource).where(col(HookSource.ended_at).is_(None))
    return list(session.scalars(working.order_by(col(HookSource.id))))


def the_source(session: Session, name: str) -> HookSource:
    """The source of that name. Raises Refused where there is none."""
    found = next((one for one in sources(session) if one.name == name), None)
    if found is None:
        raise Refused(f'there is no source "{name[:40]}"; look at the list of sources', "name")
    return found


def rotate_secret(
    session: Session, name: str, *, at_once: bool = False, now: datetime, by: str, source: Source | None = None
) -> str:
    """A new secret for that system; what it signs with the former one is taken for a day more, unless `at_once`.

    Raises Refused.
    """
    found = the_source(session, name)
    replace_secret(found, _new_secret(HookKind(found.kind)), now, at_once=at_once)
    ended = "; the former one is good for nothing any more" if at_once else ""
    about = f"made a new secret for booking webhook {name}{ended}"
    accounts.audit(session, at=now, by=by, what="did", about=about, source=source)
    return found.secret


def remove_source(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> None:
    """Nothing more of it is taken, not even what waits. Raises Refused."""
    found = the_source(session, name)
    found.ended_at, found.ended_by = now, by
    accounts.audit(session, at=now, by=by, what="did", about=f"removed booking webhook {name}", source=source)


def _new_secret(kind: HookKind) -> str:
    return new_secret() if kind is HookKind.STANDARD else new_hex_secret()
