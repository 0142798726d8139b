"""What a new author gets wrong with a sheet in one hand: each sentence says what, where, and what to write."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema_rs

from schedules.catalogue import ProtocolError, load_file, shipped
from schedules.check import check_wording
from schedules.overlay_schema import overlay_schema

BASE = shipped()["microneedling-week"]
FILLER = """\
title  = "Filler: two weeks"
source = "Our sheet on dermal filler, May 2026"
languages = ["en"]

[restrictions]
makeup   = { hours = 24 }
exercise = { hours = 48, up_to = { hours = 72 } }
facials  = { until = "cleared", words.en = { rule = "no facials", again = "have facials" } }
dental   = { weeks = 2, words.en = { rule = "no dental visits", again = "go to the dentist" } }

[[steps]]
key = "today"
topics = ["makeup"]
at = { minutes = 90 }
text.en = "{clinic}: no makeup until {makeup.until}. {phone}. STOP to opt out."

[[steps]]
key = "facials"
topics = ["facials"]
at = { day = 1, time = "10:00" }
text.en = "{clinic}: no facials until we tell you. {phone}. STOP to opt out."

[[steps]]
key = "ice"
kind = "care"
repeat = { days = [0, 1], at = ["18:00"] }
stale_after = { hours = 3 }
text.en = "{clinic}: a cool cloth helps. Do not press. {phone}. STOP to opt out."

[[steps]]
key = "makeup-again"
lifts = ["makeup"]

[[steps]]
key = "facials-again"
lifts = ["facials"]
text.en = "{clinic}: facials are fine again. {phone}. STOP to opt out."
"""
OVERLAY = f"""\
extends  = "{BASE.id}"
based_on = "{BASE.version}"
disable  = ["no-waxing"]

[restrictions]
sun = {{ days = 10 }}
"""
MISTAKES = (
    # what is written, what the author writes, where, what to write instead
    ('topics = ["makeup"]', 'topics = ["makup"]', 'step "today"', "did you mean makeup?"),
    ('lifts = ["makeup"]', 'lifts = ["makup"]', 'step "makeup-again"', "did you mean makeup?"),
    ("weeks = 2", "week = 2", 'restriction "dental"', "did you mean weeks?"),
    ("hours = 24", 'hours = "24h"', 'restriction "makeup"', "write hours = 24"),
    ('["en"]', '["en", "es"]', 'step "today"', 'write text.es = "{clinic}: ...", or take "es" out of languages'),
    ("weeks = 2", "weeks = 2, days = 14", 'restriction "dental"', "say exactly one of"),
    ("until we tell", "until {facials.until}; we tell", 'step "facials", text.en, position 28', "until we tell you"),
    ("hours = 72", "hours = 24", 'restriction "exercise"', "up_to is not the longer one; write"),
    ('key = "facials"', 'key = "today"', 'step "today"', "call one of the two steps otherwise"),
    ("{makeup.until}", "{makeup.untl}", 'step "today", text.en, position 27', "did you mean {makeup.until}?"),
    ("[0, 1]", "[0, 400]", 'step "ice": repeat.days, entry 2', "at most 366"),
    ('["18:00"]', '["6pm"]', 'step "ice": repeat.at, entry 1', 'write it like "09:00"'),
    ('key = "ice"', "key = ice", "line 24, column 7", 'text goes in "quotes"'),
    ('key = "ice"', "key = “ice”", "line 24, column 7", "write straight ones"),
    ('kind = "care"', 'kind = "care"\nkind = "care"', "line 26, column 14", "take one of the two out"),
    ('[[steps]]\nkey = "ice"', '[steps]\nkey = "ice"', "line 23, column 7", "write [[steps]], with two brackets"),
    ("hours = 24 }", "hours = 24, ends_in_a_lift = no }", "line 6, column", "write true or false"),
    ('"ice"\nkind', '"ice"\nonly_if = { kit = "yes" }\nkind', 'step "ice"', 'asks "kit", which is no question here'),
)
FINDINGS = (
    ("cool cloth", "cool Aquaphor cloth", 'step "ice", text.en, position 18', "name the kind of product"),
    ("Do not press", "Don’t press", 'step "ice", text.en, position 34', "write '"),
    ("press. {phone}", f"press. {'Rest and drink. ' * 18}{{phone}}", 'step "ice", text.en', "takes 3 segments"),
    ("press. {phone}. STOP to opt out", "press. {phone}", 'step "ice", text.en', 'end with "STOP to opt out."'),
)  # fmt: skip
IN_OVERLAYS = (
    ('"microneedling-week"\nb', '"microneedling-weak"\nb', "mine.toml: extends", "did you mean microneedling-week?"),
    (BASE.version, "the latest", "line 2", f'write based_on = "{BASE.version}"'),
    ("no-waxing", "no-wax", "line 3", "did you mean no-waxing?"),
    ("[restrictions]", '[[steps]]\nkey = "x"\n[restrictions]', "line 5", 'write [steps."'),
)


def refusal(folder: Path, text: str) -> str:
    """The first sentence that `protocols check` says of it."""
    file = folder / "mine.toml"
    file.write_text(text, "utf-8")
    try:
        findings = check_wording(load_file(file)["mine"])
    except ProtocolError as why:
        return str(why).split("\n")[0]
    return next((f"{one.sentence}" for one in findings if not one.is_warning), "")


def test_each_mistake_is_told_what_where_and_what_to_write(tmp_path: Path) -> None:
    assert ["", ""] == [refusal(tmp_path, good) for good in (FILLER, OVERLAY.replace("sun = { days = 10 }", ""))]
    missed = []
    for good, mistakes in ((FILLER, MISTAKES + FINDINGS), (OVERLAY, IN_OVERLAYS)):
        for written, instead, where, says in mistakes:
            assert written in good
            said = refusal(tmp_path, good.replace(written, instead, 1))
            if where not in said or says not in said:
                missed.append((instead, said))
    assert [] == missed


def test_a_base_that_has_changed_since_is_told_and_the_file_still_reads(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OVERLAY.replace(BASE.version, "0123456789ab"))
    assert load_file(tmp_path / "mine.toml").extends["mine"].has_changed


def test_an_editors_schema_knows_what_a_file_with_extends_may_say() -> None:
    validator = jsonschema_rs.validator_for(overlay_schema())
    steps = '[steps."no-tanning"]\ntext.en = "x"\n[steps.new]\nkind = "care"\nat = { day = 1 }\n'
    good = tomllib.loads(OVERLAY + steps)
    assert validator.is_valid(good)
    for field in ("extends", "based_on"):
        assert not validator.is_valid({name: value for name, value in good.items() if name != field})
    mistakes: list[dict[str, object]] = [
        {"enabled": ["x"]}, {"steps": {"x": {"txt": {}}}}, {"steps": [{"key": "x"}]}, {"based_on": "latest"},
    ]  # fmt: skip
    for wrong in mistakes:
        assert not validator.is_valid(good | wrong)
