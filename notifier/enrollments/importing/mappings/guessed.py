"""A file that nobody knows yet, as it is probably meant: where its table begins, its split columns, what each says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.pointed import PointedColumns
from notifier.enrollments.importing.mappings.roles import Says, guess_roles, header_row
from notifier.enrollments.importing.mappings.splits import guess_split
from notifier.enrollments.importing.mappings.table import with_split


def guess(
    title: str,
    rows: Sequence[tuple[int, list[str]]],
    *,
    place: int | None = None,
    split: Mapping[str, str] | None = None,
) -> PointedColumns:
    """The columns of a file's first rows. `place` is where their names stand, `split` what says two things.

    Raises Refused for a file without rows.
    """
    if not rows:
        raise Refused("the file has no rows; export a list with the names of its columns above it")
    place = header_row(rows) if place is None else place
    header, below = rows[place][1], [cells for _, cells in rows[place + 1 :]]
    if split is None:
        split = guess_split(header, below, guess_roles(header, below))
    whole, numbered = with_split(split, header, iter(rows[place + 1 :]))
    cells = [row for _, row in numbered] if split else below
    roles = guess_roles(whole, cells)
    if split:
        roles = {at: role for at, role in roles.items() if whole[at] not in split}
        roles |= {at: role for at, role in _of_made(whole, len(header)).items() if role not in roles.values()}
    return PointedColumns(title, whole, cells, roles, split=split)


def _of_made(header: Sequence[str], many: int) -> dict[int, Says]:
    """What a person named in the pattern, such as {Service}, is that, whatever other columns are called."""
    made = guess_roles(["", *header[many:]], ())
    return {at - 1 + many: role for at, role in made.items()}
