"""The console as an operator meets it: typing, editing, switching, on both keyboards and both
screens, and after the console server was killed."""
import re
import time

from harness import PATIENCE, ROOT, builds, limit
from prompt import PROMPT, prompted, screen_rows

VERSION = re.compile(r"^Terrarium, kernel interface version \d+", re.MULTILINE)


def test_editing(machine):
    """Backspace, arrows, Home and End, and the keys that rub out; the screen follows."""
    m = prompted(machine)
    m.type(b"vezz\x7f\x7frio\x1b[D\x1b[Ds\x1b[Fn\x1b[Hx\x08q\x1b[H\x1b[3~\x1b[F\r")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.type(b"no such words\x17\x17\x15version\r")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.type(b"abandoned\x03")
    m.expect("^C")
    m.expect(PROMPT)
    rows = screen_rows(m)
    assert "keeper> abandoned^C" in rows, rows


def test_history_and_completion(machine):
    m = prompted(machine)
    m.command("uptime")
    m.type(b"\x1b[A\x1b[A\r")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.type(b"ver\t\r")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.type(b"log con\t\r")
    m.expect("log console \n")
    m.expect(PROMPT)
    m.type(b"p\t")
    m.expect("poweroff")
    m.expect("keeper> p")


def test_typing_ahead(machine):
    """Lines that come while the keeper is busy, or before it is there, wait."""
    m = machine()
    m.expect(PROMPT, 120)
    m.type(b"version\ruptime\rversion\r")
    for expected in VERSION, "up 0:", VERSION, PROMPT:
        m.expect(expected)


def test_long_line(machine):
    """More than fits into a row, a line, and all buffers."""
    m = prompted(machine)
    m.type(b"x" * 100 + b"\x15version\r")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.type(b"y" * 5000)
    m.type(b"\x15\r")
    m.expect(PROMPT)
    m.command("version")
    rows = screen_rows(m)
    assert max(len(row) for row in rows) < 80, rows


def test_switching(machine):
    m = prompted(machine)
    m.type(b"upt\x010")
    m.expect("--- console 0: system log")
    m.expect("keeper started")
    m.type(b"nobody reads this\x011")
    m.expect("--- console 1: keeper")
    m.expect("keeper> upt")
    m.type(b"ime\r")
    m.expect("up 0:")
    m.expect(PROMPT)
    m.type(b"\x01?")
    m.expect("Ctrl-A 0  system log")
    m.expect("Ctrl-A 1  keeper  (shown now)")
    m.expect(PROMPT)
    m.type(b"sion\x01\x01ver\r")
    m.expect(VERSION)


def test_keyboard(machine):
    """The PS/2 keyboard does what the serial line does."""
    m = prompted(machine)
    m.keys("v", "e", "r", "s", "j", "backspace", "i", "o", "n", "ret")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.keys("up", "ret")
    m.expect(VERSION)
    m.expect(PROMPT)
    m.keys("shift-a", "b", "caps_lock", "c", "shift-d", "caps_lock", "shift-1", "ctrl-c")
    m.expect("AbCd!^C")
    m.expect(PROMPT)
    m.keys("ctrl-a", "0")
    m.expect("--- console 0")


def test_scrolling(machine):
    """A screenful and more: the text screen ends with what the serial line ends with."""
    m = prompted(machine)
    m.command("help")
    m.command("trace 100")
    text = m.command("ps").splitlines()
    rows = screen_rows(m)
    assert rows[-1 - len(text):-1] == [line.rstrip() for line in text], (rows, text)


def test_console_killed(machine):
    """The console server dies again and again; the prompt comes back, and both keyboards work."""
    m = prompted(machine)
    for _ in range(4):
        m.send("kill console")
        m.expect("console restarted")
        m.expect(PROMPT)
        m.command("version")
    m.keys("u", "p", "t", "i", "m", "e", "ret")
    m.expect("up 0:")
    m.expect(PROMPT)
    screen_rows(m)


def test_console_killed_under_load(machine):
    """It dies while it has output that was not sent, and input that was not read."""
    m = prompted(machine)
    m.type(b"trace 200\rps\rkill console\rversion\rversion\rhelp\r")
    m.expect("console restarted")
    m.expect(PROMPT)
    m.send("")
    m.command("version")


def dying(machine, *arguments):
    """A machine whose console server has these arguments; its own deaths are among them."""
    default = (ROOT / "iso/config/default.cfg").read_text()
    lines = "".join(f"    arguments   {argument}\n" for argument in arguments)
    config = default.replace("    ports       uart", lines + "    ports       uart", 1)
    assert config != default
    m = machine(config="dying.cfg", files={"config/dying.cfg": config.encode()})
    m.expect(PROMPT, 120)
    return m


def ends_well(m, deaths):
    """The operator types on until the server has died so often; then everything is as usual."""
    restarted = "console restarted"
    deadline = time.monotonic() + 60 * PATIENCE
    while m.text.count(restarted) < deaths:
        assert time.monotonic() < deadline, f"{m.text.count(restarted)} deaths, not {deaths}"
        m.send("version")
        m.expect(PROMPT, 60)
    m.send("uptime")
    m.expect("up 0:", 60)
    m.expect(PROMPT)
    m.command("help")
    assert VERSION.search(m.command("version"))
    row = re.search(r"^console .*$", m.command("ps"), re.MULTILINE)[0]
    assert row.split()[11] == str(deaths), row


@builds("debug")
@limit(400)
def test_dying_anywhere(machine):
    """It dies at each step of its work, in three lives: the prompt comes back each time, also when
    what was typed had reached nobody."""
    for step in "taken", "device", "completed", "published", "raised":
        m = dying(machine, f"die={step}:9:3")
        ends_well(m, 3)
        m.close()


@builds("debug")
def test_hanging(machine):
    """It goes round in a circle: its deadline ends it."""
    m = dying(machine, "hang=device:9:1")
    ends_well(m, 1)
    assert "root: console: " in m.command("log root")


def test_no_serial_line(machine):
    """A console server that was given no serial port: keyboard and screen are enough."""
    default = (ROOT / "iso/config/default.cfg").read_text()
    config = "".join(line for line in default.splitlines(True) if " uart " not in line)
    assert config != default
    m = machine(config="quiet.cfg", files={"config/quiet.cfg": config.encode()})

    def wait_for_row(start):
        deadline = time.monotonic() + 60 * PATIENCE
        while not any(row.startswith(start) for row in m.screen_text()):
            assert time.monotonic() < deadline, m.screen_text()
            time.sleep(0.1)

    wait_for_row(PROMPT.strip())
    m.keys("v", "e", "r", "tab", "ret")
    wait_for_row("Terrarium, kernel interface")


def test_framebuffer(machine):
    """Under UEFI the screen is pixels: text appears, scrolls, and is cleared again."""
    m = prompted(machine, firmware="uefi")

    def lit():
        _, _, pixels = m.screen_dump()
        return sum(1 for i in range(0, len(pixels), 3) if pixels[i:i + 3] != b"\0\0\0")

    m.command("clear")
    cleared = lit()
    m.command("trace 100")
    assert 0 < cleared < 2000 < lit(), (cleared, lit())


def checks_of_client(m):
    """Waits until the client that does everything wrong has come to its end: its checks have all
    succeeded. Somebody else is served meanwhile."""
    deadline = time.monotonic() + 120 * PATIENCE
    result = re.compile(r"^console-client: (\d+) checks, (\d+) failed$", re.MULTILINE)
    while not (done := result.search(m.command("log console-client", timeout=60))):
        assert time.monotonic() < deadline, "the client did not get to its end"
        m.command("version", timeout=60)
        time.sleep(0.2)
    assert int(done[1]) > 20000 and done[2] == "0", m.command("log console-client")


@limit(300)
def test_bad_client(machine):
    """A client that does everything wrong, and floods: it gets its errors, others are served."""
    m = prompted(machine, config="console.cfg", programs=["console-client"])
    checks_of_client(m)
    m.type(b"\x012")
    m.expect("--- console 2: flood")
    m.expect("8765432187654321?0;")
    m.type(b"\x014")
    m.expect("--- console 4: readings")
    m.expect("....")
    m.type(b"read\r")
    m.expect("read")
    m.type(b"\x011")
    m.expect("--- console 1: keeper")
    m.command("version")
    assert re.search(r"^console .* 0$", m.command("ps"), re.MULTILINE), "it was restarted"


@builds("debug")
@limit(400)
def test_dying_among_bad_clients(machine):
    """The same while the server dies, at several steps: each request is still answered once."""
    config = (ROOT / "tests/system/config/console.cfg").read_text()
    for step in "taken", "completed", "raised":
        dying_config = config.replace("    ports       uart",
                                      f"    arguments   die={step}:4000:3\n    ports       uart", 1)
        assert dying_config != config
        m = machine(config="dying.cfg", files={"config/dying.cfg": dying_config.encode()},
                    programs=["console-client"])
        m.expect(PROMPT, 120)
        ends_well(m, 3)
        checks_of_client(m)
        m.close()


def test_session_closed(machine):
    """The operator closes the very session in which that is said: the next keeper has another."""
    m = prompted(machine)
    number = re.search(r"^ *(\d+) keeper +console ", m.command("sessions"), re.MULTILINE)[1]
    m.send(f"close {number}")
    m.expect("keeper restarted")
    m.expect(PROMPT)
    m.command("version")
