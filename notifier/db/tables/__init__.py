"""The tables, all of them. They are the truth: the scheduler only wakes what reads them.

One database is one clinic; every instant is UTC. Import them from here: only then is the metadata complete.
"""

from __future__ import annotations

from notifier.db.tables.alerts import Alert, AlertChannel
from notifier.db.tables.api import ApiKey, ApiResponse, Scope
from notifier.db.tables.audit import AuditSeal, AuditShown, StaffAudit
from notifier.db.tables.booking_hooks import HookBooking, HookEvent, HookSource
from notifier.db.tables.calendar_feeds import CalendarFeed
from notifier.db.tables.conversations import PatientNote, ReplyPass, SavedAnswer, SavedWording
from notifier.db.tables.forgetting import Erasure, EvidenceSalt, LegalHold, ProviderDeletion, RetentionApproval
from notifier.db.tables.inbound import NeverText, NumberHold, OptOut, PhotoLook, Poll, Receipt, Reply, ReplyPhone
from notifier.db.tables.mappings import ImportFile, MappingWord, SavedMapping
from notifier.db.tables.outbox import (
    Attempt,
    Circuit,
    Enrollment,
    Event,
    Message,
    Sender,
    WorkerRow,
)
from notifier.db.tables.overlays import OverlayDraft, OverlayVersion
from notifier.db.tables.plans import PlanInputs, Replan
from notifier.db.tables.protocol_migrations import CorrectionWording, MigratedEnrollment, ProtocolMigration
from notifier.db.tables.protocols import AnswerApproval, Approval, Pause, ProtocolVersion
from notifier.db.tables.recovery import Recovery, RecoveryKind
from notifier.db.tables.search import SearchWord, StoredSearch
from notifier.db.tables.staff import (
    KnownBrowser,
    RecoveryCode,
    Role,
    SeenTo,
    SignInStep,
    Staff,
    StaffForm,
    StaffSession,
    TaskClaim,
    TaskSnooze,
    WrongPassword,
)
from notifier.db.tables.subscriptions import WebhookDelivery, WebhookEndpoint
from notifier.db.tables.tryouts import StaffPhone, Tryout, TryoutReply

__all__ = [
    "Alert",
    "AlertChannel",
    "AnswerApproval",
    "ApiKey",
    "ApiResponse",
    "Approval",
    "Attempt",
    "AuditSeal",
    "AuditShown",
    "CalendarFeed",
    "Circuit",
    "CorrectionWording",
    "Enrollment",
    "Erasure",
    "Event",
    "EvidenceSalt",
    "HookBooking",
    "HookEvent",
    "HookSource",
    "ImportFile",
    "KnownBrowser",
    "LegalHold",
    "MappingWord",
    "Message",
    "MigratedEnrollment",
    "NeverText",
    "NumberHold",
    "OptOut",
    "OverlayDraft",
    "OverlayVersion",
    "PatientNote",
    "Pause",
    "PhotoLook",
    "PlanInputs",
    "Poll",
    "ProtocolMigration",
    "ProtocolVersion",
    "ProviderDeletion",
    "Receipt",
    "Recovery",
    "RecoveryCode",
    "RecoveryKind",
    "Replan",
    "Reply",
    "ReplyPass",
    "ReplyPhone",
    "RetentionApproval",
    "Role",
    "SavedAnswer",
    "SavedMapping",
    "SavedWording",
    "Scope",
    "SearchWord",
    "SeenTo",
    "Sender",
    "SignInStep",
    "Staff",
    "StaffAudit",
    "StaffForm",
    "StaffPhone",
    "StaffSession",
    "StoredSearch",
    "TaskClaim",
    "TaskSnooze",
    "Tryout",
    "TryoutReply",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerRow",
    "WrongPassword",
]
