"""Runs an action and whatever it wants run after it, until a flow or the visitor is next."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

import structlog

from bot.actions.answer import Prepared, Returned, Saying, read_answer
from bot.actions.client import Client, Failed
from bot.actions.roster import Roster
from bot.actions.tracker import REQUESTED, Told, body_of
from bot.spans import Spans, no_spans
from rules.templates import parse_template
from rules.texts import in_language
from rules.zones import zone_of_reader

MOST_IN_A_ROW = 10
"""Actions that follow one another without anybody being asked."""
MOST_AT_ONCE = 64
"""Actions under way in one process."""

log = structlog.get_logger()


class Actions:
    """The site's actions, wherever they are served. Without a client there are none."""

    def __init__(
        self,
        client: Client | None = None,
        roster: Roster | None = None,
        *,
        clock: Callable[[], float] = lambda: 0.0,
        spawn: Callable[..., Any] | None = None,
        spans: Spans = no_spans,
    ):
        self.roster = roster or Roster()
        self._client = client
        self._clock = clock
        self._spawn = spawn
        self._spans = spans
        self._places = BoundedSemaphore(MOST_AT_ONCE)
        self.ended: Counter[str] = Counter()
        """How calls ended → how often: well, or with the reason why not."""

    def beside(self, work: Callable[[], None]) -> None:
        """Does what waits for an action without holding anything else up; at once where there is no loop."""
        if self._spawn is None:
            work()
        else:
            self._spawn(work)

    def run(self, action: str, told: Told, *, within: float) -> Returned:
        """Returns what came of an action and of the actions it called next; raises Failed before `within` is over."""
        try:
            returned = self._run_in_turn(action, told, within)
        except Failed as failed:
            self.ended[failed.reason] += 1
            raise
        self.ended["well"] += 1
        return returned

    def _run_in_turn(self, action: str, told: Told, within: float) -> Returned:
        until = self._clock() + within
        if not self._places.acquire(timeout=max(0.0, within)):
            raise Failed("timeout", "too many actions are under way")
        try:
            return self._run(action, told, until)
        finally:
            self._places.release()

    def _run(self, action: str, told: Told, until: float) -> Returned:
        returned = self._one(action, told, until)
        if told.form is not None:
            return self._with_prompt(returned, told, until)
        for _ in range(MOST_IN_A_ROW - 1):
            following = returned.followup
            if following is None or following in told.site.machines:
                return returned
            told = replace(told, values={**told.values, **returned.slots})
            returned = _after(returned, self._one(following, told, until))
        raise Failed("error", f"more than {MOST_IN_A_ROW} actions follow one another")

    def _with_prompt(self, returned: Returned, told: Told, until: float) -> Returned:
        """Finds out how a slot is asked for that only the validator knows of, in the order that Rasa looks."""
        form = told.form
        wanted = next((slot for slot in returned.asks_next if slot and form and slot not in form.slots), None)
        if form is None or wanted is None:
            return returned
        for name in (f"{form.name}_{wanted}", wanted):
            if f"action_ask_{name}" in self.roster.names:
                told = replace(told, values={**told.values, **returned.slots, REQUESTED: wanted}, form=None)
                asked = self._one(f"action_ask_{name}", told, until)
                first, *more = asked.said or (Saying(""),)
                return replace(returned, said=(*returned.said, *more), prompt=first.text or None)
            text = _prepared(told)(f"utter_ask_{name}", {})
            if text:
                return replace(returned, prompt=text)
        return returned

    def _one(self, action: str, told: Told, until: float) -> Returned:
        if self._client is None or not self.roster.is_there:
            raise Failed("missing", "there is no action server: put a Python file with the action into actions/")
        with self._spans("action", action=action, conversation=told.conversation.id):
            answer = self._client.call(action, body_of(action, told), within=until - self._clock())
        zone = told.site.zone
        returned = read_answer(answer, prepared=_prepared(told), zone=zone)
        if returned.ignored:
            log.warning("actions.ignored", action=action, what=list(returned.ignored))
        return returned


def _after(first: Returned, then: Returned) -> Returned:
    """Returns what two actions in a row come to."""
    return replace(
        then,
        said=first.said + then.said,
        slots=dict(then.slots) if then.resets else {**first.slots, **then.slots},
        resets=first.resets or then.resets,
        pauses=first.pauses or then.pauses,
        reminders=first.reminders + then.reminders,
    )


def _prepared(told: Told) -> Prepared:
    """Returns what looks up a text of the site's responses for an action, and fills its gaps."""
    site, language = told.site, told.conversation.language

    def text(name: str, given: Mapping[str, Any]) -> str | None:
        response = site.responses.get(name)
        if response is None:
            return None
        template = parse_template(in_language(response.text, language, site.default_language))
        values = {
            **{f"contact.{attribute}": value for attribute, value in told.known.values().items()},
            "site.name": site.name,
            **told.conversation.cursor.slots,
            **told.values,
            **given,
        }
        zone = zone_of_reader(told.conversation.context, site.timezone)
        return template.render(values, language, site.about.currency, zone)

    return text
