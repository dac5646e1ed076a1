"""Servers that are killed, die and hang while all clients of all servers are at full load: no
request is lost or done twice, no data is wrong, no memory is missing, the prompt comes back.

tests/programs/killer kills at random instructions, in time that is counted in instructions. Each
session of each server has to see KILLS restarts: a few by default; for a long run
`make test TESTS=/kill/ KILLS=100`.
"""
import os
import re
import time

import disk_image
from harness import PATIENCE, ROOT, Failure, builds, limit
from prompt import PROMPT

KILLS = int(os.environ.get("KILLS") or 2)
PROGRAMS = ["killer", "writer", "block-client", "net-client", "timer-client"]
SERVERS = ("disk", "net", "far", "timer", "console")
CONFIG = (ROOT / "tests/system/config/kill.cfg").read_text()
STEPS = {"taken": 300, "device": 400, "completed": 500, "published": 60, "raised": 50}

# What each client says of its progress; the number grows.
PROGRESS = {
    "ram": r"block-client: (\d+) operations",
    "ahci": r"block-client: (\d+) operations",
    "stream": r"net-client: (\d+) frames are right",
    "far-stream": r"net-client: (\d+) frames are right",
    "alarms": r"timer-client standing: (\d+) back",
    "writer": r"writer: (\d+) lines",
}


def arguments_of(text, server, words):
    """The configuration with these words behind the arguments of a server; if it has none, with
    these."""
    head, line, rest = text.partition(f"\nserver {server}\n")
    section, blank, rest = rest.partition("\n\n")
    if "    arguments " in section:
        section = re.sub(r"(    arguments .*)", rf"\1 {words}", section)
    else:
        section += f"\n    arguments   {words}"
    return head + line + section + blank + rest


def boot(machine, changes, shares="", without=(), icount=True):
    """kill.cfg with more arguments for some servers, on a machine with a disk and with two network
    cards at one wire; the machine, and the disk's image."""
    image = disk_image.make(machine.own_file("disk.img"))
    text = CONFIG
    for server in without:
        text = re.sub(rf"\nserver {server}\n(?:.+\n)*", "", text)
    for server, words in changes.items():
        text = arguments_of(text, server, words)
    text = text.replace("    hpet        hpet 1\n", f"    hpet        hpet 1\n{shares}")
    extra = ["-boot", "d", "-drive", f"if=none,id=disk,format=raw,file={image}",
             "-device", "ide-hd,drive=disk,bus=ide.1"]
    for number, card in enumerate(("e1000e", "e1000")):
        extra += ["-netdev", f"hubport,id=end{number},hubid=0",
                  "-device", f"{card},netdev=end{number},mac=52:54:00:12:34:5{number}"]
    m = machine(config="variant.cfg", files={"config/variant.cfg": text.encode()},
                programs=PROGRAMS, icount=icount, time_limit=290 + 40 * KILLS, extra=extra)
    m.FATAL = re.compile(r"^.*\bpanic: (?!test: dies).*$", re.MULTILINE)
    m.expect(PROMPT, 120)
    return m, image


def log_of(m, server):
    """A server's log, without complaints. A console that dies loses what is typed: then it is typed
    again."""
    for patience in (5, 10, 20, 60):
        try:
            log = m.command(f"log {server}", timeout=patience)
            break
        except Failure:
            if patience == 60 or m.ended or m.FATAL.search(m.text):
                raise
            m.position = len(m.text)
    if "FAILED" in log or "not so" in log or re.search(r"[1-9]\d* failed$", log, re.MULTILINE):
        raise Failure(f"{server} has complaints:\n{log}\nthe log of root:\n{m.command('log root')}")
    return log


def wait_log(m, server, pattern, seconds=250):
    """Waits until a server's log has this; the match."""
    deadline = time.monotonic() + (seconds + 30 * KILLS) * PATIENCE
    while True:
        log = log_of(m, server)
        found = re.search(pattern, log, re.MULTILINE)
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"{pattern!r} did not come into the log of {server}:\n{log}\n"
                          f"sessions:\n{m.command('sessions')}\n{m.command('log root')}")
        time.sleep(0.5)


def progress(m, client):
    numbers = re.findall(PROGRESS[client], log_of(m, client))
    return int(numbers[-1]) if numbers else 0


def all_go_on(m):
    """Every client still gets answers, and has no complaints."""
    before = {client: progress(m, client) for client in PROGRESS}
    deadline = time.monotonic() + 100 * PATIENCE
    while stuck := [c for c in PROGRESS if progress(m, c) == before[c]]:
        if time.monotonic() > deadline:
            raise Failure(f"{stuck} did nothing any more:\n{m.command('sessions')}\n" +
                          "\n".join(m.command(f"log {client}") for client in stuck))
        time.sleep(0.5)
    for client in ("echo", "far-echo"):
        log_of(m, client)


def blocks_are_right(m, image):
    """Both block clients come to their ends when they are told to, with all sectors as they were
    written; so it is on the image, of which nothing else has changed."""
    for name in ("ram", "ahci"):
        m.command(f"open {name} stop disk 4K")
        done = wait_log(m, name, r"^block-client: done: all sectors are right: .*?"
                                 r"(\d+) restarts, (\d+) odd completions")
        assert done[2] == "0", done[0]
    m.send("poweroff")
    m.wait_exit()
    assert disk_image.check_volume(image, "scratch") >= 300
    disk_image.check_file_system(image, image.with_suffix(".ext2"))


def all_is_well(m, image):
    """After all that happened: the clients go on, what they were promised was kept, and the
    keeper answers."""
    all_go_on(m)
    saw = re.findall(r"saw restart (\d+)$", log_of(m, "alarms"), re.MULTILINE)
    if saw:
        wait_log(m, "alarms", rf"timer-client after restart {saw[-1]}: \d+ checks, 0 failed$")
    assert "Terrarium" in m.command("version")
    blocks_are_right(m, image)


@limit(300 + 40 * KILLS)
def test_killed(machine):
    """Each of the servers is killed at random instructions, in turn and while others are dead."""
    sessions = CONFIG.count("\n    session ")
    m, image = boot(machine, {"killer": f"kills={KILLS} sessions={sessions} seed={KILLS}"},
                    "".join(f"    share       {server} {server}\n" for server in SERVERS))
    done = wait_log(m, "killer",
                    r"^killer: done: (\d+) kills, (\d+) at work, (\d+) pages free before, "
                    r"(\d+) after")
    assert int(done[1]) >= KILLS * len(SERVERS) and int(done[2]) >= KILLS, done[0]
    assert done[3] == done[4], f"memory was lost: {done[0]}\n{m.command('mem')}"
    all_is_well(m, image)


@builds("debug")
@limit(300)
def test_dies(machine):
    """Each of the servers dies at each named step of its loop, one after the other."""
    steps = list(STEPS.items())
    lives = {server: " ".join(f"die={steps[i][0]}:{steps[i][1]}:{i + 1}" for i in (4, 3, 2, 1, 0))
             for server in SERVERS}
    m, image = boot(machine, {**lives}, without=["killer"])
    for server in SERVERS:
        for step in STEPS:
            wait_log(m, server, f"test: dies at step '{step}'")
    all_is_well(m, image)


@builds("debug")
@limit(300)
def test_hangs(machine):
    """Servers that go round in circles, all at the same time, are found by their deadlines, and
    restarted. Not in counted instructions: in these, circles with PAUSE take QEMU very long."""
    words = {server: "hang=device:200:1" for server in SERVERS}
    m, image = boot(machine, words, without=["killer"], icount=False)
    for server in SERVERS:
        wait_log(m, "root", f"{server}: gave no sign of life in 2000 ms: restarting now")
    all_is_well(m, image)
