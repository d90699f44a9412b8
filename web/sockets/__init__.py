"""Frames in, one verb of the desk each; events out."""
