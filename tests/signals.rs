//! Which signals reach whom while the program runs (contract: While it runs).

mod common;

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};

use common::{
    Folder, Init, Running, SIGNALS, Stream, check, children, is_idle, is_root, pipe, probe, send,
    skip, status_field,
};
use libc::{
    SIGCHLD, SIGCONT, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGXFSZ,
    c_int,
};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

/// The last signal: what tests send to say that nothing more will come. rinit takes the pending
/// signal of the lowest number first, so whatever was sent before it is passed on before it.
const LAST: c_int = SIGNALS;

/// The probe that hears signals until the last.
const HEAR: [&str; 2] = ["signals", "64"];

fn forwarded() -> impl Iterator<Item = c_int> {
    (1..=SIGNALS).filter(|it| ![SIGCHLD, SIGKILL, SIGSTOP].contains(it))
}

#[test]
fn every_signal_reaches_the_program() {
    for pid_1 in BOTH {
        for options in [&[][..], &["-g"], &["--group"], &["-v"]] {
            let mut init = Init::new(options).probe(HEAR).pid_1_if(pid_1).start();
            init.until("ready\n");
            for signal in forwarded() {
                init.signal(signal);
                init.until(&format!("got {signal} from"));
            }
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(0), "{outcome:?}");
            // One each, and nothing else.
            assert_eq!(outcome.text().lines().count(), 1 + forwarded().count(), "{outcome:?}");
        }
    }
}

#[test]
fn sigchld_is_not_passed_on() {
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(HEAR).pid_1_if(pid_1).start();
        init.until("ready\n");
        for signal in [SIGCHLD, SIGUSR1, SIGCHLD, LAST] {
            init.signal(signal);
        }
        let outcome = init.finish();
        outcome.assert_quiet(0);
        assert!(!outcome.text().contains("got 17 "), "{outcome:?}");
    }
}

#[test]
fn a_signal_reaches_everybody_in_the_programs_group() {
    for pid_1 in BOTH {
        let mut init = Init::new(NONE)
            .probe(["leave", "7", "leave", "8", "signals", "64"])
            .stream(0, Stream::Pipe)
            .ignoring([LAST])
            .pid_1_if(pid_1)
            .start();
        // A shell's group is the same: see real_programs.rs for a pipeline.
        init.until("ready\n");
        init.signal(SIGWINCH);
        init.until(&format!("got {SIGWINCH} from"));
        init.signal(LAST);
        init.until("got 64 from");
        init.input("\n\n");
        let code = init.finish().code().unwrap();
        assert_eq!(code, 7, "the program lives on, having ignored it");
    }
}

#[test]
fn a_signal_does_not_reach_another_group() {
    for pid_1 in BOTH {
        for modifier in ["group", "session"] {
            let mut init = Init::new(["-t", "0"])
                .probe(["leave", "7", modifier, "signals"])
                .stream(0, Stream::Pipe)
                .pid_1_if(pid_1)
                .start();
            init.until("ready\n");
            // Ignored by default: the program lives on.
            init.signal(SIGWINCH);
            // To the sibling directly, after rinit has heard the other.
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            let sibling = children(children(init.pid())[0])[0];
            send(sibling, LAST);
            let text = init.until("got 64 from");
            assert!(!text.contains(&format!("got {SIGWINCH} ")), "{text}");
            init.input("\n");
            init.finish().assert_quiet(7);
        }
    }
}

#[test]
fn a_signal_from_within_the_container_is_passed_on() {
    for pid_1 in BOTH {
        let hear = probe::shell("signals 13");
        let script = format!("trap '' PIPE; {hear} & read line; kill -PIPE $PPID; wait; exit 7");
        let init = Init::new(["sh", "-c", &script]).stream(0, Stream::Pipe).pid_1_if(pid_1);
        let mut init = init.start();
        init.until("ready\n");
        init.input("\n");
        let outcome = init.finish();
        outcome.assert_quiet(7);
        assert!(outcome.text().contains(&format!("got {SIGPIPE} from")), "{outcome:?}");
    }
}

// What rinit causes itself.

#[test]
fn its_own_sigpipe_is_not_passed_on() {
    for pid_1 in BOTH {
        let (reader, writer) = pipe();
        drop(reader);
        let init = Init::new(["-vv"]).probe(HEAR).stream(2, Stream::Is(writer));
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready\n");
        for signal in [SIGUSR1, SIGUSR2] {
            init.signal(signal);
            init.until(&format!("got {signal} from"));
        }
        init.signal(LAST);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert!(!outcome.text().contains(&format!("got {SIGPIPE} ")), "{outcome:?}");
    }
}

#[test]
fn its_own_sigxfsz_is_not_passed_on() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let log = File::create(folder.join("log")).unwrap();
        let init = Init::new(["-vv"]).probe(HEAR).stream(2, Stream::Is(log.into())).setup(|| {
            // No file may grow: a write gets SIGXFSZ (setrlimit(2)).
            let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: a limit that is there.
            check(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) })
        });
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready\n");
        init.signal(SIGUSR1);
        init.until(&format!("got {SIGUSR1} from"));
        init.signal(LAST);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert!(!outcome.text().contains(&format!("got {SIGXFSZ} ")), "{outcome:?}");
    }
}

#[test]
fn a_full_stderr_holds_nothing_up() {
    for pid_1 in BOTH {
        let (reader, writer) = pipe();
        fill(&writer);
        let init = Init::new(["-vv"]).probe(HEAR).stream(2, Stream::Is(writer));
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready\n");
        for signal in [SIGUSR1, SIGUSR2, LAST] {
            init.signal(signal);
            init.until(&format!("got {signal} from"));
        }
        assert_eq!(init.finish().code(), Some(0));
        let (reader2, writer) = pipe();
        fill(&writer);
        let init = Init::new(["/not/there"]).stream(2, Stream::Is(writer)).pid_1_if(pid_1);
        assert_eq!(init.finish().code(), Some(127));
        drop((reader, reader2));
    }
}

/// Fills a pipe to the brim.
fn fill(pipe: &OwnedFd) {
    let bytes = [b'x'; 4096];
    // SAFETY: the bytes are there. Afterwards the pipe is as it was: a write blocks.
    unsafe {
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
        while libc::write(pipe.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) > 0 {}
        while libc::write(pipe.as_raw_fd(), bytes.as_ptr().cast(), 1) > 0 {}
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, 0);
    }
}

// Forwards that fail.

/// Without CAP_KILL root is, to other users' processes, anybody.
fn without_kill(init: Init) -> Init {
    // SAFETY: it takes numbers.
    init.setup(|| {
        // SAFETY: it takes numbers.
        check(unsafe {
            libc::prctl(libc::PR_CAPBSET_DROP, 5 /* CAP_KILL */, 0, 0, 0)
        })
    })
}

#[test]
fn a_refused_forward_does_not_end_rinit() {
    if !is_root() {
        return skip("it takes root to run a program as another user");
    }
    for pid_1 in BOTH {
        for verbose in [false, true] {
            let options = if verbose { vec!["-v"] } else { vec![] };
            let init = Init::new(options).probe(["as", "65534", "signals", "64"]).pid_1_if(pid_1);
            let mut init = without_kill(init).start();
            init.until("ready\n");
            for signal in [SIGTERM, SIGUSR1, SIGTERM] {
                init.signal(signal);
            }
            if verbose {
                init.until_error("SIGUSR1 to group");
            }
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            send(children(init.pid())[0], LAST);
            let outcome = init.finish();
            assert_eq!((outcome.code(), outcome.text().lines().count()), (Some(0), 2));
            assert!(verbose || outcome.stderr.is_empty(), "{outcome:?}");
        }
    }
}

#[test]
fn a_refused_drain_does_not_keep_rinit_or_the_code() {
    if !is_root() {
        return skip("it takes root to run a program as another user");
    }
    for pid_1 in BOTH {
        let words = ["leave", "7", "as", "65534", "stubborn"];
        let init = Init::new(["-t", "0.3"]).probe(words).pid_1_if(pid_1);
        let mut init = without_kill(init).stream(0, Stream::Pipe).start();
        init.until("ready\n");
        init.input("\n");
        let outcome = init.finish();
        outcome.assert_quiet(7);
        // A SIGCONT is allowed within a session, whoever sends it (kill(2)).
        assert!(!outcome.text().contains("got 15"), "{outcome:?}");
    }
}

#[test]
fn a_forward_to_a_group_that_is_empty_does_not_end_rinit() {
    for pid_1 in BOTH {
        for verbose in [false, true] {
            let options = if verbose { vec!["-v"] } else { vec![] };
            let init = Init::new(options).probe(["move"]).stream(0, Stream::Pipe);
            let mut init = init.pid_1_if(pid_1).start();
            init.until("ready\n");
            init.signal(SIGUSR1);
            init.signal(SIGTERM);
            if verbose {
                init.until_error("SIGUSR1 to group");
            }
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            init.input("\n\n");
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(7), "{outcome:?}");
            assert!(verbose || outcome.stderr.is_empty(), "{outcome:?}");
        }
    }
}

// Stopped programs.

#[test]
fn a_stopped_program_stays_stopped_until_it_is_continued() {
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(HEAR).pid_1_if(pid_1).start();
        init.until("ready\n");
        let program = children(init.pid())[0];
        send(program, SIGSTOP);
        until_stopped(&mut init, program);
        init.signal(SIGUSR1);
        init.until_true("the signal to wait for the program", |_| {
            status_field(program, "ShdPnd") == format!("{:016x}", 1 << (SIGUSR1 - 1))
        });
        assert!(status_field(program, "State").starts_with('T'), "rinit has continued it");
        // Passed on like any other.
        init.signal(SIGCONT);
        init.until("got 18 from");
        init.signal(LAST);
        let outcome = init.finish();
        outcome.assert_quiet(0);
        assert!(outcome.text().contains("got 10 from"), "{outcome:?}");
    }
}

fn until_stopped(init: &mut Running, pid: c_int) {
    init.until_true("it to stop", |_| status_field(pid, "State").starts_with('T'));
}

// Many at once.

#[test]
fn thousands_of_orphans_are_reaped() {
    for pid_1 in BOTH {
        let init = Init::new(NONE).probe(["orphans", "2000"]).stream(0, Stream::Pipe);
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready\n");
        assert_eq!(children(init.pid()).len(), 2001, "they are rinit's by now");
        init.end_input();
        init.until_true("rinit to reap them", |it| children(it.pid()).len() == 1);
        init.signal(SIGTERM);
        init.finish().assert_quiet(7);
    }
}

#[test]
fn a_storm_of_forks_leaves_no_zombie_and_the_code() {
    for pid_1 in BOTH {
        Init::new(NONE).probe(["forks", "2000"]).pid_1_if(pid_1).finish().assert_quiet(7);
    }
}

#[test]
fn in_a_storm_of_signals_every_one_that_the_kernel_queues_arrives() {
    // Real-time signals queue, so each counts (signal(7)).
    let count = 1000;
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(HEAR).pid_1_if(pid_1).start();
        init.until("ready\n");
        for number in 0..count {
            init.signal(34 + number % 8);
        }
        init.signal(LAST);
        let outcome = init.finish();
        outcome.assert_quiet(0);
        // Ready, and the last one.
        assert_eq!(outcome.text().lines().count(), count as usize + 2);
    }
}

#[test]
fn a_storm_of_signals_during_a_storm_of_forks_does_no_harm() {
    for pid_1 in BOTH {
        // The probe that forks has blocked them all.
        let init = Init::new(NONE).blocking(u64::MAX).probe(["forks", "1000"]).pid_1_if(pid_1);
        let init = init.start();
        let pid = init.pid();
        let is_alive = move || !status_field(pid, "State").starts_with('Z');
        while is_alive() {
            for signal in forwarded().filter(|it| *it < 32) {
                send(pid, signal);
            }
        }
        init.finish().assert_quiet(7);
    }
}

// Numbers that are somebody else's by now.

#[test]
fn a_recycled_group_is_never_signalled() {
    // rinit, not PID 1, drains: its program is gone, and a sibling in another session is still
    // there. A stranger gets the program's number, and makes a group of that number.
    let folder = Folder::new();
    let (rinit, me) = (common::rinit().display(), probe::path().display());
    let dir = folder.path().display();
    let script = format!(
        "'{rinit}' -t 100 '{me}' --probe leave 7 session signals 63 <&3 >'{dir}/sibling' & \
         init=$!; \
         read line; \
         echo $((init + 0)) > /proc/sys/kernel/ns_last_pid || echo refused; \
         '{me}' --probe session signals 64 & \
         echo stranger $! of rinit $init; \
         wait $init; echo code $?; wait"
    );
    let (program_input, mut input) = pipe();
    let mut top = Init::new(["-c", &script])
        .program("/bin/sh")
        .stream(0, Stream::Pipe)
        .setup(move || {
            // SAFETY: they take numbers.
            unsafe {
                check(libc::dup2(program_input.as_raw_fd(), 3))?;
                // A file that is 3 already would still be closed by the exec.
                check(libc::fcntl(3, libc::F_SETFD, 0))
            }
        })
        .start();
    let sibling_log = folder.join("sibling");
    let said = |text: &str| fs::read_to_string(&sibling_log).unwrap_or_default().contains(text);
    top.until_true("the sibling", |_| said("ready"));
    let init = children(top.pid())[0];
    let program = children(init)[0];
    let number = inner(program);
    write(&mut input, b"\n");
    top.until_true("the drain", |_| children(init).iter().all(|it| *it != program));
    top.input("\n");
    let text = top.until("ready\n");
    if text.contains("refused") {
        return skip("the kernel does not let it choose the next process id");
    }
    assert!(top.until("stranger").contains(&format!("stranger {number} ")), "{top:?}");
    // In the drain everything is for all who are left: the sibling is not in the group, the
    // stranger is none of rinit's.
    for signal in [SIGUSR1, SIGTERM] {
        send(init, signal);
        top.until_true("rinit to be idle", |_| is_idle(init));
    }
    let sibling = children(init)[0];
    send(sibling, 63);
    top.until("code 7");
    let stranger = children(top.pid())[0];
    send(stranger, LAST);
    let outcome = top.finish();
    assert_eq!(outcome.text().matches("got").count(), 1, "{outcome:?}");
}

/// A process's number in its own namespace.
fn inner(pid: c_int) -> c_int {
    status_field(pid, "NSpid").split_whitespace().last().unwrap().parse().unwrap()
}

fn write(file: &mut OwnedFd, bytes: &[u8]) {
    // SAFETY: the bytes are there.
    let count = unsafe { libc::write(file.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    assert_eq!(count, bytes.len() as isize);
}
