"""Who a visit is about, and that the patient agreed to texts, as the resources say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fhir.resources.R4B.consent import Consent
from fhir.resources.R4B.patient import Patient

from notifier.domain.refused import Refused
from notifier.web.fhir.resources import Sent

CONSENT_SYSTEM: Final = "urn:aftercare-notifier:consent"
"""Of the codings that say what a Consent is for: `texts`, and `rebook-texts` for texts about next visits."""
_TEXTS, _REBOOK_TEXTS = "texts", "rebook-texts"
_OPT_IN: Final = frozenset({"OPTIN", "OPTINR"})
_OPT_OUT: Final = frozenset({"OPTOUT", "OPTOUTE"})
_ZONE: Final = "http://hl7.org/fhir/StructureDefinition/timezone"


def person_of(patient: Patient) -> dict[str, Any]:
    """Name, number, language and zone as a request has them. Raises Refused where a name or a number is missing."""
    return {
        "name": _name(patient),
        "phone": _phone(patient),
        "language": _language(patient),
        "timezone": next((one.valueCode for one in patient.extension or () if one.url == _ZONE), None),
    }


def consent_of(sent: Sent, subject: Any) -> dict[str, Any]:
    """How the patient agreed, from the Consents that came along. Empty where none did; `withdrawn` where one says no.

    Raises Refused where one is neither. `subject`: the reference of the visit to its patient. A Consent of another
    patient, or of nobody in particular, says nothing.
    """
    said: dict[str, Any] = {}
    for consent in sent.all(Consent):
        kinds = _kinds(consent)
        if not kinds or not sent.is_same(consent.patient, subject):
            continue
        if _is_no(consent):
            if _TEXTS in kinds:
                said["withdrawn"] = True
            if _REBOOK_TEXTS in kinds:
                said["rebook_consent"] = False
            continue
        if not _is_yes(consent):
            raise Refused(
                "the Consent to texts is no yes: it must be active, and its policyRule OPTIN with no deny; leave the "
                "patient out, or send how consent was given",
                "consent",
            )
        if _TEXTS in kinds:
            said["consent"] = _how(consent)
        if _REBOOK_TEXTS in kinds:
            said["rebook_consent"] = True
    return said


def _name(patient: Patient) -> str:
    def rank(name: Any) -> int:
        return ["official", "usual"].index(name.use) if name.use in ("official", "usual") else 2

    for name in sorted(patient.name or (), key=rank):
        parts = " ".join([*filter(None, name.given or ()), name.family or ""]).strip()
        if full := parts or name.text:
            return str(full)
    raise Refused("Patient.name is missing; send given and family, or text", "name")


def _phone(patient: Patient) -> str:
    numbers = [one for one in patient.telecom or () if one.system in ("phone", "sms") and one.value]
    mobile = [one for one in numbers if one.use == "mobile" or one.system == "sms"]
    still = [one for one in mobile or numbers if one.use != "old"]
    if not still:
        raise Refused("Patient.telecom has no phone; send the mobile number with system phone, use mobile", "phone")
    return str(min(still, key=lambda one: one.rank or 99).value)


def _language(patient: Patient) -> str | None:
    spoken = sorted(patient.communication or (), key=lambda one: not one.preferred)
    codes = (coding.code for one in spoken for coding in one.language.coding or () if coding.code)
    return next((code.partition("-")[0].lower() for code in codes), None)


def _kinds(consent: Consent) -> set[str]:
    codings = (coding for category in consent.category for coding in category.coding or ())
    return {str(one.code) for one in codings if one.system == CONSENT_SYSTEM}


def _is_yes(consent: Consent) -> bool:
    rules: Iterable[Any] = (consent.policyRule.coding or ()) if consent.policyRule else ()
    says_yes = any(one.code in _OPT_IN for one in rules)
    return consent.status == "active" and says_yes and not _denies(consent.provision)


def _is_no(consent: Consent) -> bool:
    """Whether it takes back what the patient agreed to, or says that it never was."""
    rules: Iterable[Any] = (consent.policyRule.coding or ()) if consent.policyRule else ()
    if consent.status == "active":
        return _denies(consent.provision) or any(one.code in _OPT_OUT for one in rules)
    return consent.status in ("inactive", "rejected")


def _denies(provision: Any) -> bool:
    if provision is None:
        return False
    return provision.type == "deny" or any(_denies(one) for one in provision.provision or ())


def _how(consent: Consent) -> str:
    """In words: the title of the form, the text of the category, or the number of the resource."""
    if consent.sourceAttachment and consent.sourceAttachment.title:
        return str(consent.sourceAttachment.title)
    texts = [one.text for one in consent.category if one.text]
    numbers = [f"FHIR Consent {one.value}" for one in consent.identifier or () if one.value]
    return str(next(iter(texts + numbers), "FHIR Consent"))
