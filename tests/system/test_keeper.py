"""The keeper's commands: what each of them prints, and what it says to mistakes."""
import re
import time

from harness import PATIENCE, builds
from prompt import PROMPT, prompted

COMMANDS = ("help", "ps", "mem", "kill", "log", "disks", "volumes", "nics", "sessions", "open",
            "close", "trace", "uptime", "version", "clear", "reboot", "poweroff")
SERVERS = "console", "timer", "keeper"


def test_help(machine):
    m = prompted(machine)
    text = m.command("help")
    for command in COMMANDS:
        assert re.search(rf"^{command}\b", text, re.MULTILINE), text
        assert command in m.command(f"help {command}")


def test_mistakes(machine):
    """Each says what is wrong, and what to do."""
    m = prompted(machine)
    assert "'help' lists" in m.command("frobnicate")
    assert "usage: kill SERVER" in m.command("kill")
    assert "'b' is too much" in m.command("kill a b")
    text = m.command("kill nobody")
    assert "kill: no server 'nobody'; servers are: root, console" in text, text
    assert "log: no server 'a-name-that-is-far-too-long'" in m.command(
        "log a-name-that-is-far-too-long")
    assert "not a number from 1 to" in m.command("trace many")
    assert "not a number from 1 to" in m.command("trace 0")
    assert "root refused" in m.command("kill root")
    assert m.command("") == ""


def rows(text):
    return {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}


def test_ps(machine):
    m = prompted(machine)
    text = m.command("ps")
    table = rows(text)
    assert max(len(line) for line in text.splitlines()) < 80, text
    for server in "root", "console", "timer", "keeper":
        assert table[server][1] == "runs", text
    shares = [float(table[name][3]) for name in ("root", "console", "timer", "keeper")]
    assert sum(shares) <= 100.5 and float(table["(nobody)"][1]) > 0, text
    assert int(table["console"][6]) > 0, text  # system calls
    assert table["console"][11] == "0", text  # restarts


def test_mem(machine):
    m = prompted(machine)
    text = m.command("mem")
    table = rows(text)
    for row in "memory", "kernel", "free", "console", "keeper":
        assert row in table, text
    assert re.fullmatch(r"[0-9.]+M", table["free"][1]), text


def test_log(machine):
    m = prompted(machine)
    text = m.command("log root")
    assert "console started" in text, text
    text = m.command("log keeper")
    assert text, "nothing was printed"


def test_trace(machine):
    m = prompted(machine)
    lines = m.command("trace 30").splitlines()
    assert len(lines) == 30, lines
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + 30)), lines
    kinds = "switch", "interrupt", "object made"  # a release has fewer
    assert any(kind in line for kind in kinds for line in lines), lines


def test_kill(machine):
    """Every server comes back, is counted, and does its work; the keeper itself too."""
    m = prompted(machine)
    m.send("kill timer")
    m.expect("timer restarted")
    m.send("kill keeper")
    m.expect("keeper restarted")
    m.expect(PROMPT)
    table = rows(m.command("ps"))
    assert table["timer"][11] == "1" and table["keeper"][11] == "1", table
    assert table["timer"][1] == "runs", table


def pools(m):
    """The rows of `mem` about pools, and what is free."""
    text = m.command("mem")
    return text[text.index("POOL"):], rows(text)["free"][1]


def test_kill_everybody(machine):
    """Each of the servers, again and again: whoever is killed comes back, each command still does
    what it did, and no memory is lost. They die slowly enough to be restarted at once."""
    m = prompted(machine)
    before = pools(m)
    deaths = dict.fromkeys(SERVERS, 0)
    for server in SERVERS + ("keeper", "console"):
        m.send(f"kill {server}")
        m.expect(f"{server} restarted", 30)
        m.expect(PROMPT)
        deaths[server] += 1
        m.command("version")
    table = rows(m.command("ps"))
    for server in SERVERS:
        assert table[server][1] == "runs" and table[server][11] == str(deaths[server]), table
    assert pools(m) == before
    assert "timer: HPET" in m.command("log timer")
    log = m.command("log root")
    for server in SERVERS:
        assert len(re.findall(rf"^root: {server} restarted", log, re.MULTILINE)) == \
            deaths[server], log


def test_logs(machine):
    """Of every server; what was there before a restart is kept."""
    m = prompted(machine)
    before = {server: m.command(f"log {server}") for server in ("root",) + SERVERS}
    assert all(before.values()), before
    m.send("kill timer")
    m.expect("timer restarted")
    m.expect(PROMPT)
    after = m.command("log timer")
    assert after.startswith(before["timer"]) and len(after) > len(before["timer"]), after
    assert m.command("log root").startswith(before["root"])


def test_time_goes_on(machine):
    """`uptime` and the shares of `ps` are about real time; who has nothing to do idles."""
    m = prompted(machine)

    def seconds():
        hours, minutes, rest = map(int, re.search(r"up (\d+):(\d+):(\d+)",
                                                  m.command("uptime")).groups())
        return hours * 3600 + minutes * 60 + rest

    m.command("ps")
    before = seconds()
    time.sleep(3 * PATIENCE)
    passed = seconds() - before
    assert passed >= 2, passed
    text = m.command("ps")
    assert float(rows(text)["(nobody)"][1]) > 50, text
    assert float(re.search(r"since the last ps \(([0-9.]+) s\)", text)[1]) > 2, text


def test_clear(machine):
    m = prompted(machine)
    m.command("help")
    m.command("clear")
    deadline = time.monotonic() + 5 * PATIENCE  # the screen comes after the serial line
    while [row for row in m.screen_text() if row] != [PROMPT.strip()]:
        assert time.monotonic() < deadline, m.screen_text()
        time.sleep(0.1)


def lit(m):
    """How many pixels of the screen are not black, and its size."""
    width, height, pixels = m.screen_dump()
    assert len(pixels) == 3 * width * height
    return sum(any(pixels[i:i + 3]) for i in range(0, len(pixels), 3)), width * height


def test_screen(machine):
    """What the screen shows is text: some pixels are lit, and most are not."""
    m = prompted(machine)
    m.command("help")
    count, size = lit(m)
    assert size // 200 < count < size // 3, (count, size)


@builds("release")
def test_uefi(machine):
    """Under UEFI: the keyboard reaches the keeper, its answer is on the screen in pixels, and
    power-off works."""
    m = prompted(machine, firmware="uefi")
    m.command("clear")
    little, size = lit(m)
    m.keys("h", "e", "l", "p", "ret")
    m.expect("switch the machine off")
    m.expect(PROMPT)
    much, _ = lit(m)
    assert 0 < little < size // 200 < much < size // 3, (little, much, size)
    m.send("poweroff")
    assert m.wait_exit() == 0


@builds("release")
def test_poweroff_pc(machine):
    m = prompted(machine, model="pc")
    m.send("poweroff")
    assert m.wait_exit() == 0


def test_reboot_and_again(machine):
    """The machine starts again, by itself, to the prompt; twice."""
    m = prompted(machine, extra=["-action", "reboot=reset"])
    for _ in range(2):
        m.send("reboot")
        m.expect("Rebooting.")
        m.expect(PROMPT, 120)
        assert rows(m.command("ps"))["keeper"][11] == "0"


def test_reboot(machine):
    m = prompted(machine)
    m.send("reboot")
    m.expect("Rebooting.")
    assert m.wait_exit() == 0


def test_tab(machine):
    """Commands, and the names of servers behind them."""
    m = prompted(machine)
    m.send("vol\t")
    m.expect("VOLUME ")
    m.expect(PROMPT)
    m.send("kill tim\t")
    m.expect("timer restarted")
    m.expect(PROMPT)
    m.send("kill dis\t")  # 'disks' begins so as well: what both have is enough
    m.expect("disk restarted")
