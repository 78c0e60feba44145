"""The tests prove what this organisation asks for, with its own kinds of proof."""

import time

from pytest_readiness import evidence


@evidence("patients", item="restore")
def test_a_backup_is_restored_on_a_new_machine(new_registry, record_evidence):
    old = new_registry()
    for n in range(20):
        old.add(f"P-{n:06}", f"patient {n}")
    before, backup = old.patients(), old.ask("GET", "/backup")
    old.kill()

    began = time.monotonic()
    new = new_registry()
    new.ask("PUT", "/backup", backup)
    after = new.patients()
    record_evidence.prove("restore", before=before, after=after, seconds=time.monotonic() - began, allowed=60)
    record_evidence.note(f"the last one is {after[-1][0]}")


@evidence("patients", item="load")
def test_answers_come_in_time(new_registry, record_evidence):
    registry = new_registry()
    seconds = []
    for n in range(100):
        began = time.monotonic()
        registry.add(f"P-{n:06}", f"patient {n}")
        seconds.append(time.monotonic() - began)
    record_evidence.prove("load", seconds=seconds, limit=2.0)
