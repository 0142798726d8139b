"""Serving: uvicorn in a thread and an event loop of its own, so that no request delays a text."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from notifier.web.listening import CannotListen, listen
from notifier.web.timeouts import ImpatientProtocol

_DRAIN_SECONDS: Final = 1
"""For answers under way; the worker has had its 22 before, and both must be gone after 25."""
log = structlog.get_logger()


@asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block ends; gives the server's address. Raises CannotListen.

    `app.state.let_go`, where there is one, is called before the server waits for its last answers.
    """
    listener = listen(host, port)
    server = _Server(app)
    # A daemon: should it hang at the end, the process still ends. Outside the main thread uvicorn leaves signals alone.
    thread = threading.Thread(target=server.serve_here, args=(listener,), name="web", daemon=True)
    thread.start()
    try:
        await asyncio.wrap_future(server.listening)
        where = "http://{}:{}".format(*listener.getsockname()[:2])
        log.info("listening", address=where)
        yield where
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join, _DRAIN_SECONDS + 1)


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=ImpatientProtocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,  # it would hold the query
                server_header=False,
                forwarded_allow_ips=["127.0.0.1", "::1"],  # a proxy on this machine may say who asks
                timeout_graceful_shutdown=_DRAIN_SECONDS,
            )
        )
        self.listening: Future[None] = Future()
        self._let_go: Callable[[], None] | None = getattr(app.state, "let_go", None)

    def serve_here(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        except BaseException as error:  # uvicorn leaves with SystemExit; nobody else hears this thread
            log.exception("web_server_failed", alert=True)
            if not self.listening.done():
                self.listening.set_exception(CannotListen(f"the web server did not start: {type(error).__name__}"))
        finally:
            listener.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set_result(None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._let_go is not None:
            self._let_go()  # what is held until there is news is no answer under way
        await super().shutdown(sockets)
