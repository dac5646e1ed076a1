"""What tests at the keeper's prompt share."""
import time

from harness import PATIENCE, Failure

PROMPT = "keeper> "


def prompted(machine, **hardware):
    """A machine whose keeper is waiting for a line."""
    m = machine(**hardware)
    m.expect(PROMPT, 120)
    m.command("version")
    return m


def screen_rows(m):
    """The screen's rows that are not empty, once the prompt is the last of them: the screen comes
    after the serial line."""
    deadline = time.monotonic() + 20 * PATIENCE
    while (rows := [row for row in m.screen_text() if row])[-1:] != [PROMPT.strip()]:
        if time.monotonic() > deadline:
            raise Failure("the screen does not end with a prompt:\n" + "\n".join(rows))
        time.sleep(0.1)
    return rows
