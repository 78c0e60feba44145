"""The product of this example: it screens payments. A provider scores each payment, and PostgreSQL keeps every step."""

import hashlib
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from secrets import token_hex

import psycopg
from psycopg.rows import dict_row

ADD_EVENT = "INSERT INTO event (run, number, step, request_id, data) VALUES (%s, %s, %s, %s, %s)"
HOLD_FROM = 70
"""A payment with this score or a higher one is held."""


class RefusedError(Exception):
    """The provider does not accept our key."""


class StoreLostError(Exception):
    """The database did not confirm the run. Save it again: it is then stored once, whatever has happened."""


@dataclass(frozen=True)
class Answer:
    """The provider's answer, with its own id of the request."""

    score: int
    model: str
    request_id: str | None = None


class Provider:
    """The service that scores payments, over HTTPS with a key."""

    def __init__(self, host: str, port: int, key: str, authority: str, nonce: str = ""):
        self.host, self.port = host, port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "X-Nonce": nonce}
        self._tls = ssl.create_default_context(cadata=authority)

    def score(self, payment: dict) -> Answer:
        answer, request_id = self._ask("POST", "/scores", json.dumps(payment))
        return Answer(answer["score"], answer["model"], request_id)

    def address(self, path: str) -> str:
        return f"https://{self.host}:{self.port}{path}"

    def logged(self, request_id: str) -> dict:
        """Return what the provider's own log says of a request."""
        return self._ask("GET", f"/requests/{request_id}")[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[dict, str | None]:
        connection = HTTPSConnection(self.host, self.port, timeout=10, context=self._tls)
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            answer = json.load(response)
        finally:
            connection.close()
        if response.status == 401:
            raise RefusedError(f"the provider refused the key: 401 {answer['error']}")
        if response.status >= 400:
            raise OSError(f"the provider failed: {response.status} {answer['error']}")
        return answer, response.getheader("X-Request-Id")

    def handshake(self) -> dict[str, str]:
        """Shake hands, and return who the peer is. A certificate that cannot be verified raises an error of ``ssl``."""
        with (
            socket.create_connection((self.host, self.port), timeout=10) as plain,
            self._tls.wrap_socket(plain, server_hostname=self.host) as secure,
        ):
            certificate, encoded = secure.getpeercert(), secure.getpeercert(binary_form=True)
            return {
                "certificate": ssl.DER_cert_to_PEM_cert(encoded),
                "subject": _name(certificate["subject"]),
                "issuer": _name(certificate["issuer"]),
                "serial_number": certificate["serialNumber"],
                "valid_until": certificate["notAfter"],
                "sha256": hashlib.sha256(encoded).hexdigest(),
                "protocol": secure.version(),
                "cipher": secure.cipher()[0],
            }


def _name(parts: Iterable[tuple[tuple[str, str], ...]]) -> str:
    return ", ".join(f"{key}={value}" for part in parts for key, value in part)


class Store:
    """The runs and attestations in PostgreSQL, over one connection that is opened again when it was lost."""

    def __init__(self, patience: float = 10, **address: str | int):
        self._address = address
        self._options = f"-c idle_in_transaction_session_timeout={int(patience * 1000)}"  # no lock is held for longer
        self._connection: psycopg.Connection | None = None

    def save(self, run: str, steps: Iterable[dict]) -> None:
        """Store a run with all its steps, unless it is stored already."""
        try:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                if cursor.execute("INSERT INTO run (id) VALUES (%s) ON CONFLICT DO NOTHING", [run]).rowcount == 0:
                    return
                for number, step in enumerate(steps):
                    row = [run, number, step["step"], step["request_id"], json.dumps(step["data"])]
                    cursor.execute(ADD_EVENT, row)
        except psycopg.Error as error:
            if self._connection is not None and not self._connection.closed:
                raise  # a mistake of ours, and no loss
            raise StoreLostError(str(error)) from error

    def trace(self, run: str) -> list[dict]:
        """Return the stored events of a run, in their order."""
        question = "SELECT run, number, at, worker, step, request_id, data FROM event WHERE run = %s ORDER BY number"
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(question, [run]).fetchall()

    def attest(self, statement: dict) -> int:
        """Store a statement, and return its number."""
        question = "INSERT INTO attestation (statement) VALUES (%s) RETURNING id"
        return self.connection.execute(question, [json.dumps(statement)]).fetchone()[0]

    def attested(self, number: int) -> dict:
        return self.connection.execute("SELECT statement FROM attestation WHERE id = %s", [number]).fetchone()[0]

    @property
    def connection(self) -> psycopg.Connection:
        """The open connection."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                **self._address, options=self._options, connect_timeout=10, autocommit=True
            )
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def screen(payment: dict, provider: Provider, store: Store) -> str:
    """Screen a payment, and return the id of the run."""
    run = token_hex(8)
    store.save(run, list(steps(payment, provider.score)))
    return run


def steps(payment: dict, ask: Callable[[dict], Answer]) -> Iterator[dict]:
    """Yield what is done with a payment, step by step."""
    yield {"step": "received", "request_id": None, "data": payment}
    answer = ask(payment)
    yield {"step": "scored", "request_id": answer.request_id, "data": {"score": answer.score, "model": answer.model}}
    yield {"step": "decided", "request_id": None, "data": {"hold": answer.score >= HOLD_FROM}}


def replay(trace: list[dict], ask: Callable[[dict], Answer] | None = None) -> list[dict]:
    """Return the steps of a recorded run, done again. Without ``ask`` the provider's recorded answer stands for it."""
    recorded = {event["step"]: event["data"] for event in trace}
    return list(steps(recorded["received"], ask or (lambda _payment: Answer(**recorded["scored"]))))


def content(trace: list[dict]) -> list[dict]:
    """Return what was done in a run, without when and under which ids."""
    return [{"step": event["step"], "data": event["data"]} for event in trace]
