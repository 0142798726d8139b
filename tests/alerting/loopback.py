"""A mail server and a web server on loopback that remember what they were handed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class MailServer:
    """Speaks as much SMTP as a client needs. `refuses`: the answer to RCPT; `silent`: it never greets."""

    extensions: tuple[str, ...] = ()
    refuses: str | None = None
    silent: bool = False
    port: int = 0
    said: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (reader.read() if self.silent else self._talk(reader, writer))
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def answer(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        answer("220 loopback")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.said.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "EHLO":
                for extension in ("loopback", *self.extensions):
                    answer(f"250-{extension}")
                answer("250 HELP")
            elif verb == "AUTH":
                answer("235 welcome")
            elif verb == "RCPT" and self.refuses:
                answer(self.refuses)
            elif verb == "DATA":
                answer("354 go on")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                answer("250 taken")
            elif verb == "QUIT":
                answer("221 bye")
                return
            else:
                answer("250 ok")


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    server = MailServer(**options)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@dataclass
class WebServer:
    """Answers every request the same way."""

    status: int = 204
    port: int = 0
    asked: list[tuple[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret-path"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        self.asked.append((head.splitlines()[0], json.loads(body) if body else None))
        self.news.set()
        more = "Location: http://127.0.0.1:1/elsewhere\r\n" if self.status == 302 else ""
        writer.write(f"HTTP/1.1 {self.status} x\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def web_server(**options: Any) -> AsyncIterator[WebServer]:
    server = WebServer(**options)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server
