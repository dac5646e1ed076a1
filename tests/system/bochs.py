"""The second machine: Bochs, whose opinion on x86 is independent of QEMU's.

Bochs(iso, log, ...) is used like harness.Machine, through the same factory:

    m = machine(kind=Bochs, model="ryzen")

It has the serial port, and none of what QMP gives.
"""
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import threading
import tty

from harness import Console, die_with_parent, under_limit

SHARE = pathlib.Path("/usr/share/bochs")


def installed():
    return shutil.which("bochs") is not None


class Bochs(Console):
    """A Bochs. memory is in megabytes; model is one of `bochs -help cpu`: "ryzen" has SVM,
    "corei7_skylake_x" has VMX, x2APIC, PCID and the TSC-deadline timer."""

    CONFIGURATION = """
display_library: rfb, options="timeout=0"
romimage: file={share}/BIOS-bochs-latest
vgaromimage: file={share}/VGABIOS-lgpl-latest
cpu: model={model}, count=1, ips=200000000, reset_on_triple_fault=0
memory: guest={memory}, host={memory}
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
clock: sync=none, time0=1767225600
com1: enabled=1, mode=term, dev={terminal}
log: {folder}/bochs.txt
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
speaker: enabled=0
sound: driver=dummy
port_e9_hack: enabled=0
"""

    def __init__(self, iso, log, memory=256, model="ryzen", time_limit=170):
        super().__init__(log)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="terrarium-"))
        self.terminal, guest_side = pty.openpty()
        tty.setraw(guest_side)
        configuration = self.folder / "bochsrc"
        configuration.write_text(self.CONFIGURATION.format(
            share=SHARE, model=model, memory=memory, iso=iso, folder=self.folder,
            terminal=os.ttyname(guest_side)))
        script = self.folder / "debugger"
        script.write_text("c\n")
        command = [*under_limit(time_limit), "bochs", "-q", "-f", str(configuration),
                   "-rc", str(script)]
        self.log.write((" ".join(command) + "\n").encode())
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent, cwd=self.folder)
        self.guest_side = guest_side
        threading.Thread(target=self.read, daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()

    def read(self):
        while True:
            try:
                self.heard(os.read(self.terminal, 65536))
            except OSError:  # closed
                return

    def watch(self):
        self.process.wait()
        self.heard_all()

    def type(self, data):
        os.write(self.terminal, data)

    def wait_exit(self, timeout=60):
        return self.process.wait(timeout)

    def close(self):
        if self.log.closed:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        messages = self.folder / "bochs.txt"
        if messages.exists():
            self.log.write(b"\n--- Bochs itself ---\n" + messages.read_bytes()[-20000:])
        self.log.close()
        os.close(self.guest_side)
        os.close(self.terminal)
        shutil.rmtree(self.folder, ignore_errors=True)
