"""The staff page's surroundings, which `bootstrap` fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from notifier.domain.instants import zone_called
from notifier.domain.planning import PlanningRules
from notifier.domain.timing import Timekeeper
from notifier.web.throttle import Throttle
from notifier.web.uploads import Uploads
from schedules.protocol import CareProtocol


@dataclass(frozen=True)
class StaffOffice:
    """One clinic's staff page."""

    engine: Engine
    clock: Timekeeper
    rules: PlanningRules
    protocols: Mapping[str, CareProtocol]
    public_host: str | None = None
    """The host name that the internet reaches us by: it serves webhooks alone."""
    missing: tuple[str, ...] = ()
    """Settings without which nobody may be enrolled, in sentences."""
    banner: str | None = None
    """Said on top of every page, such as "Demo: no text reaches a phone"."""
    throttle: Throttle = field(default_factory=Throttle)
    uploads: Uploads = field(default_factory=Uploads)

    @property
    def clinic_id(self) -> str:
        return self.rules.clinic_id

    @cached_property
    def zone(self) -> ZoneInfo:
        """The clinic's clock."""
        return zone_called(self.rules.timezone)
