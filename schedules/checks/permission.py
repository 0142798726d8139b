"""Permission: words by which a text says "you may", in English and Spanish.

Only a lift may say so, because only a lift cannot leave before the restriction has ended. What she may feel ("you may
be red"), whom she may call, and what she should ask ("ask us when you may …") is no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Permission(NamedTuple):
    """Where in the text, counted from 1, and the words."""

    position: int
    words: str


def permission(text: str) -> Permission | None:
    """The first words of a text that say "you may"."""
    found = min(_found(text), key=lambda one: one.start(), default=None)
    return None if found is None else Permission(found.start("said") + 1, found["said"].strip(" .:;!?¡¿"))


def _found(text: str) -> Iterator[re.Match[str]]:
    for form in _FORMS:
        yield from (one for one in form.finditer(text) if not _NO_PERMISSION.search(text[: one.start("said")]))


_NO_PERMISSION = re.compile(
    r"\b(?:when|until|before|whether|if|no|not|nothing|never|cuándo|cuando|si|hasta que|antes de que|nada|nunca)"
    r"(?:\s+(?!you\b|usted\b)\w+){0,2}?\s+$",
    re.IGNORECASE,
)
"""Just before it: a question, a condition or a ban."""

# What happens to her, and how she reaches the clinic.
_FEELS = (
    r"(?:feel|see|notice|have|look|experience|get|find|develop|peel|bruise|flake|need|want|be|swell|itch|lose|bleed|"
    r"seem|become|remain|stay|shed|sting|burn|heal|call|reach|ask|text|contact|write|phone|reply|message|tell|book|"
    r"plan|schedule|change|expect|think|wonder|wish|prefer|only|not|never|come|go (?:red|pink|dry)|"
    r"(?:start|begin) (?:to|peel\w*|flak\w*|feel\w*|itch\w*|look\w*|shed\w*|dry\w*|swell\w*|heal\w*))\b"
)
_DOES = (
    r"(?:use|wear|apply|put|start|begin|resume|restart|return|go|exercise|swim|shave|wax|tan|sunbathe|bathe|train|"
    r"work out|drink alcohol|take (?:up|a (?:hot )?(?:bath|sauna|swim)))\b"
)
_SIENTE = (
    r"(?:sentir|notar|ver|tener|estar|haber|aparecer|salir|pelar|resecar|picar|doler|durar|llamar|preguntar|escribir|"
    r"contactar|pedir|hacer (?:una )?cita|planear|empezar a|comenzar a|enrojecer|sangrar|hinchar|solo|sólo|no)"
)
_HACE = (
    r"(?:usar|utilizar|llevar|poner|aplicar|maquillar|retomar|reanudar|reiniciar|hacer ejercicio|nadar|afeitar|exponer|"
    r"tomar (?:el )?sol|broncear|bañar|depilar|entrenar|regresar a|volver a (?!sentir|notar|tener|ver|llamar|pelar))"
)
_SYMPTOM = (
    r"redness|red|pink|peeling|swelling|itching|dryness|flaking|tightness|warmth|heat|bruising|tenderness|bleeding|"
    r"shedding|stinging|skin"
)
_OFTEN = r"(?:(?:now|again|also|already|still|even|soon|then|safely|slowly|gently|gradually|probably|sometimes)\s+)*"
_YOU_MAY = (
    r"(?:\b(?:you|patients|clients)\s+(?:may|can)|\byou(?:'ll| will) be able to|\byou(?:'re| are) able to|"
    r"(?:^|[.:;!?]\s+)(?:may|can))\s+"
)
_START = r"(?:^|[.:;!?¡¿]\s*)"

_FORMS = tuple(
    re.compile(rf"(?P<said>{form})", re.IGNORECASE)
    for form in (
        rf"{_YOU_MAY}{_OFTEN}(?!{_FEELS}){_DOES}",
        rf"{_YOU_MAY}(?!{_OFTEN}{_FEELS})(?:now\s+\w+|\w[^.!?;{{}}]{{0,60}}?\b(?:now|again|already)\b)",
        (
            r"\b(?:may|can)\s+(?:now\s+|again\s+|safely\s+)*be\s+(?:now\s+)?"
            r"(?:used(?! to\b)|worn|applied|resumed|restarted|started|reintroduced)\b"
        ),
        (
            rf"(?<!\w)(?!(?:{_SYMPTOM})\b)\w+\s+(?:is|are)\s+(?:now\s+|all\s+)?(?:fine|ok|okay|safe|good)\s+"
            rf"(?:again\b|now\b|to\s+(?!{_FEELS})\w+)"
        ),
        rf"(?<!\w)(?!(?:{_SYMPTOM})\b)\w+\s+(?:is|are)\s+(?:now|again)\s+(?:fine|ok|okay|safe)\b",
        r"(?<!\w)[\w-]+\s+(?:is|are)\s+(?:now\s+|again\s+)?(?:allowed|permitted)\b",
        (
            rf"\b(?:you(?:'re| are)|feel)\s+(?:now\s+)?(?:allowed|free|clear|cleared|safe|good|ok|okay)\s+to\s+"
            rf"(?!{_FEELS})\w+"
        ),
        r"\bit's\s+(?:now\s+)?(?:fine|ok|okay|safe)\s+(?:again|now)\b|\bit's\s+now\s+(?:fine|ok|okay|safe)\b",
        r"\bno longer (?:need|have) to (?:avoid|wait|skip|stay)\b",
        r"\bgo ahead\b",
        r"\b(?:ban|bans|restriction|restrictions) (?:is|are) (?:now )?(?:over|lifted|gone)\b",
        (
            rf"{_START}(?:(?:now|please|then|today)\s+)?(?:resume|restart|"
            r"(?:return|go back|get back) to (?!us\b|the clinic\b|our\b|see\b|bed\b))\b"
        ),
        rf"\bya\s+(?:se\s+)?(?:puede|podrá)[ns]?\s+(?!{_SIENTE})\w+",
        rf"\b(?:se\s+)?(?:puede|podrá)[ns]?\s+(?!{_SIENTE}){_HACE}\w*",
        (
            rf"{_START}(?:usted\s+)?(?:ahora\s+)?(?:puede|podrá)s?\s+(?!{_SIENTE})\w[^.!?;{{}}]{{0,60}}?"
            r"\b(?:ahora|de nuevo|otra vez|nuevamente)\b"
        ),
        r"\bestán?\s+(?:ya\s+)?permitid[oa]s?\b|\bse\s+permiten?\b|\btiene permiso\b",
        rf"\b(?:ya\s+)?(?:está bien|es seguro)\s+{_HACE}\w*",
        (
            rf"{_START}(?:ahora\s+|ya\s+)?(?:retome|reanude|reinicie|"
            r"(?:vuelva|regrese) a (?:usar|llevar|ponerse|maquillarse|hacer ejercicio|nadar|afeitarse|sus?)\b)"
        ),
    )
)
