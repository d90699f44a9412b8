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
    def name(self):
        return "validate_order"

    def validate_number(self, value, dispatcher, tracker, domain):
        if value.upper() in ORDERS:
            return {"number": value.upper(), "status": ORDERS[value.upper()]["status"]}
        dispatcher.utter_message(text=f"There is no order {value}.")
        return {"number": None}
