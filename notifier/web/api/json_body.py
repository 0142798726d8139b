"""Reading a JSON body strictly: what two programs could read in two ways is refused, and so is what is too big."""

from __future__ import annotations

import json
from collections.abc import Collection
from email.message import Message
from typing import Any, Final, NoReturn

from starlette.requests import Request

from notifier.web.api.problems import Problem

MOST_BYTES: Final = 64 * 1024
_TOO_BIG: Final = f"The body is over {MOST_BYTES // 1024} KiB; no request to this API needs that."


class StrictRequest(Request):
    """A request whose body is read no further than it may be long."""

    _read: bytes | None = None

    async def body(self) -> bytes:
        """Raises Problem (413)."""
        if self._read is None:
            length = self.headers.get("content-length", "")
            if length.isdigit() and int(length) > MOST_BYTES:
                raise Problem(413, _TOO_BIG)
            read = bytearray()
            async for part in self.stream():
                read += part
                if len(read) > MOST_BYTES:
                    raise Problem(413, _TOO_BIG)
            self._read = bytes(read)
        return self._read

    async def json(self) -> Any:
        """Raises Problem (400)."""
        return read_json(await self.body())


def refuse_other_types(request: Request, types: Collection[str]) -> None:
    """Raise Problem (415) unless the body says that it is JSON of one of these types."""
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    if said.get_content_type() not in types:
        raise Problem(415, "Send JSON, and say so: Content-Type: application/json.")
    if (charset := said.get_content_charset()) not in (None, "utf-8"):
        raise Problem(415, f"JSON is UTF-8, not {charset[:20]}.")


def read_json(body: bytes) -> Any:
    """One JSON value. Raises Problem (400) with what is wrong and where."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_such_number, parse_float=_finite
        )
    except UnicodeDecodeError as why:
        raise Problem(400, f"The body is not UTF-8: byte {why.start} is wrong.") from None
    except json.JSONDecodeError as why:
        where = f"line {why.lineno}, column {why.colno}"
        raise Problem(400, f"The body is not JSON: {why.msg.lower()} at {where}.") from None
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    except ValueError:  # more digits than Python reads
        raise Problem(400, "The body has a number that is too long.") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in pairs:
        for words in (name, value):
            if isinstance(words, str):
                _refuse_unwritable(words)
        if name in read:
            raise Problem(400, f'The body says "{name[:60]}" twice.')
        read[name] = value
    return read


def _refuse_unwritable(words: str) -> None:
    """What no database and no text can hold: half a surrogate pair, and NUL."""
    if "\0" in words or any("\ud800" <= letter <= "\udfff" for letter in words):
        raise Problem(400, "The body has a character that cannot be written: NUL or half a surrogate pair.")


def _no_such_number(name: str) -> NoReturn:
    raise Problem(400, f"{name} is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Problem(400, "The body has a number that is too large.")
    return number
