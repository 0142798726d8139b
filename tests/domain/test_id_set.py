from __future__ import annotations

from notifier.domain.id_set import IdSet


def test_it_has_what_was_added_once_each_and_nothing_else() -> None:
    ids = IdSet([1, 8, 8])
    ids.update([200_000, 7])
    assert 4 == len(ids)
    assert [1, 7, 8, 200_000] == [one for one in range(200_100) if one in ids]
