"""What tests at the keeper's prompt share."""
import re
import time

from harness import PATIENCE, Failure

PROMPT = "keeper> "

# Words in the log of a test program, when something is not as it should be.
MISHAPS = ("FAILED", "panic", "not so:", "waiting too long")


def prompted(machine, **hardware):
    """A machine whose keeper is waiting for a line."""
    m = machine(**hardware)
    m.expect(PROMPT, 120)
    m.command("version")
    return m


def wait_log(m, server, pattern, seconds=120, count=1, last=False, bad=MISHAPS, also=()):
    """Waits until a server's log has this so often, with ^ and $ for lines: that match, or the
    `last`. A failure when it does not come, or there is one of the bad words; it shows the logs of
    `also`, too."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        log = m.command(f"log {server}")
        found = list(re.finditer(pattern, log, re.MULTILINE))
        if len(found) >= count:
            return found[-1 if last else count - 1]
        worse = [word for word in bad if word in log]
        if worse or time.monotonic() > deadline:
            why = f"but {worse[0]!r} did" if worse else f"in {seconds} s"
            others = "".join(f"\nthe log of {name}:\n{m.command(f'log {name}')}" for name in also)
            raise Failure(f"{pattern!r} did not come into the log of {server}, {why}:\n"
                          f"{log}{others}")
        time.sleep(0.3)


def eventually(m, command, pattern, seconds=60):
    """Says the command until its answer has this; the match."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        text = m.command(command)
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"{pattern!r} did not come out of {command!r}:\n{text}")
        time.sleep(0.3)


def screen_rows(m):
    """The screen's rows that are not empty, once the prompt is the last of them: the screen comes
    after the serial line."""
    deadline = time.monotonic() + 20 * PATIENCE
    while (rows := [row for row in m.screen_text() if row])[-1:] != [PROMPT.strip()]:
        if time.monotonic() > deadline:
            raise Failure("the screen does not end with a prompt:\n" + "\n".join(rows))
        time.sleep(0.1)
    return rows
