"""The servers of this staging: started and stopped, with the faults that the drills cause."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_urlsafe

import psycopg
from psycopg import sql

from .lifeline import EXAMPLE, Server
from .switches import Switch

ROLE = "screening"


class SlowNetwork:
    """A way to the database that can be made slow."""

    def __init__(self, server: Server):
        self._server = server
        self.port = server.address["port"]

    def delay(self, seconds: float) -> None:
        self._server.order(delay=seconds)


class Staging:
    """Addresses and credentials of the servers, and what an administrator does to them."""

    def __init__(self, switch: Switch, stack: ExitStack):
        self.keys = {mode: f"sk_{token_urlsafe(24)}" for mode in ("BYOK", "MANAGED")}
        self.provider_subject = "organizationName=Example Scoring, commonName=scoring.example.com"
        keys = {mode: key for mode, key in self.keys.items() if mode != switch.lost_account}
        provider = Server("staging.provider", keys=keys, organisation=switch.organisation)
        self.provider = stack.enter_context(provider).address

        passwords = {name: f"pw_{token_urlsafe(24)}" for name in ("postgres", ROLE)}
        settings = {"password": passwords["postgres"], "method": switch.method, "messages": switch.messages}
        self._server = stack.enter_context(Server("staging.database", **settings))
        address = self._server.address
        self.database_log = Path(address.pop("log"))
        self.database = {**address, "dbname": ROLE, "user": ROLE, "password": passwords[ROLE], "sslmode": "disable"}
        self._admin = self.database | {"user": "postgres", "password": passwords["postgres"]}
        self._create(switch)

    @property
    def secrets(self) -> list[str]:
        return [*self.keys.values(), self.database["password"], self._admin["password"]]

    def _create(self, switch: Switch) -> None:
        with psycopg.connect(**self._admin | {"dbname": "postgres"}, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {ROLE} LOGIN")
            admin.execute(f"CREATE DATABASE {ROLE}")
            self._set_password(admin)
        with psycopg.connect(**self._admin) as admin:
            admin.execute((EXAMPLE / "schema.sql").read_text())
            if switch.sql:
                admin.execute(switch.sql)

    def _set_password(self, admin: psycopg.Connection) -> None:
        """Set the password without writing it: the server, and its log, see only a hash."""
        password = self.database["password"].encode()
        verifier = admin.pgconn.encrypt_password(password, ROLE.encode(), b"scram-sha-256").decode()
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), verifier))

    def rotate_password(self) -> str:
        """Give the product's role another password, end its sessions, and return the password."""
        self.database["password"] = f"pw_{token_urlsafe(24)}"
        with psycopg.connect(**self._admin, autocommit=True) as admin:
            self._set_password(admin)
            admin.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = %s", [ROLE])
        return self.database["password"]

    def terminate_connection(self, process: int) -> None:
        with psycopg.connect(**self._admin) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 10000)", [process])

    def stop_database(self) -> None:
        self._server.order(do="stop")

    def start_database(self) -> None:
        self._server.order(do="start")

    @contextmanager
    def slow_network(self) -> Iterator[SlowNetwork]:
        with Server("staging.slow_network", port=self.database["port"]) as server:
            yield SlowNetwork(server)


@contextmanager
def start(switch: Switch) -> Iterator[Staging]:
    with ExitStack() as stack:
        yield Staging(switch, stack)
