"""What the next version of a base changes, for the clinic whose own file extends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.protocols import UnreadableVersion, load_version, store_version
from schedules.catalogue import Catalogue
from schedules.compare import ProtocolDifference, compare_protocols
from schedules.extends import Extends
from schedules.protocol import CareProtocol


def extends_of(protocols: Mapping[str, CareProtocol], protocol_id: str) -> Extends | None:
    """What a protocol extends; None for one whose file says everything."""
    return protocols.extends.get(protocol_id) if isinstance(protocols, Catalogue) else None


def keep_base(session: Session, protocols: Mapping[str, CareProtocol], protocol_id: str, *, now: datetime) -> None:
    """Keep the base as it is, so that it can be said later what its next version changes."""
    if (extends := extends_of(protocols, protocol_id)) is not None:
        store_version(session, extends.base, now)


def changes_of_base(session: Session, extends: Extends) -> list[ProtocolDifference] | None:
    """What the base says otherwise since the version that the file was written for; None where that is not kept."""
    try:
        was = load_version(session, extends.base.id, extends.based_on)
    except UnreadableVersion:
        return None
    return compare_protocols(was, extends.base)


def say_base_changed(protocol_id: str, extends: Extends, changes: list[ProtocolDifference] | None) -> list[str]:
    """What an author reads of it: that the base is another one, what it says otherwise, and what to write then."""
    base = extends.base
    said = [extends.came_between] if extends.came_between else []
    said += [f"{base.id} has changed since {extends.based_on}: it is at {base.version} now"]
    if changes is None:
        said.append(f"what changed cannot be shown: this database has no version {extends.based_on} of {base.id}")
    said += [f"{base.id}, {one.where}: {one.a or 'nothing'} -> {one.b or 'nothing'}" for one in changes or ()]
    if extends.on_the_page:
        return [*said, "read it, then say so on the page of the clinic's own words"]
    return [*said, f'read it, then write based_on = "{base.version}" in {protocol_id}.toml']
