"""The protocols as they are now: those of files, and the clinic's own words from the staff page over them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from notifier.db.overlays import newest_overlay, published_overlays
from schedules.catalogue import Catalogue
from schedules.overlay import overlaid


class PresentProtocols:
    """What any process works with; read anew as soon as something is published, by whichever process."""

    def __init__(self, of_files: Catalogue) -> None:
        self.of_files = of_files
        """Without the clinic's own words from the page."""
        self._newest, self._made = 0, of_files

    def read(self, session: Session) -> Catalogue:
        """The catalogue at this moment. One small look where nothing was published since the last one."""
        newest = newest_overlay(session)
        if newest != self._newest:
            self._made = overlaid(self.of_files, published_overlays(session))
            self._newest = newest
        return self._made
