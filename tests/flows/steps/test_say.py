"""What `say` says: one of several texts, in the visitor's language, with its gaps filled."""

from flows.effects import FlowEntered, FlowLeft


def test_texts_are_said_one_after_the_other_and_the_flow_ends(play):
    bot = play("flows: {hello: {steps: [{say: One}, {say: Two}]}}", start="hello")
    assert bot.hears == ["One", "Two"]
    assert bot.at == ""
    assert bot.effects[0] == FlowEntered("hello", bot.machine("hello").version)
    assert bot.effects[-1] == FlowLeft("hello", "ended")


def test_of_several_texts_a_conversation_always_hears_the_same_one(play):
    text = "flows: {hello: {steps: [{say: [A, B, C]}]}}"
    heard = {name: tuple(play(text, start="hello", name=name).hears) for name in map(str, range(40))}
    assert {texts[0] for texts in heard.values()} == {"A", "B", "C"}
    assert heard == {name: tuple(play(text, start="hello", name=name).hears) for name in heard}


def test_a_text_is_said_in_the_visitors_language_and_else_in_the_first_one(play):
    text = "flows: {hello: {steps: [{say: {en: Hello, de: Hallo}}, {say: {en: Only English}}]}}"
    assert play(text, start="hello", language="de").hears == ["Hallo", "Only English"]
    assert play(text, start="hello", language="de-AT").hears == ["Hallo", "Only English"]
    assert play(text, start="hello", language="fr").hears == ["Hello", "Only English"]


def test_gaps_are_filled_from_slots_facts_and_contacts(play):
    text = """
        flows:
          hello:
            steps:
              - set: {who: World}
              - say: 'Hi {{ who }} at {{ site.name }}, visit {{ visits }}, {{ contact.name | default: "friend" }}'
        """
    assert play(text, start="hello").hears == ["Hi World at Shop, visit 1, friend"]
    assert play(text, start="hello", facts={"contact.name": "Ann"}).hears == ["Hi World at Shop, visit 1, Ann"]


def test_what_a_visitor_wrote_is_never_a_template(play):
    bot = play("flows: {x: {steps: [{collect: wish, ask: What?}, {say: 'So: {{ wish }}'}]}}", start="x")
    assert bot.write("{{ contact.email }} {% if %} {0.__class__}") == ["So: {{ contact.email }} {% if %} {0.__class__}"]
