"""What tests at the keeper's prompt share."""
PROMPT = "keeper> "


def prompted(machine, **hardware):
    """A machine whose keeper is waiting for a line."""
    m = machine(**hardware)
    m.expect(PROMPT, 120)
    m.command("version")
    return m
