"""Other ways in than the widget: Rasa's REST, callback and Socket.IO channels, and its tracker and control API."""
