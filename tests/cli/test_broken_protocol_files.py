"""A protocol file that cannot be read takes itself out: every command and every page goes on without it."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notifier.bootstrap.alerting import build_alerting
from notifier.bootstrap.planning import protocols, read_offices
from notifier.config.settings import load_settings
from schedules.catalogue import LARGEST, protocols_with, shipped
from tests.cli.conftest import ANA, Ran
from tests.cli.test_dry_run import CHANGES, CHANGES_NOTHING, busy_desk, kept_desk
from tests.web.pages.conftest import FORM, Pages, _quick_passwords, pages, stranger, words

__all__ = ["_quick_passwords", "busy_desk", "kept_desk", "pages", "stranger"]

Desk = Callable[..., Ran]
DEEP = "x = " + "[" * 100_000
BREAKAGES: dict[str, tuple[bytes, str]] = {
    "syntax": (b'title = "A"\nsource = \n', "syntax.toml, line 2, column 10: this is not TOML: invalid value"),
    "model": (b'title = "A"\nsource = "B"\nstep = 1\n', "model.toml: step is no field here; did you mean steps?"),
    "latin": (b'title = "caf\xe9"', "latin.toml: byte 13 is not UTF-8; save the file as UTF-8"),
    "huge": (b"#" * (LARGEST + 1), "huge.toml: 1,000,001 bytes are no protocol; write at most 1,000,000"),
    "deep": (DEEP.encode(), "deep.toml: a number or its brackets in brackets are too long; shorten them"),
    "number": (b"x = " + b"9" * 5000, "number.toml: a number or its brackets in brackets are too long; shorten them"),
    "zero": (b"\0\0\0", "zero.toml, line 1, column 1: this is not TOML: invalid statement"),
    "folder": (b"", "folder.toml: this is no file; name a .toml file, or take it away"),
    "pipe": (b"", "pipe.toml: this is no file; name a .toml file, or take it away"),
    "locked": (b"", "locked.toml: cannot be read: Permission denied; name a readable .toml file"),
    "gone": (b"", "gone.toml: cannot be read: No such file or directory; name a readable .toml file"),
}
ASKS_OTHERS = {"demo", "run", "worker", "web", "protocols check"}
"""The servers do not end, and the check is there to say what is wrong."""
LOOKS = {
    "show": ("1",), "explain": ("1",), "protocols show": ("microneedling",), "classify": (),
    "protocols compare": ("microneedling", "microneedling-week"),
    "timeline": ("microneedling", "--treated-at", "2026-03-07T15:30"),
}  # fmt: skip


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clinic's own protocols: one file of each kind of breakage, and none that can be read."""
    place = tmp_path / "own"
    place.mkdir()
    for name, (content, _) in BREAKAGES.items():
        file = place / f"{name}.toml"
        match name:
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case "gone":
                file.symlink_to(place / "nowhere")
            case _:
                file.write_bytes(content)
    monkeypatch.setattr(Path, "read_bytes", _refusing("locked.toml", Path.read_bytes))
    monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(place))
    return place


def _refusing(name: str, read: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """As the system answers somebody who may not read it; who runs tests as root may."""

    def refuse(path: Path) -> Any:
        if path.name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    return refuse


def test_each_file_is_named_with_its_place_and_its_mend(own: Path) -> None:
    known = protocols(load_settings())
    assert set(shipped()) == set(known)
    assert set(BREAKAGES) == set(known.unreadable)
    assert [] == [name for name, (_, why) in BREAKAGES.items() if why not in known.unreadable[name]]
    assert [name for name, why in known.unreadable.items() if len(why.splitlines()) > 1] in ([], ["model"])
    assert known.unreadable == build_alerting(load_settings()).rules.unreadable_protocols


def test_every_command_goes_on(busy_desk: Desk, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))  # `classify` reads it to its end
    for called, given in CHANGES.items():
        ran = busy_desk(*called.split(), *given, "--dry-run")
        assert (called, 0) == (called, ran.code), ran.err
    for called in CHANGES_NOTHING - ASKS_OTHERS - {"doctor"}:
        with_them = busy_desk(*called.split(), *LOOKS.get(called, ())).code
        with monkeypatch.context() as without:
            without.delenv("NOTIFIER_PROTOCOLS_DIR")
            expected = busy_desk(*called.split(), *LOOKS.get(called, ())).code
        assert (called, expected) == (called, with_them)
    fails = [one["found"] for one in busy_desk("doctor", "--json").answer if one["level"] == "fail"]
    assert [] == [why for _, why in BREAKAGES.values() if not any(why in found for found in fails)]


def test_who_is_enrolled_goes_on_by_the_stored_protocol_and_nobody_new_is(busy_desk: Desk, own: Path) -> None:
    """A clinic's own file of a shipped id: the shipped words are not the clinic's, so they do not stand in."""
    (own / "microneedling.toml").write_bytes(BREAKAGES["syntax"][0])
    newcomer = tuple("Eva Holm" if word == "Ana Lopez" else word for word in ANA)
    refused = busy_desk(*newcomer)
    assert (2, True) == (
        refused.code,
        "the file of microneedling cannot be read: microneedling.toml, line 2" in refused.err,
    )
    refused = busy_desk("import", "patients.csv")
    assert (2, True) == (refused.code, "microneedling.toml, line 2" in refused.out + refused.err)
    for called in ("change", "treated", "hold", "cancel", "opt-out"):
        assert (called, 0) == (called, busy_desk(called, *CHANGES[called]).code)


def test_where_the_directory_cannot_be_listed_nobody_is_enrolled_and_all_else_goes_on(
    busy_desk: Desk, own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody knows which of the shipped ones the clinic has words of its own for."""
    monkeypatch.setattr(Path, "iterdir", _refusing("own", Path.iterdir))
    (tmp_path / "offices.toml").write_text('[north]\ntimezone = "America/New_York"\nprotocols = ["microneedling"]\n')
    monkeypatch.setenv("NOTIFIER_OFFICES_FILE", str(tmp_path / "offices.toml"))
    assert ["north"] == list(read_offices(load_settings()))
    newcomer = tuple("Eva Holm" if word == "Ana Lopez" else word for word in ANA)
    refused = busy_desk(*newcomer, "--office", "north")
    assert (2, True) == (
        refused.code,
        "own: cannot be read: Permission denied; let this program read it" in refused.err,
    )
    for said in (("cancel", "1"), ("opt-out", "+14155550123"), ("due",), ("protocols", "list")):
        assert (said, 0) == (said, busy_desk(*said).code)


def test_every_page_goes_on_and_names_the_file(pages: Pages, own: Path) -> None:
    pages.enroll()
    (own / "microneedling.toml").write_bytes(BREAKAGES["syntax"][0])
    for broken in ("files", "directory"):
        if broken == "directory":
            for file in own.iterdir():
                file.rmdir() if file.is_dir() else file.unlink()
            own.rmdir()
        object.__setattr__(pages.context, "protocols", protocols_with(own))
        for path in (
            "/",
            "/enroll",
            "/protocols",
            "/patients/1",
            "/patients/1/card",
            "/replies",
            "/texts/1",
            "/import",
            "/delivery",
        ):
            assert (broken, path, 200) == (broken, path, pages.get(path).status_code)
        assert 'value="microneedling"' not in pages.get("/enroll").text
        not_offered = "all protocols" if broken == "directory" else "microneedling, model"
        assert not_offered in pages.read("/enroll")
        once, form = pages.token("/enroll", "once"), {**FORM, "protocol": "microneedling"}
        asked = pages.post("/enroll", once=once, **form)
        assert (broken, 422) == (broken, asked.status_code)
        assert "cannot be read" in words(asked) or "there is no such directory" in words(asked)
    assert "The directory of the protocols cannot be read, so nobody is enrolled on them." in pages.read("/protocols")
