"""What `say` says: one of several texts, in the visitor's language, with its gaps filled."""

from flows.effects import FlowEntered, FlowLeft, Noted, WantsAgent


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


CHOOSING = """
    flows:
      order:
        steps:
          - collect: what
            ask: What?
            choices: [{en: Hats, de: Hüte}, {en: Boots, de: Stiefel}]
          - call: size
          - set: {kept: "{{ what }}"}
          - note: "{{ what }}, {{ size }}, {{ cut }}"
          - say: "{{ what | upper }} {{ slot.size }}, {{ cut }}."
          - say: Only hats
            if: what is "Hats"
          - {call: again, with: {what: "{{ what }}"}}
          - handoff: sales
            say: "We fetch somebody for {{ what }}."
            note: "Wants {{ what }}"
      size:
        steps:
          - buttons: 'A size for {{ what | default: "it" }}?'
            save_as: size
            options: [{label: {en: Small, de: Klein}}, {label: {en: Large, de: Groß}, value: xl}]
          - form: [{collect: cut, ask: Cut?, choices: [{en: Wide, de: Weit}, {en: Slim, de: Schmal}]}]
      again:
        inputs: {what: text}
        steps: [{say: "Again {{ what }}"}]
    """


def test_a_chosen_answer_is_said_by_its_label_in_the_visitors_language_and_kept_as_it_is(play):
    bot = play(CHOOSING, start="order", language="de")
    assert bot.write("Hüte") == ["A size for Hüte?"]
    bot.write("klein")
    assert bot.write("weit") == ["HÜTE Klein, Weit.", "Only hats", "Again Hüte", "We fetch somebody for Hüte."]
    assert bot.slots == {"what": "Hats", "size": "Small", "cut": "Wide", "kept": "Hats"}
    assert [each.text for each in bot.effects_of(Noted)] == ["Hats, Small, Wide"]
    assert [each.note for each in bot.effects_of(WantsAgent)] == ["Wants Hats"]
    english = play(CHOOSING, start="order")
    english.write("Hüte")
    english.write("small")
    assert english.write("wide")[0] == "HATS Small, Wide."


def test_a_value_that_is_written_for_an_option_is_said_as_it_is_written(play):
    bot = play(CHOOSING, start="order", language="de")
    bot.write("Stiefel")
    bot.write("groß")
    assert bot.write("schmal")[0] == "STIEFEL xl, Schmal."


def test_what_was_typed_is_said_as_it_was_whatever_another_flow_offers_under_that_name(play):
    text = """
        flows:
          trip: {steps: [{collect: town, ask: Where to?}, {say: "To {{ town }}!"}]}
          other: {steps: [{buttons: Where?, save_as: town, options: [{label: {en: Nice, de: Schön}, then: end}]}]}
        """
    bot = play(text, start="trip", language="de")
    assert bot.write("Nice") == ["To Nice!"]


def test_a_chosen_contact_attribute_is_said_by_its_label_too(play):
    text = """
        flows:
          a:
            steps:
              - {collect: plan, ask: Which?, choices: [{en: free, de: umsonst}, team]}
              - say: "{{ plan }} / {{ contact.plan }}"
        """
    assert play(text, start="a", language="de").write("umsonst") == ["umsonst / umsonst"]
    assert play(text, start="a", language="de", facts={"contact.plan": "free"}).hears == ["umsonst / umsonst"]
