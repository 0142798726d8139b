"""What must be planned anew, and under which settings the running plans were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from notifier.db.columns import instant


class Replan(SQLModel, table=True):
    """An enrollment whose texts must be planned anew: something has changed whether its patient was told a rule."""

    __tablename__ = "replans"
    id: int | None = Field(default=None, primary_key=True)
    enrollment_id: int = Field(sa_column=Column(ForeignKey("enrollments.id"), nullable=False))
    at: datetime = instant()
    whole: bool = False
    """Whether every text follows, and not only what hangs on that: the settings have changed."""


class PlanInputs(SQLModel, table=True):
    """Under which settings the running plans of an office were made."""

    __tablename__ = "plan_inputs"
    office: str = Field(primary_key=True, max_length=40)
    """Empty: the clinic's own, of those that belong to no office."""
    digest: str = Field(max_length=16)
    at: datetime = instant()
    """When a worker last looked."""
