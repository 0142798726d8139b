"""An address as a QR code, where segno is installed."""

from __future__ import annotations

from importlib.util import find_spec

from markupsafe import Markup


def picture_of(address: str) -> Markup | None:
    """The SVG, black on white also where the page is dark; None without segno, which is the extra `qr`."""
    if find_spec("segno") is None:
        return None
    import segno  # noqa: PLC0415  # an extra, which need not be installed

    made = segno.make_qr(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    return Markup(made)  # noqa: S704  # segno draws paths; the address itself is not in it
