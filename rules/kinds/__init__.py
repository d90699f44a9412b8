"""The kinds of value a table may ask for: texts, numbers, words, ids, durations, lists, maps, conditions."""

from rules.kinds.collections import AnyNode, Conditions, ListOf, MapOf, Nested, OneOrList, refuse_list
from rules.kinds.names import ID_PATTERN, Id, Reference, is_new_id
from rules.kinds.texts import Phrases, Text, Texts
from rules.kinds.values import Choice, Integer, Length, Number, Percent, Word, YesNo

__all__ = [
    "ID_PATTERN",
    "AnyNode",
    "Choice",
    "Conditions",
    "Id",
    "Integer",
    "Length",
    "ListOf",
    "MapOf",
    "Nested",
    "Number",
    "OneOrList",
    "Percent",
    "Phrases",
    "Reference",
    "Text",
    "Texts",
    "Word",
    "YesNo",
    "is_new_id",
    "refuse_list",
]
