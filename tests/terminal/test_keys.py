"""What the terminal itself sends: `^C`, `^\\`, a new size. Each reaches the program exactly once."""

import os
import signal

import pytest

from conftest import namespace
from scene import stat, until, wait_gone

KEYS = {"^C": "INT", "^\\": "QUIT"}


def barrier(program, job):
    """Everything that was on its way to the program has arrived when this returns.

    rinit takes pending signals lowest number first (rt_sigtimedwait takes from the queue as
    dequeue_signal does), and USR2 has a higher one than all that are counted here but WINCH, which
    rinit never gets where the program holds the terminal.
    """
    os.kill(job, signal.SIGUSR2)
    program.wait_signal("USR2")
    program.ask("where")


def job_of(how, program):
    """The process that the shell knows as its job: rinit, or the bare program."""
    return stat(program.outer_pid).parent if how else program.outer_pid


@pytest.mark.parametrize("key", KEYS)
def test_a_key_reaches_a_program_that_handles_it_exactly_once(scene, shell, how, key):
    shell.start(how + "puppet --handle INT,QUIT,USR2")
    program = scene.puppet()
    shell.wait_foreground(program)
    for count in range(1, 11):
        shell.press(key)
        program.wait_signal(KEYS[key], count)
    barrier(program, job_of(how, program))
    assert program.signals.count(KEYS[key]) == 10
    program.tell("exit", 0)
    shell.wait_prompt()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("streams", ["</dev/null", "</dev/null >out 2>err", "<&- >&- 2>&-"])
def test_a_key_comes_once_whatever_the_streams_are(scene, how, key, streams):
    shell = scene.bash()
    shell.start(f"{how}puppet --handle INT,QUIT,USR2 {streams}")
    program = scene.puppet()
    job = job_of(how, program)
    until("the job is in the foreground", lambda: shell.holder in (job, program.group))
    shell.press(key)
    program.wait_signal(KEYS[key])
    barrier(program, job)
    assert program.signals.count(KEYS[key]) == 1


@pytest.mark.parametrize("key", KEYS)
def test_a_key_ends_a_program_that_does_not_handle_it(scene, shell, how, key):
    shell.run("ulimit -c 0")
    shell.start(how + "puppet")
    program = scene.puppet()
    shell.wait_foreground(program)
    shell.press(key)
    shell.wait_prompt()
    assert shell.last_code() == {"^C": 130, "^\\": 131}[key]
    assert stat(program.outer_pid) is None


@pytest.mark.parametrize("key", KEYS)
def test_a_key_reaches_all_of_the_programs_group_once(scene, how, key):
    """Whatever the program starts in its group, a shell's pipeline for one."""
    shell = scene.bash()
    options = "--handle INT,QUIT,USR2 --ignore TERM"
    shell.start(f"{how}puppet {options}")
    program = scene.puppet()
    program.ask("start", "helper", False, *options.split())
    helper = scene.puppet("helper")
    shell.wait_foreground(program)
    shell.press(key)
    for puppet in [program, helper]:
        puppet.wait_signal(KEYS[key])
    barrier(program, job_of(how, program))
    helper.ask("where")
    assert program.signals.count(KEYS[key]) == helper.signals.count(KEYS[key]) == 1


@pytest.mark.parametrize("key", KEYS)
def test_a_key_does_not_reach_a_background_job(scene, shell, how, key):
    shell.run(how + "puppet --handle INT,QUIT,USR2 &")
    program = scene.puppet()
    shell.start("puppet front")
    front = scene.puppet("front")
    shell.wait_foreground(front)
    shell.press(key)
    shell.wait_prompt()
    wait_gone(front.outer_pid)
    barrier(program, job_of(how, program))
    assert KEYS[key] not in program.signals


def test_an_interrupt_in_a_script_reaches_the_program_once(scene, how):
    """rinit shares its group with the script; the program does not."""
    shell = scene.bash()
    script = scene.script("job", f"trap : INT; {how}puppet --handle INT,USR2; echo over")
    shell.start(str(script))
    program = scene.puppet()
    shell.wait_foreground(program) if how else shell.wait_holder(program.group)
    shell.press("^C")
    program.wait_signal("INT")
    barrier(program, job_of(how, program))
    assert program.signals.count("INT") == 1
    program.tell("exit", 0)
    shell.expect_exact("over")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_reaches_the_program_once_with_no_shell_above(scene, how, key):
    check_keys(scene.spawn(f"{how}puppet --handle INT,QUIT,USR2"), scene.puppet(), how, key)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("init", ["rinit ", "rinit -c ", "rinit -a "])
def test_a_key_reaches_the_program_of_a_container_once(scene, key, init):
    terminal = scene.spawn(f"{namespace()} {init}puppet --handle INT,QUIT,USR2")
    check_keys(terminal, scene.puppet(), init, key)


def check_keys(terminal, program, how, key):
    for count in range(1, 11):
        terminal.press(key)
        program.wait_signal(KEYS[key], count)
    barrier(program, job_of(how, program))
    assert program.signals.count(KEYS[key]) == 10
    program.tell("exit", 9)
    assert terminal.code() == 9


def test_a_new_size_reaches_the_program_exactly_once(scene, shell, how):
    shell.start(how + "puppet --handle WINCH,CHLD,IO")
    program = scene.puppet()
    shell.wait_foreground(program)
    for count in range(1, 11):
        shell.resize(30 + count, 100)
        program.wait_signal("WINCH", count)
        assert program.ask("size") == [100, 30 + count]
    # SIGIO (29) comes after SIGWINCH (28) out of rinit's queue.
    program.ask("dispose", "IO", "handle")
    os.kill(job_of(how, program), signal.SIGIO)
    program.wait_signal("IO")
    assert program.signals.count("WINCH") == 10


def test_the_same_size_again_is_no_news(scene, how):
    shell = scene.bash()
    shell.start(how + "puppet --handle WINCH,IO")
    program = scene.puppet()
    shell.wait_foreground(program)
    shell.resize(33, 101)
    program.wait_signal("WINCH")
    shell.resize(33, 101)
    program.ask("size")
    assert program.signals.count("WINCH") == 1


def test_a_new_size_reaches_the_program_without_the_terminal_on_its_streams(scene, how):
    shell = scene.bash()
    shell.start(how + "puppet --handle WINCH </dev/null >out 2>err")
    program = scene.puppet()
    job = job_of(how, program)
    until("the job is in the foreground", lambda: shell.holder in (job, program.group))
    shell.resize(30, 100)
    program.wait_signal("WINCH")
    assert program.ask("size") == [100, 30]
    assert program.signals.count("WINCH") == 1


def test_a_new_size_reaches_the_program_once_with_no_shell_above(scene, how):
    terminal = scene.spawn(f"{how}puppet --handle WINCH")
    program = scene.puppet()
    terminal.resize(31, 100)
    program.wait_signal("WINCH")
    assert program.ask("size") == [100, 31]
    assert program.signals.count("WINCH") == 1
