"""The other workers of this installation: what happens here is passed on to them, and what they pass on is told here.

Hints of what is in the record (`handoff/relay.py`), and what is in no record: typing, how far somebody has read, where
a visitor is.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.conversation import Conversation
from bot.visits import Stay, Visits
from handoff.live import LiveConversations
from handoff.relay import Relay
from web.bus.bus import Bus
from web.bus.packets import Message
from web.hub import Frame, Hub, Whom

LAST_WORDS_TAKE = 0.5
"""Seconds."""
TOLD, STAY = "told", "stay"
_MOMENTS = ("began_at", "page_began_at", "active_at")


class Others:
    """Between the bus and whoever is told here."""

    def __init__(self, bus: Bus, relay: Relay, hub: Hub, live: LiveConversations, visits: Visits):
        self._bus = bus
        self._relay = relay
        self._hub = hub
        self._live = live
        self._visits = visits
        hub.pass_on = self._pass_on
        visits.pass_on = self._pass_stay_on

    def meet(self, spawn: Callable[..., Any]) -> None:
        """Begins to tell and to listen, beside everything else."""
        self._sending = spawn(self._bus.send_forever)
        spawn(self._bus.listen_forever, self.take, came_back=self._relay.come_back)

    def stop(self) -> None:
        """Ends both, after what is left has been told."""
        self._bus.stop()
        self._sending.join(LAST_WORDS_TAKE)

    def look(self) -> None:
        """Looks for what no hint told of."""
        self._relay.look()

    def take(self, message: Message) -> None:
        """Takes what another worker passed on."""
        match message:
            case [word, whom, visitor_id, conversation_id, frame] if word == TOLD:
                live = self._live.get(conversation_id) if self._hub.follows(visitor_id, conversation_id) else None
                if live is not None:
                    self._hub.tell_here(whom, live.conversation, frame)
            case [word, stay] if word == STAY:
                self._visits.put(_stay_of(stay))
            case _:
                self._relay.take(message)

    def _pass_on(self, whom: Whom, conversation: Conversation, frame: Frame) -> None:
        self._bus.publish([TOLD, whom, conversation.visitor_id, conversation.id, frame])

    def _pass_stay_on(self, stay: Stay) -> None:
        moments = {name: getattr(stay, name).isoformat() for name in _MOMENTS}
        self._bus.publish([STAY, stay._asdict() | moments])


def _stay_of(told: dict[str, Any]) -> Stay:
    return Stay(**{**told, **{name: datetime.fromisoformat(told[name]) for name in _MOMENTS}})
