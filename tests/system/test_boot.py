"""Boots to the prompt on every kind of machine that Terrarium promises to run on."""
import re

from bochs import Bochs
from bochs import installed as bochs_installed
from harness import builds, limit

PROMPT = "keeper> "


def boots(machine, **hardware):
    m = machine(**hardware)
    m.expect(PROMPT, 120)
    m.command("help")
    return m


def test_default(machine):
    """The plainest machine; the prompt answers, and power-off ends it."""
    m = boots(machine)
    m.send("poweroff")
    status = m.wait_exit()
    assert status == 0, f"power-off ended QEMU with {status}"


def test_menu(machine):
    """The ISO that users get, with its menu, as a CD."""
    m = machine(iso=machine.folder / "terrarium.iso")
    m.expect("Terrarium", 60)
    m.expect(PROMPT, 120)


def test_pc(machine):
    boots(machine, model="pc")


@builds("release")
def test_serial_only(machine):
    """The second entry of the menu: the console has no screen and no keyboard, and does without."""
    m = boots(machine, config="serial.cfg")
    assert "console" in m.command("ps")


@builds("release")
def test_disk(machine):
    """The same ISO, written to a disk."""
    boots(machine, boot="disk")


def test_uefi(machine):
    """UEFI firmware, and a screen that is pixels."""
    m = boots(machine, firmware="uefi")
    width, height, pixels = m.screen_dump()
    assert (width, height) == (1024, 768), f"the screen is {width} x {height}"
    assert len(set(pixels)) > 1, "nothing is on the screen"


@builds("release")
def test_uefi_pc_disk(machine):
    boots(machine, firmware="uefi", model="pc", boot="disk")


def test_screen(machine):
    """The text screen shows what the serial port says."""
    m = boots(machine)
    assert any(line.startswith(PROMPT.strip()) for line in m.screen_text()), m.screen_text()


@builds("release")
def test_64m(machine):
    boots(machine, memory="64M")


def test_4g(machine):
    """Memory on both sides of the hole below 4 GiB."""
    boots(machine, memory="4G")


@builds("release")
def test_plain_processor(machine):
    """A processor that has little more than what is required: 64-bit, NX and FSGSBASE."""
    boots(machine, cpu="qemu64,+fsgsbase")


@limit(300)
def test_bochs(machine):
    """Bochs, if it is installed: another author's idea of a PC."""
    if not bochs_installed():
        print("Bochs is not installed: left out")
        return
    m = machine(kind=Bochs, time_limit=290)
    m.expect(PROMPT, 240)
    m.send("help")
    m.expect(re.compile(r"poweroff"), 60)


@builds("release")
@limit(300)
def test_bochs_intel(machine):
    """The same with a processor that has PCID, x2APIC and the TSC-deadline timer."""
    if not bochs_installed():
        print("Bochs is not installed: left out")
        return
    m = machine(kind=Bochs, model="corei7_skylake_x", time_limit=290)
    m.expect(PROMPT, 240)


@builds("release")
def test_repeatable(machine):
    """With counted instructions, two boots take the same time, to the tick."""
    texts = []
    for _ in range(2):
        m = machine(icount=True)
        m.expect(PROMPT, 120)
        texts.append(m.text[:m.position])
        m.close()
    assert texts[0] == texts[1], "two runs under -icount differ"
