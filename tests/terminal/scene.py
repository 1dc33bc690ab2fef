"""What the tests share: a terminal, the shell and the programs on it, and how to wait for them.

Nothing here sleeps for a time that was guessed: a test waits for output, for a report of a puppet,
or for the state of a process. `GUARD` only ends a test that would hang.
"""

import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import pexpect

HERE = Path(__file__).resolve().parent
GUARD = float(os.environ.get("GUARD", "60"))  # seconds
PROMPT = "READY> "


def until(what, condition):
    """Waits until the condition holds, and returns what it returned."""
    end = time.monotonic() + GUARD
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"hang: {what}"
        time.sleep(0.002)


# Processes.


@dataclass
class Stat:
    """What /proc/PID/stat says (proc(5))."""

    name: str
    state: str
    parent: int
    group: int
    session: int
    holder: int


def stat(pid):
    """The process, or None where there is none any more. A zombie is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, rest = text[text.index("(") + 1 :].rsplit(")", 1)
    state, parent, group, session, _tty, holder, *_ = rest.split()
    if state in "ZX":
        return None
    return Stat(name, state, int(parent), int(group), int(session), int(holder))


def is_stopped(pid):
    process = stat(pid)
    return process is not None and process.state == "T"


def children(pid):
    """The living children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            process = stat(entry.name)
            if process and process.parent == pid:
                found.append(int(entry.name))
    return found


def descendants(pid):
    found = children(pid)
    return found + [deeper for child in found for deeper in descendants(child)]


def switches(pid):
    """How often the process was switched to and from: one that spins does it without an end."""
    text = Path(f"/proc/{pid}/status").read_text()
    return sum(int(count) for count in re.findall(r"ctxt_switches:\s+(\d+)", text))


def ticks(pid):
    """The processor time of the process, in clock ticks."""
    text = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(text[11]) + int(text[12])


def wait_stopped(*pids):
    for pid in pids:
        until(f"process {pid} stops", lambda pid=pid: is_stopped(pid))


def wait_running(*pids):
    for pid in pids:
        until(
            f"process {pid} goes on",
            lambda pid=pid: (process := stat(pid)) and process.state != "T",
        )


def wait_gone(*pids):
    for pid in pids:
        until(f"process {pid} ends", lambda pid=pid: stat(pid) is None)


# Puppets.


class Puppet:
    """The test's end of a program that does what it is told (puppet.py)."""

    def __init__(self, connection, pid):
        self.connection = connection
        self.outer_pid = pid  # as this process sees it, whatever namespace the puppet is in
        self.signals = []
        self.replies = []
        self.buffer = b""
        self.hello = self.reply()
        self.name = self.hello["name"]

    def pump(self):
        """Takes in what the puppet says; False when it has gone."""
        ready, _, _ = select.select([self.connection], [], [], GUARD)
        assert ready, f"hang: {self.name} says nothing, it is {stat(self.outer_pid)}"
        try:
            got = self.connection.recv(4096)
        except ConnectionResetError:
            return False
        for byte in got:
            if byte == 0:
                self.replies.append(json.loads(self.buffer))
                self.buffer = b""
            elif byte < 0x80:
                self.signals.append(signal.Signals(byte).name.removeprefix("SIG"))
            else:
                self.buffer += bytes([byte & 0x7F])
        return bool(got)

    name = "puppet"

    def reply(self):
        while not self.replies:
            assert self.pump(), f"{self.name} has ended"
        return self.replies.pop(0)

    def tell(self, command, *words):
        """Says what to do; `reply` waits for the answer."""
        self.connection.sendall(json.dumps([command, *words]).encode() + b"\n")

    def ask(self, command, *words):
        self.tell(command, *words)
        return self.reply()

    def wait_signal(self, name, count=1):
        while self.signals.count(name) < count:
            assert self.pump(), f"{self.name} has ended without SIG{name}: {self.signals}"

    def wait_end(self):
        """Waits until the process has ended."""
        while self.pump():
            pass
        wait_gone(self.outer_pid)

    @property
    def group(self):
        return stat(self.outer_pid).group


class Puppets:
    """Where puppets report."""

    def __init__(self, path):
        self.path = path
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(16)
        self.early = []
        self.connections = []

    def next(self, name="program"):
        """Waits for the puppet of this name to start."""
        for puppet in self.early:
            if puppet.name == name:
                self.early.remove(puppet)
                return puppet
        while True:
            self.server.settimeout(GUARD)
            try:
                connection, _ = self.server.accept()
            except TimeoutError:
                raise AssertionError(f"hang: {name} does not start") from None
            connection.settimeout(None)
            self.connections.append(connection)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            puppet = Puppet(connection, struct.unpack("iII", credentials)[0])
            if puppet.name == name:
                return puppet
            self.early.append(puppet)

    def close(self):
        """Every puppet that is left ends when its connection does."""
        for connection in self.connections:
            connection.close()
        self.server.close()


# Terminals.


class Terminal(pexpect.spawn):
    """A pseudo-terminal with a session of its own."""

    def __init__(self, scene, command, **options):
        super().__init__(
            command[0],
            command[1:],
            cwd=str(scene.path),
            env=scene.environment,
            dimensions=(24, 250),
            timeout=GUARD,
            encoding="utf-8",
            codec_errors="replace",
            **options,
        )
        scene.terminals.append(self)
        # pexpect waits before it sends and before it closes, for programs that are slow to set
        # their modes. Here the tests see to that.
        self.delaybeforesend = None
        self.delayafterclose = 0.01
        self.delayafterterminate = 0.01
        self.ptyproc.delayafterclose = 0.01
        self.ptyproc.delayafterterminate = 0.01

    @property
    def holder(self):
        """The foreground group. The master's side may ask from any session."""
        return os.tcgetpgrp(self.child_fd)

    def wait_holder(self, group):
        until(f"group {group} holds the terminal", lambda: self.holder == group)

    def until(self, what, condition):
        """As `until`, and reads meanwhile: who paints a screen waits for somebody to see it."""

        def check():
            self.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0)
            return condition()

        return until(what, check)

    def press(self, key):
        """`^C` and the like."""
        self.send(chr(ord(key[1]) & 0x1F))

    def resize(self, rows, columns):
        fcntl.ioctl(self.child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self):
        """The window is closed, or the line is lost."""
        self.ptyproc.fileobj.close()
        self.child_fd = self.ptyproc.fd = -1
        self.closed = self.ptyproc.closed = True

    def finish(self):
        """Ends what is left of the session."""
        left = descendants(self.pid)
        if not self.closed:
            self.hang_up()
        if self.isalive():
            left.append(self.pid)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.code()

    def code(self):
        """Waits for the end of what was started; the exit code, or 128 and the signal's number."""
        until(f"{self.args[0]} ends", lambda: not self.isalive())
        return 128 + self.signalstatus if self.signalstatus else self.exitstatus


class Shell(Terminal):
    """An interactive shell."""

    def __init__(self, scene, command):
        super().__init__(scene, command)
        self.name_of = command[0]
        self.wait_prompt()

    def wait_prompt(self):
        """What was printed before the prompt."""
        self.expect_exact(PROMPT)
        return self.before

    def start(self, line):
        """Types a command."""
        self.sendline(line)

    def run(self, line):
        """Types a command and waits for the prompt: what was printed."""
        self.sendline(line)
        # The echo.
        self.expect_exact(line + "\r\n")
        return self.wait_prompt()

    def wait_foreground(self, program):
        """Sees to it that the program holds the terminal.

        bash hands it to a job twice, from the child before the exec and from the parent at any
        time (`stop_pipeline` in its jobs.c). Where the parent is late, rinit's group gets the
        terminal after rinit has handed it on: then the program gets it when it first needs it.
        """
        if self.holder != program.group:
            program.ask("set_echo", True)
            self.wait_holder(program.group)

    def expect_stopped(self):
        """Waits for the shell to report a job as stopped."""
        self.expect("Stopped")
        self.wait_prompt()
        self.wait_holder(self.pid)

    def last_code(self):
        """`$?` of the last command."""
        return int(re.search(r"code=(\d+)", self.run("echo code=$?"))[1])
