"""The keeper's commands: what each of them prints, and what it says to mistakes."""
import re

from prompt import PROMPT, prompted


def test_help(machine):
    m = prompted(machine)
    text = m.command("help")
    for command in "help", "ps", "mem", "kill", "log", "trace", "reboot", "poweroff":
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
    assert any("system call" in line or "switch" in line for line in lines), lines


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


def test_reboot(machine):
    m = prompted(machine)
    m.send("reboot")
    m.expect("Rebooting.")
    assert m.wait_exit() == 0
