"""Reactions, as phones without iMessage or RCS receive them: Liked “our whole text”."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from notifier.conversations.reading.normalize import plain
from notifier.conversations.reading.symbols import GLAD, symbols
from notifier.conversations.reading.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction to a text of ours, which it quotes, with the STOP in it."""

    how: str
    """Liked, or a sign."""
    is_glad: bool
    behind: str
    """What the patient wrote behind the quote."""


def reaction_in(text: str, known: Vocabulary) -> Reaction | None:
    """The reaction that a text is; None where it is none."""
    seen = plain(text)
    disliked = known.disliked.match(seen)
    found = disliked or known.liked.match(seen)
    if found is None:
        return None
    quoted = seen[found.end() :]
    end = _QUOTE_END.search(quoted)
    how = found[0].strip().rstrip('"“«').strip()
    return Reaction(how, disliked is None and symbols(how) <= GLAD, quoted[end.end() :] if end else "")


_QUOTE_END: Final = re.compile(r"[\"”»](?!.*[\"”»])", re.DOTALL)
