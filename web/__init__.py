"""What Parlour shows the world: sockets, pages, static files, command line."""

__version__ = "0.1.0"
