"""Only a lift says "you may": words of permission anywhere else are a problem, and no other words are."""

from __future__ import annotations

import pytest

from schedules.check import check_protocol
from schedules.checks.permission import permission
from schedules.protocol import CareProtocol
from tests.schedules.plans import WORDS, lift, protocol, step

PERMITS = (
    "you may wear makeup", "you may now wear makeup", "you can now use retinol", "you may still use makeup",
    "You may shower now", "you may eat anything now", "You can start your retinol", "may wear makeup now",
    "when you get home you may use retinol", "you may be red, you may wear makeup", "You may return to the gym",
    "you will be able to wear makeup tomorrow", "makeup is fine again", "makeup and retinol are OK now",
    "sun is now OK", "it's now okay", "it is fine to wear makeup", "it is safe to exercise", "makeup is allowed",
    "exercise is permitted", "retinol may be used now", "makeup can be worn", "you are allowed to swim",
    "you're clear to swim", "feel free to exercise", "go ahead and wear makeup", "no longer need to avoid the sun",
    "Resume exercise today", "go back to your usual routine",
    "ya puede usar maquillaje", "ya puede maquillarse", "ya puedes nadar", "ya se puede maquillar",
    "puede usar maquillaje", "puede volver a usar retinol", "podrá usar maquillaje mañana", "ya es seguro nadar",
    "ya está permitido el maquillaje", "el maquillaje está permitido", "Retome su rutina",
)  # fmt: skip
PERMITS_NOTHING = (
    "you may feel tight now", "you may be red", "skin may be red again", "you may still notice redness",
    "you may also see peeling now", "you may be swollen now", "you may start to peel", "you may start peeling",
    "you may, for a few days, feel tight", "you may need to wear a hat now", "you may go red again",
    "you may not use retinol", "you can not swim", "you may only use the kit", "do not resume exercise",
    "ask us when you may exercise again", "ask when you can use retinol", "keep it up until you can swim again",
    "if you can use a hat", "ask before you restart retinol", "no makeup is allowed until Sunday",
    "makeup is not allowed", "some redness is fine", "redness is fine now", "it is OK to feel tight",
    "you can call us now", "feel free to call {phone}", "return to us", "wash again tonight",
    "apply sunscreen again every 2 hours", "skin gets used to it", "We hope you can rest", "use a gentle cleanser",
    "la piel puede estar roja", "ya puede notar menos rojez", "puede sentir ardor", "ya puede pelarse un poco",
    "no puede usar maquillaje", "pregunte cuándo puede usar retinol", "la rojez puede durar 3 días",
    "la piel puede volver a sentirse tirante",
)  # fmt: skip


BOTH = "{clinic}: no makeup until {makeup.until}. No sun until {sun.until}. STOP to opt out."


def _in_a_text(words: str) -> str:
    return f"{{clinic}}: {words}. {{phone}}. STOP to opt out."


def test_permission_is_found(subtests: pytest.Subtests) -> None:
    for words in PERMITS:
        with subtests.test(words=words):
            assert permission(_in_a_text(words)) is not None


def test_what_permits_nothing_is_left_alone(subtests: pytest.Subtests) -> None:
    for words in PERMITS_NOTHING:
        with subtests.test(words=words):
            assert None is permission(_in_a_text(words))


def _plan(kind: str, words: str, **said: object) -> CareProtocol:
    more = step("says", kind, at={"day": 2, "time": "10:00"}, text={"en": _in_a_text(words)}, **said)
    if kind == "prepare":
        more["at"] = {"day": -2, "time": "10:00"}
    if kind == "restrict":
        more |= {"topics": ["sun"], "stale_after": None}
    return protocol(
        step("today", "restrict", at={"hours": 1}, topics=["makeup", "sun"], text={"en": BOTH}, stale_after=None),
        lift("makeup"),
        lift("sun"),
        more,
        restrictions={"sun": {"days": 7}, "makeup": {"hours": 24}},
    )


def test_permission_outside_a_lift_is_a_problem_with_its_place_and_what_to_write(subtests: pytest.Subtests) -> None:
    for kind in ("restrict", "care", "expect", "prepare", "check_in", "rebook"):
        with subtests.test(kind=kind):
            (finding,) = check_protocol(_plan(kind, "good news, you may now wear makeup, not in the sun")).findings
            assert ("plan", "says", "en", 22) == (finding.protocol, finding.step, finding.language, finding.position)
            assert not finding.is_warning
            assert (
                f'step "says", text.en, position 22: says "you may now wear" in a {kind} step, and may come before the '
                'restriction has ended; only a lift may say so: write lifts = ["makeup"] in place of kind and at, '
                'or "no ..." or "use ..." as plain advice' == finding.sentence
            )


def test_permission_in_a_late_text_is_a_problem_too() -> None:
    plan = _plan("care", "rest", late_text={"en": _in_a_text("you may wear makeup")})
    (problem,) = check_protocol(plan).problems
    assert 'late_text.en, position 11: says "you may wear"' in problem


def test_a_lift_may_permit_and_a_step_that_is_off_says_nothing() -> None:
    off = {"enabled": False, "why_off": "a clinician decides"}
    assert () == check_protocol(_plan("care", "you may wear makeup", **off)).problems
    permits = lift("makeup", text={"en": _in_a_text("you may wear makeup again")})
    told = step("today", "restrict", at={"hours": 1}, topics=["makeup"], stale_after=None)
    assert () == check_protocol(protocol(told, permits, restrictions={"makeup": {"hours": 24}})).problems


def test_where_nothing_is_restricted_the_author_is_told_to_declare_it() -> None:
    (problem,) = check_protocol(
        protocol(
            step("says", "care", at={"day": 2, "time": "10:00"}, text={"en": _in_a_text("you may wear makeup")}),
            step("other", "care", at={"day": 3, "time": "10:00"}, text={"en": WORDS}),
        )
    ).problems
    assert 'write a topic under [restrictions] and lifts = ["that topic"]' in problem
