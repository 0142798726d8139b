"""A search's Bundle, a page at a time: `_count` resources from `_offset` on, and the link to what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import Query, Request

from notifier.web.fhir.route import BASE

MOST: Final = 200
Count = Annotated[int, Query(alias="_count", ge=0, le=MOST, description="Resources in a page; 0 asks for the total.")]
Offset = Annotated[int, Query(alias="_offset", ge=0, le=1_000_000, description="As the link to the next page says.")]


def checked_search(request: Request, _count: Count = MOST, _offset: Offset = 0) -> Request:
    """The request, whose page can be read."""
    return request


def search_bundle(
    resources: Iterable[dict[str, Any]], request: Request, *, status: str | None = None
) -> dict[str, Any]:
    """The page that the request asks for, of the resources whose status is one of those that are named."""
    wanted = None if status is None else status.split(",")
    found = [one for one in resources if wanted is None or one["status"] in wanted]
    count = int(request.query_params.get("_count", MOST))
    start = int(request.query_params.get("_offset", 0))
    entries = [
        {"fullUrl": f"{BASE}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in found[start : start + count]
    ]
    links = [{"relation": "self", "url": str(request.url)}]
    if count and start + count < len(found):
        after = request.url.include_query_params(_count=count, _offset=start + count)
        links.append({"relation": "next", "url": str(after)})
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
    return bundle | ({"entry": entries} if entries else {})
