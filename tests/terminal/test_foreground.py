"""Who holds the terminal: the program's group exactly where rinit's own group held it."""

import subprocess

import pytest

from conftest import namespace
from scene import GUARD, is_stopped, stat, until, wait_stopped

STREAMS = ["0</dev/null", "1>out", "2>err"]


def test_a_foreground_job_holds_the_terminal_and_gives_it_back(scene, shell, how):
    at_once = 0
    for code in [0, 7, 255]:
        shell.start(how + "puppet")
        program = scene.puppet()
        where = program.ask("where")
        at_once += where["group"] == where["holder"] == shell.holder
        shell.wait_foreground(program)
        program.tell("exit", code)
        shell.wait_prompt()
        assert shell.holder == shell.pid
        assert shell.last_code() == code
    # Not every time, for bash's sake: see `wait_foreground`.
    assert at_once >= 1


def test_the_program_leads_a_group_of_its_own_in_the_session_of_its_shell(scene, how):
    shell = scene.bash()
    shell.start(how + "puppet")
    where = scene.puppet().ask("where")
    assert where["group"] == where["pid"]
    assert where["session"] == shell.pid
    if how:
        assert stat(where["parent"]).name == "rinit"
        assert stat(where["parent"]).group != where["group"]


def test_a_background_job_never_takes_the_terminal(scene, shell, how):
    shell.run(how + "puppet &")
    program = scene.puppet()
    assert program.ask("where")["holder"] == shell.holder == shell.pid
    assert "alive" in shell.run("echo alive")
    program.tell("exit", 0)
    program.wait_end()
    until("the job is done", lambda: "Done" in shell.run("jobs"))
    assert shell.holder == shell.pid


def test_a_background_job_that_reads_is_stopped_and_the_shell_survives(scene, shell, how):
    shell.run(how + "puppet &")
    program = scene.puppet()
    for word in ["one", "two"]:
        program.tell("read")
        wait_stopped(program.outer_pid)
        until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
        assert shell.holder == shell.pid
        assert "alive" in shell.run("echo alive")
        shell.start("fg")
        shell.wait_holder(program.group)
        shell.sendline(word)
        assert program.reply() == word + "\n"
        shell.press("^Z")
        shell.expect_stopped()
        shell.run("bg")
        assert program.ask("where")["holder"] == shell.pid
    program.tell("exit", 0)
    program.wait_end()


def test_rinit_cat_in_the_background_does_not_log_the_shell_out(scene, shell):
    shell.run("rinit cat &")
    until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
    shell.start("fg")
    until("cat has the terminal", lambda: shell.holder != shell.pid)
    until("cat has the terminal", lambda: stat(shell.holder) and stat(shell.holder).name == "cat")
    shell.sendline("a line")
    shell.expect_exact("a line\r\na line\r\n")
    shell.press("^D")
    shell.wait_prompt()
    assert "alive" in shell.run("echo alive")


def test_a_background_job_that_sets_modes_is_stopped(scene, shell, how):
    shell.run(how + "puppet &")
    program = scene.puppet()
    program.tell("set_echo", False)
    wait_stopped(program.outer_pid)
    until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
    shell.start("fg")
    assert program.reply() is True
    program.tell("exit", 0)
    shell.wait_prompt()


def test_a_background_job_writes_unless_the_terminal_forbids_it(scene, shell, how):
    shell.run(how + "puppet &")
    program = scene.puppet()
    assert program.ask("write", "from behind") == 11
    shell.expect_exact("from behind")
    shell.run("stty tostop")
    program.tell("write", "and stopped")
    wait_stopped(program.outer_pid)
    until("the shell sees it", lambda: "Stopped" in shell.run("jobs"))
    shell.start("fg")
    shell.expect_exact("and stopped")
    assert program.reply() == 11
    program.tell("exit", 0)
    shell.wait_prompt()


@pytest.mark.parametrize("left", [0, 1, 2])
def test_one_stream_is_enough_to_hold_the_terminal(scene, how, left):
    shell = scene.bash()
    redirections = " ".join(each for number, each in enumerate(STREAMS) if number != left)
    at_once = 0
    for _ in range(3):
        shell.start(f"{how}puppet {redirections}")
        program = scene.puppet()
        where = program.ask("where")
        at_once += where["group"] == where["holder"] == shell.holder
        program.tell("exit", 0)
        shell.wait_prompt()
    # Not every time, for bash's sake: see `wait_foreground`.
    assert at_once >= 1


@pytest.mark.parametrize(
    "streams",
    [
        "</dev/null >out 2>err",
        "</dev/null >out 2>err 3<>/dev/tty",
        "<&- >&- 2>&-",
        "<&-",
        "<&- 2>&-",
    ],
    ids=["redirected", "redirected, terminal on 3", "closed", "0 closed", "0 and 2 closed"],
)
def test_a_program_without_the_terminal_on_its_streams_still_reaches_it(scene, how, streams):
    """As ssh and sudo do for a password, in scripts whose streams are all redirected."""
    shell = scene.bash()
    shell.start(f"{how}puppet --handle INT,USR1 {streams}")
    program = scene.puppet()
    assert program.hello["closed"] == [
        number for number, each in enumerate(["<&-", ">&-", "2>&-"]) if f" {each}" in f" {streams}"
    ]
    program.tell("read")
    shell.sendline("secret")
    assert program.reply() == "secret\n"
    assert program.ask("set_echo", True) is True
    shell.press("^C")
    program.wait_signal("INT")
    program.tell("exit", 3)
    shell.wait_prompt()
    assert shell.last_code() == 3
    assert shell.holder == shell.pid


def test_a_program_without_the_terminal_on_its_streams_stops_and_goes_on(scene, how):
    shell = scene.bash()
    shell.start(f"{how}puppet </dev/null >out 2>err")
    program = scene.puppet()
    for _ in range(3):
        shell.press("^Z")
        shell.expect_stopped()
        assert is_stopped(program.outer_pid)
        shell.start("fg")
        program.ask("where")
    program.tell("read")
    shell.sendline("line")
    assert program.reply() == "line\n"


@pytest.mark.parametrize("streams", ["null", "pipes", "closed"])
def test_without_a_terminal_nothing_is_different(scene, how, streams):
    line = f"{how}sh -c 'true 2>/dev/null </dev/tty && exit 1; exit 9'"
    closed = "exec <&- >&- 2>&-;" if streams == "closed" else ""
    stream = subprocess.PIPE if streams == "pipes" else subprocess.DEVNULL
    # A session of its own has no terminal until it opens one (setsid(2)).
    process = subprocess.Popen(
        ["sh", "-c", closed + line],
        cwd=scene.path,
        env=scene.environment,
        stdin=stream,
        stdout=stream,
        stderr=stream,
        start_new_session=True,
    )
    output, errors = process.communicate(timeout=GUARD)
    assert process.returncode == 9
    assert not output and not errors


def test_a_terminal_of_another_session_is_left_alone(scene, how):
    """The streams are a terminal, but not the one of the session: the kernel refuses."""
    shell = scene.bash()
    script = scene.script("job", f'{how}puppet\necho "code $?" >code')
    shell.run(f"setsid {script} &")
    program = scene.puppet()
    assert program.ask("where")["holder"] is None
    assert shell.holder == shell.pid
    program.tell("exit", 4)
    program.wait_end()
    until("the script ends", lambda: (scene.path / "code").exists())
    until("the script ends", lambda: (scene.path / "code").read_text() == "code 4\n")
    assert "rinit:" not in shell.run("echo")


def test_a_terminal_that_was_hung_up_before_the_start_is_not_fatal(scene, how):
    line = "trap '' HUP; puppet outside --ignore HUP; " + how + "puppet; echo code $? >code"
    script = scene.script("job", line)
    terminal = scene.spawn(str(script))
    outside = scene.puppet("outside")
    terminal.hang_up()
    until("the terminal is gone", lambda: outside.ask("where")["holder"] is None)
    outside.tell("exit", 0)
    program = scene.puppet()
    assert program.ask("where")["holder"] is None
    program.tell("exit", 6)
    terminal.code()
    assert (scene.path / "code").read_text() == "code 6\n"


# A script with no job control of its own, which shares its group with rinit.

ENDS = {
    "exits": (["exit", 5], 5),
    "is killed": (["kill", "self", "KILL"], 137),
    "is terminated": (["kill", "self", "TERM"], 143),
    # Not by the terminal, so it is nobody else's business.
    "is interrupted": (["kill", "self", "INT"], 130),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_script_reads_the_terminal_after_rinit(scene, how, end):
    shell = scene.bash()
    script = scene.script("job", f'{how}puppet; echo "code $?"; read word; echo "<$word>"')
    shell.start(str(script))
    program = scene.puppet()
    shell.wait_foreground(program)
    told, code = ENDS[end]
    program.tell(*told)
    shell.expect_exact(f"code {code}")
    shell.sendline("word")
    shell.expect_exact("<word>")
    shell.wait_prompt()


@pytest.mark.parametrize("end", ENDS)
def test_a_script_without_a_shell_above_reads_the_terminal_after_rinit(scene, how, end):
    script = scene.script("job", f'{how}puppet; echo "code $?"; read word; echo "<$word>"')
    terminal = scene.spawn(str(script))
    told, code = ENDS[end]
    scene.puppet().tell(*told)
    terminal.expect_exact(f"code {code}")
    terminal.sendline("word")
    terminal.expect_exact("<word>")
    assert terminal.code() == 0


@pytest.mark.parametrize("program", ["no-such-program", "/", "/etc/passwd"])
def test_a_script_reads_the_terminal_after_a_start_that_failed(scene, how, program):
    script = scene.script("job", f'{how}{program}; echo "code $?"; read word; echo "<$word>"')
    terminal = scene.spawn(str(script))
    terminal.expect(r"code 12[67]")
    terminal.sendline("word")
    terminal.expect_exact("<word>")


def test_a_script_reads_the_terminal_after_many_runs_of_rinit(scene, how):
    line = f'for i in $(seq 50); do {how}true || exit 1; read word; echo "<$i $word>"; done'
    terminal = scene.spawn(str(scene.script("job", line)))
    for turn in range(1, 51):
        terminal.sendline("word")
        terminal.expect_exact(f"<{turn} word>")
    assert terminal.code() == 0


def test_a_script_reads_the_terminal_while_rinit_runs_beside_it(scene, how):
    """A job in the background of a script, which has no job control: it shares the group."""
    shell = scene.bash()
    line = f'{how}puppet & read word; echo "<$word>"; wait; echo "code $?"'
    shell.start(str(scene.script("job", line)))
    program = scene.puppet()
    program.ask("where")
    shell.sendline("word")
    # The script is stopped as it reads; rinit gives it the terminal and continues it, but the shell
    # above may have seen it stop before.
    if shell.expect_exact(["<word>", "Stopped"]) == 1:
        assert how
        shell.wait_prompt()
        shell.sendline("fg")
        # The shell may have read the word before, or a part of it.
        shell.sendline("word")
        shell.expect(r"<\w*word>")
    program.tell("exit", 0)
    shell.wait_prompt()


def test_a_terminal_that_the_program_gave_to_others_stays_with_them(scene, how):
    option = "-t 0 " if how else ""
    script = scene.script("job", f"{how}{option}puppet; puppet after")
    terminal = scene.spawn(str(script))
    program = scene.puppet()
    program.ask("start", "heir", True)
    heir = scene.puppet("heir")
    program.ask("give", heir.group)
    program.tell("exit", 0)
    scene.puppet("after")
    if stat(heir.outer_pid):
        assert terminal.holder == heir.group


def test_a_background_job_does_not_take_a_terminal_that_nobody_holds(scene, how):
    """A shell waits for its job in the foreground, which has ended: the terminal is the shell's to
    take back, and not the background job's."""
    terminal = scene.spawn("puppet shell --ignore TTOU")
    shell = scene.puppet("shell")
    shell.ask("start", "job", True)
    job = scene.puppet("job")
    command = (how + "puppet").split()
    shell.ask("execute", True, *command)
    program = scene.puppet()
    # From here on there is a foreground job, which ends.
    shell.ask("give", job.group)
    group = job.group
    job.tell("exit", 0)
    job.wait_end()
    shell.ask("reap", job.hello["pid"])
    program.tell("read")
    wait_stopped(program.outer_pid)
    if how:
        wait_stopped(stat(program.outer_pid).parent)
    assert terminal.holder == group
    shell.ask("give", shell.group)
    assert shell.ask("where")["holder"] == shell.group


def test_a_script_reads_the_terminal_after_a_namespace_with_rinit(scene, how):
    """The script's group has no number in the namespace of rinit, which cannot give it back."""
    shell = scene.bash()
    script = scene.script("job", f'{namespace()} {how}true; read word; echo "<$word>"')
    shell.start(str(script))
    if how:
        # The script is stopped as it reads, until the shell sees to it.
        shell.expect_stopped()
        shell.start("fg")
    shell.sendline("word")
    shell.expect_exact("<word>")
    shell.wait_prompt()
