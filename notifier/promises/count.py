"""The promises, counted: what reached the phones (the provider's ledger) beside what was meant (the outbox).

Pure. Nothing here trusts the outbox about what left: the ledger says that. Each count names every breach it finds,
so a table of zeros is a finding and not a decoration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from notifier.domain.counted import counted
from notifier.promises.facts import Evidence, PromiseKept
from notifier.promises.patient import capped, never_after_stop, never_at_night, never_over_the_head, never_uninformed
from notifier.promises.tally import Tally, hour, length
from notifier.promises.text import never_early, never_lost, never_silent, never_stale, never_twice

_Count = Callable[[Evidence], Tally]
_Say = Callable[[Tally], str]


def _early(found: Tally) -> str:
    side = "before" if found.least is not None and found.least < timedelta(0) else "after"
    soonest = "" if found.least is None else f"; the soonest {length(found.least)} {side} the restriction's end"
    return f'{counted(found.numbers["lifts"], "text")} said "you may", {len(found.broken)} of them early{soonest}'


def _twice(found: Tally) -> str:
    texts, phones = counted(found.numbers["texts"], "text"), counted(found.numbers["phones"], "phone")
    return f"{texts} reached {phones}; {found.numbers['extra']} of them doubled"


def _stop(found: Tally) -> str:
    stops, held = found.numbers["stops"], found.numbers["held"]
    withheld = counted(held, "planned one was", "planned ones were")
    return f"{stops} said STOP; {counted(len(found.broken), 'text')} followed; {withheld} withheld"


def _night(found: Tally) -> str:
    from_to = "" if found.least is None else f"; earliest {hour(found.least)}, latest {hour(found.most)}"
    return f"{counted(len(found.broken), 'text')} outside {{window}} on the patient's clock{from_to}"


def _stale(found: Tally) -> str:
    worst = "" if found.most is None else f"; the slowest left {length(found.most)} after its planned moment"
    return f"{len(found.broken)} left past their use{worst}"


def _silent(found: Tally) -> str:
    unsent = found.numbers["unsent"]
    explained = counted(unsent - len(found.broken), "of them says", "of them say")
    return f"{counted(unsent, 'planned text')} reached no phone; {explained} why"


def _lost(found: Tally) -> str:
    due = found.numbers["due"]
    known = counted(due - found.numbers["stuck"], "has an outcome", "have an outcome")
    return f"{counted(due, 'text was', 'texts were')} due; {known}, {len(found.broken)} unaccounted for"


def _head(found: Tally) -> str:
    messages, early = counted(found.numbers["messages"], "message"), counted(len(found.broken), "text")
    return f"{messages} from patients; {early} left that had to wait for a person"


def _uninformed(found: Tally) -> str:
    rules = counted(found.numbers["topics"], "rule was", "rules were")
    return f"{rules} lifted; {len(found.broken)} of them nobody had told"


def _capped(found: Tally) -> str:
    numbers = found.numbers
    too_many = f"{counted(numbers['days'], 'day')} with texts; on {numbers['full']} of them too many"
    return f"{too_many}; {counted(numbers['close'], 'text')} within 15 minutes of another"


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
