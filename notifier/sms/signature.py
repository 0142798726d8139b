"""Whether a webhook is Twilio's: its signature covers our public address and every parameter of its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twilio.request_validator import RequestValidator


class SignatureCheck:
    """Accepts what was signed for our public address with one of the account's auth tokens.

    Several tokens, so that one can be replaced without losing what arrives meanwhile. `public_url` is what was
    configured: an address from the request's own headers would let whoever sends it choose what is checked.
    Raises ValueError without a token, and for an empty one: anybody could sign with that.
    """

    def __init__(self, tokens: Sequence[str], public_url: str) -> None:
        if not tokens or not all(token.strip() for token in tokens):
            raise ValueError("Webhooks cannot be checked without an auth token; set TWILIO_AUTH_TOKEN.")
        self._validators = [RequestValidator(token) for token in tokens]
        self._public_url = public_url.rstrip("/")

    def accepts(self, path: str, query: str, form: Sequence[tuple[str, str]], signature: str) -> bool:
        """Whether this form, with every parameter that came, was signed for this path and raw query. Never raises."""
        address = f"{self._public_url}{path}" + (f"?{query}" if query else "")
        repeated = _Repeated()
        for name, value in form:
            repeated.setdefault(name, []).append(value)
        return any(validator.validate(address, repeated, signature) for validator in self._validators)


def signature_of(address: str, form: Mapping[str, str], token: str) -> str:
    """What Twilio sends as X-Twilio-Signature with this form to this whole address."""
    return str(RequestValidator(token).compute_signature(address, dict(form)))


class _Repeated(dict[str, list[str]]):
    """A form in which a parameter may come more than once, as the validator asks for it."""

    def getall(self, name: str) -> list[str]:
        return self[name]
