"""Rasa's Socket.IO channel: Engine.IO 4 over polling and WebSockets, and the four events Rasa's clients speak."""
