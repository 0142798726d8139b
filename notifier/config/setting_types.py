"""The types of settings: what a value may say, by the kind of value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from notifier.config import values

Address = Annotated[str, AfterValidator(values.plain_address)]
HiddenAddress = Annotated[SecretStr, AfterValidator(values.secret(values.web_address))]
Token = Annotated[SecretStr, AfterValidator(values.secret(values.auth_token))]
AnswerWords = Annotated[str, AfterValidator(values.answer_words)]
SendWindowText = Annotated[str, AfterValidator(values.send_window)]
QuietDaysText = Annotated[str, AfterValidator(values.quiet_days)]
StaffedHoursText = Annotated[str, AfterValidator(values.staffed_hours)]
ClinicName = Annotated[str, AfterValidator(values.clinic_name)]
ClinicPhone = Annotated[str, AfterValidator(values.clinic_phone)]
ZoneName = Annotated[str, AfterValidator(values.zone)]
ProtocolsDirectory = Annotated[Path, AfterValidator(values.protocols_directory)]
HostNames = Annotated[str, AfterValidator(values.host_names)]
BackupDirectory = Annotated[Path, AfterValidator(values.backup_directory)]
AuditCopy = Annotated[str, AfterValidator(values.audit_copy)]
PersonName = Annotated[str, AfterValidator(values.person)]
EmailAddresses = Annotated[str, AfterValidator(values.email_addresses)]
SmtpAddress = Annotated[SecretStr, AfterValidator(values.secret(values.smtp_address))]
Contacts = Annotated[SecretStr, AfterValidator(values.secret(values.contacts))]
AccountSid = Annotated[str, AfterValidator(values.twilio_sid("AC"))]
ApiKeySid = Annotated[str, AfterValidator(values.twilio_sid("SK"))]
MessagingServiceSid = Annotated[str, AfterValidator(values.twilio_sid("MG"))]
E164 = Annotated[str, AfterValidator(values.e164)]
