"""The timer server: what a client sees, before and after it was killed, and without an HPET."""
import re
import time

from harness import limit

PROMPT = "keeper> "


def wait_for_log(m, name, pattern, seconds=100):
    """Asks for a server's log until the pattern is in it; returns the match."""
    deadline = time.monotonic() + seconds
    while True:
        text = m.command(f"log {name}")
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return found
        if time.monotonic() > deadline:
            m.fail(f"{pattern!r} did not come in the log of {name}, which is now:\n{text}")
        time.sleep(1)


def results(m, title):
    """The client's line about its checks, of which none may have failed."""
    found = wait_for_log(m, "timer-client", rf"^{title}: (\d+) checks, (\d+) failed$")
    checks, failed = map(int, found.groups())
    assert checks > 1000 and failed == 0, f"{found[0]}:\n{m.command('log timer-client')}"


def starts(machine, **hardware):
    m = machine(config="timer.cfg", programs=["timer-client"], **hardware)
    m.expect(PROMPT, 120)
    return m


def test_client(machine):
    """All that is promised to a client, and again after the server was killed."""
    m = starts(machine)
    results(m, "timer-client")
    for restart in (1, 2):
        m.send("kill timer")
        m.expect("restarted", 60)
        results(m, f"timer-client after restart {restart}")


def test_counted(machine):
    """The same when time is counted in instructions."""
    results(starts(machine, icount=True), "timer-client")


@limit(120)
def test_no_hpet(machine):
    """Without an HPET there is one clear message, and everything else runs."""
    m = machine(extra=["-M", "q35,hpet=off"])
    m.expect(re.compile(r"no HPET"), 60)
    m.expect(PROMPT, 60)
    m.command("help")
