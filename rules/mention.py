"""What a rule or a trigger names of the rest of the site."""

from dataclasses import dataclass
from typing import Literal

from rules.problems import Place


@dataclass(frozen=True, slots=True)
class Mention:
    """Something of the site that is named; whether it exists is asked when the whole site is read."""

    section: Literal["flows", "departments"]
    id: str
    place: Place
