"""`parlour init` and `parlour serve`."""

import gc
from pathlib import Path
from typing import Any

import click

from web.shell.options import ACTIONS_URL, DATA, DATABASE, SITE, WEBHOOKS_MAY_BE_LOCAL, Stop, refuse_folder_above


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Make a new site from the starter content.

    \b
    Example:   parlour init mysite
    """
    from bot.site.starting import CannotMake, make_site

    try:
        files = make_site(directory)
    except CannotMake as problem:
        raise Stop(str(problem)) from None
    click.echo(f"Made {directory} with {len(files)} files. Look at {directory}/site.yaml first, then:")
    click.echo(f"  parlour serve {directory}")


@click.command()
@SITE
@click.option("--host", default="127.0.0.1", envvar="HOST", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, envvar="PORT", show_default=True, type=click.IntRange(0, 65535), help="Its port.")
@DATA
@DATABASE
@click.option(
    "--workers",
    default=1,
    envvar="PARLOUR_WORKERS",
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that serve; several need PostgreSQL.",
)
@click.option(
    "--bus",
    envvar="PARLOUR_BUS",
    metavar="WHERE",
    help="By what processes hear of one another: postgres, or redis://… Default: postgres if there are several.",
)
@click.option(
    "--demo/--no-demo", default=None, envvar="PARLOUR_DEMO", help="Serve the sample shop. Default: only on loopback."
)
@click.option(
    "--watch/--no-watch",
    default=True,
    envvar="PARLOUR_WATCH",
    show_default=True,
    help="Take what is saved in the site's folder. Without it, only what is deployed.",
)
@click.option("--dev", is_flag=True, envvar="PARLOUR_DEV", help="Serve files as they are written, uncached.")
@click.option(
    "--trusted-proxies",
    default=0,
    envvar="PARLOUR_TRUSTED_PROXIES",
    type=click.IntRange(0, 10),
    help="Reverse proxies before us to believe.",
)
@WEBHOOKS_MAY_BE_LOCAL
@click.option(
    "--door",
    "doors",
    multiple=True,
    envvar="PARLOUR_DOORS",
    metavar="NAME",
    help="Let clients of Rasa in: rest, socketio, callback=ADDRESS. May be given several times.",
)
@click.option("--api-token", envvar="PARLOUR_API_TOKEN", help="Opens Rasa's tracker and control API to who brings it.")
@click.option(
    "--metrics-token",
    envvar="PARLOUR_METRICS_TOKEN",
    default="",
    help="Opens /metrics to who brings it. Default: only programs on this computer read it.",
)
@ACTIONS_URL
def serve(site: Path, **options: Any) -> None:
    """Serve a site: widget, panel and sample shop.

    Without a site directory, ./site is made from the starter content.

    \b
    Example:   parlour serve mysite --port 8080
    """
    refuse_folder_above(site)
    gc.disable()  # Nothing that is made before the first request is ever given back; `web/serving.py` enables it then.
    from gevent import monkey

    monkey.patch_all()
    from web.commands.serving import Refused, serve_site

    try:
        serve_site(site, **options)
    except Refused as problem:
        raise Stop(str(problem)) from None
