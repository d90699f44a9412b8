"""Spans for OpenTelemetry, when the operator's environment says where they go; else none of it is loaded.

The words of an exception are left out, as in the log.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.spans import Note, Spans, no_spans
from web import __version__

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
PROTOCOL = "http/protobuf"
EXPORTERS = ("otlp", "console", "none")

Stop = Callable[[], None]


class CannotTrace(Exception):
    """The environment asks for what there is not; the text says what to write."""


def exporter_of(environment: Mapping[str, str]) -> str:
    """Returns where spans go: otlp, console, or none; raises CannotTrace."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return "none"
    usual = "otlp" if any(environment.get(name) for name in ENDPOINTS) else "none"
    exporter = environment.get("OTEL_TRACES_EXPORTER") or usual
    if exporter not in EXPORTERS:
        raise CannotTrace(f"OTEL_TRACES_EXPORTER is '{exporter}'. It may be {', '.join(EXPORTERS)}.")
    for name in PROTOCOLS if exporter == "otlp" else ():
        if environment.get(name, PROTOCOL) != PROTOCOL:
            raise CannotTrace(f"{name} is '{environment[name]}'. Only {PROTOCOL} is spoken; its port is usually 4318.")
    return exporter


def tracing(environment: Mapping[str, str], *, worker: str) -> tuple[Spans, Stop]:
    """Returns what makes spans, and what sends off the last of them; raises CannotTrace.

    What else the standard's variables say (headers, sampler, attributes) is read by OpenTelemetry itself.
    """
    exporter = exporter_of(environment)
    if exporter == "none":
        return no_spans, lambda: None
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {"service.version": __version__, "service.instance.id": worker}
    if "OTEL_SERVICE_NAME" not in environment:
        about["service.name"] = "parlour"
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter(exporter)))
    return spans_by(provider), provider.shutdown


def spans_by(provider: Any) -> Spans:
    """Returns what makes spans for a provider of OpenTelemetry."""
    from opentelemetry.trace import Status, StatusCode

    tracer = provider.get_tracer("parlour", __version__)

    @contextmanager
    def spans(name: str, **attributes: str | int | None) -> Iterator[Note]:
        with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:

            def note(**more: str | int | None) -> None:
                span.set_attributes({f"parlour.{key}": value for key, value in more.items() if value is not None})

            note(**attributes)
            try:
                yield note
            except Exception as problem:
                span.set_status(Status(StatusCode.ERROR, type(problem).__name__))
                raise

    return spans


def _exporter(name: str) -> Any:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
