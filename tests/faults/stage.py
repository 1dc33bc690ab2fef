"""Runs an init with a fault in one of its system calls, or in one of its child's, and tells what became of it.

Who is to be hurt must be caught before its first call, and nobody else may be. So the stage, a process
that stands where a container engine or a shell would, traces the init up to the exec (or up to the birth
of its child), lets go of it stopped, and only then strace takes hold of that one process. With
`--detach-on=execve` it lets go of a child as soon as that is the program.
"""

import ctypes
import dataclasses
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

# Generous: machines are slow, and a hang is for ever.
GUARD = float(os.environ.get("GUARD", "30"))
# How long it may be silent before it is asked again.
PATIENCE = 2
# More calls than this and it spins. (close(2) stands in for close_range(2), 4,093 times.)
CALLS_MAX = 400

# What -v adds.
CHATTER = re.compile("rinit: (started|got|SIG|leaving|waiting for|cannot become|program .* (ended|killed|stopped))")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
CLONE_NEWPID = 0x20000000
PR_SET_CHILD_SUBREAPER = 36
PTRACE_TRACEME, PTRACE_CONT, PTRACE_DETACH = 0, 7, 17
PTRACE_SETOPTIONS, PTRACE_GETEVENTMSG = 0x4200, 0x4201
# To be told of children, however they are made, and have them stopped: fork, vfork, clone.
OPTIONS = 0x2 | 0x4 | 0x8


@dataclasses.dataclass
class Scenario:
    """A life to watch. `{puppet}`, `{tmp}` and the like stand for paths."""

    name: str
    words: str
    code: int
    # Is it PID 1 of a PID namespace?
    pid_1: bool = False
    # What is sent when this line, or each of these lines with " & " between them, was heard: a
    # signal, or text for the terminal.
    when: dict = dataclasses.field(default_factory=dict)
    # What the init's stdout is: a pipe, /dev/full, or the terminal that stdin and stderr are as well.
    stdout: str = "pipe"
    ignores_chld: bool = False
    env: dict = dataclasses.field(default_factory=dict)
    # How many children it has up to the last program's birth.
    births: int = 1
    # What is sent while one of its calls is held up. It must make no difference where it is not the
    # scenario's only signal.
    window: str = "WINCH"
    # A signal that is blocked when it begins.
    blocks: str = ""
    # Are its calls held up in the quick form as well?
    in_quick: bool = False
    # A file that the init makes: whole or not at all.
    makes: str = ""

    def is_birth(self):
        """Are there no other signals than those in the windows?"""
        return self.window != "WINCH"


@dataclasses.dataclass
class Outcome:
    """What became of it."""

    code: int = -1
    killed_by: int = 0
    hangs: bool = False
    # Whether a process was left that rinit had been there for.
    survivors: bool = False
    stdout: list = dataclasses.field(default_factory=list)
    stderr: list = dataclasses.field(default_factory=list)
    # How the shell above found the terminal, and what is left in the folder that was written to.
    notes: list = dataclasses.field(default_factory=list)
    # Each system call with the line that strace printed of it.
    trace: list = dataclasses.field(default_factory=list)
    injected: bool = False
    # Was nothing to be heard of it until it was asked again?
    asked_twice: bool = False
    # Was nothing to be heard after that, so that it was killed?
    given_up: bool = False

    def clear(self, field):
        """The field without what only differs by chance: the order of several programs, and what -v says."""
        value = getattr(self, field)
        if field == "stderr":
            value = [line for line in value if not CHATTER.match(line)]
        return sorted(value) if isinstance(value, list) else value

    def differs_from(self, other):
        """What of it that anybody outside could see is otherwise."""
        return {field for field in ("code", "killed_by", "stdout", "stderr", "notes", "asked_twice", "given_up", "survivors")
                if self.clear(field) != other.clear(field)}


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request} of {pid}")


def become(arguments, environment, files, scenario, terminal):
    """The process that becomes the init."""
    for number in range(1, 65):
        if number not in (9, 19, 32, 33):
            signal.signal(number, signal.SIG_DFL)
    if scenario.ignores_chld:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if terminal is not None:
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpgrp())
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 1024)
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.Signals["SIG" + scenario.blocks]] if scenario.blocks else [])
    ptrace(PTRACE_TRACEME, 0)
    os.execve(arguments[0], arguments, environment)


def stop_at(init, birth):
    """Lets the init run up to the exec, or up to this birth; who is stopped then, and let go."""
    os.waitpid(init, 0)
    if birth == 0:
        ptrace(PTRACE_DETACH, init, signal.SIGSTOP)
        return init
    ptrace(PTRACE_SETOPTIONS, init, OPTIONS)
    to_pass_on = 0
    while True:
        ptrace(PTRACE_CONT, init, to_pass_on)
        status = os.waitpid(init, 0)[1]
        to_pass_on = 0
        if not os.WIFSTOPPED(status):
            raise RuntimeError("it was over before the birth")
        if status >> 16 == 0:
            to_pass_on = os.WSTOPSIG(status)
            continue
        child = ctypes.c_ulong()
        ptrace(PTRACE_GETEVENTMSG, init, ctypes.addressof(child))
        os.waitpid(child.value, 0x40000000)  # __WALL
        birth -= 1
        ptrace(PTRACE_DETACH, child.value, 0 if birth else signal.SIGSTOP)
        if birth == 0:
            ptrace(PTRACE_DETACH, init)
            return child.value


def shell(init, terminal, tell):
    """Waits for the init, and meanwhile does what a job-control shell does; how it ended."""
    while True:
        status = os.waitpid(init, os.WUNTRACED if terminal is not None else 0)[1]
        if not os.WIFSTOPPED(status):
            return status
        # It ought to have been the tracer's doing where the group is not stopped as a whole.
        if os.WSTOPSIG(status) not in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            continue
        tell(note="the shell saw it stop")
        os.tcsetpgrp(terminal, os.getpgrp())
        os.tcsetpgrp(terminal, init)
        os.killpg(init, signal.SIGCONT)


def stage(arguments, environment, files, scenario, terminal, birth, report):
    """What stands above the init. Tells by `report`; never returns."""

    def tell(**what):
        os.write(report, (json.dumps(what) + "\n").encode())

    os.setsid()
    if terminal is not None:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    if scenario.pid_1:
        if libc.unshare(CLONE_NEWPID):
            os._exit(1)
    else:
        # Who outlives the init becomes a child of this process.
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    init = os.fork()
    if init == 0:
        become(arguments, environment, files, scenario, terminal)
    for file in {*files} - {terminal}:
        os.close(file)
    tell(init=init)
    tell(stopped=stop_at(init, birth))
    status = shell(init, terminal, tell)
    if terminal is not None:
        holder = os.tcgetpgrp(terminal)
        tell(note="the terminal is " + ("its group's" if holder == init else "somebody else's"))
    survivors = []
    try:
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                survivors = open(f"/proc/self/task/{os.getpid()}/children").read().split()
                for survivor in survivors:
                    os.kill(int(survivor), signal.SIGKILL)
                os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    tell(status=status, survivors=len(survivors))
    os._exit(0)


def normal(line, names):
    """The line without what differs from run to run: paths and process ids."""
    for name, value in names.items():
        line = line.replace(value, "{" + name + "}")
    return re.sub(r"\b(program|companion|orphan|process|group) \d+", r"\1 #", line)


class Run:
    """One run of a scenario."""

    def __init__(self, init, puppet, scenario, who=0, inject=None, window=None, slowness=1):
        self.patience, self.guard = PATIENCE * slowness, GUARD * slowness
        self.scenario, self.who, self.inject, self.window = scenario, who, inject, window
        self.outcome = Outcome()
        self.folder = tempfile.mkdtemp(prefix="rinit-faults-")
        self.names = {"init": init, "puppet": puppet, "tmp": self.folder}
        self.heard = set()
        self.said = set()
        self.times_asked = 0

    def go(self):
        try:
            self.start()
            self.watch()
        finally:
            self.end()
        return self.outcome

    def start(self):
        scenario = self.scenario
        fill = lambda word: word.format(**self.names)
        arguments = [self.names["init"], *map(fill, scenario.words.split())]
        environment = {"PATH": "{tmp}:{bin}".format(bin=os.path.dirname(self.names["puppet"]), **self.names)}
        environment.update({key: fill(value) for key, value in scenario.env.items()})
        self.furnish()
        self.master = terminal = None
        out = os.pipe()
        err = os.pipe()
        report = os.pipe()
        files = [os.open("/dev/null", os.O_RDONLY), out[1], err[1]]
        if scenario.stdout == "terminal":
            self.master, terminal = os.openpty()
            # Neither echo nor CR LF.
            mode = termios.tcgetattr(terminal)
            mode[1] &= ~termios.OPOST
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(terminal, termios.TCSANOW, mode)
            files = [terminal, out[1], err[1]]
        elif scenario.stdout != "pipe":
            files[1] = os.open(scenario.stdout, os.O_WRONLY)
        self.stage = os.fork()
        if self.stage == 0:
            try:
                for end in (out[0], err[0], report[0]):
                    os.close(end)
                for end in (out[1], err[1]):
                    if end not in files:
                        os.close(end)
                stage(arguments, environment, files, scenario, terminal, self.who, report[1])
            except BaseException as error:
                os.write(report[1], (json.dumps({"error": repr(error)}) + "\n").encode())
            finally:
                os._exit(1)
        for end in {out[1], err[1], report[1], *files}:
            os.close(end)
        # In this order: nothing is heard of an init before its process id.
        self.streams = {report[0]: "report", err[0]: "stderr", out[0]: "stdout"}
        self.init = self.strace = None
        self.is_over = False

    def furnish(self):
        """What scenarios find in their folder."""
        def write(name, content, mode):
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, mode)
        if self.scenario.makes:
            os.mkdir(os.path.join(self.folder, "to"))
        write("plain", b"#!" + self.names["puppet"].encode() + b" exit\n", 0o644)
        write("script", b"#!" + self.folder.encode() + b"/absent\n", 0o755)
        write("text", b"exec " + self.names["puppet"].encode() + b" say text exit 6\n", 0o755)

    def attach(self, pid):
        """Lets strace take hold of the process, and then the process run."""
        out = os.pipe()
        command = ["strace", "-p", str(pid), "-o", f"/dev/fd/{out[1]}", "--detach-on=execve", "--string-limit=8",
                   "--quiet=exit,personality"]
        if self.inject:
            command += ["-e", "inject=" + self.inject]
        self.strace = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[out[1]],
                                       start_new_session=True)
        os.close(out[1])
        heard = b""
        while b"attached" not in heard:
            part = os.read(self.strace.stderr.fileno(), 4096)
            if not part:
                raise RuntimeError("strace: " + heard.decode())
            heard += part
        self.streams[out[0]] = "trace"
        self.traced = pid
        os.kill(pid, signal.SIGCONT)

    def watch(self):
        start = last = time.monotonic()
        buffers = dict.fromkeys(self.streams, b"")
        while self.streams:
            left = last + self.patience - time.monotonic()
            ready = select.select(list(self.streams), [], [], max(0, left))[0] if left > 0 else []
            now = time.monotonic()
            if now - start > self.guard or len(self.outcome.trace) > 20 * CALLS_MAX:
                self.outcome.hangs = True
                return
            if not ready:
                last = now
                self.ask_again()
            # System calls are no sign of life.
            if any(self.streams[file] != "trace" for file in ready):
                last = now
            for file in [file for file in self.streams if file in ready]:
                part = os.read(file, 65536)
                if not part:
                    name = self.streams.pop(file)
                    os.close(file)
                    continue
                *lines, buffers[file] = (buffers.get(file, b"") + part).split(b"\n")
                for line in lines:
                    getattr(self, "hear_" + self.streams[file])(line.decode(errors="replace"))
                # A window opens in the middle of a line.
                if self.streams[file] == "trace" and b"(" in buffers[file]:
                    self.look_out(buffers[file].decode(errors="replace"))

    def hear_stdout(self, line):
        self.outcome.stdout.append(normal(line, self.names))
        self.react(line)

    def hear_stderr(self, line):
        self.outcome.stderr.append(normal(line, self.names))
        self.react("! " + normal(line, self.names))

    def hear_report(self, line):
        told = json.loads(line)
        if "error" in told:
            raise RuntimeError(told["error"])
        if "init" in told:
            self.init = told["init"]
        elif "stopped" in told:
            self.attach(told["stopped"])
        elif "note" in told:
            self.outcome.notes.append(told["note"])
            self.react("note " + told["note"])
        else:
            status = told["status"]
            self.is_over = True
            self.outcome.survivors = told["survivors"] > 0
            if os.WIFSIGNALED(status):
                self.outcome.killed_by = os.WTERMSIG(status)
            else:
                self.outcome.code = os.WEXITSTATUS(status)

    def hear_trace(self, line):
        call = re.match(r"(\w+)\(", line)
        if call:
            self.outcome.trace.append((call[1], line))
            self.outcome.injected |= "(INJECTED)" in line or "(DELAYED)" in line
            self.look_out(line, whole=True)

    def look_out(self, line, whole=False):
        """A call has been entered, or is through. The window's signal is sent when its call is seen for the n-th time."""
        self.react("call " + line.split("(")[0])
        if not self.window:
            return
        call, number, name = self.window
        if line.startswith(call + "("):
            seen = sum(known == call for known, _ in self.outcome.trace) + (0 if whole else 1)
            if seen == number:
                self.window = None
                self.send(name)

    def react(self, line):
        self.heard.add(line)
        for key, what in self.scenario.when.items():
            if self.heard.issuperset(key.split(" & ")) and key not in self.said:
                self.said.add(key)
                if what.startswith("type:"):
                    os.write(self.master, what[5:].encode().decode("unicode_escape").encode())
                else:
                    self.send(what)

    def ask_again(self):
        """What engines do when nothing happens: they ask, ask again, and then kill."""
        signals = [what for what in self.scenario.when.values() if not what.startswith("type:")]
        if self.is_over or not self.init or not self.scenario.when:
            return
        self.outcome.asked_twice |= bool(self.said)
        self.said.update(self.scenario.when)
        self.times_asked += 1
        self.outcome.given_up = self.times_asked > 2
        for name in ["KILL"] if self.outcome.given_up else signals:
            self.send(name)

    def send(self, name):
        if not self.is_over:
            try:
                os.kill(self.init, signal.Signals["SIG" + name])
            except ProcessLookupError:
                pass

    def end(self):
        """Whatever happened: nobody is left, and no file."""
        outcome = self.outcome
        made = self.scenario.makes
        if made and os.path.isdir(os.path.join(self.folder, "to")):
            names = os.listdir(os.path.join(self.folder, "to"))
            for name in names:
                with open(os.path.join(self.folder, "to", name), "rb") as file, open(self.names["init"], "rb") as own:
                    whole = file.read() == own.read()
                outcome.notes.append(("made, " if name == made else "left over, ") + ("whole" if whole else "not whole"))
        if self.strace is not None:
            if self.strace.poll() is None:
                self.strace.terminate()
            self.strace.wait()
            self.strace.stderr.close()
        if not self.is_over:
            outcome.hangs = True
            # The stage, as a subreaper, outlives it and ends all who are left.
            if self.init:
                try:
                    os.kill(self.init, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            else:
                os.kill(self.stage, signal.SIGKILL)
        for file in self.streams:
            os.close(file)
        if self.master is not None:
            os.close(self.master)
        os.waitpid(self.stage, 0)
        subprocess.run(["rm", "-rf", self.folder], check=False)


if __name__ == "__main__":
    sys.exit("run scripts/faults")
