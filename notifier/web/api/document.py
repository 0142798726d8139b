"""The OpenAPI document: FastAPI's own, with the problems that each address really answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from notifier.web.api.problems import MEDIA_TYPE, ProblemBody

_REF: Final = "#/components/schemas/{model}"
_MEANINGS: Final = {
    400: "The body is not JSON that can be read in one way only.",
    401: "No key, or one that is unknown or revoked.",
    403: "The key lacks the scope; or the request came in the clear from another machine.",
    404: "There is none of this number.",
    409: "The state of things is against it; or the Idempotency-Key, or the external_id, stands for something else.",
    413: "The body is over 64 KiB.",
    415: "The body is not application/json.",
    422: "A field cannot be so; `errors` has a sentence for each.",
    503: "The database is busy: nothing was changed. Or the clinic is not set up.",
}
_ALWAYS: Final = (401, 403, 422, 503)
_WITH_BODY: Final = (400, 413, 415)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of this app; made once, then kept on it."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            webhooks=app.webhooks.routes,
        )  # fmt: skip
        schemas = made["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = ProblemBody.model_json_schema(ref_template=_REF)
        schemas |= {**problem.pop("$defs"), ProblemBody.__name__: problem}
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                _say_problems(path, method, operation)
        for webhook in made["webhooks"].values():  # the other program answers, and not in FastAPI's way
            webhook["post"]["responses"] = {"2XX": webhook["post"]["responses"]["2XX"]}
        app.openapi_schema = made
    return app.openapi_schema


def _say_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = set(_ALWAYS)
    if method == "post":
        statuses |= {*_WITH_BODY}
    if "{" in path:
        statuses.add(404)
    if method == "post" and {"enroll", "life", "decisions"} & set(operation["tags"]):
        statuses.add(409)
    schema = {"$ref": _REF.format(model=ProblemBody.__name__)}
    for status in sorted(statuses):
        response: dict[str, Any] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        if status == 503:
            response["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
        operation["responses"][str(status)] = response
    for status, response in operation["responses"].items():
        if response["description"] in ("Successful Response", ""):
            response["description"] = HTTPStatus(int(status)).phrase
