"""The actions of a shop, as people write them for rasa-sdk; the tests' action server runs this file as it is."""

import json
import time
from datetime import datetime

from rasa_sdk import Action, FormValidationAction
from rasa_sdk.events import (
    AllSlotsReset,
    ConversationPaused,
    FollowupAction,
    ReminderCancelled,
    ReminderScheduled,
    SlotSet,
    UserUtteranceReverted,
)
from rasa_sdk.interfaces import ActionExecutionRejection

ORDERS = {
    "AB-1": {"status": "shipped", "shipped_on": "2026-03-02", "parcels": 2},
    "AB-2": {"status": "packing"},
    "AB-3": {"status": "painted"},
}


class LookUpOrder(Action):
    def name(self):
        return "look_up_order"

    def run(self, dispatcher, tracker, domain):
        return [SlotSet("order", ORDERS.get(tracker.get_slot("number"), {"status": "unknown"}))]


class TellsAll(Action):
    """Says everything it was told: what a test wants to see of tracker and domain."""

    def name(self):
        return "tells_all"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=json.dumps({"tracker": tracker.current_state(), "domain": domain}))
        return []


class SaysMuch(Action):
    def name(self):
        return "says_much"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(
            text="<b>Two</b> teas, {{ contact.email }}",
            buttons=[
                {"title": "Green", "payload": "green tea"},
                {"title": "Black", "payload": '/choose{"tea": "black"}'},
            ],
        )
        dispatcher.utter_message(image="https://shop.example/tea.png")
        dispatcher.utter_message(image="javascript:alert(1)")
        dispatcher.utter_message(response="utter_balance", balance="12 €")
        dispatcher.utter_message(json_message={"map": "here"})
        return [SlotSet("number", "AB-2"), UserUtteranceReverted()]


class GoesOn(Action):
    def name(self):
        return "goes_on"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="First this.")
        return [SlotSet("number", "AB-1"), FollowupAction("look_up_order")]


class GoesRound(Action):
    def name(self):
        return "goes_round"

    def run(self, dispatcher, tracker, domain):
        return [FollowupAction("goes_round")]


class StartsAdvice(Action):
    def name(self):
        return "starts_advice"

    def run(self, dispatcher, tracker, domain):
        return [FollowupAction("advice")]


class FetchesSomebody(Action):
    def name(self):
        return "action_human_handoff"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Somebody will be with you.")
        return [ConversationPaused()]


class Reminds(Action):
    def name(self):
        return "reminds"

    def run(self, dispatcher, tracker, domain):
        at = datetime.fromisoformat(tracker.get_slot("at"))
        return [ReminderScheduled("advice", at, name="tea", kill_on_user_message=bool(tracker.get_slot("once")))]


class Forgets(Action):
    def name(self):
        return "forgets"

    def run(self, dispatcher, tracker, domain):
        return [ReminderCancelled("tea"), AllSlotsReset()]


class Declines(Action):
    def name(self):
        return "declines"

    def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection(self.name())


class Breaks(Action):
    def name(self):
        return "breaks"

    def run(self, dispatcher, tracker, domain):
        return 1 / 0


class Sleeps(Action):
    def name(self):
        return "sleeps"

    def run(self, dispatcher, tracker, domain):
        time.sleep(float(tracker.get_slot("seconds")))
        return [SlotSet("number", "too late")]


class ValidateOrder(FormValidationAction):
    """Knows the orders, and asks for a colour where it matters."""

    def name(self):
        return "validate_order"

    async def required_slots(self, domain_slots, dispatcher, tracker, domain):
        return [*domain_slots, "colour"] if tracker.get_slot("status") == "painted" else domain_slots

    def validate_number(self, value, dispatcher, tracker, domain):
        found = ORDERS.get(value.upper())
        if found is not None:
            return {"number": value.upper(), "status": found["status"]}
        if value.upper() != "AB-9":
            dispatcher.utter_message(text=f"There is no order {value}.")
        return {"number": None}

    async def validate_colour(self, value, dispatcher, tracker, domain):
        return {"colour": value if value in ("red", "blue") else None}


class AsksColour(Action):
    def name(self):
        return "action_ask_paint_colour"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Which paint?")
        return []
