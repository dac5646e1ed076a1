"""The rules of entry and exit, where an emulator forgives what a processor would not: with a
debugger that looks at every entry, and breaks what exits return to. The program `entry` goes in and
out of the kernel meanwhile, by all ways (tests/programs/entry)."""
import re
import time

from debugger import Debugger
from harness import PATIENCE, Failure, limit
from prompt import wait_log
from test_root import PLAIN, PROMPT

SERVER = """
server entry
    image       servers/entry.elf
    priority    8
    memory      512K
    log         4K
    shares
"""

MAGIC = 0x7E57000000000000  # what r15 of its threads has, plus their numbers
WORKER, RIVAL, ECHO, SLEEPER, LISTENER = (MAGIC + number for number in range(1, 6))
NAMES = {WORKER: "worker", RIVAL: "rival", ECHO: "echo", SLEEPER: "sleeper",
         LISTENER: "listener"}

FRAME_BYTES = 22 * 8  # struct trap_frame, and its fields
VECTOR, ERROR, RIP, CS, RFLAGS, RSP, SS = (8 * field for field in range(15, 22))
VECTOR_SYSCALL = 256
DEBUG, NMI, GENERAL_PROTECTION, PAGE_FAULT, INTERRUPTS = 1, 2, 13, 14, 32

TF, IF, DF, IOPL, NT, AC = 0x100, 0x200, 0x400, 0x3000, 0x4000, 0x40000

NMIS = 2000  # counted ones

KERNEL_BASE = 0xFFFFFFFF80000000
USER_END = 0x00007FFFFFFFF000


def started(machine, **hardware):
    """A machine at its prompt where `entry` runs, and a debugger that has stopped it."""
    text = PLAIN + SERVER
    m = machine(config="entry.cfg", files={"config/entry.cfg": text.encode()}, programs=["entry"],
                **hardware)
    m.expect(PROMPT, 120)
    return m, Debugger(m, machine.folder / "kernel.elf")


def lives(m):
    """The kernel goes on as if nothing had been: the command line answers, and no server was
    restarted."""
    assert "poweroff" in m.command("help")
    assert not re.search("^root: .*restart", m.text, re.MULTILINE), "a server was restarted"


def current(debug):
    """Where the present thread is; its saved registers end there."""
    return debug.word(debug.symbols["boot_cpu"] + debug.symbols["CPU_CURRENT"])


def stop(debug, place, thread, more=lambda: True):
    """Goes on until one of the program's threads is at this place."""
    for _ in range(5000):
        debug.run_to(place)
        if debug.register("r15") == thread and more():
            return
    raise Failure(f"{NAMES[thread]} did not come to {place}")


def threads(debug):
    """{magic: address} of the threads of the program."""
    found = {}
    for _ in range(5000):
        place = debug.run_to("syscall_entry", "user_trap")
        if place == "syscall_entry":
            magic = debug.register("r15")
        else:
            magic = debug.word(debug.register("rdi"))  # the first field of a frame
        if magic in NAMES:
            found[magic] = current(debug)
        if len(found) == len(NAMES):
            assert len(set(found.values())) == len(found), found
            return found
    raise Failure(f"only these threads were seen: {found}")


def expect_fault(debug, thread, magic):
    """The next exception of this thread: returns its vector, and where in memory its frame is. An
    interrupt may come first, and then others run."""
    for _ in range(500):
        debug.run_to("user_trap")
        frame = debug.register("rdi")
        vector = debug.word(frame + VECTOR)
        if frame == thread - FRAME_BYTES and vector < INTERRUPTS:
            assert debug.word(frame) == magic, "a register has changed"
            return vector, frame
    raise Failure(f"{NAMES[magic]} did not fault")


# --- IRET -----------------------------------------------------------------------------------------


@limit(240)
def test_iret_that_faults(machine):
    """What IRET finds in the frame is broken: that is a fault of the thread, wherever it shows."""
    m, debug = started(machine, time_limit=230)
    thread = threads(debug)[WORKER]
    for field, value in [
        (RIP, 1 << 47), (RIP, 1 << 63), (RIP, 0xFFFF7FFFFFFFFFFF),
        (CS, 0), (CS, 0x13), (CS, 0x1B), (CS, 0x2B), (CS, 0x43), (CS, 0x27),
        (SS, 0), (SS, 0x10), (SS, 0x23), (SS, 0x2B), (SS, 0x43), (SS, 0x1F),
    ]:
        stop(debug, "iret_to_user", WORKER)
        assert debug.register("rsp") == thread - FRAME_BYTES + RIP
        place = thread - FRAME_BYTES + field
        good = debug.word(place)
        debug.write_word(place, value)
        if field != RIP:  # QEMU lets IRET go to a non-canonical address, and faults there
            where = debug.run_to("trap_in_iret", "user_trap")
            assert where == "trap_in_iret", f"IRET took {value:#x} as a selector"
        vector, frame = expect_fault(debug, thread, WORKER)
        assert vector == GENERAL_PROTECTION, f"{value:#x} at {field:#x}: vector {vector}"
        assert debug.word(place) == value, "the frame has changed"
        if field != RIP:
            assert debug.word(frame + ERROR) == value & ~3, hex(debug.word(frame + ERROR))
            debug.write_word(place, good)
        assert debug.word(frame + CS) == 0x23 and debug.word(frame + SS) == 0x1B
    debug.detach()
    wait_log(m, "entry", "worker: fault 13, code 1c, ")
    lives(m)


# --- SYSRET ---------------------------------------------------------------------------------------


def sysrets(debug):
    """{address: function} of every SYSRET in the kernel."""
    start, end = debug.symbols["text_start"], debug.symbols["text_end"]
    text = b"".join(debug.read(at, min(1024, end - at)) for at in range(start, end, 1024))
    found = [start + match.start() for match in re.finditer(rb"\x48\x0f\x07", text)]
    return {address: debug.function_at(address) for address in found}


def resumed(debug, thread):
    """At restore_frame: it is this thread, out of a system call."""
    return lambda: (debug.register("r14") == thread and
                    debug.word(thread - FRAME_BYTES + VECTOR) == VECTOR_SYSCALL)


@limit(300)
def test_sysret_is_checked(machine):
    """Whatever way leads to a SYSRET: when the address it would go to is not one of ring 3, it is
    IRET that goes there, and the thread faults in ring 3."""
    m, debug = started(machine, time_limit=290)
    at = threads(debug)
    sites = sysrets(debug)
    # Where to stop, whose r15 is then seen (None: see `resumed`), whose rip is broken, and where
    # the SYSRET is that would go there.
    ways = [
        ("syscall_slow.done", WORKER, WORKER, "syscall_slow"),
        ("restore_frame", None, WORKER, "restore_frame"),
        ("ipc_call", SLEEPER, ECHO, "ipc_call"),
        ("ipc_reply_wait", ECHO, SLEEPER, "ipc_reply_wait"),
        ("event_raise_fast", WORKER, SLEEPER, "go_to_waiter"),
        ("raise_wait_fast", SLEEPER, LISTENER, "go_to_waiter"),
    ]
    assert set(sites.values()) == {way[3] for way in ways} and len(sites) == len(ways) - 1, sites

    def arrive(place, magic, target):
        if magic is None:
            for _ in range(5000):
                debug.run_to(place)
                if resumed(debug, at[target])():
                    return
            raise Failure(f"{NAMES[target]} did not come to {place}")
        stop(debug, place, magic)

    for place, magic, target, function in ways:
        for _ in range(20):  # as it is, this way ends in its SYSRET, unless something is in between
            arrive(place, magic, target)
            where = debug.run_to(*sites, "iret_to_user")
            if sites.get(where) == function and debug.register("r15") == target:
                break
        else:
            raise Failure(f"{place} did not lead to the SYSRET in {function}")
        for value in (1 << 47, (1 << 47) + 1, 0xFFFF7FFFFFFFFFFF, 1 << 48,
                      debug.symbols["text_start"]):
            arrive(place, magic, target)
            debug.write_word(at[target] - FRAME_BYTES + RIP, value)
            for _ in range(200):
                where = debug.run_to(*sites, "iret_to_user")
                if where != "iret_to_user":
                    rcx = debug.register("rcx")
                    assert rcx < USER_END, f"{sites[where]}: SYSRET to {rcx:#x}"
                elif debug.word(debug.register("rsp")) == value:
                    break
            else:
                raise Failure(f"{place}: {NAMES[target]} went nowhere")
            vector, frame = expect_fault(debug, at[target], target)
            canonical = value >= 0xFFFF800000000000
            assert vector == (PAGE_FAULT if canonical else GENERAL_PROTECTION), vector
            assert debug.word(frame + RIP) == value
            assert debug.word(frame + CS) == 0x23, "it was in ring 0"
    debug.detach()
    wait_log(m, "entry", "sleeper: fault 14, ")
    lives(m)


# --- flags ----------------------------------------------------------------------------------------


@limit(240)
def test_flags_at_entries(machine):
    """Ring 3 sets DF, NT, AC and TF; the kernel never runs with them, nor with interrupts on."""
    m, debug = started(machine, time_limit=230)
    clear = IF | TF | DF | NT | AC | IOPL
    every = (DF, NT, AC, DF | NT | AC)
    wanted = {(way, flags) for way in ("system call", "exception", "interrupt") for flags in every}
    wanted |= {("system call", TF), ("system call", DF | NT | AC | TF)}
    wanted |= {("debug", TF), ("debug", DF | NT | AC | TF)}
    deadline = time.monotonic() + 150 * PATIENCE
    while wanted:
        if time.monotonic() > deadline:
            raise Failure(f"not seen: {sorted(wanted)}")
        place = debug.run_to("syscall_entry", "user_trap", "ist_trap", "kernel_trap", "cpu_leave")
        flags = debug.register("eflags")
        assert flags & clear == 0, f"{place} with flags {flags:#x}"
        if place == "syscall_entry":
            wanted.discard(("system call", debug.register("r11") & (DF | NT | AC | TF)))
        elif place in ("user_trap", "ist_trap"):
            frame = debug.register("rdi")
            vector = debug.word(frame + VECTOR)
            way = "exception" if vector < INTERRUPTS else "interrupt"
            way = "debug" if vector == DEBUG else way
            if debug.word(frame + CS) & 3 and (way == "debug") == (place == "ist_trap"):
                wanted.discard((way, debug.word(frame + RFLAGS) & (DF | NT | AC | TF)))
    debug.detach()
    lives(m)


# --- non-maskable interrupts ----------------------------------------------------------------------

CPU_BYTES = 1024  # of struct cpu at least its counters are in these


def interrupted(m, debug):
    """Sends an NMI before the present instruction, which is worker's. Returns where in struct cpu
    something was counted, by the time that it is over and worker goes on."""
    place, registers = debug.register("rip"), debug.registers()
    before = debug.words("boot_cpu", CPU_BYTES)
    m.nmi()
    debug.go({debug.symbols["ist_trap"]: "ist_trap"})
    frame = debug.register("rdi")
    assert debug.word(frame + VECTOR) == NMI
    assert debug.word(frame + RIP) == place, "the interrupt came late"
    debug.go({place: place})
    while debug.register("r15") != WORKER:  # another interrupt has come, and this is another space
        debug.run_to(place)
    assert debug.registers() == registers, f"registers have changed at {place:#x}"
    after = debug.words("boot_cpu", CPU_BYTES)
    return {offset * 8 for offset, (old, new) in enumerate(zip(before, after)) if new == old + 1}


@limit(240)
def test_nmi(machine):
    """Non-maskable interrupts at instructions where GS is, still or again, what ring 3 made it;
    then thousands, anywhere. They find their processor, and count there."""
    m, debug = started(machine, time_limit=230)
    sites = sysrets(debug)
    slow = next(address for address in sites if sites[address] == "syscall_slow")
    counters = []
    for place in ["syscall_entry", "iret_to_user", slow]:
        stop(debug, place, WORKER)
        for _ in range(4):  # before SWAPGS or after it, in the kernel and in ring 3
            counters.append(interrupted(m, debug))
            debug.step()
    counter, = set.intersection(*counters)
    count = debug.symbols["boot_cpu"] + counter
    debug.detach()

    def counted():
        return int.from_bytes(m.memory(count - KERNEL_BASE, 8), "little")

    first, deadline = counted(), time.monotonic() + 120 * PATIENCE
    while counted() - first < NMIS:  # one that comes too early joins the one before it
        if time.monotonic() > deadline:
            raise Failure(f"only {counted() - first} interrupts were counted")
        for _ in range(100):
            m.nmi()
    lives(m)
