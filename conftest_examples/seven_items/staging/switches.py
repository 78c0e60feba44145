"""Eight switches: ``BREAK=NAME pytest …`` breaks one thing in staging. Product and tests know nothing of it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Switch:
    """A fault: what it is, and how the servers are started with it."""

    about: str
    lost_account: str | None = None
    """The provider does not know the key of this mode."""
    organisation: str = "Example Scoring"
    """Whom the provider's certificate names."""
    method: str = "scram-sha-256"
    """How the database asks the product for its password."""
    messages: str = "warning"
    """The least level of what the database logs."""
    sql: str = ""
    """What was done to the database."""
    stub: bool = False
    """The provider is not asked at all."""


SWITCHES = {
    "": Switch("everything works"),
    "credential": Switch("the provider does not know our key", lost_account="MANAGED"),
    "handshake": Switch("the provider's certificate is valid, and somebody else's", organisation="Somebody Else"),
    "attestation": Switch(
        "a trigger changes each attestation that is written",
        sql="""
            CREATE FUNCTION edit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                new.statement = jsonb_set(new.statement::jsonb, '{version}', '"0.0.1"')::json;
                RETURN new;
            END $$;
            CREATE TRIGGER edit BEFORE INSERT ON attestation FOR EACH ROW EXECUTE FUNCTION edit();
        """,
    ),
    "trace": Switch(
        "each event gets the random name of a worker",
        sql="ALTER TABLE event ALTER worker SET DEFAULT 'worker-' || gen_random_uuid()",
    ),
    "replay": Switch(
        "the database loses the last event of each run",
        sql="CREATE RULE lose AS ON INSERT TO event WHERE new.step = 'decided' DO INSTEAD NOTHING",
    ),
    "rotation": Switch("the database asks the product for no password", method="trust"),
    "drill": Switch("the database logs nothing", messages="panic"),
    "stub": Switch("a stub answers for the provider", stub=True),
}


def chosen() -> Switch:
    """Return the switch that ``BREAK`` names.

    Raises:
        LookupError: there is none of that name.
    """
    name = os.environ.get("BREAK", "")
    if name not in SWITCHES:
        raise LookupError(f"BREAK={name}: there is no such switch; there are {', '.join(filter(None, SWITCHES))}")
    return SWITCHES[name]
