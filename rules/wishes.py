"""Whom does a message ask for: "can I please talk to an agent?" asks for "agent", "I met an agent" for nobody."""

import re

_COURTESY = "please|bitte|thanks|thank you|danke|por favor|per favore|sil vous plaît|sil te plaît"
_GREETING = "hi|hello|hey|hallo|guten tag"
_WISH = (
    "(?:can|could|may) (?:i|we)|(?:can|could) you|(?:i|we) (?:just )?(?:want|need|would like|must|have)|i wanna|id like"
    "|let me|(?:kann|könnte|darf) ich|(?:können|könnten) sie|ich (?:möchte|will|muss|brauche)(?: gerne?)?"
    "|ich (?:würde|hätte) gerne?"
)
_VERB = (
    "(?:talk|speak|chat) (?:to|with)|connect me (?:please )?(?:to|with)|(?:transfer me|put me through) (?:please )?to"
    "|get me|give me|get|have|(?:(?:verbinden sie|verbinde) )?(?:mich )?(?:bitte )?mit|(?:geben sie|gib) mir(?: bitte)?"
)
_SOMEBODY = "someone|somebody|anyone|anybody|jemand"
_ANY_ONE = "a|an|one of your|ein|eine|einen|einem|einer"
_ARTICLE = f"{_ANY_ONE}|the|your"
_DEFINITE = "der|die|das|den|dem|zum|zur"
_TAKE = "ill take|ill have|(?:i|we) (?:take|choose|pick)|ich (?:nehme|wähle)|wir nehmen"
_ADJECTIVE = "real|live|actual|(?:echt|richtig)(?:e|er|en|em)?"
_VERB_BEHIND = "sprechen|reden|chatten|verbinden|verbunden werden"
_AT_ONCE = "now|right now|instead|jetzt|sofort|lieber"

_LONGEST = 100
"""Characters; what is longer tells something, and is not looked through."""

_POLITELY = re.compile(f"(?:(?:{_COURTESY}) )*(?P<what>.+?)(?: (?:{_COURTESY}))*")
# To talk to someone is a wish, "someone" alone is an answer: so there the verb stays.
_ASKING = re.compile(
    f"(?:(?:{_GREETING}|{_COURTESY}) )*(?:(?:{_WISH}) )?(?:to )?(?:(?:{_COURTESY}) )*"
    f"(?:(?:{_VERB}) (?!{_SOMEBODY}))?(?:(?:{_ARTICLE}) )?(?:(?:{_ADJECTIVE}) )?"
    f"(?P<what>.+?)(?: (?:{_COURTESY}|{_VERB_BEHIND}|{_AT_ONCE}))*"
)
_WANTING = re.compile(
    f"(?:(?:{_GREETING}|{_COURTESY}) )*(?:(?:{_WISH}|{_TAKE}) )?(?:to )?(?:(?:{_COURTESY}) )*(?:(?:get|have) )?"
    f"(?:(?:{_ARTICLE}|{_DEFINITE}) )?(?P<what>.+?)(?: (?:{_COURTESY}|{_AT_ONCE}|haben))*"
)
_REQUEST = re.compile(
    f"(?:(?:{_COURTESY}) )*(?:(?:can|could|may) (?:i|we)|lets|let us|(?:kann|könnte) ich|(?:können|könnten) wir)"
    f"(?: (?:{_COURTESY}))* (?P<what>.+?)(?: (?:{_COURTESY}))*"
)
_BARE = re.compile(f"(?:{_ARTICLE}) ")
_BARE_ANY_ONE = re.compile(f"(?:{_ANY_ONE}) ")


def without_courtesy(words: str) -> str:
    """Returns what is said besides please and thank you; of words as `rules.phrases.normalised` makes them."""
    return _what(_POLITELY, words)


def asked_for(words: str) -> str:
    """Returns who or what is asked for, without the words that people ask with; of normalised words, too."""
    return _what(_ASKING, words)


def wanted(words: str) -> str:
    """Returns what is wanted, without an article: "i want a table please" wants "table"; of normalised words, too."""
    return _what(_WANTING, words)


def requested(words: str) -> str:
    """Returns what is asked to be done: "can we go back?" asks for "go back"; of normalised words, too."""
    return _what(_REQUEST, words)


def only_names(words: str) -> bool:
    """Says that nothing is asked with: "a person" may be what a button says, "a person, please" is a wish."""
    return bool(_BARE.match(words)) and words.endswith(asked_for(words))


def names_any_one(words: str) -> bool:
    """Says that whoever it is would do: "a person" may be a wish, "the person" or "your agent" is none."""
    return only_names(words) and bool(_BARE_ANY_ONE.match(words))


def _what(way: re.Pattern[str], words: str) -> str:
    # One word alone is what is asked for, whatever it is: most answers are no longer.
    said = way.fullmatch(words) if " " in words and len(words) <= _LONGEST else None
    return said["what"] if said else words
