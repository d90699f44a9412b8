"""Texts that are translated in files of their own are found by their addresses."""

import pytest

from bot.site import load_files
from bot.site.site import Site
from flows.steps.buttons import ButtonsStep
from flows.steps.collect import CollectStep
from flows.steps.form import FormStep
from flows.steps.say import SayStep

SITE = """\
site: {name: Teahouse, languages: [en, de]}
widget: {greeting: Welcome!}
departments: {sales: {title: Sales}}
conversation: {phrases: {human: [a person]}}
responses: {thanks: {text: {en: Thanks}}}
rules:
  parking: {match: {words: [parking]}, answer: Behind the house.}
triggers:
  help:
    when: {page: /prices}
    say: May I help?
    buttons: [Please do]
    start: welcome
flows:
  welcome:
    title: Greeting
    steps:
      - say: Hello!
      - collect: email
        ask: [Your address?, "It looks like ann@example.com. Yours?"]
        invalid: That is no address.
      - id: menu
        buttons: What is it about?
        save_as: topic
        options:
          - Prices
          - label: Something else
            value: other
            then:
              - say: I see.
"""
GERMAN = """\
translations:
  widget.greeting: Willkommen!
  departments.sales.title: Verkauf
  site.conversation.phrases.human: [ein mensch, eine person]
  responses.thanks.text: Danke
  triggers.help.say: Darf ich helfen?
  rules.parking.answer: Hinter dem Haus.
  triggers.help.buttons.Please do: Bitte
  flows.welcome.title: Begrüßung
  flows.welcome.say_1: Hallo!
  flows.welcome.collect_email: Ihre Adresse?
  flows.welcome.collect_email.2: Sie sieht aus wie ann@example.com. Und Ihre?
  flows.welcome.collect_email.invalid: Das ist keine Adresse.
  flows.welcome.menu: Worum geht es?
  flows.welcome.menu.options.Prices: Preise
  flows.welcome.menu.options.other: Etwas anderes
  flows.welcome.say_2: Ich verstehe.
"""


def site_of(german: str) -> Site:
    loaded = load_files({"site.yaml": SITE, "translations/de.yaml": german})
    assert loaded.problems == () and loaded.site is not None
    return loaded.site


def problems_of(german: str, name: str = "translations/de.yaml") -> list[str]:
    return [f"{problem.code} {problem}" for problem in load_files({"site.yaml": SITE, name: german}).problems]


def test_every_text_of_a_site_can_be_translated_at_its_address() -> None:
    site = site_of(GERMAN)
    assert site.look.greeting == {"en": "Welcome!", "de": "Willkommen!"}
    assert site.departments["sales"].title_in("de") == "Verkauf"
    assert site.conversation.phrases["human"]["de"][:2] == ("ein mensch", "eine person")
    assert site.responses["thanks"].text == {"en": "Thanks", "de": "Danke"}
    assert site.rules["parking"].answer.texts == {"en": "Behind the house.", "de": "Hinter dem Haus."}
    assert site.triggers["help"].say == {"en": "May I help?", "de": "Darf ich helfen?"}
    assert site.triggers["help"].buttons[0].label == {"en": "Please do", "de": "Bitte"}
    assert site.triggers["help"].buttons[0].value == "Please do"


def test_every_text_of_a_flow_can_be_translated_by_the_id_of_its_step() -> None:
    flow = site_of(GERMAN).flows["welcome"]
    steps = {step.id: step for step in flow.every_step()}
    hello, ask, menu, inner = (steps[id] for id in ("say_1", "collect_email", "menu", "say_2"))
    assert isinstance(hello, SayStep) and isinstance(inner, SayStep)
    assert isinstance(ask, CollectStep) and isinstance(menu, ButtonsStep)
    assert flow.title == {"en": "Greeting", "de": "Begrüßung"}
    assert hello.texts[0].texts == {"en": "Hello!", "de": "Hallo!"}
    assert inner.texts[0].texts["de"] == "Ich verstehe."
    assert [each.texts["de"] for each in ask.ask] == ["Ihre Adresse?", "Sie sieht aus wie ann@example.com. Und Ihre?"]
    assert ask.invalid is not None and ask.invalid.texts["de"] == "Das ist keine Adresse."
    assert menu.ask.texts["de"] == "Worum geht es?"
    assert [option.label.texts["de"] for option in menu.options] == ["Preise", "Etwas anderes"]
    assert [option.value for option in menu.options] == ["Prices", "other"]


def test_what_is_translated_is_part_of_a_flows_version() -> None:
    changed = GERMAN.replace("Worum geht es?", "Was ist es?")
    assert site_of(GERMAN).flows["welcome"].version != site_of(changed).flows["welcome"].version


def test_a_translation_goes_before_the_text_in_place() -> None:
    site = site_of("translations:\n  responses.thanks.text: Vielen Dank\n")
    assert site.responses["thanks"].text["de"] == "Vielen Dank"


def test_an_address_without_a_text_is_told_with_the_likely_one() -> None:
    assert problems_of("translations:\n  flows.welcom.say_1: Hallo\n  widget.position: links\n") == [
        "K005 translations/de.yaml:2:3: no text has the address 'flows.welcom.say_1'"
        " — did you mean 'flows.welcome.say_1'?",
        "K005 translations/de.yaml:3:3: no text has the address 'widget.position'",
    ]


def test_a_file_must_be_called_after_a_language_of_the_site() -> None:
    assert problems_of("translations:\n  widget.greeting: Bonjour\n", "translations/fr.yaml") == [
        "K001 translations/fr.yaml:2:3: 'fr' is not a language of this site (en, de);"
        " translations stand in a file called after their language, such as translations/de.yaml"
    ]


def test_a_translation_that_is_no_text_is_told() -> None:
    assert problems_of("translations:\n  widget.greeting: {a: b}\n  flows.welcome.say_1:\n") == [
        "K006 translations/de.yaml:2:20: 'widget.greeting' is a text or a list of texts,"
        " not a map (lines of 'key: value')",
        "K006 translations/de.yaml:3:23: 'flows.welcome.say_1' is a text or a list of texts, not empty",
    ]


def test_the_gaps_of_a_translation_are_checked_like_those_of_the_text() -> None:
    assert (
        "F007 translations/de.yaml:2:33: nothing fills the gap 'contact.nmae' — did you mean 'contact.name'?"
        in problems_of("translations:\n  flows.welcome.say_1: Hallo {{ contact.nmae }}\n")
    )


CHOOSING = """\
site: {name: Teahouse, languages: [en, de]}
attributes: {contact: {plan: {type: choice, choices: [free, paid]}}}
triggers:
  help: {when: {page: /prices}, say: May I help?, buttons: [Yes please: start welcome, Not now: dismiss]}
flows:
  welcome:
    steps:
      - collect: size
        choices: [Small, Large]
      - collect: plan
      - form:
          - {collect: colour, choices: [Red, {en: Blue, de: Hellblau}]}
"""


def test_the_answers_to_choose_from_can_be_translated_by_what_is_stored_of_them() -> None:
    german = """\
translations:
  flows.welcome.collect_size.choices.Small: Klein
  flows.welcome.collect_plan.choices.free: kostenlos
  flows.welcome.form_1.colour.choices.Red: Rot
  flows.welcome.form_1.colour.choices.Blue: Blau
"""
    loaded = load_files({"site.yaml": CHOOSING, "translations/de.yaml": german})
    assert loaded.site is not None and [str(problem) for problem in loaded.problems if problem.level == "error"] == []
    size, plan, form = loaded.site.flows["welcome"].steps
    assert isinstance(size, CollectStep) and isinstance(plan, CollectStep) and isinstance(form, FormStep)
    assert [choice.labels for choice in size.choices] == [{"en": "Small", "de": "Klein"}, {"en": "Large"}]
    assert [choice.labels.get("de") for choice in plan.choices] == ["kostenlos", None]
    assert [choice.labels["de"] for choice in form.fields[0].choices] == ["Rot", "Blau"]
    assert [choice.value for choice in form.fields[0].choices] == ["Red", "Blue"]


def test_two_answers_that_become_the_same_in_another_language_are_told() -> None:
    german = "translations:\n" + "".join(
        f"  flows.welcome.collect_size.choices.{size}: Gross\n" for size in ("Small", "Large")
    )
    told = [str(problem) for problem in load_files({"site.yaml": CHOOSING, "de.yaml": german}).problems]
    assert "site.yaml:9:26: two buttons of 'collect_size' say 'Large'; nobody could tell them apart" in told


def test_a_button_that_is_written_with_its_target_can_be_translated_like_any_other() -> None:
    german = "translations:\n  triggers.help.buttons.Yes please: Ja bitte\n"
    loaded = load_files({"site.yaml": CHOOSING, "translations/de.yaml": german})
    assert loaded.site is not None
    yes, no = loaded.site.triggers["help"].buttons
    assert yes.label == {"en": "Yes please", "de": "Ja bitte"}
    assert (yes.value, str(yes.then)) == ("Yes please", "start welcome")
    assert (no.label, str(no.then)) == ({"en": "Not now"}, "dismiss")


def told_of(content: str, languages: str = "en, de") -> list[str]:
    site = f"site: {{name: Teahouse, languages: [{languages}]}}\nwidget: {{greeting: {{en: Hello, de: Hallo}}}}\n"
    site += "departments: {sales: {title: {en: Sales, de: Verkauf}}}\n"
    problems = load_files({"site.yaml": site, "more.yaml": content}).problems
    return [f"{problem.level} {problem.code} {problem}" for problem in problems]


@pytest.mark.parametrize(
    "content",
    [
        "flows: {tea: {steps: [{say: Once}, {buttons: Which?, options: [Green, Black]}]}}",
        "flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}, {say: '{{ contact.name | default: \"-\" }} 1 👋'}]}}",
        "flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}, {say: Nur so., when: {language: de}}]}}",
        "flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}, {say: English only., if: language is en}]}}",
        "flows: {tea: {title: Tea, steps: [{say: {en: Hi, de: Hallo}}, {note: For colleagues}]}}",
        "flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}, {handoff: sales, note: For colleagues}]}}",
        "rules: {tea: {match: {words: [tee], language: de}, answer: Ja.}, a: {match: {words: [a]}, answer: B.}}",
        "triggers: {tea: {when: {page: /, language: de}, say: Tee?, buttons: [Ja: dismiss]}}",
        "triggers: {tea: {when: {page: /}, enabled: false, say: {en: Tea?, de: Tee?}, buttons: [Yes: dismiss]}}",
    ],
)
def test_what_is_meant_for_everybody_or_for_one_language_alone_is_not_missing(content: str) -> None:
    assert told_of(content) == []


def test_a_language_with_a_region_reads_what_is_written_without_it() -> None:
    assert told_of("flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}]}}", "en, de, de-AT, en-GB") == []


def test_a_trigger_that_is_translated_in_part_is_told_with_its_buttons() -> None:
    assert told_of(
        "triggers: {tea: {when: {page: /}, say: {en: Tea?, de: Tee?}, buttons: [Yes: dismiss, No: dismiss]}}"
    ) == [
        "warning L001 more.yaml:1:72: 2 of the 3 texts of trigger 'tea' are missing in 'de', and"
        " visitors see 'en' there: triggers.tea.buttons.Yes, triggers.tea.buttons.No; write into translations/de.yaml"
        ' — write  triggers.tea.buttons.Yes: "…"'
    ]


def test_a_title_that_is_missing_among_others_is_told() -> None:
    assert told_of("departments: {support: {title: Support}}") == [
        "warning L001 more.yaml:1:32: 1 of the 2 texts of 'departments' is missing in 'de', and"
        " visitors see 'en' there: departments.support.title; write into translations/de.yaml"
        ' — write  departments.support.title: "…"'
    ]


def test_what_cannot_be_read_may_be_what_is_missing() -> None:
    told = told_of("flows: {tea: {steps: [{say: {en: Hi, de: Hallo}}, {say: Bye}, {sya: Oh}]}}")
    assert [each.split()[1] for each in told] == ["K002"]
