"""Carries the wish for a person into the queue, or into what happens when nobody is there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.answering import Bot
from bot.contact import Known
from bot.conversation import Draft
from bot.site.departments import OFFER_FOR, Department
from bot.turn import Turn
from flows.effects import MessageLeft, WantsAgent
from flows.runner import Event
from flows.steps.handoff import LEAVE_MESSAGE
from handoff.ending import end
from handoff.lifecycle import holder_after
from handoff.queue import PRIORITIES, Waiting
from handoff.routing import Agent, Staff, here_in, next_for
from handoff.waiting import ask_nobody, leave_queue, owe_answer

OVERFLOW = "overflow"
STOP_WAITING = "stop_waiting"
"""Kinds of job: it is time for another department to be asked, or for nobody."""
MOST_TRIES = 5
"""How many departments one turn may ask for before a message is taken instead."""
DEFAULT_WAIT = timedelta(seconds=60)
_ANOTHER_WAIT = timedelta(microseconds=1)
"""Keeps the place of the wait before, and is not ended by the timers of that one."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Works inside the draft of a verb; nothing here commits."""

    bot: Bot
    agents: Staff

    def settle(self, draft: Draft, turn: Turn, *, since: datetime | None = None) -> Known:
        """Does what the bot's turn left to the desk, and returns what is now known of the visitor.

        `since` is when a conversation began to wait that waited before, and so does not go to the end of the queue.
        """
        entered: set[str] = set()
        for failed in range(MOST_TRIES + 2):
            entered |= turn.entered
            if turn.left is not None:
                self._take_message(draft, turn.left)
            if turn.closes and not draft.state.left:  # That stays until somebody accepts it.
                end(draft, by="bot", name=None, actor="bot")
            if turn.wants_agent is None or draft.state.holder != "bot":
                return turn.known
            department = self._department(draft, turn.wants_agent.department)
            obstacle = self._request(draft, department, turn.wants_agent, since)
            if obstacle is None:
                return turn.known
            came = self._failed(department.id, obstacle, entered, for_good=failed >= MOST_TRIES)
            turn = self.bot.resume(draft, turn.known, came)
        return turn.known

    def offer(self, draft: Draft) -> None:
        """Proposes a waiting conversation to the next agent not yet asked; without one it waits for anybody."""
        state = draft.state
        if state.holder != "queue" or state.offered_to:
            return
        agent = next_for(state.department, self.agents.all(), asked=state.asked)
        if agent is None:
            return
        until = draft.now + self._offer_time(state.department)
        body = {"agent": agent.id, "name": agent.name, "until": until.isoformat()}
        event = draft.add("offered", body, actor="system")
        draft.set(offered_to=agent.id, offer_seq=event.seq, asked=(*state.asked, agent.id))
        draft.job("offer_over", f"offer_over:{state.id}:{event.seq}", run_at=until, payload={"seq": event.seq})

    def end_offer(self, draft: Draft, why: str) -> None:
        """Takes the standing offer back and asks the next agent."""
        state = draft.state
        agent = self.agents.get(state.offered_to or "")
        body = {"agent": state.offered_to, "name": agent.name if agent else "", "why": why}
        draft.add("offer_over", body, actor="system")
        draft.set(offered_to=None, offer_seq=None)
        self.offer(draft)

    def take_back_offer(self, draft: Draft) -> None:
        """Asks the next agent if the one who is asked cannot take it any more; them, too, as soon as they can again."""
        state = draft.state
        if state.offered_to and not self.agents.may_still_take(state.offered_to, state.department):
            draft.set(asked=tuple(each for each in state.asked if each != state.offered_to))
            self.end_offer(draft, "unable")

    def is_stuck(self, waiting: Waiting, agents: Iterable[Agent]) -> bool:
        """Returns whether nobody is asked and one of these agents could be, or who is asked cannot take it any more."""
        if waiting.offered_to:
            return not self.agents.may_still_take(waiting.offered_to, waiting.department)
        return next_for(waiting.department, agents, asked=waiting.asked) is not None

    def move_on(self, draft: Draft) -> None:
        """Asks somebody who can take what waits, if it is stuck."""
        if draft.state.offered_to:
            self.take_back_offer(draft)
        else:
            self.offer(draft)

    def overflow(self, draft: Draft, department: str, *, tried: Collection[str]) -> None:
        """Moves a waiting conversation to a department, or to the next after it of those not tried yet where somebody
        is there; it keeps its waiting time. Without one it stays where it is seen.
        """
        asked = self._and_those_after(department)
        following = next((each for each in asked if each.id not in tried and self._is_staffed(each, draft.now)), None)
        if following is None:
            return
        draft.add("requeued", {"department": following.id, "why": "no_answer"}, actor="system")
        ask_nobody(draft)
        draft.set(department=following.id)
        self.offer(draft)

    def stop_waiting(self, draft: Draft, known: Known, *, owed_by: str | None) -> Known:
        """Nobody came in the time promised: back to the bot, which does what the flow says.

        `owed_by` is the department that owed an answer before; it goes on owing it.
        """
        asked = draft.state.department
        draft.add("waited_long", {"department": asked or ""}, actor="system")
        leave_queue(draft)
        draft.set(holder=holder_after("give_up_waiting", draft.state.holder), department=owed_by or asked)
        return self.settle(draft, self.bot.resume(draft, known, self._failed(asked, "nobody")))

    def _failed(
        self, asked: str | None, reason: str, entered: Collection[str] = (), *, for_good: bool = False
    ) -> Event:
        """Returns what the flows are told; what a department does then is done once, then a message is taken."""
        department = self.bot.sites.current.departments.get(asked or "")
        offline = department.offline if department and department.offline not in (LEAVE_MESSAGE, *entered) else None
        data = {"reason": reason, "department": asked, "flow": None if for_good else offline, "for_good": for_good}
        return Event("nobody_came", data=data)

    def _request(self, draft: Draft, department: Department, wanted: WantsAgent, since: datetime | None) -> str | None:
        """Puts the conversation into the queue, or returns why it cannot be: closed or nobody."""
        owed_by = draft.state.department if draft.state.left else None
        wish = {"department": department.id, "reason": wanted.reason}
        wish |= {name: value for name, value in (("step", wanted.step), ("flow", wanted.flow)) if value}
        obstacle = self._obstacle(draft, department)
        if obstacle is not None:
            draft.add("agent_missing", {**wish, "why": obstacle}, actor="bot")
            draft.set(department=owed_by or department.id)
            return obstacle
        wish |= {"title": department.title_in(draft.state.language), "priority": wanted.priority}
        if wanted.note:
            wish["note"] = wanted.note
        event = draft.add("agent_requested", wish, actor="bot")
        draft.set(
            holder=holder_after("request_agent", draft.state.holder),
            department=department.id,
            queued_at=draft.now if since is None else since + _ANOTHER_WAIT,
            waiting_since=draft.state.waiting_since or draft.now,
            priority=max(draft.state.priority, PRIORITIES[wanted.priority]),
            asked=(),
        )
        if wanted.say:
            body = {"text": wanted.say, "flow": wanted.flow, "step": f"{wanted.flow}.{wanted.step}"}
            draft.add("message", body, actor="bot")
        self._plan_the_wait(draft, department, wanted, event.seq, owed_by)
        self.offer(draft)
        return None

    def _obstacle(self, draft: Draft, department: Department) -> str | None:
        if not department.opening_hours.is_open(draft.now):
            return "closed"
        everywhere = self._and_those_after(department.id)
        return None if any(self._is_staffed(each, draft.now) for each in everywhere) else "nobody"

    def _plan_the_wait(
        self, draft: Draft, department: Department, wanted: WantsAgent, seq: int, owed_by: str | None
    ) -> None:
        conversation = draft.state.id
        longest = timedelta(seconds=wanted.wait_up_to.seconds) if wanted.wait_up_to else self._default_wait(department)
        wait = {"requested": (draft.state.queued_at or draft.now).isoformat()}
        after, tried = timedelta(), [department.id]
        for overflow in self._overflows(department):
            after += overflow.after
            if after < longest:
                key = f"overflow:{conversation}:{seq}:{overflow.department}"
                # From these alone, so that a second try of the job finds that it was done.
                payload = {**wait, "department": overflow.department, "tried": list(tried)}
                draft.job(OVERFLOW, key, run_at=draft.now + after, payload=payload)
            tried.append(overflow.department)
        over = {**wait, "owed_by": owed_by}
        draft.job(STOP_WAITING, f"{STOP_WAITING}:{conversation}:{seq}", run_at=draft.now + longest, payload=over)

    def _default_wait(self, department: Department) -> timedelta:
        """Returns the time of all departments that are asked; one that names none gets a minute."""
        overflows = self._overflows(department)
        last = self.bot.sites.current.departments[overflows[-1].department] if overflows else department
        own = timedelta(seconds=last.if_no_answer.after.seconds) if last.if_no_answer else DEFAULT_WAIT
        return sum((overflow.after for overflow in overflows), own)

    def _overflows(self, department: Department) -> list["_Overflow"]:
        """Returns where an unanswered conversation goes next, and after how long, each department once."""
        known = self.bot.sites.current.departments
        found: list[_Overflow] = []
        seen = {department.id}
        while department.if_no_answer and department.if_no_answer.department in known.keys() - seen:
            following = known[department.if_no_answer.department]
            found.append(_Overflow(timedelta(seconds=department.if_no_answer.after.seconds), following.id))
            seen.add(following.id)
            department = following
        return found

    def _and_those_after(self, department: str) -> list[Department]:
        """Returns a department and those that are asked after it, of those that the site has by now."""
        known = self.bot.sites.current.departments
        if department not in known:
            return []
        return [known[department], *(known[each.department] for each in self._overflows(known[department]))]

    def _is_staffed(self, department: Department, now: datetime) -> bool:
        return department.opening_hours.is_open(now) and bool(here_in(department.id, self.agents.all()))

    def _department(self, draft: Draft, wanted: str | None) -> Department:
        """Returns the department wanted, else the conversation's own, of those that the site has by now."""
        departments = self.bot.sites.current.departments
        for named in (wanted, draft.state.department):
            if named and named in departments:
                return departments[named]
        is_open = (each for each in departments.values() if each.opening_hours.is_open(draft.now))
        return next(is_open, next(iter(departments.values())))

    def _take_message(self, draft: Draft, left: MessageLeft) -> None:
        department = self._department(draft, left.department).id
        body = {"department": department, "email": left.email or "", "text": left.text}
        draft.add("message_left", body, actor="visitor")
        # The bot goes on holding the conversation: whoever left a message may still be helped by it.
        draft.set(department=department)
        owe_answer(draft, since=draft.state.waiting_since or draft.now)

    def _offer_time(self, department: str | None) -> timedelta:
        known = self.bot.sites.current.departments.get(department or "")
        return timedelta(seconds=(known.offer_for if known else OFFER_FOR).seconds)


@dataclass(frozen=True, slots=True)
class _Overflow:
    after: timedelta
    department: str
