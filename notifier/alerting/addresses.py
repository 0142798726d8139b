"""How people are named who are told something: `mailto:desk@example.org https://…; mailto:doctor@example.org`."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"mailto:[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_WEB: Final = re.compile(r"https?://[^\s/,;]+[^\s,;]*")
_OTHER: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s,;]+")


def parse_contacts(words: str) -> tuple[tuple[str, ...], ...]:
    """The addresses of each person, in the order in which they are told: `;` parts people, blanks or commas the
    addresses of one. Raises ValueError with a sentence that quotes none of them: a web address is a secret."""
    people = [tuple(person.replace(",", " ").split()) for person in words.split(";")]
    for number, person in enumerate(people, 1):
        if not person:
            raise ValueError(
                f"person {number} has no address; write it like mailto:desk@example.org, and part people with ;"
            )
        for address in person:
            if not any(one.fullmatch(address) for one in (_EMAIL, _WEB, _OTHER)):
                raise ValueError(
                    f"an address of person {number} cannot be read; write mailto:desk@example.org, "
                    "https://chat.example.org/a-secret-path, or an address that Apprise knows"
                )
    return tuple(people)


def is_mail(address: str) -> bool:
    """Whether it is one that the clinic's mail server delivers to."""
    return address.startswith("mailto:")


def is_web(address: str) -> bool:
    """Whether a JSON document is POSTed to it."""
    return address.startswith(("http://", "https://"))
