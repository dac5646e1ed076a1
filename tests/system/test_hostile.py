"""Hostile clients and hostile servers: they harm nobody but themselves, and it can be seen why.

In each test of a client, tests/programs/hostile-client does its attacks, each on a session of its
own, while honest clients of the same server do what they always do, and check it. LIVES=N makes
them longer: N lives of the hostile program, each with other random numbers.
"""
import os
import re
import time

from harness import PATIENCE, ROOT, limit
from prompt import prompted

LIVES = int(os.environ.get("LIVES") or 2)
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


def hostile(kind, sessions, rounds=100, lives=LIVES, more=""):
    """The section of a hostile client; sessions are NAME and the rest of the line."""
    lines = ["server hostile", "    image       servers/hostile-client.elf", "    priority    14",
             "    memory      1M", "    log         64K", "    after       keeper", "    shares",
             "    restart     always", "    hpet        hpet 1",
             f"    arguments   kind={kind} seed=1 lives={lives} rounds={rounds} {more}"]
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
                    files={"config/variant.cfg": text.encode()}, **options)


def wait_log(m, server, pattern, seconds=120, last=False):
    """Waits until a server's log has this; the (last) match."""
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        log = m.command(f"log {server}")
        found = list(re.finditer(pattern, log))
        if found:
            return found[-1 if last else 0]
        for word in ("FAILED", "panic", "not so", "waiting too long"):
            assert word not in log, log
        time.sleep(0.5)
    raise AssertionError(f"{pattern!r} did not come into the log of {server}:\n{log}\n"
                         f"root's log:\n{m.command('log root')}")


def sessions_of(m, client):
    """What the keeper says of this client's sessions: name -> (number, state, errors)."""
    rows = [line.split() for line in m.command("sessions").splitlines()]
    return {row[2]: (int(row[0]), row[4], int(row[-2])) for row in rows
            if len(row) == 14 and row[1] == client}


def counted(m, number):
    """What the keeper says of one session: why it is closed, errors that the server saw."""
    page = m.command(f"sessions {number}")
    why = re.search(r"^why +(.*?)\s*$", page, re.MULTILINE)
    errors = re.search(r"^server .* saw (\d+) errors", page, re.MULTILINE)
    return why and why[1], int(errors[1])


def attacked(m, server, names, clients, progress):
    """Waits until all attacks are over; nobody but the attacker has noticed anything, and the
    victim's counters say what happened. `progress` finds in the log of an honest client how much it
    has done."""
    begin = {client: int(wait_log(m, client, progress)[1]) for client in clients}
    for life in range(LIVES):
        found = wait_log(m, "hostile", rf"life {life}, (\d+) sessions: (\d+) checks, (\d+) failed",
                         200)
        assert int(found[1]) == len(names) and found[3] == "0", m.command("log hostile")
    wait_log(m, "hostile", "hostile-client: done")
    for client in clients:
        before = int(wait_log(m, client, progress, last=True)[1])
        assert before > begin[client], f"{client} got no further than {before}"
        deadline = time.monotonic() + 60 * PATIENCE
        while int(wait_log(m, client, progress, last=True)[1]) == before:
            assert time.monotonic() < deadline, f"{client} gets no further than {before}"
            time.sleep(0.5)
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
            assert state == "works" and errors == 0, (client, name, state, errors)
            assert "0 restarts of the server" in m.command(f"sessions {number}")


ECHO = """server echo
    image       servers/session-echo.elf
    priority    12
    memory      1M
    cap         9ms
    deadline    2s
    log         16K
"""


@limit(400)
def test_echo(machine):
    """All attacks on the server that does nothing."""
    names = [*CLOSED, *OPEN, *EITHER, *GONE, *LAST]
    m = booted(machine, ["session-client", "session-echo"], ECHO,
               honest("a", "session-client", "load", "session     one echo 16K some argument"),
               hostile("echo", [(name, "echo 16K") for name in names]))
    attacked(m, "echo", names, ["a"], r"session-client: (\d+) requests")


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


def block_sessions(names, prefix):
    return [(name, f"disk 16K {prefix}{name} rw" if name in WRITERS else f"disk 16K {prefix}all ro")
            for name in names]


@limit(400)
def test_ram_disk(machine):
    """All attacks on the disk server, in front of RAM disks."""
    without = ("prod-held", "tag-twice")  # a RAM disk is done at once
    names = [name for name in [*CLOSED, *OPEN, *EITHER, *GONE, *LAST] if name not in without]
    ram = "".join(f"    ram         {name} 128K\n" for name in [*WRITERS, "all"])
    m = booted(machine, ["block-client"], DISK + "    ram         one 1M\n" + ram,
               honest("a", "block-client", "load operations=0 report=500", "session  disk disk 1M one rw"),
               hostile("disk", block_sessions(names, "")))
    attacked(m, "disk", names, ["a"], r"block-client: (\d+) operations")
