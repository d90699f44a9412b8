"""Custom actions: calling an action server of rasa-sdk, and running one. Nothing here imports it but `program.py`."""
