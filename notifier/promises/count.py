"""The promises, counted: what reached the phones (the provider's ledger) beside what was meant (the outbox).

Pure. Nothing here trusts the outbox about what left: the ledger says that. Each count names every breach it finds,
so a table of zeros is a finding and not a decoration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from notifier.promises.facts import Evidence, PromiseKept
from notifier.promises.patient import capped, never_after_stop, never_at_night, never_over_the_head, never_uninformed
from notifier.promises.tally import Tally, hour, length
from notifier.promises.text import never_early, never_lost, never_silent, never_stale, never_twice

_Count = Callable[[Evidence], Tally]
_Say = Callable[[Tally], str]


def _early(found: Tally) -> str:
    side = "before" if found.least is not None and found.least < timedelta(0) else "after"
    soonest = "" if found.least is None else f"; the soonest {length(found.least)} {side} the restriction's end"
    return f'{found.numbers["lifts"]} texts said "you may", {len(found.broken)} of them early{soonest}'


def _twice(found: Tally) -> str:
    return "{texts} texts reached {phones} phones; {extra} of them doubled".format_map(found.numbers)


def _stop(found: Tally) -> str:
    stops, held = found.numbers["stops"], found.numbers["held"]
    return f"{stops} said STOP; {len(found.broken)} texts followed; {held} planned ones were withheld"


def _night(found: Tally) -> str:
    from_to = "" if found.least is None else f"; earliest {hour(found.least)}, latest {hour(found.most)}"
    return f"{len(found.broken)} texts outside {{window}} on the patient's clock{from_to}"


def _stale(found: Tally) -> str:
    worst = "" if found.most is None else f"; the slowest left {length(found.most)} after its planned moment"
    return f"{len(found.broken)} left past their use{worst}"


def _silent(found: Tally) -> str:
    unsent = found.numbers["unsent"]
    return f"{unsent} planned texts reached no phone; {unsent - len(found.broken)} of them say why"


def _lost(found: Tally) -> str:
    due = found.numbers["due"]
    return f"{due} texts were due; {due - found.numbers['stuck']} have an outcome, {len(found.broken)} unaccounted for"


def _head(found: Tally) -> str:
    numbers = found.numbers
    return f"{numbers['messages']} messages from patients; {len(found.broken)} texts left that had to wait for a person"


def _uninformed(found: Tally) -> str:
    return f"{found.numbers['topics']} rules were lifted; {len(found.broken)} of them nobody had told"


def _capped(found: Tally) -> str:
    numbers = found.numbers
    too_many = f"{numbers['days']} days with texts; on {numbers['full']} of them too many"
    return f"{too_many}; {numbers['close']} texts within 15 minutes of another"


PROMISES: Final[tuple[tuple[str, _Count, _Say], ...]] = (
    ("Never early", never_early, _early),
    ("Never twice", never_twice, _twice),
    ("Never after STOP", never_after_stop, _stop),
    ("Never at night", never_at_night, _night),
    ("Never stale", never_stale, _stale),
    ("Never silent", never_silent, _silent),
    ("Never lost", never_lost, _lost),
    ("Never unread", never_over_the_head, _head),
    ("Never untold", never_uninformed, _uninformed),
    ("Never crowded", capped, _capped),
)
"""In the order in which they win: the name, the count, and how it is said."""


def count_promises(evidence: Evidence) -> list[PromiseKept]:
    """All of them, over everything that the evidence has."""
    return count_over([evidence])


def count_over(parts: Iterable[Evidence]) -> list[PromiseKept]:
    """All of them, over evidence that comes in parts: each has all there is of some numbers, and of no others."""
    tallies = [Tally() for _ in PROMISES]
    window = ""
    for evidence in parts:
        window = str(evidence.window)
        for tally, (_, count, _) in zip(tallies, PROMISES, strict=True):
            tally.add(count(evidence))
    return [
        PromiseKept(name, say(tally).replace("{window}", window or "the window"), tuple(tally.broken))
        for tally, (name, _, say) in zip(tallies, PROMISES, strict=True)
    ]
