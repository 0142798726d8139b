"""Resources as they are sent: read by the definitions of FHIR, and found by what refers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.consent import Consent
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.procedure import Procedure
from pydantic import BaseModel, ValidationError

from notifier.web.api.problems import Problem

Resource = TypeVar("Resource", bound=BaseModel)
TAKEN: Final[Mapping[str, type[BaseModel]]] = {
    "Patient": Patient, "Consent": Consent, "Appointment": Appointment, "Procedure": Procedure, "Bundle": Bundle,
}  # fmt: skip
"""What may be sent. R4B has these types as R4 has them."""
_WORDS: Final = {
    "missing": "is missing",
    "model_field_validation.missing": "is missing",
    "extra_forbidden": "is no element of this resource",
}


@dataclass(frozen=True)
class Sent:
    """The resources that came together, by what refers to them: `fullUrl`, type and id, or `#id` where contained."""

    by_reference: Mapping[str, BaseModel] = field(default_factory=dict)

    def with_contained(self, resource: Any) -> Sent:
        """What this one can refer to."""
        inside = {f"#{one.id or at}": one for at, one in enumerate(resource.contained or ())}
        return Sent({**self.by_reference, **inside})

    def referred(self, reference: Any, kind: type[Resource]) -> Resource | None:
        """The resource that is meant, if it came along."""
        found = self.by_reference.get(getattr(reference, "reference", None) or "")
        return found if isinstance(found, kind) else None

    def is_same(self, one: Any, other: Any) -> bool:
        """Whether two references mean the same, however each is written."""
        said, also = (getattr(each, "reference", None) for each in (one, other))
        found = self.by_reference.get(said or "")
        return said is not None and (said == also or (found is not None and found is self.by_reference.get(also or "")))

    def all(self, kind: type[Resource]) -> Iterator[Resource]:
        """Every one of this type."""
        yield from {id(one): one for one in self.by_reference.values() if isinstance(one, kind)}.values()


def read_resource(body: Mapping[str, Any], kind: str) -> Any:
    """The body as a resource of this type. Raises Problem (422) with the path of each element that is wrong."""
    if body.get("resourceType") != kind:
        raise Problem(422, f"resourceType must be {kind} here.", {kind: f"resourceType must be {kind} here."})
    try:
        return TAKEN[kind].model_validate(body)
    except ValidationError as why:
        errors = {_path(kind, one["loc"]): _WORDS.get(one["type"], "is not as FHIR R4 has it") for one in why.errors()}
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    said = {path: f"{path} {what}" for path, what in errors.items()}
    raise Problem(422, f"{'; '.join(said.values())}.", said)


def words_of(concepts: Any) -> Iterator[str]:
    """Codes, displays and texts of a CodeableConcept or of several, in this order."""
    for one in concepts if isinstance(concepts, list) else [concepts] if concepts else []:
        for coding in one.coding or ():
            yield from filter(None, (coding.code, coding.display))
        if one.text:
            yield one.text


def _path(kind: str, location: tuple[int | str, ...]) -> str:
    path = kind
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:60]}"
    return path
