"""The words of the command line: each command, its options and its example. What they do stands in `web/commands/`."""
