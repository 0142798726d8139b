"""What a person at a terminal may type when a request was refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from notifier.domain.refused import RefusalCode, Refused

_C = RefusalCode
ADVICE: Final[Mapping[RefusalCode, str]] = MappingProxyType(
    {
        _C.ACCOUNT_EXISTS: "to set its password: notifier staff password {name}",
        _C.API_KEY_EXISTS: 'notifier api-key revoke "{name}"',
        _C.APPROVER_MISSING: "--by NAME",
        _C.AREA_CODE_UNKNOWN: "--new-area-code",
        _C.BACKUP_NOT_COMPARED: "run: notifier recover --apply",
        _C.BACKUP_TOO_OLD: "to put it in place nevertheless: --too-old",
        _C.BOOKED_ALREADY: "notifier treated {enrollment} --at {at}",
        _C.COLUMNS_MISSING: "notifier import --template",
        _C.COURSE_OVER: "notifier change {enrollment}",
        _C.ENDED_ALREADY: "notifier resume {enrollment}, or --second",
        _C.ENROLLED_OTHERWISE: "notifier change {enrollment}",
        _C.ENROLLMENT_UNKNOWN: "see: notifier enrollments",
        _C.FILE_EMPTY: "for a sample: notifier import --template",
        _C.FILE_OF_ANOTHER_SHAPE: "--as NAME (see: notifier mappings list); a sample: notifier import --template",
        _C.MESSAGE_CHANGED: "notifier explain {message}",
        _C.MESSAGE_UNKNOWN: "see: notifier due",
        _C.MESSAGE_CAME_MEANWHILE: "see: notifier replies --open",
        _C.MORE_ARE_LATE: "notifier recover --plan",
        _C.NEVER_TEXT: 'notifier never-text ENROLLMENT --reconsent "signed a new form"',
        _C.NOT_APPROVED: "notifier protocols approve {protocol} --language {language} --by NAME",
        _C.NOTHING_TO_COMPARE: "see: notifier recover --plan",
        _C.NOTHING_TO_RELEASE: "see: notifier replies, notifier opt-outs",
        _C.NOTHING_TO_REVIEW: "see: notifier due",
        _C.NUMBER_TO_RELEASE: "notifier release {phone}",
        _C.OFFICE_LOST: "notifier change ENROLLMENT --office OFFICE",
        _C.OPTED_OUT: '--reconsent "signed a new form"',
        _C.REASON_MISSING: "--reason TEXT",
        _C.REPLIED_MEANWHILE: "--after {message}",
        _C.REPLY_UNKNOWN: "see: notifier replies",
        _C.SAME_ENROLLMENT: "notifier cancel {enrollment}",
        _C.SCOPE_MISSING: "--scope {scopes}",
        _C.TASK_UNKNOWN: "see: notifier tasks list",
        _C.TAKEN_BY_COLLEAGUE: "--take-over",
        _C.TREATED_ALREADY: "to stop its texts: notifier cancel {enrollment}",
        _C.VISIT_TO_COME: "notifier cancel {enrollment}; notifier change {enrollment} --appointment-at",
    }
)
"""By the refusal's code; the names in braces are those that the refusal is about."""


def with_advice(error: Refused) -> str:
    """The sentence, and the command where there is one."""
    return str(error) if error.code is None else f"{error}; {ADVICE[error.code].format_map(error.about)}"
