"""The AHCI driver (servers/drivers/ahci.c) on QEMU's controllers, from a test program in ring 3
(tests/programs/ahci-probe). The test makes the images of its disks, and looks at them afterwards."""
import pathlib
import re
import struct
import time

from harness import PATIENCE, Failure

PROMPT = "keeper> "
CONFIG = pathlib.Path(__file__).parent / "config/ahci.cfg"
SECTORS = 16384
BUFFER = 8

# Where the parts of the probe's work are on a disk, in sectors.
DEEP, SHALLOW, FUA, PIECES = (0, 1024 * BUFFER), (8192, 400 * BUFFER), (12288, 200 * BUFFER), (14336, 56)

DEVICES = {"q35": [["ide-hd,bus=ide.2,drive={0}"], ["ide-hd,bus=ide.3,drive={0}"]],
           "pc": [["ahci,id=sata", "ide-hd,bus=sata.0,drive={0}"], ["ide-hd,bus=sata.3,drive={0}"]]}


def pattern(sector, sectors, seed):
    """What tests/programs/ahci-probe writes there."""
    return b"".join(struct.pack("<Q", ((at << 8 | word) * 0x9E3779B97F4A7C15 + seed) & (1 << 64) - 1)
                    for at in range(sector, sector + sectors) for word in range(64))


def make_image(folder, name, seed=None):
    path = folder / name
    with open(path, "wb") as image:
        if seed is not None:
            image.write(pattern(*DEEP, seed))
        image.truncate(SECTORS * 512)
    return path


def drives(model, paths, options=""):
    """QEMU's arguments for these images as disks."""
    extra = []
    for number, path in enumerate(paths):
        extra += ["-drive", f"if=none,id=disk{number},format=raw,file={path}{options}"]
        for device in DEVICES[model][number]:
            extra += ["-device", device.format(f"disk{number}")]
    return extra


def starts(machine, work, model, extra, **more):
    config = re.sub(r"arguments   \w+", f"arguments   {work}", CONFIG.read_text())
    m = machine(config="probe.cfg", files={"config/probe.cfg": config.encode()},
                programs=["ahci-probe"], model=model, extra=extra, **more)
    m.expect(PROMPT, 120)
    return m


def says(m, pattern, timeout=120):
    """Waits for a line of the probe's log; what the log says then."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        text = m.command("log ahci-probe")
        if re.search(pattern, text):
            return text
        if time.monotonic() > deadline:
            raise Failure(f"in {timeout} s the probe did not say {pattern!r}, but {text}")
        time.sleep(0.2)


def finishes(m):
    """Waits for the end of what the probe does; what its log says."""
    text = says(m, r": \d+ checks, \d+ failed")
    assert ", 0 failed" in text and "not so" not in text, text
    return text


def holds(path, part, seed):
    first, sectors = part
    with open(path, "rb") as image:
        image.seek(first * 512)
        found = image.read(sectors * 512)
    expected = pattern(first, sectors, seed)
    if found != expected:
        bad = [first + i for i in range(sectors) if found[i * 512:][:512] != expected[i * 512:][:512]]
        raise AssertionError(f"{path.name}: {len(bad)} of {sectors} sectors from {first} on are not "
                             f"what was written, the first is {bad[0]}")


def holds_all(path, first_disk=True):
    holds(path, DEEP, 2)
    holds(path, SHALLOW, 2)
    holds(path, FUA, 2)
    if first_disk:
        holds(path, PIECES, 3)


def does_all(machine, model, count):
    paths = [make_image(machine.folder, f"disk{i}.img") for i in range(count)]
    m = starts(machine, "all", model, drives(model, paths))
    text = finishes(m)
    print(text)
    assert f"{count} disks" in text, text
    for which, most in ((1, 7.0), (32, 3.0)):
        if count == 1:
            cost = re.search(rf"read, depth {which}: \d+ requests, ([\d.]+) register", text)
            assert float(cost[1]) <= most, f"more than {most} register accesses for a read: {text}"
    m.close()
    for number, path in enumerate(paths):
        holds_all(path, number == 0)


def test_q35(machine):
    """A disk at the controller of the chip set."""
    does_all(machine, "q35", 1)


def test_pc(machine):
    """A disk at a controller on a card."""
    does_all(machine, "pc", 1)


def test_two_disks(machine):
    """Two disks at one controller, at the same time."""
    does_all(machine, "q35", 2)
