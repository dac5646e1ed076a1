"""The AHCI driver (servers/drivers/ahci.c) on QEMU's controllers, from a test program in ring 3
(tests/programs/ahci-probe). The test makes the images of its disks, and looks at them when it is
done."""
import pathlib
import re
import struct

from harness import Failure
from prompt import PROMPT, wait_log

CONFIG = pathlib.Path(__file__).parent / "config/ahci.cfg"
SECTORS = 16384
BUFFER = 8

# Where the parts of the probe's work are on a disk, in sectors.
DEEP = (0, 1024 * BUFFER)
SHALLOW = (8192, 400 * BUFFER)
FUA = (12288, 200 * BUFFER)
PIECES = (14336, 56)

DEVICES = {"q35": [["ide-hd,bus=ide.2,drive={0}"], ["ide-hd,bus=ide.3,drive={0}"]],
           "pc": [["ahci,id=sata", "ide-hd,bus=sata.0,drive={0}"], ["ide-hd,bus=sata.3,drive={0}"]]}


def pattern(sector, sectors, seed):
    """What tests/programs/ahci-probe writes there."""
    words = ((at << 8 | word) * 0x9E3779B97F4A7C15 + seed & 0xFFFFFFFFFFFFFFFF
             for at in range(sector, sector + sectors) for word in range(64))
    return struct.pack(f"<{sectors * 64}Q", *words)


def make_image(machine, name, seed=None):
    path = machine.own_file(name)
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


def finishes(m):
    """Waits for the end of what the probe does; what its log says."""
    text = wait_log(m, "ahci-probe", r": \d+ checks, \d+ failed").string
    assert ", 0 failed" in text and "not so" not in text, text
    return text


def holds(path, part, seed):
    first, sectors = part
    with open(path, "rb") as image:
        image.seek(first * 512)
        found = image.read(sectors * 512)
    expected = pattern(first, sectors, seed)
    if found != expected:
        bad = [first + at // 512 for at in range(0, sectors * 512, 512)
               if found[at:at + 512] != expected[at:at + 512]]
        raise Failure(f"{path.name}: {len(bad)} of {sectors} sectors from {first} on are not "
                      f"what was written, the first is {bad[0]}")


def holds_all(path, first_disk=True):
    holds(path, DEEP, 2)
    holds(path, SHALLOW, 2)
    holds(path, FUA, 2)
    if first_disk:
        holds(path, PIECES, 3)


def does_all(machine, model, count):
    paths = [make_image(machine, f"disk{i}.img") for i in range(count)]
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


def injected(event, *sectors, once=False):
    """Options for a drive that fails at these sectors."""
    return ",file.driver=blkdebug" + "".join(
        f",file.inject-error.{n}.event=none,file.inject-error.{n}.iotype={event}"
        f",file.inject-error.{n}.errno=5,file.inject-error.{n}.sector={sector}"
        f",file.inject-error.{n}.once={'on' if once else 'off'}"
        for n, sector in enumerate(sectors))


def reads_around(machine, model, bad, once):
    path = make_image(machine, "disk.img", seed=2)
    options = injected("read", *bad, once=once)
    extra = drives(model, [path], options)
    extra[1] = extra[1].replace(",file=", ",file.image.filename=")
    m = starts(machine, "read", model, extra)
    text = finishes(m)
    print(text)
    failed = [] if once else sorted({sector // BUFFER * BUFFER for sector in bad})
    said = [int(at) for at in re.findall(r"\nsector (\d+) of port \d+: the disk refused", text)]
    assert sorted(said) == sorted(failed * 2), f"not {failed}, deep and shallow: {text}"
    runs = re.findall(r"(\d+) failed, (\d+) wrong; (\d+) resets", text)
    assert [run[:2] for run in runs] == [(str(len(failed)), "0")] * 2, text
    assert int(runs[0][2]) > 0, text
    m.close()


def test_bad_sectors(machine):
    """Sectors that cannot be read: just these requests fail, at any depth, and all others are
    right."""
    reads_around(machine, "q35", (1003, 1010, 1011, 4000, 8191), once=False)


def test_bad_sectors_pc(machine):
    """The same with the first and the last."""
    reads_around(machine, "pc", (0, 8191), once=False)


def test_errors_that_pass(machine):
    """Errors that do not come again: nobody notices."""
    reads_around(machine, "q35", (0, 1003, 1010, 4000, 8191), once=True)


def test_kill(machine):
    """The driver is killed while writes and flushes are under way on a disk that is slow enough for
    that; the next one takes over, and then the image holds what that one wrote."""
    path = make_image(machine, "disk.img")
    m = starts(machine, "write", "q35", drives("q35", [path], ",throttling.iops-total=1500"))
    wait_log(m, "ahci-probe", "^writing")
    m.send("kill ahci-probe")
    m.expect("restarted", 60)
    print(finishes(m))
    m.close()
    holds_all(path)
