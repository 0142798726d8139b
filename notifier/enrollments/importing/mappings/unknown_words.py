"""Questions about a file's words, each once: the answer is remembered for the next file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from notifier.domain.counted import counted
from notifier.enrollments.importing.mappings.apply import FileReader

_ASKS: Final = {
    "service": 'which protocol does "{word}" give ({rows})? Say --service "{word}=PROTOCOL", or =none for no texts',
    "status": 'what does the status "{word}" mean ({rows})? Say --status "{word}=booked" (treated, cancelled, no-show)',
    "consent": 'is "{word}" in the consent column a yes or a no ({rows})? Say --consent-word "{word}=yes"',
    "office": 'which office is "{word}" ({rows})? Say --office "{word}=ID"',
}


def unknown_words(reader: FileReader) -> Iterator[str]:
    """What has to be said before the file can be read whole, the most frequent first."""
    for one, count in reader.unknown.most_common():
        yield _ASKS[one.what].format(word=one.word, rows=counted(count, "row"))
