"""The terminal is hung up, or its session ends: what the bare program sees, the program sees."""

import os
import signal

import pytest

from conftest import namespace
from scene import stat, until, wait_gone

WAYS = ["in the foreground", "in the background", "stopped"]


def start(scene, shell, how, way, options):
    shell.start(f"{how}puppet {options}{' &' if way == 'in the background' else ''}")
    program = scene.puppet()
    if way == "in the background":
        shell.wait_prompt()
    else:
        shell.wait_foreground(program)
    if way == "stopped":
        shell.press("^Z")
        shell.expect_stopped()
    return program


def rinit_of(how, program):
    return [stat(program.outer_pid).parent] if how else []


@pytest.mark.parametrize("way", WAYS)
def test_closing_the_window_ends_the_program(scene, shell, how, way):
    program = start(scene, shell, how, way, "")
    processes = [program.outer_pid, *rinit_of(how, program)]
    shell.hang_up()
    wait_gone(*processes)
    shell.code()


@pytest.mark.parametrize("way", WAYS)
def test_a_program_that_handles_the_hangup_gets_it_and_no_other_signal(scene, how, way):
    shell = scene.bash()
    program = start(scene, shell, how, way, "--handle HUP,CONT,INT,TERM,TTIN,TTOU,QUIT")
    processes = rinit_of(how, program)
    shell.hang_up()
    program.wait_signal("HUP")
    shell.code()
    until("the terminal is gone", lambda: program.ask("where")["holder"] is None)
    # bash ends its stopped jobs with a SIGTERM besides.
    expected = {"HUP", "CONT", "TERM"} if way == "stopped" else {"HUP", "CONT"}
    assert set(program.signals) <= expected
    program.tell("exit", 0)
    wait_gone(program.outer_pid, *processes)


def test_the_end_of_the_shell_hangs_up_the_program_in_the_foreground(scene, shell, how):
    """The end of the session leader hangs up the terminal's foreground group (POSIX, _exit)."""
    program = start(scene, shell, how, "in the foreground", "")
    processes = [program.outer_pid, *rinit_of(how, program)]
    os.kill(shell.pid, signal.SIGKILL)
    wait_gone(*processes)


def test_the_end_of_the_shell_leaves_a_program_in_the_background_alone(scene, how):
    shell = scene.bash()
    program = start(scene, shell, how, "in the background", "--handle HUP,CONT,TERM")
    processes = rinit_of(how, program)
    shell.sendline("exit")
    assert shell.code() == 0
    until("the session is over", lambda: program.ask("where")["holder"] is None)
    assert program.signals == []
    program.tell("exit", 0)
    wait_gone(program.outer_pid, *processes)


@pytest.mark.parametrize("way", ["session leader", "PID 1"])
def test_closing_the_window_ends_a_container(scene, how, way):
    front = namespace() + " " if way == "PID 1" else ""
    terminal = scene.spawn(f"{front}{how}puppet")
    program = scene.puppet()
    processes = [program.outer_pid, *rinit_of(how, program)]
    terminal.hang_up()
    wait_gone(*processes)


def test_a_session_leader_is_hung_up_once(scene, how):
    terminal = scene.spawn(f"{how}puppet --handle HUP,CONT,TERM,USR2")
    program = scene.puppet()
    processes = rinit_of(how, program)
    terminal.hang_up()
    program.wait_signal("HUP")
    program.wait_signal("CONT")
    os.kill((processes or [program.outer_pid])[0], signal.SIGUSR2)
    program.wait_signal("USR2")
    assert sorted(program.signals) == ["CONT", "HUP", "USR2"]
    program.tell("exit", 0)
    wait_gone(program.outer_pid, *processes)


def test_rinit_goes_on_on_a_terminal_that_is_gone(scene, how):
    """Nothing that rinit does with it later is fatal, and the program's code is kept."""
    line = f"trap '' HUP; {how}puppet --ignore HUP; echo code $? >code"
    terminal = scene.spawn(str(scene.script("job", line)))
    program = scene.puppet()
    terminal.hang_up()
    until("the terminal is gone", lambda: program.ask("where")["holder"] is None)
    for name in ["CONT", "TSTP"]:
        program.ask("dispose", name, "handle")
        program.ask("kill", "self" if not how else stat(program.outer_pid).parent, name)
        program.wait_signal(name)
    program.tell("exit", 77)
    terminal.code()
    assert (scene.path / "code").read_text() == "code 77\n"
