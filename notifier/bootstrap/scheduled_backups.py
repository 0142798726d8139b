"""The worker's own backups, as the settings want them."""

from __future__ import annotations

from sqlalchemy import Engine

from notifier.alerting.channel import AlertLine
from notifier.config.key_file import keys_in
from notifier.config.settings import BadSettings, Settings
from notifier.db.engine import is_sqlite
from notifier.domain.clocks import Timekeeper
from notifier.maintenance.scheduled_backups import BACKUPS_EVERY, BackupPlan, ScheduledBackups
from notifier.oversight.alerts.watch import Alerting, send_alerts
from notifier.scheduler.worker_settings import Extra


def scheduled_backups(settings: Settings, engine: Engine, clock: Timekeeper, alerting: Alerting) -> tuple[Extra, ...]:
    """The round that makes them; none without NOTIFIER_BACKUP_DIR. Raises BadSettings."""
    if settings.backup_dir is None:
        return ()
    if not is_sqlite(engine):
        raise BadSettings(["NOTIFIER_BACKUP_DIR is for SQLite: back PostgreSQL up with pg_dump, and leave it out."])
    keys = keys_in(settings.key_file) if settings.key_file else None
    plan = BackupPlan(settings.backup_dir, settings.backup_keep_daily, settings.backup_keep_weekly, keys)
    backups = ScheduledBackups(
        engine, clock, plan, tell=lambda why, now: send_alerts(alerting, (AlertLine("backup", why, now),))
    )
    return (Extra("backup", BACKUPS_EVERY, backups.round),)
