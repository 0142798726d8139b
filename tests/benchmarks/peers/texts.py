"""What every peer does for one text: read its row, send it with the stock SDK, mark it, commit."""

from __future__ import annotations

import threading

from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from twilio.rest import Client

ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32
WORDS = (
    "Glow Skin Clinic: makeup is fine again from today, if nothing is open or weeping. "
    "Questions: +1 212 555 0100. STOP to opt out."
)


class Base(DeclarativeBase):
    pass


class Text(Base):
    __tablename__ = "texts"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str]
    body: Mapped[str]
    sid: Mapped[str | None]


class Sender:
    """One process's engine and clients."""

    def __init__(self, database: str, twilio: str) -> None:
        self.engine = _engine(database)
        self._twilio = twilio
        self._clients = threading.local()

    def fill(self, count: int, begin: float, over: float) -> list[float]:
        """Write so many texts and return when each is due, in seconds of the machine's clock."""
        Base.metadata.create_all(self.engine)
        due = [begin + i * over / count for i in range(count)]
        rows = [
            {"id": i + 1, "phone": f"+1212{2_000_000 + i:07d}", "body": f"{WORDS} Ref {i} due={at:f}"}
            for i, at in enumerate(due)
        ]
        with Session(self.engine) as session, session.begin():
            session.execute(insert(Text), rows)
        return due

    def send(self, text_id: int) -> None:
        with Session(self.engine) as session:
            text = session.get_one(Text, text_id)
            created = self._client().messages.create(to=text.phone, body=text.body, messaging_service_sid=SERVICE)
            text.sid = created.sid
            session.commit()

    def _client(self) -> Client:
        if not hasattr(self._clients, "client"):
            self._clients.client = client = Client(ACCOUNT, "bench", environment={"_": ""})
            client.api.base_url = self._twilio
        found: Client = self._clients.client
        return found


def _engine(database: str) -> Engine:
    engine = create_engine(database, pool_size=64, max_overflow=10)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _(connection: object, _record: object) -> None:
            for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # the driver's own connection

    return engine
