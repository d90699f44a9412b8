"""What a marketer is told about flows as written: every problem at once, with its place and what to write."""

import pytest


def in_flow(*steps: str) -> str:
    """A file with one flow of these steps, the first of them on line 4."""
    return "flows:\n  a:\n    steps:\n" + "".join(f"      - {step}\n" for step in steps)


def told(problems: list[str]) -> list[str]:
    return [problem.replace("flows/test.yaml:", "") for problem in problems]


def test_all_problems_of_a_file_are_told_at_once(problems_in):
    text = in_flow(
        "colect: name",
        "collect: email\n        type: emial\n        retrys: 3",
        "goto: finsh",
        'say: "{{ nmae }} thanks"',
        "say: Thanks\n        id: finish",
    )
    assert told(problems_in(text)) == [
        "K002 4:9: unknown step 'colect' — did you mean 'collect'?",
        "K004 6:15: unknown answer type 'emial' — did you mean 'email'?",
        "K001 7:9: 'retrys' is not an option of a 'collect' step — did you mean 'retries'?",
        "K005 8:15: goto 'finsh' leads nowhere: no step has this id — did you mean 'finish'?",
        "F007 9:18: nothing fills the gap 'nmae' — did you mean 'name'?",
    ]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{goto: nowhere}", "K005 4:16: goto 'nowhere' leads nowhere: no step has this id"),
        ("{goto: call}", "K005 4:16: 'call' needs the flow it is for: call <flow>"),
        ("{goto: call b}", "K005 4:16: there is no flow 'b'"),
        ("{goto: handoff slaes}", "K005 4:16: there is no department 'slaes' — did you mean 'sales'?"),
        (
            "{goto: stay}",
            "K005 4:16: 'stay' means the question that is open, and there is none here; name a step",
        ),
        ("{call: b}", "K005 4:16: there is no flow 'b'"),
        ("{start: leave_mesage}", "K005 4:17: there is no flow 'leave_mesage' — did you mean 'leave_message'?"),
        ("{handoff: sale}", "K005 4:19: there is no department 'sale' — did you mean 'sales'?"),
        ("{handoff: any, if_closed: x}", "K005 4:35: 'x' leads nowhere: no step has this id"),
        ("{collect: email, give_up: x}", "K005 4:35: 'x' leads nowhere: no step has this id"),
        ("{buttons: Q?, options: [{A: x}]}", "K005 4:37: 'x' leads nowhere: no step has this id"),
        ("{buttons: Q?, options: [A], otherwise: x}", "K005 4:48: 'x' leads nowhere: no step has this id"),
    ],
)
def test_a_target_must_lead_somewhere(problems_in, step, problem):
    assert told(problems_in(in_flow(step))) == [problem]


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("strat a", "start a"),
        ("strat b", None),
        ("a", "start a"),
        ("cal leave_mesage", "call leave_message"),
        ("handof sales", "handoff sales"),
        ("Handoff slaes", "handoff sales"),
        ("handof", "handoff"),
        ("Cancel", "cancel"),
        ("ends now", "end"),
        ("finsh it", "finish"),
    ],
)
def test_a_target_that_leads_nowhere_is_told_with_the_whole_of_one_that_does(problems_in, target, meant):
    hint = f" — did you mean '{meant}'?" if meant else ""
    message = f"'{target}' leads nowhere: no step has this id{hint}"
    found = told(problems_in(in_flow(f"{{buttons: Q?, options: [{{A: {target}}}]}}", "{say: Bye, id: finish}")))
    assert found == [f"K005 4:37: {message}"]


def test_a_misspelt_else_is_told_once(problems_in):
    found = told(problems_in(in_flow("{branch: [{if: visits > 1, then: end}, {eles: end}]}")))
    assert found == ["K001 4:49: 'eles' is not an option of a case of 'branch' — did you mean 'else'?"]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{collect: language}", "'language' is a fact already and cannot be a slot; give it another name"),
        ("{collect: Name}", "'Name' cannot be an id: an id has small letters, digits and _, and begins with a letter"),
        (
            "{collect: E-Mail}",
            "'E-Mail' cannot be an id: an id has small letters, digits and _, and begins with a letter"
            " — did you mean 'email'?",
        ),
        ("{set: {visits: 3}}", "'visits' is a fact already and cannot be a slot; give it another name"),
        ("{buttons: Q?, save_as: page, options: [A]}", "'page' is a fact already and cannot be a slot"),
        ("{say: Hi, id: stay}", "'stay' has a meaning of its own and cannot be an id; choose another word"),
        ("{collect: x, type: choice}", "a 'choice' needs 'choices': the answers there are"),
        ("{collect: x, choices: []}", "'choices' is a list, not an empty list []"),
        ("{collect: x, retries: many}", "'retries' is a whole number from 0 to 10, not 'many'"),
        ("{collect: x, if_known: never}", "'if_known' is skip, confirm or ask, not 'never'"),
        ("{buttons: Q?, save_as: x, options: [A], if_known: confirm}", "'if_known' is skip or ask, not 'confirm'"),
        ("{collect: x, type: date, min: 3}", "'min' of 'date' is a day like today, tomorrow or 2026-12-24, not '3'"),
        ("{collect: x, type: date, max: 2026-02-30}", "'max': there is no such day as 2026-02-30"),
        ("{collect: x, type: number, min: today}", "'min' of 'number' is a number, not 'today'"),
        ("{collect: x, min: 2.5}", "'min' of 'text' is a number of letters, not '2.5'"),
        (
            "{collect: x, type: email, min: 3}",
            "'min' says nothing about 'email'; it works with number, money, text, date",
        ),
        ("{collect: x, type: number, min: 8, max: 1}", "nothing is between 8 and 1: 'min' is more than 'max'"),
        ("{collect: x, type: number, must: value > }", "after '>' a value is expected"),
        ("{collect: x, type: number, must: {value: many}}", "'value' is a number, not 'many'"),
        ("{collect: x, if_silent: {after: 3m}}", "nothing happens after this time; it needs 'say' or 'then'"),
        ("{collect: x, if_silent: {say: Still there?}}", "a time of silence needs 'after'"),
        (
            "{collect: x, if_silent: [{after: 3m, say: A}, {after: 2m, say: B}]}",
            "'after' counts from the question, so it is longer than the 3m before it",
        ),
        ("{form: []}", "'form' is a list, not an empty list []"),
        ("{form: [{ask: Name?}]}", "a field of 'form' needs 'collect'"),
        ("{form: [{collect: x}, {collect: x}]}", "two fields of this form fill 'x'"),
        ("{form: [{collect: x, give_up: end}]}", "'give_up' is not an option of a field of 'form'"),
        ("{tag: 'a, b'}", "'tag' is a word or a few, without commas, 40 letters at most, not 'a, b'"),
        ("{wait: soon}", "'wait': 'soon' is not a duration"),
        ("{wait: {until: late}}", "'until' is a time like 09:00, or open, not 'late'"),
        ("{wait: [5m]}", "'wait' is a duration like 5m, or {until: 09:00}, or {until: open}, not a list"),
        ("{action: do it, optional: true}", "'action' is the name of an action, not 'do it'"),
        ("{action: x, optional: true, timeout: 2 working hours}", "time in working hours is not yet in this version"),
        ("{collect: x, save_to: disk}", "'save_to' is conversation or contact, not 'disk'"),
        ("{handoff: sales, priority: top}", "'priority' is normal, high or urgent, not 'top'"),
        ("{handoff: sales, wait_up_to: 90}", "'wait_up_to'"),
        ("{handoff: sales, if_closed: [x]}", "'if_closed' is the id of a step, or one of end, cancel, back"),
        ("{end: false}", "'end' is always true; leave the step out instead"),
        ("{branch: []}", "'branch' is a list of cases, each with 'when' (or 'if') and 'then', not an empty list []"),
        ("{branch: [{then: end}]}", "a case needs 'when' or 'if'; the one for all that is left is 'else'"),
        ("{branch: [{when: {visits: 1}}]}", "a case of 'branch' needs 'then'"),
        ("{branch: [{else: end}, {if: visits > 1, then: end}]}", "'else' is the last case of a branch"),
        (
            "{buttons: Q?, options: []}",
            "'options' is a list of buttons: 'Label', or 'Label: step', not an empty list []",
        ),
        ("{buttons: Q?}", "a 'buttons' step needs 'options'"),
        ("{buttons: Q?, options: [[A]]}", "is a button: 'Label', or 'Label: step', not a list"),
        ("{buttons: Q?, options: [{value: a, then: end}]}", "a button needs 'label'"),
        ("{set: {}}", "'set' is a map with a value for each slot, not an empty map {}"),
        ("{set: {x: {add: y}}}", "'add' is a number, not 'y'"),
        ("{say: []}", "'say' is a text or a list of texts, not an empty list []"),
        ("{say: {en: Hi, fr: Salut}}", "'fr' is not a language of this site (en, de)"),
        (
            "{say: {en: 'Hi', you, de: Hallo}}",
            "the text ends at the ',' in front of 'you'; in {…} a text with ',' must be in quotes"
            ' — write  en: "Hi, you"',
        ),
        (
            "{say: {en: Hello, my friend, de: Hallo}}",
            "the text ends at the ',' in front of 'my friend'; in {…} a text with ',' must be in quotes"
            ' — write  en: "Hello, my friend"',
        ),
        (
            "{say: Hi, then: end}",
            "'then' is not an option of a 'say' step; what follows is the next step, written below this one",
        ),
        ("{say: {de: Hallo}}", "'say' has no text in 'en', the site's first language"),
    ],
)
def test_a_value_must_be_of_its_kind(problems_in, step, problem):
    found = problems_in(in_flow(step))
    assert len(found) == 1, found
    assert problem in found[0]


@pytest.mark.parametrize(
    "step",
    [
        "score: 10",
        "goal: lead",
        "rate: csat",
        "{say: Hi, image: x.png}",
        "{collect: x, type: time}",
        "{collect: x, type: rating}",
        "{buttons: Q?, options: [A], multiple: true}",
    ],
)
def test_what_is_not_in_this_version_is_refused_honestly(problems_in, step):
    found = problems_in(in_flow(step))
    assert [problem[:4] for problem in found] == ["K007"]
    assert "is not yet in this version" in found[0]


def test_keys_of_flows_that_are_for_later_are_refused_honestly(problems_in):
    text = "flows: {a: {goal: x, ab: {}, steps: [{say: Hi}]}}"
    assert [problem[:4] for problem in problems_in(text)] == ["K007"] * 2


def test_two_steps_cannot_have_the_same_id(problems_in):
    text = in_flow("{id: x, say: One}", "{id: x, say: Two}")
    assert told(problems_in(text)) == ["K006 5:9: two steps have the id 'x' (the first on line 4)"]


def test_buttons_must_be_told_apart_and_lead_somewhere(problems_in):
    text = in_flow(
        "buttons: Which?\n        id: which\n"
        "        options: [Red, ' red', {label: {en: X, de: Blau}}, {label: {en: Y, de: blau}}]",
        "buttons: Where?\n        options:\n          - 'Yes':\n          - 'No': end",
        "{buttons: What?, options: [{label: A, value: x}, {label: B, value: x}]}",
        "{buttons: Who?, options: ['{{ visits }}']}",
    )
    assert told(problems_in(text)) == [
        "F011 6:24: two buttons of 'which' say ' red'; nobody could tell them apart",
        "F011 6:60: two buttons of 'which' say 'Y'; nobody could tell them apart",
        "F011 9:13: the button 'Yes' leads nowhere: the step after its ':' is missing — write  - Yes",
        "F011 11:58: two buttons of 'buttons_3' store 'x'; give one another 'value'",
        "K006 12:36: the label of a button is the same for everybody, so it has no gaps",
    ]


def test_choices_must_be_told_apart_like_buttons(problems_in):
    text = in_flow(
        "{collect: one, choices: [red, Red, Blue]}",
        "{collect: two, choices: [{en: Red, de: Rot}, {en: Pink, de: rot}]}",
        "form:\n          - {collect: three, choices: [A, A]}\n          - {collect: four, choices: [A, B]}",
    )
    assert told(problems_in(text)) == [
        "F011 4:39: two buttons of 'collect_one' say 'Red'; nobody could tell them apart",
        "F011 5:59: two buttons of 'collect_two' say 'Pink'; nobody could tell them apart",
        "F011 7:43: two buttons of 'three' say 'A'; nobody could tell them apart",
    ]


def test_gaps_name_what_is_there(problems_in):
    text = in_flow(
        'say: "{{ contact.nmae }}"',
        'say: {en: "{{ site.nam }}", de: "{{ visits | uper }}"}',
        'say: "{{ country }}"',
        'say: "{{ something_else }}"',
        'say: "{{ visits"',
        'say: "{% if visits %}"',
        "{handoff: sales, note: '{{ nobody }}'}",
        "{set: {x: '{{ nothing_here }}'}}",
    )
    assert told(problems_in(text)) == [
        "F007 4:18: nothing fills the gap 'contact.nmae' — did you mean 'contact.name'?",
        "F007 5:23: nothing fills the gap 'site.nam' — did you mean 'site.name'?",
        "F007 5:54: there is no filter 'uper' — did you mean 'upper'?",
        "K007 6:18: 'country' is not yet in this version",
        "F007 7:18: nothing fills the gap 'something_else': no slot and no fact has this name",
        'F007 8:15: there is a {{ without its }}; a gap is a name and filters: {{ contact.name | default: "there" }}',
        "F007 9:15: a text has no tags such as {% if %}; what depends on something is a 'branch' or a 'when'",
        "F007 10:36: nothing fills the gap 'nobody': no slot and no fact has this name",
        "F007 11:23: nothing fills the gap 'nothing_here': no slot and no fact has this name",
    ]


def test_conditions_know_the_slots_of_all_flows_and_their_values(problems_in):
    text = """
        flows:
          a:
            steps:
              - {buttons: Q?, save_as: topic, options: [Prices, {label: Else, value: other}]}
              - branch:
                  - {when: {topic: Prices}, then: end}
                  - {when: {topic: prises}, then: end}
                  - {when: {wish: x, sure: true, wihs: x}, then: end}
          b: {steps: [{collect: wish}, {collect: sure, type: yes_no}]}
        """
    found = problems_in(text)
    assert len(found) == 2
    assert found[0].startswith("K006 flows/test.yaml:8:") and "Prices" in found[0]
    assert found[1].startswith("K003 flows/test.yaml:9:") and "did you mean 'wish'?" in found[1]


def test_a_slot_is_of_one_type_everywhere(problems_in):
    text = """
        flows:
          a: {inputs: {budget: number}, steps: [{say: Hi}]}
          b: {steps: [{collect: budget}, {set: {topic: x}}, {buttons: Q?, save_as: topic, options: [y]}]}
        """
    assert problems_in(text) == ["F008 flows/test.yaml:4:15: 'budget' is a number in flows/test.yaml:3 and a text here"]


@pytest.mark.parametrize(
    ("attribute", "wrong", "problem", "right"),
    [
        ("plan", "Teem", "'plan' is free or team, not 'Teem' — did you mean 'team'?", ("team", '"{{ wish }}"')),
        ("plan", "2", "'plan' is free or team, not '2'", ("free",)),
        ("plan", "{add: 1}", "'plan' is free or team, and nothing can be added to it", ()),
        ("plan", "{en: team, de: Teamtarif}", "'plan' is free or team, not 'Teamtarif' — did you mean 'team'?", ()),
        ("bought", "many", "'bought' is a number, not 'many'", ("5", "{add: 1}", '"{{ people }}"')),
        ("bought", '"{{ wish }} pieces"', "'bought' is a number, and a text with a gap in it is kept as text", ()),
        ("bought", '"5"', "'bought' is a number, and what stands in quotes is a text — write  bought: 5", ()),
        ("since", "soon", "'since' is a day like 2026-12-24, not 'soon'", ("2026-03-04",)),
        ("since", "{add: 1}", "'since' is a day like 2026-12-24, and nothing can be added to it", ()),
        ("is_vip", "perhaps", "'is_vip' is yes or no, not 'perhaps'", ("yes", "No", "true")),
        ("email", "nonsense", "'email' is an e-mail address, not 'nonsense'", ("ann@tea.io", '"{{ wish }}"')),
        ("homepage", "home", "'homepage' is a web address, not 'home'", ("https://tea.example/x",)),
        ("phone", "none yet", "'phone' is a phone number, not 'none yet'", ("030 123456",)),
        ("name", "3", "'name' is a text, not '3' — write  name: \"3\"", ("Ann", "Nobody yet")),
    ],
)
def test_what_a_contact_attribute_is_set_to_is_of_its_type(problems_in, attribute, wrong, problem, right):
    def found(value):
        asked = ("{collect: wish}", "{collect: people, type: number}")
        return told(problems_in(in_flow(*asked, f"{{set: {{{attribute}: {value}}}}}")))

    (first,) = found(wrong)
    assert first.startswith("K006 6:") and first.split(": ", 1)[1] == problem
    for value in right:
        assert found(value) == []


def test_calls_give_inputs_that_are_there(problems_in):
    text = """
        flows:
          a: {steps: [{call: b, with: {colour: red}}]}
          b: {inputs: {color: text}, returns: [siez], steps: [{collect: size}]}
        """
    assert problems_in(text) == [
        "K005 flows/test.yaml:3:25: flow 'b' takes no input 'colour' — did you mean 'color'?",
        "K005 flows/test.yaml:4:3: flow 'b' returns 'siez', which nothing in it fills — did you mean 'size'?",
    ]


@pytest.mark.parametrize(
    ("type", "given", "right"),
    [
        ("number", "lots", "2"),
        ("number", '"{{ pet }}"', '"{{ people }}"'),
        ("number", '"{{ people }} dogs"', "1.5"),
        ("number", "yes", '"{{ visits }}"'),
        ("yes_no", "perhaps", "no"),
        ("yes_no", "1", "true"),
        ("yes_no", '"yes"', "yes"),
        ("date", "tomorrow", "2026-02-28"),
        ("date", "2026-02-29", '"{{ day }}"'),
    ],
)
def test_an_input_is_given_what_it_can_hold(problems_in, type, given, right):
    text = f"""
        flows:
          a:
            steps:
              - {{collect: pet}}
              - {{collect: people, type: number}}
              - {{collect: day, type: date}}
              - {{call: b, with: {{x: {given}}}}}
          b: {{inputs: {{x: {type}}}, steps: [{{say: Hi}}]}}
        """
    (problem,) = problems_in(text)
    assert problem.startswith("K006 flows/test.yaml:8:") and "flow 'b' takes a" in problem
    assert problems_in(text.replace(given, right)) == []


def test_a_slot_that_is_given_what_another_holds_is_of_its_kind(problems_in):
    text = """
        flows:
          a:
            steps:
              - {set: {q: "{{ people }}", vip: yes, round: "{{ trip }}", trip: "{{ round }}"}}
              - {collect: people, type: number}
              - branch: [{when: {q: at least 2, vip: true}, then: end}]
          b: {steps: [{collect: q, type: yes_no}, {set: {people: yes}}]}
        """
    found = [problem for problem in problems_in(text) if problem.startswith("F008")]
    assert found == [
        "F008 flows/test.yaml:5:9: 'q' is a yes or no in flows/test.yaml:8 and a number here",
        "F008 flows/test.yaml:8:43: 'people' is a number in flows/test.yaml:6 and a yes or no here",
    ]


def test_words_with_a_meaning_cannot_be_flows(problems_in):
    found = problems_in("flows: {leave_message: {steps: [{say: Hi}]}}")
    assert found == [
        "K006 flows/test.yaml:1:9: 'leave_message' has a meaning of its own and cannot be an id; choose another word"
    ]


@pytest.mark.parametrize("text", ["flows: []", "flows: x", "flows: {a: }", "flows: {a: {}}", "flows: {a: {steps: x}}"])
def test_a_file_that_is_no_flow_is_told_and_nothing_breaks(problems_in, text):
    assert [problem[:4] for problem in problems_in(text)] == ["K006"]


def test_a_flow_with_an_error_has_no_machine_but_the_others_do(read_flows_of):
    flows, problems = read_flows_of(
        """
        flows:
          a: {steps: [{goto: x}]}
          b: {steps: [{say: Hi}]}
          c: {steps: [{handoff: x}]}
          d: {steps: [{score: 3}]}
        """
    )
    assert len(problems) == 3
    assert sorted(flows.flows) == ["a", "b", "c", "d"]
    assert sorted(flows.machines) == ["b", "leave_message"]


def test_a_site_has_at_most_five_thousand_steps(read_flows_of):
    steps = ", ".join(["{say: Hi}"] * 5_001)
    flows, problems = read_flows_of(f"flows: {{a: {{steps: [{steps}]}}}}")
    assert [problem.message for problem in problems] == ["all flows together have more than 5,000 steps"]
    assert sorted(flows.machines) == ["leave_message"]
