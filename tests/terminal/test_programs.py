"""Programs with a will of their own on the terminal: shells with job control, full-screen programs."""

import os
import signal
import termios

import pytest

from conftest import namespace, need
from scene import descendants, is_stopped, stat, wait_gone

INNER = "INNER> "


def inner(shell, command):
    """Starts an interactive shell inside."""
    shell.start(f"PS1='{INNER}' {command}")
    shell.expect_exact("\r\n" + INNER)


def say(shell, line):
    shell.sendline(line)
    shell.expect_exact(line + "\r\n")
    shell.expect_exact(INNER)
    return shell.before


@pytest.fixture(params=["bash --noprofile --norc -i", "dash -i"], ids=["bash", "dash"])
def inside(request):
    need(request.param.split()[0])
    return request.param


def check_job_control(scene, shell):
    """What one does in a shell, in the one inside."""
    for _ in range(3):
        shell.sendline("puppet job")
        job = scene.puppet("job")
        shell.wait_holder(job.group)
        shell.press("^Z")
        shell.expect("Stopped")
        shell.expect_exact(INNER)
        assert is_stopped(job.outer_pid)
        assert "Stopped" in say(shell, "jobs")
        say(shell, "bg")
        job.ask("where")
        shell.sendline("fg")
        shell.wait_holder(job.group)
        job.tell("read")
        shell.sendline("line")
        assert job.reply() == "line\n"
        shell.press("^C")
        shell.expect_exact(INNER)
        wait_gone(job.outer_pid)
        say(shell, "puppet job &")
        job = scene.puppet("job")
        assert "alive" in say(shell, "echo alive")
        say(shell, "kill %1")
        wait_gone(job.outer_pid)


def test_an_interactive_shell_inside_has_job_control_of_its_own(scene, shell, how, inside):
    inner(shell, how + inside)
    check_job_control(scene, shell)
    shell.sendline("exit 11")
    shell.wait_prompt()
    assert shell.holder == shell.pid
    assert shell.last_code() == 11


def test_a_script_reads_the_terminal_after_an_interactive_shell(scene, how, inside):
    shell = scene.bash()
    line = f"PS1='{INNER}' {how}{inside}; read word; echo \"<$word>\""
    shell.start(str(scene.script("job", line)))
    shell.expect_exact(INNER)
    check_job_control(scene, shell)
    shell.sendline("exit")
    shell.sendline("word")
    shell.expect_exact("<word>")
    shell.wait_prompt()


def test_a_shell_inside_can_be_suspended(scene, how):
    """bash stops itself with SIGSTOP then."""
    shell = scene.bash()
    inner(shell, how + "bash --noprofile --norc -i")
    for _ in range(3):
        shell.sendline("suspend")
        shell.expect_stopped()
        shell.start("fg")
        shell.expect_exact(INNER)
        # It may print its prompt twice.
        shell.sendline("echo al''ive")
        shell.expect_exact("\r\nalive\r\n" + INNER)
    shell.sendline("exit 12")
    shell.wait_prompt()
    assert shell.last_code() == 12


@pytest.mark.parametrize("above", ["PID 1", "session leader"])
def test_an_interactive_shell_in_a_container_has_job_control(scene, how, above, inside):
    front = namespace() + " " if above == "PID 1" else ""
    scene.environment["PS1"] = INNER
    shell = scene.spawn(f"{front}{how}{inside}")
    shell.expect_exact(INNER)
    check_job_control(scene, shell)
    shell.sendline("exit 13")
    assert shell.code() == 13


def test_a_shell_inside_that_is_killed_leaves_a_terminal_that_can_be_taken(scene, how):
    shell = scene.bash()
    line = f'{how}puppet; read word; echo "<$word>"'
    shell.start(str(scene.script("job", line)))
    program = scene.puppet()
    pid = program.ask("start", "job", True)
    job = scene.puppet("job")
    program.ask("give", pid)
    job.tell("exit", 0)
    job.wait_end()
    # Nobody holds the terminal any more, and nobody who knows of it is left.
    program.tell("kill", "self", "KILL")
    if not how:
        # Then the bare script is stopped as it reads, until the shell sees to it.
        shell.expect_stopped()
        shell.start("fg")
    shell.sendline("word")
    shell.expect_exact("<word>")


# Full-screen programs. What they paint shows where they are.

SCREENS = {
    # what to run, what it shows, the keys that end it
    "less": ("less text", "line 12", "q"),
    "vim": ("vim -u NONE -N text", "line 12", ":q!\r"),
    "top": ("top -d 60", "load average", "q"),
}


@pytest.fixture(params=SCREENS)
def screen(request, scene):
    need(request.param)
    scene.environment["TERM"] = "xterm"
    scene.environment["LESS"] = scene.environment["LESSOPEN"] = ""
    (scene.path / "inputrc").write_text("set enable-bracketed-paste off\n")
    scene.environment["INPUTRC"] = str(scene.path / "inputrc")
    (scene.path / "text").write_text("".join(f"line {number}\n" for number in range(1, 100)))
    return SCREENS[request.param]


def test_a_full_screen_program_starts_stops_and_ends(scene, how, screen):
    command, shown, end = screen
    shell = scene.bash()
    modes = shell.run("stty -a </dev/tty")
    for _ in range(2):
        shell.start(how + command)
        for _ in range(3):
            shell.expect_exact(shown)
            wait_reading(shell)
            shell.press("^Z")
            shell.expect("Stopped")
            shell.wait_prompt()
            assert shell.run("stty -a </dev/tty") == modes
            shell.start("fg")
        shell.expect_exact(shown)
        wait_reading(shell)
        shell.send(end)
        shell.wait_prompt()
        assert shell.last_code() == 0
        assert shell.run("stty -a </dev/tty") == modes


def named(terminal, name):
    """The process of this name on the terminal."""

    def find():
        found = [
            pid
            for pid in [terminal.pid, *descendants(terminal.pid)]
            if stat(pid) and stat(pid).name == name
        ]
        return found and found[0]

    return terminal.until(f"there is a {name}", find)


def wait_reading(terminal):
    """Waits until whoever holds the terminal waits for a key, in raw mode."""
    terminal.until(
        "the program reads keys",
        lambda: (
            not termios.tcgetattr(terminal.child_fd)[3] & termios.ICANON
            and stat(terminal.holder)
            and stat(terminal.holder).state == "S"
        ),
    )


@pytest.mark.parametrize("above", ["PID 1", "session leader"])
@pytest.mark.parametrize("front", ["", "sh -c '", "bash -c '"], ids=["", "sh", "bash"])
def test_a_full_screen_program_in_a_container_survives_the_stop_key(
    scene, how, above, front, screen
):
    command, shown, end = screen
    namespaced = namespace() + " " if above == "PID 1" else ""
    line = f"{front}{command}; exit 3'" if front else command
    terminal = scene.spawn(str(scene.script("start", f"exec {namespaced}{how}{line}")))
    for _ in range(3):
        terminal.expect_exact(shown)
        wait_reading(terminal)
        terminal.press("^Z")
        if "top" in command:
            # It stops itself with SIGSTOP, which holds until somebody continues it: `docker kill
            # --signal CONT`, which reaches rinit, or here the session leader.
            top = named(terminal, "top")
            terminal.until("top stops", lambda top=top: is_stopped(top))
            os.kill(stat(top).parent if how else top, signal.SIGCONT)
        else:
            # Painted again, and alive.
            terminal.press("^L")
    terminal.expect_exact(shown)
    wait_reading(terminal)
    terminal.send(end)
    terminal.expect_exact("\x1b[?1049l" if "top" not in command else "\r\n")
    assert terminal.code() == (3 if front else 0)


@pytest.mark.parametrize("above", ["shell", "PID 1", "session leader"])
def test_a_pager_below_a_program_stops_and_goes_on(scene, how, above):
    """git starts a pager, which is stopped with it and stops itself besides."""
    need("git", "less")
    scene.environment.update(TERM="xterm", LESS="", GIT_PAGER="less", GIT_CONFIG_NOSYSTEM="1")
    (scene.path / "inputrc").write_text("set enable-bracketed-paste off\n")
    scene.environment["INPUTRC"] = str(scene.path / "inputrc")
    (scene.path / "text").write_text("".join(f"line {number}\n" for number in range(1, 100)))
    command = f"{how}git --paginate diff --no-index /dev/null text"
    if above == "shell":
        terminal = scene.bash()
        terminal.start(command)
    else:
        namespaced = namespace() + " " if above == "PID 1" else ""
        terminal = scene.spawn(str(scene.script("start", f"exec {namespaced}{command}")))
    for _ in range(3):
        terminal.expect_exact("line 12")
        wait_reading(terminal)
        terminal.press("^Z")
        if above == "shell":
            terminal.expect("Stopped")
            terminal.wait_prompt()
            # The shell sees git stop; the pager may still be putting the terminal right.
            pager = named(terminal, "less")
            terminal.until("the pager stops", lambda pager=pager: is_stopped(pager))
            terminal.start("fg")
        else:
            terminal.press("^L")
    terminal.expect_exact("line 12")
    wait_reading(terminal)
    terminal.send("q")
    if above == "shell":
        terminal.wait_prompt()
    else:
        terminal.code()
