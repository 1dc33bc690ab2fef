//! Neighbours who mean harm, machines that refuse, and whoever looks over rinit's shoulder: it goes
//! on, loses no request to end, and leaves with the program's code. What takes cgroups, a kernel of
//! its own or more time is in scripts/hostile and scripts/soak.

mod common;

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::watch::{sleeps, until_settled};
use common::{
    Folder, Init, Running, SIGNALS, Stream, blocks_all, check, children, is_idle, pipe, probe,
    rinit, send, status_field, tool,
};
use libc::{SIGCHLD, SIGCONT, SIGHUP, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGUSR1, c_int, c_long};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

/// A number that can be raised to look harder, as scripts/hostile does.
fn dose(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |value| value.parse().unwrap())
}

// What is refused.

/// With these system calls answered by an error, for rinit and for all that it starts (seccomp(2)).
fn refusing(init: Init, calls: &[c_long], error: c_int) -> Init {
    let statement = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    // The number of the call; a jump to the end for each that is refused; the answers.
    let mut filter = vec![statement(0x20, 0, 0)];
    for (index, call) in calls.iter().enumerate() {
        filter.push(statement(0x15, (calls.len() - index) as u8, *call as u32));
    }
    filter.push(statement(0x06, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(statement(0x06, 0, libc::SECCOMP_RET_ERRNO | error as u32));
    init.setup(move || {
        let (len, filter) = (filter.len() as u16, filter.as_ptr().cast_mut());
        let program = libc::sock_fprog { len, filter };
        // SAFETY: the filter lives as long as this step.
        unsafe {
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            check(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program))
        }
    })
}

/// rinit does its job: orphans are reaped, SIGTERM reaches the program, its code is rinit's.
fn assert_serves(init: Init, what: &str) {
    let mut init = init.probe(["orphans", "20"]).stream(0, Stream::Pipe).start();
    init.until("ready\n");
    init.end_input();
    init.until_true("the orphans to be gone", |it| children(it.pid()).len() == 1);
    init.signal(SIGTERM);
    let outcome = init.finish();
    assert_eq!((outcome.code(), outcome.errors().as_str()), (Some(7), ""), "{what}: {outcome:?}");
}

#[test]
fn where_system_calls_are_refused_it_does_its_job_without_them() {
    let calls = [
        ("prctl", libc::SYS_prctl),
        ("ioctl", libc::SYS_ioctl),
        ("close_range", libc::SYS_close_range),
        ("setpgid", libc::SYS_setpgid),
        ("getpgid", libc::SYS_getpgid),
        ("chdir", libc::SYS_chdir),
        ("madvise", libc::SYS_madvise),
        ("waitid", libc::SYS_waitid),
    ];
    for error in [libc::EPERM, libc::ENOSYS, libc::EACCES] {
        for (name, call) in calls {
            for pid_1 in BOTH {
                let init = refusing(Init::new(NONE).pid_1_if(pid_1), &[call], error);
                assert_serves(init, &format!("{name} answers {error}, PID 1: {pid_1}"));
            }
        }
        // And all that a narrow profile leaves out, together.
        for pid_1 in BOTH {
            let all = calls.map(|it| it.1);
            let init = refusing(Init::new(NONE).pid_1_if(pid_1), &all, error);
            assert_serves(init, &format!("all of them answer {error}, PID 1: {pid_1}"));
        }
    }
}

/// It may be that SIGCHLD is ignored, and then nobody would hear how the program ends.
#[test]
fn where_it_cannot_ask_what_becomes_of_sigchld_it_starts_nothing_and_says_so() {
    for pid_1 in BOTH {
        let init = Init::new(NONE).probe(["signals", "15"]).pid_1_if(pid_1);
        let outcome = refusing(init, &[libc::SYS_rt_sigaction], libc::EPERM).finish();
        assert_eq!(outcome.code(), Some(125), "{outcome:?}");
        assert!(outcome.errors().starts_with("rinit: cannot make a process: not permitted"));
    }
}

#[test]
fn where_no_group_may_be_made_signals_go_to_the_program() {
    for pid_1 in BOTH {
        let init = Init::new(["-v"]).probe(["signals", "15"]).pid_1_if(pid_1);
        let mut init = refusing(init, &[libc::SYS_setpgid], libc::EPERM).start();
        init.until("ready\n");
        init.signal(SIGUSR1);
        init.until(&format!("got {SIGUSR1} from"));
        init.signal(SIGTERM);
        assert_eq!(init.finish().code(), Some(0));
    }
}

#[test]
fn where_kill_is_refused_the_code_is_kept() {
    for pid_1 in BOTH {
        let init = Init::new(["-v", "-t", "0.1"]).probe(["leave", "7", "wait"]).pid_1_if(pid_1);
        let init = refusing(init, &[libc::SYS_kill], libc::EPERM).stream(0, Stream::Pipe);
        let mut init = init.start();
        init.until("ready\n");
        init.signal(SIGTERM);
        init.until_error("SIGTERM to group");
        init.input("\n");
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(7), "{outcome:?}");
    }
}

#[test]
fn where_it_cannot_ask_whether_stderr_has_room_it_says_it_all_the_same() {
    let says_why = |init: Init, what: &str| {
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(127), "{what}: {outcome:?}");
        assert!(outcome.errors().contains("/not/there"), "{what}: {outcome:?}");
    };
    let init = || Init::new(["/not/there"]);
    says_why(refusing(init(), &[libc::SYS_poll, libc::SYS_ppoll], libc::EPERM), "poll refused");
    // poll(2) of more than may be open is an error, even of one.
    let no_files = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a limit that is there.
    let limit = move || check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const no_files) });
    says_why(init().setup(limit), "no descriptor allowed");
}

#[test]
fn without_any_capability_it_does_its_job() {
    for pid_1 in BOTH {
        let init = Init::new(NONE).pid_1_if(pid_1).setup(|| {
            // Neither now nor after an exec by root: securebits(7), capset(2).
            let (header, data) = ([0x2008_0522_u32, 0], [0_u32; 6]);
            // SAFETY: structures of these sizes.
            unsafe {
                for capability in 0..64 {
                    libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
                }
                let result = libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr());
                check(result as c_int)
            }
        });
        assert_serves(init, "no capability");
    }
}

// Limits.

/// With so many processes allowed, all in all, to a user who is not root.
fn with_processes(init: Init, count: u64) -> Init {
    let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
    init.by_nobody().setup(move || {
        // SAFETY: a limit that is there.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit) })
    })
}

#[test]
fn where_no_process_may_be_made_it_says_so_with_125() {
    let folder = Folder::new();
    let rinit = folder.copy("rinit", rinit());
    for pid_1 in BOTH {
        // The process that is PID 1 in rinit's place counts as well.
        let init = Init::new(["/bin/true"]).program(&rinit).pid_1_if(pid_1);
        let outcome = with_processes(init, 1).finish();
        assert_eq!(outcome.code(), Some(125), "{outcome:?}");
        let errors = outcome.errors();
        assert!(errors.starts_with("rinit: ") && errors.lines().count() == 1, "{outcome:?}");
        assert!(errors.contains("process"), "what it lacks: {errors}");
    }
}

#[test]
fn a_companion_that_may_not_be_made_ends_the_others_with_125() {
    let folder = Folder::new();
    let rinit = folder.copy("rinit", rinit());
    let words = ["-t", "60", "-S", ":::", "--", "sleep", "1000", ":::", "sleep", "1000"];
    let init = Init::new(words).program(&rinit).pid_1();
    let outcome = with_processes(init, 2).finish();
    assert_eq!(outcome.code(), Some(125), "{outcome:?}");
    assert_eq!(outcome.errors().lines().count(), 1, "{outcome:?}");
}

#[test]
fn a_fork_bomb_at_its_limit_keeps_neither_signal_nor_code() {
    let folder = Folder::new();
    let (rinit, probe) = (folder.copy("rinit", rinit()), folder.copy("probe", probe::path()));
    let count = dose("HOSTILE_PROCESSES", 40);
    for ends_by_itself in BOTH {
        let words = [probe.to_str().unwrap(), probe::FLAG, "leave", "7", "bomb"];
        let init = Init::new(["-t", "0.2"]).args(words).program(&rinit).pid_1();
        let mut init = with_processes(init.stream(0, Stream::Pipe), count as u64).start();
        init.until("the limit");
        if ends_by_itself {
            init.input("\n");
        } else {
            init.signal(SIGTERM);
        }
        // What bombs can be ended by SIGKILL alone, and is gone when PID 1 is.
        init.finish().assert_quiet(if ends_by_itself { 7 } else { 128 + SIGTERM });
    }
}

#[test]
fn zombies_all_at_once_are_all_reaped() {
    // At once: while rinit is stopped, nobody reaps.
    let count = dose("HOSTILE_ZOMBIES", 3000);
    for pid_1 in BOTH {
        let forks = format!("read line; exec {}", probe::shell(&format!("forks {count}")));
        let init = Init::new(["sh", "-c", &forks]).stream(0, Stream::Pipe);
        let mut init = init.pid_1_if(pid_1).start();
        init.until_true("rinit to be idle", |it| is_idle(it.pid()));
        let program = children(init.pid())[0];
        stop(&mut init);
        init.input("\n");
        init.until_true("the program to end", |_| is_zombie(program));
        let zombies = children(init.pid());
        assert_eq!(zombies.len(), count + 1);
        for zombie in zombies {
            init.until_true("an orphan to end", |_| is_zombie(zombie));
        }
        let start = Instant::now();
        init.signal(SIGCONT);
        init.finish().assert_quiet(7);
        println!("{count} zombies at once, PID 1: {pid_1}, reaped in {:?}", start.elapsed());
    }
}

fn is_zombie(pid: c_int) -> bool {
    status_field(pid, "State").starts_with('Z')
}

// Floods.

/// Threads that send signals at full speed, until this is dropped.
struct Flood {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Flood {
    /// These signals, one after the other, again and again, each thread with a pause in between.
    fn new(
        pid: c_int,
        signals: impl Iterator<Item = c_int>,
        threads: usize,
        pause: Duration,
    ) -> Self {
        let signals: Vec<_> = signals.collect();
        let is_over = Arc::new(AtomicBool::new(false));
        // Not its number, which may be somebody else's once it has ended.
        // SAFETY: the call takes numbers, and its answer is a new descriptor.
        let target =
            unsafe { OwnedFd::from_raw_fd(libc::syscall(libc::SYS_pidfd_open, pid, 0) as c_int) };
        let send = move |target: &OwnedFd, signal: c_int| {
            let none = std::ptr::null::<libc::siginfo_t>();
            // SAFETY: numbers, and no structure.
            unsafe {
                libc::syscall(libc::SYS_pidfd_send_signal, target.as_raw_fd(), signal, none, 0)
            }
        };
        let start = |_| {
            let (target, signals) = (target.try_clone().unwrap(), signals.clone());
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                let mut count = 0;
                while !is_over.load(Ordering::Relaxed) {
                    for signal in &signals {
                        // Refused where too many are queued, and when it has ended.
                        count += u64::from(send(&target, *signal) == 0);
                        if !pause.is_zero() {
                            thread::sleep(pause);
                        }
                    }
                }
                count
            })
        };
        let threads = (0..threads).map(start).collect();
        Self { is_over, threads }
    }

    /// Every signal that does not kill or stop from outside, but these.
    fn of_all_but(pid: c_int, but: &[c_int]) -> Self {
        let signals = (1..=SIGNALS).filter(|it| ![SIGKILL, SIGSTOP].contains(it));
        Self::new(pid, signals.filter(|it| !but.contains(it)), 2, Duration::ZERO)
    }

    /// Ends it; how many signals were sent.
    fn end(mut self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.threads.drain(..).map(|it| it.join().unwrap()).sum()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// With every signal ignored that can be, but SIGCHLD and these.
fn ignoring_all_but(init: Init, but: &[c_int]) -> Init {
    let never = [SIGKILL, SIGSTOP, SIGCHLD];
    let ignored: Vec<_> =
        (1..=SIGNALS).filter(|it| !never.contains(it) && !but.contains(it)).collect();
    init.ignoring(ignored)
}

#[test]
fn in_a_flood_of_all_signals_from_the_start_a_term_is_not_lost() {
    for pid_1 in BOTH {
        let init = ignoring_all_but(Init::new(["sleep", "1000"]).pid_1_if(pid_1), &[SIGTERM]);
        // The flood begins when those that would end the process are ignored, right before the exec.
        let (prepared, prepares) = pipe();
        let newborn = init
            .setup(move || {
                // SAFETY: a byte.
                check(unsafe { libc::write(prepares.as_raw_fd(), b"!".as_ptr().cast(), 1) } as c_int)
            })
            .conceive();
        let pid = newborn.running.pid();
        let flood = thread::spawn(move || {
            File::from(prepared).read_exact(&mut [0]).unwrap();
            Flood::of_all_but(pid, &[SIGTERM])
        });
        let mut init = newborn.start();
        let flood = flood.join().unwrap();
        // Before its first system call the kernel drops what comes for PID 1, and others die of it.
        init.until_true("rinit to block all signals", |it| blocks_all(it.pid()));
        init.signal(SIGTERM);
        init.finish().assert_quiet(128 + SIGTERM);
        println!("{} signals, PID 1: {pid_1}", flood.end());
    }
}

/// A sibling in a session of its own, which only a drain reaches: it says so, and ends.
const SAVER: &str =
    "setsid sh -c \"trap 'echo saved; exit' TERM; echo up; while :; do sleep 0.1; done\" & ";

/// Has the drain reached whom it was to reach?
fn assert_drained(init: Running, pid_1: bool) {
    let outcome = init.finish();
    // The shells have a word to say of those that were ended.
    assert!(outcome.code() == Some(7) && !outcome.errors().contains("rinit"), "{outcome:?}");
    // Another session is none of rinit's where it is not PID 1.
    assert_eq!(outcome.text().contains("saved"), pid_1, "{outcome:?}");
}

#[test]
fn in_a_flood_of_all_signals_the_program_ends_and_so_does_the_drain() {
    for pid_1 in BOTH {
        let grace = if pid_1 { "60" } else { "0.3" };
        let script = format!("{SAVER} trap '' TERM; read line; exit 7");
        let init = Init::new(["-t", grace, "sh", "-c", &script]).stream(0, Stream::Pipe);
        let mut init = ignoring_all_but(init.pid_1_if(pid_1), &[SIGTERM]).start();
        init.until("up\n");
        let flood = Flood::of_all_but(init.pid(), &[SIGTERM]);
        init.input("\n");
        assert_drained(init, pid_1);
        println!("{} signals, PID 1: {pid_1}", flood.end());
    }
}

#[test]
fn in_a_flood_of_all_64_from_within_nothing_is_lost_either() {
    // SIGKILL and SIGSTOP, too: the kernel keeps them from PID 1, by whoever is inside.
    let flood = "while :; do n=1; while [ $n -le 64 ]; do kill -$n 1; n=$((n + 1)); done; done";
    let flood = format!("({flood}) 2>&-");
    // Not before the sibling has left the group, which hears of all of it.
    let script = format!("{SAVER} trap '' TERM; read go; {flood} & {flood} & read line; exit 7");
    let init = Init::new(["-t", "2", "bash", "-c", &script]).stream(0, Stream::Pipe).pid_1();
    let mut init = ignoring_all_but(init, &[SIGTERM]).start();
    init.until("up\n");
    init.input("\n");
    thread::sleep(Duration::from_millis(200));
    init.input("\n");
    assert_drained(init, true);
}

/// rinit under strace, which sends it SIGHUP each time it is about to wait for a signal.
fn with_endless_hup(words: &[&str]) -> Option<Init> {
    let strace = tool("strace", "apt-get install strace")?;
    let options = ["-qq", "-o", "/dev/null", "-e", "inject=rt_sigtimedwait:signal=HUP"];
    Some(Init::new(options).args([rinit()]).args(words).program(strace))
}

#[test]
fn an_endless_flood_of_one_signal_keeps_no_other_from_being_heard() {
    let deaf = |words: &[&str]| Some(with_endless_hup(words)?.ignoring([SIGHUP, SIGPIPE]));
    let Some(init) = deaf(&["sh", "-c", "echo ready; exec sleep 1000"]) else { return };
    let mut init = init.start();
    init.until("ready\n");
    let (rinit, code) = (children(init.pid())[0], 128 + SIGTERM);
    send(rinit, SIGTERM);
    assert_eq!(init.finish().code(), Some(code));
    // Nor from hearing that the program has ended, nor the time.
    let script = "trap '' TERM; sleep 1000 & exit 7";
    for grace in ["0.2", "0"] {
        let outcome = deaf(&["-t", grace, "sh", "-c", script]).unwrap().finish();
        assert_eq!(outcome.code(), Some(7), "{outcome:?}");
    }
    // Nor a pause from ending.
    let init = with_endless_hup(&["--pause"]).unwrap().start();
    thread::sleep(Duration::from_millis(300));
    send(children(init.pid())[0], SIGTERM);
    assert_eq!(init.finish().code(), Some(0));
}

// Who stops rinit itself.

#[test]
fn stopped_and_continued_all_its_life_it_loses_nothing() {
    for pid_1 in BOTH {
        let script = "trap 'exit 7' USR1; echo ready; sleep 1000 & while :; do wait $!; done";
        let init = Init::new(["-t", "0.2", "bash", "-c", script]).pid_1_if(pid_1);
        let newborn = ignoring_all_but(init, &[SIGUSR1, SIGCONT]).conceive();
        let both = [SIGSTOP, SIGCONT].into_iter();
        let flood = Flood::new(newborn.running.pid(), both, 1, Duration::from_micros(500));
        let mut init = newborn.start();
        init.until("ready\n");
        thread::sleep(Duration::from_millis(200));
        init.signal(SIGUSR1);
        init.finish().assert_quiet(7);
        println!("{} signals, PID 1: {pid_1}", flood.end());
    }
}

fn stop(init: &mut Running) {
    init.signal(SIGSTOP);
    let pid = init.pid();
    init.until_true("rinit to stop", |_| status_field(pid, "State").starts_with('T'));
}

#[test]
fn what_comes_while_it_is_stopped_waits_for_it() {
    for pid_1 in BOTH {
        for options in [&[][..], &["-d", "0.1"]] {
            let init = Init::new(options).probe(["signals", "15"]).pid_1_if(pid_1);
            let mut init = init.start();
            init.until("ready\n");
            until_settled(&mut init);
            stop(&mut init);
            init.signal(SIGTERM);
            init.signal(SIGCONT);
            let outcome = init.finish();
            outcome.assert_quiet(0);
            assert!(outcome.text().contains("got 15 "), "{outcome:?}");
        }
    }
}

#[test]
fn stopped_for_longer_than_the_grace_it_still_reaps_whom_it_kills() {
    // What it kills is not gone at once. It stays for a moment to reap, but not for ever: so a
    // machine under load may be too slow, now and then.
    let says_who_ended = || {
        let init = Init::new(["-vv", "-t", "0.2"]).probe(["leave", "7", "stubborn"]);
        let mut init = init.stream(0, Stream::Pipe).start();
        init.until("ready\n");
        init.input("\n");
        init.until("got 15");
        stop(&mut init);
        thread::sleep(Duration::from_millis(500));
        init.signal(SIGCONT);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(7), "{outcome:?}");
        let errors = outcome.errors();
        assert!(errors.contains("SIGKILL to group"), "{outcome:?}");
        errors.lines().any(|it| it.contains("orphan") && it.contains("SIGKILL"))
    };
    assert!((0..5).any(|_| says_who_ended()), "it never waits for those it has killed");
}

// Who looks over its shoulder.

/// A tracer at work, which lets go when this is dropped.
struct Tracer(Child);

impl Tracer {
    fn new(strace: &std::path::Path, pid: c_int) -> Self {
        let number = pid.to_string();
        let arguments = ["-qq", "-f", "-o", "/dev/null", "-p", &number];
        let child = Command::new(strace).args(arguments).stderr(Stdio::null()).spawn().unwrap();
        while status_field(pid, "TracerPid") == "0" {
            thread::sleep(Duration::from_millis(5));
        }
        Self(child)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn traced_by_strace_rinit_and_the_program_go_on() {
    let Some(strace) = tool("strace", "apt-get install strace") else { return };
    for pid_1 in BOTH {
        for traces_rinit in BOTH {
            for tracer_stays in BOTH {
                let init = Init::new(NONE).probe(["orphans", "20"]).stream(0, Stream::Pipe);
                let mut init = init.pid_1_if(pid_1).start();
                init.until("ready\n");
                let target = if traces_rinit { init.pid() } else { children(init.pid())[0] };
                let tracer = Tracer::new(&strace, target);
                let tracer = if tracer_stays { Some(tracer) } else { None };
                init.end_input();
                init.until_true("rinit to reap", |it| children(it.pid()).len() == 1);
                init.signal(SIGTERM);
                init.finish().assert_quiet(7);
                drop(tracer);
            }
        }
    }
}

#[test]
fn held_by_gdb_rinit_and_the_program_go_on_afterwards() {
    let Some(gdb) = tool("gdb", "apt-get install gdb") else { return };
    for pid_1 in BOTH {
        for traces_rinit in BOTH {
            let mut init = Init::new(NONE).probe(["orphans", "1"]).pid_1_if(pid_1).start();
            init.until("ready\n");
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            let program = children(init.pid())[0];
            let target = if traces_rinit { init.pid() } else { program };
            // While it is held, a signal arrives.
            let term = format!("shell kill -TERM {}", init.pid());
            let number = target.to_string();
            let arguments = ["-nx", "-batch", "-p", &number, "-ex", &term, "-ex", "detach"];
            let output = Command::new(&gdb).args(arguments).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("detached"), "{output:?}");
            init.finish().assert_quiet(7);
        }
    }
}

#[test]
fn a_program_that_lets_its_parent_trace_it_wakes_nobody_in_vain() {
    // ptrace(2), PTRACE_TRACEME: rinit is told of each signal, and has nothing to say to that.
    for pid_1 in BOTH {
        for signal in [SIGUSR1, libc::SIGTSTP, libc::SIGTTIN] {
            let words = ["traced", &signal.to_string()];
            let mut init = Init::new(NONE).probe(words).pid_1_if(pid_1).start();
            init.until("ready\n");
            let program = children(init.pid())[0];
            init.until_true("the program to stop", |_| {
                status_field(program, "State").starts_with('t')
            });
            until_settled(&mut init);
            let before = sleeps(init.pid());
            thread::sleep(Duration::from_millis(200));
            assert_eq!(sleeps(init.pid()), before, "it spins over a program that is traced");
            send(program, SIGKILL);
            init.finish().assert_quiet(128 + SIGKILL);
        }
    }
}

#[test]
fn a_program_in_a_user_namespace_of_its_own_is_served_like_any_other() {
    let Some(unshare) = tool("unshare", "apt-get install util-linux") else { return };
    for pid_1 in BOTH {
        let init = Init::new([unshare.as_os_str()]).args(["--user", "--map-root-user"]);
        let mut init =
            init.probe(["orphans", "20"]).stream(0, Stream::Pipe).pid_1_if(pid_1).start();
        init.until("ready\n");
        init.end_input();
        init.until_true("the orphans to be gone", |it| children(it.pid()).len() == 1);
        init.signal(SIGTERM);
        init.finish().assert_quiet(7);
    }
}

// Time.

/// What strace sees of rinit itself in a life in which a signal is held, passed on and refused, an
/// orphan reaped, a sibling asked to end and killed: a system call a line.
fn trace_of_a_life() -> Option<Vec<String>> {
    let strace = tool("strace", "apt-get install strace")?;
    let folder = Folder::new();
    let log = folder.join("log");
    let script = "trap '' TERM INT; (trap '' TERM; exec sleep 1000) & (sh -c : &)
        kill -USR2 $PPID; kill -INT $PPID; kill -TERM $PPID; wait %2; exit 7";
    let words = ["-vv", "-d", "0.1", "-t", "0.1", "-r", "USR2:0", "/bin/sh", "-c", script];
    let options = ["-qq", "-e", "signal=none", "-o", log.to_str()?];
    let outcome = Init::new(options).args([rinit()]).args(words).program(strace).finish();
    assert_eq!(outcome.code(), Some(7), "{outcome:?}");
    Some(fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn it_asks_for_no_time_that_somebody_can_set() {
    let Some(calls) = trace_of_a_life() else { return };
    let asks: Vec<_> =
        calls.iter().filter(|it| it.contains("time(") || it.contains("timer")).collect();
    assert!(asks.iter().any(|it| it.starts_with("clock_gettime(")), "it never asks: {calls:#?}");
    for ask in asks {
        assert!(ask.starts_with("clock_gettime(CLOCK_MONOTONIC, "), "{ask}");
    }
}

#[test]
fn once_the_program_runs_it_takes_in_nothing_but_signals_and_the_ends_of_children() {
    let Some(calls) = trace_of_a_life() else { return };
    let start = calls.iter().position(|it| it.starts_with("vfork(")).unwrap();
    // What comes in; the time; what goes out; what it lets go of. Of the terminal it asks who holds
    // it, and of stderr whether there is room.
    let expected = [
        ["rt_sigtimedwait(", "wait4(", "waitid(", "clock_gettime("],
        ["kill(", "write(2, ", "poll(", "ppoll("],
        ["chdir(\"/\")", "close_range(3, ", "madvise(", "exit_group(7)"],
    ];
    for call in &calls[start + 1..] {
        let is_expected = expected.as_flattened().iter().any(|it| call.starts_with(it));
        assert!(is_expected || call.starts_with("ioctl("), "{call}");
    }
}

#[test]
fn a_clock_that_began_elsewhere_changes_no_time() {
    let Some(unshare) = tool("unshare", "apt-get install util-linux") else { return };
    if !common::is_root() {
        return common::skip("it takes root to make a time namespace with an offset");
    }
    for offset in ["0", "1000000000"] {
        let words = ["--time", "--fork", "--monotonic", offset, "--boottime", offset];
        let init = Init::new(words).args([rinit()]).args(["-t", "0.3"]).program(&unshare);
        let mut init = init.probe(["leave", "7", "stubborn"]).stream(0, Stream::Pipe).start();
        init.until("ready\n");
        init.input("\n");
        // The sibling is asked, and killed when the grace is over.
        init.until("got 15");
        assert_eq!(init.finish().code(), Some(7));
    }
}
