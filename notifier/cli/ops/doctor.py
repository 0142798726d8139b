"""`notifier doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.text import Text

from notifier.bootstrap.alerting import on_call
from notifier.bootstrap.known_protocols import known_protocols
from notifier.bootstrap.planning import build_clock, own_profile, planning_rules, protocols
from notifier.bootstrap.sending import answer_rules
from notifier.cli.ops.doctor_geo_permissions import check_geo_permissions
from notifier.cli.ops.doctor_public import check_public_address, check_records, check_way_to_database
from notifier.cli.ops.doctor_settings import (
    check_machine,
    check_offices,
    check_protocols,
    check_settings,
)
from notifier.cli.ops.doctor_signature import check_signatures
from notifier.cli.ops.doctor_twilio import check_twilio
from notifier.cli.options import Json
from notifier.cli.output import out, print_json, show, table
from notifier.config.settings import BadSettings, Settings, load_settings
from notifier.config.version import running_version
from notifier.db.engine import file_at
from notifier.db.errors import DatabaseFailure
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.doctor.alerts import check_contacts, check_hours
from notifier.oversight.doctor.backups import check_backups
from notifier.oversight.doctor.database import check_database
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from schedules.catalogue import Catalogue

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red bold"}


def doctor(as_json: Json = False) -> None:
    """Say what is wrong and what to do about it.

    Exit 1 where something fails. Nothing is changed, and nothing is sent.
    """
    findings = list(_findings())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        between = "\n" if out().is_terminal else "  "
        made = table("", "what", "found")
        for finding in findings:
            advice = f"{between}-> {finding.advice}" if finding.advice else ""
            level = Text(finding.level.value, style=_STYLES[finding.level])
            made.add_row(level, finding.what, f"{finding.found}{advice}")
        show(made)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(1)


def _known(settings: Settings) -> Catalogue:
    try:
        return known_protocols(settings)
    except DatabaseFailure:  # check_database says what is wrong with it
        return protocols(settings)


def _findings() -> Iterator[Diagnosis]:
    try:
        settings = load_settings()
        now = build_clock(settings).now()
    except BadSettings as error:
        yield from (Diagnosis("settings", Level.FAIL, sentence) for sentence in error.sentences)
        return
    try:
        rules = planning_rules(settings)
    except BadSettings as error:
        yield from (Diagnosis("settings", Level.FAIL, sentence) for sentence in error.sentences)
        return
    yield from check_settings(settings)
    yield Diagnosis("version", Level.OK, running_version())
    yield from check_twilio(settings, now)
    yield from check_geo_permissions(settings)
    yield from check_public_address(settings)
    yield from check_signatures(settings)
    yield from check_way_to_database(settings)
    if settings.database_url.get_secret_value().startswith("sqlite"):
        file = file_at(settings.database_url.get_secret_value())
        yield from check_backups(settings.backup_dir, settings.key_file, now, file)
    yield from check_records(settings)
    yield from check_machine(now, shifted=settings.clock_file is not None)
    yield from check_protocols(_known(settings))
    yield from check_offices(rules.offices)
    try:
        contacts = on_call(settings)
    except BadSettings as error:
        yield from (Diagnosis("alerts", Level.FAIL, sentence) for sentence in error.sentences)
        contacts = OnCall()
    yield from check_contacts(contacts, rules.offices)
    yield from check_hours(own_profile(settings), rules.offices)
    answers = answer_rules(settings)
    yield from check_database(
        settings.database_url.get_secret_value(), rules, now, _known(settings), contacts=contacts, answers=answers
    )
