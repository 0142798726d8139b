"""Uploaded files while somebody looks at them: in memory alone, one for each session, for half an hour at most."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from notifier.domain.refused import Refused
from notifier.enrollments.importing.import_rows import Progress
from notifier.enrollments.importing.mappings.apply import UnknownWord
from notifier.enrollments.importing.report import ImportReport

LARGEST: Final = 10 * 2**20
"""Bytes of one file."""
_MOST_HELD: Final = 4
"""Files at once: with what is made of them they need some hundred MiB at most."""
_KEPT_FOR: Final = timedelta(minutes=30)
_SHORT: Final = 1.5
"""Seconds for which a response waits, so that a small file needs no second look."""
log = structlog.get_logger()
Work = Callable[[Progress], ImportReport]


@dataclass(slots=True)
class Upload:
    """One file, and how far its import is. The thread that works on it writes the last five fields and `unknown`."""

    data: bytes = field(repr=False)
    seen_at: datetime
    digest: str = ""
    mapping: str = ""
    """Through which it is read; "" for a file of ours."""
    consent: str = ""
    """How everybody in it agreed, where the file does not say it."""
    said_at: datetime | None = None
    """When the file was last changed, where that was before it came; None: now."""
    complete: bool = False
    """Somebody says that it names every visit of its days."""
    unknown: tuple[tuple[UnknownWord, int], ...] = ()
    """Words that nobody has said the meaning of, and in how many rows each stands."""
    pointed: dict[str, str] = field(default_factory=dict)
    """What somebody said of its columns on the page, as it was sent."""
    thread: threading.Thread | None = None
    done: int = 0
    of: int = 0
    what: str = "checked"
    report: ImportReport | None = None
    problem: str | None = None
    written_at: datetime | None = None
    """When somebody said that it is to be written: what all of its enrollments have."""

    @property
    def is_busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    @property
    def is_written(self) -> bool:
        """Whether an import, and not only a dry run, has ended."""
        return self.report is not None and not self.report.dry_run


@dataclass(slots=True)
class Uploads:
    """What is held, by session."""

    _held: dict[str, Upload] = field(default_factory=dict, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def put(
        self,
        key: str,
        data: bytes,
        now: datetime,
        *,
        mapping: str = "",
        consent: str = "",
        complete: bool = False,
        said_at: datetime | None = None,
    ) -> Upload:
        """Hold a file in place of the session's last one. Raises Refused where too many are being worked on."""
        upload = Upload(data, now, hashlib.sha256(data).hexdigest()[:16], mapping, consent, said_at, complete)
        with self._turn:
            self._forget_old(now)
            last = self._held.get(key)
            if last is not None and last.is_busy:
                raise Refused("your last file is still being read; wait until it is done, then choose the next")
            idle = sorted((one for one in self._held if not self._held[one].is_busy), key=self._age)
            if key not in self._held and len(self._held) >= _MOST_HELD:
                if not idle:
                    raise Refused("others are importing right now; try again in a minute")
                del self._held[idle[0]]
            self._held[key] = upload
        return upload

    def get(self, key: str, now: datetime) -> Upload | None:
        """The session's file, unless it was forgotten."""
        with self._turn:
            self._forget_old(now)
            upload = self._held.get(key)
            if upload is not None:
                upload.seen_at = now
            return upload

    def forget(self, key: str) -> None:
        """Let go of the session's file; one that is being worked on goes when that is done."""
        with self._turn:
            upload = self._held.get(key)
            if upload is not None and not upload.is_busy:
                del self._held[key]

    def start(self, upload: Upload, work: Work, *, once: Callable[[], bool] = lambda: True) -> None:
        """Work on it in a thread of its own, and wait for that a moment. Nothing begins twice, or unless `once`."""
        with self._turn:
            if upload.is_busy or not once():
                return
            upload.done = upload.of = 0
            upload.problem = None
            upload.thread = threading.Thread(target=_work_on, args=(upload, work), name="import", daemon=True)
            upload.thread.start()
        upload.thread.join(_SHORT)

    def _forget_old(self, now: datetime) -> None:
        for key in [one for one, held in self._held.items() if now - held.seen_at > _KEPT_FOR and not held.is_busy]:
            del self._held[key]

    def _age(self, key: str) -> datetime:
        return self._held[key].seen_at


def _work_on(upload: Upload, work: Work) -> None:
    def report_progress(what: str, done: int, of: int) -> None:
        upload.what, upload.done, upload.of = what, done, of

    try:
        upload.report = work(report_progress)
    except Refused as why:
        upload.problem = str(why)
    except Exception:  # a thread's last boundary: a person gets a sentence, the log what happened
        log.exception("import_failed")
        upload.problem = (
            "something went wrong here, and it has been written down. What was imported until then is kept; "
            "importing the same file again completes it"
        )
