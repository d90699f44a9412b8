"""An open socket that is answered, and told what happens: each answer goes out before what its frame caused."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from web.connection import Connection
from web.hub import Frame, encoded


class Link(ABC):
    """One side of an open socket."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self._held: list[str] | None = None
        """What is told while an answer is found."""

    @abstractmethod
    def take(self, frame: Any) -> list[Frame]:
        """Does what the frame asks and returns what to answer."""

    def answer(self, frame: Any) -> None:
        """Takes a frame and answers it before anything it caused is told: acknowledge first, then announce."""
        self._say_first(lambda: self.take(frame))

    def _say_first(self, find: Callable[[], list[Frame]]) -> None:
        """Says what is found before anything that is told meanwhile."""
        answers: list[str] = []
        self._held = []
        try:
            answers = [encoded(each) for each in find()]
        finally:  # What is refused may have caused something all the same, or have found it out.
            held, self._held = self._held, None
            self.connection.send(*answers, *held)

    def forget_held(self) -> None:
        """Says nothing of what was told while an answer was found: there is none."""
        if self._held is not None:
            self._held.clear()

    def tell(self, frame: Frame) -> None:
        """Tells anything; while an answer is found it waits until after the answer."""
        text = encoded(frame)
        if self._held is not None:
            self._held.append(text)
        else:
            self.connection.send(text)
