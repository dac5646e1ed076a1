"""The rules of entry and exit, where an emulator forgives what a processor would not: with a
debugger that looks at every entry, and breaks what exits return to. The program `entry` goes in and
out of the kernel meanwhile, by all ways (tests/programs/entry)."""
import re
import time

from debugger import Debugger
from harness import PATIENCE, Failure, limit
from test_root import PLAIN, PROMPT, wait_for_log

SERVER = """
server entry
    image       servers/entry.elf
    priority    8
    memory      512K
    log         4K
    shares
"""

MAGIC = 0x7E57000000000000  # what r15 of its threads has, plus their numbers
WORKER, RIVAL, ECHO, SLEEPER = (MAGIC + number for number in range(1, 5))
NAMES = {WORKER: "worker", RIVAL: "rival", ECHO: "echo", SLEEPER: "sleeper"}

FRAME_BYTES = 22 * 8  # struct trap_frame, and its fields
VECTOR, ERROR, RIP, CS, RFLAGS, RSP, SS = (8 * field for field in range(15, 22))
VECTOR_SYSCALL = 256
DEBUG, NMI, GENERAL_PROTECTION, PAGE_FAULT, INTERRUPTS = 1, 2, 13, 14, 32

TF, IF, DF, IOPL, NT, AC = 0x100, 0x200, 0x400, 0x3000, 0x4000, 0x40000

NMIS = 2000  # counted ones

KERNEL_BASE, DIRECT_BASE = 0xFFFFFFFF80000000, 0xFFFF800000000000
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
    wait_for_log(m, "entry", "worker: fault 13, code 1c, ")
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
        ("event_raise_fast", WORKER, SLEEPER, "event_raise_fast"),
    ]
    assert sorted(sites.values()) == sorted(way[3] for way in ways), sites

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
    wait_for_log(m, "entry", "sleeper: fault 14, ")
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


# --- registers of the system ----------------------------------------------------------------------


def test_system_registers(machine):
    """Protection is on, and what ring 3 could use is off."""
    m, debug = started(machine)
    stop(debug, "syscall_entry", WORKER)
    text = m.monitor("info registers")
    value = {name: int(number, 16) for name, number in
             re.findall(r"\b(CR[0-4]|DR[0-7]|EFER) ?=([0-9a-f]+)", text)}
    segment = {name: [int(word, 16) for word in words.split()[:4]] for name, words in
               re.findall(r"^(\w\w) ?= ?((?:[0-9a-f]+ ){3}[0-9a-f]+)", text, re.MULTILINE)}
    table = {name: int(number, 16) for name, number in
             re.findall(r"^([GI]DT)= +[0-9a-f]+ ([0-9a-f]+)", text, re.MULTILINE)}

    def bits(register, on, off=()):
        for name, bit in dict(on).items():
            assert value[register] >> bit & 1, f"{register}.{name} is clear"
        for name, bit in dict(off).items():
            assert not value[register] >> bit & 1, f"{register}.{name} is set"

    bits("CR0", {"PE": 0, "MP": 1, "NE": 5, "WP": 16, "PG": 31}, {"EM": 2, "NW": 29, "CD": 30})
    bits("CR4", {"PAE": 5, "UMIP": 11, "FSGSBASE": 16, "SMEP": 20, "SMAP": 21},
         {"VME": 0, "PVI": 1, "PCE": 8, "LA57": 12, "VMXE": 13})
    bits("EFER", {"SCE": 0, "LME": 8, "LMA": 10, "NXE": 11})
    for number in range(4):
        assert value[f"DR{number}"] == 0
    assert value["DR7"] & ~0x400 == 0, "a breakpoint is enabled"
    ldt = re.search(r"^LDT=([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", text, re.MULTILINE)
    assert int(ldt[1], 16) == 0 and int(ldt[2], 16) == 0, "there is a local descriptor table"
    selector, base, size, _ = segment["TR"]
    assert selector == 0x28 and size == 103, "the task state segment is of another size"
    iomap = int.from_bytes(debug.read(base + 102, 2), "little")
    assert iomap > size, "ring 3 has a bitmap of ports"
    assert table["GDT"] == 8 * 8 - 1 and table["IDT"] == 256 * 16 - 1
    syscall_clears = TF | IF | DF | IOPL | NT | AC  # QEMU clears DF in any case
    for number, name, wanted in [
        (0xC0000081, "STAR", 0x10 << 48 | 0x08 << 32),
        (0xC0000082, "LSTAR", debug.symbols["syscall_entry"]),
        (0xC0000083, "CSTAR", 0),
        (0xC0000084, "FMASK", syscall_clears),
        (0x174, "SYSENTER_CS", 0),  # SYSENTER faults
    ]:
        seen = debug.model_specific(number)
        assert seen == wanted, f"{name} is {seen:#x}"
    for at in range(0, 256 * 16, 16):
        check_gate(debug, text, at)
    debug.detach()
    lives(m)


def check_gate(debug, registers, offset):
    """Each vector leads into the kernel's text, with interrupts off; ring 3 may ask for two."""
    base = int(re.search(r"^IDT= +([0-9a-f]+)", registers, re.MULTILINE).group(1), 16)
    gate = debug.read(base + offset, 16)
    vector = offset // 16
    target = int.from_bytes(gate[0:2] + gate[6:12], "little")
    assert debug.symbols["text_start"] <= target < debug.symbols["text_end"], vector
    assert gate[2:4] == b"\x08\0", vector
    assert gate[5] == (0xEE if vector in (3, 4) else 0x8E), f"vector {vector}: type {gate[5]:#x}"
    assert (gate[4] != 0) == (vector in (1, 2, 8, 18)), f"vector {vector}: stack {gate[4]}"


# --- page tables ----------------------------------------------------------------------------------

PRESENT, WRITABLE, USER, LARGE, NO_EXECUTE = 1, 2, 4, 0x80, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000


class Tables:
    """All mappings under a page table: lists of (address, end, physical, write, execute, user)."""

    def __init__(self, ram, top):
        self.ram = ram
        self.tables = []
        self.user, self.kernel = [], []
        self.walk(top & ADDRESS, 4, 0, True, True, True)

    def walk(self, table, level, base, write, execute, user):
        self.tables.append(table)
        shift = 12 + 9 * (level - 1)
        entries = memoryview(self.ram)[table:table + 4096].cast("Q")
        for index, entry in enumerate(entries):
            if not entry & PRESENT:
                continue
            address = base + (index << shift)
            if level == 4 and index >= 256:
                address |= 0xFFFF << 48
            rights = (write and bool(entry & WRITABLE), execute and not entry & NO_EXECUTE,
                      user and bool(entry & USER))
            if level > 1 and not entry & LARGE:
                self.walk(entry & ADDRESS, level - 1, address, *rights)
                continue
            size = 1 << shift
            page = (address, address + size, entry & ADDRESS & -size, *rights)
            (self.user if address < 1 << 47 else self.kernel).append(page)

    def maps(self, address):
        return any(page[0] <= address < page[1] for page in self.user + self.kernel)


def spaces(debug, m, want=4):
    """The CR3s of that many different address spaces, as they come."""
    found = set()
    m.send("ps")  # so that console, keeper and root have something to do
    for _ in range(5000):
        debug.run_to("syscall_entry", "user_trap")
        found.add(int(re.search(r"CR3=([0-9a-f]+)", m.monitor("info registers")).group(1), 16))
        if len(found) == want:
            return found
    raise Failure(f"only {len(found)} address spaces were seen")


def check_space(tables, debug):
    """What holds in every address space."""
    text, rodata_end = debug.symbols["text_start"], debug.symbols["rodata_end"]
    text_end = debug.symbols["text_end"]
    fixed = range(text - KERNEL_BASE, rodata_end - KERNEL_BASE)  # frames nobody may write to
    image = range(text - KERNEL_BASE, debug.symbols["kernel_end"] - KERNEL_BASE)

    def inside(page, frames):
        return page[2] < frames.stop and frames.start < page[2] + page[1] - page[0]

    for page in tables.user + tables.kernel:
        address, end, _, write, execute, user = page
        name = f"{address:#x} to {end:#x}"
        assert not (write and execute), f"{name} is writable and executable"
        assert not (write and inside(page, fixed)), f"{name} shows the kernel's text, writable"
        if address < 1 << 47:
            assert user, f"{name} in the user's half is the kernel's"
            assert end <= USER_END, f"{name} reaches the canonical boundary"
            assert not inside(page, image), f"{name} shows ring 3 the kernel"
            assert not any(page[2] <= table < page[2] + end - address for table in tables.tables), \
                f"{name} shows ring 3 a page table"
        else:
            assert not user, f"{name} in the kernel's half is the user's"
            assert not execute or text <= address < end <= text_end, f"{name} is executable"


def check_stacks(tables, debug):
    """The kernel's stacks are there, and below each is a page that is not."""
    address = debug.symbols["boot_stacks"]
    for size in (16384, 4096, 4096, 4096, 4096):
        assert not tables.maps(address), f"{address:#x} should be the guard of a stack"
        for page in range(address + 4096, address + 4096 + size, 4096):
            assert tables.maps(page), f"{page:#x} should be in a stack"
        address += 4096 + size


def test_page_tables(machine):
    """Walks the page tables of running servers."""
    m, debug = started(machine, memory="64M")
    tops = spaces(debug, m)
    ram = m.memory(0, 64 << 20)
    for top in tops:
        tables = Tables(ram, top)
        assert tables.user and tables.kernel
        check_space(tables, debug)
        check_stacks(tables, debug)
        for physical in (debug.symbols["text_start"] - KERNEL_BASE, 32 << 20):
            assert tables.maps(DIRECT_BASE + physical), "the direct map is somewhere else"
    debug.detach()
    lives(m)
