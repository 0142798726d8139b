"""The property of a migration, on more courses than every run of the tests has time for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.publishing.test_migrate_always import COURSES, Course, check_migration
from tests.setups.clinic import ClinicSetup


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(course=COURSES)
def test_migrating_is_enrolling_anew_and_never_early_on_more_courses(clinic: ClinicSetup, course: Course) -> None:
    check_migration(clinic, course)
