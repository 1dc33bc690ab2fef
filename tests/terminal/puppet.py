"""A program that does on its terminal what a test tells it to, and reports what happens to it.

    puppet.py SOCKET [NAME] [--handle SIGNAL,...] [--ignore SIGNAL,...]

It talks to the test through a socket, so that the terminal is left to what is tested. Each handled
signal is one byte, its number, which the C handler itself writes: two deliveries are two bytes,
however close they are. Replies are JSON with the highest bit set, ended by a zero byte.
"""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios


def number(name):
    return getattr(signal, "SIG" + name)


class Interrupted(Exception):
    """A terminal signal that is handled came in the middle of a read or write."""


class Puppet:
    def __init__(self, path, name):
        # A program that was started with closed streams must not mistake the socket for one.
        self.closed = [stream for stream in range(3) if not is_open(stream)]
        while (null := os.open("/dev/null", os.O_RDWR)) < 3:
            pass
        os.close(null)
        self.server = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.setblocking(False)
        signal.set_wakeup_fd(self.socket.fileno(), warn_on_full_buffer=False)
        self.name = name
        self.interruptible = False

    def on_signal(self, got, _frame):
        if self.interruptible and got in (signal.SIGTTIN, signal.SIGTTOU):
            raise Interrupted

    def reply(self, value):
        text = json.dumps(value, ensure_ascii=True).encode("ascii")
        self.socket.send(bytes(byte | 0x80 for byte in text) + b"\0")

    def run(self):
        self.reply({"name": self.name, **self.where()})
        buffer = b""
        while True:
            select.select([self.socket], [], [])
            try:
                got = self.socket.recv(4096)
            except BlockingIOError:
                continue
            if not got:
                return
            buffer += got
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                command, *words = json.loads(line)
                self.reply(getattr(self, command)(*words))

    # What a test can tell it.

    def where(self):
        return {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "group": os.getpgrp(),
            "session": os.getsid(0),
            "holder": self.holder(),
            "closed": self.closed,
        }

    def holder(self):
        try:
            terminal = os.open("/dev/tty", os.O_RDWR)
        except OSError:
            return None
        try:
            return os.tcgetpgrp(terminal)
        except OSError:
            return None
        finally:
            os.close(terminal)

    def guarded(self, action):
        self.interruptible = True
        try:
            return action()
        except Interrupted:
            return {"interrupted": True}
        except OSError as error:
            return {"error": error.strerror}
        finally:
            self.interruptible = False

    def read(self):
        """Reads a line from the controlling terminal."""

        def action():
            terminal = os.open("/dev/tty", os.O_RDWR)
            try:
                return os.read(terminal, 4096).decode()
            finally:
                os.close(terminal)

        return self.guarded(action)

    def write(self, text):
        """Writes to the controlling terminal."""

        def action():
            terminal = os.open("/dev/tty", os.O_RDWR)
            try:
                return os.write(terminal, text.encode())
            finally:
                os.close(terminal)

        return self.guarded(action)

    def set_echo(self, on):
        """Sets a mode of the terminal, as full-screen programs do."""

        def action():
            terminal = os.open("/dev/tty", os.O_RDWR)
            try:
                modes = termios.tcgetattr(terminal)
                modes[3] = modes[3] | termios.ECHO if on else modes[3] & ~termios.ECHO
                while True:
                    try:
                        termios.tcsetattr(terminal, termios.TCSANOW, modes)
                        return True
                    except termios.error as error:
                        # Python repeats other calls that a signal interrupts, not this one: when
                        # it was stopped here and handles SIGCONT.
                        if error.args[0] != errno.EINTR:
                            raise
            finally:
                os.close(terminal)

        return self.guarded(action)

    def size(self):
        return list(os.get_terminal_size(os.open("/dev/tty", os.O_RDWR)))

    def dispose(self, name, how):
        action = {"default": signal.SIG_DFL, "ignore": signal.SIG_IGN, "handle": self.on_signal}
        signal.signal(number(name), action[how])

    def kill(self, pid, name):
        """Sends a signal: pid 0 is the own group, as in kill(2)."""
        os.kill(os.getpid() if pid == "self" else pid, number(name))

    def stop(self, name, whom="self"):
        """Stops itself as full-screen programs do: the default, the signal, the handler again."""
        before = signal.getsignal(number(name)) if name != "STOP" else None
        if before is not None:
            signal.signal(number(name), signal.SIG_DFL)
        os.kill(os.getpid() if whom == "self" else 0, number(name))
        if before is not None:
            signal.signal(number(name), before)
        return "continued"

    def give(self, group):
        """Makes a group the foreground group."""
        terminal = os.open("/dev/tty", os.O_RDWR)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        try:
            os.tcsetpgrp(terminal, group)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTTOU])
            os.close(terminal)

    def start(self, name, own_group, *options):
        """Starts another puppet as its child."""
        command = [sys.executable, "-I", "-S", __file__, self.server, name, *options]
        return subprocess.Popen(command, process_group=0 if own_group else None).pid

    def execute(self, own_group, *command):
        """Starts any command as its child."""
        return subprocess.Popen(command, process_group=0 if own_group else None).pid

    def reap(self, pid):
        return os.waitpid(pid, 0)[1]

    def exit(self, code):
        os._exit(code)


def is_open(stream):
    try:
        os.fstat(stream)
    except OSError:
        return False
    return True


def main():
    path, *words = sys.argv[1:]
    name = words.pop(0) if words and not words[0].startswith("--") else "program"
    puppet = Puppet(path, name)
    # A parent that wants them otherwise says so with --ignore; Python ignores SIGPIPE by itself.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while words:
        how, names = words.pop(0), words.pop(0)
        for each in names.split(","):
            puppet.dispose(each, how.removeprefix("--"))
    puppet.run()


main()
