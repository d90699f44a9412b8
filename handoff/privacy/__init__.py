"""The record of one person: found, handed out, held, erased; and how long records stay at all."""
