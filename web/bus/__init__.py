"""How the workers of an installation hear of one another. What travels are hints: any may be lost, doubled or late."""
