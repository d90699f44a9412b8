"""What every answer's head says: what a page of ours may load, who may frame it, and that nobody keeps a copy."""

from flask import Flask, Response, request

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing of ours is told to other sites; our own pages still see where a visitor of the sample shop came from.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"


def install(app: Flask) -> None:
    """Completes the head of every answer, refusals and faults included; what a view has said itself stays."""
    app.after_request(complete)


def complete(answer: Response) -> Response:
    """Adds what is not said yet; an answer nobody called cacheable is personal and is stored nowhere."""
    for name, value in ALWAYS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    # Werkzeug puts before an address what the caller took for our name, which a cache may then tell to others.
    leads = answer.headers.get("Location", "")
    if leads.startswith(request.root_url):
        answer.headers["Location"] = leads.removeprefix(request.root_url.rstrip("/"))
        answer.set_data("")
    if request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", HSTS)
    return answer
