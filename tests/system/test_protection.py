"""What protects the kernel at rest: registers of the processor, descriptor tables, page tables, as
a debugger finds them while servers run."""
import re

from debugger import Debugger
from harness import Failure
from test_entry import (AC, DF, IF, IOPL, KERNEL_BASE, NT, PROMPT, TF, USER_END, WORKER, lives,
                        started, stop)

DIRECT_BASE = 0xFFFF800000000000


# --- registers of the system ----------------------------------------------------------------------


CR4_PCE = 0x100


def number(text, name):
    """A register, out of what QEMU's monitor says of them."""
    return int(re.search(rf"\b{name} ?=([0-9a-f]+)", text)[1], 16)


def test_system_registers(machine):
    """Protection is on, and what ring 3 could use is off."""
    m, debug = started(machine)
    stop(debug, "syscall_entry", WORKER)
    text = m.monitor("info registers")
    value = {name: number(text, name) for name in
             ("CR0", "CR4", "EFER", "DR0", "DR1", "DR2", "DR3", "DR7")}
    segment = {name: [int(word, 16) for word in words.split()[:4]] for name, words in
               re.findall(r"^(\w\w) ?= ?((?:[0-9a-f]+ ){3}[0-9a-f]+)", text, re.MULTILINE)}
    table = {name: int(size, 16) for name, size in
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
    assert not any(value[f"DR{i}"] for i in range(4))
    assert value["DR7"] & ~0x400 == 0, "a breakpoint is enabled"
    ldt = re.search(r"^LDT=([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", text, re.MULTILINE)
    assert int(ldt[1], 16) == 0 and int(ldt[2], 16) == 0, "there is a local descriptor table"
    selector, base, size, _ = segment["TR"]
    assert selector == 0x28 and size == 103, "the task state segment is of another size"
    iomap = int.from_bytes(debug.read(base + 102, 2), "little")
    assert iomap > size, "ring 3 has a bitmap of ports"
    assert table["GDT"] == 8 * 8 - 1 and table["IDT"] == 256 * 16 - 1
    syscall_clears = TF | IF | DF | IOPL | NT | AC  # QEMU clears DF in any case
    for index, name, wanted in [
        (0xC0000081, "STAR", 0x10 << 48 | 0x08 << 32),
        (0xC0000082, "LSTAR", debug.symbols["syscall_entry"]),
        (0xC0000083, "CSTAR", 0),
        (0xC0000084, "FMASK", syscall_clears),
        (0x174, "SYSENTER_CS", 0),  # SYSENTER faults
    ]:
        seen = debug.model_specific(index)
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


def test_inherited(machine):
    """What a boot loader might have left behind: the debugger leaves it, and the kernel cleans it
    up."""
    m = machine(extra=["-S"])
    debug = Debugger(m, machine.folder / "kernel.elf")
    debug.run_to("cpu_init")
    cr4, _ = debug.execute(b"\x0f\x20\xe0")  # MOV RAX, CR4
    debug.execute(b"\x0f\x22\xe0", rax=cr4 | CR4_PCE)
    debug.execute(b"\x0f\x23\xc0", rax=debug.symbols["boot_cpu"])  # MOV DR0, RAX
    debug.execute(b"\x0f\x23\xf8", rax=0x403)  # MOV DR7, RAX
    text = m.monitor("info registers")
    assert number(text, "CR4") & CR4_PCE and number(text, "DR7") == 0x403
    debug.run_to("syscall_entry")
    text = m.monitor("info registers")
    assert not number(text, "CR4") & CR4_PCE, "ring 3 may read performance counters"
    assert number(text, "DR7") == 0x400, "a breakpoint is enabled"
    debug.detach()
    m.expect(PROMPT, 120)
    lives(m)


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
        found.add(number(m.monitor("info registers"), "CR3"))
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
