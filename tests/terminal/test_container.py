"""No shell above: PID 1 of a container, a session leader. `^Z` never wedges it, and rinit never
spins over a program that cannot get the terminal."""

import os
import signal

import pytest

from conftest import namespace, need
from scene import (
    is_stopped,
    stat,
    switches,
    ticks,
    until,
    wait_gone,
    wait_stopped,
)


@pytest.fixture(params=["PID 1", "session leader"])
def above(request):
    """What stands before the command: nothing that does job control."""
    return front(request.param)


def front(above):
    if above == "PID 1":
        return namespace() + " "
    if above == "setsid":
        need("setsid")
        return "setsid --ctty --wait "
    if above == "script":
        need("script")
        return "script --quiet --return --command "
    return ""


@pytest.fixture(params=["rinit ", "rinit -c "])
def init(request):
    return request.param


def spawn(scene, above, line):
    if above.startswith("script"):
        command = scene.script("line", "exec " + line)
        return scene.spawn(f"{above}{command} log")
    return scene.spawn(above + line)


def rinit_of(program):
    parent = stat(program.outer_pid).parent
    assert stat(parent).name == "rinit"
    return parent


def check_idle(program, rinit):
    """rinit does nothing while the program works."""
    program.ask("where")
    before, spent = switches(rinit), ticks(rinit)
    for _ in range(1000):
        program.ask("holder")
    assert switches(rinit) - before <= 3
    assert ticks(rinit) - spent <= 3


@pytest.mark.parametrize("above", ["PID 1", "session leader", "setsid", "script"])
def test_a_stop_key_does_not_stop_a_container(scene, above, init):
    terminal = spawn(scene, front(above), init + "puppet --handle CONT,INT")
    program = scene.puppet()
    rinit = rinit_of(program)
    for turn in range(1, 6):
        before = switches(rinit)
        terminal.press("^Z")
        # It was stopped, and continued.
        program.wait_signal("CONT", turn)
        program.ask("where")
        assert switches(rinit) - before <= 5
    # Once for each key.
    assert program.signals.count("CONT") == 5
    check_idle(program, rinit)
    program.tell("read")
    terminal.sendline("line")
    assert program.reply() == "line\n"
    terminal.press("^C")
    program.wait_signal("INT")
    program.tell("exit", 7)
    assert terminal.code() == 7


def test_a_stop_key_reaches_a_program_that_handles_it_once(scene, above, init):
    terminal = spawn(scene, above, init + "puppet --handle TSTP,CONT,USR2")
    program = scene.puppet()
    rinit = rinit_of(program)
    for turn in range(1, 6):
        terminal.press("^Z")
        program.wait_signal("TSTP", turn)
        # Full-screen programs stop themselves then.
        assert program.ask("stop", "TSTP") == "continued"
        program.wait_signal("CONT", turn)
    os.kill(rinit, signal.SIGUSR2)
    program.wait_signal("USR2")
    assert program.signals.count("TSTP") == program.signals.count("CONT") == 5
    check_idle(program, rinit)


def test_a_stop_key_is_nothing_to_a_program_that_ignores_it(scene, above, init):
    terminal = spawn(scene, above, init + "puppet --ignore TSTP --handle CONT,INT")
    program = scene.puppet()
    for turn in range(1, 6):
        terminal.press("^Z")
        terminal.press("^C")
        program.wait_signal("INT", turn)
    assert "CONT" not in program.signals


def test_a_stop_key_does_not_stop_what_the_program_started(scene, above, init):
    """In a shell's group, for one: `sh -c 'less file; true'`."""
    terminal = spawn(scene, above, init + "puppet --handle CONT")
    program = scene.puppet()
    program.ask("start", "helper", False)
    helper = scene.puppet("helper")
    for turn in range(1, 4):
        terminal.press("^Z")
        program.wait_signal("CONT", turn)
        helper.ask("where")


def test_what_the_program_started_may_stop_itself_late(scene, above, init):
    """A shell stops at once at `^Z`; the pager below it puts the terminal right first and stops
    itself later, perhaps when rinit has continued the group already. The next `^Z` continues it."""
    terminal = spawn(scene, above, init + "puppet --handle CONT")
    program = scene.puppet()
    program.ask("start", "helper", False, "--handle", "TSTP")
    helper = scene.puppet("helper")
    terminal.press("^Z")
    program.wait_signal("CONT")
    helper.tell("stop", "TSTP")
    wait_stopped(helper.outer_pid)
    terminal.press("^Z")
    program.wait_signal("CONT", 2)
    assert helper.reply() == "continued"


def test_what_a_program_that_handles_the_key_started_is_continued_by_a_signal(scene, above, init):
    """The kernel stops it, as rinit is its group's parent outside; and tells its own parent alone."""
    terminal = spawn(scene, above, init + "puppet --handle TSTP")
    program = scene.puppet()
    program.ask("start", "helper", False)
    helper = scene.puppet("helper")
    terminal.press("^Z")
    program.wait_signal("TSTP")
    wait_stopped(helper.outer_pid)
    # docker kill --signal CONT
    os.kill(rinit_of(program), signal.SIGCONT)
    helper.ask("where")


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_a_stop_signal_to_rinit_does_not_wedge_a_container(scene, above, init, name):
    terminal = spawn(scene, above, init + "puppet --handle CONT")
    program = scene.puppet()
    rinit = rinit_of(program)
    for turn in range(1, 4):
        os.kill(rinit, getattr(signal, "SIG" + name))
        program.wait_signal("CONT", turn)
        program.ask("where")
    check_idle(program, rinit)
    program.tell("exit", 0)
    assert terminal.code() == 0


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_a_program_that_stops_itself_goes_on(scene, above, init, name):
    spawn(scene, above, init + "puppet --handle CONT")
    program = scene.puppet()
    for _ in range(3):
        assert program.ask("stop", name) == "continued"
    check_idle(program, rinit_of(program))


def test_a_program_stopped_with_sigstop_stays_so_until_it_is_continued(scene, above, init):
    terminal = spawn(scene, above, init + "puppet --handle CONT,USR2")
    program = scene.puppet()
    rinit = rinit_of(program)
    for turn in range(1, 6):
        os.kill(program.outer_pid, signal.SIGSTOP)
        wait_stopped(program.outer_pid)
        # rinit has heard of it, and lets it be.
        os.kill(rinit, signal.SIGUSR2)
        until("rinit waits", lambda: stat(rinit).state == "S")
        assert is_stopped(program.outer_pid)
        os.kill(rinit if turn % 2 else program.outer_pid, signal.SIGCONT)
        program.wait_signal("CONT", turn)
        program.wait_signal("USR2", turn)
    assert program.signals.count("CONT") == 5
    program.tell("exit", 4)
    assert terminal.code() == 4


def test_a_stopped_container_ends_on_sigterm(scene, above, init):
    """docker stop: what was stopped from outside is continued with SIGCONT, and ends."""
    terminal = spawn(scene, above, init + "puppet")
    program = scene.puppet()
    rinit = rinit_of(program)
    terminal.press("^Z")
    program.ask("where")
    os.kill(rinit, signal.SIGTERM)
    wait_gone(program.outer_pid, rinit)
    assert terminal.code() == 143


def test_a_program_that_cannot_get_the_terminal_does_not_make_rinit_spin(scene, how):
    """rinit's group is orphaned, in the background of a terminal that somebody else holds."""
    terminal = scene.spawn("puppet holder --ignore HUP,TTOU")
    holder = scene.puppet("holder")
    script = scene.script("job", f"{how}puppet & puppet other &")
    holder.ask("execute", True, str(script))
    program, other = scene.puppet(), scene.puppet("other")
    until("the job is orphaned", lambda: stat(other.outer_pid).parent == 1)
    program.tell("read")
    if not how:
        assert program.reply() == {"error": "Input/output error"}
        return
    rinit = rinit_of(program)
    until("the program stops or goes on", lambda: is_stopped(program.outer_pid) or program.replies)
    until("rinit waits", lambda: stat(rinit).state == "S")
    before, spent = switches(rinit), ticks(rinit)
    for _ in range(1000):
        other.ask("holder")
    assert switches(rinit) - before <= 3
    assert ticks(rinit) - spent <= 3
    assert terminal.holder == holder.group
    # It can be ended, and it ends with the program.
    os.kill(rinit, signal.SIGTERM)
    os.kill(rinit, signal.SIGCONT)
    wait_gone(program.outer_pid, rinit)


def test_a_program_that_is_late_for_the_terminal_gets_it_back(scene, above, init):
    """The program lent the terminal to a helper's group, which has ended; then it reads."""
    terminal = spawn(scene, above, init + "puppet")
    program = scene.puppet()
    pid = program.ask("start", "helper", True)
    helper = scene.puppet("helper")
    program.ask("give", pid)
    helper.tell("exit", 0)
    helper.wait_end()
    program.ask("reap", pid)
    program.tell("read")
    terminal.sendline("line")
    assert program.reply() == "line\n"


def test_the_terminal_of_a_container_in_the_background_of_a_shell(scene, init):
    """rinit's group has no number in its namespace, and neither has the shell's."""
    shell = scene.bash()
    shell.run(f"{namespace()} {init}puppet --handle CONT &")
    program = scene.puppet()
    assert shell.holder == shell.pid
    program.tell("read")
    wait_stopped(program.outer_pid)
    assert shell.holder == shell.pid
    assert "alive" in shell.run("echo alive")
    # To its shell it is running: only what was stopped `fg` continues.
    shell.run("kill -TSTP %1")
    until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
    shell.start("fg")
    shell.wait_holder(program.group)
    shell.sendline("line")
    assert program.reply() == "line\n"
    # It is PID 1 of a container for all that.
    seen = program.signals.count("CONT")
    shell.press("^Z")
    program.wait_signal("CONT", seen + 1)
    program.tell("exit", 0)
    shell.wait_prompt()


@pytest.mark.parametrize("how", ["", "rinit "], ids=["bare", "rinit"])
def test_a_container_starts_while_somebody_else_reads_the_terminal(scene, how, limit):
    """A read of the terminal waits in the kernel until a line is there; nobody else's start may
    wait for that."""
    if how:
        limit("a read of nothing, which tells who holds the terminal, waits for other readers")
    shell = scene.bash()
    line = f"puppet reader </dev/tty & puppet ready; {namespace()} {how}puppet; wait"
    shell.start(str(scene.script("job", line)))
    ready, reader = scene.puppet("ready"), scene.puppet("reader")
    reader.tell("read")
    until("it reads", lambda: wchan(reader.outer_pid))
    ready.tell("exit", 0)
    program = scene.puppet()
    program.tell("exit", 0)
    program.wait_end()


def wchan(pid):
    with open(f"/proc/{pid}/syscall") as file:
        return file.read().startswith("0 ")
