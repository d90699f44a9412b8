"""What is read in an answer of one kind: the value, or why it is none."""

from flows.answers import Accepted, Choice, Context, Refused, recognise

GERMAN = Context("de", "DE")
SIZES = Context(
    "de",
    choices=(
        Choice("Small", {"en": "Small", "de": "Klein"}),
        Choice("Large", {"en": "Large", "de": "Groß"}),
        Choice("Largest", {"en": "Largest", "de": "Am größten"}),
    ),
)


def value(kind, text, context=GERMAN):
    found = recognise(kind, text, context)
    assert isinstance(found, Accepted), found
    return found.value


def refusal(kind, text, context=GERMAN):
    found = recognise(kind, text, context)
    assert isinstance(found, Refused), found
    return found.reason
