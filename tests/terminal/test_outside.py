"""SIGSTOP and SIGCONT from outside: a stopped process is not a dead one, and CONT reaches it."""

import os
import signal
import subprocess

import pytest

from scene import GUARD, is_stopped, stat, until, wait_running, wait_stopped


def rinit_of(program):
    parent = stat(program.outer_pid).parent
    assert stat(parent).name == "rinit"
    return parent


@pytest.fixture(params=["rinit", "rinit -c"])
def init(request):
    return request.param


@pytest.fixture
def without_terminal(scene, init):
    """rinit and a program with no terminal anywhere."""
    process = subprocess.Popen(
        [*init.split(), "puppet", "--handle", "CONT,USR1,USR2"],
        env=scene.environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(GUARD)


def wait_idle(rinit):
    until("rinit waits", lambda: stat(rinit).state == "S")


def test_a_stopped_program_is_not_mistaken_for_a_dead_one(scene, without_terminal):
    program = scene.puppet()
    rinit = without_terminal.pid
    for turn in range(1, 11):
        os.kill(program.outer_pid, signal.SIGSTOP)
        wait_stopped(program.outer_pid)
        wait_idle(rinit)
        assert without_terminal.poll() is None
        assert is_stopped(program.outer_pid)
        os.kill(program.outer_pid, signal.SIGCONT)
        program.wait_signal("CONT", turn)
    program.tell("exit", 66)
    assert without_terminal.wait(GUARD) == 66


def test_cont_to_rinit_continues_a_stopped_program(scene, without_terminal):
    program = scene.puppet()
    for turn in range(1, 11):
        os.kill(program.outer_pid, signal.SIGSTOP)
        wait_stopped(program.outer_pid)
        os.kill(without_terminal.pid, signal.SIGCONT)
        program.wait_signal("CONT", turn)
        program.ask("where")
    assert program.signals.count("CONT") == 10
    program.tell("exit", 67)
    assert without_terminal.wait(GUARD) == 67


def test_what_comes_while_rinit_is_stopped_is_passed_on_when_it_goes_on(scene, without_terminal):
    program = scene.puppet()
    rinit = without_terminal.pid
    os.kill(rinit, signal.SIGSTOP)
    wait_stopped(rinit)
    program.ask("where")
    os.kill(rinit, signal.SIGUSR1)
    os.kill(rinit, signal.SIGUSR2)
    program.ask("where")
    assert program.signals == []
    os.kill(rinit, signal.SIGCONT)
    for name in ["USR1", "USR2", "CONT"]:
        program.wait_signal(name)
    assert len(program.signals) == 3


def test_a_program_that_ends_while_rinit_is_stopped_is_reaped_later(scene, without_terminal):
    program = scene.puppet()
    rinit = without_terminal.pid
    os.kill(rinit, signal.SIGSTOP)
    wait_stopped(rinit)
    program.tell("exit", 68)
    program.wait_end()
    assert is_stopped(rinit)
    os.kill(rinit, signal.SIGCONT)
    assert without_terminal.wait(GUARD) == 68


def test_a_program_stopped_and_killed_gives_its_code(scene, without_terminal):
    program = scene.puppet()
    os.kill(program.outer_pid, signal.SIGSTOP)
    wait_stopped(program.outer_pid)
    os.kill(program.outer_pid, signal.SIGKILL)
    assert without_terminal.wait(GUARD) == 137


def test_a_stopped_program_gets_what_came_when_it_is_continued(scene, without_terminal):
    program = scene.puppet()
    for turn in range(1, 4):
        os.kill(program.outer_pid, signal.SIGSTOP)
        wait_stopped(program.outer_pid)
        os.kill(without_terminal.pid, signal.SIGUSR1)
        wait_idle(without_terminal.pid)
        assert is_stopped(program.outer_pid)
        os.kill(without_terminal.pid, signal.SIGCONT)
        program.wait_signal("USR1", turn)
    os.kill(program.outer_pid, signal.SIGSTOP)
    wait_stopped(program.outer_pid)
    os.kill(without_terminal.pid, signal.SIGTERM)
    os.kill(without_terminal.pid, signal.SIGCONT)
    assert without_terminal.wait(GUARD) == 143


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_a_stop_without_a_terminal_is_not_the_end(scene, without_terminal, name):
    """No terminal, no shell above: nobody could continue it, and nothing can stop it again."""
    program = scene.puppet()
    for turn in range(1, 4):
        os.kill(without_terminal.pid, getattr(signal, "SIG" + name))
        program.wait_signal("CONT", turn)
        program.ask("where")
    program.tell("exit", 69)
    assert without_terminal.wait(GUARD) == 69


def test_those_who_share_rinits_group_are_not_stopped_without_a_terminal(scene, init):
    """A test runner starts rinit in its own group, and stops the program."""
    shell = scene.bash()
    shell.start("puppet runner")
    runner = scene.puppet("runner")
    # All streams away from the terminal, and in the background of it.
    scene.script("start", f"exec {init} puppet </dev/null >out 2>err")
    runner.ask("execute", False, f"{scene.path}/start")
    program = scene.puppet()
    os.kill(program.outer_pid, signal.SIGTSTP)
    wait_stopped(program.outer_pid)
    until("rinit waits", lambda: stat(rinit_of(program)).state in "ST")
    assert runner.ask("where")


@pytest.mark.parametrize("whom", ["rinit", "the program"])
def test_stopped_from_outside_under_a_shell(scene, shell, init, whom):
    """The shell sees the one that it knows; and `fg` continues both."""
    shell.start(f"{init} puppet")
    program = scene.puppet()
    shell.wait_foreground(program)
    rinit = rinit_of(program)
    for turn in range(5):
        os.kill(rinit if whom == "rinit" else program.outer_pid, signal.SIGSTOP)
        shell.expect_stopped()
        assert is_stopped(rinit)
        shell.start("fg")
        wait_running(rinit, program.outer_pid)
        program.ask("where")
        shell.wait_foreground(program)
        program.tell("read")
        shell.sendline(f"line {turn}")
        assert program.reply() == f"line {turn}\n"
    program.tell("exit", 5)
    shell.wait_prompt()
    assert shell.last_code() == 5


def test_rinit_stopped_from_outside_while_the_program_reads(scene, init):
    shell = scene.bash()
    shell.start(f"{init} puppet")
    program = scene.puppet()
    shell.wait_foreground(program)
    rinit = rinit_of(program)
    os.kill(rinit, signal.SIGSTOP)
    shell.expect_stopped()
    # The program runs on, in the background now: it is stopped as it reads.
    program.tell("read")
    wait_stopped(program.outer_pid)
    # In the background it cannot get on; rinit stops again, and the shell sees it.
    shell.run("bg")
    until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
    shell.start("fg")
    shell.wait_holder(program.group)
    shell.sendline("line")
    assert program.reply() == "line\n"


def test_rinit_killed_leaves_no_terminal_behind_that_the_shell_cannot_take(scene, shell, init):
    shell.start(f"{init} puppet")
    program = scene.puppet()
    shell.wait_foreground(program)
    os.kill(rinit_of(program), signal.SIGKILL)
    shell.wait_prompt()
    assert shell.holder == shell.pid
    assert shell.last_code() == 137
    program.tell("exit", 0)
