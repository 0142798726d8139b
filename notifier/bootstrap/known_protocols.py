"""Every protocol that this clinic has: shipped, of files, and with its own words from the staff page."""

from __future__ import annotations

from sqlalchemy import Engine

from notifier.bootstrap.planning import protocols
from notifier.config.settings import Settings
from notifier.db.engine import open_engine, reading
from notifier.db.schema import SchemaBehind, check_schema
from notifier.publishing.present_protocols import PresentProtocols
from schedules.catalogue import Catalogue


def known_protocols(settings: Settings) -> Catalogue:
    """As the settings and the database have them now; of the files alone where there is no database of this version.

    Raises DatabaseFailure for one that cannot be read.
    """
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        check_schema(engine)
        return protocols_in(engine, settings)
    except SchemaBehind:
        return protocols(settings)
    finally:
        engine.dispose()


def protocols_in(engine: Engine, settings: Settings) -> Catalogue:
    """The same, of an open database."""
    with reading(engine) as session:
        return PresentProtocols(protocols(settings)).read(session)
