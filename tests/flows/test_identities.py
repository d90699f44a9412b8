"""What steps and versions are called."""


def test_steps_are_named_by_kind_and_slot_or_number(flows_of):
    flows = flows_of(
        """
        flows:
          a:
            steps:
              - say: One
              - {id: mine, say: Two}
              - say: Three
              - collect: email
              - {collect: email, if_known: ask}
              - {buttons: Which?, save_as: topic, options: [A, B]}
              - {buttons: What?, options: [A, {label: B, then: [{say: Inner}]}]}
              - {id: say_5, say: Taken}
              - say: Last
        """
    )
    assert [step.id for step in flows.flows["a"].every_step()] == [
        "say_1",
        "mine",
        "say_3",
        "collect_email",
        "collect_email_2",
        "buttons_topic",
        "buttons_2",
        "say_4",
        "say_5",
        "say_6",
    ]


def test_a_version_is_the_content_and_nothing_else(flows_of):
    def version(text: str) -> str:
        return flows_of(text).machines["a"].version

    one = version("flows: {a: {steps: [{say: Hi}, {collect: email}]}}")
    assert one == version(
        "# moved\n\nflows:\n  a:\n    title: T\n    steps:\n      - say: Hi\n      - collect: email\n"
    )
    assert one == version("flows: {a: {steps: [{say: Hi}, {collect: email, type: email, retries: 2}]}}")
    assert one != version("flows: {a: {steps: [{say: Hello}, {collect: email}]}}")
    assert one != version("flows: {a: {steps: [{say: Hi}, {collect: email, retries: 1}]}}")
    assert one != version("flows: {a: {steps: [{say: Hi}, {collect: email}], interruptible: false}}")
