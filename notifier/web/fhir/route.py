"""What holds for every address of FHIR: that of the API, and bodies that say they are FHIR."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body

from notifier.web.api.route import KeyedRoute
from notifier.web.fhir.outcomes import MEDIA_TYPE

BASE: Final = "/fhir/R4"
FhirBody = Annotated[dict[str, Any], Body()]
"""A resource, as it is in JSON."""


class FhirRoute(KeyedRoute):
    """The same, for FHIR."""

    media_types: ClassVar[frozenset[str]] = frozenset({MEDIA_TYPE, "application/json"})


def fhir_router() -> APIRouter:
    """A router whose addresses need an API key."""
    return APIRouter(prefix=BASE, route_class=FhirRoute)
