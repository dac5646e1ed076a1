"""Sessions: root hands them out, they outlive the server, and nobody gets more than its part."""
import re
import time

from harness import PATIENCE, ROOT, Failure, limit
from prompt import eventually, prompted, wait_log

PROGRAMS = ["session-echo", "session-client"]
CLIENT = """server {name}
    image       servers/session-client.elf
    priority    8
    after       keeper
    arguments   {arguments}
    session     one echo 16K some argument
"""


def booted(machine, **options):
    return prompted(machine, programs=PROGRAMS, **options)


def with_clients(*clients, memory="512K"):
    """sessions.cfg with these sections instead of the client's, as a file for the archive; and so
    much memory for the server."""
    text = (ROOT / "tests/system/config/sessions.cfg").read_text()
    text = text[:text.index("server client")] + f"    memory      {memory}\n" + "\n".join(clients)
    return {"config": "variant.cfg", "files": {"config/variant.cfg": text.encode()}}


def free_pages(m):
    return re.search(r"^free +([0-9.]+\w)", m.command("mem"), re.MULTILINE)[1]


@limit(300)
def test_promises(machine):
    """Requests are done once whatever happens to the server; wrong calls are refused."""
    m = booted(machine, config="sessions.cfg")
    found = wait_log(m, "client", r"session-client: (\d+) checks, (\d+) failed")
    assert int(found[1]) > 3000 and found[2] == "0", m.command("log client")
    log = m.command("log root")
    assert "gave no sign of life in 400 ms" in log, log
    assert "is closed: the server has nothing of the name in its argument" in log, log


def test_read_only_pages(machine):
    """A client that writes to the server's page, or to root's, dies of it."""
    m = booted(machine, **with_clients(CLIENT.format(name="a", arguments="write-info"),
                                       CLIENT.format(name="b", arguments="write-s")))
    for name, page in (("a", 1), ("b", 2)):
        found = wait_log(m, "root", rf"root: {name}: page fault at 0x([0-9a-f]+)")
        address = int(found[1], 16)
        assert address % (1 << 34) == page * 4096, hex(address)
        assert "FAILED" not in m.command(f"log {name}")


@limit(300)
def test_kill_under_load(machine):
    """The server and its clients are killed while requests are under way: those that live notice
    nothing, and all memory comes back."""
    names = ("a", "b", "c")
    m = booted(machine, **with_clients(*(CLIENT.format(name=n, arguments="load") for n in names)))
    for name in names:
        wait_log(m, name, r"session-client: \d+ requests, 0 restarts")
    free = free_pages(m)
    for kills in range(1, 4):
        m.send("kill echo")
        m.expect("echo restarted")
        for name in names:
            wait_log(m, name, rf"session-client: \d+ requests, {kills} restarts")
    for kills in range(1, 4):
        lines = m.command("log b").count("requests")
        m.send("kill b")
        m.expect("killed by keeper")
        wait_log(m, "root", "^root: b restarted", count=kills)
        wait_log(m, "b", r"session-client: \d+ requests", count=min(lines + 1, 100))
    for name in names:
        assert "FAILED" not in m.command(f"log {name}")
    time.sleep(1)
    assert free_pages(m) == free, (free, m.command("mem"))


def test_server_is_gone(machine):
    """A server that is not restarted keeps nothing of its sessions: when their client has ended,
    all is given back."""
    m = booted(machine, **with_clients(CLIENT.format(name="a", arguments="load"),
                                       memory="512K\n    restart     never"))
    wait_log(m, "a", r"session-client: \d+ requests, 0 restarts")
    m.command("kill echo")
    assert "echo: killed by keeper: it is not restarted" in m.command("log root")
    # The client cannot do without: it ends again and again, and each time its session with it.
    deadline = time.monotonic() + 30 * PATIENCE
    while re.search(r"^ *\d+ a +one +echo", m.command("sessions"), re.MULTILINE):
        if time.monotonic() > deadline:
            raise Failure(m.command("sessions") + m.command("log root"))
        time.sleep(0.2)


def test_not_a_client(machine):
    """A session for a program that uses none is given back, and its name is free again."""
    m = booted(machine, config="sessions.cfg")
    wait_log(m, "client", r"session-client: \d+ checks, 0 failed")
    for _ in range(3):
        number = re.fullmatch(r"session (\d+)", m.command("open echo own console 4K"))[1]
        deadline = time.monotonic() + 30 * PATIENCE
        while re.search(rf"^ *{number} echo +own", m.command("sessions"), re.MULTILINE):
            if time.monotonic() > deadline:
                raise Failure(m.command(f"sessions {number}"))
            time.sleep(0.2)
    assert int(number) < 8, m.command("sessions")


def test_no_memory(machine):
    """A session for which one of its two sides has no memory is closed, and said to be; what comes
    after it goes on."""
    many = "".join(f"    session     more{i} echo 4K\n" for i in range(60))
    first = CLIENT.format(name="a", arguments="load")
    for name, memory, exhausted in ("rich", "4M", "echo"), ("poor", "256K", "poor"):
        more = f"    restart     never\n    memory      {memory}\n{many}"
        client = CLIENT.format(name=name, arguments="load") + more
        m = booted(machine, **with_clients(first, client))
        wait_log(m, "root", rf"session more\d+ of {name} with echo is closed: {exhausted} "
                            "has no memory left for it")
        wait_log(m, name, r"session-client: \d+ requests, 0 restarts")
        m.command(f"kill {name}")
        wait_log(m, "a", r"session-client: \d+ requests, 0 restarts")
        assert re.search(r"^session \d+$", m.command("open a again echo 4K"), re.MULTILINE)
        table = m.command("sessions")
        assert re.search(r"^ *\d+ a +again +echo +works", table, re.MULTILINE), table
        m.close()


@limit(300)
def test_many(machine):
    """A client with so many sessions that its next life has no room for them before those of this
    life have been given back: it gets them all again."""
    client = CLIENT.format(name="a", arguments="load") + "    memory      4M\n"
    client += "".join(f"    session     more{i} echo 4K\n" for i in range(60))
    m = booted(machine, **with_clients(client, memory="4M"))
    for life in range(4):
        if life > 0:
            m.command("kill a")
            wait_log(m, "root", "^root: a restarted", count=life)
        eventually(m, "sessions", r"(^ *\d+ a +\w+ +echo +works .*\n?){61}")
    assert "is not opened" not in m.command("log root")
