"""Whether everything is tried, not only what fits into the ordinary run: `make conformance`, or THOROUGH=1."""

import os

THOROUGH = os.environ.get("THOROUGH") == "1"
