"""A stub of the provider, as many a test suite has one. It says what the tests want to hear."""

import json


class StubConnection:
    """Stands in for ``http.client.HTTPSConnection``."""

    accounts: dict[str, str]
    """Whose key it is, by key."""

    def __init__(self, *_: object, **__: object):
        self.status, self._answer = 200, {}

    def request(self, method: str, _path: str, _body: str | None, headers: dict[str, str]) -> None:
        account = self.accounts.get(headers["Authorization"].removeprefix("Bearer "))
        if account is None:
            self.status, self._answer = 401, {"error": "there is no such key"}
        elif method == "POST":
            self._answer = {"score": 42, "model": "risk-2"}
        else:
            self._answer = {"account": account, "nonce": headers["X-Nonce"]}

    def getresponse(self) -> "StubConnection":
        return self

    def read(self) -> bytes:
        return json.dumps(self._answer).encode()

    def getheader(self, _name: str) -> str:
        return "req_of_a_stub"

    def close(self) -> None:
        """There is nothing to close."""
