"""The real worker in a process of its own, at two in the afternoon, against the loopback Twilio."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from notifier.clock import Clock
from tests.benchmarks.clinic import NOW, ZONE
from tests.benchmarks.twilio import ACCOUNT, SERVICE, LoopbackTwilio

ROOT = Path(__file__).resolve().parents[2]
_TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """A running program: what it needs of the machine."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.popen, self._log = popen, log

    @property
    def cpu(self) -> float:
        """Seconds so far, of user and system."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    @property
    def memory(self) -> float:
        """Resident now, in MB."""
        lines = Path(f"/proc/{self.popen.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def stop(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(40)

    def said(self) -> str:
        """The end of what it wrote, for when something is wrong."""
        return self._log.read_text()[-2000:]


@contextmanager
def running(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[Process]:
    """Run a program while the block does; it is ended with SIGTERM."""
    with TemporaryDirectory(prefix="bench-") as place:
        log = Path(place, "log")
        with (
            log.open("wb") as out,
            subprocess.Popen(
                command, cwd=ROOT, env={**_bare_environment(), **(environment or {})}, stdout=out, stderr=out
            ) as popen,
        ):
            process = Process(popen, log)
            try:
                yield process
            finally:
                ended = popen.poll()
                if ended is None:
                    process.stop()
            if ended:  # a figure of a program that broke would be no figure
                raise RuntimeError(f"{' '.join(command)} ended with {ended}: {process.said()}")


@contextmanager
def worker(url: str, twilio: LoopbackTwilio, *, clock: Path, in_flight: int = 64) -> Iterator[Process]:
    """`notifier worker` on this database, its clock shifted by what the file says; receipts would come by webhook."""
    settings = {
        "NOTIFIER_ENV": "test",
        "NOTIFIER_CLOCK_FILE": str(clock),
        "NOTIFIER_DATABASE_URL": url,
        "NOTIFIER_FIRST_TEXT": "false",
        "NOTIFIER_CLINIC_NAME": "Glow Skin Clinic",
        "NOTIFIER_CLINIC_PHONE": "+1 212 555 0100",
        "NOTIFIER_TIMEZONE": ZONE,
        "NOTIFIER_MESSAGES_PER_SECOND": "0",
        "NOTIFIER_IN_FLIGHT": str(in_flight),
        "NOTIFIER_PUBLIC_URL": "https://texts.example.org",
        "NOTIFIER_LOG_LEVEL": "WARNING",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "bench",
        "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
        "TWILIO_API_URL": twilio.url,
    }
    with running([sys.executable, "-m", "notifier", "worker"], settings) as process:
        yield process


def set_clock(file: Path) -> None:
    """From now on it is `NOW` on the clock of whoever reads this file."""
    file.write_text(repr((NOW - Clock().now()).total_seconds()))


def _bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("NOTIFIER_", "TWILIO_"))}
