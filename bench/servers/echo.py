"""An echo through the product's `Connection`, served the way the product is: gunicorn with our worker."""

import sys
from functools import partial

import gevent

from tests.echo import Server, echo_app
from web.connection import Connection

if __name__ == "__main__":
    ours = partial(Connection, spawn=gevent.spawn)
    Server(partial(echo_app, "/echo", opened=ours, most=20_000), int(sys.argv[1])).run()
