"""What the settings say of planning: the clinic's clock, voice, hours, offices and protocols."""

from __future__ import annotations

from notifier.clock import Clock, ShiftedClock
from notifier.config.offices_file import BadOffices, parse_offices
from notifier.config.settings import BadSettings, Settings
from notifier.domain.offices import NO_OFFICES, OfficeProfile, Offices
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.staffed_hours import StaffedHours
from schedules.catalogue import Catalogue, protocols_with
from schedules.quiet_days import quiet_days
from schedules.send_window import SendWindow
from schedules.wording import Voice

CLINIC_NAME_UNSET, CLINIC_PHONE_UNSET = "[clinic name]", "[clinic phone]"


def planning_rules(settings: Settings) -> PlanningRules:
    """How texts are planned; a protocol must be approved wherever texts go to real phones."""
    return PlanningRules(
        voice=_voice(settings),
        timezone=settings.timezone or "UTC",
        window=send_window(settings),
        max_texts_per_day=settings.max_texts_per_day,
        staffed=staffed_hours(settings),
        first_text=settings.first_text,
        must_be_approved=settings.is_twilios_own,
        offices=read_offices(settings),
    )


def protocols(settings: Settings) -> Catalogue:
    """What this clinic may enroll on, and what is wrong with the files of the others."""
    return protocols_with(settings.protocols_dir)


def missing_for_planning(settings: Settings) -> tuple[str, ...]:
    """Settings without which nobody may be enrolled, for patients will read what is planned now; in sentences."""
    needed = {
        "NOTIFIER_CLINIC_NAME": (settings.clinic_name, "the name that patients know, such as Glow Skin Clinic"),
        "NOTIFIER_CLINIC_PHONE": (settings.clinic_phone, "the number that patients may call"),
        "NOTIFIER_TIMEZONE": (settings.timezone, "the clinic's IANA zone, such as America/New_York"),
    }
    return tuple(f"{name} is not set; write {what}." for name, (value, what) in needed.items() if not value)


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, or the shifted one of demo and tests. Raises BadSettings for a bad clock file."""
    if settings.clock_file is None:
        return Clock()
    try:
        return ShiftedClock(settings.clock_file)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_CLOCK_FILE: {error}."]) from None


def read_offices(settings: Settings) -> Offices:
    """The profiles of the clinic's offices; none where it is one place. Raises BadSettings."""
    file, own = settings.offices_file, own_profile(settings)
    if file is None:
        return NO_OFFICES
    try:
        return parse_offices(file.name, file.read_bytes().decode("utf-8-sig"), own, protocols(settings))
    except OSError as error:
        why = (error.strerror or "unreadable").lower()
        raise BadSettings([f"NOTIFIER_OFFICES_FILE: {file} cannot be read ({why}); name a TOML file."]) from None
    except UnicodeDecodeError as error:
        raise BadSettings([f"{file.name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8."]) from None
    except BadOffices as error:
        raise BadSettings([one if one.endswith((".", "?")) else f"{one}." for one in error.sentences]) from None


def own_profile(settings: Settings) -> OfficeProfile:
    """The clinic's own, which stands in for what an office's table leaves out. Its id is empty."""
    return OfficeProfile(
        id="",
        voice=_voice(settings),
        timezone=settings.timezone or "UTC",
        window=send_window(settings),
        staffed=staffed_hours(settings),
        after_hours_phone=settings.after_hours_phone,
        sender=own_sender(settings),
    )


def own_sender(settings: Settings) -> str | None:
    """The messaging service or number that the clinic itself sends from; None where none is set."""
    return settings.twilio_messaging_service_sid or settings.twilio_from_number


def send_window(settings: Settings) -> SendWindow:
    """When texts may leave, and on which days none does that can wait."""
    return SendWindow.parse(settings.send_window, quiet_days(settings.quiet_days))


def staffed_hours(settings: Settings) -> StaffedHours | None:
    """When somebody reads what patients write; None where nobody has said."""
    return StaffedHours.parse(settings.staffed_hours) if settings.staffed_hours else None


def _voice(settings: Settings) -> Voice:
    return Voice(settings.clinic_name or CLINIC_NAME_UNSET, settings.clinic_phone or CLINIC_PHONE_UNSET)
