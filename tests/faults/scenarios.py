"""The lives that are watched, the errors that a system call can meet in them, and what may come of it."""

from stage import Scenario


def both(name, words, code, **more):
    """As PID 1 and as a process among others."""
    return [Scenario(name, words, code, **more), Scenario(name + ", PID 1", words, code, pid_1=True, **more)]


SCENARIOS = [
    *both("exit code", "{puppet} facts exit 7", 7),
    # Signals are sent to it in the windows alone; no fault happens here.
    *both("birth", "{puppet} wait HUP once HUP exit 3", 3, when={"nothing": "HUP"}, window="HUP", blocks="HUP",
          in_quick=True),
    *both("killed", "{puppet} die KILL", 137),
    *both("forward", "{puppet} say ready wait TERM exit 3", 3, when={"ready": "TERM"}, in_quick=True),
    *both("forward -v", "-v {puppet} say ready wait TERM exit 3", 3, when={"ready": "TERM"}),
    Scenario("single child", "-c {puppet} say ready wait TERM exit 3", 3, when={"ready": "TERM"}),
    Scenario("all, PID 1", "-a {puppet} say ready wait TERM exit 3", 3, pid_1=True, when={"ready": "TERM"}),
    *both("orphan", "-w {puppet} orphan exit 3 . say ready wait TERM exit 4", 4,
          when={"! rinit: orphan # ended with code 3": "TERM"}),
    *both("drain", "{puppet} with wait TERM exit 0 . exit 5", 5),
    *both("end of grace", "-t 0.2 {puppet} with wait USR1 . exit 6", 6),
    Scenario("no grace, PID 1", "-t 0 {puppet} with wait USR1 . exit 6", 6, pid_1=True),
    *both("stop delay", "-d 0.2 {puppet} say ready wait TERM exit 3", 3, when={"ready": "TERM"}),
    *both("several", "-S ::: -- {puppet} say ready wait USR1 exit 3 ::: {puppet} say companion wait TERM exit 4", 3,
          when={"ready & companion": "USR1"}, births=2),
    *both("companion", "-S ::: -- {puppet} say ready wait HUP exit 3 ::: {puppet} exit 4", 3,
          when={"ready & ! rinit: companion # ended with code 4": "HUP"}, births=2),
    *both("any", "--any -S ::: -- {puppet} say ready wait TERM exit 3 ::: {puppet} say companion wait USR2 exit 4", 4,
          when={"ready & companion": "USR2"}, births=2),
    *both("parent death", "-p TERM {puppet} say ready wait TERM exit 3", 3, when={"ready": "TERM"}),
    *both("SIGCHLD ignored", "{puppet} facts exit 7", 7, ignores_chld=True, births=2),
    Scenario("LISTEN_PID, PID 1", "{puppet} listen exit 7", 7, pid_1=True, env={"LISTEN_PID": "1"}),
    Scenario("search", "puppet exit 7", 7),
    Scenario("text", "{tmp}/text", 6),
    Scenario("absent", "absent", 127),
    Scenario("absent path", "{tmp}/absent", 127),
    Scenario("not executable", "{tmp}/plain", 126),
    Scenario("no interpreter", "{tmp}/script", 126),
    Scenario("absent companion", "-S ::: -- {puppet} say ready wait TERM exit 3 ::: {tmp}/absent", 3,
             when={"ready & ! rinit: companion # ended with code 127": "TERM"}, births=2),
    Scenario("usage", "--grace soon", 125, births=0),
    *both("pause", "--pause", 0, when={"call rt_sigtimedwait": "TERM"}, births=0),
    Scenario("sleep", "--sleep 0.05", 0, births=0),
    Scenario("version", "--version", 0, births=0),
    Scenario("help", "--help", 0, births=0),
    Scenario("help to a full disk", "--help", 125, stdout="/dev/full", births=0),
    Scenario("copy", "--copy-to {tmp}/to/init", 0, makes="init", births=0),
    *both("terminal", "{puppet} facts say ready read exit 5", 5, stdout="terminal", when={"ready": "type:hello\\n"}),
    Scenario("^Z", "{puppet} sane say ready read exit 5", 5, stdout="terminal", in_quick=True,
             when={"ready": "type:\\x1a", "note the shell saw it stop": "type:hello\\n"}),
    Scenario("^Z, PID 1", "{puppet} sane say ready read exit 5", 5, pid_1=True, stdout="terminal",
             when={"ready": "type:\\x1ahello\\n"}),
]
