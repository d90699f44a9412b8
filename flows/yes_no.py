"""Does a text say yes or no: "yes please" and "nein danke" do, "no, I mean yes" and "no idea" say neither."""

from rules.phrases import normalised
from rules.wishes import without_courtesy


def phrases(*lines: str) -> frozenset[str]:
    """Returns what stands between the commas, as it is compared."""
    return frozenset(normalised(phrase) for line in lines for phrase in line.split(","))


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_YES = _words(
    "yes y yep yeah yea ya yess yup sure ok okay alright please certainly absolutely correct right true definitely",
    "ja j jawohl jo jep jup klar gern gerne sicher natürlich richtig stimmt genau bitte",
    "oui ouais volontiers sí si s claro vale sì certo 👍 ✅ ✔",
)
_NO = _words("no n nope nah never false nein nö nee ne nie non nunca jamais mai 👎 ❌")
_TURNS_IT_ROUND = _NO | _words("not dont nicht kein keine pas")
_KNOWS_NOT = _words("idea clue opinion preference name one ahnung")
"""With "no" before them they are no answer."""
_POLITE = _words("please bitte s")
_YES_PHRASES = phrases(
    "of course, go ahead, no problem, no worries, sounds good, all right, that's right, that is right",
    "that's correct, that is correct, kein problem, na klar, auf jeden fall, leider ja, bien sûr, d'accord",
    "fine, that's fine, that is fine, that works, works for me",
    "passt, das passt, passt so, passt gut, geht klar, in ordnung",
    "pas de problème, por supuesto, sin problema, va bene, nessun problema",
    "exactly, exactly right, quite right, all correct, all good, it is, it does, i do, we do",
    "einverstanden, alles klar, alles richtig, sehr gerne, sehr gern, so ist es, das stimmt, das ist richtig",
)
_NO_PHRASES = phrases(
    "not now, not yet, not really, not at all, rather not, i'd rather not, please don't, absolutely not, certainly not",
    "definitely not, surely not, of course not, lieber nicht, eher nicht, nicht jetzt, noch nicht, natürlich nicht",
    "sicher nicht, bestimmt nicht, leider nein, leider nicht, auf keinen fall, bitte nicht, pas maintenant, ahora no",
    "passt nicht, das passt nicht, that doesn't work, per niente, it isn't, it is not, i don't, i do not, we don't",
)
_WRONG = phrases(
    "wrong, incorrect, not right, not correct, not quite, not quite right, that's wrong, that is wrong, it's wrong",
    "that's incorrect, that is incorrect, that's not right, that is not right, that isn't right, it's not right",
    "that's not correct, that is not correct, that isn't correct, not true, that's not true, that is not true",
    "falsch, das ist falsch, ist falsch, leider falsch, stimmt nicht, das stimmt nicht, stimmt so nicht",
    "das stimmt so nicht, stimmt leider nicht, das stimmt leider nicht, nicht richtig, das ist nicht richtig",
    "ist nicht richtig, nicht korrekt, das ist nicht korrekt, nicht ganz, nicht ganz richtig, stimmt nicht ganz",
)
"""No to what is said, and no way to decline what is asked for."""
_NOTHING = phrases(
    "-,–,—,none, nothing, n/a, i don't have one, i don't have any, i have none, don't have one, don't have any",
    "i do not have one, i do not have any, i haven't got one, i haven't got any, i've got none",
    "keine, keins, keinen, nichts, ich habe keine, ich habe keins, ich habe keinen, hab keine, hab keins, habe keine",
    "habe ich nicht, hab ich nicht, gibt es nicht, leider keine, ich habe leider keine",
)
_FEW_WORDS = 6


def says_yes(text: str) -> bool | None:
    """Returns yes or no, or None for a text that does not clearly say one of them."""
    said = normalised(text)
    words = said.split()
    for known, yes in ((_YES_PHRASES, True), (_NO_PHRASES | _WRONG, False)):
        if said in known or without_courtesy(said) in known:
            return yes
    # "No, that's not right" says it twice; "no, that's right" may mean either.
    if words and words[0] in _NO and " ".join(words[1:]) in _NO_PHRASES | _WRONG:
        return False
    # "Yes please" and "no, thank you" are answers; "no, I mean yes" and a story that begins with "no" are not.
    if words and len(words) <= _FEW_WORDS:
        if words[0] in _YES and not _TURNS_IT_ROUND.intersection(words):
            return True
        if words[0] in _NO and not ((_YES - _POLITE) | _KNOWS_NOT).intersection(words):
            return False
    return None


def declines(text: str) -> bool:
    """Says whether somebody does not want to give what was asked for, or has none."""
    said = without_courtesy(normalised(text))
    if said in _NOTHING or (says_yes(text) is False and said not in _WRONG):
        return True
    # "No, I don't have one" says it twice.
    first, _, rest = said.partition(" ")
    return first in _NO and without_courtesy(rest) in _NOTHING
