"""Spans: what is noted where an operator has a tracing system, without anybody's words, and nothing elsewhere."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.actions.client import address_of
from bot.actions.roster import Served
from bot.greeting import Whereabouts
from handoff.desk import Said
from tests import databases
from tests.alone import Alone
from tests.bot.actions.hostile import hostile
from tests.receiver import Receiver, answering
from tests.server import running, wait_for
from web.app import create_app
from web.parts import Options, Parlour
from web.tracing import CannotTrace, exporter_of, spans_by

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
SITE = """
site: {name: Tea, languages: [en], timezone: Europe/Berlin}
departments: {support: {title: Support}}
conversation: {start: looking}
flows:
  looking:
    steps:
      - collect: wanted
        ask: What do you look for?
      - {action: looks, with: {wanted: "{{ wanted }}"}, on_error: lost}
      - end: true
      - {id: lost, say: Lost.}
"""


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def parlour(tmp_path: Path, exporter: InMemorySpanExporter) -> Iterator[Parlour]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yaml").write_text(SITE)
    address = databases.sqlite_at(tmp_path / "parlour.db")
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with hostile() as server:
        options = Options(
            tmp_path / "site",
            tmp_path / "data",
            address,
            webhooks_may_be_local=True,
            actions=Served(address_of(server.url)),
        )
        parlour: Parlour = create_app(options, spans=spans_by(provider)).extensions["parlour"]
        parlour.actions.roster.wait()
        yield parlour
    parlour.database.close()


def says(parlour: Parlour, *texts: str) -> str:
    numbers = count()
    for text in texts:
        event = parlour.desk.receive(
            "ann", Said(text), client_id=f"{text}-{next(numbers)}", whereabouts=Whereabouts("en", facts={})
        )
    return event.conversation_id


def spans(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return {name.removeprefix("parlour."): value for name, value in (span.attributes or {}).items()}


def test_a_turn_its_commit_and_what_follows_are_noted(
    parlour: Parlour, exporter: InMemorySpanExporter, receiver: Receiver
):
    webhook = parlour.webhooks.add(receiver.url, ["started"])
    conversation = says(parlour, "Hello")
    while parlour.calls.run_due(parlour.call_handlers):
        pass
    (turn,) = spans(exporter, "turn")
    assert attributes(turn)["conversation"] == conversation
    (commit,) = spans(exporter, "commit")
    assert attributes(commit) == {"changes": 1}
    (job,) = spans(exporter, "job")
    assert attributes(job) == {"kind": "webhook", "conversation": conversation, "attempts": 1}
    (call,) = spans(exporter, "webhook")
    assert attributes(call) == {"webhook": webhook.id, "message": f"{conversation}_1", "status": 200}
    assert call.parent and job.context and call.parent.span_id == job.context.span_id


def test_nothing_that_somebody_wrote_is_in_a_span_and_no_exceptions_words(
    parlour: Parlour, exporter: InMemorySpanExporter, receiver: Receiver
):
    receiver.behaves = answering(500)
    parlour.webhooks.add(receiver.url + "?key=CANARY", ["message"])
    says(parlour, "CANARY", "my CANARY")
    while parlour.jobs.run_due(parlour.desk.job_handlers()) or parlour.calls.run_due(parlour.call_handlers):
        pass
    assert {span.name for span in exporter.get_finished_spans()} == {"turn", "commit", "job", "action", "webhook"}
    assert "CANARY" not in "".join(span.to_json() for span in exporter.get_finished_spans())
    (action,) = spans(exporter, "action")
    assert attributes(action)["action"] == "looks"


def test_what_fails_is_marked_with_its_kind_alone(exporter: InMemorySpanExporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.raises(ValueError), spans_by(provider)("job", kind="timer", conversation=None):
        int("CANARY")
    (span,) = exporter.get_finished_spans()
    assert (span.status.is_ok, span.status.description, span.events) == (False, "ValueError", ())
    assert attributes(span) == {"kind": "timer"}


# Where they go


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, "none"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "otlp"),
    ],
    ids=str,
)
def test_the_standards_variables_say_where_spans_go(environment: dict[str, str], exporter: str):
    assert exporter_of(environment) == exporter


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'. It may be otlp, console, none."),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'. Only http/protobuf is spoken",
        ),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused_at_the_start(environment: dict[str, str], told: str):
    with pytest.raises(CannotTrace, match=told.replace(".", r"\.")):
        exporter_of(environment)


def test_without_a_tracing_system_none_of_it_is_loaded():
    program = "import sys, web.commands.serving, web.app; print(any('opentelemetry' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_a_real_server_sends_its_spans_and_at_the_end_the_last_of_them(tmp_path: Path, receiver: Receiver):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.port}",
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
    }
    server = Alone(site, f"sqlite:///{tmp_path}/parlour.db", environment=environment)
    for _ in running(server):
        worker = server.get("/health").json()["worker"]
        ann = server.visitor()
        ann.says("CANARY")
        ann.close()
        assert receiver.came == []
        server.stop()
        wait_for(lambda: receiver.heard, 10)
    assert [each.path for each in receiver.heard] == ["/v1/traces"]
    (resource,) = ExportTraceServiceRequest.FromString(receiver.heard[0].body).resource_spans
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert {"turn", "commit"} <= {span.name for scope in resource.scope_spans for span in scope.spans}
    assert (about["service.name"], about["service.instance.id"]) == ("parlour", worker)
    assert about["deployment.environment"] == "test"
    assert b"CANARY" not in receiver.heard[0].body
