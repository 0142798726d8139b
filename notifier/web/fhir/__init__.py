"""FHIR R4 for systems that speak it: `/fhir/R4/…`, with the keys, scopes and use cases of the API, in FHIR's words."""
