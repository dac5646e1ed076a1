"""What a server gets of PCI functions, memory for DMA, RAM disks, the clock page and shares, and
that it gets it again when it is restarted (tests/programs/devices)."""
import re

from harness import ROOT, limit
from prompt import wait_log

PROMPT = "keeper> "
ADDRESS = "52:54:00:12:ab:cd"
DISK = b"Once upon a time" + bytes((2 << 20) - 16) + b"after"
NAMES = {"ahci": "class", "edu": "kind", "e1000": "kind", "e1000e": "kind"}


def lives(machine, present, **hardware):
    """Boots with these devices, of which nothing may fail, in three lives of the server; the others
    are said to be missing."""
    m = machine(config="devices.cfg", programs=["devices"], files={"files/disk": DISK}, **hardware)
    m.expect(PROMPT, 120)
    for name in NAMES:
        missing = (f"devices: this machine has no PCI device of that {NAMES[name]}: `{name}` is "
                   "not granted")
        assert (missing in m.text) == (name not in present), f"about {name}:\n{m.text}"
    for life in range(3):
        if life > 0:
            m.send("kill devices")
            m.expect("restarted", 60)
        found = wait_log(m, "devices", rf"^life {life}: (\d+) checks, (\d+) failed$")
        log = m.command("log devices")
        assert int(found[1]) > 20 and found[2] == "0", f"life {life} failed:\n{log}"
        log = log[log.rfind(f"life {life - 1}:") if life else 0:]
        for name in present:
            assert f"\n{name}: 0 failed" in "\n" + log, f"no word of {name}:\n{log}"
        if "e1000" in present:
            assert re.search(rf"^e1000: .* address {ADDRESS}$", log, re.MULTILINE), log
    return m


def devices(*names):
    more = {"e1000": f",mac={ADDRESS}"}
    return [word for name in names for word in ("-device", name + more.get(name, ""))]


@limit(240)
def test_q35(machine):
    lives(machine, ("ahci", "edu", "e1000", "e1000e"), extra=devices("edu", "e1000", "e1000e"),
          time_limit=230)


@limit(240)
def test_pc(machine):
    lives(machine, ("edu", "e1000"), model="pc", extra=devices("edu", "e1000"), time_limit=230)


@limit(240)
def test_uefi(machine):
    """Another firmware that decides where lines lead and registers are."""
    lives(machine, ("ahci", "e1000"), firmware="uefi", extra=devices("e1000"), time_limit=230)


@limit(240)
def test_pc_ahci(machine):
    lives(machine, ("ahci",), model="pc", extra=devices("ahci"), time_limit=230)


@limit(120)
def test_missing(machine):
    """Without `optional`, who needs a device that is not there is not started."""
    text = (ROOT / "tests/system/config/devices.cfg").read_text().replace("11e8 optional", "11e8")
    m = machine(config="some.cfg", programs=["devices"],
                files={"config/some.cfg": text.encode(), "files/disk": DISK})
    m.expect("devices is not started: this machine has no PCI device of that kind", 60)
    m.expect(PROMPT, 60)


@limit(120)
def test_same_class(machine):
    """Nobody gets what another has: of two chips one is asked for by name, the next by class is the
    other one, and then there is none."""
    text = (ROOT / "tests/system/config/devices.cfg").read_text()
    more = "".join(f"    pci {name} class 02:00 optional\n" for name in ("x", "y"))
    text = re.sub(r"(?m)^    pci .*(edu|ahci|e1000e) .*\n", "", text) + more
    m = machine(config="some.cfg", programs=["devices"], extra=devices("e1000", "e1000"),
                files={"config/some.cfg": text.encode(), "files/disk": DISK})
    m.expect(PROMPT, 60)
    missing = re.findall(r"no PCI device of that class: `(\w+)` is not granted", m.text)
    assert missing == ["y"], f"missing: {missing}"


def wrong_file(machine, files, expected):
    text = (ROOT / "tests/system/config/devices.cfg").read_text()
    line = text[:text.index(" ram ")].count("\n") + 1
    m = machine(config="devices.cfg", programs=["devices"], files=files)
    m.expect(f"devices.cfg:{line}: {expected}", 60)


@limit(120)
def test_ram_too_large(machine):
    wrong_file(machine, {"files/disk": bytes((3 << 20) + 1)},
               "'files/disk' has 3145729 bytes, and RAM disk 'disk' only 3145728: "
               "write 'ram disk 3076K' or more")


@limit(120)
def test_ram_file_missing(machine):
    wrong_file(machine, {}, "there is no 'files/disk' in the boot archive for RAM "
                            "disk 'disk': correct the path")
