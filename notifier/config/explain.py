"""What to write in place of a setting's bad value: its range and an example, which pydantic's own words lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotated_types import Ge, Le


def what_to_write(error: Mapping[str, Any], limits: Sequence[object], example: object) -> str | None:
    """The sentence for one of pydantic's errors; None where its own is ours already.

    `limits` are those of the setting; `example` is its default, or a good value where it has none.

    It quotes the value, for no setting of these kinds is a secret.
    """
    kind, value = error["type"], str(error.get("input", ""))[:60]
    if kind == "literal_error":
        known = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f'"{value}" is none of {known}; write one of them'
    if kind.startswith(("int_", "float_")) or kind in ("greater_than_equal", "less_than_equal", "finite_number"):
        whole = "whole number" if isinstance(example, int) else "number"
        return f'"{value}" is no {whole}{_range(limits)}; write it in digits, such as {_plain(example)}'
    if kind.startswith("bool_"):
        return f'"{value}" is neither true nor false; write one of them'
    return None


def _range(limits: Sequence[object]) -> str:
    least = next((one.ge for one in limits if isinstance(one, Ge)), None)
    most = next((one.le for one in limits if isinstance(one, Le)), None)
    if least is not None and most is not None:
        return f" from {least} to {most}"
    return f" of at least {least}" if least is not None else ""


def _plain(example: object) -> str:
    return f"{example:g}" if isinstance(example, float) else str(example)
