"""What an account may be made of: an address, a name and a role, and what is wrong with those that serve nobody."""

import re
import unicodedata

from web.audience import ROLES

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def is_address(email: str) -> bool:
    """Says whether this can be somebody's e-mail address."""
    address = normal_email(email)
    return bool(_EMAIL.fullmatch(address)) and len(address) <= 254


class CannotAdd(Exception):
    """An account cannot be made or changed like this; `problems` says of each wrong entry what to do."""

    def __init__(self, **problems: str):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def normal_email(email: str) -> str:
    """Returns an address as it is compared: without the differences people do not see."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def wrong_with(email: str, name: str, role: str) -> dict[str, str]:
    """Returns field → what is wrong, of what can be nobody's."""
    problems = wrong_with_person(name, role)
    if not is_address(email):
        problems["email"] = f"{email!r} is not an e-mail address. What is it in full?"
    return problems


def wrong_with_person(name: str, role: str) -> dict[str, str]:
    """Returns field → what is wrong, of what an agent is called and may do."""
    problems = {}
    if not name.strip() or len(name) > 100 or not name.isprintable():
        problems["name"] = "A name is needed, as visitors will see it: 1 to 100 letters."
    if role not in ROLES:
        problems["role"] = f"{role!r} is no role. Roles are {', '.join(ROLES)}."
    return problems


def taken(email: str) -> CannotAdd:
    """Returns the refusal of an address that is somebody's."""
    return CannotAdd(email=f"{normal_email(email)} has an account already.")
