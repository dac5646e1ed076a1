"""Bad input at boot: each gets one clear message that says what is wrong and where, and no server
is started. It is the same code in both builds, so most is done in one of them. What a server's
author may do wrong is in test_root.py, what a machine may lack for the kernel in test_panic.py."""
import re

from harness import ROOT, Failure, builds, limit
from prompt import PROMPT, prompted

PANIC_EXIT = 0x7F
DEFAULT = (ROOT / "iso/config/default.cfg").read_text()


def refused(machine, *expected, **boot):
    """Boots what has to be refused: one message with all these texts. Returns the message."""
    m = machine(**boot)
    m.expect("panic: ", 60)
    code = m.wait_debug_exit()
    lines = [line for line in m.text.splitlines() if re.search("panic|error", line)]
    said = "\n".join("    " + line for line in lines)
    if code != PANIC_EXIT or len(lines) != 1 or not lines[0].startswith("panic: "):
        raise Failure(f"expected one message and exit {PANIC_EXIT}, not {code} and\n{said}")
    for text in expected:
        if not re.search(text, lines[0]):
            raise Failure(f"expected {text!r} in\n{said}")
    if "started" in m.text or "recent events" in m.text:
        raise Failure(f"a server was started, or a trace printed, as well:\n{m.text}")
    return lines[0]


def flip(position, bits=0xFF):
    """Turns bytes into the same with some bits of one byte inverted."""
    return lambda data: (data[:position] + bytes([data[position] ^ bits]) + data[position + 1:])


def members(archive):
    """(name, offset of its header, size) of each file of a ustar archive."""
    offset = 0
    while archive[offset] != 0:
        name = archive[offset:offset + 100].rstrip(b"\0").decode()
        size = int(archive[offset + 124:offset + 135], 8)
        yield name, offset, size
        offset += 512 + (size + 511) // 512 * 512


def stage_file(machine, name):
    return (machine.stage / "archive" / name).read_bytes()


# --- the boot archive ---------------------------------------------------------------------------


@builds("debug")
@limit(300)
def test_archive_cut(machine):
    """At its beginning, in headers, in files, between files, and without its end."""
    refused(machine, "no boot archive", "module2", damage=lambda tar: b"")
    for length in 1, 511, 512, 513:
        refused(machine, rf"boot archive \({length} bytes\): at offset \d+: ",
                damage=lambda tar, length=length: tar[:length])

    def at(name, more):
        def cut(tar):
            return tar[:next(offset for member, offset, _ in members(tar) if member == name) + more]
        return cut

    for more in 0, 100, 512, 512 + 4096:
        refused(machine, r"boot archive \(\d+ bytes\): at offset \d+: ",
                damage=at("servers/keeper.elf", more))


@builds("release")
@limit(300)
def test_archive_damaged(machine):
    """In every field of a header that matters, and in what files contain."""
    first_header = {"name": 0, "size": 124, "checksum": 148, "type": 156, "magic": 257}
    for field, position in first_header.items():
        message = refused(machine, r"boot archive .*: at offset 0: ", damage=flip(position))
        print(f"{field}: {message}")

    def in_keeper(tar):
        offset = next(o for name, o, _ in members(tar) if name == "servers/keeper.elf")
        return flip(offset + 512 + 24)(tar)  # the entry point

    refused(machine, r"boot archive: 'servers/keeper.elf' .*offset \d+\) is damaged",
            damage=in_keeper)
    refused(machine, r"boot archive .*: at offset 0: ", damage=lambda tar: b"\xa5" * len(tar))


@builds("debug")
@limit(300)
def test_programs(machine):
    """Programs that are not: the archive is sound, but what is in it is not what root needs."""
    line = 1 + DEFAULT[:DEFAULT.index("servers/timer.elf")].count("\n")
    timer = stage_file(machine, "servers/timer.elf")
    where = rf"default.cfg:{line}: 'servers/timer.elf', of server 'timer', is not a program: "
    offset = r"at offset \d+: "
    for damage, why in (
            (lambda elf: elf[:3], "cut|short|end"),
            (lambda elf: elf[:100], "cut|short|end"),
            (lambda elf: elf[:len(elf) // 2], ""),
            (flip(0), "not an ELF"),
            (flip(4), ""),    # class
            (flip(16), ""),   # type
            (flip(18), ""),   # machine
            (flip(24 + 7), "entry|start"),  # entry point, beyond all segments
            (flip(32 + 7), ""),  # where the program headers are
            (flip(64 + 16 + 7), ""),  # address of the first segment
            (flip(64 + 40 + 7), ""),  # its size
    ):
        refused(machine, where + offset, why, files={"servers/timer.elf": damage(timer)})
    refused(machine, rf"default.cfg:{line}: there is no 'servers/timer.elf' in the boot archive",
            without=["servers/timer.elf"])


def test_root_module(machine):
    """Root's own program is a module by itself: the kernel looks at it."""
    root = (machine.stage / "root.elf").read_bytes()

    def boot(data, *expected):
        path = machine.path(ROOT / "build/tests/iso", ".root")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        refused(machine, "cannot start root: ", *expected, replaced={"root": path})

    boot(b"", "no module 'root'")
    boot(root[:60], r"damaged: .*\(at offset \d+\)")
    boot(flip(1)(root), r"damaged: not an ELF file.*\(at offset 0\)")
    boot(root[:len(root) // 2], r"damaged: .*\(at offset \d+\)")


def test_symbols(machine):
    """Names for panics are a convenience: without them, or with wrong ones, all goes on."""
    for content in b"", b"\xff" * 5000:
        path = machine.path(ROOT / "build/tests/iso", ".sym")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        prompted(machine, replaced={"symbols": path}).close()


# --- the boot configuration ---------------------------------------------------------------------


@builds("release")
@limit(300)
def test_configuration(machine):
    """File, line, what is wrong, what to do."""

    def wrong(text, *expected, memory="256M"):
        refused(machine, *expected, config="wrong.cfg", memory=memory,
                files={"config/wrong.cfg": text.encode()})

    def changed(before, after, *expected):
        line = 1 + DEFAULT[:DEFAULT.index(before)].count("\n")
        wrong(DEFAULT.replace(before, after, 1), rf"wrong\.cfg:{line}: ", *expected)

    refused(machine, "config/nowhere.cfg", "config=", config="nowhere.cfg")
    refused(machine, "config=", config="")
    refused(machine, "config/default.cfg", without=["config/default.cfg"])
    wrong("", r"wrong\.cfg:1: no server")
    wrong("# nothing\n\n", r"wrong\.cfg:\d+: no server")
    wrong("image servers/console.elf\n", r"wrong\.cfg:1: .*server")
    changed("hpet        hpet", "hpte        hpet", "unknown word 'hpte'", "'timer'")
    changed("console console", "console consol", "no server 'consol'")
    changed("after       console", "after       nobody", "no server 'nobody'")
    changed("after       console", "after       keeper", "'keeper'")
    changed("servers/keeper.elf", "servers/none.elf", "no 'servers/none.elf' in the boot archive")
    changed("memory      512K", "memory      512X", "'512X'")
    changed("memory      512K", "memory      1", "out of range")
    changed("memory      512K", "memory      999999999999999999999", "'9+'")
    changed("memory      512K", "memory      3G", "server 'console' wants", "KiB are left")
    changed("priority    12", "priority    16", "out of range: from 1 to 15")
    changed("0x3f8 8", "0xffff 8", "out of range")
    changed("server timer", "server console", "'console'")
    changed("server timer", "server a-name-that-is-too-long", "too long|shorter|fewer")
    changed("uart isa 4", "uart isa 16", "out of range")
    wrong(DEFAULT + "\xff\0", r"wrong\.cfg:\d+: ")


# --- the machine --------------------------------------------------------------------------------


@limit(240)
def test_too_little_memory(machine):
    """From what suffices down to what does not: the prompt, or one message and nothing else. The
    boot loader itself needs some; what it says when that is missing is its own."""
    sizes = {}
    for size in 32, 24, 18, 16, 12:
        m = machine(memory=f"{size}M")
        found = m.expect(re.compile(rf"{PROMPT}|panic: (.*)\n|error: (.*)\n"), 60)
        sizes[size] = found.group(0).strip()
        if found.group(0) == PROMPT:
            m.command("ps")
        elif found.group(1) is not None:
            assert m.wait_debug_exit() == PANIC_EXIT
            assert re.search(r"not enough memory|of memory", found.group(1)), found.group(0)
            assert m.text.count("panic") == 1 and "started" not in m.text, m.text
        m.close()
    print("\n".join(f"{size} MiB: {said}" for size, said in sizes.items()))
    assert sizes[32] == PROMPT.strip(), sizes
    assert "not enough memory" in sizes[12], sizes


@builds("release")
def test_no_hpet(machine):
    """One message, in the log and on the console; the rest of the system runs without a timer."""
    for model in "q35", "pc":
        m = machine(extra=["-M", f"{model},hpet=off"])
        m.expect(PROMPT, 60)
        log = m.command("log root")
        lines = [line for line in log.splitlines() if "no HPET" in line and "timer" in line]
        assert len(lines) == 1 and "not started" in lines[0], log
        assert "timer" in m.command("ps")
        m.close()


@builds("release")
def test_no_acpi(machine):
    """Without tables the system is an old PC: it says so once, and comes up. (For a q35 firmware
    makes tables of its own.)"""
    for model, tables in ("q35", True), ("pc", False):
        m = machine(extra=["-M", f"{model},acpi=off"])
        m.expect(PROMPT, 60)
        log = m.command("log root")
        assert log.count("no ACPI") == (0 if tables else 1), log
        assert "console" in m.command("ps")
        m.close()
