"""The words patients use, in the languages we text: normalized (lower case, no accents, no punctuation)."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS: Final = _words(
    "stop stopall unsubscribe unsub unsuscribe unsubcribe unsubscibe revoke optout optingout stp sotp "
    "pare paren parar parenle alto basta detener detengan detenganse desuscribir desuscribirme nomas arret arreter"
)
"""Clear by themselves, and with nothing but filler around them."""

WEAK_STOP_WORDS: Final = _words("cancel end quit remove cancelar cancele baja salir nomore")
"""Clear alone or with talk of texts; "cancel it" may mean the appointment."""

UNCLEAR_WORDS: Final = (STOP_WORDS | WEAK_STOP_WORDS) - {"end", "remove", "baja", "salir", "nomore", "alto"}
"""With other words around them a person must read the text; the words left out are too common in plain talk."""

POLITE: Final = _words(
    "please pls plz plss now asap immediately already just ok okay thanks thank you u ty kindly hey hi hello sir maam "
    "por favor porfavor ya gracias hola ahora"
)
ABOUT_TEXTS: Final = _words(
    "text texts texting texted message messages messaging msg msgs sms reminder reminders notification notifications "
    "alert alerts sending send mensaje mensajes texto textos recordatorio recordatorios sms"
)
FILLER: Final = (
    POLITE
    | ABOUT_TEXTS
    | _words(
        "it this that these those all the a an any more me my from to and i im want wanna would like need said said we "
        "can could will lets let everything everyone forever your yall future further "
        "esto eso estos los las la el de mas me mi a quiero todo todos enviar mandar enviarme mandarme escribirme "
        "escribir recibir"
    )
)

_TEXTS: Final = r"(?:texts?|texting|messag\w*|msgs?|sms|reminders?|notifications?|alerts?|subscription)"
_MENSAJES: Final = r"(?:mensajes?|textos?|sms|recordatorios?)"

STOP_PHRASES: Final = re.compile(
    r"\b(?:"
    rf"(?:stop|quit|cease)(?: with)?(?: the| these| those| all| your| any| my)* "
    rf"(?:sending|contact\w*|bothering|{_TEXTS})"
    rf"|(?:stop|end|cancel|quit)(?: the| these| those| all| your| my| any)* {_TEXTS}"
    r"|(?:do not|dont|never)(?: ever)? (?:text|message|contact|msg|sms|send me|bother)"
    rf"|no more(?: of)?(?: these| those| your)? {_TEXTS}"
    rf"|(?:do not|dont|no longer|did not|didnt)"
    rf"(?: \w+){{0,2}} (?:want|wish|like|need|sign up|ask)(?: \w+){{0,4}} {_TEXTS}"
    r"|(?:do not|dont|no longer)(?: wish| want)(?: to)? be (?:texted|contacted|messaged)"
    r"|optout|optingout|unsubscribe|unsub|remove (?:me|my number|us)|take (?:me|us|my number) off"
    r"|(?:delete|lose) (?:my|this) number|leave (?:me|us) alone|wrong (?:number|person)|revoke(?: my)? consent"
    r"|no me (?:escrib\w+|mand\w+|envi\w+|contact\w+|texte\w+|molest\w+)"
    rf"|no (?:quiero|deseo)(?: \w+){{0,3}} {_MENSAJES}"
    rf"|(?:no mas|nomas|parar|paren|pare|alto a|basta de|cancelar|cancele\w*|detengan?)(?: \w+){{0,2}} {_MENSAJES}"
    r"|dej(?:e|en|a|ar) de (?:enviar\w*|mandar\w*|escribir\w*|molestar\w*|contactar\w*|textear\w*)"
    r"|numero (?:equivocado|incorrecto)|persona equivocada"
    r"|quit(?:e|en)me|borr(?:e|en)me|elimin(?:e|en)(?:me| mi numero)"
    r"|d(?:ar|e|en)(?:me)? de baja|dejenme en paz|dejeme en paz"
    r")\b"
)
NOT_A_REQUEST: Final = re.compile(
    r"\b(?:do not|dont|never|not|why did you|why did they|did you|have you|has it|when did you|when will you|no) stop"
)
"""Talk about stopping that asks for no stop."""
OUR_OWN_WORDS: Final = re.compile(r"\bstop (?:to optout|para cancelar|para salir)\b")
"""The end of our own texts, as somebody quotes it."""

START: Final = frozenset({"start", "unstop", "yes"})
HELP: Final = frozenset({"help", "info", "ayuda", "aide"})

URGENT: Final = re.compile(
    r"\b(?:"
    r"bleed\w*|blood\w*|hemorrhag\w*|fever\w*|feverish|chills|infect\w*|pus|ooz\w+|allergic|anaphyla\w*|hives"
    r"|(?:cant|cannot|can not|couldnt|could not|hard to|difficult to|struggling to|unable to|not) (?:\w+ )?breath\w*"
    r"|(?:trouble|difficulty|problems?) (?:\w+ )?breathing"
    r"|short(?:ness)? of breath|choking|chest (?:pain\w*|hurts|tight\w*)"
    r"|pain in (?:my |the )?chest|faint(?:ed|ing)?|pass(?:ed|ing) out|seizure\w*|unconscious|stroke|911"
    r"|emergency|urgent\w*|hospital|ambulance|(?:severe|unbearable|extreme|excruciating|terrible|worst) pain"
    r"|(?:swollen|swelling|swelled)(?: \w+){0,4} (?:lips?|tongue|throat|eyes?|face|shut)"
    r"|(?:lips?|tongue|throat|eyes?|face)(?: \w+){0,3} (?:swollen|swelling|swelled|closing)"
    r"|(?:cant|cannot|can not) see|vision|blind|blister\w*|suicid\w*|kill myself|want to die"
    r"|sangr\w+|hemorragia\w*|fiebre|calentura|escalofrios|infecci\w+"
    r"|infectad\w+|supura\w*|alergi\w+|anafila\w+|urticaria"
    r"|(?:no puedo|no puede|me cuesta|dificultad (?:para|al)|problemas? para|falta de) (?:\w+ )?(?:respirar|aire)"
    r"|me ahogo|dolor (?:de|en el) pecho|desmay\w+|convulsi\w+|inconsciente|emergencia|urgen\w+|ambulancia"
    r"|dolor (?:\w+ )?(?:fuerte|insoportable|severo|terrible)"
    r"|hinchad\w+(?: \w+){0,3} (?:labios?|lengua|garganta|ojos?|cara)"
    r"|(?:labios?|lengua|garganta|ojos?|cara)(?: \w+){0,3} hinchad\w+|ampollas?|no (?:puedo ver|veo)|quiero morir\w*"
    r")\b"
)

THANKS: Final = _words(
    "thanks thank thx tks thnx ty tysm thankyou appreciate appreciated great perfect awesome wonderful got "
    "gotcha noted "
    "understood will do good sounds cool okay ok okey k kk yay love amazing nice lovely gracias muchas mil muchisimas "
    "perfecto vale entendido listo genial excelente bueno buenisimo acuerdo super"
)
THANKS_FILLER: Final = _words(
    "you u so much very a lot it the for this that letting me know reminder info information all and to everyone again "
    "guys doctor dr team your help really i we have day one de por el la los todo recordatorio informacion su ayuda "
    "tan amable que dia buen lindo"
)
LIKED: Final = re.compile(
    r"^\s*(?:liked|loved|laughed at|le gusto|le encanto|me gusta|me encanta|reacted \S+ to|\S{1,8} to)\s*[\"“«]",
    re.IGNORECASE,
)
"""How phones without iMessage or RCS receive a reaction: Liked “our whole text”."""
DISLIKED: Final = re.compile(
    r"^\s*(?:disliked|emphasized|questioned|removed an? \w+ from|no le gusto|destaco|cuestiono)\s*[\"“«]", re.IGNORECASE
)
