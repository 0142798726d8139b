"""The boundary: whatever a command raises becomes one sentence on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import typer

from notifier.cli.advice import with_advice
from notifier.cli.app import build_app, called
from notifier.cli.command_name import command
from notifier.cli.errors import Failed
from notifier.cli.output import note
from notifier.domain.errors import BadConfiguration, Unavailable
from notifier.domain.refused import Refused
from schedules.errors import ProtocolError


class ExitCode(IntEnum):
    """What the shell, systemd and scripts rely on."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    BAD_CONFIGURATION = 78
    INTERRUPTED = 130


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line; never raises."""
    words = list(sys.argv[1:] if args is None else args)
    try:
        with _sentences():
            command.set(called(words))
            answered = build_app()(args=words, prog_name="notifier", standalone_mode=False)
            sys.stdout.flush()
    except _Ended as end:
        return end.code
    return answered if isinstance(answered, int) else ExitCode.DONE


class _Ended(Exception):
    def __init__(self, code: ExitCode) -> None:
        self.code = code


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except BadConfiguration as error:
        raise _ended(ExitCode.BAD_CONFIGURATION, str(error)) from None
    except (Refused, ProtocolError) as error:
        raise _ended(ExitCode.BAD_INPUT, _refusal(error)) from None
    except typer.TyperException as error:
        if _is_help(error):  # a command group alone
            note(error.format_message())
            raise _Ended(ExitCode.BAD_INPUT) from None
        raise _ended(ExitCode(error.exit_code), _usage(error)) from None
    except (Failed, Unavailable) as error:
        raise _ended(ExitCode.FAILED, str(error)) from None
    except typer.Abort:
        raise _ended(ExitCode.FAILED, "stopped: nothing was changed") from None
    except KeyboardInterrupt:
        raise _ended(ExitCode.INTERRUPTED, "interrupted") from None
    except BrokenPipeError:
        # Whoever read us has gone (`| head`): nothing more to say, not even at the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _Ended(ExitCode.FAILED) from None
    except Exception as error:  # noqa: BLE001  # the last boundary: a person gets a sentence, not a traceback
        raise _ended(ExitCode.FAILED, _unexpected(error)) from None


def _refusal(error: Refused | ProtocolError) -> str:
    return with_advice(error) if isinstance(error, Refused) else str(error)


def _ended(code: ExitCode, sentences: str) -> _Ended:
    note("\n".join(f"notifier: {line}" for line in sentences.splitlines()))
    return _Ended(code)


def _is_help(error: typer.TyperException) -> bool:
    context = getattr(error, "ctx", None)
    return context is not None and error.format_message() == context.get_help()


def _usage(error: typer.TyperException) -> str:
    """Typer's own words on one line, and where to look."""
    words = " ".join(error.format_message().split()).rstrip(".")
    words = words.replace(_PYDANTIC_INT, "write a whole number").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "notifier"
    return f"{words[:1].lower()}{words[1:]}; see: {command} --help"


_PYDANTIC_INT = "Input should be a valid integer, unable to parse string as an integer"


def _unexpected(error: Exception) -> str:
    """What went wrong and where, without any value: a message may hold a patient's number or name."""
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if {"notifier", "schedules"} & set(Path(frame.filename).parts) and frame.filename != __file__
    ]
    return f"this is a mistake in notifier, please report it: {type(error).__name__} at {' > '.join(frames[-4:])}"
