"""The disk server, as clients in other address spaces see it, and as the host finds its disks after
power-off. What the clients do is in tests/programs/block-client; what they leave behind is checked
by disk_image.py."""
import re

import disk_image
from harness import ROOT, builds, limit
from prompt import prompted, wait_log

CLIENT = """
server {name}
    image       servers/block-client.elf
    priority    8
    memory      2M
    log         16K
    after       disk
    restart     {restart}
    arguments   {arguments}
    session     disk disk {size} {session}
"""


def client(name, arguments, session, size="1M", restart="never"):
    """A section of the configuration: a client `name` with a session on `session`."""
    return CLIENT.format(name=name, arguments=arguments, session=session, size=size,
                         restart=restart)


def configured(*clients, disk=""):
    """disk.cfg with these clients; `disk` are more lines for the disk server."""
    text = (ROOT / "tests/system/config/disk.cfg").read_text() + disk + "".join(clients)
    return {"config": "variant.cfg", "files": {"config/variant.cfg": text.encode()},
            "programs": ["block-client"]}


def drive(image, more=""):
    return ["-boot", "d", "-drive", f"if=none,id=disk,format=raw,file={image}{more}"]


def q35(image):
    """A machine whose own AHCI has this image as a disk."""
    return {"extra": [*drive(image), "-device", "ide-hd,drive=disk,bus=ide.1"]}


def pc(image):
    """A machine with an AHCI card that has it."""
    return {"model": "pc", "extra": [*drive(image), "-device", "ahci,id=card",
                                     "-device", "ide-hd,drive=disk,bus=card.0"]}


def new_image(machine, name="disk.img"):
    """A fresh disk of this test's own."""
    return disk_image.make(machine.own_file(name))


def done(m, name, text="all sectors are right"):
    """A client has come to its end, and all was well; the match."""
    found = wait_log(m, name, rf"block-client: done: {text}.*?(\d+ odd completions)?$")
    assert found[1] in (None, "0 odd completions"), found[0]
    return found[0]


def refused(m, name, why):
    """A client's session was closed for this reason."""
    wait_log(m, name, re.escape(f"FAILED: the session was closed: {why}"))


def goes_on(m, name):
    """A client that works without end gets on."""
    numbers = re.findall(r"block-client: (\d+) operations", m.command(f"log {name}"))
    wait_log(m, name, f"block-client: {int(numbers[-1]) + 1000} operations")


def power_off(m):
    m.send("poweroff")
    m.wait_exit()


# --- all is well ----------------------------------------------------------------------------------


@limit(300)
def test_ram(machine):
    """RAM disks: everything a client can ask for; two clients at the same time."""
    m = prompted(machine, time_limit=290, **configured(
        client("a", "verify operations=20000 seed=1", "one rw"),
        client("b", "load operations=20000 seed=2 depth=9 chain=3", "two rw", "257K")))
    done(m, "a")
    done(m, "b")


def on_ahci(machine, hardware):
    """All there is to a disk: two clients write to two volumes at the same time; what is on the
    image afterwards is what they have written, and the third volume is as it was."""
    image = new_image(machine)
    before = disk_image.volumes(image)
    m = prompted(machine, time_limit=290, **hardware(image), **configured(
        client("a", "verify operations=8000 seed=1", "scratch rw"),
        client("b", "load operations=4000 seed=2 sectors=256", "data rw", "4M"),
        client("c", "show sector=2 offset=56 count=2", "system ro", "4K")))
    assert "53 ef" in done(m, "c", "sector 2 from 56:"), "not the magic number of ext2"
    done(m, "a")
    done(m, "b")
    power_off(m)
    assert disk_image.volumes(image) == before
    assert disk_image.check_volume(image, "scratch") > 8000
    assert disk_image.check_volume(image, "data") > 4000
    disk_image.check_file_system(image, image.with_suffix(".ext2"))


@limit(300)
def test_ahci_q35(machine):
    on_ahci(machine, q35)


@limit(300)
def test_ahci_pc(machine):
    on_ahci(machine, pc)


@limit(240)
def test_large_disk(machine):
    """A disk of 3 TiB, with a volume behind all sectors whose numbers have 32 bits."""
    image = new_image(machine)
    with open(image, "r+b") as file:
        file.truncate(3 << 40)
    table = disk_image.Table(image)
    table.last = 6_000_000_000
    table.add(3, "far", 5_000_000_000, 5_000_016_383)
    table.save()
    m = prompted(machine, time_limit=230, **q35(image), **configured(
        client("a", "verify operations=3000 seed=1", "far rw"),
        client("b", "show sector=4999999999", "ahci1 ro")))
    wait_log(m, "disk", r"ahci1: .*, 6442450944 sectors")
    done(m, "a")
    refused(m, "b", "what it asks for is in use by another session")
    power_off(m)
    assert disk_image.check_volume(image, "far") > 3000
    disk_image.check_file_system(image, image.with_suffix(".ext2"))
    image.unlink()


# --- what is refused ------------------------------------------------------------------------------


def test_edges(machine):
    """Requests at and over every edge get their status, on both kinds of disk, and where only
    reading is allowed."""
    m = prompted(machine, **q35(new_image(machine)), **configured(
        client("a", "edges", "one rw", "64K"), client("b", "edges", "two ro", "1M"),
        client("c", "edges", "scratch rw", "100K"), client("d", "edges", "data ro", "68K")))
    for name, count in (("a", 60), ("b", 40), ("c", 60), ("d", 40)):
        found = re.search(r"(\d+) edges", done(m, name, r"\d+ edges"))
        assert int(found[1]) >= count, found[0]


def test_sessions(machine):
    """Volumes that are not there or are in use, and arguments that make no sense, are refused with
    the reason; those that only read get on with each other."""
    m = prompted(machine, **q35(new_image(machine)), **configured(
        client("a", "load operations=0", "one rw"), client("b", "scan", "one rw"),
        client("c", "scan", "one ro"), client("d", "scan", "two ro"), client("e", "scan", "two ro"),
        client("f", "scan", "two rw"), client("g", "scan", "three ro"), client("h", "scan", "data"),
        client("i", "scan", "data rx"), client("j", "scan", "data ro rw"),
        client("k", "load operations=0 sectors=8", "scratch rw"), client("l", "scan", "ahci1 ro"),
        client("m", "show", "system ro"), client("n", "scan", "")))
    wait_log(m, "a", "all sectors are written")
    wait_log(m, "k", "all sectors are written")
    for name in ("b", "c", "f", "l"):
        refused(m, name, "what it asks for is in use by another session")
    for name in ("d", "e"):
        done(m, name, "scanned 1024 sectors in 128 requests, 0 failed")
    refused(m, "g", "the server has nothing of the name in its argument")
    for name in ("h", "i", "j", "n"):
        refused(m, name, "its argument in the configuration makes no sense to the server")
    done(m, "m", "sector 0 from 0:")


# --- partition tables -----------------------------------------------------------------------------


def with_tables(machine, image, *clients):
    """Boots with this image; afterwards it is what it was before, to the byte."""
    before = image.read_bytes()
    m = prompted(machine, **q35(image), **configured(*clients))
    yield m
    power_off(m)
    assert image.read_bytes() == before, "the server has written to the disk"


def test_damaged_primary(machine):
    """The backup is used, and the log says so."""
    image = new_image(machine)
    disk_image.damage(image, backup=False)
    for m in with_tables(machine, image, client("a", "scan", "scratch ro"),
                         client("b", "show sector=2 offset=56", "system ro")):
        wait_log(m, "disk", r"ahci1: .*the primary table .*: the backup is used")
        done(m, "a", "scanned 16384 sectors in 2048 requests, 0 failed")
        assert "53 ef" in done(m, "b", "sector 2")


def test_damaged_backup(machine):
    """The primary table is used, and the log says what is wrong with the other."""
    image = new_image(machine)
    disk_image.damage(image, backup=True)
    for m in with_tables(machine, image, client("a", "scan", "scratch ro")):
        wait_log(m, "disk", r"ahci1: .* but the backup has a header with a wrong checksum")
        done(m, "a", "scanned 16384 sectors")


def test_damaged_both(machine):
    """Both tables damaged: refused with a message, and so are sessions; the disk as a whole can
    still be read."""
    image = new_image(machine)
    disk_image.damage(image, backup=False)
    disk_image.damage(image, backup=True)
    for m in with_tables(machine, image, client("a", "scan", "scratch ro"),
                         client("b", "show sector=1 count=8", "ahci1 ro")):
        wait_log(m, "disk", r"ahci1: its GPT is refused: .*wrong checksum, and .*wrong checksum")
        refused(m, "a", "the server has nothing of the name in its argument")
        assert "45 46 49 20 50 41 52 54" in done(m, "b", "sector 1")


def absurd(machine, change, complaint):
    """Both tables are changed in the same way, with good checksums; the server's complaint."""
    image = new_image(machine)
    for backup in (False, True):
        table = disk_image.Table(image, backup)
        change(table)
        table.save()
    for m in with_tables(machine, image, client("a", "scan", "scratch ro")):
        wait_log(m, "disk", f"ahci1: its GPT is refused: .*{complaint}")
        refused(m, "a", "the server has nothing of the name in its argument")


def test_absurd_range(machine):
    """A partition that ends behind the disk."""
    absurd(machine, lambda table: table.add(3, "far", 118000, (1 << 64) - 1),
           r"outside of the usable area \(number 4\)")


def test_absurd_overlap(machine):
    """Two partitions that share a sector."""
    absurd(machine, lambda table: table.add(3, "twin", 116735, 117000), "overlap")


def test_absurd_sizes(machine):
    """As many entries, and as large, as there can be numbers."""

    def change(table):
        table.entry_count, table.entry_size = 0xFFFFFFFF, 0x80000000

    absurd(machine, change, "impossible size|impossibly many")


# --- devices that fail ----------------------------------------------------------------------------


def test_io_errors(machine):
    """Sectors that the device cannot read: the request that needs them gets an error, all others
    their data, and the server goes on."""
    image = new_image(machine)
    first = disk_image.volumes(image)["scratch"][0]
    rules = image.with_suffix(".blkdebug")
    rules.write_text("".join(f'[inject-error]\nevent = "read_aio"\nerrno = "5"\n'
                             f'sector = "{first + sector}"\n\n' for sector in (1003, 9000)))
    extra = ["-boot", "d", "-drive", f"if=none,id=disk,format=raw,file=blkdebug:{rules}:{image}",
             "-device", "ide-hd,drive=disk,bus=ide.1"]
    m = prompted(machine, extra=extra, time_limit=170, **configured(
        client("a", "scan", "scratch ro", "16K"), client("b", "load operations=3000", "one rw"),
        client("c", "verify operations=500 sectors=256", "data rw")))
    found = done(m, "a", "scanned 16384 sectors in 2048 requests, 2 failed, 0 restarts")
    log = m.command("log a")
    for range_ in ("1000 to 1007", "9000 to 9007"):
        assert f"sectors {range_}: the device failed" in log, f"{found}\n{log}"
    done(m, "b")
    done(m, "c")
    power_off(m)
    disk_image.check_volume(image, "data")


def test_dead_disk(machine):
    """A disk that fails from one moment to the next, which QEMU can do (it cannot pull one out):
    all requests end with an error, and other disks go on."""
    m = prompted(machine, **q35(new_image(machine)), **configured(
        client("a", "load gone=1 report=500", "scratch rw"),
        client("b", "load operations=0 report=500", "one rw")))
    wait_log(m, "a", r"all sectors are written\n(.*\n)*block-client: \d+ operations")
    m.monitor("drive_del disk")
    done(m, "a", "the device has gone")
    goes_on(m, "b")


# --- servers that die -----------------------------------------------------------------------------


def killed(machine, hardware, volume):
    """The keeper kills the server three times under load; no client notices anything."""
    m = prompted(machine, time_limit=290, **hardware, **configured(
        client("a", "load restarts=3 operations=3000 seed=1 report=500", f"{volume} rw"),
        client("b", "load restarts=3 operations=3000 seed=2 report=500", "two rw", "512K")))
    for kills in range(1, 4):
        for name in ("a", "b"):
            wait_log(m, name, rf"block-client: \d+ operations, {kills - 1} restarts")
        m.send("kill disk")
        m.expect("disk restarted")
    done(m, "a")
    done(m, "b")
    assert ", 3 restarts" in m.command("log a")
    power_off(m)


@limit(300)
def test_killed_ram(machine):
    killed(machine, {}, "one")


@limit(300)
def test_killed_ahci(machine):
    image = new_image(machine)
    killed(machine, q35(image), "scratch")
    assert disk_image.check_volume(image, "scratch") > 3000
    disk_image.check_file_system(image, image.with_suffix(".ext2"))


def dies(machine, step, how="die", lives=3):
    """The server dies, or hangs, at this step of its loop, in several lives, each time in the
    middle of the work for two clients; neither notices, and the disk is right afterwards."""
    image = new_image(machine)
    m = prompted(machine, time_limit=290, **q35(image), **configured(
        client("a", f"load restarts={lives} operations=2000 seed=1 patient=1", "scratch rw"),
        client("b", f"load restarts={lives} operations=2000 seed=2 patient=1", "one rw"),
        disk=f"    arguments   {how}={step}:700:{lives}\n"))
    done(m, "a")
    done(m, "b")
    log = m.command("log disk")
    assert log.count(f"test: {how}s at step '{step}'") == lives, log
    power_off(m)
    assert disk_image.check_volume(image, "scratch") > 2000
    disk_image.check_file_system(image, image.with_suffix(".ext2"))


@builds("debug")
@limit(300)
def test_dies_taken(machine):
    dies(machine, "taken")


@builds("debug")
@limit(300)
def test_dies_device(machine):
    dies(machine, "device")


@builds("debug")
@limit(300)
def test_dies_completed(machine):
    dies(machine, "completed")


@builds("debug")
@limit(300)
def test_dies_published(machine):
    dies(machine, "published")


@builds("debug")
@limit(300)
def test_dies_raised(machine):
    dies(machine, "raised")


@builds("debug")
@limit(300)
def test_hangs(machine):
    """A server that hangs is found by its deadline."""
    dies(machine, "device", "hang", 2)
