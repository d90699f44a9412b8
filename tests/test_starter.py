"""The site that `parlour init` makes: it has no problem, speaks two languages, and fits the sample shop."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.site.loading import Loaded, load, load_files
from bot.site.starting import make_site, starter_files
from flows.cursor import Cursor
from flows.effects import CallAction, FlowLeft, MessageLeft, Say, SlotSet, WantsAgent
from flows.runner import Event, turn
from flows.wording import Wording
from rules.conditions import evaluate
from rules.rulebook import Standing
from rules.saying import Manner
from web.demo import PAGES

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LANGUAGES = ("en", "de")
ANNA = {"name": "Anna Berg", "email": "anna@example.org"}


@pytest.fixture(scope="module")
def starter() -> Loaded:
    return load_files(starter_files())


@pytest.fixture(scope="module")
def site(starter):
    assert starter.site is not None, "\n".join(str(problem) for problem in starter.problems)
    return starter.site


def looked_up(call):
    """Runs an action of the starter on what the flow gives it, and returns what it answers."""
    spec = spec_from_file_location("orders", Path(__file__).parent.parent / "bot/starter/actions/orders.py")
    orders = module_from_spec(spec)
    spec.loader.exec_module(orders)
    (action,) = (made for made in [orders.LookUpOrder()] if made.name() == call.action)
    tracker = Tracker("c1", dict(call.arguments), {}, [], False, None, {}, "action_listen")
    return {event["name"]: event["value"] for event in action.run(CollectingDispatcher(), tracker, {})}[call.save_as]


class Talk:
    """A visitor talks with a flow; whoever hears reads `said`, `options` and `wanted`."""

    def __init__(self, site, flow, language, facts=None):
        self.site = site
        self.cursor = Cursor("c1", language)
        self.facts = {
            "language": language,
            "opening_hours": "open",
            "site.name": site.name,
            "site.opening_hours": site.opening_hours,
            "site.next_opening": site.opening_hours.next_opening(NOW),
            "contact.name": None,
            "contact.email": None,
            "contact.phone": None,
            **(facts or {}),
        }
        self.said, self.options, self.slots, self.wanted, self.left, self.ended = [], (), {}, None, None, False
        self.take(Event("start", data={"flow": flow, "with": {}}))

    def take(self, event):
        machines = lambda flow, version: self.site.machines[flow]  # noqa: E731
        result = turn(machines, self.cursor, event, self.facts, NOW, self.site.flow_settings)
        assert result.handled, f"nothing takes {event}"
        self.cursor = result.cursor
        called = [effect for effect in result.effects if isinstance(effect, CallAction)]
        for effect in result.effects:
            match effect:
                case Say():
                    self.said.append(effect.text)
                    self.options = effect.options
                case SlotSet():
                    self.slots[effect.slot] = effect.value
                case WantsAgent():
                    self.wanted = effect
                    self.said += [effect.say] if effect.say else []
                case MessageLeft():
                    self.left = effect
                case FlowLeft():
                    self.ended = True
        for call in called:
            self.take(Event("done", data={"slots": {}, "result": looked_up(call)}, epoch=call.epoch))
        return self

    def write(self, *messages):
        for message in messages:
            self.take(Event("input", text=message))
        return self

    def press(self, value):
        """Presses the quick reply with this value, by typing what it says."""
        labels = {option.value: option.label for option in self.options}
        return self.write(labels[value])


# As a whole


def test_the_starter_content_has_no_problem(starter):
    assert [str(problem) for problem in starter.problems] == []


def test_a_new_site_is_the_starter_content_and_nothing_else(tmp_path):
    files = make_site(tmp_path / "site")
    assert files == sorted(starter_files())
    assert {Path(file).parts[0] for file in files} == {
        "site.yaml",
        "attributes.yaml",
        "responses.yaml",
        "actions",
        "flows",
        "rules",
        "triggers",
    }
    loaded = load(tmp_path / "site")
    assert loaded.problems == ()
    assert loaded.site is not None


def test_two_departments_have_hours_of_their_own(site):
    assert set(site.departments) == {"sales", "support"}
    assert site.departments["sales"].opening_hours != site.departments["support"].opening_hours


def texts_in(value, path, seen):
    """Yields every text of the site with the way to it."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Wording):
        yield path, value.texts
    elif isinstance(value, dict) and value and set(value) <= {"en", "de"}:
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts_in(each, f"{path}.{key}", seen)
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from texts_in(each, f"{path}.{place}", seen)
    elif is_dataclass(value):
        for each in fields(value):
            if each.name != "machines":
                yield from texts_in(getattr(value, each.name), f"{path}.{each.name}", seen)


def test_everything_is_said_in_both_languages(site):
    missing = [
        path
        for path, texts in texts_in(site, "site", set())
        if texts and set(texts) != set(LANGUAGES) and ".note" not in path and ".gives." not in path
    ]
    assert missing == []


# Each flow is played


@pytest.mark.parametrize(("language", "name"), [("en", "Anna Berg"), ("de", "Ich heiße Anna Berg")])
def test_a_colleague_gets_name_mail_and_phone_for_an_order_nobody_finds(site, language, name):
    talk = Talk(site, "welcome", language).press("An order").write("TT-77").press("colleague").write(name)
    talk.write("anna@example.org", {"en": "yes please", "de": "ja gern"}[language], "0170 1234567")
    assert {key: talk.slots[key] for key in ("order_number", "name", "email", "may_call", "phone")} == {
        "order_number": "TT-77",
        "name": "Anna Berg",
        "email": "anna@example.org",
        "may_call": True,
        "phone": "+491701234567",
    }
    assert talk.wanted.department == "support"
    assert talk.wanted.note == "Order TT-77. E-mail anna@example.org, phone +491701234567."


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_has_to_leave_a_phone_number(site, language):
    talk = Talk(site, "welcome", language).press("Something else")
    talk.write("Do you have tea towels?", "Anna", "anna@example.org", {"en": "no", "de": "nein"}[language])
    assert "phone" not in talk.slots
    assert talk.wanted.department == "sales"
    assert talk.wanted.note == "Do you have tea towels? (E-mail anna@example.org, phone not given.)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_known_is_not_asked_again(site, language):
    known = {"contact.name": "Anna", "contact.email": "anna@example.org", "contact.phone": "+491701234567"}
    talk = Talk(site, "welcome", language, known).press("An order").write("TT-1003")
    assert talk.wanted is not None
    assert talk.slots.keys() <= {"topic", "order_number", "order"}


@pytest.mark.parametrize(
    ("language", "mistake", "sentence"),
    [
        ("en", "anna(at)example.org", "That e-mail address has no @. What is it in full?"),
        ("de", "anna(at)example.org", "In dieser E-Mail-Adresse fehlt das @. Wie lautet sie vollständig?"),
    ],
)
def test_an_address_that_is_none_is_asked_for_again(site, language, mistake, sentence):
    talk = Talk(site, "contact_details", language).write("Anna", mistake)
    assert talk.said[-1].startswith(sentence)
    talk.write("it is anna@example.org", "no")
    assert talk.slots["email"] == "anna@example.org"
    assert talk.ended


@pytest.mark.parametrize(
    ("language", "number", "says"),
    [
        ("en", "TT-1001", "Order TT-1001 is being packed and leaves us within a working day."),
        ("en", "tt-1002", "It left us on "),
        ("de", "TT-1001", "Die Bestellung TT-1001 wird gepackt und geht binnen eines Werktags ab."),
        ("de", " tt-1002", "Sie ist am "),
    ],
)
def test_an_order_is_looked_up_by_its_number(site, language, number, says):
    talk = Talk(site, "welcome", language).press("An order").write(number)
    assert talk.said[-1].startswith(says)
    assert talk.ended
    assert talk.wanted is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_number_may_be_tried(site, language):
    talk = Talk(site, "order_status", language).write("1002").press("again").write("TT-1002")
    assert "https://parcels.example/TT-1002" in talk.said[-1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("topic", "begins"),
    [
        ("Prices", {"en": "Single teas begin", "de": "Einzelne Tees beginnen"}),
        ("Choosing a tea", {"en": "What do you like", "de": "Was trinken Sie"}),
    ],
)
def test_the_welcome_leads_to_the_other_flows(site, language, topic, begins):
    talk = Talk(site, "welcome", language).press(topic)
    assert any(said.startswith(begins[language]) for said in talk.said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("for_whom", ["Household", "Present"])
def test_prices_for_a_household_or_a_present_end_politely(site, language, for_whom):
    talk = Talk(site, "prices", language).press(for_whom).write({"en": "no thanks", "de": "nein danke"}[language])
    assert talk.said[-1].startswith({"en": "All right.", "de": "Gut."}[language])
    assert talk.ended
    assert talk.wanted is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_prices_for_a_workplace_go_to_sales_with_all_that_was_said(site, language):
    talk = Talk(site, "prices", language).press("Workplace").press("More than 50").write(*ANNA.values(), "no")
    assert talk.wanted.department == "sales"
    assert talk.wanted.note == (
        "Prices for: Workplace, people: More than 50. E-mail anna@example.org, phone not given."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("drinks", ["Coffee or black tea", "Green or white tea", "Herbs and fruit"])
def test_advice_names_a_tea_for_every_taste(site, language, drinks):
    talk = Talk(site, "tea_advice", language).press(drinks)
    assert any(
        said.startswith({"en": "Then begin with", "de": "Dann beginnen Sie mit"}[language]) for said in talk.said
    )
    talk.write("yes", *ANNA.values(), "no")
    assert talk.wanted.note == f"Wants advice, drinks now: {drinks}. E-mail anna@example.org, phone not given."


@pytest.mark.parametrize(
    ("language", "back"),
    [("en", "We are closed right now and back Tuesday 07:00."), ("de", "ab Dienstag 07:00 Uhr wieder da.")],
)
def test_out_of_hours_the_visitor_hears_when_somebody_is_back(site, language, back):
    talk = Talk(site, "out_of_hours", language, {"opening_hours": "closed"})
    assert talk.said[0].endswith(back)
    assert len(talk.options) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_out_of_hours_a_message_is_taken_with_the_address_to_answer_to(site, language):
    talk = Talk(site, "out_of_hours", language, {"opening_hours": "closed"})
    talk.write(talk.options[0].label)
    assert talk.wanted.department == "sales"
    missed = {"reason": "closed", "department": "sales", "flow": "leave_message"}
    talk.take(Event("nobody_came", data=missed)).write("anna@example.org", "Do you have tea towels?")
    assert talk.left == MessageLeft("sales", "anna@example.org", "Do you have tea towels?")


@pytest.mark.parametrize("language", LANGUAGES)
def test_out_of_hours_one_may_also_come_back_later(site, language):
    talk = Talk(site, "out_of_hours", language, {"opening_hours": "closed"})
    talk.write(talk.options[2].label)
    assert site.opening_hours.summary(language) in talk.said[-1]
    assert talk.ended


def test_every_flow_of_the_starter_is_played_here(site):
    assert set(site.flows) == {"welcome", "contact_details", "order_status", "prices", "tea_advice", "out_of_hours"}


# It fits the sample shop


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("page", "hours", "ready"),
    [
        ("pricing", "open", {"pricing_help"}),
        ("pricing", "closed", {"pricing_closed"}),
        ("catalogue", "open", {"tea_advice"}),
        ("cart", "open", {"leaving_cart"}),
        ("support", "closed", set()),
        ("", "open", set()),
    ],
)
def test_triggers_speak_on_the_pages_they_are_for(site, language, page, hours, ready):
    facts = {
        "page": f"/demo/{'de/' if language == 'de' else ''}{page}",
        "time_on_page": 30,
        "time_on_site": 60,
        "scroll": 80,
        "exit_intent": True,
        "device": "desktop",
        "opening_hours": hours,
        "agents_available": 1,
        "shown.pricing_help": 0,
        "shown.pricing_assistant": 0,
    }
    assert {id for id, trigger in site.triggers.items() if evaluate(trigger.condition, facts) is True} == ready


@pytest.mark.parametrize("change", [{"time_on_page": 29}, {"agents_available": 0}, {"opening_hours": "closed"}])
def test_the_pricing_trigger_waits_for_its_moment(site, change):
    facts = {"page": "/demo/pricing", "time_on_page": 30, "opening_hours": "open", "agents_available": 1}
    condition = site.triggers["pricing_help"].condition
    assert evaluate(condition, facts) is True
    assert evaluate(condition, {**facts, **change}) is False


@pytest.mark.parametrize("change", [{"exit_intent": False}, {"device": "mobile"}])
def test_the_cart_is_quiet_until_a_pointer_leaves_it(site, change):
    facts = {"page": "/demo/cart", "exit_intent": True, "device": "desktop"}
    condition = site.triggers["leaving_cart"].condition
    assert evaluate(condition, facts) is True
    assert evaluate(condition, {**facts, **change}) is False


def test_the_shop_tells_the_same_hours_as_the_site(site):
    frame = (Path(__file__).parent.parent / "web/templates/demo/frame.html").read_text(encoding="utf-8")
    for language in LANGUAGES:
        for run in site.opening_hours.summary(language).split(", "):
            assert run in frame


def test_links_of_the_site_lead_to_pages_of_the_shop(site):
    for language, folder in (("en", "/demo/"), ("de", "/demo/de/")):
        note = site.look.privacy_note[language]
        address = note[note.index("(") + 1 : note.index("#")]
        assert address.removeprefix(folder) in PAGES


@pytest.mark.parametrize(
    ("message", "language", "rule"),
    [
        ("When are you open?", "en", "opening_hours"),
        ("Eure Öffnungszeiten?", "de", "opening_hours"),
        ("how long does delivry take", "en", "delivery"),
        ("Wie lange dauert der Versand", "de", "delivery"),
        ("which tea for the morning?", "en", None),
    ],
)
def test_what_is_often_asked_is_answered_by_a_rule(site, message, language, rule):
    heard = site.rulebook.heard(message, lambda: Standing(language, "en"))
    speaking = heard.speaking("none")
    assert (speaking.rule.id if speaking else None) == rule
    if speaking:
        values = {"site.opening_hours": site.opening_hours}
        assert speaking.rule.answer.said(values, Manner(language, "en", "EUR", site.zone))


def test_a_complaint_goes_to_the_right_people_first(site):
    heard = site.rulebook.heard("Ich habe eine Beschwerde", lambda: Standing("de", "en"))
    assert [each.rule.id for each in heard.noted] == ["complaints_first"]


@pytest.mark.parametrize("who", ["visitor", "agent"])
@pytest.mark.parametrize("secret", ["4111 1111 1111 1111", "5500-0000-0000-0004", "DE89 3704 0044 0532 0130 00"])
def test_numbers_of_cards_and_accounts_are_not_kept(site, who, secret):
    heard = site.rulebook.heard(f"It is {secret} and no other", lambda: Standing("en", "en", holder="agent"), who=who)
    assert heard.text in (f"It is [{kind} number removed] and no other" for kind in ("card", "account"))


@pytest.mark.parametrize("number", ["+49 170 1234567", "0170 1234567", "AB-123456", "2026-12-24 10:00", "10115 Berlin"])
def test_numbers_that_are_wanted_are_kept(site, number):
    assert site.rulebook.heard(f"It is {number}", lambda: Standing("en", "en")).text == f"It is {number}"
