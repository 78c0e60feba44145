-- The tables of the product. Its role may add and read, and change nothing.
CREATE TABLE run (id text PRIMARY KEY);
CREATE TABLE event (
    run text NOT NULL REFERENCES run,
    number integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    worker text NOT NULL DEFAULT 'screening',
    step text NOT NULL,
    request_id text,
    data json NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE TABLE attestation (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    statement json NOT NULL
);
GRANT SELECT, INSERT ON run, event, attestation TO screening;
