"""The catalogue: protocols read from TOML files, ours and a clinic's own. The file's name is the protocol's id."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from schedules.defaults import fill_in
from schedules.errors import ProtocolError
from schedules.extends import Extends, merge
from schedules.languages.folders import CODE
from schedules.languages.registry import refusal
from schedules.overlay_problems import locate
from schedules.problems import explain
from schedules.protocol import CareProtocol
from schedules.toml_problems import explain_toml

__all__ = [
    "Catalogue",
    "ProtocolError",
    "load_directory",
    "load_file",
    "load_protocol",
    "parse_protocol",
    "protocols_with",
    "read_protocol",
    "read_toml",
    "schema",
    "shipped",
]


EVERY: Final = "*"
"""Stands for the id where the whole directory cannot be read."""
_NAME: Final = re.compile(r"[a-z0-9-]+")
LARGEST: Final = 1_000_000
"""Bytes of a file. The longest that ships has fifteen thousand: what is larger is something else."""


class Catalogue(dict[str, CareProtocol]):
    """Protocols by id. A file that cannot be read takes itself out and nothing else."""

    def __init__(
        self,
        protocols: Mapping[str, CareProtocol],
        unreadable: Mapping[str, str] | None = None,
        extends: Mapping[str, Extends] | None = None,
    ) -> None:
        super().__init__(protocols)
        self.unreadable = dict(unreadable or {})
        """By id: the problems of its file, one per line."""
        self.extends = dict(extends or {})
        """By id: what it extends, where its file says only what differs."""

    def why_out(self, protocol_id: str) -> str | None:
        """The problems of the file of that id, or of the directory in which it would be; None where there are none."""
        return self.unreadable.get(protocol_id) or self.unreadable.get(EVERY)

    def all_read(self) -> Catalogue:
        """The same; raises ProtocolError with the problems of all files where there are any."""
        if self.unreadable:
            raise ProtocolError("\n".join(self.unreadable.values()))
        return self


def shipped() -> Catalogue:
    """The protocols that come with the program, by id; the default first."""
    return Catalogue(dict(_shipped()))


@cache
def _shipped_texts() -> Mapping[str, str]:
    files = resources.files("schedules").joinpath("protocols").iterdir()
    return {file.name.removesuffix(".toml"): file.read_text("utf-8") for file in files if file.name.endswith(".toml")}


@cache
def _shipped() -> tuple[tuple[str, CareProtocol], ...]:
    texts = _shipped_texts()
    # The default's id begins all the others, so it sorts first.
    return tuple((protocol_id, parse_protocol(protocol_id, texts[protocol_id])) for protocol_id in sorted(texts))


def protocols_with(directory: Path | None) -> Catalogue:
    """The shipped protocols, and a clinic's own, which win over shipped ones of the same id.

    Where the clinic's own cannot be read, the shipped one of that id is out too: its words are not the clinic's. Where
    the directory cannot be read, all are.
    """
    try:
        own = load_directory(directory) if directory else Catalogue({})
    except ProtocolError as error:
        return Catalogue({}, {EVERY: str(error)})
    known = {id_: one for id_, one in (shipped() | own).items() if id_ not in own.unreadable}
    return Catalogue(known, own.unreadable, own.extends)


def load_directory(path: Path) -> Catalogue:
    """Every `*.toml` of a directory, by id. Raises ProtocolError where the directory cannot be read."""
    if not path.is_dir():
        raise ProtocolError(f"{path}: there is no such directory; put the protocol files there, or name another")
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be read: {error.strerror}; let this program read it") from None
    protocols: dict[str, CareProtocol] = {}
    unreadable: dict[str, str] = {}
    extends: dict[str, Extends] = {}
    for file in files:
        try:
            read = load_file(file)
        except ProtocolError as error:
            unreadable[file.stem] = str(error)
        else:
            protocols |= read
            extends |= read.extends
    return Catalogue(protocols, unreadable, extends)


def load_protocol(path: Path) -> CareProtocol:
    """Read one file. Raises ProtocolError: one line per problem."""
    return load_file(path)[path.stem]


def load_file(path: Path) -> Catalogue:
    """Read one file, and what it extends: a file beside it, else one that ships. Raises ProtocolError."""
    return _parse(path.stem, _text_of(path), path.parent)


def _text_of(path: Path) -> str:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a directory, or a pipe that would keep us waiting
            raise ProtocolError(f"{path}: this is no file; name a .toml file, or take it away")
        if found.st_size > LARGEST:
            raise ProtocolError(f"{path}: {found.st_size:,} bytes are no protocol; write at most {LARGEST:,}")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be read: {error.strerror}; name a readable .toml file") from None


def parse_protocol(protocol_id: str, toml_text: str) -> CareProtocol:
    """Read the text of one file named `protocol_id`.toml. Raises ProtocolError: one line per problem."""
    return _parse(protocol_id, toml_text, None)[protocol_id]


def _parse(protocol_id: str, toml_text: str, directory: Path | None) -> Catalogue:
    data = read_toml(protocol_id, toml_text)
    if "extends" not in data:
        return Catalogue({protocol_id: read_protocol(protocol_id, data)})
    file = f"{protocol_id}.toml"
    if "id" in data:
        raise ProtocolError(f"{file}: id is no field here; the name of the file is the protocol's id")
    base_id = data["extends"]
    base_data = _base_of(protocol_id, base_id, directory)
    base = read_protocol(base_id, base_data)
    try:
        protocol = read_protocol(protocol_id, merge(file, data, base, base_data))
    except ProtocolError as error:
        raise locate(toml_text, error, base_id) from None
    return Catalogue({protocol_id: protocol}, extends={protocol_id: Extends(base, data["based_on"])})


def _base_of(protocol_id: str, base: Any, directory: Path | None) -> dict[str, Any]:
    """The parsed file that another one extends: one beside it, else one that ships."""
    file = f"{protocol_id}.toml"
    ours = _shipped_texts()
    beside = directory / f"{base}.toml" if directory and base != protocol_id and _NAME.fullmatch(str(base)) else None
    if beside and beside.is_file():
        text = _text_of(beside)
    elif base in ours:
        text = ours[base]
    else:
        near = get_close_matches(str(base), ours, n=1, cutoff=0.6)
        meant = f"; did you mean {near[0]}?" if near else ""
        among = f"neither beside this file nor among {', '.join(sorted(ours))}"
        raise ProtocolError(f'{file}: extends names "{base}", which is {among}{meant}')
    data = read_toml(base, text)
    if "extends" in data:
        raise ProtocolError(f'{file}: extends names "{base}", which itself extends "{data["extends"]}"; extend that')
    return data


def read_toml(protocol_id: str, toml_text: str) -> dict[str, Any]:
    """The text of a file, parsed. Raises ProtocolError with the line, and what to write there."""
    try:
        return tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise explain_toml(f"{protocol_id}.toml", toml_text, error) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in thousands of brackets
        raise ProtocolError(
            f"{protocol_id}.toml: a number or its brackets in brackets are too long; shorten them"
        ) from None


def read_protocol(protocol_id: str, data: dict[str, Any]) -> CareProtocol:
    """Check the parsed content of a file, its defaults filled in, and that its languages are complete here.

    Raises ProtocolError: one line per problem.
    """
    file = f"{protocol_id}.toml"
    if "id" in data:
        raise ProtocolError(f"{file}: id is no field here; the name of the file is the protocol's id")
    filled = fill_in(data)
    if lacking := refusal(_languages_of(filled)):
        raise ProtocolError(f"{file}: {lacking}")
    try:
        return CareProtocol.model_validate({"id": protocol_id, **filled})
    except ValidationError as error:
        raise explain(file, data, error) from None


def _languages_of(data: dict[str, Any]) -> list[str]:
    """What the file says its texts are in; what is no language at all is left for the model to refuse."""
    languages = data.get("languages")
    said = languages if isinstance(languages, list) else []
    return [one for one in said if isinstance(one, str) and CODE.fullmatch(one)]


def schema() -> dict[str, Any]:
    """The JSON Schema of a protocol file, for editors: without `id`, and with what `fill_in` adds left optional."""
    described: dict[str, Any] = _as_toml_says_it(CareProtocol.model_json_schema())
    del described["properties"]["id"], described["properties"]["languages"]["default"]
    described["required"].remove("id")
    step, moment, restriction = (described["$defs"][name] for name in ("Step", "Moment", "Restriction"))
    step["required"].remove("kind")
    step["required"].remove("text")
    described["$defs"]["ClosedAnswer"]["required"].remove("text")
    moment["properties"]["time"] = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}
    for conditional in (step, restriction):
        only_if = conditional["properties"]["only_if"]
        table = only_if.pop("items")
        for name, several in table["patternProperties"].items():
            table["patternProperties"][name] = {"anyOf": [several["items"], several]}
        tables = {"items": table, "maxItems": only_if.pop("maxItems"), "type": only_if.pop("type")}
        del only_if["default"]
        only_if["anyOf"] = [table, tables]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def _as_toml_says_it(part: Any) -> Any:
    """TOML has no null, and a table whose keys have a pattern takes no other keys."""
    if isinstance(part, list):
        return [_as_toml_says_it(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {name: _as_toml_says_it(item) for name, item in part.items() if not (name == "default" and item is None)}
    match part.get("anyOf"):
        case [only, {"type": "null"}]:
            del part["anyOf"]
            part |= only
    if "patternProperties" in part:
        part["additionalProperties"] = False
    return part
