"""Guards for the house itself: what no reviewer should have to say twice."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from notifier.config.settings import Settings
from notifier.config.value_files import variable
from notifier.db.schema import HEAD

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
WALL = 300
EMPTY_WORDS = frozenset({"manager", "helper", "helpers", "util", "utils"})
EMPTY_VERBS = ("process_", "handle_", "do_")
DIALECT = re.compile(
    "(?:^|_)(?:"
    "story|stories|deeds?|bells?|rings?|ringer|hang|tellers?|telling|told|untold|asked|hers|theirs|marks"
    "|listed|among|leaving|strangers?|unusable|soundness|presence|alone|around|sorry|patience|programs?|people"
    ")(?:_|$)"
)
"""Words that this house once used for use case, view, command, timer, channel, alert, request, response and more."""


def joined(*parts: str) -> str:
    """Join what must not stand in this file in one piece."""
    return "".join(parts)


NOWHERE = re.compile(
    "|".join(
        (
            joined("/wo", "rk/"),
            joined("/ro", "ot/"),
            joined(r"\bsha", "red/"),
            joined("py", r"pi\.o"),
            joined("python", "hosted"),
            joined("np", r"mj"),
            joined("extra-", "index"),
        )
    )
)
"""Machine paths and registry hosts: true on one machine only."""
LATER = re.compile(joined(r"\b(TO", "DO|FIX", "ME|XX", r"X)\b"))
BRITISH = re.compile(joined(r"\b[Ee]nrol", r"(s|ment|ments)?\b"))


def house() -> list[Path]:
    """The project's own text files: what git tracks or would track, else everything outside the dot-directories."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [p for p in ROOT.rglob("*") if not any(part.startswith(".venv") for part in p.parts)]
    return [p for p in paths if p.is_file() and p.suffix not in {".png", ".ico", ".woff2", ".pyc"}]


HOUSE = house()
PYTHON = [p for p in HOUSE if p.suffix == ".py"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(read(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_python_file_is_longer_than_the_wall() -> None:
    assert [] == [f"{name(p)}: {n} lines" for p in PYTHON if (n := len(read(p).splitlines())) > WALL]


def test_nothing_points_at_one_machine_or_a_registry() -> None:
    assert [] == found(NOWHERE, HOUSE)


def test_nothing_is_left_for_later_in_the_code() -> None:
    assert [] == found(LATER, PYTHON)


def test_american_spelling() -> None:
    ours = [path for path in HOUSE if path.name != "weights.txt"]  # pieces of words that patients write
    assert [] == found(BRITISH, ours)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (NOWHERE, joined("see /wo", "rk/notes")),
        (NOWHERE, joined("https://py", "pi.org/simple")),
        (LATER, joined("# TO", "DO: later")),
        (BRITISH, joined("an enr", "olment")),
    ],
)
def test_the_guards_above_can_fail(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_every_ignore_has_its_reason_in_words() -> None:
    excuse = re.compile(r"#\s*(?:type:\s*ignore\[[^]]*\]|noqa: [A-Z0-9, ]*[0-9])(.*)")
    bare = [
        f"{name(path)}:{line}: {comment}"
        for path in PYTHON
        for line, comment in comments(path)
        if re.search(r"type:\s*ignore|noqa", comment)
        and not ((said := excuse.search(comment)) and len(re.findall(r"[A-Za-z]{2,}", said[1])) > 1)
    ]
    assert [] == bare


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(read(path)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def source() -> list[Path]:
    """The modules of both packages but the migrations, whose names are history."""
    ours = [p for p in PYTHON if name(p).startswith(("notifier/", "schedules/"))]
    return [p for p in ours if not name(p).startswith("notifier/db/migrations/")]


def test_names_are_the_fields_words() -> None:
    """Modules, classes and functions say what they are in standard terms: no empty words, no dialect of this house."""
    assert [] == [f"{name(path)}: {word}" for path in PYTHON for word in names_in(path) if is_empty(word)]
    assert [] == [f"{name(path)}: {word}" for path in source() for word in names_in(path) if is_dialect(word)]


def test_no_class_name_stands_for_two_things() -> None:
    homes: dict[str, list[str]] = {}
    for path in source():
        for node in definitions(path):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(name(path))
    assert {} == {word: where for word, where in homes.items() if len(where) > 1}


def test_the_guards_of_names_can_fail() -> None:
    names = ("Bells", "count_leaving", "_told", "MailTeller", "EffectTold", "job", "handler", "asking", "Service")
    assert ["Bells", "count_leaving", "_told", "MailTeller", "EffectTold"] == [n for n in names if is_dialect(n)]
    verbs = ("SendManager", "handle_reply", "date_utils", "do_it", "undo_it", "task", "handler")
    assert ["SendManager", "handle_reply", "date_utils", "do_it"] == [n for n in verbs if is_empty(n)]


def names_in(path: Path) -> Iterator[str]:
    yield path.stem
    yield from (node.name for node in definitions(path))


@cache
def definitions(path: Path) -> tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """Of each module and of what is in them; to read all modules takes a second."""
    found = ast.walk(ast.parse(read(path)))
    return tuple(node for node in found if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))


def snake(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower().lstrip("_")


GIVEN = {"handle_starttag", "handle_endtag", "handle_data", "do_begin"}
"""Names that a library calls."""


def is_empty(word: str) -> bool:
    if word in GIVEN:
        return False
    return snake(word).startswith(EMPTY_VERBS) or bool(EMPTY_WORDS.intersection(snake(word).split("_")))


def is_dialect(word: str) -> bool:
    return bool(DIALECT.search(snake(word)))


def test_the_floors_are_kept() -> None:
    """The import contracts in pyproject.toml hold."""
    lint_imports = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr


def test_the_lock_covers_what_the_project_asks_for() -> None:
    """requirements.lock has every dependency and group in a version that pyproject.toml allows.

    Not `bench`, and not `train`, which has a lock of its own.
    """
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", read(LOCK), re.MULTILINE))
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    groups = [group for name, group in project["dependency-groups"].items() if name not in ("bench", "train")]
    wanted = project["project"]["dependencies"] + [one for group in groups for one in group]
    missing = [str(wish) for wish in map(Requirement, wanted) if not wish.specifier.contains(version_of(wish, locked))]
    assert [] == missing, "run: make lock"


def version_of(wish: Requirement, locked: dict[str, str]) -> str:
    return locked.get(canonicalize_name(wish.name), "0")


def test_every_locked_package_has_hashes() -> None:
    entries = re.split(r"^(?=[a-z0-9-]+==)", read(LOCK), flags=re.MULTILINE)[1:]
    assert [] == [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_the_wheel_carries_what_is_not_python(tmp_path: Path) -> None:
    """Protocols, migrations, pages and the unit file are inside what `pip install` brings."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {name(p) for p in HOUSE if name(p).startswith(("notifier/", "schedules/"))}
    assert set() == ours - inside


def settings_names() -> set[str]:
    """What a clinic sets; NOTIFY_SOCKET and STATE_DIRECTORY are systemd's. One language stands for all but English."""
    known = {re.sub(r"(?<=URGENT_ANSWER_)[A-Z]{2}$", "ES", variable(name)) for name in Settings.model_fields}
    gone = {"NOTIFIER_SECRET_KEY"}  # still read, to say that it is ignored
    return {name for name in known if name.startswith(("NOTIFIER_", "TWILIO_"))} - gone


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    said = re.findall(r"^([A-Z_]+)=", read(ROOT / ".env.example"), re.MULTILINE)
    assert sorted(settings_names()) == sorted(said)


def test_the_example_is_itself_a_good_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Copied as it is, it sets nothing but defaults."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(read(ROOT / ".env.example"))
    assert Settings() == Settings(_env_file=None)


def test_every_setting_is_in_the_readme() -> None:
    readme = read(ROOT / "README.md")
    if not readme:
        pytest.skip("README.md is still empty")
    assert [] == [name for name in sorted(settings_names()) if name not in readme]


def test_the_migrations_have_one_head() -> None:
    script = ScriptDirectory(str(ROOT / "notifier" / "db" / "migrations"))
    assert [HEAD] == script.get_heads(), "HEAD in notifier/db/schema.py is the revision of the last migration"


def test_no_script_of_a_page_takes_a_name_of_another() -> None:
    """They share one scope: the later function of a name silently replaces the earlier one."""
    scripts = [ROOT / "notifier" / "web" / "static" / f"{script}.js" for script in ("page", "alive", "desk")]
    names = [
        name for path in scripts for name in re.findall(r"(?m)^(?:async )?(?:function|let|const) (\w+)", read(path))
    ]
    assert [] == sorted({name for name in names if names.count(name) > 1})
