"""The timer server and the clock page: what clients see, before and after it was killed, under load
of others, and without an HPET."""
import re
import time

from harness import ROOT, builds, limit
from prompt import PROMPT, wait_log

CONFIG = (ROOT / "tests/system/config/timer.cfg").read_text()


def client(name, arguments="", sessions=1, priority=8):
    """The section of another client."""
    lines = [f"server {name}", "image servers/timer-client.elf", f"priority {priority}",
             "memory 1M", "log 4K", "after timer", "restart never", "clock clock"]
    lines += [f"arguments {arguments}"] if arguments else []
    return "\n".join(lines + [f"session timer{i} timer 4K" for i in range(sessions)]) + "\n"


def starts(machine, *clients, config=CONFIG, **hardware):
    m = machine(config="clients.cfg", programs=["timer-client"],
                files={"config/clients.cfg": "\n".join([config, *clients]).encode()}, **hardware)
    m.expect(PROMPT, 120)
    return m


def plain(config=CONFIG):
    """The configuration without the client that checks."""
    return config[:config.index("server timer-client")]


def results(m, title, name="timer-client"):
    """The client's line about its checks, of which none may have failed."""
    found = wait_log(m, name, rf"^{title}: (\d+) checks, (\d+) failed$")
    checks, failed = map(int, found.groups())
    assert checks > 100 and failed == 0, f"{found[0]}:\n{m.command(f'log {name}')}"


def load_lines(m, name):
    """What a client under load says: (set, back, mistakes, worst lateness), the last line."""
    text = m.command(f"log {name}")
    found = re.findall(r"load: (\d+) set, (\d+) back, (\d+) mistakes, late by (\d+) ns", text)
    if "FAILED" in text or "not so" in text:
        m.fail(f"{name} has complaints:\n{text}")
    return [tuple(map(int, line)) for line in found]


def wait_for_load(m, name, lines, seconds=100):
    """Waits until the client has reported so many times; checks and returns its reports."""
    deadline = time.monotonic() + seconds
    while True:
        reports = load_lines(m, name)
        if len(reports) >= lines:
            break
        if time.monotonic() > deadline:
            m.fail(f"{name} did not report {lines} times:\n{m.command(f'log {name}')}")
        time.sleep(0.5)
    for was_set, back, mistakes, _ in reports:
        assert mistakes == 0 and was_set >= back, f"{name}: {reports}"
    return reports


def kill(m):
    m.send("kill timer")
    m.expect("timer restarted", 60)


def survived(m, seconds=100):
    """Waits until the checking client has got over the last restart that it saw, and sees no more
    of them; how many it saw."""
    before, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        text = m.command("log timer-client")
        saw = [int(number) for number in re.findall(r"saw restart (\d+)$", text, re.MULTILINE)]
        done = re.findall(r"after restart (\d+): \d+ checks, (\d+) failed$", text, re.MULTILINE)
        if any(int(failed) for _, failed in done) or "FAILED" in text:
            m.fail(f"timer-client has complaints:\n{text}")
        if saw and done and int(done[-1][0]) == saw[-1] == before:
            return before
        before = saw[-1] if saw else 0
        time.sleep(1)
    return m.fail(f"timer-client did not get over it:\n{text}")


def test_client(machine):
    """All that is promised to a client, and again after the server was killed."""
    m = starts(machine)
    results(m, "timer-client")
    for restart in (1, 2, 3):
        kill(m)
        results(m, f"timer-client after restart {restart}")


def test_counted(machine):
    """The same when time is counted in instructions."""
    results(starts(machine, icount=True), "timer-client")


@limit(240)
def test_thousands(machine):
    """Nine clients with four sessions each and all their alarms, 3,600 at once; the server is
    killed under them, and a tenth checks everything."""
    names = [f"load{i}" for i in range(9)]
    config = CONFIG.replace("memory      3M", "memory      6M")
    m = starts(machine, *[client(name, "load", 4, priority=6) for name in names], config=config)
    results(m, "timer-client")
    for name in names:
        wait_for_load(m, name, 1)
    for _ in range(3):
        kill(m)
    assert survived(m) >= 1
    for name in names:
        wait_for_load(m, name, len(load_lines(m, name)) + 1)


def test_lateness(machine):
    """In counted instructions: how late alarms are while others keep the server busy: four clients
    with a hundred alarms each within 50 ms, and one that asks for the impossible all the time."""
    m = starts(machine, *[client(f"load{i}", "load", priority=10) for i in range(4)],
               client("storm", "storm", priority=5), config=plain(), icount=True)
    worst = 0
    for i in range(4):
        worst = max(worst, *(report[3] for report in wait_for_load(m, f"load{i}", 2)))
    wait_log(m, "storm", r"storm: \d+ rounds")
    assert worst <= 100_000, f"an alarm was {worst} instructions late"


def test_wake(machine):
    """From the moment when an alarm is due to its client running, with no load."""
    m = starts(machine, client("wake", "wake"), config=plain(), icount=True)
    found = wait_log(m, "wake", r"wake: (\d+) ns at least, (\d+) at most, (\d+) on average")
    least, most, average = map(int, found.groups())
    goal = 2000 if machine.build == "release" else 4000
    assert average <= goal and most <= 4 * goal, found[0]


@limit(240)
def test_long(machine):
    """Kills under load from all sides: the checking client never loses or doubles an alarm."""
    m = starts(machine, client("load", "load", 2, priority=7),
               client("storm", "storm", priority=5))
    results(m, "timer-client")
    for restart in range(1, 6):
        kill(m)
        wait_log(m, "timer-client", rf"saw restart {restart}$")
    for _ in range(3):  # whether it sees these as one or three
        kill(m)
    assert survived(m) >= 5
    wait_for_load(m, "load", len(load_lines(m, "load")) + 1)


@builds("debug")
@limit(240)
def test_dies_anywhere(machine):
    """The server dies at each named step of its loop, some times in a row."""
    for step in ("taken", "device", "completed", "published", "raised"):
        config = CONFIG.replace("    hpet        hpet\n",
                                f"    hpet        hpet\n    arguments   die={step}:300:3\n")
        m = starts(machine, config=config)
        for _ in range(3):
            m.expect("timer restarted", 60)
        results(m, "timer-client")
        assert survived(m) >= 1, step
        m.close()


@limit(120)
def test_no_hpet(machine):
    """Without an HPET there is one clear message, and everything else runs."""
    m = machine(extra=["-M", "q35,hpet=off"])
    m.expect(re.compile(r"no HPET"), 60)
    m.expect(PROMPT, 60)
    m.command("help")
