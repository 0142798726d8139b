"""Back to where a small form stood: the same page, the same place on it, and a way to take back what was done."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlencode

from notifier.domain.tasks import TaskRef
from notifier.web.view import View

_MOST_UNDONE: Final = 60
"""So many pieces of work fit into an address."""
_ONE: Final = re.compile(
    r"/patients/[0-9]+|/texts/[a-z0-9-]+|/unmarked|/(day|week)/[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII
)
_QUERY: Final = re.compile(r"[A-Za-z0-9=&~:.%+-]{1,200}")
_ANCHOR: Final = re.compile(r"[a-z]{1,12}(-[a-z0-9-]{1,40})?")


def back_to(view: View, otherwise: str = "/", undo: Collection[TaskRef] = ()) -> str:
    """The page of ours that a small form stands on, at the row that follows; `undo`: what it offers to take back."""
    path, _, query = view.field("back").partition("?")
    known = path in ("/", "/replies", "/tasks", "/import") or _ONE.fullmatch(path)
    if not known:
        return otherwise
    said = query.split("&") if _QUERY.fullmatch(query) else []
    kept = [one for one in said if one and not one.startswith(("undo=", "marked="))]
    if undo and path in ("/", "/tasks") and len(undo) <= _MOST_UNDONE:
        kept.append(urlencode({"undo": "~".join(map(str, undo))}))
    anchor = view.field("at")
    place = f"#{anchor}" if _ANCHOR.fullmatch(anchor) else ""
    return path + (f"?{'&'.join(kept)}" if kept else "") + place


def undoable(view: View) -> tuple[TaskRef, ...]:
    """What was closed a moment ago, as the address has it."""
    found = []
    for one in view.request.query_params.get("undo", "").split("~")[:_MOST_UNDONE]:
        try:
            found.append(TaskRef.parse(one))
        except ValueError:  # a made-up address offers nothing
            continue
    return tuple(found)
