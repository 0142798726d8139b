"""A stranger's picture made harmless: decoded within bounds, and drawn anew without what was written into it."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
"""Decoders that may be tried, whatever the file says that it is."""
_MOST_PIXELS: Final = 50_000_000
"""More than any phone sends through a carrier; 150 MB while it is decoded."""
_WIDEST: Final = 2048
"""Pixels of the longer side as it is shown."""
_UNREADABLE: Final = "it is no JPEG, PNG, GIF or WEBP that can be read; look at it in Twilio's console"
_one_at_a_time = threading.Lock()


class NotAPicture(ValueError):
    """It cannot be shown; the sentence is for staff."""


def clean_picture(content: bytes) -> bytes:
    """The same picture as a JPEG without metadata, turned upright, at most 2048 pixels wide. Raises NotAPicture."""
    with _one_at_a_time:
        try:
            with Image.open(BytesIO(content), formats=_FORMATS) as opened:
                is_photo = opened.width * opened.height <= _MOST_PIXELS
                cleaned = _upright(opened) if is_photo else None
        except Exception:  # noqa: BLE001  # a decoder may raise anything on a stranger's file
            raise NotAPicture(_UNREADABLE) from None
    if cleaned is None:
        raise NotAPicture("it is larger than any photo; look at it in Twilio's console")
    return cleaned


def _upright(opened: ImageFile) -> bytes:
    """The size is known from the head of the file: up to here nothing was decoded."""
    opened.draft("RGB", (_WIDEST, _WIDEST))
    picture = ImageOps.exif_transpose(opened)
    picture.thumbnail((_WIDEST, _WIDEST))
    return _drawn_anew(picture)


def _drawn_anew(picture: Image.Image) -> bytes:
    paper = Image.new("RGB", picture.size, "white")
    layer = picture.convert("RGBA")
    paper.paste(layer, mask=layer.getchannel("A"))
    written = BytesIO()
    paper.save(written, "JPEG", quality=85)
    return written.getvalue()
