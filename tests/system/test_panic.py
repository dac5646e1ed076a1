"""What the kernel says when it cannot go on: machines that will not do, a kernel that is broken."""
import re
import socket
import subprocess

from harness import builds

PROMPT = "keeper> "
PANIC_EXIT = 0x7F  # what panic=exit writes to isa-debug-exit


def refused(machine, text, **hardware):
    """The kernel refuses this machine with this sentence, and with nothing else."""
    m = machine(**hardware)
    m.expect("panic: " + text, 60)
    assert m.wait_debug_exit() == PANIC_EXIT
    assert "recent events" not in m.text, "a reason outside the kernel needs no trace"


@builds("release")
def test_too_little_memory(machine):
    refused(machine, "not enough memory: 11768 KiB found, at least 16384 KiB needed", memory="12M")


@builds("release")
def test_no_fsgsbase(machine):
    refused(machine, "this processor cannot run Terrarium: it has no FSGSBASE", cpu="qemu64")


@builds("release")
def test_no_local_apic(machine):
    refused(machine, "this machine has no local APIC", cpu="max,-apic")


@builds("release")
def test_no_64_bits(machine):
    """Found out before there are page tables: the machine stops, whatever the command line says."""
    m = machine(cpu="max,-lm")
    m.expect("panic: this processor cannot run Terrarium: it has no 64-bit mode or no NX", 60)


@builds("release")
def test_no_execute_protection(machine):
    m = machine(cpu="max,-nx")
    m.expect("panic: this processor cannot run Terrarium: it has no 64-bit mode or no NX", 60)


def address_of(machine, function):
    """Where a function of the kernel is."""
    names = subprocess.run(["nm", machine.folder / "kernel.elf"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return int(re.search(rf"^(\w+) T {function}$", names, re.MULTILINE).group(1), 16)


def write_memory(m, address, data):
    """Overwrites the guest's memory, write-protected or not, as a debugger would."""
    path = str(m.folder / "gdb")
    m.monitor(f"gdbserver unix:{path},server=on,wait=off")
    with socket.socket(socket.AF_UNIX) as gdb:
        gdb.connect(path)
        for packet in [f"M{address:x},{len(data):x}:{data.hex()}", "D"]:
            total = sum(packet.encode()) % 256
            gdb.sendall(f"+${packet}#{total:02x}".encode())
            answer = b""
            while b"$OK#" not in answer:
                chunk = gdb.recv(4096)
                assert chunk, f"the debugger's port was closed; it said {answer}"
                answer += chunk


def test_report(machine):
    """The kernel meets an invalid instruction in its own code: the report says where, by name and
    line, who called, and what happened before."""
    m = machine()
    m.expect(PROMPT, 60)
    write_memory(m, address_of(machine, "apic_eoi"), b"\x0f\x0b")
    m.send("help")
    m.expect("panic: invalid opcode in the kernel", 30)
    assert m.wait_debug_exit() == PANIC_EXIT
    report = m.text[m.text.index("panic: "):]
    for line in [
        r"^cpu 0, thread 0x[0-9a-f]+",
        r"rip [0-9a-f]{16} +cs 0000000000000008",
        r"^  [0-9a-f]{16} apic_eoi\+0x0 kernel/cpu/apic\.c:\d+$",
        r"^  [0-9a-f]{16} (kernel|user)_trap\+0x[0-9a-f]+ kernel/cpu/trap\.c:\d+$",
        r"^recent events",
        r"^ +\d+ switch, from 0x[0-9a-f]+, to 0x[0-9a-f]+$",
    ]:
        assert re.search(line, report, re.MULTILINE), f"nothing like {line} in:\n{report}"
    assert "panic in a panic" not in report


def test_report_on_the_text_screen(machine):
    """Without panic=exit the machine stops, and the screen shows what happened."""
    m = machine(args="")
    m.expect(PROMPT, 60)
    write_memory(m, address_of(machine, "apic_eoi"), b"\x0f\x0b")
    m.send("help")
    m.expect("recent events", 30)
    screen = m.screen_text()
    assert any(line.startswith("panic: invalid opcode in the kernel") for line in screen), screen
    assert any("kernel/cpu/apic.c:" in line for line in screen), screen
