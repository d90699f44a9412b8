"""What happens to conversations inside a flow when it gets a new version."""

from flows.moving import caught_up, move, obstacle
from flows.runner import Event

OLD = """
    flows:
      outer:
        steps:
          - call: inner
          - say: Thanks
      inner:
        steps:
          - collect: size
            ask: Old size?
          - buttons: Old colour?
            id: colour
            save_as: colour
            options: [Red, Blue]
      other: {steps: [{collect: pet, ask: Pet?}]}
    """


def moved(bot, flows):
    """Deploys flows and moves the conversation; says whether the flow that runs has moved."""
    bot.deploy(flows)
    before = bot.cursor
    bot.cursor = caught_up(bot.cursor, bot.machine)
    return bot.cursor.version != before.version


def test_a_conversation_moves_to_the_same_step_of_the_new_version(play, flows_of):
    bot = play(OLD, start="outer")
    assert moved(bot, flows_of(OLD.replace("Old", "New").replace("- call", "- say: New\n          - call")))
    assert bot.write("42") == ["New colour?"]
    assert bot.press("Red") == ["Thanks"]


def test_nothing_moves_when_nothing_changed(play, flows_of):
    bot = play(OLD, start="outer")
    assert not moved(bot, flows_of("# a remark\n" + OLD.replace("\n    ", "\n")))


def test_a_conversation_finishes_on_the_old_version_when_its_step_is_gone(play, flows_of):
    bot = play(OLD, start="outer")
    assert not moved(bot, flows_of(OLD.replace("collect: size", "collect: width")))
    assert bot.write("42") == ["Old colour?"]
    assert bot.press("Red") == ["Thanks"]


def test_a_step_of_another_kind_is_another_step(play, flows_of):
    text = OLD.replace("collect: size\n            ask: Old size?", "id: collect_size\n            say: Size")
    bot = play(OLD, start="outer")
    assert not moved(bot, flows_of(text))


NUMBERED = """
    flows:
      a:
        steps:
          - {above}
          - buttons: Delete it?
            options: [{{"Yes": gone}}, {{"No": kept}}]
          - call: first
          - {{id: kept, say: Kept}}
          - end: true
          - {{id: gone, say: Gone}}
      first: {{steps: [{{collect: pet, ask: Pet?}}]}}
      second: {{steps: [{{collect: wish}}]}}
    """


def test_a_number_is_no_name_for_a_step_that_says_something_else(play, flows_of):
    old = NUMBERED.format(above="say: Hello")
    for above in ("{buttons: Call you?, options: [{'Yes': kept}, {'No': gone}]}", "{call: second}"):
        bot = play(old, start="a")
        assert moved(bot, flows_of(NUMBERED.format(above=above))) is above.startswith("{call")
        assert bot.press("Yes")[-1] == "Gone"
    bot = play(old, start="a")
    assert moved(bot, flows_of(NUMBERED.format(above="say: Good morning")))
    assert bot.press("Yes") == ["Gone"]


def test_a_flow_that_was_called_comes_back_to_the_step_that_called_it(play, flows_of):
    text = """
        flows:
          a:
            steps:
              - call: first
              - {say: Thanks for the pet}
              - end: true
          first: {steps: [{collect: pet, ask: Pet?}]}
          second: {steps: [{say: Hi}]}
        """
    bot = play(text, start="a")
    version = bot.cursor.stack[0].version
    moved(bot, flows_of(text.replace("- call: first", "- call: second\n              - call: first")))
    assert bot.cursor.stack[0].version == version
    assert bot.write("Cat") == ["Thanks for the pet"]


def test_a_renamed_step_says_what_it_was(play, flows_of):
    text = OLD.replace("id: colour", "id: shade\n            was: colour").replace("Old colour", "New colour")
    bot = play(OLD, start="outer")
    bot.write("42")
    assert moved(bot, flows_of(text))
    assert bot.at == "inner.shade"
    assert bot.write("hm")[0].endswith("New colour?")


def test_a_slot_that_changed_its_type_keeps_a_conversation_where_it_is(play, flows_of):
    bot = play(OLD, start="outer")
    text = OLD.replace("ask: Old size?", "ask: Old size?\n            type: phone")
    assert not moved(bot, flows_of(text)), "the question is for something else now"
    bot.write("42")
    assert not moved(bot, flows_of(text)), "what is filled would be of the wrong type"


def test_a_slot_that_only_the_new_version_knows_is_no_obstacle(play, flows_of):
    bot = play(OLD, start="other")
    bot.write("Cat")
    bot.start("outer")
    assert bot.slots == {"pet": "Cat"}
    assert moved(bot, flows_of(OLD.replace("ask: Old size?", "ask: Size?\n          - collect: pet")))


def test_each_flow_of_the_stack_moves_for_itself(play, flows_of):
    bot = play(OLD, start="outer")
    old_outer = bot.machine("outer").version
    text = OLD.replace("Old", "New").replace("- call: inner", "- id: renamed\n            call: inner")
    assert moved(bot, flows_of(text))
    assert bot.cursor.stack[0].version == old_outer
    assert bot.cursor.version == bot.machine("inner").version
    bot.write("42")
    assert bot.press("Red") == ["Thanks"]


def test_interrupted_flows_and_the_way_back_move_too(play, flows_of):
    bot = play(OLD, start="outer")
    bot.write("42")
    bot.start("other")
    moved(bot, flows_of(OLD.replace("Old", "New")))
    assert bot.write("Cat") == ["Let us go back to where we were. New colour?"]
    assert bot.write("back") == ["New size?"]


def test_back_passes_over_a_question_that_is_gone(play, flows_of):
    text = """
        flows:
          a:
            steps: [{collect: one, ask: One?}, {collect: two, ask: Two?}, {collect: three, ask: Three?}]
        """
    bot = play(text, start="a")
    bot.write("1")
    bot.write("2")
    assert moved(bot, flows_of(text.replace("{collect: two, ask: Two?}, ", "")))
    assert bot.write("back") == ["One?"]
    assert bot.slots == {}, "what was answered to the one that is gone is taken back too"
    assert bot.slots == {}


def test_a_handoff_that_waits_moves_as_well(play, flows_of):
    text = "flows: {a: {steps: [{id: person, handoff: sales}, {say: Old}]}}"
    bot = play(text, start="a")
    assert moved(bot, flows_of(text.replace("Old", "New")))
    assert bot.at == "a.person"


def test_a_handoff_that_became_a_question_is_not_moved_to(play, flows_of):
    bot = play("flows: {a: {steps: [{id: person, handoff: sales}, {say: Old}]}}", start="a")
    assert not moved(bot, flows_of("flows: {a: {steps: [{id: person, buttons: Q?, options: [A]}]}}"))


def test_move_leaves_other_flows_alone(play, flows_of):
    bot = play(OLD, start="other")
    flows = flows_of(OLD.replace("Old", "New"))
    same = move(bot.cursor, bot.machine("inner"), flows.machines["inner"])
    assert same == bot.cursor
    assert same is not bot.cursor


def hindered(bot, flows):
    """Says what keeps the conversation out of the new version of the flow that runs."""
    return obstacle(bot.cursor, bot.machine(bot.cursor.flow, bot.cursor.version), flows.machines[bot.cursor.flow])


def test_what_keeps_a_conversation_on_the_old_version_is_said_in_words(play, flows_of):
    bot = play(OLD, start="outer")
    assert hindered(bot, flows_of(OLD.replace("Old", "New"))) is None
    assert hindered(bot, flows_of(OLD.replace("collect: size", "collect: width"))) == "step 'collect_size' is gone"
    said = OLD.replace("collect: size\n            ask: Old size?", "id: collect_size\n            say: Size")
    assert hindered(bot, flows_of(said)) == "step 'collect_size' is another one now"
    bot.write("42")
    phone = OLD.replace("ask: Old size?", "ask: Old size?\n            type: phone")
    assert hindered(bot, flows_of(phone)) == "slot 'size' is of another type"


def test_the_flows_that_are_still_there_move_although_another_was_taken_away(play, flows_of):
    bot = play(OLD, start="other")
    bot.start("outer")
    without_other = OLD.replace("Old", "New").replace("other: {steps: [{collect: pet, ask: Pet?}]}", "")
    new = flows_of(without_other)
    bot.deploy(new)
    bot.cursor = caught_up(bot.cursor, bot.machine)
    assert bot.write("42") == ["New colour?"]
    assert bot.press("Red") == ["Thanks", "Let us go back to where we were. Pet?"]


def test_a_flow_that_begins_again_says_so_and_asks_anew_what_it_had_asked(play, flows_of):
    bot = play(OLD, start="outer")
    bot.write("42")
    bot.deploy(flows_of(OLD.replace("Old", "New")))
    assert bot.happens(Event("updated")) == [
        "We have changed something here in the meantime, so let us begin again.",
        "New size?",
    ]
    assert (bot.at, bot.slots) == ("inner.collect_size", {})
    assert bot.cursor.stack[0].version == bot.machine("outer").version


def test_only_the_running_flow_begins_again_and_an_interrupted_one_still_follows(play, flows_of):
    bot = play(OLD, start="other")
    bot.start("outer")
    bot.happens(Event("updated"))
    assert bot.at == "inner.collect_size"
    bot.write("42")
    assert bot.press("Red") == ["Thanks", "Let us go back to where we were. Pet?"]


def test_without_a_flow_nothing_begins_again(play):
    bot = play(OLD)
    assert bot.happens(Event("updated")) == []
    assert not bot.last.handled


def test_a_conversation_whose_place_is_nowhere_begins_again(play):
    bot = play(OLD, start="outer")
    bot.cursor.state = "gone"
    bot.cursor.parked = ()
    assert bot.write("42") == ["I have lost the thread. Let us begin again."]
    assert bot.last.handled
    assert (bot.at, bot.cursor.stack) == ("", ())
    assert bot.write("42") == []


def test_a_caller_whose_place_is_nowhere_is_not_returned_to(play):
    bot = play(OLD, start="outer")
    bot.cursor.stack = (bot.cursor.stack[0]._replace(state="gone"),)
    bot.write("42")
    assert bot.press("Red") == ["I have lost the thread. Let us begin again."]
    assert bot.at == ""
    assert bot.slots["colour"] == "Red", "what was said is kept"


ASKED_EARLIER = """
    flows:
      outer:
        steps:
          - id: welcome
            say: Hello
          - call: inner
          - say: "{WORDS}"
      inner:
        steps:
          - collect: size
            ask: Size?
          - collect: colour
            ask: Colour?
          - say: "{SUM}"
    """
BEFORE = ASKED_EARLIER.replace("{WORDS}", "Thanks").replace("{SUM}", "{{ size }}, {{ colour }}")
AFTER = ASKED_EARLIER.replace("{WORDS}", "Thanks").replace("{SUM}", "{{ size }}, {{ colour }}, {{ budget }}")
AFTER = AFTER.replace("- collect: size", "- {collect: budget, ask: Budget?}\n          - collect: size")


def test_who_is_behind_a_question_that_is_new_is_not_told_a_text_with_an_empty_gap(play, flows_of):
    bot = play(BEFORE, start="outer")
    bot.write("42")
    assert hindered(bot, flows_of(AFTER)) == "slot 'budget' is filled before step 'collect_colour' now"
    assert not moved(bot, flows_of(AFTER))
    assert bot.write("Red") == ["42, Red", "Thanks"]


def test_who_has_answered_a_question_that_is_new_here_moves_along(play, flows_of):
    other = "\n      budget: {steps: [{collect: budget, ask: Budget?}]}\n"
    bot = play(BEFORE + other, start="budget")
    bot.write("10")
    bot.start("outer")
    bot.write("42")
    assert moved(bot, flows_of(AFTER + other))
    assert bot.write("Red") == ["42, Red, 10", "Thanks"]


def test_who_is_ahead_of_a_question_that_is_new_moves_along_and_is_asked(play, flows_of):
    text = AFTER.replace("- {collect: budget, ask: Budget?}\n          - collect: size", "- collect: size")
    text = text.replace("- collect: colour", "- {collect: budget, ask: Budget?}\n          - collect: colour")
    bot = play(BEFORE, start="outer")
    assert moved(bot, flows_of(text))
    assert bot.write("42") == ["Budget?"]


def test_a_question_that_may_be_skipped_or_passed_by_keeps_nobody(play, flows_of):
    bot = play(BEFORE, start="outer")
    bot.write("42")
    skipped = AFTER.replace("ask: Budget?", "ask: Budget?, optional: true").replace(
        "{{ budget }}", "{{ budget | default: '-' }}"
    )
    assert hindered(bot, flows_of(skipped)) is None


def test_a_caller_stays_where_what_it_says_was_filled_earlier_is_empty(play, flows_of):
    bot = play(BEFORE, start="outer")
    old_outer = bot.machine("outer").version
    text = BEFORE.replace("Thanks", "Thanks, {{ name }}").replace(
        "- id: welcome", "- {collect: name, ask: Name?}\n          - id: welcome"
    )
    bot.deploy(flows_of(text))
    bot.cursor = caught_up(bot.cursor, bot.machine)
    assert bot.cursor.stack[0].version == old_outer
    bot.write("42")
    assert bot.write("Red") == ["42, Red", "Thanks"]
