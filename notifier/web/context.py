"""What the staff page and the API work with; `bootstrap` fills it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.access.looks import Looks
from notifier.access.second_factor import SecondFactorRule
from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.visibility import is_hidden, looking
from notifier.domain.clocks import Timekeeper
from notifier.domain.instants import zone_called
from notifier.domain.key_set import KeySet
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alerts.alert_rules import AlertRules
from notifier.publishing.present_protocols import PresentProtocols
from notifier.sms.media import MediaSource
from notifier.web.countings import Countings
from notifier.web.desk_watch import DeskWatch
from notifier.web.drawn_pages import DrawnPage, MadeOnce
from notifier.web.uploads import Uploads
from schedules.catalogue import Catalogue
from schedules.check import Report


@dataclass(frozen=True)
class WebContext:
    """What every request works with; `limited_to` narrows it to one person."""

    engine: Engine
    clock: Timekeeper
    rules: PlanningRules
    protocols: Catalogue
    keys: KeySet
    """The clinic's own."""
    public_host: str | None = None
    """The host name that the internet reaches us by: it serves webhooks alone."""
    missing: tuple[str, ...] = ()
    """Settings without which nobody may be enrolled, in sentences."""
    media: MediaSource | None = None
    """Where photos that patients sent are fetched; None where no Twilio account is set."""
    staffed: StaffedHours | None = None
    """When somebody is there; None where nobody has said."""
    answers: AnswerRules | None = None
    """How patients are answered without a person; None where nobody has said in whose name."""
    tells_somebody: bool = False
    """Whether there is anybody whom alerts reach."""
    second_factor: SecondFactorRule = SecondFactorRule.ADMINS
    """Who must have one to see the page."""
    backups: Path | None = None
    """Where the worker backs up; None where it does not."""
    banner: str | None = None
    """Said on top of every page, such as "Demo: no text reaches a phone"."""
    watch: DeskWatch = field(default_factory=DeskWatch)
    """What open pages wait for."""
    drawn: MadeOnce[DrawnPage] = field(default_factory=MadeOnce)
    """Live pages, by person."""
    read: MadeOnce[dict[str, Any]] = field(default_factory=MadeOnce)
    """What live pages show, for everybody who may see the same."""
    countings: Countings = field(default_factory=Countings)
    looks: Looks = field(default_factory=Looks)
    uploads: Uploads = field(default_factory=Uploads)
    reports: dict[tuple[str, str], Report] = field(default_factory=dict)
    """What the check said of each protocol, by id and version."""
    present: PresentProtocols | None = None
    """Those protocols with what staff have published over them, read anew where that changes."""

    @property
    def of_files(self) -> Catalogue:
        """The protocols without what staff have published over them."""
        return self.present.of_files if self.present else self.protocols

    def with_own_words(self) -> WebContext:
        """The same with what staff have published over the protocols, whichever process took it."""
        present = self.present or PresentProtocols(self.protocols)
        with reading(self.engine) as session:
            protocols = present.read(session)
        return self if protocols is present.of_files else replace(self, protocols=protocols, present=present)

    def limited_to(self, yours: Collection[str] | None) -> WebContext:
        """The same for somebody of these offices; None: of all."""
        if yours is None:
            return self
        mine = replace(self, rules=replace(self.rules, yours=frozenset(yours)))
        return mine.on_the_clock_of(next(iter(yours))) if len(yours) == 1 else mine

    def on_the_clock_of(self, office: str | None) -> WebContext:
        """The same, with times shown and typed as the clock at that office shows them."""
        if office is None or office not in self.rules.offices:
            return self
        return replace(self, rules=replace(self.rules, timezone=self.rules.offices[office].timezone))

    def for_address(self, addressed: Mapping[str, Any]) -> WebContext:
        """The same on the clock of the office of the patient whom an address names."""
        if not self.rules.offices or "enrollment" not in addressed:
            return self
        with reading(self.engine) as session:
            found = by_id(session, int(addressed["enrollment"]))
            return self.on_the_clock_of(found.office if found else None)

    def visible_session(self) -> AbstractContextManager[Session]:
        """A session for lists: it sees whoever asks their own patients only."""
        return looking(self.engine, self.rules.yours)

    def hides(self, addressed: Mapping[str, Any]) -> bool:
        """Whether an address is about a patient of an office that is not theirs: then there is nothing there."""
        if self.rules.yours is None:
            return False
        with self.visible_session() as session:
            return is_hidden(session, addressed)

    @property
    def alert_rules(self) -> AlertRules:
        """When an appointment counts as missed."""
        return AlertRules(self.zone, self.staffed, self.rules.window, offices=self.rules.offices)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The clinic's clock."""
        return zone_called(self.rules.timezone)
