"""A site that was just made."""

from pathlib import Path

import pytest

from tests.shell import parlour


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "mysite"
    assert parlour("init", str(made)).exit_code == 0
    return made
