"""What `web/static/shared/line.js` does, and a widget with its welcome: no browser, no network, no clock, only frames.

The same model speaks in the simulation and, over real sockets, in `clients.py`. Each of its rules can be switched off,
so that it can be shown what the rule is good for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tests.faults.history import Acknowledged, CaughtUp, History, Lost, Refused, Shown, Typed, Won

Frame = dict[str, Any]
Tell = Callable[[Frame], None]
NOT_YET = "retry"
"""The code of a refusal after which the client sends the same again by itself."""
_TAKEN = " has already taken this conversation."


@dataclass(frozen=True)
class Rules:
    """What a client keeps to."""

    drops_what_was_shown: bool = True
    asks_for_gaps: bool = True
    believes_heads: bool = True
    hears_what_began_without_it: bool = True
    keeps_the_outbox: bool = True
    sends_under_the_same_id: bool = True
    sends_oldest_first: bool = True
    keeps_place_with_what_is_shown: bool = True
    sends_again_when_it_comes_back: bool = True


ALL_RULES = Rules()
RULES = tuple(each.name for each in fields(Rules))


@dataclass
class Heard:
    last: int = 0
    held: dict[int, Frame] = field(default_factory=dict)
    asked: int | None = None


@dataclass
class Unsent:
    client_id: str
    frame: Frame
    refused: str | None = None


class Line:
    """One tab. `op` is how it catches up: "resume" as a visitor, "watch" as an agent."""

    def __init__(self, name: str, actor: str, history: History, *, op: str = "resume", rules: Rules = ALL_RULES):
        self.name = name
        self.actor = actor
        self.history = history
        self.rules = rules
        self.storage: dict[str, Unsent] = {}
        """Outlives the page; in the order of writing."""
        self.followed: dict[str, Heard] = {}
        self.conversation: str | None = None
        self.epoch = ""
        """The record that is shown."""
        self.again: list[str] = []
        """Client ids to be sent again in a moment."""
        self._op = op
        self._mine: set[str] = set()
        self._tell: Tell | None = None
        self._written = 0
        self._pages = 1

    @property
    def window(self) -> str:
        return f"{self.name} {self._pages}"

    @property
    def is_open(self) -> bool:
        return self._tell is not None

    def pending(self) -> list[Unsent]:
        """Returns what is neither acknowledged nor refused, oldest first."""
        return [each for each in self.storage.values() if each.refused is None]

    # The line

    def opened(self, tell: Tell) -> None:
        """The line stands: asks for what was missed, then sends what is unsent, oldest first."""
        self._tell = tell
        self.look()
        if not self.followed and self._op == "resume":
            self._send({"op": "resume", "conversation": None, "after": 0})
        if not self.rules.sends_under_the_same_id:
            self._write_anew()
        elif self.rules.sends_again_when_it_comes_back:
            pending = self.pending()
            for unsent in pending if self.rules.sends_oldest_first else reversed(pending):
                self._send(unsent.frame)

    def a_moment_later(self) -> None:
        """Sends what the server could not store just then."""
        again, self.again = self.again, []
        for client_id in again:
            if client_id in self.storage:
                self._send(self.storage[client_id].frame)

    def look(self) -> None:
        """Asks for everything that is followed: how a client without a socket hears."""
        for conversation in self.followed:
            self._catch_up(conversation, again=True)

    def beat(self) -> None:
        """Says that it is there. Who comes by request is answered how far their conversation stands."""
        self._send({"op": "beat"})

    def lost(self) -> None:
        """The line broke."""
        self._tell = None

    def reload(self) -> None:
        """The page is loaded again: what it showed is gone, what storage keeps is there."""
        self.lost()
        self.epoch = ""
        self._pages += 1
        followed = dict.fromkeys(self.followed, 0)
        if not self.rules.keeps_place_with_what_is_shown:
            # Shows again what an earlier page kept, and goes on from a number saved before that was shown.
            self._pages -= 1
            followed = {each: max(heard.last - 1, 0) for each, heard in self.followed.items()}
        self.followed = {conversation: Heard(last) for conversation, last in followed.items()}
        forgotten = [] if self.rules.keeps_the_outbox else list(self.storage.values())
        for unsent in forgotten:
            del self.storage[unsent.client_id]

    # What a person does

    def write(self, text: str, *, conversation: str | None = None, op: str = "send", **fields: Any) -> str:
        """Keeps a message, then sends it; returns its client id."""
        client_id = self._next_id()
        frame = {"op": op, "conversation": conversation or self.conversation, "client_id": client_id}
        self._keep(Unsent(client_id, {**frame, **fields, "body": {"text": text}}))
        return client_id

    def _write_anew(self) -> None:
        for unsent in self.pending():
            del self.storage[unsent.client_id]
            client_id = self._next_id()
            self._keep(Unsent(client_id, {**unsent.frame, "client_id": client_id}))

    def _next_id(self) -> str:
        self._written += 1
        return f"{self.name}-{self._written:06d}"

    def _keep(self, unsent: Unsent) -> None:
        self.storage[unsent.client_id] = unsent
        self._mine.add(unsent.client_id)
        self.history.note(Typed(self.name, self.actor, unsent.client_id, unsent.frame["body"]["text"]))
        self._send(unsent.frame)

    def follow(self, conversation: str, last: int = 0) -> None:
        """Hears a conversation from now on."""
        if conversation not in self.followed:
            self.followed[conversation] = Heard(last)
            self._catch_up(conversation)

    def caught_up(self, heads: Mapping[str, int], *, current: str | None = None) -> None:
        """Writes down that what is followed, and what a visitor has open, should by now be shown up to these heads."""
        for conversation in {**self.followed, **dict.fromkeys(filter(None, [current]))}.keys() & heads.keys():
            self.history.note(CaughtUp(self.window, conversation, heads[conversation]))

    # What arrives

    def receive(self, frame: Frame) -> None:
        """Takes one frame of the server."""
        match frame["op"]:
            case "welcome":
                self._load_anew_if(self.epoch not in ("", frame["epoch"]))
                self.epoch = frame["epoch"]
                if self._hears_all and frame["conversation"]:
                    self.follow(frame["conversation"]["id"])
            case "ack":
                self._settle(frame["client_id"], frame["conversation"], frame["seq"])
            case "refused":
                self._refuse(frame)
            case "events":
                self._take(frame)
            case "beat" if self.rules.believes_heads:
                for conversation, head in frame["heads"].items():
                    if self._hears_all:
                        self.followed.setdefault(conversation, Heard())
                    if conversation in self.followed and head > self.followed[conversation].last:
                        self._catch_up(conversation, again=True)

    def _load_anew_if(self, replaced: bool) -> None:
        """Drops what another record said; it is another window then."""
        if not replaced:
            return
        self._pages += 1
        followed, self.followed = self.followed, {}
        for conversation in followed:
            self.follow(conversation)

    @property
    def _hears_all(self) -> bool:
        """Says whether this is a visitor's, which hears all of theirs, whoever began them."""
        return self._op == "resume" and self.rules.hears_what_began_without_it

    def _take(self, frame: Frame) -> None:
        conversation = frame["conversation"]
        if conversation not in self.followed and self._op == "resume":
            self.followed[conversation] = Heard()
        heard = self.followed.get(conversation)
        if heard is None:
            return
        if self._op == "resume":
            self.conversation = conversation
        fresh = self._fresh(heard, frame["events"])
        for event in fresh:
            if event["client_id"] is not None and event["client_id"] in self.storage:
                self._settle(event["client_id"], conversation, event["seq"])
        for event in fresh:
            text = event["body"].get("text")
            self.history.note(
                Shown(self.window, self.actor, conversation, event["seq"], event["client_id"], text, self.epoch)
            )
        if not self.rules.asks_for_gaps:
            return
        if frame["more"] or frame["last"] > heard.last:
            self._catch_up(conversation)
        else:
            heard.asked = None

    def _fresh(self, heard: Heard, events: list[Frame]) -> list[Frame]:
        if not self.rules.asks_for_gaps:
            fresh = [event for event in events if event["seq"] > heard.last or not self.rules.drops_what_was_shown]
            heard.last = max([heard.last, *(event["seq"] for event in fresh)])
            return fresh
        fresh = []
        for event in events:
            if event["seq"] > heard.last:
                heard.held[event["seq"]] = event
            elif not self.rules.drops_what_was_shown:
                fresh.append(event)
        while heard.last + 1 in heard.held:
            heard.last += 1
            fresh.append(heard.held.pop(heard.last))
        return fresh

    def _catch_up(self, conversation: str, *, again: bool = False) -> None:
        heard = self.followed[conversation]
        if self._tell is None or (not again and heard.asked == heard.last):
            return
        heard.asked = heard.last
        self._send({"op": self._op, "conversation": conversation, "after": heard.last})

    def _settle(self, client_id: str, conversation: str, number: int) -> None:
        if client_id in self._mine:
            self.history.note(Acknowledged(self.actor, client_id, conversation, number, self.epoch))
        if self.storage.pop(client_id, None) is not None and self._op == "resume":
            self.conversation = conversation
            self.follow(conversation)

    def _refuse(self, frame: Frame) -> None:
        unsent, code = self.storage.get(frame["client_id"] or ""), frame["error"]["code"]
        if unsent is None:
            return
        if code == NOT_YET:
            self.again.append(unsent.client_id)
        else:
            unsent.refused = code
            self.history.note(Refused(self.actor, unsent.client_id, code))

    def _send(self, frame: Frame) -> None:
        if self._tell is not None:
            self._tell(frame)


class Panel(Line):
    """An agent's tab."""

    def __init__(self, name: str, agent_id: str, history: History, *, rules: Rules = ALL_RULES):
        super().__init__(name, f"agent:{agent_id}", history, op="watch", rules=rules)
        self.waiting: list[str] = []
        self.answers: dict[str, str] = {}
        """Conversation → what came of the last wish to take it: "won", or the code of the refusal."""
        self.held: dict[str, int] = {}
        """Conversation → the number of our accept, as far as the panel has been told."""
        self._wishes: dict[str, str] = {}

    def say(self, conversation: str, text: str) -> str:
        """Writes as the owner of a conversation, by the number of the accept this panel knows."""
        return self.write(text, conversation=conversation, token=self.held[conversation])

    def accept(self, conversation: str) -> None:
        """Wants a conversation; whoever is told so may lose."""
        wish = self._next_id()
        self._wishes[wish] = conversation
        self.follow(conversation)
        self._send({"op": "accept", "conversation": conversation, "client_id": wish})

    def give_up(self, op: str, conversation: str) -> None:
        """Returns or closes a conversation."""
        token = self.held[conversation]
        self._send({"op": op, "conversation": conversation, "client_id": self._next_id(), "token": token})

    def receive(self, frame: Frame) -> None:
        """Takes one frame of the server."""
        if frame["op"] == "queue":
            self.waiting = [row["id"] for row in frame["waiting"]]
            self.held = {row["id"]: row["token"] for row in frame["mine"]}
            for conversation in self.held:
                self.follow(conversation)
        elif frame["op"] in ("ack", "refused") and frame["client_id"] in self._wishes:
            self._decided(self._wishes.pop(frame["client_id"]), frame)
        else:
            super().receive(frame)

    def _decided(self, conversation: str, frame: Frame) -> None:
        if frame["op"] == "ack":
            self.answers[conversation] = "won"
            self.held[conversation] = frame["seq"]
            self.history.note(Won(self.actor, conversation, frame["seq"], self.epoch))
            return
        error = frame["error"]
        self.answers[conversation] = error["code"]
        if error["code"] == "already_accepted":
            self.history.note(Lost(self.actor, conversation, error["message"].removesuffix(_TAKEN), self.epoch))
