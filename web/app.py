"""`create_app`: the only place where the parts are put together."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import random
from time import monotonic, sleep
from typing import Any

from flask import Flask
from flask_sock import Sock

from bot import blocking
from bot.actions.actions import Actions
from bot.actions.client import Client
from bot.actions.roster import Roster, Served
from bot.answering import Bot
from bot.backlog import Backlog
from bot.calls import Calls
from bot.conversation import Conversation
from bot.database import Database
from bot.epoch import Epoch
from bot.greeting import Greeting
from bot.ids import new_id
from bot.impressions import Impressions
from bot.jobs import Handlers, Jobs
from bot.journal import Journal
from bot.outside import Outside
from bot.spans import Spans, no_spans
from bot.versions import SiteVersions
from bot.visits import Visits
from bot.webhooks import JOB as TELL_WEBHOOK
from bot.webhooks import Webhooks
from bot.wellbeing import Wellbeing
from handoff.agents import Agents
from handoff.announcements import Announcements
from handoff.brief import Briefs
from handoff.desk import Desk, Parts
from handoff.elsewhere import Elsewhere
from handoff.live import LiveConversations
from handoff.presence import Connections
from handoff.privacy.acts import Acts
from handoff.privacy.erasing import Erased, Erasing
from handoff.privacy.people import People
from handoff.privacy.retention import Retention
from handoff.queue import Queue
from handoff.readings import Readings
from handoff.relay import Relay
from handoff.routing import Agent
from handoff.rows import Rows
from handoff.status import status_of
from web import __version__, assets, bodies, demo, errors, headers, health, metrics, panel, visitors, webhooks, widget
from web.accounts import Accounts, Passwords
from web.audience import ROLES_OF, Gate, nobody
from web.bus.choosing import bus_of
from web.channels import callback, control, rest
from web.channels.conversations import Conversations
from web.channels.doors import Senders
from web.channels.entry import Entry
from web.channels.posted import Posting
from web.channels.settling import Settling
from web.channels.socketio import routes
from web.channels.socketio.lines import Lines
from web.channels.socketio.peers import Door, Peers
from web.connection import SERVER_OPTIONS
from web.content import Content
from web.deliveries import Deliveries
from web.hub import Frame, Hub
from web.limits import Allowances, Limits, trust_proxies
from web.origins import Embedding
from web.others import Others
from web.parts import Options, Parlour
from web.public_bundles import PublicBundles
from web.sign_in import SIGN_IN_PAGE, SignIn
from web.sockets.agent import AgentRoom
from web.sockets.open import Sockets, most_sockets
from web.sockets.visitor import VisitorRoom
from web.tokens import ApiToken, VisitorTokens, signing_key
from web.workshop import Workshop, at_once


def utc_now() -> datetime:
    """Returns the moment by which everything is decided and recorded, handed in everywhere else.

    Rates (`limits.py`) and the age of a file (`metrics.py`) are measured by the computer's own time."""
    return datetime.now(UTC)


def create_app(
    options: Options,
    *,
    workshop: Workshop | None = None,
    now: Callable[[], datetime] = utc_now,
    spans: Spans = no_spans,
    worker: str | None = None,
) -> Flask:
    """Returns the application; its parts are `app.extensions["parlour"]`.

    Without a workshop everything happens at once: no loop, no background work. Raises BrokenSite or CannotOpen.
    """
    workshop = workshop or at_once()
    parlour = _put_together(options, workshop, now, spans, worker or new_id())
    app = Flask(__name__, static_folder=None)
    app.debug = False  # Whatever an environment says that was meant for another program.
    app.extensions["parlour"] = parlour
    app.secret_key = signing_key(options.data)
    app.config["SOCK_SERVER_OPTIONS"] = SERVER_OPTIONS
    _serve(app, parlour)
    return app


def _put_together(
    options: Options, workshop: Workshop, now: Callable[[], datetime], spans: Spans, worker: str
) -> Parlour:
    database = Database(options.database)
    wellbeing = Wellbeing(database, clock=monotonic)
    sites = SiteVersions(database, now=now, run_blocking=workshop.run_blocking)
    content = Content(options.site, sites, watch=options.watch, run_blocking=workshop.run_blocking)
    content.start()
    journal = Journal(database, spawn=workshop.spawn, run_blocking=workshop.run_writing, spans=spans)
    jobs = Jobs(database, now=now, run_blocking=workshop.run_blocking, spans=spans)
    calls = Calls(jobs, database, now=now, spawn=workshop.spawn, run_blocking=workshop.run_blocking)
    outside = Outside(name=f"Parlour/{__version__}", may_be_local=options.webhooks_may_be_local)
    hooks = Webhooks(database, outside, now=now, new_id=new_id)
    connections = Connections(database, worker=worker, now=now, run_blocking=workshop.run_blocking)
    agents = Agents(database, sites, connections, now=now)
    announcements = Announcements()
    live = LiveConversations(database)
    actions = _actions(options.actions, workshop, spans)
    bot = Bot(sites, agents, actions.roster)
    desk = Desk(
        Parts(
            journal=journal,
            jobs=jobs,
            live=live,
            queue=Queue(database),
            agents=agents,
            connections=connections,
            bot=bot,
            announcements=announcements,
            now=now,
            new_id=new_id,
            actions=actions,
            spans=spans,
            errands=(hooks.plan, *((callback.plan,) if options.doors.callback else ())),
        )
    )
    hub = Hub(later=workshop.later)
    announcements.subscribe(hub.on_news)
    key = signing_key(options.data)
    limits = Limits(options.rates)
    readings = Readings(database, run_blocking=workshop.run_blocking)
    settling = Settling()
    announcements.subscribe(settling.on_news)
    entry = Entry(desk, journal, limits, Senders(key), settling, lambda: sites.current, new_id)
    peers = Peers(Door(entry, live, readings, new_id))
    announcements.subscribe(peers.on_news)
    visits = Visits(database, journal, new_id=new_id)
    others = None
    if options.bus:
        bus = bus_of(options.bus, database.url, key=key, worker=worker)
        elsewhere = Elsewhere(live, journal, announcements)
        listening = (hub, settling, peers)
        relay = Relay(database, live, agents, announcements, elsewhere, listening, bus.publish)
        announcements.subscribe(relay.on_news)
        others = Others(bus, relay, hub, live, visits)
    deliveries = Deliveries(hooks, journal, outside, now=now, new_id=new_id, spans=spans)
    return Parlour(
        options=options,
        worker=worker,
        others=others,
        workshop=workshop,
        now=now,
        database=database,
        wellbeing=wellbeing,
        epoch=Epoch(database),
        journal=journal,
        jobs=jobs,
        calls=calls,
        backlog=Backlog(database, now=now),
        sites=sites,
        content=content,
        actions=actions,
        desk=desk,
        connections=connections,
        live=live,
        hub=hub,
        sockets=Sockets(workshop.spawn or blocking.at_once, most=most_sockets(), rates=options.rates),
        accounts=Accounts(database, now=now, passwords=Passwords(workshop.run_blocking)),
        agents=agents,
        visits=visits,
        greeting=Greeting(
            sites, visits, Impressions(database, journal, new_id=new_id), agents, known=live.known, now=now
        ),
        tokens=VisitorTokens(key),
        webhooks=hooks,
        deliveries=deliveries,
        readings=readings,
        people=People(database),
        retention=Retention(database, lambda: sites.current.keep, now=now, new_id=new_id),
        limits=limits,
        allowances=Allowances(**options.allowance),
        entry=entry,
        peers=peers,
        lines=Lines(new_id=new_id),
        call_handlers={TELL_WEBHOOK: deliveries.deliver, **_posting(options, entry)},
    )


def _posting(options: Options, entry: Entry) -> Handlers:
    if options.doors.callback is None:
        return {}
    # The operator's own word is where it leads; nobody with a browser can change it.
    outside = Outside(name=f"Parlour/{__version__}", may_be_anywhere=True)
    return {callback.KIND: callback.Posting(options.doors.callback, outside, entry).post_all}


def _actions(served: Served | None, workshop: Workshop, spans: Spans) -> Actions:
    if served is None:
        return Actions()
    client = Client(served.address, clock=monotonic, sleep=sleep, chance=random)
    return Actions(client, Roster(client, served.status), clock=monotonic, spawn=workshop.spawn, spans=spans)


def _serve(app: Flask, parlour: Parlour) -> None:
    limits, readings = parlour.limits, parlour.readings
    parlour.hub.waiting_changed = lambda: _waiting(parlour)
    parlour.content.on_change = lambda: parlour.hub.tell_agents({"op": "content", "problem": parlour.content.problem})
    sign_in = _guard(app, parlour, limits)
    sock = Sock(app)
    app.register_blueprint(widget.blueprint(_widget_parts(parlour, limits, readings), sock))
    app.register_blueprint(panel.blueprint(_panel_parts(parlour, limits, readings, sign_in), sock))
    app.register_blueprint(webhooks.blueprint(parlour.webhooks, parlour.deliveries, limits, now=parlour.now))
    app.register_blueprint(health.blueprint(parlour))
    app.register_blueprint(metrics.blueprint(parlour))
    app.register_blueprint(visitors.blueprint(_visitor_parts(parlour, limits)))
    _open_doors(app, parlour, sock)
    if parlour.options.demo:
        app.register_blueprint(demo.blueprint())


def _open_doors(app: Flask, parlour: Parlour, sock: Sock) -> None:
    """Serves what the operator opened; the addresses of a door that is shut do not exist."""
    doors = parlour.options.doors
    if doors.rest:
        app.register_blueprint(rest.blueprint(parlour.entry))
    if doors.callback:
        app.register_blueprint(callback.blueprint(parlour.entry))
    if doors.socketio:
        pages = routes.blueprint(parlour.lines, parlour.peers, parlour.limits, sock, parlour.sockets)
        app.register_blueprint(pages)
    if doors.token:
        conversations = Conversations(parlour.entry, parlour.live, doors, parlour.peers.are_here)
        posting = Posting(parlour.desk, new_id, lambda: parlour.sites.current.flows)
        parts = control.ControlParts(conversations, posting, lambda: parlour.sites.current)
        app.register_blueprint(control.blueprint(parts))


def _guard(app: Flask, parlour: Parlour, limits: Limits) -> SignIn:
    """Puts everything between a request and its view that has to be there for all of them."""
    app.wsgi_app = _without_compression(app.wsgi_app)  # type: ignore[method-assign]
    trust_proxies(app, parlour.options.proxies)
    bodies.install(app)
    headers.install(app)
    errors.install(app, sign_in_page=SIGN_IN_PAGE)
    assets.install(app, assets.Assets(dev=True) if parlour.options.dev else assets.shipped())
    sign_in = SignIn(app, parlour.accounts, limits, departments=lambda: list(parlour.sites.current.departments))
    Gate(
        embedding=Embedding(lambda: parlour.sites.current.domains),
        visitor_of=parlour.tokens.visitor_of_request,
        signed_in=sign_in.signed_in,
        protect=sign_in.protect,
        limits=limits,
        check_program=ApiToken(parlour.options.doors.token).check if parlour.options.doors.token else nobody,
        refuse_socket=lambda audience, address: parlour.sockets.refuse_more(address, of_agent=audience in ROLES_OF),
    ).install(app)
    return sign_in


def _widget_parts(parlour: Parlour, limits: Limits, readings: Readings) -> widget.WidgetParts:
    queue = Queue(parlour.database)

    def status(conversation: Conversation) -> dict[str, Any]:
        read = readings.read_by(f"agent:{conversation.owner}", [conversation.id]) if conversation.owner else {}
        return status_of(
            conversation,
            site=parlour.sites.current,
            agents=parlour.agents,
            queue=queue,
            now=parlour.now(),
            agent_read=parlour.journal.visitor_seq_at(conversation.id, read.get(conversation.id, 0)),
        )

    room = VisitorRoom(
        desk=parlour.desk,
        hub=parlour.hub,
        journal=parlour.journal,
        greeting=parlour.greeting,
        readings=readings,
        epoch=parlour.epoch,
        limits=limits,
        status=status,
    )
    return widget.WidgetParts(
        desk=parlour.desk,
        greeting=parlour.greeting,
        room=room,
        tokens=parlour.tokens,
        limits=limits,
        bundles=PublicBundles(parlour.sites),
        sockets=parlour.sockets,
        allowances=parlour.allowances,
    )


def _waiting(parlour: Parlour) -> list[Conversation]:
    """Returns the waiting conversations whose visitors have a socket open."""
    known = filter(None, map(parlour.live.known_open_of, parlour.hub.visitors_here()))
    kept = filter(None, map(parlour.live.kept, known))
    return [each.conversation for each in kept if each.conversation.holder == "queue"]


def _panel_parts(parlour: Parlour, limits: Limits, readings: Readings, sign_in: SignIn) -> panel.PanelParts:
    rows = Rows(Queue(parlour.database), parlour.agents)

    def lists(agent: Agent) -> Frame:
        waiting, more = rows.waiting(agent)
        return {"op": "queue", "intent": agent.intent, "waiting": waiting, "more": more, "mine": rows.held(agent)}

    def surroundings(_: Agent) -> Frame:
        site = parlour.sites.current
        departments = [
            {"id": each.id, "title": each.title_in(site.default_language)} for each in site.departments.values()
        ]
        content = {"version": site.version[:12], "problem": parlour.content.problem}
        return {"departments": departments, "content": content}

    room = AgentRoom(
        desk=parlour.desk,
        hub=parlour.hub,
        journal=parlour.journal,
        agents=parlour.agents,
        readings=readings,
        epoch=parlour.epoch,
        lists=lists,
        surroundings=surroundings,
    )
    return panel.PanelParts(
        desk=parlour.desk,
        room=room,
        rows=rows,
        briefs=Briefs(parlour.journal, parlour.live, parlour.visits),
        people=parlour.people,
        journal=parlour.journal,
        accounts=parlour.accounts,
        sign_in=sign_in,
        limits=limits,
        site=lambda: parlour.sites.current,
        now=parlour.now,
        run_blocking=parlour.workshop.run_blocking,
        sockets=parlour.sockets,
        allowances=parlour.allowances,
    )


def _visitor_parts(parlour: Parlour, limits: Limits) -> visitors.VisitorParts:
    def forget(erased: Erased) -> None:
        parlour.desk.forget_conversations(erased.conversations)
        for visitor in erased.person.visitors:
            parlour.visits.forget(visitor)
        parlour.jobs.wake()

    return visitors.VisitorParts(
        desk=parlour.desk,
        database=parlour.database,
        people=parlour.people,
        acts=Acts(parlour.database, now=parlour.now, new_id=new_id),
        erasing=Erasing(parlour.database, now=parlour.now, new_id=new_id),
        forget=forget,
        limits=limits,
        now=parlour.now,
        run_blocking=parlour.workshop.run_blocking,
    )


def _without_compression(app: Any) -> Any:
    """simple-websocket accepts deflate whenever it is offered, at 95 KB a connection: so it is not offered."""

    def asked(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return app(environ, start_response)

    return asked
