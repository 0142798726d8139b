"""Pages from templates: everything in them is escaped, a forgotten value is an error, nothing comes from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from notifier.web.widgets import formats
from notifier.web.widgets.readback import read_back

_HERE: Final = Path(__file__).parent
_KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_STATIC: Final = {file.name: file for file in (_HERE / "static").iterdir() if file.suffix in _KINDS}

_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.do"],
)
_templates.filters.update(formats.FILTERS)
_templates.globals["read_back"] = read_back


def render(template: str, status: int, **values: Any) -> Response:
    """The page of this template with these values, as a response of this status."""
    return HTMLResponse(_templates.get_template(template).render({"who": None, "here": "", **values}), status)


def static_file(name: str) -> Response:
    """Our own style sheet, script and drawings; nothing else is served from the disk."""
    file = _STATIC.get(name)
    if file is None:
        return PlainTextResponse("Not Found\n", 404)
    return FileResponse(file, media_type=_KINDS[file.suffix], headers={"Cache-Control": "no-cache"})
