"""Plugins of web frameworks, browsers and networks, each with a small project of known truth."""
# ruff: noqa: E501 - a row is easier to compare with its neighbours on few lines

from __future__ import annotations

from .documents import SERVER
from .row import F, P, R, Row

DJANGO = """
import urllib.request
from django.core import mail
from django.test import TestCase
from django.urls import reverse

@pytest.mark.django_db
def test_client(client):
    assert client.post("/notes", {"text": "a"}).status_code == 201
    assert client.get("/notes").json() == ["a"]
@pytest.mark.django_db
def test_rolled_back(client): assert client.get("/notes").json() == []
@pytest.mark.django_db
def test_bad(client): assert client.get("/gone").status_code == 200
def test_live(live_server):
    with urllib.request.urlopen(live_server.url + "/notes", b"text=b") as answer: assert answer.status == 201
    with urllib.request.urlopen(live_server.url + "/notes") as answer: assert answer.read() == b'["b"]'
def test_live_bad(live_server): urllib.request.urlopen(live_server.url + "/gone")
def test_mail(mailoutbox):
    mail.send_mail("a", "b", "from@example.com", ["to@example.com"])
    assert len(mailoutbox) == 1
def test_settings(settings, client):
    settings.WORD = "changed"
    assert client.get("/word").content == b"changed"
def test_settings_again(client): assert client.get("/word").content == b"as written"
@pytest.mark.asyncio
async def test_async(async_client): assert (await async_client.get("/word")).status_code == 200
def test_no_database(client): client.get("/notes")
class TestNotes(TestCase):
    def test_good(self): self.assertEqual(self.client.get(reverse("notes")).json(), [])
    def test_bad(self): self.assertEqual(self.client.get(reverse("notes")).json(), ["a"])
"""
DJANGO_SETTINGS = """
SECRET_KEY = "only-for-tests"
ROOT_URLCONF = "notes.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "notes"]
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "notes.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
WORD = "as written"
"""
DJANGO_MODELS = """
from django.db import models
class Note(models.Model):
    text = models.TextField()
"""
DJANGO_URLS = """
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from notes.models import Note
@csrf_exempt
def notes(request):
    if request.method == "POST":
        Note.objects.create(text=request.POST["text"])
        return HttpResponse(status=201)
    return JsonResponse(list(Note.objects.values_list("text", flat=True)), safe=False)
urlpatterns = [path("notes", notes, name="notes"), path("word", lambda request: HttpResponse(settings.WORD))]
"""
FLASK = """
import urllib.request
def test_client(client):
    assert client.post("/notes", json="a").status_code == 201
    assert client.get("/notes").json == ["a"]
def test_bad(client): assert client.get("/gone").status_code == 200
def test_live(live_server):
    with urllib.request.urlopen(live_server.url("/word")) as answer: assert answer.read() == b"as written"
def test_live_bad(live_server): urllib.request.urlopen(live_server.url("/gone"))
@pytest.mark.usefixtures("client_class")
class TestNotes:
    def test_good(self): assert self.client.get("/word").text == "as written"
    def test_bad(self): assert self.client.get("/word").status_code == 201
@pytest.mark.options(word="changed")
def test_option(client): assert client.get("/word").text == "changed"
"""
FLASK_APP = """
import flask, pytest
@pytest.fixture(scope="session")
def app():
    app, notes = flask.Flask("notes"), []
    app.config["WORD"] = "as written"
    @app.post("/notes")
    def add():
        notes.append(flask.request.json)
        return "", 201
    @app.get("/notes")
    def all_of_them(): return flask.jsonify(notes)
    @app.get("/word")
    def word(): return app.config["WORD"]
    return app
"""
HTTPSERVER = """
import urllib.request
def test_good(httpserver):
    httpserver.expect_request('/').respond_with_data('x')
    urllib.request.urlopen(httpserver.url_for('/'))
def test_bad(httpserver): urllib.request.urlopen(httpserver.url_for('/unexpected'))
"""
RECORDING = """
import urllib.request
def ask(url):
    with urllib.request.urlopen(url) as answer: return answer.read()
@pytest.mark.vcr
def test_played_back(): assert ask("http://bank.example/") == b"recorded"
@pytest.mark.vcr
def test_bad(): assert ask("http://bank.example/") == b"something else"
def test_real(site): assert ask(site) == b"<h1>the real page</h1>"
@pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
def test_allowed(site): assert ask(site) == b"<h1>the real page</h1>"
@pytest.mark.block_network
def test_blocked(site): ask(site)
"""
CASSETTE = """
interactions:
- request: {body: null, headers: {}, method: GET, uri: "http://bank.example/"}
  response: {body: {string: recorded}, headers: {}, status: {code: 200, message: OK}}
version: 1
"""
MOCKED = """
import socket
def test_patched(mocker): mocker.patch("socket.create_connection")
def test_spied(mocker):
    mocker.spy(socket, "getaddrinfo")
    assert socket.getaddrinfo("127.0.0.1", 80)
def test_own(mocker): assert mocker.Mock()
def test_bad(mocker):
    mocker.patch("socket.create_connection")
    assert 0
"""
SOCKETS = """
import urllib.request
def test_allowed(site): urllib.request.urlopen(site)
@pytest.mark.disable_socket
def test_disabled(site): urllib.request.urlopen(site)
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_host(site): urllib.request.urlopen(site)
@pytest.mark.allow_hosts(["192.0.2.1"])
def test_other_host(site): urllib.request.urlopen(site)
"""
PAGES = """
def heading(page, url):
    page.goto(url)
    return page.text_content("h1")
def test_real(page, site): assert heading(page, site) == "the real page"
def test_bad(page, site): assert heading(page, site) == "another page"
def test_passed_on(page, site):
    page.route("**/*", lambda route: route.continue_())
    assert heading(page, site) == "the real page"
def test_routed(page):
    page.route("**/*", lambda route: route.fulfill(body="<h1>fake</h1>", content_type="text/html"))
    assert heading(page, "http://bank.example/") == "fake"
"""
BROWSER = """
import shutil
@pytest.fixture(scope="session")
def browser_type_launch_args():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    return {"executable_path": program, "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]}
"""

ROWS = (
    Row("pytest-django", ("pytest-django==4.14.0", "django==5.2.9", "pytest-asyncio==1.5.0"), DJANGO, {
        "test_client": P, "test_rolled_back": P, "test_bad": F, "test_live": P, "test_live_bad": F, "test_mail": P, "test_settings": P,
        "test_settings_again": P, "test_async": P, "test_no_database": F, "TestNotes::test_good": P, "TestNotes::test_bad": F},
        files={"pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = notes.settings\npythonpath = .\n", "notes/__init__.py": "",
               "notes/settings.py": DJANGO_SETTINGS, "notes/models.py": DJANGO_MODELS, "notes/urls.py": DJANGO_URLS}),
    Row("pytest-flask", ("pytest-flask==1.3.0",), FLASK, {"test_client": P, "test_bad": F, "test_live": P, "test_live_bad": F,
        "TestNotes::test_good": P, "TestNotes::test_bad": F, "test_option": P}, files={"conftest.py": FLASK_APP}),
    Row("pytest-httpserver", ("pytest-httpserver==1.2.0",), HTTPSERVER),
    Row("pytest-playwright", ("pytest-playwright==0.10.0",), PAGES, {"test_real[chromium]": P, "test_bad[chromium]": F,
        "test_passed_on[chromium]": P, "test_routed[chromium]": R}, files={"conftest.py": SERVER + BROWSER},
        needs="chromium chromium-browser google-chrome"),
    Row("pytest-recording", ("pytest-recording==0.14.1",), RECORDING, {"test_played_back": R, "test_bad": F, "test_real": P,
        "test_allowed": P, "test_blocked": F}, files={"conftest.py": SERVER, "cassettes/test_it/test_played_back.yaml": CASSETTE,
        "cassettes/test_it/test_bad.yaml": CASSETTE}),
    Row("pytest-mock", ("pytest-mock==3.17.0",), MOCKED, {"test_patched": R, "test_spied": P, "test_own": P, "test_bad": F}, state="COMPLETE"),
    Row("pytest-freezer", ("pytest-freezer==0.4.9",), "def test_good(freezer): pass\n", {"test_good": R}, state="REHEARSED"),
    Row("pytest-socket", ("pytest-socket==0.8.1",), SOCKETS, {"test_allowed": P, "test_disabled": F, "test_host": P, "test_other_host": F},
        files={"conftest.py": SERVER}),
)  # fmt: skip
