"""An encrypted backup opens with its key alone, whole or not at all, and a piece at a time."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from notifier.db.errors import DatabaseFailure
from notifier.domain.key_set import LENGTH, KeySet, key_id
from notifier.domain.refused import Refused
from notifier.maintenance.encryption import decrypt, encrypt, is_encrypted

KEYS, OTHERS = KeySet(b"k" * LENGTH), KeySet(b"o" * LENGTH)
PIECE = 65_536 + 16
HEAD = 18 + 16 + 16


def closed(place: Path, content: bytes) -> Path:
    (place / "plain").write_bytes(content)
    (place / "closed").unlink(missing_ok=True)
    encrypt(place / "plain", place / "closed", KEYS)
    return place / "closed"


def read(file: Path, keys: KeySet | None = KEYS) -> bytes:
    out = file.with_name("out")
    out.unlink(missing_ok=True)
    decrypt(file, out, keys)
    return out.read_bytes()


def test_what_comes_out_is_what_went_in_whatever_its_length(tmp_path: Path) -> None:
    for length in (0, 1, 65_535, 65_536, 65_537, 200_000):
        content = bytes(range(256)) * (length // 256 + 1)
        file = closed(tmp_path, content[:length])
        assert (True, 0o600) == (is_encrypted(file), file.stat().st_mode & 0o777)
        assert content[:length] == read(file)
        assert length < 64 or content[:64] not in file.read_bytes()


def test_what_was_changed_cut_off_or_swapped_does_not_open(tmp_path: Path) -> None:
    whole = closed(tmp_path, b"x" * 200_000).read_bytes()
    pieces = whole[HEAD:]
    first, second, rest = pieces[:PIECE], pieces[PIECE : 2 * PIECE], pieces[2 * PIECE :]
    flipped = bytearray(whole)
    flipped[HEAD + 5] ^= 1
    salt = bytearray(whole)
    salt[HEAD - 1] ^= 1
    for broken in (
        bytes(flipped), bytes(salt), whole[:-1], whole[: HEAD + PIECE], whole[:HEAD], whole + b"\0",
        whole[:HEAD] + second + first + rest, whole[:HEAD] + second + rest,
    ):  # fmt: skip
        (tmp_path / "broken").write_bytes(broken)
        with pytest.raises(DatabaseFailure, match="is damaged, or was changed: use another backup"):
            read(tmp_path / "broken")


def test_another_key_and_none_are_one_sentence_and_an_older_key_opens(tmp_path: Path) -> None:
    file = closed(tmp_path, b"patients")
    for keys, have in ((OTHERS, f"holds {key_id(OTHERS.current)}"), (None, "is not here")):
        with pytest.raises(Refused, match=f"was encrypted with key {key_id(KEYS.current)}, and the key file {have}"):
            read(file, keys)
    assert b"patients" == read(file, KeySet(OTHERS.current, (KEYS.current,)))


def test_a_large_backup_needs_little_memory(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"\0" * 16_000_000)
    tracemalloc.start()
    encrypt(tmp_path / "plain", tmp_path / "closed", KEYS)
    decrypt(tmp_path / "closed", tmp_path / "out", KEYS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
