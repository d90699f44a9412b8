"""A disk with no room left."""

import os
from pathlib import Path


def full(folder: Path) -> Path:
    """Fills the disk of a folder to the last byte; returns the file that makes room again by being gone."""
    filler = folder / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"\0" * 4096):
            pass
    except OSError:
        os.close(descriptor)
    return filler
