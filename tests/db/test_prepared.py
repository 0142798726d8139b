"""A statement that is written out once says the same to the database as SQLAlchemy would."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from notifier.db.engine import reading
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import table_of
from notifier.db.tables import Message, Replan


def test_an_insert_that_leaves_a_default_to_sqlalchemy_is_refused(sqlite_engine: Engine) -> None:
    whose = select(table_of(Message).c.enrollment_id, table_of(Message).c.due_at)
    insert = PreparedStatement(table_of(Replan).insert().from_select(["enrollment_id", "at"], whose))
    with reading(sqlite_engine) as session, pytest.raises(ValueError, match=r"must say replans\.whole itself"):
        insert.run(session, {})
