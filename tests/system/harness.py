"""Machines for system tests: makes an ISO, boots it in QEMU, and talks to it over the serial port.

A test gets a factory, `machine`, and asks it for machines:

    def test_greeting(machine):
        m = machine(memory="128M")
        m.expect("keeper> ")
        assert "usage" in m.command("help")

Every wait has a time limit, and so has every QEMU, in a way that holds even if this process is
killed. What the machine says is kept in build/tests/logs/. A wait that fails raises Failure, whose
text has what was expected, the last lines seen, and where the log is.
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build/tests/logs"
ISOS = ROOT / "build/tests/iso"
FILES = ROOT / "build/tests/files"
OVMF = pathlib.Path("/usr/share/OVMF")

# All limits are multiplied by this, for slow machines.
PATIENCE = float(os.environ.get("PATIENCE", "1"))


class Failure(AssertionError):
    """A test failed; the text says why, for the person who reads the report."""


def builds(*names):
    """Decorator: run this test only on these builds, of "debug" and "release"."""

    def mark(function):
        function.builds = names
        return function

    return mark


def limit(seconds):
    """Decorator: the whole test may take this long (default: 180 seconds)."""

    def mark(function):
        function.limit = seconds
        return function

    return mark


def run(*command, **options):
    """Runs a program that has to work; returns what it printed."""
    result = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT, **options)
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} ended with {result.returncode}:\n"
                      f"{result.stdout[-4000:]}")
    return result.stdout


# --- ISOs -----------------------------------------------------------------------------------------


def make_archive(stage, output, files=None, programs=(), without=()):
    """The boot archive of a build, with more: test configurations, test programs, `files`
    ({path in the archive: bytes}), which also replace; paths in `without` are left out."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shutil.copytree(stage / "archive", folder, dirs_exist_ok=True)
        (folder / "config").mkdir(exist_ok=True)
        for place in ("tests/system/config", "tests/bench"):
            for config in sorted((ROOT / place).glob("*.cfg")):
                shutil.copy(config, folder / "config")
        for program in programs:
            shutil.copy(stage / f"programs/{program}.elf", folder / "servers")
        for path, content in (files or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for path in without:
            (folder / path).unlink()
        run("sh", "iso/mkarchive.sh", output, folder)


def make_iso(stage, output, command_line, archive, **replaced):
    """An ISO that boots `command_line` without a menu. `replaced` names files to take instead of
    the build's own kernel=, root=, symbols=."""
    run("sh", "iso/mkiso.sh", "--out", output, "--grub", "build/grub",
        "--kernel", replaced.get("kernel", stage / "kernel.elf"),
        "--root", replaced.get("root", stage / "root.elf"),
        "--symbols", replaced.get("symbols", stage / "kernel.sym"),
        "--archive", archive, "--entry", f"test | {command_line}", "--timeout", "0")


# --- text from the serial port --------------------------------------------------------------------


class Plain:
    """Turns bytes of a terminal into text: UTF-8 decoded, carriage returns and escape sequences
    removed, also when a sequence is cut in two by the end of a chunk. The keeper's prompt, where it
    is only shown again because something else was shown above it, has AGAIN before it."""

    AGAIN = "\v"
    PROMPT_AGAIN = b"\rkeeper> "

    ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[^\[()])")
    UNFINISHED = re.compile(rb"(?:\x1b(?:\[[0-9;?=]*|[()])?|[\xc0-\xff][\x80-\xbf]{0,2})\Z")

    def __init__(self):
        self.rest = b""

    def feed(self, chunk):
        data = self.ESCAPE.sub(b"", self.rest + chunk)
        cut = self.UNFINISHED.search(data)
        # Four bytes that still look unfinished are not UTF-8.
        keep = cut.start() if cut and len(data) - cut.start() < 24 else len(data)
        for length in range(1, len(self.PROMPT_AGAIN)):
            if data[:keep].endswith(self.PROMPT_AGAIN[:length]):
                keep -= length
                break
        data, self.rest = data[:keep], data[keep:]
        data = data.replace(self.PROMPT_AGAIN, self.AGAIN.encode() + self.PROMPT_AGAIN[1:])
        return data.decode("utf-8", "replace").replace("\r", "").replace("\0", "")


class Console:
    """What can be done with any machine that has a serial port: wait for text, and type.

    Belongs to a process (`self.process`) and a log file; a thread calls `heard` with what the
    machine says."""

    # What a wait does not have to wait any longer for.
    FATAL = re.compile(r"^.*\bpanic: .*$", re.MULTILINE)

    def __init__(self, log):
        self.log_path = log
        self.log = open(log, "wb", buffering=0)
        self.plain = Plain()
        self.text = ""
        self.position = 0
        self.ended = False
        self.news = threading.Condition()

    def heard(self, chunk):
        self.log.write(chunk)
        with self.news:
            self.text += self.plain.feed(chunk)
            self.news.notify_all()

    def heard_all(self):
        with self.news:
            self.ended = True
            self.news.notify_all()

    def expect(self, pattern, timeout=60):
        """Waits for a text, or a compiled regular expression, after all that was expected before.
        Returns the match. A panic or the end of the machine ends the wait."""
        regex = pattern if hasattr(pattern, "search") else re.compile(re.escape(pattern))
        deadline = time.monotonic() + timeout * PATIENCE
        with self.news:
            while True:
                found = regex.search(self.text, self.position)
                if found:
                    self.position = found.end()
                    return found
                left = deadline - time.monotonic()
                panic = self.FATAL.search(self.text, self.position)
                if self.ended:
                    self.fail(f"the machine ended before it said {regex.pattern!r}")
                if panic and left > 2:
                    deadline = time.monotonic() + 2  # to have the whole of it in the log
                elif left <= 0:
                    self.fail(f"{timeout} s went by without {regex.pattern!r}"
                              if not panic else f"{panic.group(0).strip()!r} came instead of "
                              f"{regex.pattern!r}")
                self.news.wait(max(left, 0.01))

    def refuse(self, pattern, seconds):
        """Fails if this text comes within some seconds."""
        regex = pattern if hasattr(pattern, "search") else re.compile(re.escape(pattern))
        deadline = time.monotonic() + seconds
        with self.news:
            while time.monotonic() < deadline and not self.ended:
                if regex.search(self.text, self.position):
                    self.fail(f"{regex.pattern!r} came, which it should not have")
                self.news.wait(max(deadline - time.monotonic(), 0.01))

    def send(self, line):
        """Types a line and the return key."""
        self.type(line.encode() + b"\r")

    def command(self, line, prompt="keeper> ", timeout=60):
        """Types a line at a prompt; returns what is printed before the next prompt that is not just
        the same one again."""
        self.send(line)
        self.expect(line, timeout)
        start = self.position
        found = self.expect(re.compile(f"(?<!{Plain.AGAIN}){re.escape(prompt)}"), timeout)
        return self.text[start:found.start()].strip("\n")

    def fail(self, why):
        lines = self.text.splitlines()[-40:]
        seen = "\n".join("    | " + line for line in lines) or "    | (nothing)"
        raise Failure(f"{why}\n  the last lines seen:\n{seen}\n"
                      f"  whole log: {os.path.relpath(self.log_path, ROOT)}")


# --- QEMU -----------------------------------------------------------------------------------------


def die_with_parent():
    """In a new process: be ended when the process that started it ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def under_limit(seconds):
    """The words that put a command under a time limit; a signal to them is handed on to it."""
    return ["timeout", "--foreground", "-k", "5", str(int(seconds * PATIENCE))]


class Machine(Console):
    """A QEMU. Arguments are those of `Factory.__call__`."""

    def __init__(self, iso, log, memory="256M", model="q35", firmware="bios", boot="cd",
                 cpu="max", cpus="1,maxcpus=2", icount=False, time_limit=170, extra=()):
        super().__init__(log)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="terrarium-"))
        self.qmp_connection = None
        command = [*under_limit(time_limit),
                   os.environ.get("QEMU", "qemu-system-x86_64"), "-M", model, "-accel", "tcg",
                   "-cpu", cpu, "-smp", cpus, "-m", memory, "-display", "none",
                   "-monitor", "none", "-no-reboot", "-nodefaults", "-vga", "std",
                   "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
                   "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if icount:
            command += ["-icount", "shift=0,sleep=off", "-seed", "1",
                        "-rtc", "base=2026-01-01,clock=vm"]
        command += self.firmware(firmware) + self.medium(iso, boot) + list(extra)
        self.log.write((" ".join(command) + "\n").encode())
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def firmware(self, name):
        if name == "bios":
            return []
        shutil.copy(OVMF / "OVMF_VARS.fd", self.folder / "vars.fd")
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}/OVMF_CODE.fd",
                "-drive", f"if=pflash,format=raw,file={self.folder}/vars.fd"]

    def medium(self, iso, boot):
        kind = "media=cdrom" if boot == "cd" else "media=disk,snapshot=on"
        readonly = "on" if boot == "cd" else "off"
        return ["-drive", f"file={iso},format=raw,{kind},readonly={readonly}"]

    def read(self):
        while True:
            chunk = self.process.stdout.read1(65536)
            if not chunk:
                break
            self.heard(chunk)
        self.heard_all()

    def type(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait_exit(self, timeout=60):
        """Waits for QEMU to end; returns its exit status."""
        try:
            status = self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            self.fail(f"the machine still ran after {timeout} s")
        self.reader.join(10)
        return status

    def wait_debug_exit(self, timeout=60):
        """Waits for the guest to leave by isa-debug-exit; returns the value it wrote there."""
        status = self.wait_exit(timeout)
        if status & 1 == 0 or status > 255:
            self.fail(f"the machine ended with {status}, not by isa-debug-exit")
        return status >> 1

    # QMP, QEMU's own interface.

    def qmp(self, command, **arguments):
        if self.qmp_connection is None:
            self.qmp_connection = self.connect()
            self.qmp("qmp_capabilities")
        request = {"execute": command, "arguments": arguments}
        self.qmp_connection.write(json.dumps(request) + "\n")
        self.qmp_connection.flush()
        while True:
            line = self.qmp_connection.readline()
            if not line:
                self.fail(f"QEMU ended during {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise Failure(f"QMP {command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def connect(self):
        deadline = time.monotonic() + 20 * PATIENCE
        while True:
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(f"{self.folder}/qmp")
                connection.settimeout(30 * PATIENCE)
                stream = connection.makefile("rw")
                stream.readline()  # the greeting
                return stream
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.fail("QEMU does not answer")
                time.sleep(0.05)

    def monitor(self, line):
        """A command of QEMU's human monitor, for instance "info registers"; returns its text."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def nmi(self):
        self.qmp("inject-nmi")

    def keys(self, *names):
        """Presses keys of the PS/2 keyboard, one after the other: keys("a", "ctrl-a", "ret")."""
        for name in names:
            keys = [{"type": "qcode", "data": key} for key in name.split("-")]
            self.qmp("send-key", keys=keys, **{"hold-time": 20})
            time.sleep(0.06)

    def memory(self, address, size):
        """Bytes of physical memory."""
        path = self.folder / "memory"
        self.qmp("pmemsave", val=address, size=size, filename=str(path))
        return path.read_bytes()

    def screen_text(self):
        """The lines of the VGA text screen."""
        cells = self.memory(0xB8000, 80 * 25 * 2)[::2].decode("cp437")
        return [cells[row * 80:row * 80 + 80].rstrip("\0 ") for row in range(25)]

    def screen_dump(self):
        """What the screen shows, as (width, height, bytes of red green blue for each pixel)."""
        path = self.folder / "screen.ppm"
        self.qmp("screendump", filename=str(path))
        header = re.match(rb"P6\s(\d+) (\d+)\s255\s", path.read_bytes())
        return int(header[1]), int(header[2]), path.read_bytes()[header.end():]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(10)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Factory:
    """Makes machines for one test, and ends them all when the test is over."""

    def __init__(self, test, build, folder):
        self.test = test
        self.build = build
        self.folder = pathlib.Path(folder)
        self.stage = self.folder / "stage"
        self.machines = []

    def path(self, folder, suffix):
        """A file of this test's next machine."""
        folder.mkdir(parents=True, exist_ok=True)
        number = f"-{len(self.machines) + 1}" if self.machines else ""
        return folder / f"{self.test.replace('/', '-')}{number}{suffix}"

    def own_file(self, name):
        """A path for a file of this test's own: `folder` is for all that run at the same time."""
        folder = FILES / self.test.replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def iso(self, config="default.cfg", args="panic=exit", files=None, programs=(), without=(),
            damage=None, **replaced):
        """Makes an ISO of this build that boots `config`, and returns its path. `files`,
        `programs` and `without` change the archive (see make_archive); `damage`, if given, turns
        the archive's bytes into others; `replaced`: see make_iso."""
        iso = self.path(ISOS, ".iso")
        archive = iso.with_suffix(".tar")
        make_archive(self.stage, archive, files, programs, without)
        if damage:
            archive.write_bytes(damage(archive.read_bytes()))
        make_iso(self.stage, iso, f"config={config} {args}".strip(), archive, **replaced)
        return iso

    def __call__(self, kind=Machine, iso=None, config="default.cfg", args="panic=exit", files=None,
                 programs=(), without=(), damage=None, replaced=None, **hardware):
        """Boots a machine. What is on the ISO: `iso` as it is, or see Factory.iso. Hardware, with
        defaults: memory="256M", model="q35" ("pc"), firmware="bios" ("uefi"), boot="cd" ("disk"),
        cpu="max", cpus="1,maxcpus=2", icount=False (True: instructions are counted and time is
        theirs), extra=[] (more arguments for QEMU), time_limit=170 (seconds)."""
        if iso is None:
            iso = self.iso(config, args, files, programs, without, damage, **(replaced or {}))
        machine = kind(iso, self.path(LOGS, ".log"), **hardware)
        self.machines.append(machine)
        return machine

    def close(self):
        for machine in self.machines:
            machine.close()
