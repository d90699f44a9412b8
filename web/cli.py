"""The command `parlour`. Nothing heavy is imported before a command is known: `serve` patches the process first."""

import click

from web import __version__
from web.shell.agents import agent
from web.shell.content import check, deploy, rollback, talk, versions
from web.shell.explaining import explain
from web.shell.jobs import jobs
from web.shell.serving import init, serve
from web.shell.visitors import retention, visitor
from web.shell.webhooks import webhook


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parlour")
def main() -> None:
    """Parlour greets the people who visit a website, asks what a colleague needs to know, and hands over.

    \b
    Begin with:   parlour init mysite
                  parlour serve mysite
    """


COMMANDS = (
    *(init, serve, agent, explain, jobs, webhook),
    *(check, talk, deploy, rollback, versions),
    *(visitor, retention),
)
for _command in COMMANDS:
    main.add_command(_command)


if __name__ == "__main__":
    main()
