"""Times reading a large site, all checks included, against PyYAML alone reading the same files in the same run."""

import statistics
import time
from collections.abc import Callable

import yaml

from bot.site.loading import load_files

FLOWS, TRIGGERS = 200, 100
AT_MOST = 2.0
"""Seconds, on the machine the targets were set on."""

SITE = """
site: {name: Large, languages: [en, de]}
departments: {sales: {title: Sales}, support: {title: Support}}
"""
FLOW = """
flows:
  flow_%(n)d:
    title: {en: Flow %(n)d, de: Ablauf %(n)d}
    steps:
      - say: {en: "Hello, this is %(n)d.", de: "Hallo, hier ist %(n)d."}
      - collect: name
        ask: [Your name?, "Your name, in full?"]
      - collect: email
        retries: 1
        give_up: no_mail
      - buttons: What is it about?
        id: topic
        save_as: topic_%(n)d
        options: [Prices, Delivery, {Something else: person}]
      - branch:
          - when: {topic_%(n)d: Prices, visits: at least 2}
            then: [{say: "Welcome back, {{ name }}."}, {goto: person}]
          - if: topic_%(n)d is "Delivery" and language is "de"
            then: delivery
          - else: person
      - id: delivery
        say: It takes two days.
      - end: true
      - id: person
        handoff: sales
        note: "{{ name }} asks about {{ topic_%(n)d | default: 'nothing' }}"
        if_closed: no_mail
      - end: true
      - id: no_mail
        say: We are in the shop from nine.
"""
TRIGGER = """
triggers:
  trigger_%(n)d:
    when: {page: ["/p%(n)d*", "/q%(n)d/*"], time_on_page: %(n)ds, opening_hours: open, visits: at least 2}
    unless: {contact.known: true, device: mobile}
    say: {en: "Need help with %(n)d?", de: "Hilfe bei %(n)d?"}
    buttons: [{Yes: start flow_%(n)d}, {No: dismiss}]
    priority: %(n)d
"""


def main(*, rounds: int = 3) -> int:
    """Prints the medians of processor time and their ratio; returns 1 when reading takes longer than it may."""
    files = _files()
    ours, bare = [], []
    for _ in range(rounds):  # Alternating, so that the machine's moods meet both alike.
        ours.append(_time(lambda: _read(files)))
        bare.append(_time(lambda: [yaml.load(text, yaml.CSafeLoader) for text in files.values()]))
    us, them = statistics.median(ours), statistics.median(bare)
    print(f"\n{f'a site of {FLOWS} flows and {TRIGGERS} triggers, read and checked':58}  {us:6.2f} s")
    print(f"{'the same files read by PyYAML alone':58}  {them:6.2f} s   ratio {us / them:.1f}")
    print(f"{'held  ' if us <= AT_MOST else 'MISSED'}  reading a large site: {us:.2f} s (at most {AT_MOST:g})")
    return int(us > AT_MOST)


def _files() -> dict[str, str]:
    flows = {f"flows/{n}.yaml": FLOW % {"n": n} for n in range(FLOWS)}
    return {"site.yaml": SITE, **flows, **{f"triggers/{n}.yaml": TRIGGER % {"n": n} for n in range(TRIGGERS)}}


def _read(files: dict[str, str]) -> None:
    loaded = load_files(files)
    assert loaded.site is not None and not loaded.problems, loaded.problems[:3]


def _time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
