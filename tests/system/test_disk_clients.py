"""The end of the disk server's clients: killed while the device still reads and writes their
memory, and while others go on."""
import re
import time

import disk_image
from harness import PATIENCE, Failure, limit
from prompt import prompted, wait_log
from test_disk import client, configured, done, goes_on, new_image, power_off, q35

# So many operations a second, of the device: requests stay there long enough to be found.
SLOW = 10

MEMORY = 47000  # KiB of the squatter: nearly all that there is

SQUATTER = """
server squatter
    image       servers/squatter.elf
    priority    8
    memory      {memory}K
    log         16K
    restart     never
    arguments   4
"""


@limit(300)
def test_killed_clients(machine):
    """A client that is killed with requests at the device gets its volume again when it is
    restarted; its memory comes back, others lose nothing, and the server is the same as before."""
    image = new_image(machine)
    m = prompted(machine, time_limit=290, **q35(image), **configured(
        client("a", "load operations=0 report=1000", "scratch rw", restart="always"),
        client("b", "verify operations=60000 seed=2 patient=1", "one rw"),
        client("c", "load operations=12000 seed=3", "data rw")))
    at_work = r"life {}: volume scratch.*\n.*all sectors are written\nblock-client: 1000 operations"

    def kill(life):
        m.send("kill a")
        wait_log(m, "a", at_work.format(life))
        return re.search(r"^free +([0-9.]+\w)", m.command("mem"), re.MULTILINE)[1]

    wait_log(m, "a", at_work.format(0))
    for life in (1, 2):
        kill(life)
    done(m, "b")
    assert ", 0 restarts" in done(m, "c")
    for name in ("b", "c"):
        wait_log(m, "root", f"{name}: exited")
    free = [kill(life) for life in (3, 4, 5)]
    assert len(set(free)) == 1, f"memory that was free after each kill: {free}"
    power_off(m)
    disk_image.check_volume(image, "data")


def rounds(m, more):
    """Waits until the squatter has held all memory so many times more, and found nothing."""
    def number():
        log = m.command("log squatter")
        if "FAILED" in log or "panic" in log:
            raise Failure(f"{log}\nthe log of disk:\n{m.command('log disk')}")
        return int((re.findall(r"round (\d+)", log) or [0])[-1])

    until, deadline = number() + more, time.monotonic() + 100 * PATIENCE
    while number() < until:
        assert time.monotonic() < deadline, m.command("ps")
        time.sleep(0.2)


def crowded(machine, disk="", restart="always"):
    """A client with 32 reads at a slow device, while nearly all other memory is taken."""
    image = new_image(machine)
    hardware = q35(image)
    hardware["extra"][3] += f",throttling.iops-total={SLOW}"
    more = configured(client("a", "crowd depth=32 sectors=64", "scratch rw", restart=restart),
                      client("other", "load operations=0 report=500 patient=1", "one rw"),
                      disk=disk)
    more["files"]["config/variant.cfg"] += SQUATTER.format(memory=MEMORY).encode()
    more["programs"].append("squatter")
    m = prompted(machine, memory="64M", time_limit=230, **hardware, **more)
    free = re.search(r"^free +([0-9.]+)([KM])", m.command("mem"), re.MULTILINE)
    assert free[2] == "K" or float(free[1]) < 3, f"{free[0]}: too much for the test to be sharp"
    wait_log(m, "other", "block-client: [0-9]+ operations")
    return m


@limit(240)
def test_memory_of_the_dead(machine):
    """A client is killed with 32 reads at a slow device: by itself, just before the server, and
    just after it. Another program takes all memory that comes back, and no byte of it changes."""
    m = crowded(machine)
    for life, killed in enumerate((["a"], ["a", "disk"], ["disk", "a"], [])):
        wait_log(m, "a", rf"life {life}: .*\nblock-client: 32 reads are on their way")
        for server in killed:
            m.command(f"kill {server}")
        rounds(m, 3)
    goes_on(m, "other")
    assert "fault" not in m.command("log root"), m.command("log root")


@limit(240)
def test_memory_of_the_dead_for_good(machine):
    """The same with a server that is not restarted: nobody resets the device, which has begun the
    reads and ends them some time later."""
    m = crowded(machine, disk="    restart     never\n", restart="never")
    wait_log(m, "a", "life 0: .*\nblock-client: 32 reads are on their way")
    m.command("kill disk")
    m.command("kill a")
    rounds(m, 12)
