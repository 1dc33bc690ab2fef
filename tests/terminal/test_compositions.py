"""rinit among others: below another rinit, setsid and script, in pipelines, as an interpreter."""

import os
import signal
import termios

import pytest

from conftest import RINIT, namespace, need
from scene import (
    stat,
    until,
    wait_running,
    wait_stopped,
)


def rinits_above(program):
    """The rinits from the program upwards."""
    found = []
    parent = stat(program.outer_pid).parent
    while stat(parent) and stat(parent).name == "rinit":
        found.append(parent)
        parent = stat(parent).parent
    return found


@pytest.mark.parametrize(
    "line", ["rinit rinit puppet", "rinit -c rinit -c puppet", "rinit rinit rinit rinit puppet"]
)
def test_rinit_below_rinit_is_as_one(scene, shell, line):
    line += " --handle INT,CONT,USR2"
    for _ in range(2):
        shell.start(line)
        program = scene.puppet()
        shell.wait_foreground(program)
        rinits = rinits_above(program)
        assert len(rinits) == line.count("rinit")
        for turn in range(1, 6):
            shell.press("^Z")
            shell.expect_stopped()
            wait_stopped(program.outer_pid, *rinits)
            shell.start("fg")
            wait_running(program.outer_pid, *rinits)
            program.ask("where")
            shell.wait_foreground(program)
            shell.press("^C")
            program.wait_signal("INT", turn)
        os.kill(rinits[-1], signal.SIGUSR2)
        program.wait_signal("USR2")
        assert program.signals.count("INT") == program.signals.count("CONT") == 5
        program.tell("exit", 9)
        shell.wait_prompt()
        assert shell.last_code() == 9
        assert shell.holder == shell.pid


def test_rinit_below_rinit_in_the_background(scene, shell):
    shell.run("rinit rinit puppet &")
    program = scene.puppet()
    for _ in range(3):
        program.tell("read")
        wait_stopped(program.outer_pid)
        until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
        assert shell.holder == shell.pid
        shell.start("fg")
        shell.sendline("line")
        assert program.reply() == "line\n"
        shell.wait_holder(program.group)
        shell.press("^Z")
        shell.expect_stopped()
        shell.run("bg")
        program.ask("where")
    program.tell("exit", 0)
    program.wait_end()


@pytest.mark.parametrize("front", ["", "namespace "])
def test_rinit_below_rinit_in_a_container(scene, front):
    front = front and namespace() + " "
    terminal = scene.spawn(f"{front}rinit rinit puppet --handle CONT,INT")
    program = scene.puppet()
    for turn in range(1, 11):
        terminal.press("^Z")
        program.wait_signal("CONT", turn)
        program.tell("read")
        terminal.sendline("line")
        assert program.reply() == "line\n"
        terminal.press("^C")
        program.wait_signal("INT", turn)
    program.tell("exit", 8)
    assert terminal.code() == 8


def test_a_script_with_rinit_below_rinit_reads_the_terminal_afterwards(scene):
    terminal = scene.spawn(str(scene.script("job", 'rinit rinit true; read word; echo "<$word>"')))
    terminal.sendline("word")
    terminal.expect_exact("<word>")


def test_under_setsid_without_a_terminal(scene, how):
    need("setsid")
    shell = scene.bash()
    shell.start(f"setsid --wait {how}puppet; echo code $?")
    program = scene.puppet()
    where = program.ask("where")
    assert where["holder"] is None
    assert where["session"] != shell.pid
    program.tell("exit", 6)
    shell.expect_exact("code 6")


def test_under_setsid_with_a_terminal_of_its_own(scene, how):
    need("setsid")
    terminal = scene.spawn(f"setsid --ctty --wait {how}puppet --handle INT")
    program = scene.puppet()
    where = program.ask("where")
    assert where["group"] == where["holder"] == terminal.holder
    program.tell("read")
    terminal.sendline("line")
    assert program.reply() == "line\n"
    terminal.press("^C")
    program.wait_signal("INT")
    assert program.signals == ["INT"]
    program.tell("exit", 6)
    assert terminal.code() == 6


def test_under_script(scene, how):
    """script(1) has a terminal of its own below, and passes keys and sizes on."""
    need("script")
    shell = scene.bash()
    line = scene.script("line", f"exec {how}puppet --handle INT,WINCH,TSTP")
    shell.start(f"script --quiet --return --command 'exec {line}' log; echo code $?")
    program = scene.puppet()
    where = program.ask("where")
    assert where["group"] == where["holder"]
    shell.until(
        "script passes keys on",
        lambda: not termios.tcgetattr(shell.child_fd)[3] & termios.ICANON,
    )
    program.tell("read")
    shell.sendline("line")
    assert program.reply() == "line\n"
    shell.press("^C")
    program.wait_signal("INT")
    shell.press("^Z")
    program.wait_signal("TSTP")
    shell.resize(31, 100)
    program.wait_signal("WINCH")
    assert program.ask("size") == [100, 31]
    assert sorted(program.signals) == ["INT", "TSTP", "WINCH"]
    program.tell("exit", 6)
    shell.expect_exact("code 6")


# Pipelines. The shell makes one group of all members; each rinit is a member, its program is not.


def test_a_pipeline_of_two_rinits_carries_everything(scene, shell, how):
    shell.run("stty -onlcr")
    shell.start(f"{how}seq 100000 | {how}sort -n | {how}tail -n 1; echo over")
    shell.expect("\n100000\r?\n")
    shell.expect("over\r?\n")
    shell.wait_prompt()


# How each member of a pipeline is run: all that share the shell's group share the terminal.
MEMBERS = {
    "bare": ["", ""],
    "both": ["rinit ", "rinit "],
    "both alone": ["rinit -c ", "rinit -c "],
    "first": ["rinit ", ""],
    "last": ["", "rinit "],
    "first two": ["rinit ", "rinit ", ""],
    "all three": ["rinit ", "rinit ", "rinit "],
}


@pytest.fixture(params=MEMBERS)
def members(request):
    return MEMBERS[request.param]


def start_pipeline(scene, shell, members, options=""):
    names = [f"member{number}" for number in range(len(members))]
    line = " | ".join(
        f"{front}puppet {name} {options}" for front, name in zip(members, names, strict=True)
    )
    shell.start(line)
    programs = [scene.puppet(name) for name in names]
    until("the job is in the foreground", lambda: shell.holder != shell.pid)
    return programs


def start_pipeline_behind(scene, shell, members):
    names = [f"member{number}" for number in range(len(members))]
    pairs = zip(members, names, strict=True)
    shell.run(" | ".join(f"{front}puppet {name}" for front, name in pairs) + " &")
    return [scene.puppet(name) for name in names]


def test_a_pipeline_stops_and_goes_on(scene, shell, members):
    programs = start_pipeline(scene, shell, members)
    for _ in range(3):
        for program in programs:
            program.ask("where")
        until("the job is in the foreground", lambda: shell.holder != shell.pid)
        shell.press("^Z")
        shell.expect_stopped()
        for program in programs:
            wait_stopped(program.outer_pid)
        assert "Stopped" in shell.run("jobs")
        shell.start("fg")
        for program in programs:
            wait_running(program.outer_pid)
    for program in programs:
        program.tell("exit", 0)
        program.wait_end()
    shell.wait_prompt()
    assert shell.holder == shell.pid


def test_each_member_of_a_pipeline_can_read_the_terminal(scene, shell, members):
    """As a pager does, which reads its text from the pipe and its keys from the terminal."""
    programs = start_pipeline(scene, shell, members)
    for turn in range(2):
        for program in [*programs, *reversed(programs)]:
            program.tell("read")
            shell.sendline(f"line {turn}")
            assert program.reply() == f"line {turn}\n"
            assert program.ask("set_echo", True) is True
    for program in programs:
        program.tell("exit", 0)
    shell.wait_prompt()


def test_a_pipeline_in_the_background_asks_for_the_terminal_as_a_job(scene, shell, members):
    programs = start_pipeline_behind(scene, shell, members)
    for program in programs:
        program.tell("read")
        until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
        assert shell.holder == shell.pid
        shell.start("fg")
        shell.sendline("line")
        assert program.reply() == "line\n"
        shell.press("^Z")
        shell.expect_stopped()
        shell.run("bg")
    for program in programs:
        program.tell("exit", 0)
        program.wait_end()


def test_an_interrupt_ends_a_whole_pipeline(scene, shell, members):
    programs = start_pipeline(scene, shell, members)
    shell.press("^C")
    shell.wait_prompt()
    for program in programs:
        program.wait_end()
    assert shell.holder == shell.pid


def test_an_interrupt_that_a_member_of_a_pipeline_survives_comes_once(scene, shell, members):
    programs = start_pipeline(scene, shell, members, "--handle INT,USR2")
    holders = [program for program in programs if program.group == shell.holder]
    shell.press("^C")
    for program in holders:
        program.wait_signal("INT")
    for program in programs:
        program.ask("where")
        assert program.signals.count("INT") <= 1


@pytest.mark.parametrize("first", ["rinit ", ""])
@pytest.mark.parametrize("second", ["rinit ", ""])
def test_a_pager_at_the_end_of_a_pipeline(scene, first, second):
    """The first member is still there while the pager reads keys."""
    need("less")
    scene.environment.update(TERM="xterm", LESS="", LESSOPEN="")
    (scene.path / "inputrc").write_text("set enable-bracketed-paste off\n")
    scene.environment["INPUTRC"] = str(scene.path / "inputrc")
    shell = scene.bash()
    scene.script("bin/origin", "seq 1000; exec puppet")
    for _ in range(3):
        shell.start(f"{first}origin | {second}less")
        source = scene.puppet()
        shell.expect_exact("\n12\r\n")
        shell.send(" ")
        shell.expect_exact("\n36\r\n")
        shell.press("^Z")
        shell.expect("Stopped")
        shell.wait_prompt()
        wait_stopped(source.outer_pid)
        shell.start("fg")
        shell.expect_exact("\n36\r\n")
        shell.send(" ")
        shell.expect_exact("\n60\r\n")
        shell.send("q")
        shell.expect_exact("\x1b[?1049l")
        source.tell("exit", 0)
        shell.wait_prompt()
        assert shell.holder == shell.pid


# As an interpreter.


def test_rinit_as_the_interpreter_of_a_script(scene, shell):
    script = scene.script(
        "job",
        'echo "$0 $1"; puppet; read word; echo "<$word>"; exit 7',
        interpreter=f"{RINIT.resolve()} /bin/sh",
    )
    shell.start(f"{script} argument")
    shell.expect_exact(f"{script} argument\r\n")
    program = scene.puppet()
    rinit = stat(stat(program.outer_pid).parent).parent
    assert os.readlink(f"/proc/{rinit}/exe") == str(RINIT.resolve())
    for _ in range(3):
        until("the job is in the foreground", lambda: shell.holder == program.group)
        shell.press("^Z")
        shell.expect_stopped()
        wait_stopped(program.outer_pid)
        shell.start("fg")
        program.ask("where")
    program.tell("exit", 0)
    shell.sendline("word")
    shell.expect_exact("<word>")
    shell.wait_prompt()
    assert shell.last_code() == 7


def test_rinit_as_an_interpreter_with_an_option(scene):
    """The kernel hands over one argument at most besides the script (execve(2))."""
    terminal = scene.spawn(str(scene.script("job", "", interpreter=f"{RINIT.resolve()} -V")))
    terminal.expect("rinit version")
    assert terminal.code() == 0


# Two jobs of one shell, each with its own rinit.


def test_two_jobs_take_turns(scene, shell):
    shell.start("rinit puppet first")
    first = scene.puppet("first")
    shell.wait_foreground(first)
    shell.press("^Z")
    shell.expect_stopped()
    shell.start("rinit puppet second")
    second = scene.puppet("second")
    shell.wait_foreground(second)
    shell.press("^Z")
    shell.expect_stopped()
    for _ in range(5):
        for number, program in [(1, first), (2, second)]:
            shell.start(f"fg %{number}")
            shell.wait_holder(program.group)
            program.tell("read")
            shell.sendline("line")
            assert program.reply() == "line\n"
            shell.press("^Z")
            shell.expect_stopped()
