"""`^Z`, `fg`, `bg`, `jobs` and `kill %1` under an interactive shell."""

import os
import signal

import pytest

from scene import (
    is_stopped,
    stat,
    until,
    wait_gone,
    wait_running,
    wait_stopped,
)


def start(scene, shell, how, options=""):
    shell.start(f"{how}puppet {options}")
    program = scene.puppet()
    shell.wait_foreground(program)
    return program


def chain(how, program):
    """The processes that stop and go on together."""
    return [program.outer_pid, *([stat(program.outer_pid).parent] if how else [])]


def test_stopped_and_continued_in_the_foreground_again_and_again(scene, shell, how):
    program = start(scene, shell, how)
    processes = chain(how, program)
    for turn in range(20):
        shell.press("^Z")
        shell.expect_stopped()
        assert all(map(is_stopped, processes))
        assert "alive" in shell.run("echo alive")
        shell.start("fg")
        shell.wait_holder(program.group)
        wait_running(*processes)
        program.tell("read")
        shell.sendline(f"line {turn}")
        assert program.reply() == f"line {turn}\n"
    program.tell("exit", 5)
    shell.wait_prompt()
    assert shell.last_code() == 5
    assert shell.run("jobs").strip() == ""


def test_the_shell_lists_the_job_as_stopped_and_as_running(scene, shell, how):
    program = start(scene, shell, how)
    for _ in range(5):
        shell.press("^Z")
        shell.expect_stopped()
        listing = shell.run("jobs")
        assert "Stopped" in listing and f"{how}puppet" in listing
        shell.run("bg")
        wait_running(*chain(how, program))
        # dash hears of it only when it looks.
        until("the job is listed as running", lambda: "Running" in shell.run("jobs"))
        assert program.ask("where")["holder"] == shell.pid
        shell.start("fg")
        until("the job is in the foreground", lambda: shell.holder != shell.pid)
        shell.wait_foreground(program)
    program.tell("exit", 0)
    shell.wait_prompt()


def test_a_job_continued_in_the_background_never_takes_the_terminal(scene, shell, how):
    program = start(scene, shell, how)
    for _ in range(5):
        shell.press("^Z")
        shell.expect_stopped()
        shell.run("bg")
        assert program.ask("where")["holder"] == shell.holder == shell.pid
        program.tell("read")
        wait_stopped(*chain(how, program))
        until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
        assert shell.holder == shell.pid
        shell.start("fg")
        shell.wait_holder(program.group)
        shell.sendline("line")
        assert program.reply() == "line\n"


def test_a_running_background_job_brought_to_the_foreground_gets_keys_and_input(scene, shell, how):
    shell.run(f"{how}puppet --handle INT &")
    program = scene.puppet()
    shell.start("fg")
    until("the job is in the foreground", lambda: shell.holder != shell.pid)
    shell.press("^C")
    program.wait_signal("INT")
    program.tell("read")
    shell.sendline("line")
    assert program.reply() == "line\n"
    assert program.signals.count("INT") == 1
    shell.wait_holder(program.group)
    shell.press("^Z")
    shell.expect_stopped()


def test_a_running_background_job_brought_to_the_foreground_stops_at_once(scene, shell, how):
    shell.run(f"{how}puppet &")
    program = scene.puppet()
    shell.start("fg")
    until("the job is in the foreground", lambda: shell.holder != shell.pid)
    shell.press("^Z")
    shell.expect_stopped()
    assert all(map(is_stopped, chain(how, program)))
    shell.start("fg")
    program.ask("where")
    shell.wait_foreground(program)


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "KILL"])
def test_a_stopped_job_is_ended_from_the_shell(scene, how, name):
    shell = scene.bash()
    program = start(scene, shell, how)
    shell.press("^Z")
    shell.expect_stopped()
    processes = chain(how, program)
    shell.run(f"kill -{name} %1")
    if name == "INT":
        # A stopped process gets it when it goes on (signal(7)); TERM and HUP bash follows by CONT.
        shell.run("bg")
    # Where rinit itself is killed it can tell nobody. But then its program's group is orphaned with
    # a stopped member in it, and the kernel hangs it up and continues it (POSIX, _exit).
    wait_gone(*processes)
    assert "alive" in shell.run("echo alive")


def test_kill_ends_a_stopped_job_from_dash(scene, how):
    shell = scene.dash()
    program = start(scene, shell, how)
    shell.press("^Z")
    shell.expect_stopped()
    processes = chain(how, program)
    shell.run("kill %1; kill -CONT %1")
    wait_gone(*processes)


@pytest.mark.parametrize("back", ["fg", "bg"])
def test_everything_in_the_programs_group_stops_and_goes_on(scene, shell, how, back):
    """The kernel stops the whole group at `^Z`, and the shell continues the whole job."""
    program = start(scene, shell, how)
    program.ask("start", "helper", False)
    helper = scene.puppet("helper")
    for _ in range(5):
        shell.press("^Z")
        shell.expect_stopped()
        wait_stopped(helper.outer_pid)
        if back == "fg":
            shell.start("fg")
        else:
            shell.run("bg")
        wait_running(program.outer_pid, helper.outer_pid)
        program.ask("where")
        helper.ask("where")
        if back == "bg":
            shell.start("fg")
            until("the job is in the foreground", lambda: shell.holder != shell.pid)
            shell.wait_foreground(program)


def test_a_shell_pipeline_as_the_program_stops_and_goes_on(scene, shell, how):
    script = scene.script("job", "puppet | puppet second; echo over")
    shell.start(f"{how}{script}")
    first, second = scene.puppet(), scene.puppet("second")
    for _ in range(5):
        until("the job is in the foreground", lambda: shell.holder == first.group)
        shell.press("^Z")
        shell.expect_stopped()
        wait_stopped(first.outer_pid, second.outer_pid)
        shell.start("fg")
        wait_running(first.outer_pid, second.outer_pid)
        first.ask("where")
        second.ask("where")
    first.tell("exit", 0)
    second.tell("exit", 0)
    shell.expect_exact("over")


def test_the_modes_of_the_terminal_are_the_shells_business(scene, how):
    shell = scene.bash()
    modes = shell.run("stty -a </dev/tty")
    program = start(scene, shell, how)
    assert program.ask("set_echo", False) is True
    shell.press("^Z")
    shell.expect_stopped()
    assert shell.run("stty -a </dev/tty") == modes
    shell.start("fg")
    shell.wait_holder(program.group)
    program.tell("exit", 0)
    shell.wait_prompt()


def test_a_program_that_handles_the_stop_gets_it_once_and_stops_itself(scene, shell, how):
    """As full-screen programs do: they put the terminal right and then stop by themselves."""
    program = start(scene, shell, how, "--handle TSTP,CONT")
    for turn in range(1, 6):
        shell.press("^Z")
        program.wait_signal("TSTP", turn)
        assert program.ask("set_echo", True) is True
        program.tell("stop", "TSTP")
        shell.expect_stopped()
        assert all(map(is_stopped, chain(how, program)))
        shell.start("fg")
        assert program.reply() == "continued"
        program.wait_signal("CONT", turn)
        shell.wait_foreground(program)
    assert program.signals.count("TSTP") == program.signals.count("CONT") == 5


@pytest.mark.parametrize("whom", ["self", "group"])
def test_a_program_that_stops_itself_with_sigstop_is_a_stopped_job(scene, shell, how, whom):
    """As nano and mutt do at `^Z`, and bash at `suspend`."""
    program = start(scene, shell, how)
    for _ in range(5):
        program.tell("stop", "STOP", whom)
        shell.expect_stopped()
        assert all(map(is_stopped, chain(how, program)))
        shell.start("fg")
        assert program.reply() == "continued"
        shell.wait_foreground(program)
    program.tell("exit", 3)
    shell.wait_prompt()
    assert shell.last_code() == 3


@pytest.mark.parametrize("option", ["--ignore TSTP", "--handle TSTP"])
def test_a_program_that_does_not_stop_goes_on(scene, shell, how, option):
    program = start(scene, shell, how, option + " --handle INT")
    for count in range(1, 6):
        shell.press("^Z")
        shell.press("^C")
        program.wait_signal("INT", count)
    assert shell.holder == program.group
    assert not any(map(is_stopped, chain(how, program)))
    # SIGINT is delivered before SIGTSTP where both wait.
    program.ask("where")
    assert program.signals.count("TSTP") == (5 if "handle TSTP" in option else 0)
    program.tell("exit", 0)
    shell.wait_prompt()


@pytest.mark.parametrize("option", ["", "--ignore TTIN,TTOU", "--handle TTIN,TTOU"])
def test_a_background_program_that_uses_the_terminal_sees_what_the_bare_one_sees(
    scene, how, option
):
    shell = scene.bash()
    shell.run(f"{how}puppet {option} &")
    program = scene.puppet()
    if not option:
        program.tell("read")
        wait_stopped(*chain(how, program))
        assert "Stopped" in shell.run("jobs")
        return
    expected = {"error": "Input/output error"} if "ignore" in option else {"interrupted": True}
    assert program.ask("read") == expected
    expected = True if "ignore" in option else {"interrupted": True}
    assert program.ask("set_echo", True) == expected
    assert not any(map(is_stopped, chain(how, program)))
    assert shell.holder == shell.pid


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU", "STOP"])
def test_the_shell_stops_a_job_with_a_signal(scene, how, name):
    shell = scene.bash()
    shell.run(f"{how}puppet &")
    program = scene.puppet()
    job = chain(how, program)[-1]
    for _ in range(3):
        shell.run(f"kill -{name} %1")
        wait_stopped(job)
        until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
        shell.run("kill -CONT %1")
        wait_running(*chain(how, program))
        program.ask("where")
    assert shell.holder == shell.pid


def test_a_script_stops_with_its_program_and_goes_on_with_it(scene, shell, how):
    script = scene.script("job", f'{how}puppet; echo "code $?"; read word; echo "<$word>"')
    shell.start(str(script))
    program = scene.puppet()
    for _ in range(5):
        until("the job is in the foreground", lambda: shell.holder == program.group)
        shell.press("^Z")
        shell.expect_stopped()
        wait_stopped(program.outer_pid)
        shell.start("fg")
        program.ask("where")
        if shell.holder != program.group:
            program.ask("set_echo", True)
    program.tell("exit", 5)
    shell.expect_exact("code 5")
    shell.sendline("word")
    shell.expect_exact("<word>")


def test_a_stopped_job_is_hung_up_when_its_shell_is_gone(scene, how):
    """The group of a stopped job is orphaned: the kernel sends SIGHUP and SIGCONT (POSIX, _exit)."""
    shell = scene.bash()
    program = start(scene, shell, how, "--handle HUP,CONT")
    shell.press("^Z")
    shell.expect_stopped()
    os.kill(shell.pid, signal.SIGKILL)
    program.wait_signal("HUP")
    program.wait_signal("CONT")
    assert set(program.signals) == {"HUP", "CONT"}
    program.tell("exit", 0)
    program.wait_end()


def test_companions_stop_and_go_on_with_the_program(scene):
    shell = scene.bash()
    shell.start("rinit -S ::: -- puppet ::: puppet companion")
    program, companion = scene.puppet(), scene.puppet("companion")
    shell.wait_foreground(program)
    job = stat(program.outer_pid).parent
    for _ in range(5):
        # To rinit, which passes it on to both; one `fg` continues all.
        os.kill(job, signal.SIGTSTP)
        shell.expect_stopped()
        wait_stopped(program.outer_pid, companion.outer_pid)
        shell.start("fg")
        wait_running(job, program.outer_pid, companion.outer_pid)
        program.ask("where")
        companion.ask("where")
        assert not is_stopped(job)
        shell.wait_foreground(program)


def test_a_companion_never_takes_the_terminal(scene):
    shell = scene.bash()
    shell.start("rinit -S ::: -- puppet ::: puppet companion")
    program, companion = scene.puppet(), scene.puppet("companion")
    shell.wait_foreground(program)
    companion.tell("read")
    wait_stopped(companion.outer_pid)
    program.tell("read")
    shell.sendline("line")
    assert program.reply() == "line\n"
    assert shell.holder == program.group
    shell.press("^Z")
    shell.expect_stopped()
    shell.start("fg")
    program.ask("where")
