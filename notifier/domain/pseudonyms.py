"""Pseudonyms: what stands in place of the name, number and ids of a patient who was erased.

A pseudonym is a keyed hash. Whoever has the database alone cannot find out whose it is; whoever has the key file too
can say of a name or number that comes again whether it is the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from notifier.domain.key_set import KeySet, derive

ERASED: Final = "(erased)"
"""In place of a name, and of words that must be there."""
_PURPOSE: Final = "pseudonyms of erased patients"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes pseudonyms with the clinic's key, and knows those that an earlier key made."""

    keys: KeySet

    def phone(self, phone: str) -> str:
        """Of a number, in E.164."""
        return _pseudonym(self.keys.current, "phone", phone)

    def name(self, folded_name: str) -> str:
        """Of a folded name."""
        return _pseudonym(self.keys.current, "name", folded_name)

    def external_id(self, external_id: str) -> str:
        """Of the id in the clinic's own system."""
        return _pseudonym(self.keys.current, "external id", external_id)

    def of_phones(self, phones: Iterable[str]) -> dict[str, str]:
        """Every pseudonym that these numbers may have, with the number."""
        return {_pseudonym(key, "phone", one): one for one in phones for key in self.keys}

    def of_names(self, folded_names: Iterable[str]) -> dict[str, str]:
        """Every pseudonym that these folded names may have, with the name."""
        return {_pseudonym(key, "name", one): one for one in folded_names for key in self.keys}

    def of_external_ids(self, external_ids: Iterable[str]) -> dict[str, str]:
        """Every pseudonym that these ids may have, with the id."""
        return {_pseudonym(key, "external id", one): one for one in external_ids for key in self.keys}


def is_pseudonym(value: str) -> bool:
    """Whether it stands for somebody who was erased: neither a number nor a folded name begins so."""
    return value.startswith("#")


def _pseudonym(key: bytes, what: str, value: str) -> str:
    hashed = hmac.digest(derive(key, _PURPOSE), f"{what}\n{value}".encode(), hashlib.sha256)
    return f"#{hashed.hex()[:18]}"  # a number's column holds 20 characters
