"""Corpus of logs with planted secrets and bait, generated from a seed.

The benchmark of the redactor generates a large one. No token in it is real: each one is random, and written only when
the corpus is generated.
"""

from __future__ import annotations

import base64
import html
import json
import shlex
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, quote_plus

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URL64 = ALNUM + "-_"
PASSWORD = ALNUM + "!#%+-.:=?@^_~"
WORDS = [
    "request",
    "handled",
    "connection",
    "opened",
    "closed",
    "retry",
    "worker",
    "queue",
    "tenant",
    "invoice",
    "order",
    "shipped",
    "cache",
    "miss",
    "hit",
    "timeout",
    "started",
    "finished",
    "schema",
    "migrated",
    "index",
    "rebuilt",
    "session",
    "user",
    "login",
    "logout",
    "export",
    "import",
    "page",
    "rendered",
    "passed",
    "authenticated",
    "tokenized",
    "keyboard",
    "author",
    "monkey",
    "passenger",
    "signed",
]


@dataclass(frozen=True)
class Planted:
    """A line with a secret."""

    kind: str
    text: str
    secret: str


@dataclass(frozen=True)
class Bait:
    """A line that looks like one with a secret."""

    kind: str
    text: str


def drawn(random: Random, alphabet: str, count: int) -> str:
    """Return a random text."""
    return "".join(random.choices(alphabet, k=count))


def password(random: Random) -> str:
    """Return a random password with a digit, and with letters at both ends."""
    return drawn(random, string.ascii_letters, 2) + drawn(random, PASSWORD, 8) + "7" + drawn(random, ALNUM, 3)


def base64_of(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()


def base64url_of(value: object) -> str:
    """Return JSON in base64url without padding, as a JWT has it."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def private_key(random: Random, line: str) -> str:
    """Return a private key as OpenSSL writes it, with ``line`` between its lines."""
    body = [drawn(random, ALNUM + "+/", 64) for _ in range(14)]
    return line.join(["-----BEGIN RSA " + "PRIVATE KEY-----", *body, "-----END RSA " + "PRIVATE KEY-----"])


def plain(random: Random) -> str:
    """Return a line of a log without a secret."""
    message = " ".join(random.choices(WORDS, k=random.randint(4, 12)))
    return f"2026-03-0{random.randint(1, 9)}T10:{random.randint(10, 59)}:00Z INFO worker-{random.randint(1, 9)} {message} id={random.randint(1, 9999)} took {random.randint(1, 900)}ms"


def json_line(random: Random, **fields: object) -> str:
    """Return a line of a JSON log."""
    record = {"level": "info", "msg": " ".join(random.choices(WORDS, k=4)), "took": random.randint(1, 900), **fields}
    return json.dumps(record)


def _secret(kind: str) -> Callable[[Callable[[Random], tuple[str, str]]], Callable[[Random], Planted]]:
    def made(make: Callable[[Random], tuple[str, str]]) -> Callable[[Random], Planted]:
        def make_line(random: Random) -> Planted:
            secret, text = make(random)
            return Planted(kind, text, secret)

        SECRETS[kind] = make_line
        return make_line

    return made


SECRETS: dict[str, Callable[[Random], Planted]] = {}
_URL_SAFE = ALNUM + "-_.~"


def _in(form: str, alphabet: str = PASSWORD) -> Callable[[Random], tuple[str, str]]:
    def make(random: Random) -> tuple[str, str]:
        value = password(random) if alphabet == PASSWORD else "q7" + drawn(random, alphabet, 14)
        return value, form.replace("{}", value)

    return make


FORMS: dict[str, tuple[str, str]] = {
    "env file": ("DB_PASSWORD={}", ALNUM + "!#%+.:=?@^_~"),
    "env of a command": ("PGPASSWORD={} psql -h db.example.com -c 'select 1'", ALNUM + "!%+.:_~"),
    "yaml": ("  client_secret: {}", ALNUM + "!%+.:=_~"),
    "toml": ('api_key = "{}"', PASSWORD),
    "python dict": ("created {'user': 'ana', 'Password': '{}', 'n': 3}", PASSWORD),
    "python call": ("  conn = connect(host='db', db_password='{}')", PASSWORD),
    "assertion": ("E   AssertionError: assert {'access_token': '{}'} == {'access_token': None}", PASSWORD),
    "option": ("$ deploy --region eu --api-token {} --dry-run", ALNUM + "!%+.:_~"),
    "option with =": ("$ deploy --password={} --dry-run", ALNUM + "!%+.:_~"),
    "list of arguments": ("run ['deploy', '--secret', '{}']", PASSWORD),
    "query": ("GET /v1/items?page=2&access_token={}&sort=asc HTTP/1.1", _URL_SAFE),
    "signed URL": ("https://files.example.net/a.txt?sv=2026&sig={}&se=2026-09-01", ALNUM + "%"),
    "URL": ("clone https://ana:{}@git.example.com/a/b.git done", ALNUM + "!-_.~%"),
    "database URL": ("DATABASE postgresql://app:{}@db:5432/app", ALNUM + "!-_.~%@"),
    "header X-Api-Key": ("> X-Api-Key: {}", PASSWORD),
    "header Authorization": ("> Authorization: Bearer {}", _URL_SAFE),
    "header Cookie": ("Cookie: theme=dark; sid={}; lang=de", _URL_SAFE),
    "header Set-Cookie": ("< Set-Cookie: session={}; Path=/; HttpOnly; Secure", _URL_SAFE),
    "headers of requests": ("headers={'Accept': '*/*', 'Authorization': 'Token {}'}", PASSWORD),
    "curl": ("+ curl -sS -u ana:{} https://api.example.com/v1", ALNUM + "!%+._~"),
    "XML": ("<db><user>ana</user><password>{}</password></db>", ALNUM + "!#%+-.:=?@^_~"),
    "XML attribute": ('<property name="smtp_password" value="{}"/>', PASSWORD),
    "JSON in XML": ('<failure message="{&quot;secret_key&quot;: &quot;{}&quot;}"/>', ALNUM),
    "connection string": ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x", ALNUM + "+/="),
    "sentence": ("login failed for ana, password: {}, 3 tries left", ALNUM),
}  # fmt: skip
for _kind, (_form, _alphabet) in FORMS.items():
    _secret(_kind)(_in(_form, _alphabet))


@_secret("json")
def _json(random: Random) -> tuple[str, str]:
    value = password(random)
    return value, json_line(random, db_password=value, user="ana")


@_secret("json in json")
def _json_in_json(random: Random) -> tuple[str, str]:
    value = drawn(random, ALNUM, 16)
    return value, json_line(random, body=json.dumps({"refresh_token": value, "n": 1}))


@_secret("header Basic")
def _basic(random: Random) -> tuple[str, str]:
    value = base64_of("ana:" + password(random))
    return value, f"> Proxy-Authorization: Basic {value}"


@_secret("repr of HTTP")
def _http(random: Random) -> tuple[str, str]:
    value = drawn(random, ALNUM, 24)
    return (
        value,
        f"send: b'GET / HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Bearer {value}\\r\\nAccept: */*\\r\\n\\r\\n'",
    )


@_secret("private key")
def _pem(random: Random) -> tuple[str, str]:
    text = private_key(random, "\n")
    return text.split("\n")[random.randint(1, 14)], text


@_secret("private key in JSON")
def _pem_in_json(random: Random) -> tuple[str, str]:
    text = private_key(random, "\n")
    return text.split("\n")[random.randint(1, 14)], json_line(random, material=text)


@_secret("JWT")
def _jwt(random: Random) -> tuple[str, str]:
    value = ".".join([base64url_of({"alg": "HS256"}), base64url_of({"sub": random.random()}), drawn(random, URL64, 43)])
    return value, f"verified {value} in 3ms"


@_secret("AWS")
def _aws(random: Random) -> tuple[str, str]:
    value = random.choice(("AKI" + "A", "ASI" + "A")) + drawn(random, string.ascii_uppercase + "234567", 16)
    return value, f"caller {value} assumed role deploy"


SHAPES: dict[str, Callable[[Random], str]] = {
    "GitHub": lambda r: r.choice("pousr").join(("gh", "_")) + drawn(r, ALNUM, 36),
    "GitHub, fine-grained": lambda r: "github" + "_pat_" + drawn(r, ALNUM, 22) + "_" + drawn(r, ALNUM, 59),
    "GitLab": lambda r: "glp" + "at-" + drawn(r, URL64, 20),
    "Slack": lambda r: "xox" + r.choice("bp") + f"-{r.randint(10**10, 10**11)}-" + drawn(r, ALNUM, 24),
    "Stripe": lambda r: r.choice(("sk", "rk")) + "_live_" + drawn(r, ALNUM, 24),
    "Google": lambda r: "AI" + "za" + drawn(r, URL64, 35),
    "Google OAuth": lambda r: "ya" + "29." + drawn(r, URL64, 60),
    "OpenAI": lambda r: "sk" + "-proj-" + drawn(r, URL64, 60),
    "OpenAI, old": lambda r: "sk" + "-" + drawn(r, ALNUM, 48),
    "Anthropic": lambda r: "sk" + "-ant-api03-" + drawn(r, URL64, 80),
    "npm": lambda r: "npm" + "_" + drawn(r, ALNUM, 36),
    "PyPI": lambda r: "pypi" + "-AgEIcHlwaS5vcmc" + drawn(r, URL64, 80),
    "SendGrid": lambda r: "S" + "G." + drawn(r, URL64, 22) + "." + drawn(r, URL64, 43),
    "Twilio": lambda r: "S" + "K" + drawn(r, HEX, 32),
    "Hugging Face": lambda r: "hf" + "_" + drawn(r, ALNUM, 34),
    "DigitalOcean": lambda r: "dop" + "_v1_" + drawn(r, HEX, 64),
    "age": lambda r: "AGE-SECRET" + "-KEY-1" + drawn(r, string.ascii_uppercase + string.digits, 58),
}


def _shaped(make: Callable[[Random], str]) -> Callable[[Random], tuple[str, str]]:
    def planted(random: Random) -> tuple[str, str]:
        value = make(random)
        around = random.choice(("using {} now", '{"a":"{}"}', "x='{}'", "line\\n{}\\n", "test_it.py::test_a[{}]"))
        return value, around.replace("{}", value)

    return planted


for _kind, _make in SHAPES.items():
    _secret(_kind)(_shaped(_make))


def _uuid(random: Random) -> str:
    return "-".join(drawn(random, HEX, count) for count in (8, 4, 4, 4, 12))


BAITS: dict[str, Callable[[Random], str]] = {
    "git commit": lambda r: f"HEAD is now at {drawn(r, HEX, 40)} Merge branch 'keys'",
    "SHA-256": lambda r: f"sha256:{drawn(r, HEX, 64)}  dist/app-{r.randint(1, 99)}.tar.gz",
    "UUID": lambda r: f"request_id={_uuid(r)} tenant_id={_uuid(r)}",
    "ETag": lambda r: f'< ETag: W/"{drawn(r, HEX, 32)}"',
    "data URI": lambda r: f'<img src="data:image/png;base64,{drawn(r, ALNUM + "+/", 120)}==">',
    "sentence": lambda r: r.choice(
        ("password field is required", "password: must be at least 12 characters", "the token was rejected by {}",
         "Authorization: header is missing", "cookies are required", "invalid credentials for {}", "secret not found: {}")
    ).replace("{}", f"user {r.randint(1, 9999)}") + f" ({r.randint(1, 9999)})",
    "no token": lambda r: f"token: none, attempt={r.randint(1, 9999)}",
    "masked": lambda r: f"password=*** user=ana{r.randint(1, 9999)}",
    "placeholder": lambda r: f"curl -H 'Authorization: Bearer $TOKEN' https://a.example.com/{r.randint(1, 9999)}",
    "counted tokens": lambda r: f"tokens=128 max_tokens={r.randint(1, 9999)} prompt_tokens: {r.randint(1, 9999)}",
    "harmless names": lambda r: f"key: value{r.randint(1, 99999)} author=ana monkey: banana{r.randint(1, 99999)}",
    "about tokens": lambda r: f"token_type=bearer&expires_in={r.randint(1, 9999)} token_url=https://a/{r.randint(1, 99)}",
    "node id": lambda r: f"tests/test_auth.py::TestToken::test_password[case-{r.randint(1, 99999)}] PASSED",
    "URL": lambda r: f"GET https://api.example.com:8443/v1/users/{r.randint(1, 99999)}@latest?page=2 200",
    "address": lambda r: f"mailto:ana{r.randint(1, 9999)}@example.com ssh://git@git.example.com/a{r.randint(1, 99)}.git",
    "program": lambda r: f"    token = get_token(user_{r.randint(1, 9999)})  # password=self.password",
    "JSON without": lambda r: json_line(r, token=None, password="", secret=False, key=f"k{r.randint(1, 9999)}"),
    "public key": lambda r: f"-----BEGIN PUBLIC KEY-----\n{drawn(r, ALNUM + '+/', 64)}\n-----END PUBLIC KEY-----",
    "version": lambda r: f"pytest-9.2.0 py-1.{r.randint(1, 99)} sk-learn-contrib-examples eyJ is the head of a JWT",
    "base64": lambda r: f"payload {base64_of(drawn(r, ALNUM + ' ', 60))}",
}  # fmt: skip


def lines(random: Random, count: int, planted: float = 0.02, bait: float = 0.04) -> Iterator[str | Planted | Bait]:
    """Yield plain and JSON lines. The given shares of them have a secret or bait, each kind in turn."""
    secrets, baits = list(SECRETS.values()), list(BAITS.items())
    index = 0
    for _ in range(count):
        dice = random.random()
        if dice < planted:
            index += 1
            yield secrets[index % len(secrets)](random)
        elif dice < planted + bait:
            index += 1
            kind, make = baits[index % len(baits)]
            yield Bait(kind, make(random))
        else:
            yield plain(random) if dice < 0.7 else json_line(random)


def spelled(value: str, random: Random) -> Iterator[tuple[str, str]]:
    """Yield a value with the name of each listed encoding, in a text. The code of the redactor is not used."""
    quoted = json.dumps(value)
    user = drawn(random, ALNUM, random.randint(1, 9))
    yield "as it is", f"x {value} y"
    yield "unicode_escape", f"test_a[{value.encode('unicode_escape').decode()}]"
    yield "JSON", f'{{"a": {quoted}, "b": 1}}'
    yield "JSON, not ASCII", json.dumps({"a": value}, ensure_ascii=False)
    yield "JSON in JSON", json.dumps({"body": json.dumps({"a": value})})
    yield "JSON with \\/", quoted.replace("/", "\\/")
    yield "URL", f"/a?x={quote(value, safe='')}&y=1"
    yield (
        "URL, lower case",
        "/a/" + "".join(f"%{byte:02x}" if chr(byte) not in _URL_SAFE else chr(byte) for byte in value.encode()),
    )
    yield "URL, path", f"/a/{quote(value)}"
    yield "form", f"x={quote_plus(value)}&y=1"
    yield "HTML", f"<p>{html.escape(value)}</p>"
    yield "XML", f"<p>{html.escape(value, quote=False)}</p>"
    yield "XML attribute", '<p a="' + html.escape(value, quote=False).replace('"', "&quot;") + '"/>'
    yield "XML, ASCII", html.escape(value, quote=False).encode("ascii", "xmlcharrefreplace").decode()
    yield "Python", f"assert {value!r} == None"
    yield "Python bytes", f"got {value.encode()!r}"
    plain = html.escape(value, quote=False)
    yield "HTML of Go", plain.replace('"', "&#34;").replace("'", "&#39;").replace("+", "&#43;")
    yield "HTML of .NET", html.escape(value).replace("+", "&#x2B;").replace("`", "&#x60;")
    entities = {"/": "&#x2F;", "=": "&#x3D;", "`": "&#x60;", '"': "&quot;", "'": "&#39;"}
    yield "HTML of mustache.js", plain.translate(str.maketrans(entities))
    yield "HTML of Handlebars", plain.translate(str.maketrans({**entities, "/": "/", "'": "&#x27;"}))
    yield "JSON in an attribute", f'<p a="{html.escape(quoted)}"/>'
    yield "shell", f"deploy {shlex.quote(value)}"
    yield "hex", f"0x{value.encode().hex()}"
    yield "HEX", f"{value.encode().hex().upper()}"
    for shift in range(3):
        around = "u" * shift + value + user
        yield f"base64, {shift}", f"a {base64_of(around)} b"
        yield f"base64url, {shift}", base64.urlsafe_b64encode(around.encode()).decode().rstrip("=")
    yield "base64 of user:password", f"Auth {base64_of(f'{user}:{value}')}"
