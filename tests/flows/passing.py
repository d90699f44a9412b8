"""Flows that lead from one to another: `LEAD` calls one and is interrupted by others, `MENU` begins others."""

LEAD = """
    flows:
      lead:
        title: Your details
        steps:
          - say: Welcome
          - collect: name
            ask: Name?
          - collect: email
            ask: Mail?
          - call: wishes
          - collect: phone
            ask: Phone?
            if_known: ask
          - say: Thanks {{ name }}
      wishes:
        steps:
          - buttons: Which?
            save_as: topic
            options: [Shoes, Boots]
          - collect: size
            ask: Size?
      other:
        steps:
          - collect: color
            ask: Colour?
          - say: "{{ color }}, fine."
      third: {steps: [{buttons: Third?, options: [Ok, Not]}]}
      fourth: {steps: [{buttons: Fourth?, options: [Ok, Not]}]}
      fifth: {steps: [{buttons: Fifth?, options: [Ok, Not]}]}
    """

MENU = """
    flows:
      menu:
        steps:
          - {collect: name, ask: Name?}
          - say: Welcome
          - buttons: What is it?
            save_as: topic
            options: [{Prices: prices}, {Order: order}]
          - {id: prices, start: prices}
          - {id: order, start: order}
      prices:
        steps:
          - say: From 6
          - buttons: For whom?
            save_as: who
            options: [Me, Somebody, {Again: restart}, {Order: start order}]
          - {call: size, with: {who_for: "{{ who }}"}}
          - {collect: wish, ask: "A wish in {{ size }}?"}
      size:
        inputs: {who_for: text}
        returns: [size]
        steps: [{collect: size, ask: "Size?"}]
      order:
        steps:
          - {collect: number, ask: Number?}
          - {start: menu}
    """
