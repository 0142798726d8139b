"""One folder is one language: with it everything is said and understood, without a part of it nothing begins."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.reading.classify import read_reply
from notifier.conversations.reading.vocabulary import vocabulary
from notifier.domain.planning.plan import Plan
from notifier.web.widgets.card import make_card
from notifier.web.widgets.formats import language as name_of
from schedules.catalogue import ProtocolError, parse_protocol
from schedules.check import check_protocol
from schedules.checks.permission import permission
from schedules.checks.words import day_word, forbidden_words
from schedules.languages import folders
from schedules.languages.folders import DEFAULT, codes
from schedules.languages.registry import NoSuchLanguage, language, language_or_default, languages, refusal
from schedules.moments import Anchor
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, Rules, build_timeline
from schedules.wording import Voice
from tests.made_up import ESPERANTO, TEN_LINES, speak_esperanto

ROOT = Path(__file__).resolve().parents[2]
NEW_YORK = ZoneInfo("America/New_York")
VOICE = Voice("Glow", "(212) 555-0100")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return speak_esperanto(tmp_path, monkeypatch)


@pytest.mark.usefixtures("folder")
def test_a_protocol_in_a_language_with_a_folder_is_checked_planned_dated_and_printed_on_the_card() -> None:
    plan = parse_protocol("senpeka", TEN_LINES)
    patient, rules = Patient(NEW_YORK, "eo", "Ana"), Rules(VOICE)
    timeline = build_timeline(plan, Anchor(datetime(2026, 3, 6, 20, 0, tzinfo=UTC), treated=True), patient, rules)
    card = make_card(Plan(timeline), VOICE, "eo", "Ana")

    assert () == check_protocol(plan).problems
    rules_until = "sen ŝminko ĝis sabato 7 Marto 15:00, sen suno ĝis vendredo 13 Marto 16:00"
    assert [
        f"Glow: {rules_until}. (212) 555-0100. STOP por fini.",
        "Glow: vi rajtas ŝminki vin. Demandoj? (212) 555-0100. STOP por fini.",
        "Glow: la tagoj sen suno pasis. Demandoj? (212) 555-0100. STOP por fini.",
    ] == [one.text for one in timeline.messages]
    assert ("eo", "Traktado", "vendredo 6 Marto 15:00") == (card.language, card.words.treated, card.anchored)
    assert ["Sen ŝminko", "Sen suno"] == [one.things for one in card.avoid]
    assert "Vi rajtas ŝminki vin." == card.said[1].text
    assert "Esperanto" == name_of("eo")


@pytest.mark.usefixtures("folder")
def test_its_words_are_checked_classified_and_answered() -> None:
    assert ["other", "stop", "stop", "harmless", "help", "other", "wrong_person"] == [
        read_reply(text).meaning
        for text in (
            "mi havas febron",
            "Haltu!",
            "Ne sendu mesaĝojn",
            "multe dankon",
            "helpu",
            "kiam?",
            "Malĝusta numero",
        )
    ]
    for text, urgent in (("mi havas febron", True), ("Dankon, sed sangon mi vidas", True), ("sen febro", False)):
        assert urgent == read_reply(text).urgent, text
    assert (
        "Glow: eble ni ne tuj vidos vian mesaĝon. En danĝero voku 911 nun. Se ne eblas atendi, voku (212) 555-0100."
    ) == AnswerRules(VOICE, NEW_YORK).say("eo", datetime(2026, 3, 6, tzinfo=UTC), {})
    assert [None, "vi rajtas naĝi", None] == [
        found.words if (found := permission(text)) else None
        for text in ("Se vi rajtas naĝi", "Nun vi rajtas naĝi.", "Vi rajtas senti")
    ]
    assert "morgaŭ" == day_word("Venu morgaŭ")
    assert ["is a price", "reads like an offer", "names the procedure to whoever sees the screen"] == [
        one.what.rpartition('" ')[2] for one in forbidden_words("pingletado, 5 spesoj, rabato")
    ]


def test_a_language_that_comes_later_changes_no_protocol_that_does_not_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = TEN_LINES.replace('languages = ["eo"]', "")
    before = parse_protocol("x", unsaid)
    speak_esperanto(tmp_path, monkeypatch)
    assert (("en", "es"), before.version) == (before.languages, parse_protocol("x", unsaid).version)


def test_it_has_a_setting_of_its_own_for_the_fixed_answer(folder: Path) -> None:
    code = (
        "from pathlib import Path; from schedules.languages import folders; "
        f"folders.FOLDER = Path({str(folder)!r}); from notifier.config.settings import load_settings; "
        "print(sorted(load_settings().urgent_answers.items()))"
    )
    given = {"NOTIFIER_URGENT_ANSWER": "Call {phone}.", "NOTIFIER_URGENT_ANSWER_EO": "Voku {phone}."}
    environment = {"PYTHONPATH": str(ROOT), **given}
    ran = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)
    assert "[('en', 'Call {phone}.'), ('eo', 'Voku {phone}.')]" == ran.stdout.decode().strip()


def test_without_any_one_of_its_parts_a_language_is_refused_by_name(folder: Path) -> None:
    tried = 0
    for file in sorted(ESPERANTO.glob("*.toml")):
        whole = tomllib.loads(file.read_text())
        for path in _paths(whole):
            said = _refused(folder, tried, file.name, whole, path)
            assert said == (
                'x.toml: this protocol has texts in "eo", and the language eo is not complete here: '
                f"schedules/languages/eo/{file.name} needs {'.'.join(path)}"
            )
            tried += 1
    assert tried > 60


def _paths(table: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every key that a language cannot do without; how a topic's end is said, it may choose."""
    keys = [key for key in table if key not in {"pieces", "again", "over"} or "restrict" in table]
    below = [(key, *rest) for key in keys if isinstance(table[key], dict) for rest in _paths(table[key])]
    return [*((key,) for key in keys), *below]


def _refused(folder: Path, number: int, file: str, whole: dict[str, Any], path: tuple[str, ...]) -> str:
    """What is said of a protocol in the language whose file lacks this key; each in a folder of its own, read anew."""
    spoiled = folder.parent / f"{number}"
    _copy(folder, spoiled)
    lacking: dict[str, Any] = json.loads(json.dumps(whole))
    inner = lacking
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    (spoiled / "eo" / file).write_text("".join(f"{json.dumps(key)} = {_toml(lacking[key])}\n" for key in lacking))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "FOLDER", spoiled)
        with pytest.raises(ProtocolError) as why:
            parse_protocol("x", TEN_LINES)
    return str(why.value)


def _copy(folder: Path, spoiled: Path) -> None:
    """A folder of languages in which only the made-up one is a copy."""
    shutil.copytree(folder / "eo", spoiled / "eo")
    for one in ("en", "es"):
        (spoiled / one).symlink_to(folder / one)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def test_a_language_says_what_else_is_wrong_with_it(folder: Path) -> None:
    says: list[tuple[str, str, str, str]] = [
        ("ready.toml", "{rules}", "", "ready.toml needs restrict with {rules}"),
        ("ready.toml", "ĝis {sun.until}", "{sun.until}", 'needs topics.sun.rule with "ĝis {sun.until}" at its end'),
        ("ready.toml", ', over = "la tagoj sen suno pasis"', "", "needs topics.sun with again or over"),
        ("card.toml", "later ", "latter", "card.toml needs later, no latter"),
        ("replies.toml", '"haltu cesu"', '""', "replies.toml needs stop"),
        ("checks.toml", "[", "", "checks.toml is not TOML"),
    ]
    for number, (file, written, instead, sentence) in enumerate(says):
        spoiled = folder.parent / f"spoiled-{number}"
        _copy(folder, spoiled)
        text = (spoiled / "eo" / file).read_text()
        assert written in text
        (spoiled / "eo" / file).write_text(text.replace(written, instead, 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folders, "FOLDER", spoiled)
            assert sentence in (refusal(["en", "eo"]) or ""), file
            assert [DEFAULT, "es"] == [one.code for one in languages()]


def test_a_language_without_a_folder_is_refused_with_the_files_it_needs(folder: Path) -> None:
    (folder / "eo" / "card.toml").unlink()
    needs = "schedules/languages/fr needs language.toml, ready.toml, card.toml, checks.toml, replies.toml"
    for code, said in (
        ("fr", f"there is no language fr here: {needs}"),
        ("eo", "the language eo is not complete here: schedules/languages/eo needs card.toml"),
    ):
        with pytest.raises(NoSuchLanguage, match=f"^{re.escape(said)}$"):
            language(code)
        with pytest.raises(ProtocolError, match=f'^x.toml: this protocol has texts in "{code}", and {said}$'):
            parse_protocol("x", TEN_LINES.replace('"eo"', f'"en", "{code}"'))


def test_a_plan_that_runs_goes_on_in_a_language_that_has_gone_since() -> None:
    """Its texts are in its own content; days are said as CLDR knows them, the rest in English."""
    whole = parse_protocol("x", TEN_LINES.replace("eo", "en")).model_dump_json().replace('"en"', '"cy"')
    plan = CareProtocol.model_validate_json(whole)
    patient, anchor = Patient(NEW_YORK, "cy", "Ana"), Anchor(datetime(2026, 3, 6, 20, 0, tzinfo=UTC), treated=True)
    text = build_timeline(plan, anchor, patient, Rules(VOICE)).messages[0].text
    assert text.startswith(
        "Glow: no makeup until Dydd Sadwrn 7 Mawrth 15:00, no sun until Dydd Gwener 13 Mawrth 16:00. "
    )
    assert ("en", "cy") == (language_or_default("cy").code, name_of("cy"))


def test_every_folder_is_a_complete_language_whose_patterns_can_be_read() -> None:
    assert codes() == tuple(one.code for one in languages())
    assert codes()[:1] == (DEFAULT,)
    assert None is refusal(codes())
    assert vocabulary().alarming.search("fever")
    assert permission("You may swim now.")


def test_nothing_but_its_folder_and_the_protocols_has_a_word_of_a_language() -> None:
    """English is what the staff read, and the patients of the demo and of a rehearsal write as they like."""
    known = _words_in(DEFAULT)
    found = []
    for spoken in languages():
        if spoken.code != DEFAULT:
            own = _words_in(spoken.code) - known - {"opera"} | {spoken.about.name.casefold()}  # the browser
            found += [(str(file), word) for file in _sources() for word in own & _words(file.read_text())]
            quoted = re.compile(rf"([\"']){spoken.code}(?:_\w\w)?\1")
            found += [(str(file), hit[0]) for file in _sources() for hit in quoted.finditer(file.read_text())]
    assert [] == found


def _sources() -> list[Path]:
    files = [one for room in ("notifier", "schedules") for one in (ROOT / room).rglob("*") if one.is_file()]
    own = (
        folders.FOLDER,
        ROOT / "schedules" / "protocols",
        *(ROOT / "notifier" / made_up for made_up in ("demo", "rehearsal")),
    )
    return [one for one in files if one.suffix in {".py", ".html", ".js"} and not any(map(one.is_relative_to, own))]


def _words_in(code: str) -> set[str]:
    lines = "\n".join(file.read_text() for file in (folders.FOLDER / code).glob("*.toml")).splitlines()
    return set().union(*(_words(line.partition("=")[2] or line) for line in lines if not line.startswith("#")))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{5,}", text.casefold()))
