"""Loads the files of a site into one immutable `Site`, or says everything that is wrong with them.

loaded = load(Path("site"))            # a directory
loaded = load_files(loaded.files)      # the same again, from what is stored of an older version
if loaded.site: …                      # None as soon as there is one error
for problem in loaded.problems: …      # in reading order; warnings and advice too
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from bot.site.about import ABOUT, About, about
from bot.site.attributes import ATTRIBUTES, Attributes, attributes
from bot.site.conversation import CONVERSATION, ConversationSettings, conversation
from bot.site.departments import Department, read_departments, read_hours
from bot.site.entries import entries_of, lost_answers
from bot.site.files import read_files, version_of
from bot.site.gaps import check_rule_gaps, check_site_gaps, refuse_gaps_of_triggers
from bot.site.languages import lost_gaps, missing_texts, said_by_sections
from bot.site.look import WIDGET, look
from bot.site.own_hours import nameless_hours
from bot.site.privacy import PRIVACY, keep_of_privacy, rules_of_privacy
from bot.site.reading import Reading
from bot.site.responses import read_responses
from bot.site.sections import ids_of, sections_of, translations_of
from bot.site.site import Site, StartedByMessage
from bot.site.translations import read_translations
from flows.checks.entries import Entry
from flows.checks.nobody import Offline, check_nobody
from flows.reading import Flows, read_flows
from flows.settings import Settings
from flows.steps.collect import CollectStep
from rules.conditions import compile_condition
from rules.document import read
from rules.facts import Scope
from rules.nodes import Map, Node
from rules.phrases import Phrases
from rules.problems import Place, Problem, error, has_errors, in_reading_order
from rules.rule import Rule
from rules.rule_checks import NameQuestion, check_rules
from rules.rule_reading import read_rules
from rules.rulebook import Rulebook
from rules.schema import Read, Table, Walker
from triggers.limits import MANNERS, manners
from triggers.trigger import Trigger, read_triggers

MOST_TOLD = 500


@dataclass(frozen=True, slots=True)
class Loaded:
    site: Site | None
    problems: tuple[Problem, ...]
    files: Mapping[str, str]
    """What was read, by path inside the site."""


def load(directory: Path) -> Loaded:
    """Returns the site in a directory, with every problem that was found in it."""
    problems: list[Problem] = []
    return _load(read_files(directory, problems), problems)


def load_files(files: Mapping[str, str | bytes]) -> Loaded:
    """Returns the site that these files make, by their paths; what is no content, such as an action, is passed over."""
    return _load({path: content for path, content in files.items() if path.endswith(".yaml")}, [])


def _load(files: Mapping[str, str | bytes], problems: list[Problem]) -> Loaded:
    complete = not problems
    documents: list[Map] = []
    for path in sorted(files):
        before = len(problems)
        root = read(files[path], path, problems)
        if isinstance(root, Map):
            documents.append(root)
        complete = complete and not (root is None and has_errors(problems[before:]))
    texts = {path: _text(content) for path, content in files.items()}
    site = _Content(documents, problems, complete).site(version_of(texts))
    return Loaded(None if has_errors(problems) else site, tuple(in_reading_order(problems)[:MOST_TOLD]), texts)


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode(errors="replace")


class _Content:
    """The sections of a site while they are read, each with what the ones before it have told."""

    def __init__(self, documents: list[Map], problems: list[Problem], complete: bool) -> None:
        self.problems = problems
        self.sections = sections_of(documents, problems)
        self.about, languages_are_known = self._about(complete)
        languages = self.about.languages if languages_are_known else ()
        ids = ids_of(self.sections)
        written = {section: ids.get(section, ()) for section in ("flows", "departments")} if complete else {}
        self.reading = Reading(Walker(problems, languages, written), ids, complete)
        self.translations = read_translations(translations_of(documents), self.reading)

    def site(self, version: str) -> Site:
        """Returns the site, which is of use only if no error was found on the way."""
        zone, reading = ZoneInfo(self.about.timezone), self.reading
        hours = read_hours(self.sections.get("opening_hours"), zone, reading)
        departments = read_departments(self._section("departments"), hours, reading)
        reading.ids["departments"] = tuple(departments)
        known = attributes(self._read("attributes", ATTRIBUTES))
        settings = conversation(self._read("conversation", CONVERSATION), reading)
        look_read = self._read("widget", WIDGET)
        for text in ("greeting", "privacy_note"):
            check_site_gaps(look_read.node(text), reading)
        responses = read_responses(self._section("responses"), known.contact, reading)
        triggers = self._triggers(known)
        entries = tuple(entries_of(settings, departments, triggers, self.sections.get("rules")))
        flows = self._flows(known, departments, entries)
        offline = [Offline(each.id, each.offline, each.offline_at) for each in departments.values()]
        self.problems += check_nobody(flows.machines, flows.flows.keys() & flows.machines.keys(), offline)
        self.problems += lost_answers(self.sections.get("triggers"), triggers, flows.flows)
        rules = self._rules(known, flows)
        privacy = self._read("privacy", PRIVACY)
        keep = keep_of_privacy(privacy, reading.walker)
        if reading.complete:
            self.problems += nameless_hours(self.sections, triggers)
        self.translations.report_unused(reading)
        self._languages(rules, triggers, has_fallback=settings.fallback_flow is None)
        return Site(
            version=version,
            about=self.about,
            hours=hours,
            departments=departments,
            look=look(look_read),
            manners=manners(self._read("manners", MANNERS)),
            conversation=settings,
            attributes=known,
            responses=responses,
            flows=flows.flows,
            triggers=triggers,
            rules=rules,
            rulebook=Rulebook([*rules_of_privacy(privacy), *rules.values()]),
            machines=flows.machines,
            flow_settings=_flow_settings(self.about, settings),
            keep=keep,
            flows_started_by_messages=_started_by_messages(flows),
        )

    def _flows(self, known: Attributes, departments: Mapping[str, Department], entries: Collection[Entry]) -> Flows:
        return read_flows(
            self.sections.get("flows"),
            self.reading.walker,
            scope=self._scope(known, "flow"),
            contact=known.contact,
            visit=known.visit,
            departments=departments,
            translated=self.translations.into_flow,
            entries=entries,
        )

    def _triggers(self, known: Attributes) -> dict[str, Trigger]:
        section = self._section("triggers")
        triggers = read_triggers(section, self._scope(known, "trigger"), self.reading.walker)
        refuse_gaps_of_triggers(section, self.reading)
        for trigger in triggers.values():
            for mention in trigger.mentions:
                self.reading.exists(mention.section, mention.id, mention.place)
        return triggers

    def _rules(self, known: Attributes, flows: Flows) -> dict[str, Rule]:
        section, scope = self._section("rules"), self._scope(known, "rule").with_slots(flows.slots)
        before = len(self.problems)
        rules = read_rules(section, scope, self.reading.walker)
        check_rule_gaps(section, scope, self.reading)
        for rule in rules.values():
            for mention in rule.mentions:
                self.reading.exists(mention.section, mention.id, mention.place)
        if not has_errors(self.problems[before:]):
            self.problems += check_rules(rules.values(), _name_questions(flows))
        return rules

    def _languages(self, rules: Mapping[str, Rule], triggers: Mapping[str, Trigger], *, has_fallback: bool) -> None:
        """Looks for what the languages of the site lack; for missing texts only where everything could be read."""
        languages = self.reading.walker.languages
        if len(languages) < 2:
            return
        parts = {name: self._section(name) for name in self.sections}
        of_sections = said_by_sections(parts, languages[0], rules=rules, triggers=triggers, has_fallback=has_fallback)
        said = [*self.translations.said, *of_sections]
        self.problems += lost_gaps(said, languages)
        if not has_errors(self.problems):
            about = self.sections.get("site")
            declared = about.get("languages") if isinstance(about, Map) else None
            self.problems += missing_texts(said, languages, declared)

    def _about(self, complete: bool) -> tuple[About, bool]:
        node = self.sections.get("site")
        if node is None and complete:
            self.problems.append(
                error(
                    "K006",
                    Place("site.yaml", 1, 1),
                    "this site has no section 'site' that says at least its name",
                    write="site: {name: My shop}",
                )
            )
        read = Walker(self.problems).read(node, ABOUT)
        # Of a section with nothing below it nobody knows what it was to say.
        return about(read), isinstance(node, Map) and bool(node.entries) and read.is_sound("languages")

    def _section(self, name: str) -> Node | None:
        return self.translations.into(name, self.sections.get(name))

    def _read(self, name: str, table: Table) -> Read:
        return self.reading.walker.read(self._section(name), table)

    def _scope(self, known: Attributes, inside: Literal["trigger", "flow", "rule"]) -> Scope:
        triggers = frozenset(self.reading.ids.get("triggers", ())) if self.reading.complete else None
        return known.scope(inside, triggers=triggers, languages=self.about.languages)


def _flow_settings(site: About, settings: ConversationSettings) -> Settings:
    return Settings(
        default_language=site.languages[0],
        currency=site.currency,
        timezone=site.timezone,
        country=site.country,
        phrases=Phrases(settings.phrases),
        start=settings.start,
    )


def _started_by_messages(flows: Flows) -> tuple[StartedByMessage, ...]:
    return tuple(
        StartedByMessage(flow.id, flow.start_when, compile_condition(flow.start_when), flow.place)
        for flow in flows.flows.values()
        if flow.start_when is not None
    )


def _name_questions(flows: Flows) -> tuple[NameQuestion, ...]:
    return tuple(
        NameQuestion(flow.id, step.slot)
        for flow in flows.flows.values()
        for step in flow.every_step()
        if isinstance(step, CollectStep) and step.type == "name"
    )
