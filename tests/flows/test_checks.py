"""What is proved about flows before they run, on the machines that will run."""

import pytest


@pytest.fixture
def told(problems_in):
    """What is wrong with a text, without the name of its file."""

    def find(text: str) -> list[str]:
        return [problem.replace("flows/test.yaml:", "") for problem in problems_in(text)]

    return find


def test_a_step_behind_a_jump_is_never_reached(told):
    text = """
        flows:
          shop:
            steps:
              - {id: menu, goto: new_offer}
              - {id: old_offer, say: Old}
              - {say: As old}
              - {id: new_offer, say: New}
        """
    assert told(text) == [
        "F001 6:9: step 'old_offer' can never be reached: nothing leads here since 'menu' always jumps to 'new_offer'"
        " (line 5)"
    ]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("end: true", "since 'x' ends the flow (line 5)"),
        ("start: other", "since 'x' begins another flow (line 5)"),
        ("goto: handoff", "since 'x' always jumps to 'handoff' (line 5)"),
        ("buttons: Q?, options: [{A: end}, {B: end}], retries: 0", None),
        ("branch: [{if: visits > 1, then: end}, {else: end}]", "since 'x' always leads elsewhere (line 5)"),
        ("branch: [{if: visits > 1, then: end}]", None),
        ("end: true, when: {visits: 1}", None),
        ("goto: back", None),
        ("handoff: sales", None),
        ("call: other", None),
    ],
)
def test_what_stands_behind_a_step_is_reached_or_not(told, step, why):
    text = f"""
        flows:
          a:
            steps:
              - {{id: x, {step}}}
              - {{id: behind, say: Behind}}
          other: {{steps: [{{collect: wish}}]}}
        """
    found = [problem for problem in told(text) if problem.startswith("F001")]
    if why is None:
        assert found == []
    else:
        assert found == [f"F001 6:9: step 'behind' can never be reached: nothing leads here {why}"]


def test_steps_that_lead_only_to_one_another_are_never_reached(told):
    text = """
        flows:
          a:
            steps:
              - end: true
              - {id: one, collect: wish, if_known: ask}
              - {id: two, goto: one}
        """
    assert [problem[:40] for problem in told(text)] == ["F001 6:9: step 'one' can never be reache"]


def test_a_step_that_only_a_button_leads_to_is_reached(told):
    text = "flows: {a: {steps: [{buttons: Q?, options: [{A: far}]}, {end: true}, {id: far, say: Far}]}}"
    assert told(text) == []


def test_a_loop_without_a_question_is_an_error(told):
    text = """
        flows:
          quiz:
            steps:
              - say: Hello
              - {id: check, set: {n: {add: 1}}}
              - branch: [{if: n < 3, then: again}]
              - end: true
              - {id: again, goto: check}
        """
    assert told(text) == [
        "F004 6:9: 'check' -> 'branch_1' -> 'again' -> 'check' never waits for the visitor; "
        "put a question or a wait into the loop"
    ]


def test_a_step_that_leads_to_itself_is_a_loop(told):
    assert told("flows: {a: {steps: [{id: x, goto: x}]}}") == [
        "F004 1:21: 'x' -> 'x' never waits for the visitor; put a question or a wait into the loop"
    ]


def test_a_loop_with_a_question_is_none(told):
    text = "flows: {a: {steps: [{id: x, buttons: Q?, options: [A]}, {goto: x}]}}"
    assert told(text) == []
    assert told(text.replace("buttons: Q?, options: [A]", "collect: wish, if_known: ask")) == []
    assert told("flows: {a: {steps: [{id: x, handoff: sales}, {goto: x}]}}") == []


def test_a_question_that_is_skipped_when_known_does_not_end_a_loop(told):
    found = told("flows: {a: {steps: [{id: x, collect: wish}, {goto: x}]}}")
    assert found == [
        "F004 1:21: 'x' -> 'goto_1' -> 'x' never waits for the visitor; put a question or a wait into the loop"
    ]


def test_a_question_that_may_be_skipped_does_not_end_a_loop(told):
    text = "flows: {a: {steps: [{id: x, buttons: Q?, options: [A], when: {visits: 1}}, {goto: x}]}}"
    assert [problem[:4] for problem in told(text)] == ["F004"]


def test_a_loop_through_a_called_flow_is_found(told):
    text = """
        flows:
          a:
            steps:
              - {id: top, say: Hi}
              - call: b
              - {collect: wish, if_known: ask, when: {visits: at least 3}}
              - goto: top
          b: {steps: [{say: Quick}, {collect: pet}]}
        """
    assert [problem[:4] for problem in told(text)] == ["F004"], "'b' may have nothing to ask"
    assert told(text.replace("{collect: pet}", "{collect: pet, if_known: ask}")) == []


def test_flows_that_call_one_another_without_a_question_are_an_error(told):
    text = """
        flows:
          a: {steps: [{say: A}, {call: b}]}
          b: {steps: [{say: B}, {call: a, when: {visits: 1}}]}
        """
    assert told(text) == ["F010 3:15: 'a' calls 'b' calls 'a' without a question between"]
    assert told("flows: {a: {steps: [{call: a}]}}")[0].startswith("F010 1:21: 'a' calls 'a' without a question")
    found = told(text.replace("{say: B}", "{collect: pet, if_known: ask}"))
    assert [problem[:4] for problem in found] == ["F015"]


def test_flows_that_start_one_another_without_a_question_are_an_error(told):
    text = """
        flows:
          a: {steps: [{say: A}, {start: b}]}
          b: {steps: [{goto: start a}]}
        """
    assert told(text) == [
        "F004 3:15: 'a.say_1' -> 'a.start_1' -> 'b.goto_1' -> 'a.say_1' never waits for the visitor; "
        "put a question or a wait into the loop"
    ]
    assert told(text.replace("{say: A}", "{buttons: Q?, options: [A]}")) == []


def test_a_restart_goes_round_as_well(told):
    found = told("flows: {a: {steps: [{say: A}, {goto: restart}]}}")
    assert [problem[:4] for problem in found] == ["F004"]
    inner = "flows: {a: {steps: [{say: A}, {call: b}]}, b: {steps: [{say: B}, {goto: restart}]}}"
    assert {problem[:4] for problem in told(inner)} <= {"F004", "F010"} and told(inner)
    assert told("flows: {a: {steps: [{collect: x, if_known: ask}, {goto: restart}]}}") == []


def test_a_flow_that_begins_again_asks_again_what_it_had_asked(told):
    assert told("flows: {a: {steps: [{collect: colour}, {say: Thanks}, {goto: restart}]}}") == []
    assert told("flows: {a: {steps: [{collect: colour}, {say: Thanks}, {start: a}]}}") == []
    assert told("flows: {a: {steps: [{buttons: Q?, options: [A], save_as: x, if_known: skip}, {start: a}]}}") == []
    assert told("flows: {a: {steps: [{form: [{collect: colour}, {collect: size}]}, {start: a}]}}") == []
    assert told("flows: {a: {steps: [{call: b}, {goto: restart}]}, b: {steps: [{collect: colour}]}}") == []
    assert told("flows: {a: {steps: [{collect: colour}, {start: b}]}, b: {steps: [{start: a}]}}") == []


@pytest.mark.parametrize(
    "question",
    [
        "{collect: email}",
        "{collect: colour, when: {visits: 1}}",
        "{set: {colour: red}}, {collect: colour}",
        "{form: [{collect: colour, when: {visits: 1}}]}",
    ],
)
@pytest.mark.parametrize("again", ["{goto: restart}", "{start: a}"])
def test_what_is_known_all_the_same_does_not_end_a_loop(told, question, again):
    never_asked = ["F016"] if question.startswith("{set: ") else []
    found = [problem[:4] for problem in told(f"flows: {{a: {{steps: [{question}, {again}]}}}}")]
    assert found == ["F004", *never_asked]


def test_an_input_is_kept_when_a_flow_begins_again(told):
    text = "flows: {a: {inputs: {colour: text}, steps: [{collect: colour}, {goto: restart}]}}"
    assert [problem[:4] for problem in told(text)] == ["F004"]


def test_a_restart_goes_round_through_all_that_called_it(told):
    text = """
        flows:
          a: {steps: [{say: A}, {call: b}]}
          b: {steps: [{say: B}, {call: c}]}
          c: {steps: [{collect: email, if_known: ask}, {goto: restart}]}
        """
    assert told(text) == []
    found = told(text.replace("{collect: email, if_known: ask}", "{collect: email}"))
    assert found == [
        "F004 3:15: 'a.say_1' -> 'a.call_1' -> 'b.say_1' -> 'b.call_1' -> 'c.collect_email' -> 'c.goto_1' -> 'a.say_1' "
        "never waits for the visitor; put a question or a wait into the loop"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: {steps: [{buttons: Q?, options: [Again: call a, Done]}, {say: Bye}]}",
            "F015 1:21: 'a' calls itself: what stands behind the call comes once for every round, at the end; "
            "write 'start a'",
        ),
        (
            "a: {steps: [{collect: x, if_known: ask}, {call: b}]}, b: {steps: [{call: a}]}",
            "F015 1:75: 'a' calls 'b' calls 'a': what stands behind the call comes once for every round, at the end; "
            "write 'start a'",
        ),
    ],
)
def test_a_flow_that_calls_itself_is_warned_about(told, text, message):
    assert told(f"flows: {{{text}}}") == [message]
    assert told(f"flows: {{{text.replace('call', 'start')}}}") == []


def test_a_chain_of_calls_is_no_longer_than_is_remembered(told):
    def chain(calls):
        flows = [f"f{n}: {{steps: [{{call: f{n + 1}}}, {{say: Back}}]}}" for n in range(calls)]
        return f"flows: {{{', '.join(flows)}, f{calls}: {{steps: [{{say: Hi}}]}}}}"

    assert told(chain(10)) == []
    names = " calls ".join(f"'f{n}'" for n in range(12))
    assert told(chain(11)) == [
        f"F010 1:22: {names}: only 10 flows can wait for one they called, so 'f0' would be forgotten; "
        "write 'start' somewhere"
    ]


def test_a_gap_that_nothing_filled_on_some_way_is_an_error(told):
    text = """
        flows:
          qualify:
            steps:
              - {buttons: Shall we write to you?, id: menu, options: [Yes, {No: thanks}]}
              - collect: email
              - id: thanks
                say: We write to {{ email }}.
        """
    assert told(text) == [
        "F006 8:29: {{ email }} may be empty here: the path 'menu -> thanks' never collects it. "
        'Use {{ email | default: "…" }} or collect it first'
    ]
    assert told(text.replace("We write to {{ email }}.", "\"To {{ email | default: 'you' }}.\"")) == []
    assert told(text.replace("{No: thanks}", "No")) == []


def test_what_was_never_asked_before_is_empty(told):
    assert told("flows: {a: {steps: [{say: '{{ email }}'}, {collect: email}]}}") == [
        "F006 1:31: {{ email }} may be empty here: nothing before it collects it. "
        'Use {{ email | default: "…" }} or collect it first'
    ]


@pytest.mark.parametrize(
    ("before", "known"),
    [
        ("{collect: email}", True),
        ("{collect: email, when: {visits: 1}}", False),
        ("{collect: email, give_up: last}", False),
        ("{collect: email, give_up: end}", True),
        ("{collect: email, save_to: conversation}", True),
        ("{set: {email: x@y.io}}", True),
        ("{buttons: Q?, save_as: email, options: [A]}", True),
        ("{buttons: Q?, save_as: email, options: [A, {B: last}]}", True),
        ("{buttons: Q?, save_as: email, options: [A], otherwise: last}", False),
        ("{buttons: Q?, save_as: email, options: [A, {B: last}], if_known: skip}", True),
        ("{call: asks}", True),
        ("{call: may_ask}", False),
        ("{call: keeps}", False),
        ("{call: asks, if_cancelled: last}", False),
        ("{branch: [{when: {email: known}, then: last}, {else: end}]}", True),
        ("{branch: [{when: {email: known}, then: end}, {else: last}]}", False),
        ("{branch: [{unless: {email: known}, then: end}]}", True),
        ("{branch: [{if: not known email, then: end}, {else: last}]}", True),
        ("{branch: [{if: email is 'x' or known slot.email, then: last}, {else: end}]}", True),
        ("{branch: [{if: email is 'x' or visits > 3, then: last}, {else: end}]}", False),
        ("{branch: [{if: not known email and visits > 3, then: end}]}", False),
        ("{branch: [{if: not known email or visits > 3, then: end}]}", True),
        ("{goto: end, unless: {email: known}}", True),
        ("{goto: end, when: {email: known}}", False),
        ("{goto: end, unless: {contact.email: known}}", True),
        ("{branch: [{when: {landing_page: known}, then: end}]}", False),
    ],
)
def test_a_slot_is_filled_on_every_way_or_not(told, before, known):
    text = f"""
        flows:
          a:
            steps:
              - {before}
              - {{id: last, say: "{{{{ email }}}}"}}
          asks: {{steps: [{{collect: email, give_up: cancel}}]}}
          may_ask: {{steps: [{{collect: email, give_up: end}}]}}
          keeps:
            returns: [wish]
            steps: [{{collect: wish, give_up: cancel}}, {{collect: email, save_to: conversation}}]
        """
    found = [problem for problem in told(text) if problem.startswith(("F006", "K"))]
    assert bool(found) is not known, found
    assert all(problem.startswith("F006 6:") for problem in found)


def test_a_step_is_said_only_where_its_own_conditions_hold(told):
    text = "flows: {a: {steps: [{say: '{{ contact.name }}', when: {contact.name: known}}, {collect: email}]}}"
    assert told(text) == []
    assert [problem[:4] for problem in told(text.replace("when", "unless"))] == ["F006"]


def test_a_contact_attribute_may_be_empty_until_it_is_collected(told):
    assert [problem[:9] for problem in told("flows: {a: {steps: [{say: '{{ contact.name }}'}]}}")] == ["F006 1:31"]
    assert told("flows: {a: {steps: [{collect: name, if_known: ask}, {say: '{{ contact.name }} {{ name }}'}]}}") == []
    assert told("flows: {a: {steps: [{set: {name: x}}, {say: '{{ contact.name }} {{ name }}'}]}}") == []


def test_a_gap_that_stands_twice_in_a_text_is_told_once(told):
    assert len(told("flows: {a: {steps: [{say: '{{ email }} {{ slot.email }}'}, {collect: email}]}}")) == 1


def test_other_facts_are_nobodys_to_collect(told):
    assert told("flows: {a: {steps: [{say: '{{ utm.campaign }} {{ referrer }} {{ site.next_opening }}'}]}}") == []


def test_inputs_are_given(told):
    text = """
        flows:
          a: {inputs: {pet: text}, steps: [{say: "{{ pet }}"}]}
          b: {steps: [{call: a, with: {pet: Rex}}]}
          c: {steps: [{collect: pet}, {call: a}]}
          d: {steps: [{collect: pet}, {start: a}]}
          e: {steps: [{call: leave_message}]}
        """
    assert told(text) == []
    assert told(text.replace(", with: {pet: Rex}", "")) == [
        "F006 4:15: 'pet' may be empty here, and flow 'a' takes it as an input; give it with 'with'"
    ]
    assert [problem[:9] for problem in told(text.replace("{collect: pet}, {start: a}", "{goto: start a}"))] == [
        "F006 6:15"
    ]


def test_notes_inputs_and_later_prompts_are_looked_at_too(told):
    text = """
        flows:
          a:
            steps:
              - {handoff: sales, say: "{{ email }}", note: "{{ email }}"}
              - {call: b, with: {x: "{{ email }}"}}
              - {collect: wish, ask: [One?, "{{ email }}?"], invalid: "{{ email }}!"}
              - {set: {topic: "{{ email }}"}}
              - {buttons: "{{ email }}?", options: [A]}
          b: {inputs: {x: text}, steps: [{say: Hi}, {collect: email}]}
        """
    found = [problem[:9] for problem in told(text.replace("- {call: b", "- {call: b, when: {visits: 1}"))]
    assert found == ["F006 5:35", "F006 5:56", "F006 6:52", "F006 7:41", "F006 7:67", "F006 8:27", "F006 9:23"]


def test_calls_in_a_circle_are_looked_through(told):
    text = """
        flows:
          a: {steps: [{collect: wish, if_known: ask}, {call: b, when: {visits: 1}}, {collect: email}]}
          b: {steps: [{call: a}, {say: "{{ email }}"}]}
        """
    assert [problem[:4] for problem in told(text)] == ["F015"]


def test_flows_that_could_not_be_read_are_given_the_benefit_of_the_doubt(told):
    text = """
        flows:
          a: {steps: [{call: b}, {say: "{{ email }}"}]}
          b: {steps: [{collect: email}, {goto: nowhere}]}
        """
    assert [problem[:4] for problem in told(text)] == ["K005"]


def test_an_error_elsewhere_in_a_flow_does_not_hide_what_is_proved(told):
    text = "flows: {a: {steps: [{say: '{{ nobody }}'}, {say: '{{ email }}'}, {end: true}, {collect: email}]}}"
    assert sorted(problem[:4] for problem in told(text)) == ["F001", "F006", "F007"]


def test_the_flows_of_the_product_itself_have_no_problem(told):
    assert told("flows: {a: {steps: [{call: leave_message}]}}") == []


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            "{id: size, buttons: Which?, options: [S, L], interruptible: false}",
            "nobody can ask for a person at 'size' (interruptible: false here);"
            " that is meant for consent (type: consent) and payment alone",
        ),
        (
            "{collect: wish, give_up: end, interruptible: false}",
            "nobody can ask for a person at 'collect_wish' (interruptible: false here), and no path leads from there"
            " to a handoff; that is meant for consent (type: consent) and payment alone",
        ),
        (
            "{form: [{collect: wish}], give_up: end, interruptible: false}",
            "nobody can ask for a person at 'form_1' (interruptible: false here), and no path leads from there to a"
            " handoff; that is meant for consent (type: consent) and payment alone",
        ),
        (
            "{wait: 10m, interruptible: false}",
            "nobody can ask for a person at 'wait_1' (interruptible: false here), and no path leads from there to a"
            " handoff; that is meant for consent (type: consent) and payment alone",
        ),
    ],
)
def test_a_question_at_which_nobody_can_ask_for_a_person_is_told(told, step, sentence):
    assert told(f"""
        flows:
          a:
            steps:
              - {step}
        """) == [f"F003 5:9: {sentence}"]


@pytest.mark.parametrize(
    "flow",
    [
        "steps: [{collect: agreed, type: consent, ask: Ok?, interruptible: false}]",
        "steps: [{form: [{collect: agreed, type: consent, ask: Ok?}, {collect: email}], interruptible: false}]",
        "steps: [{action: pay, on_error: handoff, interruptible: false}]",
        "steps: [{collect: wish, interruptible: true}]",
        "interruptible: false, steps: [{collect: wish, interruptible: true}, {say: Hello}]",
    ],
)
def test_consent_and_what_the_bot_does_by_itself_may_go_without_a_person(told, flow):
    assert told(f"flows: {{a: {{{flow}}}}}") == []


def test_a_whole_flow_in_which_nobody_can_ask_for_a_person_is_told_once(told):
    text = """
        flows:
          a:
            interruptible: false
            steps:
              - {collect: one, give_up: end}
              - {collect: two, give_up: end}
              - {collect: three, give_up: end, interruptible: true}
          b:
            steps:
              - call: a
        """
    sentence = "F003 6:9: nobody can ask for a person at 'collect_one' and 1 more (interruptible: false of flow 'a')"
    rest = "; that is meant for consent (type: consent) and payment alone — write  interruptible: true"
    nowhere = ", and no path leads from there to a handoff"
    assert told(text) == [f"{sentence}{nowhere}{rest}"]
    assert told(text.replace("- call: a", "- call: a\n              - handoff: sales")) == [f"{sentence}{rest}"]


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        ("call: [x]", ["K006 5:16: 'call' is the id of a flow, not a list"]),
        ("call: ", ["K006 5:16: 'call' is the id of a flow, not empty"]),
        ("start: {x: y}", ["K006 5:17: 'start' is the id of a flow, not a map (lines of 'key: value')"]),
        ("handoff: [x]", ["K006 5:19: 'handoff' is the id of a department, not a list"]),
        ("action: [x], on_error: end", ["K006 5:18: 'action' is the name of an action, not a list"]),
        (
            "action: [x]",
            [
                "F013 5:9: this action may fail, and nothing says where it goes on then; with 'optional: true' it goes"
                " on as if nothing had happened — write  on_error: handoff",
                "K006 5:18: 'action' is the name of an action, not a list",
            ],
        ),
    ],
)
def test_what_should_be_an_id_and_is_none_is_told_once(told, step, problems):
    text = f"""
        flows:
          a:
            steps:
              - {{{step}}}
        """
    assert told(text) == problems


@pytest.mark.parametrize(
    "steps",
    [
        "[{collect: email}, {collect: email, if_known: ask}]",
        "[{collect: email}, {collect: email, if_known: confirm}]",
        "[{collect: email, optional: true}, {collect: email}]",
        "[{collect: email, when: {visits: 1}}, {collect: email}]",
        "[{id: top, collect: email}, {buttons: Again?, options: [{'Yes': top}, 'No']}]",
        "[{call: other}, {collect: email}]",
        "[{buttons: Which?, save_as: given, options: [S, L], if_known: skip}]",
    ],
)
def test_a_question_that_may_be_asked_is_none_that_never_is(told, steps):
    other = "{steps: [{collect: email, when: {visits: 1}}]}"
    assert told(f"flows: {{a: {{inputs: {{given: text}}, steps: {steps}}}, other: {other}}}") == []


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ("[{collect: email}, {id: again, collect: email}]", "'email' has"),
        ("[{call: other}, {id: again, collect: email}]", "'email' has"),
        (
            "[{set: {size: S}}, {id: again, buttons: Which?, save_as: size, options: [S, L], if_known: skip}]",
            "'size' has",
        ),
    ],
)
def test_a_question_whose_answer_is_known_on_every_way_is_told_to_be_never_asked(told, steps, name):
    text = f"flows: {{a: {{steps: {steps}}}, other: {{steps: [{{collect: email}}]}}}}"
    (problem,) = told(text)
    assert problem.startswith("F016 ")
    assert problem.endswith(f"'again' is never asked: {name} a value on every way to it — write  if_known: ask")
