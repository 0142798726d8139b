"""What a text says without words: emoji, and letters of a script that nobody here reads."""

from __future__ import annotations

import unicodedata
from typing import Final

STOP_SIGNS: Final = frozenset("🛑🚫⛔")
GLAD: Final = frozenset("👍🙏❤♥😊🙂😀😁😃😄😆😂🤣🥰😍😘😎🤩👌💕💖💗💛💙💜💚🧡🤍💯🙌✅✔🎉☺👏🤗✨🌸🌹💐😇🫶🥳🤝💪☀🌞😌")


def symbols(text: str) -> frozenset[str]:
    """The emoji and other signs in it, without their tints and joiners."""
    return frozenset(c for c in text if unicodedata.category(c) in ("So", "Sk") and c not in _TINTS)


def is_unreadable(text: str) -> bool:
    """Whether most of its letters are of another script than Latin."""
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not unicodedata.name(c, "LATIN").startswith(("LATIN", "FULLWIDTH LATIN")) for c in letters)
    return foreign * 2 > len(letters)


_TINTS: Final = frozenset("🏻🏼🏽🏾🏿^`´¨")
