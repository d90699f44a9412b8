"""Triggers as they are written: what they become, and what is said about the mistakes."""
# ruff: noqa: E501 (a whole message is read best on one line)

import pytest

from rules.document import read
from rules.facts import Kind, Scope
from rules.nodes import Map
from rules.problems import Problem
from rules.schema import Walker
from triggers.limits import Limits
from triggers.trigger import Trigger, read_triggers

SCOPE = Scope(
    inside="trigger",
    contact={"plan": Kind("choice", ("free", "team"))},
    triggers=frozenset({"pricing_help", "other"}),
    languages=("en", "de"),
)


def triggers(text: str) -> tuple[dict[str, Trigger], list[str]]:
    problems: list[Problem] = []
    root = read(text, "triggers/shop.yaml", problems)
    assert isinstance(root, Map), problems
    found = read_triggers(root.get("triggers"), SCOPE, Walker(problems, ("en", "de")))
    return found, [f"{problem.code} {problem}" for problem in problems]


def one(body: str) -> Trigger:
    found, problems = triggers(_wrapped(body))
    assert problems == []
    return found["pricing_help"]


def told(body: str) -> list[str]:
    return triggers(_wrapped(body))[1]


def _wrapped(body: str) -> str:
    return "triggers:\n  pricing_help:\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


WHOLE = """
title: Help on the pricing page
when:
  page: /pricing*
  time_on_page: 30s
  opening_hours: open
unless: {contact.plan: team}
for: 5s
from: sales
say: {en: Questions about the plans?, de: Fragen zu den Preisen?}
buttons:
  - Yes please: start qualify
  - label: {en: A person, de: Ein Mensch}
    value: person
    then: handoff support
  - No thanks: dismiss
save_as: answer
start: qualify
priority: 70
limit: {per_visit: 1, after_dismiss: 14d}
if_busy: wait
"""


def test_a_whole_trigger_is_read() -> None:
    trigger = one(WHOLE)
    assert trigger.title == {"en": "Help on the pricing page"}
    assert trigger.condition == (
        "all",
        ("glob", "page", "/pricing*"),
        (">=", "time_on_page", 30),
        ("is", "opening_hours", "open"),
        ("not", ("is", "contact.plan", "team")),
    )
    assert (trigger.steady_for, trigger.priority, trigger.start, trigger.department) == (5, 70, "qualify", "sales")
    assert trigger.say == {"en": "Questions about the plans?", "de": "Fragen zu den Preisen?"}
    assert [(button.value, str(button.then)) for button in trigger.buttons] == [
        ("Yes please", "start qualify"),
        ("person", "handoff support"),
        ("No thanks", "dismiss"),
    ]
    assert trigger.limit == Limits(
        per_page=1, per_visit=1, per_visitor=3, per_day=1, gap=7200, after_dismiss=1_209_600, stop_after="answered"
    )


def test_a_short_trigger_has_sensible_defaults() -> None:
    trigger = one("when: {page: /}\nsay: Hello!")
    assert (trigger.title, trigger.enabled, trigger.steady_for, trigger.priority) == (
        {"en": "pricing_help"},
        True,
        0,
        50,
    )
    assert (trigger.start, trigger.buttons, trigger.department, trigger.if_busy) == (None, (), None, "skip")
    assert (trigger.limit.per_visit, trigger.limit.gap, trigger.limit.after_dismiss) == (1, 7200, 604_800)


def test_triggers_keep_the_order_of_the_file() -> None:
    found, _ = triggers("triggers:\n  b: {say: x}\n  a: {say: x}\n")
    assert [(id, trigger.order) for id, trigger in found.items()] == [("b", 0), ("a", 1)]


def test_what_a_trigger_names_is_told_with_its_place() -> None:
    assert [(mention.section, mention.id, mention.place.line) for mention in one(WHOLE).mentions] == [
        ("flows", "qualify", 19),
        ("departments", "sales", 10),
        ("flows", "qualify", 13),
        ("departments", "support", 16),
    ]


def test_a_button_is_found_by_its_value_and_by_its_label_in_any_language() -> None:
    trigger = one(WHOLE)
    assert trigger.button("person") is trigger.button("Ein Mensch") is trigger.buttons[1]
    assert trigger.button("Yes please") is trigger.buttons[0]
    assert trigger.button("something else") is None


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("say: Hi", (False, False)),
        ("start: welcome", (False, False)),
        ("open: true", (True, False)),
        ("badge: true", (False, True)),
        ("start: welcome\nopen: true\nbadge: true", (True, True)),
    ],
)
def test_one_of_say_start_open_and_badge_is_enough(body: str, shown: tuple[bool, bool]) -> None:
    trigger = one(body)
    assert (trigger.open, trigger.badge) == shown


def test_it_speaks_for_a_department_or_for_somebody_in_it() -> None:
    assert (one("say: Hi\nfrom: sales").department, one("say: Hi\nfrom: sales").speaker.agent) == ("sales", None)
    person = one("say: Hi\nfrom: {department: sales, agent: Anna Berg}")
    assert (person.department, person.speaker.agent) == ("sales", "Anna Berg")
    assert [(mention.section, mention.id) for mention in person.mentions] == [("departments", "sales")]
    assert one("say: Hi\nfrom: {agent: Anna Berg}").department is None


GUESS = "on phones 'exit_intent' is a guess: nothing leaves through the top there, so a fast scroll up is taken for it; where that is not meant, ask for desktops as well — write  device: desktop"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("when: {page: /cart*, exit_intent: true}", "3:26"),
        ("if: page matches /cart* and exit_intent", "3:33"),
        ("unless: {exit_intent: true}", "3:14"),
        ("when: {exit_intent: true, device: [desktop, mobile]}", "3:12"),
        ("when: {exit_intent: true, device: desktop}", None),
        ("when: {exit_intent: true}\nunless: {device: [mobile, tablet]}", None),
        ("when: {scroll: 60%}", None),
    ],
)
def test_leaving_is_only_guessed_on_phones_and_that_is_said(body: str, place: str | None) -> None:
    found, problems = triggers(_wrapped(f"{body}\nsay: Hi"))
    assert problems == ([f"T007 triggers/shop.yaml:{place}: {GUESS}"] if place else [])
    assert found["pricing_help"].say


@pytest.mark.parametrize(
    ("body", "told_about"),
    [
        ("when: {all: [{time_on_page: at least 60s}, {time_on_page: less than 30s}]}", "3:19: 'on this page at least 1m' contradicts 'on this page less than 30s'"),
        ("when: {time_on_page: 60s}\nunless: {time_on_page: at least 30s}", "3:12: 'on this page at least 1m' contradicts 'unless on this page at least 30s'"),
        ("if: time_on_page > 60s and time_on_page <= 60s", "3:9: 'on this page more than 1m' contradicts 'on this page at most 1m'"),
        ("when: {visits: 0}", "3:12: 'visits is 0' never holds: this visit counts as 1"),
        ("unless: {pages_viewed: at least 1}", "3:14: 'unless pages viewed at least 1' never holds: this page counts as 1"),
        ("when: {scroll: more than 100%}", "3:12: 'scrolled more than 100%' never holds: it goes from 0% to 100%"),
        ("when: {returning: true, visits: 1}", "3:12: 'returning visitor: yes' contradicts 'visits is 1'"),
        ("when: {visits: [2, 3]}\nunless: {returning: true}", "3:12: 'visits is 2 or 3' contradicts 'unless returning visitor: yes'"),
        ("when: {chat: open}", "3:12: 'chat: open' never holds: nothing is said unasked while a conversation is going on"),
        ("when: {chat: [open, minimized]}", "3:12: 'chat: open or minimized' never holds: nothing is said unasked while a conversation is going on"),
        ("when: {opening_hours: closed}\nactive: {hours: open}", "3:12: 'opening hours: closed' contradicts 'opening hours: open'"),
        ("when: {all: [{device: mobile}, {device: [desktop, tablet]}]}", "3:19: 'device: mobile' contradicts 'device: desktop or tablet'"),
        ("when: {date: at least 2026-12-01}\nactive: {until: 2026-11-30}", "3:12: 'date at least 2026-12-01' contradicts 'date at most 2026-11-30'"),
        ("when: {contact.plan: team}\nunless: {contact.plan: known}", "3:12: 'plan is team' contradicts 'unless plan is known'"),
        ("title: A time\nwhen: {time_on_page: 5s, all: [{time: at least 18:00}, {time: less than 12:00}]}", "4:37: 'time at least 18:00' contradicts 'time less than 12:00'"),
        ("when: {all: [{scroll: [10, 50]}, {scroll: at most 40}, {not: {scroll: at most 10}}], exit_intent: true}", None),
        ("when: {all: [{visits: at least 2}, {visits: {is: [2, 9]}}, {visits: at most 8}, {visits: {not: 2}}]}", "3:19: 'visits at least 2', 'visits is 2 or 9', 'visits at most 8' contradict 'unless visits is 2'"),
    ],
)  # fmt: skip
def test_a_trigger_whose_conditions_cannot_hold_together_is_told(body: str, told_about: str | None) -> None:
    found = [problem for problem in told(f"{body}\nsay: Hi") if "T007" not in problem]
    place, _, message = (told_about or "").partition(" ")
    assert found == ([f"T001 triggers/shop.yaml:{place} it can never speak: {message}"] if told_about else [])


@pytest.mark.parametrize(
    "body",
    [
        "when: {time_on_page: between 30s and 60s, time_on_site: less than 20s}",
        "when: {all: [{time_on_page: at least 30s}, {time_on_page: at most 30s}]}",
        "when: {any: [{time_on_page: at least 60s}, {time_on_page: less than 30s}]}",
        "when: {any: [{visits: 0}, {scroll: 50}]}",
        "when: {returning: true, visits: at least 2}",
        "unless: {returning: true}",
        "when: {all: [{page: /a*}, {page: /ab}]}",
        "when: {page: {contains: a}}\nunless: {page: {contains: b}}",
        "unless: {contact.plan: [free, team]}",
        "unless: {days_since_last_visit: at least 0}",
        "when: {visits: between 1 and 2}\nunless: {visits: 1}",
        "when: {time: between 22:00 and 06:00}",
        "unless: {chat: [open, minimized]}",
        "when: {chat: [open, ended]}",
        "when: {shown.other: 0}",
        "when: {all: [{weekday: mon-fri}, {weekday: [fri, sat]}]}",
    ],
)
def test_nothing_is_said_of_conditions_that_may_hold_together(body: str) -> None:
    assert told(f"{body}\nsay: Hi") == []


def test_plain_labels_are_stored() -> None:
    trigger = one("say: How many?\nbuttons: [1-5, 6-50, More than 50]\nsave_as: team_size")
    assert [(button.value, button.then) for button in trigger.buttons] == [
        ("1-5", None),
        ("6-50", None),
        ("More than 50", None),
    ]
    assert trigger.save_as == "team_size"


def test_outside_its_days_and_hours_it_rests() -> None:
    trigger = one("say: Hi\nactive: {from: 2026-12-01, until: 2027-03-31, hours: open, days: mon-wed}")
    assert trigger.condition == (
        "all",
        (">=", "date", "2026-12-01"),
        ("<=", "date", "2027-03-31"),
        ("in", "weekday", ("mon", "tue", "wed")),
        ("is", "opening_hours", "open"),
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("when: {page: /}", "K006 triggers/shop.yaml:2:3: the trigger 'pricing_help' does nothing: it needs 'say', what it says, or one of 'start', 'open' and 'badge'"),
        ("open: false\nbadge: false", "K006 triggers/shop.yaml:2:3: the trigger 'pricing_help' does nothing: it needs 'say', what it says, or one of 'start', 'open' and 'badge'"),
        ("buttons: [{Yes: dismiss}]", "K006 triggers/shop.yaml:2:3: the trigger 'pricing_help' does nothing: it needs 'say', what it says, or one of 'start', 'open' and 'badge'"),
        ("badge: true\nbuttons: [{Yes: dismiss}]", "K006 triggers/shop.yaml:4:5: these buttons stand below nothing: a trigger with buttons needs 'say', what it says"),
        ("say: Hi\nfrom: [sales]", "K006 triggers/shop.yaml:4:11: 'from' is the id of a department, not a list"),
        ("say: Hi\nfrom: {agnet: Anna}", "K001 triggers/shop.yaml:4:12: 'agnet' is not an option of 'from' — did you mean 'agent'?"),
        ("say: Hi\nbuttons: [Maybe]", "F011 triggers/shop.yaml:4:15: the button 'Maybe' leads nowhere: give it a target, or the trigger a 'start' or 'save_as' — write  - Maybe: dismiss"),
        ("say: Hi\nstart: a\nbuttons: [Yes, Yes]", "F011 triggers/shop.yaml:5:20: two buttons say 'Yes'; the first is in line 5"),
        ("say: Hi\nstart: a\nbuttons: [A, B, C, D]", "K006 triggers/shop.yaml:5:24: a message has room for 3 buttons, and this one would not be seen"),
        ("say: Hi\nbuttons: [{Yes: welcome}]", "K005 triggers/shop.yaml:4:21: the button 'Yes' leads to 'start' and a flow, 'handoff' or 'dismiss', not to 'welcome' — did you mean 'start welcome'?"),
        ("say: Hi\nbuttons: [{No: close}]", "K005 triggers/shop.yaml:4:20: the button 'No' leads to 'start' and a flow, 'handoff' or 'dismiss', not to 'close' — did you mean 'dismiss'?"),
        ("say: Hi\nbuttons: [{Yes: start}]", "K005 triggers/shop.yaml:4:21: the button 'Yes' leads to 'start' and a flow, 'handoff' or 'dismiss', not to 'start' — a flow is needed: 'start welcome'"),
        ("say: Hi\nstart: a\nbuttons: [[A]]", "K006 triggers/shop.yaml:5:15: a button is a label like 'Yes please', not a list"),
        ("say: Hi\nstart: a\nbuttons: A", "K006 triggers/shop.yaml:5:14: 'buttons' is a list of labels, each with its target if it has one: - Yes please: start welcome, not 'A'"),
        ("say: Hi\nfor: 2 working hours", "K007 triggers/shop.yaml:4:10: 'for': time in working hours is not yet in this version"),
        ("say: Hi\npriority: 200", "K006 triggers/shop.yaml:4:15: 'priority' is a whole number from 0 to 100, not '200'"),
        ("say: Hi\nlimit: {per_vist: 1}", "K001 triggers/shop.yaml:4:13: 'per_vist' is not an option of 'limit' — did you mean 'per_visit'?"),
        ("say: Hi\nab: {a: {}}", "K007 triggers/shop.yaml:4:5: 'ab' is not yet in this version"),
        ("say: Hi\nwhen: {queue_length: 3}", "K007 triggers/shop.yaml:4:12: the fact 'queue_length' is not yet in this version"),
        ("say: Hi\nwhen: {time_onpage: 30s}", "K003 triggers/shop.yaml:4:12: there is no fact 'time_onpage' — did you mean 'time_on_page'?"),
        ("say: Hi\nunless: {shown.oter: 1}", "K003 triggers/shop.yaml:4:14: there is no trigger 'oter' — did you mean 'shown.other'?"),
        ("say: Hi\nactive: {from: 1.12.2026}", "K006 triggers/shop.yaml:4:20: 'from' is a date like 2026-12-24, not '1.12.2026' — did you mean '2026-12-01'? — write  from: 2026-12-01"),
        ("say: Hi\nactive: {from: 2027-01-01, until: 2026-01-01}", "T001 triggers/shop.yaml:4:39: it is never active: 2026-01-01 comes before 2027-01-01"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(body: str, message: str) -> None:
    assert told(body) == [message]


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("dismis", " — did you mean 'dismiss'?"),
        ("dissmiss", " — did you mean 'dismiss'?"),
        ("Dismiss", " — did you mean 'dismiss'?"),
        ("close", " — did you mean 'dismiss'?"),
        ("dismiss it", " — did you mean 'dismiss'?"),
        ("welcome", " — did you mean 'start welcome'?"),
        ("welcom", " — did you mean 'start welcome'?"),
        ("strat welcome", " — did you mean 'start welcome'?"),
        ("start", " — a flow is needed: 'start welcome'"),
        ("handof sales", " — did you mean 'handoff sales'?"),
        ("Handoff slaes", " — did you mean 'handoff sales'?"),
        ("handof", " — did you mean 'handoff'?"),
        ("strat elsewhere", ""),
        ("prices", ""),
    ],
)
def test_a_button_that_leads_nowhere_is_told_with_a_target_that_there_is(target: str, hint: str) -> None:
    problems: list[Problem] = []
    document = read(_wrapped(f"say: Hi\nbuttons: [{{No: {target}}}]"), "a.yaml", problems)
    assert isinstance(document, Map)
    walker = Walker(problems, ids={"flows": ("welcome",), "departments": ("sales",)})
    read_triggers(document.get("triggers"), Scope(inside="trigger"), walker)
    what = "the button 'No' leads to 'start' and a flow, 'handoff' or 'dismiss'"
    assert [str(problem) for problem in problems] == [f"a.yaml:4:20: {what}, not to '{target}'{hint}"]


@pytest.mark.parametrize(
    "body",
    ["[]", "1", "~", "{a: ~}", "{a: []}", "{a: {limit: 3, buttons: 4, active: x, when: [], say: {}}}", "{A: {say: x}}"],
)
def test_no_shape_breaks_the_reader(body: str) -> None:
    _, problems = triggers(f"triggers: {body}\n")
    assert problems
