"""What a stranger sends is drawn anew or refused: no metadata, no bomb, no other file in disguise."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from notifier.conversations.pictures import NotAPicture, clean_picture


def picture(kind: str = "JPEG", size: tuple[int, int] = (300, 200), **saved: object) -> bytes:
    written = BytesIO()
    mode = "RGBA" if kind in ("PNG", "WEBP") else "P" if kind == "GIF" else "RGB"
    Image.new(mode, size).save(written, kind, **saved)
    return written.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *more: bytes) -> bytes:
    """A PNG whose head says that size, with no more than a line in it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def test_each_kind_of_photo_becomes_a_jpeg(subtests: pytest.Subtests) -> None:
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        with subtests.test(kind=kind):
            found = Image.open(BytesIO(clean_picture(picture(kind))))
            assert ("JPEG", (300, 200), "RGB") == (found.format, found.size, found.mode)


def test_what_was_written_into_it_is_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "Ana Ruiz, 12 Elm Street"
    exif.get_ifd(0x8825)[2] = (40.0, 42.0, 46.0)  # where it was taken
    sent = picture(exif=exif, comment=b"Ana Ruiz")
    assert b"Elm Street" in sent
    cleaned = clean_picture(sent)
    found = Image.open(BytesIO(cleaned))
    assert ((200, 300), {}, {}) == (found.size, dict(found.getexif()), dict(found.getexif().get_ifd(0x8825)))
    assert [] == [word for word in (b"Ana", b"Elm", b"Exif", b"GPS") if word in cleaned]


def test_what_hangs_behind_a_picture_does_not_come_along() -> None:
    """A file that is a picture to one reader and a page or an archive to another."""
    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04evil.exe", b"%PDF-1.7"):
        assert tail not in clean_picture(picture() + tail)
    assert b"<script>" not in clean_picture(picture("GIF", comment=b"<script>alert(1)</script>"))


def test_a_large_photo_is_made_smaller() -> None:
    assert (2048, 1365) == Image.open(BytesIO(clean_picture(picture(size=(6000, 4000))))).size


def test_a_small_file_that_would_fill_the_memory_is_not_even_decoded() -> None:
    """81 million pixels, whole and sound, in some kilobytes; and 50 million, which a phone may take."""
    bombs = []
    for size in ((9000, 9000), (7000, 7000)):
        written = BytesIO()
        Image.new("1", size).save(written, "PNG")
        bombs.append(written.getvalue())
    assert max(map(len, bombs)) < 50_000
    with pytest.raises(NotAPicture, match="it is larger than any photo"):
        clean_picture(bombs[0])
    assert (2048, 2048) == Image.open(BytesIO(clean_picture(bombs[1]))).size


def test_what_is_no_photo_is_refused_in_a_sentence(subtests: pytest.Subtests) -> None:
    text_bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000))
    hostile = {
        "nothing": b"",
        "html": b"<!doctype html><script>alert(1)</script>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "pdf": b"%PDF-1.7\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "bmp": picture("BMP"),
        "tiff": picture("TIFF"),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "cut off": picture()[:300],
        "wrong head": b"\xff\xd8\xff\xe0" + b"\0" * 500,
        "bomb": png_of(30_000, 30_000),
        "wide bomb": png_of(2_000_000_000, 1),
        "large": png_of(9_000, 9_000),
        "text bomb": png_of(100, 100, text_bomb),
        "gif bomb": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + b"\0" * 6 + b"," + b"\0" * 9,
    }
    for name, content in hostile.items():
        with subtests.test(name=name), pytest.raises(NotAPicture, match="look at it in Twilio's console"):
            clean_picture(content)
