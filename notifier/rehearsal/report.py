"""The report: one page with the promises, and one for each number, with its texts as the patient would read them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from notifier.domain.counted import counted
from notifier.promises.facts import Arrival, Evidence, Intent, PromiseKept

_MOST_BREACHES: Final = 50
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1d2733}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #d5dce3;"
    "vertical-align:top}.broken{color:#a3160e;font-weight:600}.kept{color:#0b6b3a;font-weight:600}"
    ".text{background:#e8f0fa;border-radius:.8rem;padding:.6rem .9rem;margin:.2rem 0 1rem;white-space:pre-wrap}"
    ".lost{background:#fbe9e7}.when{color:#51606e;font-size:.9rem}h2{margin-top:2rem}li{margin:.2rem 0}"
)


class RehearsalReport:
    """Files that their owner alone may read, for the names in them are patients'."""

    def __init__(self, folder: Path, title: str) -> None:
        folder.mkdir(mode=0o700)
        self._folder, self._title = folder, title
        self._patients: list[tuple[str, str, int]] = []

    @property
    def index(self) -> Path:
        """Its first page."""
        return self._folder / "index.html"

    def add(self, evidence: Evidence) -> None:
        """A page for each number."""
        rows, texts = defaultdict(list), defaultdict(list)
        for row in evidence.outbox:
            rows[row.phone].append(row)
        for text in evidence.judged():
            texts[text.phone].append(text)
        for phone, its_rows in rows.items():
            number = len(self._patients) + 1
            file = f"patient-{number:05}.html"
            who = its_rows[0].patient
            title = f"Patient {number}: {who}"
            self._write(file, title, "\n".join(_patient(title, texts[phone], its_rows, evidence)))
            self._patients.append((file, title, len(texts[phone])))

    def close(self, kept: Sequence[PromiseKept], facts: Sequence[str]) -> None:
        """The first page."""
        lines = [f"<h1>{escape(self._title)}</h1>", *(f"<p>{escape(one)}</p>" for one in facts), "<h2>Promises</h2>"]
        lines.append("<table><tr><th></th><th>Promise</th><th>Counted from what left and what was planned</th></tr>")
        for one in kept:
            word = "broken" if one.broken else "kept"
            breaches = "".join(f"<li>{escape(breach)}</li>" for breach in one.broken[:_MOST_BREACHES])
            more = len(one.broken) - _MOST_BREACHES
            rest = f"<li>and {more} more</li>" if more > 0 else ""
            listed = f"<ul>{breaches}{rest}</ul>" if breaches else ""
            lines.append(
                f'<tr><td class="{word}">{word}</td><td>{escape(one.promise)}</td>'
                f"<td>{escape(one.found)}{listed}</td></tr>"
            )
        lines.append("</table><h2>Patients</h2><ul>")
        lines += [
            f'<li><a href="{file}">{escape(title)}</a>, {counted(count, "text")}</li>'
            for file, title, count in self._patients
        ]
        self._write(self.index.name, self._title, "\n".join([*lines, "</ul>"]))

    def _write(self, name: str, title: str, body: str) -> None:
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>{_STYLE}</style>\n{body}\n</html>\n"
        )
        file = os.open(self._folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(page)


def _patient(title: str, texts: Sequence[Arrival], rows: Sequence[Intent], evidence: Evidence) -> Iterator[str]:
    yield f'<p><a href="index.html">All patients</a></p><h1>{escape(title)}</h1>'
    zone, left = rows[0].zone, {text.sid for text in texts}
    lines: list[tuple[object, str]] = []
    for text in texts:
        local = text.at.astimezone(zone)
        lost = "" if text.arrived else " lost"
        note = "" if text.arrived else ", not delivered"
        when = f"{local:%A %Y-%m-%d, %H:%M}{note}"
        lines.append((text.at, f'<p class="when">{when}</p><div class="text{lost}">{escape(text.body)}</div>'))
    stop = evidence.stops.get(rows[0].phone)
    for written in evidence.messages.get(rows[0].phone, ()):
        local = written.at.astimezone(zone)
        said = "The patient writes STOP" if written.at == stop else "The patient writes"
        lines.append((written.at, f'<p class="when">{local:%A %Y-%m-%d, %H:%M}: {said}</p>'))
    yield from (line for _, line in sorted(lines, key=lambda one: str(one[0])))
    unsent = [row for row in rows if not {row.sid, *row.bounced} & left and row.reason]
    if unsent:
        yield "<h2>What did not leave</h2><ul>"
        yield from (f"<li>{escape(row.step)}: {row.state}, {escape(row.reason or '')}</li>" for row in unsent)
        yield "</ul>"
