"""Values of secret variables that are no secrets: common words, hosts and plain URLs.

Such a value reveals nothing, and it is frequent in ordinary texts and in the ids of tests: a search for it would make
them unreadable. This module is imported only if the environment has a variable with a secret name.
"""

# ruff: noqa: SIM905 - words are easier to read than lists of strings
from __future__ import annotations

from ipaddress import ip_address

__all__ = ["is_common"]

_WORDS = frozenset(
    # of programs and services
    "postgres postgresql pg mysql mariadb mongo mongodb redis valkey rabbit rabbitmq kafka zookeeper elastic"
    " elasticsearch opensearch kibana cassandra oracle sqlite sqlserver mssql minio minioadmin keycloak vault consul"
    " nomad grafana prometheus loki tempo jaeger zipkin jenkins gitlab github gitea bitbucket docker podman kube"
    " kubernetes localstack airflow neo4j influx influxdb clickhouse couchdb couchbase memcached memcache etcd nats"
    " celery flower django flask rails spring laravel wordpress drupal nginx apache traefik envoy istio linkerd harbor"
    " nexus artifactory sonar sonarqube sentry datadog newrelic splunk pagerduty okta auth0 cognito firebase supabase"
    " hasura strapi metabase superset snowflake redshift bigquery databricks spark hadoop hive presto trino airbyte"
    " dagster prefect mailhog mailpit smtp imap ldap openldap samba kerberos stripe paypal twilio sendgrid mailgun"
    " slack teams jira confluence azure aws gcp google amazon microsoft openai anthropic gemini mistral ollama"
    # of places and stages
    " production prod staging stage stg development develop devel dev testing test tests qa uat preprod sandbox"
    " demo preview canary beta alpha nightly ci cd build local localhost localdomain loopback global internal"
    " external intern extern primary secondary master main replica slave leader follower public private shared common"
    " default defaults standard custom generic cluster node host server client worker runner agent proxy gateway edge"
    " cloud region zone site home remote live offline online eu us uk de fr ap sa ca me af north south east west"
    " central northeast southeast northwest southwest"
    # of people and accounts
    " admin admins administrator root user users username guest owner member operator system service services account"
    " accounts nobody anonymous tester testing example examples sample dummy fake mock stub foo bar baz qux quux ana"
    " alice bob carol john jane doe somebody someone app apps application applications api apis web www backend"
    " frontend database databases db schema table data"
    # of authentication
    " password passwords passwd pass passphrase pwd secret secrets secure security token tokens key keys cookie cookies"
    " session sessions credential credentials auth authentication authorization login logout signin signup basic bearer"
    " digest negotiate ntlm oauth oauth2 oidc openid saml jwt jws jwe pkce mtls tls ssl ssh plain login scram gssapi"
    " trust ident peer md5 sha sha1 sha256 sha512 bcrypt scrypt argon2 hmac rsa ecdsa ed25519 x509 cert certificate"
    " header headers query param params form code refresh access identity scope claim grant implicit device assertion"
    " required optional disabled enabled disable enable allow allowed deny denied none null true false yes no on off"
    " auto automatic manual always never unset undefined unknown empty missing invalid valid expired revoked active"
    " inactive pending"
    " changeme change replace replaceme placeholder redacted hidden masked"
    " insecure unsafe notsecret dontuse todo fixme tbd"
    # of files and forms
    " json yaml toml xml csv tsv text txt html string number integer boolean float bytes binary base64 hex utf ascii"
    " file files folder path env environment environ variable variables config configuration settings option options"
    " memory cache cached disk store storage queue topic stream event events message messages log logs logging metric"
    " metrics trace traces debug info warn warning error errors critical verbose quiet silent"
    # of tests and of software in general
    " passed failed skipped error xfailed xpassed success failure ok ready done open closed started stopped running"
    " created updated deleted changed inserted modified removed added at by id ids name names type types kind value"
    " values size count limit length min max total order orders payment payments checkout cart refund refunds invoice"
    " invoices customer customers tenant tenants project projects team provider providers connector connectors"
    " connect connects connection connections request requests response responses status state version versions"
    " release releases first second third last next previous new old current latest stable legacy simple complex small"
    " medium large short long fast slow red green blue black white one two three four five six seven eight nine ten"
    " hello world lorem ipsum the and or not with without for from to in of is a an my our your this that it as"
    " create read update delete get put post patch head list search find send receive start stop run retry replay"
    " rotation rotate rotated revocation revoke managed byok readiness pytest python java node ruby rust golang"
    " email mail phone address country city street amount currency price date time day week month year hour minute"
    " daily weekly monthly hourly".split()
)
_TOP_LABELS = frozenset(
    "com org net edu gov mil int info biz io dev app ai co cloud tech online site xyz local localhost localdomain"
    " internal intranet lan corp home private example test invalid svc cluster docker consul".split()
)
"""Last labels of host names, besides the two letters of a country."""
_SEPARATORS = str.maketrans("-_./:,+@ ", " " * 9)
_MOST_DIGITS = 5
"""Greatest number of digits of a port, a year or a size."""
_MOST_WORDS = 6
"""Greatest number of words: more of them may be a passphrase."""
_LONGEST = 256
_COUNTRY_SIZE = 2


def is_common(value: str) -> bool:
    """Return whether a value is only common words and small numbers, or a host or URL without a secret.

    A word in unusual letter case, such as ``PosTGreS``, is not common: a person chose it.
    """
    value = value.strip()
    if not value or len(value) > _LONGEST:
        return not value
    scheme, is_url, rest = value.partition("://")
    if is_url:
        host, _, path = rest.partition("/")
        return scheme.isalpha() and _is_host(host) and (not path or _is_all_words(path))
    return _is_all_words(value) or _is_host(value)


def _is_all_words(text: str) -> bool:
    """Return whether a text is common words, and at most as many small numbers and letters."""
    parts = text.translate(_SEPARATORS).split()
    words = sum(map(_is_word, parts))
    if len(parts) > _MOST_WORDS or 2 * words < len(parts):
        return False
    return all(_is_word(part) or _is_small(part) for part in parts)


def _is_word(text: str) -> bool:
    """Return whether a text is a common word in usual letter case, with at most one digit."""
    if not text.isascii() or not (text.islower() or text.isupper() or text.istitle()):
        return False
    word = text.lower()
    return word in _WORDS or (word[-1].isdigit() and word[:-1] in _WORDS)


def _is_small(text: str) -> bool:
    number = text[1:] if text[0].isascii() and text[0].isalpha() else text
    return not number or (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS)


def _is_host(text: str) -> bool:
    """Return whether a text is an address, or a host name by its last label, with or without a port."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and len(port) <= _MOST_DIGITS:
        text = host
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        pass
    else:
        return True
    *labels, last = text.removesuffix(".").split(".")
    if not labels and last != "localhost":
        return False
    is_top = last in _TOP_LABELS or (len(last) == _COUNTRY_SIZE and last.isalpha() and last.islower())
    return is_top and all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    """Return whether a label of a host name is unspecific: letters and small numbers."""
    if not label.isascii() or not label.replace("-", "").isalnum() or label != label.lower():
        return False
    parts = label.split("-")
    return all(part.isalpha() or part.isdigit() or part.rstrip("0123456789").isalpha() for part in parts if part)
