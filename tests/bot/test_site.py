"""A site directory becomes one immutable `Site`, or a list of everything that is wrong with it."""

import os
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.site import Loaded, load, load_files, public_bundle
from bot.site.conversation import DEFAULT_FALLBACK
from bot.site.public import bundle_hash
from bot.site.site import Site
from bot.site.watching import look
from rules.durations import Duration

SITE = """\
site:
  name: Teahouse
  url: https://tea.example
  timezone: Europe/Berlin
  languages: [en, de]
  domains: [tea.example, "*.tea.example"]
"""
PLAIN = "site: {name: Teahouse}"
DESK = """\
opening_hours:
  default: {mon-sun: 09:00-18:00}
  nights: {mon-sun: 22:00-06:00}
departments:
  sales:
    title: {en: Sales, de: Verkauf}
    max_chats: 4
    offer_for: 45s
    if_no_answer: {after: 60s, department: night_watch}
  night_watch: {opening_hours: nights, offline: ask_back}
"""
WORDS = """\
widget:
  color: "#0A7D4B"
  position: bottom_left
  greeting: {en: "Welcome to {{ site.name }}!", de: "Willkommen im {{ site.name }}!"}
  privacy_note: {en: "We keep what you write. [Privacy](/privacy)", de: "Wir heben auf, was Sie schreiben."}
conversation:
  start: welcome
  idle_close: 2h
  phrases:
    human: [a real person]
attributes:
  contact:
    plan: {type: choice, choices: [free, team]}
  visit:
    order: {type: text}
responses:
  thanks: {shortcut: /ty, text: "Thank you, {{ contact.name | default: \\"friend\\" }}.", department: sales}
"""
FLOWS = """\
flows:
  welcome:
    steps:
      - say: Hello!
  ask_back:
    start_when: {opening_hours: closed}
    steps:
      - collect: email
        ask: Where can we write to?
      - call: leave_message
"""
TRIGGERS = """\
triggers:
  help:
    when: {page: /prices*, contact.plan: team}
    say: May I help?
    start: welcome
manners: {per_day: 2, gap: 2m}
"""
FILES = {
    "site.yaml": SITE,
    "desk.yaml": DESK,
    "words.yaml": WORDS,
    "flows/all.yaml": FLOWS,
    "triggers/all.yaml": TRIGGERS,
}


def site_of(files: dict[str, str]) -> Site:
    loaded = load_files(files)
    assert loaded.problems == () and loaded.site is not None
    return loaded.site


def errors_of(loaded: Loaded) -> list[str]:
    assert loaded.site is None
    return [str(problem) for problem in loaded.problems]


@pytest.fixture
def site() -> Site:
    return site_of(FILES)


@pytest.mark.parametrize("name", ["neu.yml", "neu.YAML", "neu.YML"])
def test_a_file_whose_name_ends_otherwise_is_told_and_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "site.yaml").write_text("site: {name: Tea}\nconversation: {start: new}\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / name).write_text("flows: {new: {steps: [{sey: Hello}]}}\n")
    (tmp_path / ".hidden.yml").write_text("- nothing of ours\n")
    assert errors_of(load(tmp_path)) == [f"flows/{name}:1:1: {name} is not read; rename it to neu.yaml"]
    assert f"flows/{name}" in look(tmp_path)


def test_a_site_knows_its_name_its_languages_and_where_it_is(site: Site) -> None:
    assert (site.name, site.languages, site.default_language) == ("Teahouse", ("en", "de"), "en")
    assert (site.timezone, site.zone.key, site.about.country) == ("Europe/Berlin", "Europe/Berlin", "DE")
    assert (site.domains, site.about.currency) == (("tea.example", "*.tea.example"), "EUR")


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("GMT+1", "; it is called by a place, like Europe/Berlin"),
        ("UTC+1", "; it is called by a place, like Europe/Berlin"),
        ("München", "; it is called by a place, like Europe/Berlin"),
        ("Vienna", " — did you mean 'Europe/Vienna'?"),
        ("Europe/Berln", " — did you mean 'Europe/Berlin'?"),
    ],
)
def test_a_time_zone_that_is_none_is_told_with_one_that_may_be_meant(zone: str, hint: str) -> None:
    (problem,) = load_files({"site.yaml": SITE.replace("Europe/Berlin", zone)}).problems
    assert problem.message == f"there is no time zone '{zone}'{hint}"


def test_departments_have_their_hours_and_their_titles_in_every_language(site: Site) -> None:
    sales, night = site.departments["sales"], site.departments["night_watch"]
    midnight = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert (sales.title_in("de"), sales.title_in("fr"), night.title_in("en")) == ("Verkauf", "Sales", "Night watch")
    assert (sales.max_chats, sales.offer_for, sales.offline) == (4, Duration(45), "leave_message")
    assert sales.if_no_answer is not None
    assert (sales.if_no_answer.after, sales.if_no_answer.department) == (Duration(60), "night_watch")
    assert not sales.opening_hours.is_open(midnight) and night.opening_hours.is_open(midnight)
    assert (night.offline, night.max_chats, night.if_no_answer) == ("ask_back", 3, None)
    assert site.opening_hours is sales.opening_hours


def test_a_site_without_departments_and_hours_has_one_that_is_always_open() -> None:
    site = site_of({"site.yaml": "site: {name: Small}\n"})
    assert list(site.departments) == ["team"]
    assert site.departments["team"].opening_hours.is_open(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    assert site.timezone == "UTC" and site.languages == ("en",)


NO_DEFAULT = "opening_hours: {office: {mon-fri: 09:00-18:00, sat-sun: closed}}"
OF_SALES = "departments: {sales: {opening_hours: office}}"
SITE_IS_OPEN = "none of 'opening_hours' is called 'default', so the site counts as open round the clock here; "
_WRITE_IT = ", or write 'opening_hours: office' here"
CALL_IT = "call 'office' 'default' (hours.yaml:1)"


@pytest.mark.parametrize(
    ("content", "at"),
    [
        ("triggers: {a: {when: {opening_hours: open, time_on_page: 10s}, say: We are here!}}", ["1:23"]),
        ("triggers: {a: {if: scroll > 50 and opening_hours is open, say: Hi}}", ["1:36"]),
        ("triggers: {a: {when: {any: [{not: {opening_hours: open}}, {scroll: 50}]}, say: Hi}}", ["1:36"]),
        ("triggers: {a: {active: {hours: open}, when: {scroll: 50}, say: Hi}}", ["1:32"]),
        ("triggers: {a: {from: sales, when: {opening_hours: open}, active: {hours: open}, say: Hi}}", []),
        ("flows: {a: {start_when: {opening_hours: closed}, steps: [{say: Hi}]}}", ["1:26"]),
        ("flows: {a: {steps: [{say: 'Back {{ site.next_opening }}, {{ site.name }}'}]}}", ["1:33"]),
        ("flows: {a: {steps: [{wait: 10m}, {wait: {until: open}}]}}", ["1:49"]),
        ("flows: {a: {steps: [{wait: 2 working hours}, {say: After working hours}]}}", ["1:28"]),
        ("flows: {a: {steps: [{branch: [{if: opening_hours is open, then: end}]}]}}", ["1:36"]),
        ("rules: {opening_hours: {match: {words: [hours]}, answer: '{{ site.opening_hours | summary }}'}}", ["1:59"]),
        ("rules: {opening_hours: {match: {words: [hours]}, answer: Nine to six}}", []),
        ("responses: {hours: {shortcut: /h, text: 'Open: {{ site.opening_hours | summary }}'}}", ["1:48"]),
    ],
)
def test_hours_of_which_none_is_the_sites_are_told_wherever_the_site_is_asked(content: str, at: list[str]) -> None:
    loaded = load_files({"site.yaml": SITE, "hours.yaml": f"{NO_DEFAULT}\n{OF_SALES}", "words.yaml": content})
    told = [problem for problem in loaded.problems if problem.code == "S001"]
    assert [str(problem.place) for problem in told] == [f"words.yaml:{place}" for place in at]
    for problem in told:
        assert problem.level == "warning" and problem.message.startswith(SITE_IS_OPEN + CALL_IT)
        assert ("write 'from' and a department" in problem.message) == content.startswith("triggers")
    named = {"site.yaml": SITE, "hours.yaml": f"{NO_DEFAULT}\n{OF_SALES}".replace("office", "default")}
    assert "S001" not in [problem.code for problem in load_files({**named, "words.yaml": content}).problems]


def test_where_nobody_of_a_department_is_there_its_own_hours_are_asked_for() -> None:
    of_sales = "departments: {sales: {opening_hours: office, offline: late}}"
    late = "flows: {late: {steps: [{branch: [{if: opening_hours is open, then: end}]}, {say: Closed.}]}}"
    files = {"site.yaml": SITE, "hours.yaml": f"{NO_DEFAULT}\n{of_sales}", "words.yaml": late}
    assert "S001" not in [problem.code for problem in load_files(files).problems]


@pytest.mark.parametrize(
    ("departments", "at", "who", "also"),
    [
        ("departments: {sales: {opening_hours: office}, help: {max_chats: 2}}", "2:47", "department 'help'", _WRITE_IT),
        ("departments: {sales: {opening_hours: default}}", "2:38", "department 'sales'", _WRITE_IT),
        ("", "1:17", "nobody keeps them and the site", ""),
    ],
)
def test_a_department_that_keeps_hours_which_are_not_written_is_told(
    departments: str, at: str, who: str, also: str
) -> None:
    (problem,) = load_files({"site.yaml": SITE, "hours.yaml": f"{NO_DEFAULT}\n{departments}"}).problems
    assert str(problem) == (
        f"hours.yaml:{at}: none of 'opening_hours' is called 'default', so {who} is open round the clock; "
        f"{CALL_IT}{also}"
    )


def test_a_department_that_nobody_wrote_is_named_to_nobody_who_looks_for_one() -> None:
    flows = "flows: {tea: {steps: [{handoff: rental}]}}"
    rules = "rules: {rent: {match: {words: [rent]}, route: rental, handoff: true}}"
    assert errors_of(load_files({"a.yaml": PLAIN, "b.yaml": flows, "c.yaml": rules})) == [
        "b.yaml:1:33: there is no department 'rental' — this site has none yet",
        "c.yaml:1:47: there is no department 'rental' — this site has none yet",
    ]


ADVISE = """\
flows:
  advise:
    inputs: {team_size: text}
    steps: [{say: 'For {{ team_size }} people.'}, {call: leave_message}]
"""
SAYS = "words.yaml:4:27: {{ team_size }} may be empty here: "
TRIGGER = "triggers: {help: {when: {scroll: 50}, say: Help?, "


@pytest.mark.parametrize(
    ("content", "by"),
    [
        ("conversation: {start: advise}", "'conversation.start'"),
        ("conversation: {fallback: advise}", "'conversation.fallback'"),
        ("departments: {sales: {offline: advise}}", "department 'sales'"),
        ("rules: {team: {match: {words: [team]}, start: advise}}", "rule 'team'"),
        ("rules: {team: {match: {words: [team]}, call: advise}}", "rule 'team'"),
        (TRIGGER + "start: advise}}", "trigger 'help'"),
        (TRIGGER + "start: advise, save_as: team_size, buttons: [1-5, 6-50]}}", "trigger 'help'"),
        (TRIGGER + "buttons: [Yes: start advise]}}", "trigger 'help'"),
        (TRIGGER + "buttons: [Yes: start advise], save_as: team_size}}", ""),
        ("conversation: {fallback: Pardon?}", ""),
    ],
)
def test_an_input_may_be_empty_where_a_flow_is_begun_from_outside_without_it(content: str, by: str) -> None:
    def told(flows: str) -> list[str]:
        return [
            str(problem) for problem in load_files({"a.yaml": PLAIN, "b.yaml": content, "words.yaml": flows}).problems
        ]

    default = 'Use {{ team_size | default: "…" }} or collect it first'
    assert told(ADVISE) == ([f"{SAYS}{by} begins 'advise' without it. {default}"] if by else [])
    asked = ADVISE.replace("steps: [", "steps: [{collect: team_size}, ")
    assert told(asked) == told(ADVISE.replace("}} people", ' | default: "all" }} people')) == []


def test_an_input_may_also_be_empty_where_a_message_begins_the_flow_or_one_that_leads_to_it() -> None:
    own = ADVISE.replace("    inputs", "    start_when: {visits: 2}\n    inputs")
    (problem,) = load_files({"a.yaml": PLAIN, "words.yaml": own}).problems
    assert problem.message.startswith(
        "{{ team_size }} may be empty here: its own 'start_when' begins 'advise' without it"
    )
    middle = "  middle: {inputs: {team_size: text}, steps: [{start: advise}]}\n"
    files = {"a.yaml": PLAIN, "b.yaml": "conversation: {start: middle}", "words.yaml": ADVISE + middle}
    (problem,) = load_files(files).problems
    message = "'team_size' may be empty here, and flow 'advise' takes it as an input; collect it first"
    assert str(problem) == f"words.yaml:5:47: {message}"


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        ("start: advise, buttons: [1-5, 6-50], save_as: teamsize", " — did you mean 'team_size'?"),
        ("start: advise, buttons: [1-5, 6-50], save_as: colour", "; if it shall, it needs that input"),
        ("buttons: [Yes: start advise, No: dismiss], save_as: teamsize", " — did you mean 'team_size'?"),
        ("start: advise, buttons: [1-5, Many: start plain], save_as: colour", "; if it shall, it needs that input"),
        ("start: advise, buttons: [1-5, 6-50], save_as: team_size", None),
        ("start: plain, buttons: [Many: start advise, Other: start plain], save_as: team_size", None),
        ("start: plain, buttons: [1-5, 6-50]", None),
        ("buttons: [1-5, 6-50], save_as: colour", None),
    ],
)
def test_an_answer_that_no_flow_takes_is_told(trigger: str, told: str | None) -> None:
    flows = ADVISE.replace("}} people", ' | default: "all" }} people') + "  plain: {steps: [{say: Hi}]}\n"
    files = {"a.yaml": PLAIN, "b.yaml": f"{TRIGGER}{trigger}}}}}", "words.yaml": flows}
    slot = trigger.rpartition(" ")[2]
    message = f"flow 'advise' takes no input '{slot}', so it does not get the answer{told}"
    places = [f"b.yaml:1:{len(TRIGGER + trigger) - len(slot) + 1}: {message}"] if told is not None else []
    is_meant = bool(told) and "did you mean" in str(told)
    write = "" if is_meant else f" — write  inputs: {{{slot}: text}}"
    problems = load_files(files).problems
    assert [str(problem) for problem in problems] == [place + write for place in places]
    assert {problem.level for problem in problems} <= {"error" if is_meant else "warning"}


def test_conversation_settings_keep_the_usual_phrases_of_other_languages(site: Site) -> None:
    settings = site.conversation
    assert (settings.start, settings.fallback_flow, settings.idle_close) == ("welcome", None, timedelta(hours=2))
    assert settings.phrases["human"]["en"][0] == "a real person"
    assert "mensch" in settings.phrases["human"]["de"] and settings.phrases["back"]["en"]
    assert site.flow_settings.phrases.match("A real person!", "en") == "human"
    assert settings.fallback["de"] == DEFAULT_FALLBACK["de"]


def test_a_sites_own_words_for_a_person_are_understood_besides_the_usual_ones() -> None:
    loaded = load_files({**FILES, "words.yaml": WORDS.replace("[a real person]", "[colleague]")})
    assert loaded.site is not None
    phrases = loaded.site.flow_settings.phrases
    assert [phrases.match(each, "en") for each in ("colleague", "human", "a human please")] == ["human"] * 3
    assert phrases.first("human", "en") == "colleague"


@pytest.mark.parametrize("nothing", ["[]", "{en: [colleague], de: []}"])
def test_no_words_for_a_person_are_refused(nothing: str) -> None:
    loaded = load_files({**FILES, "words.yaml": WORDS.replace("[a real person]", nothing)})
    assert errors_of(loaded) == [
        "words.yaml:10:12: 'human' without a phrase changes nothing: a person can always be asked for in the usual "
        "words — write  human: [colleague]"
    ]


def test_the_fallback_may_be_a_flow_or_a_text() -> None:
    english = SITE.replace("[en, de]", "[en]")
    as_flow = site_of({"site.yaml": english, "a.yaml": FLOWS + "conversation: {fallback: ask_back}\n"})
    as_text = site_of({"site.yaml": english, "a.yaml": FLOWS + "conversation: {fallback: Pardon}\n"})
    assert (as_flow.conversation.fallback_flow, as_text.conversation.fallback_flow) == ("ask_back", None)
    assert as_text.conversation.fallback == {"en": "Pardon"}


def test_a_name_an_address_and_a_phone_number_are_known_attributes_everywhere(site: Site) -> None:
    assert list(site.attributes.contact) == ["name", "email", "phone", "plan"]
    assert site.attributes.contact["plan"].choices == ("free", "team")
    assert site.attributes.contact["email"].personal
    assert list(site.attributes.visit) == ["order"]


def test_flows_are_compiled_those_that_come_with_the_product_too(site: Site) -> None:
    assert list(site.flows) == ["welcome", "ask_back"]
    assert {"welcome", "ask_back", "leave_message"} <= set(site.machines)
    (asking,) = site.flows_started_by_messages
    assert asking.id == "ask_back"
    assert asking.holds({"opening_hours": "closed"}) is True
    assert asking.holds({"opening_hours": "open"}) is False
    assert asking.holds({}) is None


def test_triggers_and_manners_are_read(site: Site) -> None:
    assert site.triggers["help"].start == "welcome"
    assert (site.manners.per_day, site.manners.gap, site.manners.per_visit) == (2, 120, 2)


def test_nothing_of_a_site_can_be_changed(site: Site) -> None:
    with pytest.raises(FrozenInstanceError):
        site.version = "another"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        site.departments["sales"].max_chats = 9  # type: ignore[misc]


def test_any_file_may_hold_any_section_and_the_folders_do_not_matter() -> None:
    together = site_of({"everything.yaml": SITE + DESK + WORDS + FLOWS + TRIGGERS})
    apart = site_of(FILES)
    assert together.version != apart.version
    assert together.departments == apart.departments and together.responses == apart.responses
    assert together.about == apart.about and list(together.flows) == list(apart.flows)


def test_sections_of_several_files_are_one() -> None:
    more = {
        "flows/more.yaml": "flows: {more: {steps: [{say: More}]}}\n",
        "more.yaml": "attributes:\n  contact: {city: {type: text}}\nwidget: {}\n",
    }
    site = site_of({**FILES, **more})
    assert list(site.flows) == ["welcome", "ask_back", "more"]
    assert {"plan", "city"} <= set(site.attributes.contact)


def test_the_version_is_the_content_not_the_way_it_was_saved() -> None:
    site = site_of(FILES)
    windows = {path: "\ufeff" + text.replace("\n", "\r\n") for path, text in reversed(FILES.items())}
    assert site_of(windows).version == site.version
    assert len(site.version) == 64
    assert site_of({**FILES, "site.yaml": SITE + "# a note\n"}).version != site.version
    assert site_of({**{k: v for k, v in FILES.items() if k != "desk.yaml"}, "d.yaml": DESK}).version != site.version


def test_a_stored_bundle_makes_the_same_site_again(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    loaded = load(tmp_path)
    assert loaded.site is not None and dict(loaded.files) == FILES
    again = load_files(loaded.files).site
    assert again is not None and again.version == loaded.site.version == site_of(FILES).version
    assert {id: flow.version for id, flow in again.flows.items()} == {
        id: flow.version for id, flow in loaded.site.flows.items()
    }


def test_only_content_of_the_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "outside.yaml").write_text("zebra: 1\n")
    site = tmp_path / "site"
    (site / "site.yaml").write_text(SITE)
    (site / "notes.txt").write_text("zebra: 1\n")
    (site / ".draft.yaml").write_text("zebra: 1\n")
    (site / ".parlour").mkdir()
    (site / ".parlour" / "cache.yaml").write_text("zebra: 1\n")
    loaded = load(site)
    assert loaded.problems == () and list(loaded.files) == ["site.yaml"]


def test_what_is_called_like_content_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "outside.yaml").write_text("zebra: 1\n")
    site = tmp_path / "site"
    (site / "site.yaml").write_text(SITE)
    (site / "words").write_text("responses: {}\n")
    (site / "inside.yaml").symlink_to(site / "words")
    (site / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (site / "loop.yaml").symlink_to(site / "loop.yaml")
    (site / "nowhere.yaml").symlink_to(tmp_path / "none.yaml")
    os.mkfifo(site / "pipe.yaml")
    loaded = load(site)
    assert errors_of(loaded) == [
        "link.yaml:1:1: this link leads out of the site, so it is not read; put the file itself here",
        "loop.yaml:1:1: this link leads nowhere; put the file itself here",
        "nowhere.yaml:1:1: this link leads nowhere; put the file itself here",
        "pipe.yaml:1:1: this is no ordinary file, so it is not read; put one here, or take it away",
    ]
    assert list(loaded.files) == ["inside.yaml", "site.yaml"]


def test_a_file_that_is_too_big_is_not_even_read(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    with (tmp_path / "big.yaml").open("wb") as big:
        big.truncate(50_000_000)
    loaded = load(tmp_path)
    assert errors_of(loaded) == ["big.yaml:1:1: this file is 50.0 MB; 1 MB at most, so split it up"]
    assert list(loaded.files) == ["site.yaml"]


def test_an_empty_directory_says_what_is_missing(tmp_path: Path) -> None:
    assert errors_of(load(tmp_path)) == [
        "site.yaml:1:1: this site has no section 'site' that says at least its name — write  site: {name: My shop}"
    ]


def test_what_may_stand_in_a_file_that_cannot_be_read_is_not_said_to_be_missing() -> None:
    files = {**FILES, "flows/all.yaml": "", "site.yaml": "site: {name: x\ty: [}\n", "desk.yaml": b"\xff\xfe"}
    assert {problem.code for problem in load_files(files).problems} <= {"Y006", "Y008", "Y009"}


def test_every_problem_of_every_file_is_told_at_once_in_reading_order() -> None:
    loaded = load_files(
        {
            **FILES,
            "desk.yaml": DESK.replace("max_chats: 4", "max_chats: many").replace("night_watch}", "nightwatch}"),
            "words.yaml": WORDS.replace("position:", "place:").replace("start: welcome", "start: wellcome"),
            "flows/all.yaml": FLOWS.replace("- say:", "- sey:"),
        }
    )
    assert errors_of(loaded) == [
        "desk.yaml:7:16: 'max_chats' is a whole number from 1 to 100, not 'many'",
        "desk.yaml:9:44: there is no department 'nightwatch' — did you mean 'night_watch'?",
        "flows/all.yaml:4:9: unknown step 'sey' — did you mean 'say'?",
        "words.yaml:3:3: 'place' is not an option of 'widget'",
        "words.yaml:7:10: there is no flow 'wellcome' — did you mean 'welcome'?",
    ]


def test_no_more_problems_are_told_than_anybody_reads() -> None:
    many = "flows:\n" + "".join(f"  f{number}: {{steps: [{{zebra: 1}}]}}\n" for number in range(800))
    loaded = load_files({"site.yaml": SITE, "flows.yaml": many})
    assert loaded.site is None and len(loaded.problems) == 500


def test_the_widget_is_told_looks_and_words_and_nothing_else(site: Site) -> None:
    bundle = public_bundle(site)
    assert bundle == {
        "name": "Teahouse",
        "languages": ["en", "de"],
        "look": {"color": "#0a7d4b", "position": "bottom_left"},
        "greeting": {"en": "Welcome to Teahouse!", "de": "Willkommen im Teahouse!"},
        "privacy_note": {
            "en": "We keep what you write. [Privacy](/privacy)",
            "de": "Wir heben auf, was Sie schreiben.",
        },
        "manners": {
            "per_page": 1,
            "per_visit": 2,
            "per_day": 2,
            "per_week": 6,
            "gap": 120,
            "after_dismiss": 86_400,
            "after_chat": 604_800,
        },
    }
    assert bundle_hash(bundle) == bundle_hash(public_bundle(site_of(FILES)))
    other = site_of({**FILES, "words.yaml": WORDS.replace("Welcome", "Hello")})
    assert bundle_hash(public_bundle(other)) != bundle_hash(bundle)


def test_records_are_kept_as_long_as_the_site_says(site: Site) -> None:
    usual = site_of(FILES).keep
    assert (usual.conversations, usual.page_views, usual.jobs) == (None, timedelta(days=180), timedelta(days=30))
    assert usual.silent_visitors is None
    told = "privacy: {keep: {conversations: 2y, page_views: forever, silent_visitors: 4w}}"
    kept = site_of({**FILES, "privacy.yaml": told}).keep
    assert (kept.conversations, kept.page_views) == (timedelta(days=730), None)
    assert (kept.silent_visitors, kept.jobs) == (timedelta(days=28), timedelta(days=30))


def test_a_department_that_is_no_id_is_told_once() -> None:
    desk = "departments: {sales: {if_no_answer: {after: 60s, department: [support]}}, support: {}}"
    assert errors_of(load_files({"site.yaml": SITE, "desk.yaml": desk})) == [
        "desk.yaml:1:62: 'department' is the id of a department, not a list"
    ]


@pytest.mark.parametrize(
    ("about", "domains"),
    [
        ("url: https://tea.example/shop", ("tea.example",)),
        ("url: https://Staging.tea.example:8443", ("staging.tea.example:8443",)),
        ("url: https://tea.example, domains: [other.example]", ("other.example",)),
        ("url: https://tea.example, domains: []", ()),
        ("url: https://*.example", ()),
        ('url: "https://[::1]/"', ()),
        ('url: "https://[tea.example"', ()),
        ("timezone: UTC", ()),
    ],
)
def test_the_pages_of_the_websites_address_may_show_the_chat_if_no_domains_are_written(
    about: str, domains: tuple[str, ...]
) -> None:
    assert site_of({"site.yaml": f"site: {{name: Teahouse, {about}}}"}).domains == domains
