"""What is asked of a running Yamcs over its web address: whether it is well, whether its link is up, to set its clock, to note an event.

Source: Yamcs HTTP API, 5.12 (`GET /api/instances`, `GET /api/links`, `POST /api/instances/{instance}:setTime`,
`POST /api/archive/{instance}/events`).
"""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

TIMEOUT_S = 5.0


def asked(address: str, path: str, body: object = None) -> dict[str, object] | None:
    """The answer to a GET, or to a POST of `body`; None where there is none."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"}, method="GET" if data is None else "POST")
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as answer:
            said = answer.read()
    except (OSError, urllib.error.URLError):
        return None
    answered: dict[str, object] = json.loads(said) if said else {}
    return answered


def is_running(address: str, instance: str) -> bool:
    """Whether the instance has started."""
    said = asked(address, f"/api/instances/{instance}")
    return said is not None and said.get("state") == "RUNNING"


def link_is_up(address: str, instance: str, link: str) -> bool:
    """Whether the link is connected."""
    said = asked(address, f"/api/links/{instance}/{link}")
    return said is not None and said.get("status") == "OK"


def packets_taken(address: str, instance: str, link: str) -> int:
    """How many packets the link has taken in; -1 where Yamcs does not say."""
    said = asked(address, f"/api/links/{instance}/{link}")
    return -1 if said is None else int(str(said.get("dataInCount", 0)))


def set_time(address: str, instance: str, utc: datetime, speed: float) -> bool:
    """Let the instance's clock show `utc` now and go on `speed` times as fast as the wall's; whether it was taken."""
    return asked(address, f"/api/instances/{instance}:setTime", {"time0": _zulu(utc), "elapsedTime": 0, "speed": speed}) is not None


def create_event(address: str, instance: str, utc: datetime, source: str, kind: str, severity: str, message: str) -> bool:
    """Let an event stand in its list; whether it was taken."""
    event = {"time": _zulu(utc), "source": source, "type": kind, "severity": severity, "message": message}
    return asked(address, f"/api/archive/{instance}/events", event) is not None


def _zulu(utc: datetime) -> str:
    return utc.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _opener() -> urllib.request.OpenerDirector:
    """No proxy stands between this machine and itself."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
