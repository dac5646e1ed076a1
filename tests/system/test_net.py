"""The net server: frames between sessions and to and from the wire, and when it dies."""
import re
import socket
import struct
import time

from harness import PATIENCE, ROOT, builds, limit
from prompt import prompted

PROGRAMS = ["net-client"]
GUEST_MAC = bytes.fromhex("525400746501")
HOST_MAC = bytes.fromhex("025500000001")
GUEST_IP = bytes([10, 0, 2, 15])
HOST_IP = bytes([10, 0, 2, 2])


def client(name, arguments, *sessions):
    """A section for a test client; a session is NAME and the arguments for the server."""
    lines = [f"server {name}", "    image       servers/net-client.elf", "    priority    8",
             "    after       net", "    restart     never", f"    arguments   {arguments}"]
    lines += [f"    session     {name} net 1M {words}" for name, words in sessions]
    return "\n".join(lines) + "\n"


def booted(machine, *clients, net="", **options):
    """A machine with net.cfg, these sections instead of its clients, and more lines for `net`."""
    text = (ROOT / "tests/system/config/net.cfg").read_text()
    if clients:
        text = text[:text.index("server echo")] + "\n".join(clients)
    text = text.replace("servers/net.elf\n", f"servers/net.elf\n    {net}\n" if net else
                        "servers/net.elf\n")
    return prompted(machine, config="variant.cfg", programs=PROGRAMS,
                    files={"config/variant.cfg": text.encode()}, **options)


def wait_log(m, server, pattern, seconds=120):
    """Waits until a server's log has this; the match."""
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        log = m.command(f"log {server}")
        found = re.search(pattern, log)
        if found:
            return found
        assert "FAILED" not in log and "panic" not in log, log
        time.sleep(0.5)
    raise AssertionError(f"{pattern!r} did not come into the log of {server}:\n{log}\n"
                         f"the server's log:\n{m.command('log net')}")


def all_held(m, server, title, least):
    """The client's line about its checks, of which none may have failed."""
    found = wait_log(m, server, rf"{title}: (\d+) checks, (\d+) failed")
    assert int(found[1]) >= least and found[2] == "0", m.command(f"log {server}")


# --- between sessions -----------------------------------------------------------------------------


@limit(300)
def test_stream(machine):
    """A stream of frames from session to session, and back, without a network card."""
    m = booted(machine)
    wait_log(m, "net", "no network card")
    found = wait_log(m, "generate", r"stream of 20000 frames is right, (\d+) sent again", 200)
    assert int(found[1]) < 2000, f"{found[0]}: but nobody lost them"


def test_rules(machine):
    """Addresses, lengths, batches, limits and counters: what a session may do, and what not."""
    m = booted(machine, client("rules", "rules", ("net", "52:54:00:74:65:01 broadcast=5"),
                               ("peer", "52:54:00:74:65:02")))
    all_held(m, "rules", "net-client rules", 5000)


def test_hostile(machine):
    """Requests that make no sense are refused, and harm nobody."""
    m = booted(machine, client("hostile", "hostile", ("net", "52:54:00:74:65:01"),
                               ("peer", "52:54:00:74:65:02")))
    all_held(m, "hostile", "net-client hostile", 290)


def test_refused_sessions(machine):
    """An address belongs to one session; what is not an address of one's own is refused."""
    m = booted(machine, client("first", "echo", ("net", "52:54:00:74:65:01")),
               client("second", "echo", ("net", "52:54:00:74:65:01 broadcast=3")),
               client("group", "echo", ("net", "53:54:00:74:65:01")),
               client("nobody", "echo", ("net", "00:00:00:00:00:00")),
               client("unread", "echo", ("net", "52:54:00:74:65:03 fast")))
    logs = {}
    for name in ("second", "group", "nobody", "unread"):
        logs[name] = wait_log(m, "root", rf"session .*{name}.* is closed: .*")[0]
    assert "in use by another session" in logs["second"], logs
    for name in ("group", "nobody", "unread"):
        assert "makes no sense" in logs[name], logs
    wait_log(m, "first", "has the address 52:54:00:74:65:01")


# --- when it dies ---------------------------------------------------------------------------------


def kill(m, times):
    for _ in range(times):
        m.send("kill net")
        m.expect("restarted", 60)
        m.expect("keeper> ", 60)
        time.sleep(1)


@limit(400)
def test_kill(machine):
    """The server is killed while a stream goes on: the stream is right."""
    m = booted(machine, client("echo", "echo", ("net", "52:54:00:74:65:02")),
               client("generate", "generate 52:54:00:74:65:02 60000",
                      ("net", "52:54:00:74:65:01")))
    wait_log(m, "generate", "has the address")
    kill(m, 3)
    wait_log(m, "generate", "stream of 60000 frames is right", 300)


@builds("debug")
@limit(400)
def test_dies_at_each_step(machine):
    """It dies, and hangs, in the middle of its work: the stream is right all the same."""
    for number, step in enumerate(("taken", "device", "completed", "published", "raised")):
        way = "hang" if step == "device" else "die"
        m = booted(machine, net=f"arguments   {way}={step}:{1000 + 777 * number}:2")
        wait_log(m, "generate", "stream of 20000 frames is right", 300)
        restarts = re.search(r"^net .*", m.command("list"), re.MULTILINE)
        assert restarts, m.command("help")
        m.close()
