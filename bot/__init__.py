"""What the bot says, and what it remembers."""
