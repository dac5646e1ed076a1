"""A debugger for tests: stops a Machine anywhere in the kernel, looks at registers and memory, and
changes them, over the protocol of GDB, which QEMU speaks.

    debug = Debugger(m, kernel_elf)          # the machine stands still
    debug.run_to("user_trap")                # names are those of the kernel's symbol table
    frame = debug.register("rdi")
    debug.write_word(frame, 5)
    debug.detach()                           # and it runs again
"""
import bisect
import socket
import struct

from harness import PATIENCE, Failure, run

# Numbers of registers in the protocol, and how many bytes they have.
REGISTERS = {name: (number, 8) for number, name in enumerate(
    "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split())}
REGISTERS["eflags"] = (17, 4)


class Debugger:
    def __init__(self, machine, kernel):
        self.machine = machine
        self.symbols, self.sorted = symbols(kernel)
        path = machine.folder / "debugger"
        if not path.exists():  # else a debugger was here before
            machine.monitor(f"gdbserver unix:{path},server=on,wait=off")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60 * PATIENCE)
        self.socket.connect(str(path))
        self.received = b""
        self.ask("?")
        self.ask("qXfer:features:read:target.xml:0,fff")  # QEMU gives single registers only then

    # The protocol: $TEXT#SUM, each acknowledged by a +.

    def send(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())

    def receive(self):
        while True:
            begin, end = self.received.find(b"$"), self.received.find(b"#")
            if begin != -1 and end != -1 and len(self.received) >= end + 3:
                text, self.received = self.received[begin + 1:end], self.received[end + 3:]
                self.socket.sendall(b"+")
                return text.decode()
            try:
                chunk = self.socket.recv(65536)
            except TimeoutError:
                self.machine.fail("the machine did not stop where the debugger waits for it")
            if not chunk:
                self.machine.fail("the machine ended under the debugger")
            self.received += chunk

    def ask(self, text):
        """Sends a request and returns the answer. That the machine has stopped is told once more
        when a debugger comes, so only requests that end in a stop take it for their answer."""
        self.send(text)
        answer = self.receive()
        while answer.startswith("T") and text not in ("?", "s", "c"):
            answer = self.receive()
        if answer.startswith("E"):
            raise Failure(f"the debugger's {text[:40]} was answered by {answer}")
        return answer

    # Registers and memory. Addresses may be names.

    def address(self, where):
        return self.symbols[where] if isinstance(where, str) else where

    def register(self, name):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{REGISTERS[name][0]:x}")), "little")

    def registers(self):
        return {name: self.register(name) for name in REGISTERS}

    def write_register(self, name, value):
        number, size = REGISTERS[name]
        self.ask(f"P{number:x}={value.to_bytes(size, 'little').hex()}")

    def read(self, where, size):
        return bytes.fromhex(self.ask(f"m{self.address(where):x},{size:x}"))

    def word(self, where):
        return struct.unpack("<Q", self.read(where, 8))[0]

    def words(self, where, size):
        return [word for word, in struct.iter_unpack("<Q", self.read(where, size))]

    def write(self, where, data):
        self.ask(f"M{self.address(where):x},{len(data):x}:{data.hex()}")

    def write_word(self, where, value):
        self.write(where, struct.pack("<Q", value))

    def function_at(self, address):
        """The name of the global or local symbol of the text that an address belongs to; of the
        labels inside a function, the function."""
        index = bisect.bisect(self.sorted, (address, "\x7f")) - 1
        return self.sorted[index][1].split(".")[0]

    # Running.

    def step(self):
        """One instruction, without interrupts; all of it, if it repeats itself. (Rarely, QEMU stops
        before it has begun.)"""
        rip = self.register("rip")
        for _ in range(1000):
            self.ask("s")
            if self.register("rip") != rip:
                return

    def execute(self, code, **registers):
        """Puts an instruction, as bytes, in place of the present one for a moment, and has the
        processor execute it with these registers. Returns rax and rdx; all is as before then."""
        saved = {name: self.register(name) for name in ("rip", "rax", "rcx", "rdx")}
        replaced = self.read(saved["rip"], len(code))
        self.write(saved["rip"], code)
        for name, value in registers.items():
            self.write_register(name, value)
        self.step()
        result = self.register("rax"), self.register("rdx")
        self.write(saved["rip"], replaced)
        for name, value in saved.items():
            self.write_register(name, value)
        return result

    def model_specific(self, number):
        """A model-specific register; the protocol does not show them. In ring 0 only."""
        low, high = self.execute(b"\x0f\x32", rcx=number)  # RDMSR
        return high << 32 | low

    def run_to(self, *places):
        """Goes on to the first of these places; returns which it was, as it was given. The present
        instruction is not one of them."""
        addresses = {self.address(place): place for place in places}
        if self.register("rip") in addresses:
            self.step()
            if self.register("rip") in addresses:
                return addresses[self.register("rip")]
        return self.go(addresses)

    def go(self, addresses):
        """The same from where it stands, without the first step."""
        for address in addresses:
            self.ask(f"Z0,{address:x},1")
        self.ask("c")
        rip = self.register("rip")
        for address in addresses:
            self.ask(f"z0,{address:x},1")
        if rip not in addresses:
            self.machine.fail(f"the machine stopped at {rip:#x}, {self.function_at(rip)}")
        return addresses[rip]

    def detach(self):
        self.ask("D")
        self.socket.close()


def symbols(kernel):
    """{name: address} of all symbols but those whose name several have, and the sorted list of
    (address, name) of those in the text."""
    found, text = {}, []
    for line in run("nm", kernel).splitlines():
        address, kind, name = line.split(maxsplit=2)
        found.setdefault(name, set()).add(int(address, 16))
        if kind in "Tt" and not name.startswith("."):  # as labels of macros do
            text.append((int(address, 16), name))
    return {name: min(places) for name, places in found.items() if len(places) == 1}, sorted(text)
