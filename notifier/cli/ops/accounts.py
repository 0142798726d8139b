"""`notifier staff …`: who may sign in to the staff page."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from notifier.access import manage_accounts
from notifier.access.accounts import account_called, accounts
from notifier.access.password_rules import clinic_words
from notifier.access.passwords import new_password
from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json
from notifier.cli.output import note, print_json, print_table, show
from notifier.cli.running import terminal
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.domain.offices import choose_offices
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field
from notifier.domain.refused import Refused
from notifier.numbers.staff_phones import ask_code, prove

app = typer.Typer(help="Who may sign in to the staff page.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name this person signs in with.", metavar="NAME")]
TheirOffices = Annotated[
    list[str] | None,
    typer.Option("--office", help="An office whose patients they see; several times; all unless said."),
]
Generate = Annotated[bool, typer.Option("--generate", help="Make up a password and print it once.")]


@app.command("add")
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="May approve protocols too.")] = False,
    generate: Generate = False,
    offices: TheirOffices = None,
    dry_run: DryRun = False,
) -> None:
    """A new account. Without a terminal to ask at, the password is made up and printed once."""
    password, made_up = _password(generate or dry_run)
    with command_context(creates=True, dry_run=dry_run) as context:
        chosen = choose_offices(offices or (), context.rules.offices)
        with context.change() as session:
            manage_accounts.add_staff(
                session,
                name,
                password,
                admin=admin,
                offices=chosen,
                words=clinic_words(context.rules),
                made_up=made_up,
                now=context.now,
                by=context.by,
                source=terminal(),
            )
        if not dry_run:
            _print_password(made_up, password)
        sees = f"; sees {', '.join(chosen)}" if chosen else ""
        context.report(f"added: {name}{' (admin)' if admin else ''}{sees}")


@app.command("offices")
def set_offices(name: Name, offices: TheirOffices = None, dry_run: DryRun = False) -> None:
    """Whose patients this person sees; without --office those of all."""
    with command_context(dry_run=dry_run) as context:
        chosen = choose_offices(offices or (), context.rules.offices)
        with context.change() as session:
            manage_accounts.set_offices(session, name, chosen, now=context.now, by=context.by, source=terminal())
        context.report(f"{name} sees {', '.join(chosen) or 'all offices'}")


@app.command("languages")
def set_languages(
    name: Name,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="A language they read, such as es; several times.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Which languages this person reads: messages that a colleague cannot read are passed on to them."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            manage_accounts.set_languages(
                session, name, languages or (), now=context.now, by=context.by, source=terminal()
            )
        context.report(f"{name} reads {', '.join(languages or ()) or 'what nobody has said'}")


@app.command("phone")
def phone_of_account(
    name: Name,
    phone: Annotated[str | None, typer.Argument(help="Their own number: a code is texted to it.")] = None,
    code: Annotated[str | None, typer.Option(help="The code that came: it proves the number.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Prove a person's own number, to try protocols on: a code is texted, then typed."""
    if (phone is None) == (code is None):
        raise Refused("say the number to text a code to, or --code and the code that came", "phone")
    with command_context(writes_texts=phone is not None, dry_run=dry_run) as context:
        with context.change() as session:
            account = account_called(session, name)
            if account is None or not account.active:
                raise Refused(f'there is no active account "{name}"; see: notifier staff list', "name")
            if phone is not None:
                number = check_field("phone", parse_phone, phone).e164
                ask_code(session, account, number, context.rules, now=context.now, by=context.by)
            is_right = code is None or prove(session, account, code, now=context.now)
        if not is_right:
            raise Refused("that is not the code that was texted; look again", "code")
        context.report(
            "a code leaves within a minute, while a worker runs; then: notifier staff phone NAME --code CODE"
            if phone is not None
            else f"the number of {name} is proved"
        )


@app.command("password")
def password(name: Name, generate: Generate = False, dry_run: DryRun = False) -> None:
    """Another password; every session of this person ends."""
    word, made_up = _password(generate or dry_run)
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            words = clinic_words(context.rules)
            ended = manage_accounts.set_password(
                session, name, word, words=words, made_up=made_up, now=context.now, by=context.by, source=terminal()
            )
        if not dry_run:
            _print_password(made_up, word)
        context.report(f"set; {_sessions(ended)}")


@app.command("reset-second-factor")
def reset_second_factor(name: Name, dry_run: DryRun = False) -> None:
    """The phone is lost, and the recovery codes too: the next sign-in sets up another one. Every session ends."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            ended = manage_accounts.reset_second_factor(
                session, name, now=context.now, by=context.by, source=terminal()
            )
        context.report(f"reset; {_sessions(ended)}")


@app.command("deactivate")
def deactivate(name: Name, dry_run: DryRun = False) -> None:
    """Somebody has left: the account stops working at once."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            ended = manage_accounts.deactivate(session, name, now=context.now, by=context.by, source=terminal())
        context.report(f"deactivated; {_sessions(ended)}; to undo: notifier staff password {name}")


@app.command("sign-out")
def sign_out(name: Name, dry_run: DryRun = False) -> None:
    """End every session of this person, such as after a tablet was lost."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            ended = manage_accounts.revoke_sessions(session, name, now=context.now, by=context.by, source=terminal())
        context.report(_sessions(ended))


@app.command("list")
def list_staff(as_json: Json = False) -> None:
    """Every account."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found: list[dict[str, Any]] = [
            {
                "name": one.name,
                "role": one.role.value,
                "active": one.active,
                "since": one.created_at.isoformat(),
                "offices": one.offices,
                "languages": one.languages,
                "second_factor": one.otp_secret is not None,
            }
            for one in accounts(session)
        ]
    if as_json:
        print_json(found)
        return
    many = bool(context.rules.offices)
    rows = [
        (
            *(one["name"], one["role"], "yes" if one["active"] else "no", one["since"][:10]),
            "yes" if one["second_factor"] else "no",
            *([", ".join(one["offices"] or ["all"])] if many else []),
        )
        for one in found
    ]
    columns = ("name", "role", "active", "since", "second factor", *(["offices"] if many else []))
    print_table(columns, rows, empty="nobody can sign in; see: notifier staff add --help")


def _password(generate: bool) -> tuple[str, bool]:
    """What a person types twice, or a made-up one; and whether it is made up."""
    if generate or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return new_password(), True
    return typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True), False


def _print_password(made_up: bool, password: str) -> None:
    if made_up:
        note("the password, shown this once; the first sign-in asks for another one:")
        show(password)


def _sessions(ended: int) -> str:
    return f"{counted(ended, 'session')} ended"
