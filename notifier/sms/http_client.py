"""The HTTP client under Twilio's SDK: one deadline per call, and it always knows whether a request may have left.

The SDK's own async client ignores its timeout and logs phone numbers. This one speaks to httpx2's core itself: no
redirects, no proxies or certificates from the environment, no cookies, no retries, nothing logged.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpcore2
import httpx2
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from notifier.sms.account import TWILIO_ACCOUNTS_API, TWILIO_API
from notifier.sms.connections import Connections

_CREATE_CAP: Final = 64 * 1024
_LIST_CAP: Final = 4 * 1024 * 1024
_NEVER_LEFT: Final = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
_BROKE: Final = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """Status and headers of the last response, without its body."""

    status: int
    raw_headers: list[tuple[bytes, bytes]]

    @property
    def headers(self) -> httpx2.Headers:
        """By name, in any case."""
        return httpx2.Headers(self.raw_headers)


last_response: ContextVar[RawResponse | None] = ContextVar("last_response", default=None)
"""The last response in this context: the SDK's exceptions lose the headers, and take the status from the body."""


class NotSent(Exception):
    """The request certainly never left; the argument says why."""


class MaybeSent(Exception):
    """The request may have been read; the argument says what happened then."""


class HttpxClient(AsyncHttpClient):
    """An HTTP client for Twilio's SDK that talks to one API address only; timeouts in seconds."""

    def __init__(
        self,
        api_url: str = TWILIO_API,
        *,
        deadline: float = 18.0,
        connect_timeout: float = 5.0,
        read_timeout: float = 15.0,
        pool_timeout: float = 5.0,
        max_connections: int = 10,
    ) -> None:
        super().__init__(_SILENT, is_async=True)
        self._api_url = api_url.rstrip("/")
        self._host = urlsplit(self._api_url).netloc.encode()
        self._deadline = deadline
        self._timeout = {"connect": connect_timeout, "read": read_timeout, "write": read_timeout, "pool": pool_timeout}
        self._last_uri, self._last_address = "", _at(self._api_url)  # every create goes to the same one
        self._authorizations: dict[tuple[str, str], bytes] = {}
        self._connections = Connections(self._last_address.origin, most=max_connections, timeout=pool_timeout)

    async def request(  # type: ignore[override]  # the SDK's own async client clashes with its sync base too
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002  # the SDK's signature; the deadline is ours
        allow_redirects: bool = False,  # noqa: ARG002  # never followed
    ) -> Response:
        """Send one request; raises NotSent or MaybeSent, and nothing else, where there is no whole response."""
        last_response.set(None)
        body = _Body(urlencode(data or {}, doseq=True).encode())
        request = httpcore2.Request(
            method,
            self._address(uri, params),
            headers=self._headers(headers or {}, auth, body),
            content=body,
            extensions={"timeout": self._timeout},
        )
        try:
            async with asyncio.timeout(self._deadline):
                return await self._call(request, cap=_LIST_CAP if method == "GET" else _CREATE_CAP)
        except _NEVER_LEFT as error:
            raise NotSent(_WORDS[type(error)]) from None
        except TimeoutError:
            raise body.verdict("the deadline for the whole call passed") from None
        except _BROKE as error:
            raise body.verdict(_WORDS.get(type(error), "the connection broke")) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    def _address(self, uri: str, params: dict[str, object] | None) -> httpcore2.URL:
        if uri == self._last_uri and not params:
            return self._last_address
        given = next((one for one in (TWILIO_API, TWILIO_ACCOUNTS_API, self._api_url) if uri.startswith(one)), "")
        path = uri.removeprefix(given)
        if not path.startswith("/"):
            raise NotSent("an answer pointed to another address than the API's")
        query = {key: value for key, value in (params or {}).items() if isinstance(value, str | int)}
        address = _at(f"{self._api_url}{path}?{urlencode(query)}" if query else f"{self._api_url}{path}")
        if not query:
            self._last_uri, self._last_address = uri, address
        return address

    def _headers(self, headers: dict[str, str], auth: tuple[str, str] | None, body: _Body) -> list[tuple[bytes, bytes]]:
        said = [(name.encode(), value.encode()) for name, value in headers.items()]
        said.append((b"Host", self._host))
        said.append((b"Accept-Encoding", b"identity"))  # so that the caps on a body are caps on memory
        said.append((b"Content-Length", b"%d" % len(body.content)))
        if auth:
            if auth not in self._authorizations:
                self._authorizations[auth] = b"Basic " + base64.b64encode(f"{auth[0]}:{auth[1]}".encode())
            said.append((b"Authorization", self._authorizations[auth]))
        return said

    async def _call(self, request: httpcore2.Request, *, cap: int) -> Response:
        async with self._connections.one() as connection:
            response = await connection.handle_async_request(request)
            try:
                last_response.set(RawResponse(response.status, response.headers))
                content = bytearray()
                async for chunk in response.aiter_stream():
                    content += chunk
                    if len(content) > cap:
                        raise MaybeSent("the answer was too long")
            finally:
                await response.aclose()
        return Response(response.status, content.decode("utf-8", "replace"))


class _Body:
    """A request's body, which knows whether anybody has begun to read it: until then nothing of it can have left."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.begun = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        yield self.content

    def verdict(self, why: str) -> NotSent | MaybeSent:
        """What to raise when the call ended without a response."""
        return MaybeSent(why) if self.begun else NotSent(why)


def _at(address: str) -> httpcore2.URL:
    parsed = httpx2.URL(address)
    return httpcore2.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)


_SILENT: Final = logging.getLogger("notifier.sms.silent")  # the SDK wants one; nothing is ever written to it
_WORDS: Final[dict[type[Exception], str]] = {
    httpcore2.ConnectError: "no connection to the provider (refused, unknown host, or TLS)",
    httpcore2.ConnectTimeout: "no connection to the provider in time",
    httpcore2.PoolTimeout: "no free connection in time",
    httpcore2.ReadTimeout: "the provider did not answer in time",
    httpcore2.ReadError: "the connection broke while the answer was read",
    httpcore2.WriteTimeout: "the request could not be written in time",
    httpcore2.WriteError: "the connection broke while the request was written",
    httpcore2.RemoteProtocolError: "the provider broke off or did not speak HTTP",
}
