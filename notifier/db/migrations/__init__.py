"""Alembic's migrations. They apply by themselves on SQLite at start, and with `notifier db upgrade` anywhere."""
