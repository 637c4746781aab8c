"""robots.txt (RFC 9309): binds the pages that we find ourselves, never an address that its owner registered."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from ckanext.kagoshima.harvesting.client import Client, FetchError

_MAX = 512 * 1024


class Robots:
    """The rules of the hosts met in one run, each fetched once."""

    def __init__(self, client: Client, agent: str = "ckanext-kagoshima") -> None:
        self._client = client
        self._agent = agent
        self._rules: dict[str, RobotFileParser | None] = {}

    @classmethod
    def of(cls, client: Client) -> Robots:
        """The rules that `client` met so far: a worker asks each host once, however many sources it has there."""
        found = getattr(client, "robots", None)
        if found is None:
            found = cls(client)
            client.robots = found  # type: ignore[attr-defined]
        return found

    def allows(self, url: str) -> bool:
        """Without a robots.txt everything is allowed; while the server fails, nothing (RFC 9309, 2.3.1.4)."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._rules:
            self._rules[host] = self._fetch(f"{host}/robots.txt")
        rules = self._rules[host]
        return rules is not None and rules.can_fetch(self._agent, url)

    def _fetch(self, url: str) -> RobotFileParser | None:
        parser = RobotFileParser(url)
        try:
            answer = self._client.get(url, size=_MAX)
        except FetchError as error:
            if error.code == "http-status" and 400 <= int(str(error.values.get("status", 0))) < 500:
                parser.parse([])
                return parser
            return None
        parser.parse(answer.body.decode("utf-8", "replace").splitlines())
        return parser
