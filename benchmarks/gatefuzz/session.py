"""A pytest session that costs a few milliseconds: one config of pytest for all, and in it the product's own plugin.

What runs is pytest's own loop, runner and reports, and every hook of the product from its start to its end. What is
left out is what pytest does before: reading the command line and collecting files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import _pytest.config
import pytest
from _pytest.runner import SetupState, runtestprotocol
from xdist import newhooks

from pytest_readiness import plugin

from .machine import MACHINE
from .words import Attempt, Claim, Execution, Left, Run, Say

FILE = "test_shop.py"
ARGUMENTS = ("--noconftest", "-p", "pytest_readiness.plugin", "-p", "no:terminal", "-p", "no:cacheprovider")
SECRETS = {"old": "old-secret-0001", "new": "new-secret-0002"}


class Killed(KeyboardInterrupt):
    """Stands for a SIGKILL: the session ends here, and nothing more of it is written."""

    def __init__(self, root: Path) -> None:
        super().__init__("killed")
        self.journals = {path: path.read_bytes() for path in journal_folder(root).glob("*.jsonl")}


class Crashed(KeyboardInterrupt):
    """A worker of xdist is gone, and with it what its test said."""


def journal_folder(root: Path) -> Path:
    """Return where the product writes its journals."""
    return root / ".readiness" / "journal"


class Scripted(pytest.Item):
    """A test item that says and does what its script says, attempt after attempt."""

    def __init__(self, *, claims: Sequence[Claim], attempts: Sequence[Attempt], fixture: bool, **named: Any) -> None:
        super().__init__(**named)
        self.fixturenames = ["record_evidence"] if fixture else []
        self.attempts = list(attempts)
        self.number = 0
        self.how = "fast"
        self.at = 0.0
        self.killed = self.stops = False
        for claim in claims:
            self.add_marker(_mark(claim))

    @property
    def attempt(self) -> Attempt:
        return self.attempts[self.number]

    def setup(self) -> None:
        if self.attempt.end == "setup":
            raise AssertionError("the setup failed")
        if self.attempt.end == "teardown":
            self.addfinalizer(_fail)

    def runtest(self) -> None:
        if self.killed:
            raise Killed(self.config.rootpath)
        if self.attempt.end == "crashed":
            raise Crashed
        end = self.attempt.end
        session_plugin = self.config.stash.get(plugin.SESSION_PLUGIN, None)
        if self.attempt.says and session_plugin is not None and session_plugin.observer is not None:
            record = session_plugin.observer.record_evidence(self)
            for say in self.attempt.says:
                _say(record, say)
        if end in ("failed", "xfailed"):
            raise AssertionError("the test failed")
        if end == "skipped":
            pytest.skip("not today")

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:  # noqa: ARG002 - a traceback takes long to draw
        """Return the message alone."""
        return str(excinfo.value)

    _repr_failure_py = repr_failure  # of a setup and a teardown pytest asks this

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


def _fail() -> None:
    raise AssertionError("the teardown failed")


def _mark(claim: Claim) -> pytest.MarkDecorator:
    named = {
        "environment": claim.environment, "provider_mode": claim.mode, "part": claim.part, "replay_mode": claim.replay,
    }  # fmt: skip
    return pytest.mark.evidence(claim.uc, item=claim.item, **{name: one for name, one in named.items() if one})


def _say(record: Any, say: Say) -> None:
    events = [{"event": 1}, {"event": 2}]
    match say.what:
        case "scope":
            record.scope(environment=say.environment, provider_mode=say.mode, part=say.part)
        case "credential":
            record.credential(mode=say.value, secret=f"key-of-{say.value}-123", request_id="r-1")
        case "trace":
            record.trace(events, again=[dict(one) for one in events])
        case "replay":
            reason = None if say.value == "FULL" else "no recording"
            record.replay(mode=say.value, recorded=events, replayed=[dict(one) for one in events], reason=reason)
        case "handshake":
            record.handshake(endpoint="shop.example.com:443", peer="CN=shop")
        case "rotation":
            record.rotation(**SECRETS, accepted_by="HTTP 200")
        case "revocation":
            record.revocation(old=SECRETS["old"], rejected_by="HTTP 401")
        case "drill":
            record.drill(say.value, fault="cut", detected=1.0, recovered=2.0, audit="https://log.example.com/1")


class Stop:
    """Ends a session after an item, so that those after it are never reached."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Scripted) -> Any:
        result = yield
        if item.stops:
            item.session.shouldstop = "enough"
        return result


class Loop:
    """Sets the clock for each item, and runs one again as pytest-rerunfailures does."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Scripted, nextitem: Any) -> bool | None:
        MACHINE.set(item.at)
        if len(item.attempts) == 1:
            return None
        whole = item.how == "flaky" and all(one.end == "failed" for one in item.attempts[:-1])
        return self._whole(item, nextitem) if whole else self._again(item, nextitem)

    def _again(self, item: Scripted, nextitem: Any) -> bool:
        """As pytest-rerunfailures: a report of its own says that another attempt follows, and no other comes."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        while True:
            last = item.number == len(item.attempts) - 1
            item.session._setupstate.teardown_exact(None)  # noqa: SLF001 - as the plugins that run tests again do
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                again = report.failed and not last
                if again:
                    report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
                if again:
                    break
            if last:
                break
            item.number += 1
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _whole(self, item: Scripted, nextitem: Any) -> bool:
        """As flaky: the whole protocol again, and nobody is told of the call that failed."""
        for number in range(len(item.attempts)):
            item.number, last = number, number == len(item.attempts) - 1
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                if last or report.when != "call":
                    item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Scripted) -> None:
        if item.attempt.end in ("xfailed", "xpassed"):
            item.add_marker(pytest.mark.xfail(reason="known", strict=False))


class Flaky:
    """Lets it be seen by its name that a plugin is there which runs tests again without a word; the loop does it."""

    @pytest.hookimpl
    def pytest_runtest_protocol(self) -> None:
        """Leave it to the next."""


class Config:
    """A config of pytest with a session, used again and again."""

    def __init__(self, folder: Path) -> None:
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        self.config = _pytest.config._prepareconfig([f"--rootdir={folder}", *ARGUMENTS, str(folder)])  # noqa: SLF001
        self.config._do_configure()  # noqa: SLF001
        self.config.pluginmanager.register(Loop(), "rerunfailures")  # which plugin runs a test again is looked at
        self.config.pluginmanager.register(Stop(), "gatefuzz-stop")
        self.session = pytest.Session.from_config(self.config)
        self.config.hook.pytest_sessionstart(session=self.session)
        self.config.pluginmanager.unregister(name="funcmanage")  # no item asks for a fixture of a plugin: it only looks
        self.plain = vars(self.config.option).copy()

    @contextmanager
    def begun(self, root: Path, options: dict[str, Any]) -> Iterator[None]:
        """Begin as a new session in a folder; what registers itself meanwhile goes at the end."""
        config, session = self.config, self.session
        before = set(config.pluginmanager.get_plugins())
        told = config.hook.pytest_plugin_registered._call_history or []  # noqa: SLF001 - it keeps every plugin alive
        known = len(told)
        config._rootpath = root  # noqa: SLF001 - every history has a folder of its own
        for name in set(vars(config.option)) - set(self.plain):
            delattr(config.option, name)
        vars(config.option).update(self.plain | options)
        session._shouldstop = session._shouldfail = False  # noqa: SLF001 - once set, the property keeps it
        session.testsfailed = 0
        session._setupstate = SetupState()  # noqa: SLF001
        try:
            plugin.pytest_configure(config)
            yield
        finally:
            for one in set(config.pluginmanager.get_plugins()) - before:
                if (end := getattr(one, "pytest_unconfigure", None)) is not None:
                    end()
                config.pluginmanager.unregister(one)
            del told[known:]
            for key in (plugin.SESSION_PLUGIN, plugin.DESELECTED):
                if key in config.stash:
                    del config.stash[key]
            session.items = []

    def collect(self, root: Path, run: Run, executions: Sequence[Execution], at: int) -> list[Scripted]:
        """Collect the items of a run, and tell the plugin."""
        session, hook = self.session, self.config.hook
        items = [self._item(root, one, at, run.door) for one in executions]
        if run.unreached:
            items[-1].stops = True
        session.items = [*items, *(self._left(root, one) for one in run.unreached)]
        session.testscollected = len(session.items)
        if run.deselected:
            hook.pytest_deselected(items=[self._left(root, one) for one in run.deselected])
        hook.pytest_collection_modifyitems(session=session, config=self.config, items=session.items)
        hook.pytest_collection_finish(session=session)
        return items

    def finish(self) -> int:
        """End the session, and return its exit code."""
        self.session.exitstatus = pytest.ExitCode.OK
        self.config.hook.pytest_sessionfinish(session=self.session, exitstatus=self.session.exitstatus)
        return int(self.session.exitstatus)

    def _item(self, root: Path, one: Execution, at: int, how: str) -> Scripted:
        file, _, name = one.test.partition("::")
        module = _Module.from_parent(self.session, name=file, path=root / file, nodeid=file)
        item = Scripted.from_parent(module, name=name, claims=one.claims, attempts=one.attempts, fixture=one.fixture)
        item.at, item.how = at + one.at, how
        return item

    def _left(self, root: Path, one: Left) -> Scripted:
        return self._item(root, Execution(one.test, one.claims, (Attempt("passed"),)), 0, "fast")


class Sessions:
    """Runs sessions one after the other in this process."""

    def __init__(self, folder: Path) -> None:
        self.main = Config(folder)
        self.worker = Config(folder)
        self.main.config.pluginmanager.add_hookspecs(newhooks)
        self.problems: list[str] = []
        """What the last session said went wrong."""

    def run(self, run: Run, at: int, root: Path, options: dict[str, str]) -> int:
        """Run a session in a folder at a moment, and return its exit code."""
        MACHINE.set(at)
        if run.door == "pytest":
            from .whole import run_whole

            return run_whole(run, root, options)
        given: dict[str, Any] = {f"readiness_{name.replace('-', '_')}": value for name, value in options.items()}
        with self.main.begun(root, given | ({"dist": "load"} if run.door in ("xdist", "each") else {})):
            if run.door == "flaky":
                self.main.config.pluginmanager.register(Flaky(), "flaky")
            try:
                if run.door in ("xdist", "each"):
                    self._distribute(run, at, root)
                else:
                    self._alone(run, at, root)
            except Killed as killed:
                return self._die(root, killed.journals)
            MACHINE.set(at + 60)
            code = self.main.finish()
            session_plugin = self.main.config.stash.get(plugin.SESSION_PLUGIN, None)
            outcome = getattr(session_plugin, "_outcome", None)
            self.problems = outcome.problems if outcome else []
            return code

    def _alone(self, run: Run, at: int, root: Path) -> None:
        items = self.main.collect(root, run, run.executions, at)
        if run.ending == "killed":
            items[-1].killed = True
        with suppress(pytest.Session.Interrupted):
            self.main.config.hook.pytest_runtestloop(session=self.main.session)

    def _die(self, root: Path, journals: dict[Path, bytes]) -> int:
        """Leave the journal as it was when the process died: everything that was written since is taken back."""
        session_plugin = self.main.config.stash[plugin.SESSION_PLUGIN]
        writer = session_plugin._prepared.report_writer.log.writer  # noqa: SLF001
        if writer is not None:
            writer.close()
        for path in journal_folder(root).glob("*.jsonl"):
            if path in journals:
                path.write_bytes(journals[path])
        return -9

    # -- as xdist tells it

    def _distribute(self, run: Run, at: int, root: Path) -> None:
        """Run the tests in a worker, and in a new one where it crashes; or (``each``) all of them in two workers."""
        hook, config = self.main.config.hook, self.main.config
        if run.door == "each":
            config.option.dist = "each"
            hook.pytest_xdist_setupnodes(config=config, specs=["popen", "popen"])
            halves = run.executions[::2], run.executions[1::2]
            for number, mine in enumerate(halves):
                self._work(run, mine, at, root, f"gw{number}")
            return
        hook.pytest_xdist_setupnodes(config=config, specs=["popen"])
        rest, number = list(run.executions), 0
        while rest:
            rest = self._work(run, rest, at, root, f"gw{number}")
            number += 1

    def _work(self, run: Run, mine: Sequence[Execution], at: int, root: Path, name: str) -> list[Execution]:
        """Run tests in one worker; return what is left where it crashed."""
        node = SimpleNamespace(
            config=self.main.config, workerinput={}, gateway=SimpleNamespace(id=name, newchannel=_Channel)
        )
        self.main.config.hook.pytest_configure_node(node=node)
        config = self.worker.config
        config.workerinput, config.workeroutput = {**node.workerinput, "workerid": name}, {}
        try:
            with self.worker.begun(root, {}):
                items = self.worker.collect(root, run, mine, at)
                self.main.config.hook.pytest_xdist_node_collection_finished(node=node, ids=[])
                forward = _Forward(self.main.config, config, node)
                config.pluginmanager.register(forward, "gatefuzz-forward")
                for forward.index, item in enumerate(items):
                    try:
                        config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                    except Crashed:
                        return self._crashed(mine, forward.index, item.number, node)
                self.worker.finish()
                self.main.config.hook.pytest_testnodedown(node=forward.down(), error=None)
                return []
        finally:
            del config.workerinput, config.workeroutput

    def _crashed(self, mine: Sequence[Execution], index: int, number: int, node: Any) -> list[Execution]:
        """As xdist and pytest-rerunfailures: a report of a worker that crashed, and the test again in another."""
        lost = mine[index]
        rest = lost.attempts[number + 1 :]
        place = (lost.test.partition("::")[0], None, lost.test.partition("::")[0])
        report = pytest.TestReport(lost.test, place, (), "failed", "the worker crashed", "???")
        report.node = node
        if rest:
            report.outcome = "rerun"
        self.main.config.hook.pytest_runtest_logreport(report=report)
        return [*([replace(lost, attempts=rest)] if rest else []), *mine[index + 1 :]]


class _Channel:
    """A channel of execnet's, both ends of it."""

    def setcallback(self, take: Callable[[str], None]) -> None:
        self.send = take


class _Forward:
    """Carries what a worker tells to its controller, as xdist does."""

    def __init__(self, main: pytest.Config, worker: pytest.Config, node: Any) -> None:
        self.main, self.worker, self.node = main, worker, node
        self.index = 0

    @pytest.hookimpl
    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.main.hook.pytest_runtest_logstart(nodeid=nodeid, location=location)

    @pytest.hookimpl
    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        self.main.hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.worker.hook.pytest_report_to_serializable(config=self.worker, report=report)
        told = self.main.hook.pytest_report_from_serializable(config=self.main, data=data)
        told.node, told.item_index = self.node, self.index
        self.main.hook.pytest_runtest_logreport(report=told)

    def down(self) -> Any:
        """The worker as its controller knows it at its end."""
        self.node.workeroutput = self.worker.workeroutput
        return self.node


class _Module(pytest.Collector):
    def collect(self) -> list[pytest.Item]:
        return []
