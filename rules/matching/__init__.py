"""Which rules' words are in a message: the words as they are compared, patterns, and the index over all of them."""
