"""The scene of each test, and the ways to run a program on it."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import scene as scene_module
from scene import HERE, PROMPT, Puppets, Shell, Terminal

RINIT = Path(os.environ.get("RINIT") or HERE.parents[1] / "target/release/rinit")


class Scene:
    """A folder with the commands `rinit` and `puppet`, and the terminals on which they run."""

    def __init__(self, path):
        self.path = path
        self.terminals = []
        commands = path / "bin"
        commands.mkdir()
        (commands / "rinit").symlink_to(RINIT.resolve())
        self.script("bin/puppet", f'exec python3 -I -S {HERE}/puppet.py {path}/socket "$@"')
        self.puppets = Puppets(path / "socket")
        self.environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "HOME": str(path),
            "LANG": "C.UTF-8",
            # A shell that has nothing to be clever with.
            "TERM": "dumb",
            "PS1": PROMPT,
            "HISTFILE": "",
        }

    def script(self, name, text, interpreter="/bin/sh"):
        """Writes an executable script into the folder."""
        path = self.path / name
        path.write_text(f"#!{interpreter}\n{text}\n")
        path.chmod(0o755)
        return path

    def bash(self):
        return Shell(self, ["bash", "--noprofile", "--norc", "-i"])

    def dash(self):
        return Shell(self, ["dash", "-i"])

    def shell(self, name):
        return getattr(self, name)()

    def spawn(self, line):
        """Runs a command on a terminal of its own, with no shell above it: it leads the session."""
        return Terminal(self, line.split())

    def puppet(self, name="program"):
        """Waits for a puppet of this name to start."""
        return self.puppets.next(name)

    def finish(self):
        for terminal in self.terminals:
            terminal.finish()
        self.puppets.close()


@pytest.fixture
def scene():
    # A short name: the address of a socket has 108 bytes (unix(7)).
    path = Path(tempfile.mkdtemp(prefix="rinit-"))
    scene = Scene(path)
    yield scene
    scene.finish()
    shutil.rmtree(path)


@pytest.fixture(params=["bare", "rinit", "rinit -c"])
def how(request):
    """How the program is run: what the bare program does is what the others are measured by."""
    return "" if request.param == "bare" else request.param + " "


@pytest.fixture(params=["bash", "dash"])
def shell(request, scene):
    """A real interactive shell."""
    need(request.param)
    return scene.shell(request.param)


def need(*commands):
    """Skips the test where a command is not installed."""
    packages = {
        "vim": "vim",
        "less": "less",
        "top": "procps",
        "script": "bsdutils",
        "setsid": "util-linux",
        "git": "git",
    }
    for command in commands:
        if shutil.which(command) is None:
            package = packages.get(command, command)
            pytest.skip(f"no {command} here: apt-get install {package}")


@pytest.fixture
def limit(request, monkeypatch):
    """What rinit is known not to do: the test says what it should do, and is expected to fail."""

    def mark(reason):
        # It is going to hang; not for as long as a test that should pass may.
        monkeypatch.setattr(scene_module, "GUARD", min(scene_module.GUARD, 5))
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    return mark


def is_no_case(name, values):
    """Some of what the parameters can be put together to shows nothing."""
    return (
        # What a bare PID 1 does is no measure: the kernel keeps from it what it does not handle.
        {"bare", "PID 1"} <= values
        # dash hangs up no job in the background, with rinit or without.
        or name == "test_closing_the_window_ends_the_program"
        and {"dash", "in the background"} <= values
        # top stops itself with SIGSTOP, or not, after the shell was continued.
        or name == "test_a_full_screen_program_in_a_container_survives_the_stop_key"
        and "top" in values
        and bool({"sh", "bash"} & values)
    )


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if not is_no_case(item.originalname, values_of(item))]


def values_of(item):
    """The parameters of a test, as their names stand in its own."""
    return set(re.split(r"(?<! )-", item.name.partition("[")[2].rstrip("]")))


@functools.cache
def namespace():
    """The command that makes a PID namespace here."""
    for options in ["", "--user --map-root-user "]:
        command = f"unshare {options}--pid --fork --mount-proc"
        if subprocess.run([*command.split(), "true"], check=False).returncode == 0:
            return command
    pytest.skip(
        "no PID namespace can be made here: run as root, or allow unprivileged user namespaces"
        " (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces)"
    )


@pytest.fixture(scope="session", autouse=True)
def rinit_is_built():
    if not RINIT.exists():
        pytest.exit(f"{RINIT} is not there: run scripts/terminal, or cargo build --release", 2)
