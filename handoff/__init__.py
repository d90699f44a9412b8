"""Who holds a conversation: the desk, the queue, routing, agents."""
