"""Item 2: at the other end of each connection is the server that we mean."""

from pytest_readiness import evidence


@evidence("UC-301", item="handshake", part="provider")
def test_the_provider_is_who_we_think(provider, staging, record_evidence):
    peer = provider.handshake()  # verifies the certificate: its authority, its dates and its address
    subject = peer.pop("subject")
    assert subject == staging.provider_subject, f"the certificate is valid, and of {subject}"

    record_evidence.attach(peer.pop("certificate"), "certificate.pem")
    record_evidence.handshake(endpoint=f"{provider.host}:{provider.port}", peer=subject, **peer)


@evidence("UC-301", item="handshake", part="database")
def test_the_database_is_the_one_of_staging(store, record_evidence):
    name, system, version = store.connection.execute(
        "SELECT current_setting('cluster_name'), system_identifier, version() FROM pg_control_system()"
    ).fetchone()
    assert name == "screening-staging"

    info = store.connection.info
    record_evidence.attach(version, "version.txt")
    record_evidence.handshake(
        endpoint=f"{info.host}:{info.port}",
        peer=f"{name}, PostgreSQL {info.parameter_status('server_version')}",
        system_identifier=system,
        user=info.user,
        encrypted=info.pgconn.ssl_in_use,
    )
