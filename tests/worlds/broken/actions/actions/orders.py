import teahouse_orders
from rasa_sdk import Action


class LookUp(Action):
    def name(self):
        return "look_up"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=teahouse_orders.all())
