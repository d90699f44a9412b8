"""Where a flow goes on: `branch`, `goto`, `end`, and steps that are skipped; and what `set` writes."""

from flows.effects import SlotSet


def test_the_first_case_that_holds_is_taken(play):
    text = """
        flows:
          a:
            inputs: {n: number}
            steps:
              - branch:
                  - {when: {n: at least 10}, then: [{say: Many}]}
                  - {if: n > 1, then: few}
                  - {unless: {n: known}, then: [{say: Who knows}]}
              - say: After
              - end: true
              - {id: few, say: Few}
        """
    assert play(text, start="a", n=11).hears == ["Many", "After"]
    assert play(text, start="a", n=2).hears == ["Few"]
    assert play(text, start="a", n=1).hears == ["After"]
    assert play(text, start="a").hears == ["Who knows", "After"]


def test_else_is_taken_when_nothing_is_definitely_true(play):
    text = """
        flows:
          a:
            steps:
              - branch:
                  - {when: {referrer: {contains: shop}}, then: [{say: From the shop}]}
                  - {unless: {referrer: {contains: shop}}, then: [{say: From elsewhere}]}
                  - {else: [{say: Nobody knows}]}
        """
    assert play(text, start="a", facts={"referrer": "https://shop.example"}).hears == ["From the shop"]
    assert play(text, start="a", facts={"referrer": None}).hears == ["From elsewhere"]
    assert play(text, start="a").hears == ["Nobody knows"]


def test_set_writes_texts_numbers_and_sums(play):
    bot = play(
        """
        flows:
          a:
            steps:
              - set: {topic: prices, count: 2, sure: true, greeting: "Hi {{ site.name }}"}
              - set: {count: {add: 3}, other: {add: -1.5}, name: Ann}
              - say: "{{ greeting }} {{ count }} {{ other }}"
        """,
        start="a",
    )
    assert bot.slots == {
        "topic": "prices",
        "count": 5,
        "sure": True,
        "greeting": "Hi Shop",
        "other": -1.5,
        "name": "Ann",
    }
    assert bot.effects_of(SlotSet)[-1].save_to == "contact"
    assert bot.hears == ["Hi Shop 5 -1.5"]


def test_goto_goes_and_end_ends(play):
    text = "flows: {a: {steps: [{goto: c}, {id: b, say: B}, {end: true}, {id: c, say: C}, {goto: b}]}}"
    assert play(text, start="a").hears == ["C", "B"]


def test_a_step_is_skipped_unless_its_conditions_hold(play):
    text = """
        flows:
          a:
            steps:
              - {say: When, when: {visits: at least 2}}
              - {say: Unless, unless: {visits: at least 2}}
              - {say: Unknown, if: country_code is "x", unless: {slot.country_code: known}}
              - {collect: email, when: {visits: at least 2}}
              - {goto: last, if: visits < 2}
              - {say: Between}
              - {id: last, say: Last}
              - {end: true, when: {visits: 99}}
              - {set: {country_code: x}}
        """
    assert play(text, start="a").hears == ["Unless", "Last"]
    often = play(text, start="a", facts={"visits": 3})
    assert often.hears == ["When", "What is your e-mail address?"]
    assert often.write("a@b.io") == ["Between", "Last"]


def test_a_skipped_question_goes_on_even_if_its_answer_is_known(play):
    text = """
        flows:
          a:
            steps:
              - {collect: email, when: {visits: at least 2}}
              - say: 'Mail {{ email | default: "none" }}'
        """
    assert play(text, start="a", facts={"contact.email": "a@b.io"}).hears == ["Mail a@b.io"]
    assert play(text, start="a", facts={"contact.email": "a@b.io", "visits": 2}).hears == ["Mail a@b.io"]
    assert play(text, start="a").hears == ["Mail none"]
