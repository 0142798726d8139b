"""What patients sent beside words: Twilio's list of it, its redirect to the file, and a sample photo."""

from __future__ import annotations

import json
import re
from functools import cache
from io import BytesIO

from notifier.sandbox.account import Account, ApiRefusal
from notifier.sandbox.messages import media_sids
from notifier.sandbox.wire import HttpReply

_OF_A_MESSAGE = re.compile(r".*/Messages/((?:SM|MM)[0-9a-f]{32})/Media(?:/(ME[0-9a-f]{32}))?(?:\.json)?")
_FILE = re.compile(r"/media/(ME[0-9a-f]{32})")


def respond_media(account: Account, path: str) -> HttpReply | None:
    """The response to a request for media; None where it asks for something else. Raises ApiRefusal."""
    if file := _FILE.fullmatch(path):
        return _file(account, file[1])
    if (asked := _OF_A_MESSAGE.fullmatch(path)) is None:
        return None
    message = account.fetch(asked[1])
    sids = media_sids(message)
    if asked[2] is None:
        listed = [{"sid": sid, "parent_sid": message.sid, "content_type": "image/jpeg"} for sid in reversed(sids)]
        return HttpReply(200, json.dumps({"media_list": listed}).encode())
    if asked[2] not in sids:
        raise ApiRefusal(404, 20404, "The requested resource was not found")
    return HttpReply(307, headers=(("Location", f"/media/{asked[2]}"),))


def _file(account: Account, sid: str) -> HttpReply:
    content_type, content = account.media.get(sid) or ("image/jpeg", _sample())
    return HttpReply(200, content, content_type)


@cache
def _sample() -> bytes:
    """A photo of nobody: a warm patch on lighter skin, as a JPEG."""
    from PIL import Image, ImageDraw, ImageFilter  # noqa: PLC0415  # few who use the sandbox ask for a photo

    picture = Image.new("RGB", (640, 480), (236, 205, 184))
    ImageDraw.Draw(picture).ellipse((180, 130, 460, 350), fill=(214, 120, 104))
    written = BytesIO()
    picture.filter(ImageFilter.GaussianBlur(28)).save(written, "JPEG", quality=85)
    return written.getvalue()
