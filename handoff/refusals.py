"""What the desk may not or cannot do, each with a sentence for the person who asked; `web` gives it a status."""

from typing import ClassVar


class Refusal(Exception):
    """Nothing was changed. `code` is for programs, the text for people, `field` names what to mend."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, field: str | None = None):
        super().__init__(message)
        self.message = message
        self.field = field


class NoSuchConversation(Refusal):
    """There is none by this id, or it is not this person's: the two look the same from outside."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such conversation.")


class NoSuchAgent(Refusal):
    """There is no agent by this id."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such agent.")


class Forgotten(NoSuchConversation):
    """The visitor was erased since their page was viewed: what they write is not to bring their id back."""


class AlreadyAccepted(Refusal):
    """A colleague was first."""

    code = "already_accepted"

    def __init__(self, name: str):
        super().__init__(f"{name} has already taken this conversation.")
        self.name = name


class Reassigned(Refusal):
    """The agent writes on the strength of an accept that no longer holds."""

    code = "reassigned"

    def __init__(self) -> None:
        super().__init__("This conversation is no longer yours. Your text was not sent.")


class Full(Refusal):
    """The agent holds as many conversations as they may."""

    code = "full"

    def __init__(self, capacity: int):
        super().__init__(f"You already have {capacity} conversations. Close or return one first.")


class Mismatch(Refusal):
    """A client id came again with other words."""

    code = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__("This message was already sent with other words.", field="client_id")


class NotPossibleNow(Refusal):
    """The conversation is not in a state where this could happen."""

    code = "not_possible_now"


class Unsayable(Refusal):
    """A text nobody could read: empty, too long, or made of control characters."""

    code = "unsayable"

    def __init__(self, message: str):
        super().__init__(message, field="body.text")


class Blocked(Refusal):
    """A rule does not let an agent say this."""

    code = "blocked"

    def __init__(self, message: str):
        super().__init__(message, field="body.text")


class TryAgain(Refusal):
    """The record cannot take it just now; the text stays with the sender."""

    code = "retry"

    def __init__(self) -> None:
        super().__init__("That could not be saved just now. It will be tried again.")
