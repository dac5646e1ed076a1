"""Hostile clients and hostile servers: they harm nobody but themselves, and it can be seen why.

In each test of a client, tests/programs/hostile-client does its attacks, each on a session of its
own, while honest clients of the same server do what they always do, and check it. LIVES=N makes
them longer: N lives of the hostile program, each with other random numbers.
"""
import os
import re
import time

import disk_image
from harness import PATIENCE, ROOT, limit
from prompt import prompted, wait_log

LIVES = int(os.environ.get("LIVES") or 2)
LIMIT = 300 + 20 * LIVES
CONSOLE = (ROOT / "tests/system/config/sessions.cfg").read_text().split("server echo")[0]

# Attacks that close the session, and what root then says.
INDEX = "the client published more entries than the ring has"
TAG = "the client used a tag that is too large, or in use"
CHAIN = "the client pushed a chain that is too long, torn, or of several tags"
PAGE = "the client's page is of another version, size or epoch"
CLOSED = {
    "prod-over": INDEX, "prod-back": INDEX, "prod-far": INDEX, "prod-wild": INDEX,
    "prod-held": INDEX, "tag-large": TAG, "tag-most": TAG, "tag-twice": TAG, "chain-torn": CHAIN,
    "chain-long": CHAIN, "chain-endless": CHAIN, "chain-tags": CHAIN, "page-version": PAGE,
    "page-size": PAGE, "page-epoch": PAGE,
}
# And those that it survives, or may survive.
OPEN = ["requests", "chains", "quiet", "storm", "wakings", "unread", "rewrite"]
EITHER = ["rewrite-all"] + [f"rewrite-all-{i}" for i in range(1, 8)]
GONE = ["release"]
LAST = ["leave"]
ALL = [*CLOSED, *OPEN, *EITHER, *GONE, *LAST]


def hostile(kind, sessions, rounds=100):
    """The section of a hostile client; sessions are NAME and the rest of the line."""
    lines = ["server hostile", "    image       servers/hostile-client.elf", "    priority    14",
             "    memory      1M", "    log         64K", "    after       keeper", "    shares",
             "    restart     always", "    hpet        hpet 1",
             f"    arguments   kind={kind} seed=1 lives={LIVES} rounds={rounds}"]
    lines += [f"    session     {name} {rest}" for name, rest in sessions]
    return "\n".join(lines) + "\n"


def honest(name, image, arguments, *lines):
    """The section of an honest client."""
    return "\n".join([f"server {name}", f"    image       servers/{image}.elf", "    priority    8",
                      "    after       keeper", "    restart     never", "    log         32K",
                      f"    arguments   {arguments}", *(f"    {line}" for line in lines)]) + "\n"


def booted(machine, programs, *sections, **options):
    text = CONSOLE + "\n".join(sections)
    return prompted(machine, config="variant.cfg", programs=["hostile-client", *programs],
                    files={"config/variant.cfg": text.encode()}, time_limit=LIMIT - 10, **options)


def sessions_of(m, client):
    """What the keeper says of this client's sessions: name -> (number, state, errors)."""
    rows = [line.split() for line in m.command("sessions").splitlines()]
    return {row[2]: (int(row[0]), row[4], row[-2]) for row in rows
            if len(row) > 9 and row[0].isdigit() and row[1] == client}


def counted(m, number):
    """What the keeper says of one session: why it is closed, errors that the server saw."""
    page = m.command(f"sessions {number}")
    why = re.search(r"^why +(.*?)\s*$", page, re.MULTILINE)
    errors = re.search(r"^server .* (\d+) errors", page, re.MULTILINE)
    return why and why[1], int(errors[1])


def further(m, client, progress):
    """Waits until the number that `progress` finds in the client's log has grown."""
    before = int(wait_log(m, client, progress, last=True)[1])
    deadline = time.monotonic() + 100 * PATIENCE
    while int(wait_log(m, client, progress, last=True)[1]) == before:
        assert time.monotonic() < deadline, f"{client} gets no further than {before}"
        time.sleep(0.5)


def attacked(m, server, names, clients, progress):
    """Waits until all attacks are over; nobody but the attacker has noticed anything, and the
    victim's counters say what happened. `progress` finds in the log of an honest client how much it
    has done."""
    for client in clients:
        wait_log(m, client, progress)
    for life in range(LIVES):
        found = wait_log(m, "hostile", rf"life {life}, (\d+) sessions: (\d+) checks, (\d+) failed",
                         200)
        assert int(found[1]) == len(names) and found[3] == "0", m.command("log hostile")
    wait_log(m, "hostile", "hostile-client: done")
    for client in clients:
        further(m, client, progress)
    log = m.command("log root")
    assert not re.search(rf"root: {server}: .*restart", log), log
    check_sessions(m, names, clients)
    return m


def check_sessions(m, names, clients):
    """The table of sessions, and the page of each one."""
    found = sessions_of(m, "hostile")
    assert set(found) == set(names) - set(GONE), sorted(found)
    for name, (number, state, _) in found.items():
        why, errors = counted(m, number)
        if name in CLOSED:
            assert state == "closed" and why == CLOSED[name] and errors == 1, (name, state, why)
        elif name in EITHER:
            known = state == "closed" and why in CLOSED.values() and errors == 1
            assert known or (state == "works" and errors == 0), (name, state, why, errors)
        else:
            assert state == "works" and errors == 0, (name, state, why, errors)
    for client in clients:
        for name, (number, state, errors) in sessions_of(m, client).items():
            assert state == "works" and errors == "0", (client, name, state, errors)
            assert "0 restarts of the server" in m.command(f"sessions {number}")


ECHO = """server echo
    image       servers/session-echo.elf
    priority    12
    memory      1M
    cap         9ms
    deadline    2s
    log         16K
"""


@limit(LIMIT)
def test_echo(machine):
    """All attacks on the server that does nothing."""
    m = booted(machine, ["session-client", "session-echo"], ECHO,
               honest("a", "session-client", "load", "session     one echo 16K some argument"),
               hostile("echo", [(name, "echo 16K") for name in ALL]))
    attacked(m, "echo", ALL, ["a"], r"session-client: (\d+) requests")


DISK = """server disk
    image       servers/disk.elf
    priority    12
    memory      3M
    cap         9ms
    deadline    2s
    log         32K
    pci         ahci class 01:06 optional
    dma         ahci 512K
"""
# Volumes that the attacks with these names may write; the others share one, and may read.
WRITERS = ["requests", "chains", "rewrite", "rewrite-all", "leave"]


def block_sessions(names, shared):
    return [(name, f"disk 16K {name} rw" if name in WRITERS else f"disk 16K {shared} ro")
            for name in names]


@limit(LIMIT)
def test_ram_disk(machine):
    """All attacks on the disk server, in front of RAM disks."""
    without = ("prod-held", "tag-twice")  # a RAM disk is done at once
    names = [name for name in ALL if name not in without]
    ram = "".join(f"    ram         {name} 128K\n" for name in ["one", "all", *WRITERS])
    m = booted(machine, ["block-client"], DISK + ram,
               honest("a", "block-client", "load operations=0 report=500",
                      "session     disk disk 128K one rw"),
               hostile("disk", block_sessions(names, "all")))
    attacked(m, "disk", names, ["a"], r"block-client: (\d+) operations")


def divide(image, name, parts):
    """Makes partitions of these names out of one."""
    first, sectors = disk_image.volumes(image)[name]
    each = sectors // len(parts)
    for backup in (False, True):
        table = disk_image.Table(image, backup)
        table.entries = [entry for entry in table.entries if entry[2] != first]
        table.entries += [[bytes(16), bytes(16), 0, 0, 0, bytes(72)]]
        empty = [i for i, entry in enumerate(table.entries) if entry[0] == bytes(16)]
        for number, (place, part) in enumerate(zip(empty, parts)):
            table.add(place, part, first + number * each, first + (number + 1) * each - 1)
        table.save()


@limit(LIMIT)
def test_ahci_disk(machine):
    """The same in front of a real one: requests are at the device while the ring is attacked, and
    what is on the disk elsewhere stays as it was."""
    image = disk_image.make(machine.own_file("disk.img"))
    divide(image, "scratch", WRITERS)
    before = disk_image.contents(image, "system"), disk_image.read(image, 0, 34)
    names = [name for name in ALL if name != "prod-held"]  # nothing is held for ever
    m = booted(machine, ["block-client"], DISK,
               honest("a", "block-client", "load operations=0 report=500",
                      "session     disk disk 128K data rw"),
               hostile("ahci", block_sessions(names, "system")),
               extra=["-boot", "d", "-drive", f"if=none,id=disk,format=raw,file={image}",
                      "-device", "ide-hd,drive=disk,bus=ide.1"])
    attacked(m, "disk", names, ["a"], r"block-client: (\d+) operations")
    m.send("poweroff")
    m.wait_exit()
    after = disk_image.contents(image, "system"), disk_image.read(image, 0, 34)
    assert after == before, "sectors have changed that nobody may write"


NET = """server net
    image       servers/net.elf
    priority    12
    memory      3M
    cap         9ms
    deadline    2s
    log         16K
"""


@limit(LIMIT)
def test_net(machine):
    """All attacks on the net server, while a checked stream goes between two others."""
    macs = [f"52:54:00:65:76:{i:02x}" for i in range(len(ALL))]
    m = booted(machine, ["net-client"], NET,
               honest("echo", "net-client", "echo", "session     net net 1M 52:54:00:74:65:02"),
               honest("a", "net-client", "generate 52:54:00:74:65:02 1000000000",
                      "session     net net 1M 52:54:00:74:65:01"),
               hostile("net", [(name, f"net 64K {mac}") for name, mac in zip(ALL, macs)]))
    attacked(m, "net", ALL, ["a"], r"net-client: (\d+) frames are right")


TIMER = """server timer
    image       servers/timer.elf
    priority    13
    memory      3M
    log         4K
    cap         9ms
    deadline    2s
    hpet        hpet
    clock       clock write
"""


@limit(LIMIT)
def test_timer(machine):
    """All attacks on the timer server; timers of others ring once, and not early."""
    m = booted(machine, ["timer-client"], TIMER,
               honest("a", "timer-client", "load", "clock       clock",
                      "session     timer0 timer 4K", "session     timer1 timer 4K"),
               hostile("timer", [(name, "timer 4K") for name in ALL]))
    attacked(m, "timer", ALL, ["a"], r"timer-client load: \d+ set, (\d+) back")
    assert re.search(r" 0 mistakes", m.command("log a")), m.command("log a")


def console_client(machine, names):
    """The console has few places, and one is the keeper's."""
    m = booted(machine, [], hostile("console", [(name, f"console 16K {name}") for name in names]))
    attacked(m, "console", names, [], "")
    rows = {name: row for name, row in sessions_of(m, "keeper").items()}
    assert set(rows) == {"console"} and rows["console"][1:] == ("works", "0"), rows


@limit(LIMIT)
def test_console_ring(machine):
    """Attacks on the ring of a console; the keeper's goes on."""
    console_client(machine, ["prod-back", "prod-wild", "prod-held", "tag-twice", "chain-torn",
                             "page-epoch", "release", "leave"])


@limit(LIMIT)
def test_console_requests(machine):
    """Requests to a console that are wrong, too many, or change while they are read."""
    console_client(machine, ["requests", "chains", "quiet", "storm", "wakings", "unread", "rewrite",
                             "rewrite-all"])


def storming(name, kind, session):
    """The section of a client that does nothing but ring."""
    return "\n".join([f"server {name}", "    image       servers/hostile-client.elf",
                      "    priority    8", "    memory      1M", "    log         32K",
                      "    after       keeper", "    shares", "    restart     never",
                      f"    arguments   kind={kind} storm=1",
                      f"    session     storm {session}"]) + "\n"


STORMS = {"storm-echo": ("echo", "echo 16K"), "storm-disk": ("disk", "disk 16K all ro"),
          "storm-net": ("net", "net 64K 52:54:00:65:76:01"), "storm-timer": ("timer", "timer 4K")}


@limit(LIMIT)
def test_storm(machine):
    """Doorbells without end on every server: all clients get on, those who storm and the others."""
    progress = {"echo-client": r"session-client: (\d+) requests",
                "disk-client": r"block-client: (\d+) operations"}
    m = booted(machine, ["session-client", "session-echo", "block-client", "net-client",
                         "timer-client"],
               ECHO, DISK + "    ram         one 128K\n    ram         all 128K\n", NET, TIMER,
               honest("echo-client", "session-client", "load", "session     one echo 16K"),
               honest("disk-client", "block-client", "load operations=0 report=100",
                      "session     disk disk 128K one rw"),
               honest("echo-net", "net-client", "echo", "session     net net 1M 52:54:00:74:65:02"),
               honest("net-client", "net-client", "generate 52:54:00:74:65:02 5000",
                      "session     net net 1M 52:54:00:74:65:01"),
               honest("timer-client", "timer-client", "load", "clock       clock",
                      "session     timer0 timer 4K", "session     timer1 timer 4K"),
               *(storming(name, *what) for name, what in STORMS.items()))
    for name in STORMS:
        wait_log(m, name, r"hostile-client storm (\d+)")
    for name, pattern in progress.items():
        further(m, name, pattern)
    wait_log(m, "net-client", "stream of 5000 frames is right")
    wait_log(m, "timer-client", r"timer-client load: \d+ set, \d+ back, 0 mistakes")
    for name in STORMS:
        further(m, name, r"hostile-client storm (\d+)")
    log = m.command("log root")
    assert not re.search(r"root: (echo|disk|net|timer): .*restart", log), log


# --- a hostile server -----------------------------------------------------------------------------

EVIL = """server evil
    image       servers/hostile-server.elf
    priority    12
    memory      4M
    log         8K
    hpet        hpet 1
"""
# Misdeeds that the client counts as errors, and those that it does not.
COUNTED = ["wild", "back", "many", "twice", "unknown", "long"]
UNCOUNTED = ["short", "status", "noise", "data", "lies"]


def victim(machine, fronts):
    """A hostile server does its worst to these front ends of its client."""
    pairs = [(front, misdeed) for front in fronts
             for misdeed in [*COUNTED, *UNCOUNTED, "silent", "scribble"]]
    lines = [f"session     {front}-{misdeed} evil 64K {misdeed} {front}"
             for front, misdeed in pairs]
    m = booted(machine, ["hostile-server", "victim", "session-echo"], ECHO, TIMER, EVIL,
               honest("victim", "victim", LIVES, "memory      4M", *lines,
                      "session     endless evil 4K silent", "session     echo echo 4K",
                      "session     clock timer 4K", "clock       clock").replace("never", "always"))
    for life in range(LIVES - 1):
        found = wait_log(m, "victim", rf"victim life {life}: (\d+) checks, (\d+) failed", 200)
        assert found[2] == "0", m.command("log victim")
    endless = wait_log(m, "victim", r"waits for session (\d+)", 200)[1]
    m.command(f"close {endless}")
    found = wait_log(m, "victim", r"victim: (\d+) checks, (\d+) failed")
    assert int(found[1]) > len(pairs) * 64 and found[2] == "0", m.command("log victim")
    rows = sessions_of(m, "victim")
    for front, misdeed in pairs:
        if misdeed == "silent":
            assert f"{front}-silent" not in rows, rows
            continue
        number, state, _ = rows[f"{front}-{misdeed}"]
        page = m.command(f"sessions {number}")
        errors = int(re.search(r"^client .* (\d+) errors", page, re.MULTILINE)[1])
        assert state == "works", (front, misdeed, state)
        if misdeed in COUNTED:
            assert errors > 0, f"{front}-{misdeed}: no errors are counted\n{page}"
        elif misdeed != "scribble":
            assert errors == 0, f"{front}-{misdeed}: {errors} errors\n{page}"
    for name in "echo", "clock":
        assert rows[name][1:] == ("works", "0"), rows[name]
    assert rows["endless"][1] == "closed", rows["endless"]
    assert "the operator closed it" in m.command(f"sessions {endless}")
    log = m.command("log root")
    assert not re.search(r"root: (echo|timer|evil): ", log), log


@limit(LIMIT)
def test_server_of_block_and_net(machine):
    """The front ends count what a hostile server does, and end their requests; sessions of the
    same client with honest servers go on."""
    victim(machine, ["block", "net"])


@limit(LIMIT)
def test_server_of_timer_and_console(machine):
    """The other two front ends."""
    victim(machine, ["timer", "text"])
