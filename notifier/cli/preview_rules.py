"""What the settings give a command: the rules by which texts are planned."""

from __future__ import annotations

from dataclasses import dataclass

from notifier.bootstrap.planning import planning_rules
from notifier.config.settings import load_settings
from notifier.domain.offices import choose_office
from schedules.timeline import Rules


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """The settings that a pure preview needs; none of them has to be set."""

    timezone: str | None
    rules: Rules


def preview_settings(office: str | None = None) -> PreviewSettings:
    """Read the settings for a preview, at an office where one is said; an unset clinic shows as a placeholder.

    Raises BadSettings, and Refused for an office that there is not.
    """
    settings = load_settings()
    planning = planning_rules(settings)
    if office:
        planning = planning.at(choose_office(office, planning.offices))
    rules = Rules(planning.voice, planning.window, planning.max_texts_per_day, planning.staffed_clock)
    return PreviewSettings(planning.timezone if office else settings.timezone, rules)
