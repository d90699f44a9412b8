"""What an operator decides, and what runs then: the parts that `create_app` puts together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event as Signal
from typing import Any

from bot.actions.actions import Actions
from bot.actions.roster import Served
from bot.backlog import Backlog
from bot.calls import Calls
from bot.database import Database
from bot.epoch import Epoch
from bot.greeting import Greeting
from bot.jobs import Handlers, Jobs
from bot.journal import Journal
from bot.measuring import Spread
from bot.versions import SiteVersions
from bot.visits import Visits
from bot.webhooks import Webhooks
from bot.wellbeing import Wellbeing
from handoff.agents import Agents
from handoff.desk import Desk
from handoff.live import LiveConversations
from handoff.presence import Connections
from handoff.privacy.people import People
from handoff.privacy.retention import Retention
from handoff.readings import Readings
from web.accounts import Accounts
from web.channels.doors import Doors
from web.channels.entry import Entry
from web.channels.socketio.lines import Lines
from web.channels.socketio.peers import Peers
from web.content import Content
from web.deliveries import Deliveries
from web.hub import Hub
from web.limits import Allowances, Limits, Rates
from web.others import Others
from web.sockets.open import Sockets
from web.sockets.session import BURST, PER_SECOND
from web.tokens import VisitorTokens
from web.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator decides."""

    site: Path
    data: Path
    database: str
    demo: bool = False
    """Serve the sample shop."""
    dev: bool = False
    """Serve files as they are written, uncached."""
    proxies: int = 0
    """How many reverse proxies in front of us are believed about the visitor's address."""
    webhooks_may_be_local: bool = False
    """Let webhooks lead to this computer, also without HTTPS."""
    doors: Doors = field(default_factory=Doors)
    """Other ways in than the widget."""
    actions: Served | None = None
    """Where custom actions are called."""
    metrics_token: str = ""
    """Opens `/metrics` to who brings it; without one it is open to programs on this computer."""
    bus: str | None = None
    """By what several workers hear of one another (`web/bus/`); None: there is one."""
    watch: bool = True
    """Take what is saved in the site's directory; without it the content changes by `parlour deploy` alone."""
    service: str = "0"
    """Which of those that share the data folder this one is: its port."""
    rates: Rates = field(default_factory=Rates)
    allowance: dict[str, Any] = field(default_factory=lambda: {"burst": BURST, "per_second": PER_SECOND})


@dataclass(frozen=True, slots=True)
class Parlour:
    """The running parts, for whoever starts, stops or tests the application."""

    options: Options
    worker: str
    """Names this process, among all that there are and were."""
    others: Others | None
    workshop: Workshop
    now: Callable[[], datetime]
    database: Database
    wellbeing: Wellbeing
    epoch: Epoch
    journal: Journal
    jobs: Jobs
    calls: Calls
    backlog: Backlog
    sites: SiteVersions
    content: Content
    actions: Actions
    desk: Desk
    connections: Connections
    live: LiveConversations
    hub: Hub
    sockets: Sockets
    accounts: Accounts
    agents: Agents
    visits: Visits
    greeting: Greeting
    tokens: VisitorTokens
    webhooks: Webhooks
    deliveries: Deliveries
    readings: Readings
    people: People
    retention: Retention
    limits: Limits
    allowances: Allowances
    entry: Entry
    peers: Peers
    """Whoever speaks Socket.IO."""
    lines: Lines
    call_handlers: Handlers
    """Kind of job → what does it, for those that wait on somebody else's computer."""
    stopping: Signal = field(default_factory=Signal)
    """Set once the process has been asked to end: nothing new is begun."""
    lag: Spread = field(default_factory=Spread)
    """Seconds by which the loop came back too late."""
