"""Replies that were read by the old meanings have the new ones after the upgrade."""

from __future__ import annotations

from datetime import datetime

from alembic import command
from sqlalchemy import Engine, text

from notifier.db import migrate
from notifier.db.engine import file_of

NEW = {"thanks": "harmless", "unclear": "perhaps_stop", "urgent": "other", "stop": "stop", "other": "other"}


def test_each_stored_meaning_has_its_new_name(empty_engine: Engine, now: datetime) -> None:
    row = "INSERT INTO replies (sid, phone, at, text, media_count, meaning, urgent) "
    row += "VALUES (:old, '+12125550101', :now, 'x', 0, :old, :urgent)"
    if file := file_of(empty_engine):
        file.touch()
    with empty_engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0012")
        for old in NEW:
            connection.execute(text(row), {"old": old, "now": now.isoformat(" "), "urgent": old == "urgent"})
        command.upgrade(migrate.config(connection), "0013")
        read = connection.execute(text("SELECT sid, meaning FROM replies")).all()
        assert ["urgent"] == list(connection.scalars(text("SELECT sid FROM replies WHERE urgent")))
    assert set(NEW.items()) == {(sid, meaning) for sid, meaning in read}
