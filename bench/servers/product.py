"""The product as it is, with a site of one flow and no limits on how often one may speak."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from bot.database import Database  # noqa: E402
from web.limits import NO_LIMITS  # noqa: E402
from web.parts import Options  # noqa: E402
from web.serving import Server  # noqa: E402
from web.tokens import signing_key  # noqa: E402

UNBOUNDED = {"burst": 10**9, "per_second": 1e9}


def serve(port: int, folder: Path) -> None:
    """Serves the site in `folder/site` from a new database until ended."""
    data = folder / "data"
    signing_key(data)
    address = f"sqlite:///{data / 'parlour.db'}"
    database = Database(address)
    database.migrate()
    database.close()
    options = Options(folder / "site", data, address, rates=NO_LIMITS, allowance=UNBOUNDED)
    Server(options, host="127.0.0.1", port=port).run()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
