"""What the keeper says of disks, volumes, network cards and sessions; and that no server can harm
it by what it answers, or by not answering (tests/programs/mute)."""
import re

import disk_image
from harness import ROOT
from prompt import PROMPT, eventually, prompted

CLIENT = """
server {name}
    image       servers/{image}.elf
    priority    8
    memory      2M
    log         8K
    restart     never
    arguments   {arguments}
    session     {server} {server} 1M {session}
"""


def plain(*sections, change=(), **options):
    """The plain system with more sections, and with these pairs of texts exchanged."""
    text = (ROOT / "iso/config/default.cfg").read_text()
    for old, new in change:
        assert text.count(old) == 1, f"{old!r} is not once in default.cfg"
        text = text.replace(old, new)
    return {"config": "variant.cfg", "programs": ["block-client", "net-client", "mute"],
            "files": {"config/variant.cfg": (text + "".join(sections)).encode()}, **options}


def block_client(name, arguments, session):
    return CLIENT.format(name=name, image="block-client", server="disk", arguments=arguments,
                         session=session)


def drive(image, more=""):
    return ["-boot", "d", "-drive", f"if=none,id=disk,format=raw,file={image}{more}",
            "-device", "ide-hd,drive=disk,bus=ide.1"]


def new_image(machine):
    return disk_image.make(machine.own_file("disk.img"))


def wide(text):
    """Is a line wider than the screen?"""
    return max(len(line) for line in text.splitlines()) > 79


def free(m):
    """What `mem` says about memory that nobody has."""
    return re.search(r"^free .*$", m.command("mem"), re.MULTILINE)[0]


def test_disks(machine):
    """A disk and its volumes, a RAM disk, and who has what."""
    m = prompted(machine, extra=drive(new_image(machine)), **plain(
        block_client("writer", "load operations=0", "scratch rw"),
        block_client("reader", "scan", "system ro"), block_client("other", "scan", "system ro")))
    eventually(m, "disks", r"^ahci1 +AHCI port 1 +64M +131072 ready  32 +\d+ +\d\d+ +0 ")
    text = m.command("disks")
    assert re.search(r"^ram0 +memory +1M +2048 ready +-( +-){6}$", text, re.MULTILINE), text
    assert re.search(r"^ahci1: QEMU HARDDISK, serial number QM\w+; port: ready$", text,
                     re.MULTILINE), text
    assert "\n  GPT, 3 partitions" in text, text
    assert "ram0: RAM disk\n  RAM disks have no partitions\n" in text, text
    eventually(m, "volumes", r"^scratch +ahci1 +3 +\d+ +16384 +8M  writer \(writes\)$")
    text = m.command("volumes")
    assert re.search(r"^system +ahci1 +1 .* (reader, other|other, reader) \(read-only\)$", text,
                     re.MULTILINE), text
    assert re.search(r"^ahci1 +ahci1 +all +0 +131072 +64M  nobody$", text, re.MULTILINE), text
    assert re.search(r"^ram0 +ram0 +all +0 +2048 +1M  nobody$", text, re.MULTILINE), text
    m.send("kill disk")
    m.expect("disk restarted")
    eventually(m, "volumes", r"^scratch .*writer \(writes\)$")
    m.send("kill timer")  # whose session the keeper has for its patience
    m.expect("timer restarted")
    assert "ahci1" in m.command("disks") and "ahci1" in m.command("volumes")


def test_damaged_disk(machine):
    """What is wrong with its partition table."""
    image = new_image(machine)
    disk_image.damage(image, backup=False)
    m = prompted(machine, extra=drive(image), **plain())
    eventually(m, "disks", r"^  GPT, 3 partitions, but the primary table .*: the backup is used$")
    assert "scratch" in m.command("volumes")
    m.send("poweroff")
    m.wait_exit()
    disk_image.damage(image, backup=True)
    m = prompted(machine, extra=drive(image), **plain())
    eventually(m, "disks", r"^  its GPT is refused: ")
    text = m.command("volumes")
    assert "scratch" not in text and "ahci1" in text, text


def test_no_disks(machine):
    """A machine without disks and without a network card; and without their servers."""
    m = prompted(machine, extra=["-net", "none"], **plain(change=[("    ram         ram0 1M\n",
                                                                   "")]))
    assert m.command("disks").strip() == "There are no disks."
    assert m.command("volumes").strip() == "There are no volumes."
    text = m.command("nics")
    assert "There is no network card" in text and "No session has a port" in text, text


def net_client(name, arguments, session):
    return CLIENT.format(name=name, image="net-client", server="net", arguments=arguments,
                         session=session)


STREAM = (net_client("echo", "echo", "52:54:00:74:65:02"),
          net_client("generate", "generate 52:54:00:74:65:02 4000000000", "52:54:00:74:65:01"),
          net_client("lost", "generate 52:54:00:74:65:99 9", "52:54:00:74:65:03"))


def test_nics(machine):
    """The card, and what the ports of the switch have counted."""
    m = prompted(machine, extra=["-nic", "user,model=e1000e,mac=52:54:00:12:34:56"],
                 **plain(*STREAM))
    eventually(m, "nics", r" generate +52:54:00:74:65:01 +\d{4,}k? +\d{4,}k? ")
    # What is sent to an address that nobody has leaves the machine.
    found = eventually(m, "nics", r"^nic0 +82574L +52:54:00:12:34:56 up +([1-9]\d*) +(\d+k?)"
                       r"(?: +\d+k?){5}$")
    assert found[2].endswith("k") or int(found[2]) >= 60 * int(found[1]), found[0]
    text = m.command("nics")
    assert not wide(text), text
    ports = {row[2]: row for row in map(str.split, text.splitlines()) if row[0].isdigit()}
    assert ports["echo"][3] == "52:54:00:74:65:02" and ports["generate"][1] != ports["echo"][1]
    for name in "echo", "generate":
        number = ports[name][1]
        assert f"of {name} with net, works" in m.command(f"sessions {number}"), text
    m.send("kill net")
    m.expect("net restarted")
    eventually(m, "nics", r"^nic0 +82574L +52:54:00:12:34:56 up ")


def test_nics_pc(machine):
    """The other chip."""
    m = prompted(machine, model="pc", extra=["-nic", "user,model=e1000,mac=52:54:00:12:34:57"],
                 **plain())
    eventually(m, "nics", r"^nic1 +82540EM +52:54:00:12:34:57 up ")


def mute(way, server="disk"):
    """The plain system with a server that answers in this way in place of a real one."""
    image = f"    image       servers/{server}.elf\n"
    return plain(change=[(image, f"    image       servers/mute.elf\n    arguments   {way}\n")])


def without_deadlines(options):
    """They would be restarted by root before the keeper's patience ends."""
    text = options["files"]["config/variant.cfg"].replace(b"    deadline    2000ms\n", b"")
    options["files"]["config/variant.cfg"] = text
    return options


def unanswered(machine, way, server, command):
    """The keeper says that the server does not answer, each time, and goes on; no memory is lost,
    and other servers answer."""
    m = prompted(machine, **without_deadlines(mute(way, server)))
    complaint = f"{command}: {server} does not answer; 'ps' shows what it does, 'kill {server}'"
    assert complaint in m.command(command)
    before = free(m)
    assert complaint in m.command(command)
    m.send(f"kill {server}")
    m.expect(f"{server} restarted")
    assert complaint in m.command(command)
    assert free(m) == before
    other = "nics" if server == "disk" else "disks"
    assert "answer" not in m.command(other)


def test_disk_is_silent(machine):
    unanswered(machine, "silent", "disk", "disks")


def test_disk_is_deaf(machine):
    unanswered(machine, "deaf", "disk", "volumes")


def test_disk_is_slow(machine):
    """Each single answer comes; all of them together would take too long."""
    unanswered(machine, "slow", "disk", "disks")


def test_net_is_silent(machine):
    unanswered(machine, "silent", "net", "nics")


def test_disk_dies(machine):
    """It ends while it is asked, or waits for another caller."""
    m = prompted(machine, **mute("dies"))
    complaint = "disk ended, or broke off, when it was asked; 'log disk' may say why"
    assert f"disks: {complaint}" in m.command("disks")
    m.expect("disk restarted")
    assert f"volumes: {complaint}" in m.command("volumes")
    m.send("poweroff")
    m.wait_exit()
    m = prompted(machine, **without_deadlines(mute("forgetful")))
    assert f"disks: {complaint}" in m.command("disks")


def test_disk_refuses(machine):
    m = prompted(machine, **without_deadlines(mute("refuses")))
    for command in "disks", "volumes":
        assert re.search(f"{command}: disk refuses: .*right", m.command(command))


def lied_to(machine, server, *commands):
    """Whatever a server says, what is printed is printable, and no wider or longer than it has to
    be; the keeper goes on."""
    for seed in range(1, 4):
        m = prompted(machine, **without_deadlines(mute(f"lies {seed}", server)))
        for command in commands * 4:
            text = m.command(command)
            assert all(" " <= c <= "~" or c == "\n" for c in text), repr(text)
            assert "answer" not in text and len(text.splitlines()) < 500, text
        assert re.search(r"^keeper .* 0$", m.command("ps"), re.MULTILINE)
        m.send("poweroff")
        m.wait_exit()


def test_disk_lies(machine):
    lied_to(machine, "disk", "disks", "volumes")


def test_net_lies(machine):
    lied_to(machine, "net", "nics")


def test_not_granted(machine):
    """A keeper whose configuration leaves out what these commands need."""
    for line, command, complaint in (
            ("call        disk disk", "disks", "there is no disk server: .* 'call disk disk'"),
            ("call        net net", "nics", "there is no net server: .* 'call net net'"),
            ("session     timer timer 4K", "volumes", "lacks 'session timer timer 4K'")):
        m = prompted(machine, **plain(change=[(f"    {line}\n", "")]))
        text = m.command(command).replace("\n", "")
        assert re.search(complaint, text), text
        m.send("poweroff")
        m.wait_exit()


def test_open_and_close(machine):
    """A session that the operator opens has its volume until he closes it."""
    m = prompted(machine, extra=drive(new_image(machine)), **plain())
    nobody = r"^scratch .* nobody$"
    eventually(m, "volumes", nobody)
    for _ in range(3):
        number = re.fullmatch(r"session (\d+)", m.command("open keeper try disk 64K scratch rw"))[1]
        eventually(m, "volumes", r"^scratch .* keeper \(writes\)$")
        found = re.search(r"^ring +128 entries", m.command(f"sessions {number}"), re.MULTILINE)
        assert found, m.command("sessions")
        m.command(f"close {number}")
        eventually(m, "volumes", nobody)
        assert "the operator closed it" in m.command(f"sessions {number}")
    assert int(number) < 4, "sessions that were closed are not given back"
    timer = re.search(r"^ *(\d+) keeper +timer ", m.command("sessions"), re.MULTILINE)[1]
    m.command(f"close {timer}")
    assert "disks: no limit can be set for the answer" in m.command("disks")
    m.send("kill keeper")  # it comes back with the sessions that its configuration says
    m.expect("keeper restarted")
    m.expect(PROMPT)
    assert "scratch" in m.command("volumes")


# --- sessions -------------------------------------------------------------------------------------


def test_sessions_outstanding(machine):
    """What `sessions` says while a disk that takes its time has requests."""
    m = prompted(machine, extra=drive(new_image(machine), ",throttling.iops-total=4"), **plain(
        block_client("slow", "load depth=9 chain=1 patient=1", "scratch rw")))
    eventually(m, "disks", r"^ahci1 .* ready  32 +[1-9] ", 120)
    text = m.command("sessions")
    assert not wide(text), text
    row = next(line.split() for line in text.splitlines() if " slow " in line)
    number, _, name, server, state, pushed, done, out, sent, saved, errors, restarts = row
    assert (name, server, state, errors, restarts) == ("disk", "disk", "works", "0", "0"), text
    # What is done counts as outstanding until the client has looked.
    assert int(pushed) - int(done) <= int(out) <= 9 and int(out) >= 1, text
    assert int(sent) >= 1 and int(sent) + int(saved) <= int(pushed), text
    text = m.command(f"sessions {number}")
    found = re.search(r"^client +(\d+) entries pushed, (\d+) outstanding, 0 errors .*, epoch 0\n"
                      r" +(\d+) doorbells sent, (\d+) suppressed$", text, re.MULTILINE)
    assert found and 1 <= int(found[2]) <= 9, text
    assert re.search(r"^server +\d+ entries pushed, \d+ outstanding, 0 errors", text,
                     re.MULTILINE), text
    m.send("kill disk")
    m.expect("disk restarted")
    eventually(m, f"sessions {number}", "epoch 1, 1 restarts of the server")
