"""A request that cannot be done as it was made."""

from __future__ import annotations

from enum import StrEnum


class RefusalCode(StrEnum):
    """Why it was refused, where a door knows what to do next: a command, a button, an address."""

    ACCOUNT_EXISTS = "account-exists"
    API_KEY_EXISTS = "api-key-exists"
    APPROVER_MISSING = "approver-missing"
    AREA_CODE_UNKNOWN = "area-code-unknown"
    BACKUP_NOT_COMPARED = "backup-not-compared"
    BACKUP_TOO_OLD = "backup-too-old"
    BOOKED_ALREADY = "booked-already"
    COLUMNS_MISSING = "columns-missing"
    COURSE_OVER = "course-over"
    ENDED_ALREADY = "ended-already"
    ENROLLED_OTHERWISE = "enrolled-otherwise"
    ENROLLMENT_UNKNOWN = "enrollment-unknown"
    FILE_EMPTY = "file-empty"
    FILE_OF_ANOTHER_SHAPE = "file-of-another-shape"
    MESSAGE_CHANGED = "message-changed"
    MESSAGE_UNKNOWN = "message-unknown"
    MESSAGE_CAME_MEANWHILE = "message-came-meanwhile"
    MORE_ARE_LATE = "more-are-late"
    NEVER_TEXT = "never-text"
    NOT_APPROVED = "not-approved"
    NOTHING_TO_COMPARE = "nothing-to-compare"
    NOTHING_TO_RELEASE = "nothing-to-release"
    NOTHING_TO_REVIEW = "nothing-to-review"
    NUMBER_TO_RELEASE = "number-to-release"
    OFFICE_LOST = "office-lost"
    OPTED_OUT = "opted-out"
    REASON_MISSING = "reason-missing"
    REPLIED_MEANWHILE = "replied-meanwhile"
    REPLY_UNKNOWN = "reply-unknown"
    SAME_ENROLLMENT = "same-enrollment"
    SCOPE_MISSING = "scope-missing"
    TAKEN_BY_COLLEAGUE = "taken-by-colleague"
    TASK_UNKNOWN = "task-unknown"
    TREATED_ALREADY = "treated-already"
    VISIT_TO_COME = "visit-to-come"


class Refused(ValueError):
    """One sentence for the person who asked: what was wrong, where, and what to write instead."""

    def __init__(
        self, sentence: str, field: str | None = None, *, code: RefusalCode | None = None, **about: object
    ) -> None:
        super().__init__(sentence)
        self.field = field
        """The field or CSV column it is about, where there is one."""
        self.code = code
        """Where a door knows what to do next; the command line's words for it are in `notifier/cli/advice.py`."""
        self.about = about
        """What a door's advice names, such as `enrollment=7`."""
