"""The database comes up to date by itself, once, and one that does not fit is refused in one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from notifier.db import migrate, outbox
from notifier.db.engine import file_of, open_engine, writing
from notifier.db.errors import DatabaseFailure
from notifier.db.schema import (
    HEAD,
    DatabaseFromTheFuture,
    SchemaBehind,
    check_schema,
    current_revision,
    prepare,
    upgrade,
)


def _start(engine: Engine) -> object:
    return prepare(engine, datetime(2026, 3, 6, 19, 10, tzinfo=UTC))


def test_there_is_one_head_and_the_program_knows_it() -> None:
    assert [HEAD] == ScriptDirectory.from_config(migrate.config()).get_heads()


def test_an_upgrade_makes_every_table(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    assert {*SQLModel.metadata.tables, "alembic_version"} == set(inspect(empty_engine).get_table_names())


@pytest.mark.filterwarnings("ignore:.*expression-based index.*ix_messages_tasks")  # which SQLite does not show
def test_no_model_is_without_its_migration(engine: Engine) -> None:
    """`alembic check`: what the models say and what the migrations made are the same."""
    with engine.begin() as connection:
        command.check(migrate.config(connection))


def test_a_second_upgrade_is_a_no_op(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        message = rows.message(session, enrollment)
    upgrade(engine)
    with writing(engine) as session:
        assert [message] == [found.id for found in outbox.messages_of(session, enrollment)]


def test_a_downgrade_takes_everything_back_and_an_upgrade_makes_it_again(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "base")
    assert ["alembic_version"] == inspect(engine).get_table_names()
    upgrade(engine)
    check_schema(engine)


@pytest.mark.parametrize("start", [upgrade, check_schema, _start])
def test_a_database_from_the_future_is_refused_naming_both_revisions(engine: Engine, start: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseFromTheFuture, match=rf"at revision 9999.* up to {HEAD}"):
        start(engine)


def test_an_empty_database_is_behind(empty_engine: Engine) -> None:
    with pytest.raises(SchemaBehind, match="notifier db upgrade"):
        check_schema(empty_engine)


def test_a_check_makes_no_file(empty_sqlite_url: str) -> None:
    engine = open_engine(empty_sqlite_url)
    with pytest.raises(SchemaBehind, match="does not exist: go to the directory where Notifier runs"):
        check_schema(engine)
    file = file_of(engine)
    assert file is not None
    assert not file.exists()


def test_a_database_of_somebody_else_is_refused_and_left_alone(empty_engine: Engine) -> None:
    if file := file_of(empty_engine):
        file.touch()
    with empty_engine.begin() as connection:
        connection.execute(text("CREATE TABLE messages (word VARCHAR(5))"))
    with pytest.raises(DatabaseFailure, match=r"it has a table messages|table messages that is not"):
        upgrade(empty_engine)
    assert ["messages"] == inspect(empty_engine).get_table_names()


def test_a_start_upgrades_sqlite_by_itself(empty_sqlite_url: str) -> None:
    engine = open_engine(empty_sqlite_url)
    _start(engine)
    check_schema(engine)
    engine.dispose()


@pytest.mark.postgres
def test_a_start_does_not_upgrade_postgresql(empty_postgresql_url: str) -> None:
    """There other workers may be running; its owner says when."""
    engine = open_engine(empty_postgresql_url)
    with pytest.raises(SchemaBehind, match="is empty"):
        _start(engine)
    engine.dispose()


def test_nobody_else_may_read_a_new_database_file(sqlite_engine: Engine, empty_sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    upgrade(engine)
    with engine.connect() as connection:
        current_revision(connection)
        files = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("new.db*")}
    engine.dispose()
    assert {0o600} == set(files.values())


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    empty_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrate.to_head

    def fail_at_the_end(connection: Any) -> None:
        real(connection)
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrate, "to_head", fail_at_the_end)
    with pytest.raises(RuntimeError, match="power cut"):
        upgrade(empty_engine)
    assert [] == inspect(empty_engine).get_table_names()
    monkeypatch.undo()
    upgrade(empty_engine)
    check_schema(empty_engine)


def test_an_upgrade_leaves_foreign_keys_enforced(empty_sqlite_url: str) -> None:
    engine = open_engine(empty_sqlite_url)
    upgrade(engine)
    with engine.connect() as connection:
        assert 1 == connection.execute(text("PRAGMA foreign_keys")).scalar()
    engine.dispose()


def test_threads_that_upgrade_at_once_do_not_collide(empty_url: str, engines: list[Engine]) -> None:
    engines += [open_engine(empty_url) for _ in range(4)]
    start, errors = Barrier(4), []

    def begin(engine: Engine) -> None:
        start.wait()
        try:
            upgrade(engine)
        except Exception as error:  # noqa: BLE001  # a thread's error must reach the assertion below
            errors.append(error)

    threads = [Thread(target=begin, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == errors
    check_schema(engines[0])


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    opened: list[Engine] = []
    yield opened
    for engine in opened:
        engine.dispose()


def test_processes_that_start_at_once_do_not_collide(empty_url: str, tmp_path: Path) -> None:
    """Run from another directory: nothing beside the package is needed, least of all pyproject.toml."""
    script = (
        "import sys; from notifier.db.engine import open_engine; from notifier.db.schema import upgrade, check_schema\n"
        "sys.stdin.read(1); engine = open_engine(sys.argv[1]); upgrade(engine); check_schema(engine)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, empty_url], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdin is not None
        one.stdin.write(b"go")
        one.stdin.flush()
    said = [one.communicate()[1] for one in both]
    assert ([0, 0], [b"", b""]) == ([one.returncode for one in both], said)
