"""The address of a database, as operators write it: also of two servers, one of which takes writes."""

import re

from sqlalchemy import URL, make_url

_SEVERAL = re.compile(r"(postgres(?:ql)?(?:\+\w+)?://(?:[^@]*@)?)([^/?@]*,[^/?@]*)((?:[/?].*)?)", re.S)
"""`postgresql://user:password@one:5432,two:5432/name`, as PostgreSQL's own programs take it."""
_SERVER = re.compile(r"(?:\[([^][]+)\]|([^][:]*))(?::(\d*))?")


def parsed(url: str | URL) -> URL:
    """Returns the address in parts, several servers as PostgreSQL's parameters `host` and `port`.

    Raises ValueError or SQLAlchemy's ArgumentError when it cannot be read.
    """
    several = _SEVERAL.fullmatch(url) if isinstance(url, str) else None
    if several is None:
        return make_url(url)
    before, servers, after = several.groups()
    hosts, ports = zip(*map(_host_and_port, servers.split(",")), strict=True)
    return make_url(before + after).update_query_dict({"host": ",".join(hosts), "port": ",".join(ports)})


def written(url: URL, *, hide_password: bool) -> str:
    """Returns the address as it was written."""
    host, port = url.query.get("host"), url.query.get("port")
    if not (isinstance(host, str) and isinstance(port, str) and "," in host and "/" not in host):
        return url.render_as_string(hide_password=hide_password)
    servers = zip(host.split(","), port.split(","), strict=True)
    names = ",".join(f"{_bracketed(name)}:{number}".rstrip(":") for name, number in servers)
    plain = url.difference_update_query(["host", "port"]).set(host=names)
    return plain.render_as_string(hide_password=hide_password).replace(f"[{names}]", names)


def _host_and_port(server: str) -> tuple[str, str]:
    found = _SERVER.fullmatch(server)
    if found is None:
        raise ValueError("neither a name nor a name and a port")
    return found[1] or found[2], found[3] or ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
