"""Where an order is. A flow asks with `action: look_up_order`; here the orders are a small table.

Put your own shop's answer in its place: a look into a database, a request to the shop. The file is run by the action
server of rasa-sdk in a process of its own; when it is saved, the server starts anew.
"""

from datetime import date, timedelta

from rasa_sdk import Action
from rasa_sdk.events import SlotSet

ORDERS: dict[str, dict] = {
    "TT-1001": {"status": "packing"},
    "TT-1002": {"status": "shipped", "days_ago": 2, "tracking": "https://parcels.example/TT-1002"},
    "TT-1003": {"status": "cancelled"},
}


class LookUpOrder(Action):
    def name(self):
        return "look_up_order"

    def run(self, dispatcher, tracker, domain):
        number = (tracker.get_slot("number") or "").strip().upper()
        order = {"number": number, **ORDERS.get(number, {"status": "unknown"})}
        if "days_ago" in order:
            order["shipped_on"] = (date.today() - timedelta(days=order["days_ago"])).isoformat()
        return [SlotSet("order", order)]
