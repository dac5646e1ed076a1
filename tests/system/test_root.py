"""Root: broken input at boot, and servers that misbehave (tests/programs/unruly)."""
import re
import time

from harness import Failure, builds, limit
from prompt import PROMPT, wait_log

CONSOLE = """
server console
    image       servers/console.elf
    priority    12
    ports       uart 0x3f8 8
    irq         uart isa 4
    syslog      syslog
"""

PLAIN = CONSOLE + """
server keeper
    image       servers/keeper.elf
    priority    9
    after       console
    session     console console 8K
    status      status
    manage
"""


def unruly(name, does, *lines):
    """The section of a server that misbehaves."""
    return "\n".join([f"server {name}", "image servers/unruly.elf", "priority 8", "memory 256K",
                      f"arguments {does}", *lines, ""])


def starts(machine, *sections, **hardware):
    """A machine at its prompt, with these servers besides console and keeper."""
    text = PLAIN + "".join(sections)
    m = machine(config="test.cfg", files={"config/test.cfg": text.encode()}, programs=["unruly"],
                **hardware)
    m.expect(PROMPT, 120)
    return m


def refused(machine, *expected, **iso):
    """Boots what cannot be booted: one message with all these texts, and no server runs."""
    m = machine(**iso)
    m.expect("panic", 60)
    m.wait_debug_exit()
    lines = [line for line in m.text.splitlines() if "panic" in line]
    if len(lines) != 1 or not all(text in lines[0] for text in expected):
        raise Failure(f"expected one message with {expected}, but there was:\n" + "\n".join(lines))
    if "started" in m.text:
        raise Failure("a server was started all the same")


# --- at boot ------------------------------------------------------------------------------------


@limit(240)
def test_archive(machine):
    """Archives that are missing, cut, or damaged in a header or anywhere else."""
    refused(machine, "boot archive", "offset 0", damage=lambda tar: tar[:100])
    refused(machine, "boot archive", "offset", damage=lambda tar: tar[:len(tar) // 2 + 77])
    refused(machine, "boot archive", "offset", damage=lambda tar: tar[:-1024])
    refused(machine, "boot archive", "offset 0", "checksum",
            damage=lambda tar: b"x" + tar[1:])

    def inside_a_program(tar):
        middle = tar.index(b"\x7fELF") + 20000
        return tar[:middle] + bytes([tar[middle] ^ 1]) + tar[middle + 1:]

    refused(machine, "boot archive", "damaged", damage=inside_a_program)


@limit(240)
def test_configuration(machine):
    """The message names file, line, what is wrong, and what to do. (More: unit tests.)"""
    def wrong(text, *expected):
        refused(machine, *expected, config="test.cfg", files={"config/test.cfg": text.encode()})

    refused(machine, "config/none.cfg", "config=", config="none.cfg")
    wrong(CONSOLE + "memroy 1M", "test.cfg:8: unknown word 'memroy' in server 'console'",
          "expected one of", "memory")
    wrong(CONSOLE + "server a\nimage servers/nothing.elf\npriority 1",
          "test.cfg:9: there is no 'servers/nothing.elf' in the boot archive")
    wrong(CONSOLE + "server a\nimage config/test.cfg\npriority 1",
          "test.cfg:9: 'config/test.cfg', of server 'a', is not a program", "not an ELF file")
    wrong(CONSOLE + "memory 64K", "test.cfg:8: server 'console' has 64 KiB of memory", "need")


def test_too_little_memory(machine):
    """More is promised than the machine has: who wants how much, and how much is left."""
    text = PLAIN + "memory 40M\n"
    refused(machine, "test.cfg:16: server 'keeper' wants 40", "KiB are left", "more memory",
            config="test.cfg", files={"config/test.cfg": text.encode()}, memory="32M")


def test_no_acpi(machine):
    """Without ACPI there is a message, and no timer; power-off says that it cannot."""
    m = machine(model="pc", extra=["-no-acpi"])
    m.expect(PROMPT, 120)
    log = m.command("log root")
    assert re.search(r"^root: no ACPI \(not there\)", log, re.MULTILINE), log
    assert "timer is not started: this machine has no HPET" in log, log
    m.send("poweroff")
    m.expect("switch it off by hand", 20)
    m.command("help")


@builds("release")
def test_small_machine(machine):
    """32 MiB are enough for the plain system."""
    m = machine(memory="32M")
    m.expect(PROMPT, 120)
    assert "MiB of memory" in m.command("log root")


# --- later --------------------------------------------------------------------------------------


@limit(120)
def test_deaths(machine):
    """Each way to die has its message; restarts come later and later, or not at all."""
    m = starts(machine, unruly("returns", "exit"), unruly("faults", "page-fault"),
               unruly("overflows", "stack-overflow"), unruly("traps", "invalid"),
               unruly("once", "exit", "restart never"))
    for text in (r"returns: exited", r"faults: page fault at 0x123456789000 \(rip 0x4[0-9a-f]+\)",
                 r"overflows: stack overflow at 0x6[0-9a-f]+ \(rip 0x4[0-9a-f]+\)",
                 r"traps: invalid instruction \(vector 6, error code 0x0, rip 0x4[0-9a-f]+\)"):
        for delay in ("now", "in 100 ms", "in 200 ms", "in 400 ms", "in 800 ms"):
            wait_log(m, "root", rf"^root: {text}: restarting {delay}$")
    log = m.command("log root")
    assert log.count("once: exited: it is not restarted") == 1, log
    assert "once restarted" not in log, log
    table = m.command("ps")
    assert re.search(r"^once +ended", table, re.MULTILINE), table


def test_order(machine):
    """`after` waits until that server is up, or will never be; those without it do not wait."""
    m = starts(machine, unruly("third", "idle", "after second"), unruly("first", "idle"),
               unruly("second", "idle", "after first"), unruly("last", "idle", "after ends"),
               unruly("ends", "exit", "restart never"))
    log = wait_log(m, "root", r"(?s)(third started.*last|last started.*third) started").string
    for texts in (("first started", "second started", "third started"),
                  ("ends: exited: it is not restarted", "last started")):
        places = [log.find(f"root: {text}") for text in texts]
        assert -1 not in places and places == sorted(places), log


def test_told_of_restart(machine):
    """Who calls a server is told when a new one is up; who does not is not told."""
    m = starts(machine, unruly("served", "listen", "call x server"), unruly("other", "listen"),
               unruly("server", "idle"))
    for count in (1, 2):
        m.send("kill server")
        m.expect("server restarted", 20)
        wait_log(m, "served", r"(was told of a restart\n?){%d}" % count)
    assert "told" not in m.command("log other")


def test_gone_for_good(machine):
    """A call to a server that is not restarted fails, also if it waits already."""
    m = starts(machine, unruly("early", "ask", "call other mortal"),
               unruly("mortal", "exit-late", "restart never"),
               unruly("dead", "exit", "restart never"),
               unruly("late", "ask", "call other dead", "after dead"))
    wait_log(m, "root", "mortal: exited: it is not restarted")
    wait_log(m, "early", "^the other: the partner is gone$")
    wait_log(m, "late", "^there is no other$")


def test_lent_memory(machine):
    """A dead server's memory that others map is waited for."""
    m = starts(machine, unruly("lender", "lend", "call other holder"), unruly("holder", "let-go"))
    wait_log(m, "lender", "lent memory")
    m.send("kill lender")
    m.expect("lender: some of its memory is in use by others; waiting for them", 20)
    m.expect("lender restarted", 20)
    assert "let go" in m.command("log holder")
    assert "ended because" not in m.command("log root")


def test_memory_held_for_good(machine):
    """Who does not let go in time is ended, and everybody comes back."""
    m = starts(machine, unruly("lender", "lend", "call other holder"), unruly("holder", "hold"))
    wait_log(m, "lender", "lent memory")
    m.send("kill lender")
    m.expect("holder: ended because it may hold memory of lender: restarting now", 20)
    m.expect("lender restarted", 20)


def used(m):
    """What the system has in use, in KiB."""
    return int(re.search(r"^in use +(\d+)K", m.command("mem"), re.MULTILINE)[1])


def test_nothing_is_lost(machine):
    """After a server was ended and restarted, as much memory is in use as before."""
    m = starts(machine, unruly("victim", "idle"))
    m.command("mem")
    before = used(m)
    for _ in range(5):
        m.send("kill victim")
        m.expect("victim restarted", 20)
    assert used(m) == before, f"{before} KiB were in use, and now {used(m)} KiB"


def test_device_released(machine):
    """A driver that dies with memory in its device's hands comes back all the same."""
    m = starts(machine, unruly("driver", "dma", "pci disk class 01:06"))
    wait_log(m, "root", "driver: page fault at 0x123456789000 .*: restarting in 200 ms")
    wait_log(m, "driver", "(disk 8086:2922\n?){3}")
    assert "in use by others" not in m.command("log root")


def test_missing_device(machine):
    """What needs a device that is not there is not started; who calls it can do without."""
    m = starts(machine, unruly("driver", "dma", "pci disk dead:beef"),
               unruly("client", "ask", "call other driver"))
    log = wait_log(m, "root", "^root: client started$").string
    assert "driver is not started: this machine has no PCI device of that kind" in log, log
    wait_log(m, "client", "^there is no other$")


def test_meddling(machine):
    """Who has no right to it kills nobody, makes no devices or shares, and is told so."""
    m = starts(machine, unruly("meddler", "meddle"))
    log = wait_log(m, "meddler", "^pool: .*$").string
    for call in range(8, 15):
        assert f"call {call}: capability lacks the right for this" in log, log
    for call in (0, 15, -1):
        assert f"call {call}: no such system call" in log, log
    assert "device: no capability in this slot" in log, log
    assert "share: argument out of range" in log, log
    assert "pool: capability lacks the right for this" in log, log


def test_stuttering(machine):
    """A line for root that nobody finished, or that was too long, does not spoil the next one."""
    m = starts(machine, unruly("stutterer", "stutter", "manage", "restart always"))
    log = wait_log(m, "stutterer", "^none: .*$").string
    assert "too long after 7" in log, log
    assert "a whole one: argument out of range" in log, log
    assert "none: argument out of range" in log, log
    assert "there is no server 'nowhere' for the session 'none' of 'stutterer'" in \
        m.command("log root"), log


def test_cap_and_weight(machine):
    """A capped server gets no more than its cap, others share what is left by their weights."""
    m = starts(machine, unruly("capped", "spin", "cap 2ms"),
               unruly("light", "spin", "weight 100"), unruly("heavy", "spin", "weight 300"),
               icount=True)
    m.command("ps")
    time.sleep(4)
    table = m.command("ps")
    used_by = {name: float(re.search(rf"^{name} +\w+ +\d+ +([\d.]+)", table, re.MULTILINE)[1])
               for name in ("capped", "light", "heavy")}
    assert 17 < used_by["capped"] < 21, table
    assert 2.7 < used_by["heavy"] / used_by["light"] < 3.3, table
