//! rinit without a program: `-P`, the sandbox process of a pod, and `--sleep`, for hooks in images
//! that have no `sleep` (contract: Command line).

mod common;

use std::io;
use std::time::{Duration, Instant};

use libc::{SIGCHLD, SIGINT, SIGKILL, SIGSTOP, SIGTERM, c_int};

use common::parent::{Parent, fork, stay};
use common::watch::{sleeps, timeout, until_other_settled, until_settled};
use common::{Folder, Init, Running, SIGNALS, Stream, check, children, rinit, send, status_field};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const PAUSE: [&str; 2] = ["-P", "--pause"];

/// Every signal that neither ends nor stops it and is nothing of its own.
fn others() -> impl Iterator<Item = c_int> {
    (1..=SIGNALS).filter(|it| ![SIGTERM, SIGINT, SIGKILL, SIGSTOP, SIGCHLD].contains(it))
}

// -P.

#[test]
fn a_pause_ends_on_term_and_int_with_0() {
    for pid_1 in BOTH {
        for (option, signal) in
            [("-P", SIGTERM), ("--pause", SIGTERM), ("-P", SIGINT), ("-vP", SIGINT)]
        {
            let mut init = Init::new([option]).pid_1_if(pid_1).start();
            until_settled(&mut init);
            init.signal(signal);
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(0), "{outcome:?}");
            assert_eq!(outcome.text(), "");
        }
    }
}

#[test]
fn a_pause_says_nothing() {
    let mut init = Init::new(["-P"]).pid_1().start();
    until_settled(&mut init);
    init.signal(SIGTERM);
    init.finish().assert_quiet(0);
}

#[test]
fn a_pause_outlasts_every_other_signal_without_a_timer() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-P"]).pid_1_if(pid_1).start();
        until_settled(&mut init);
        for signal in others().chain([SIGCHLD]) {
            init.signal(signal);
        }
        assert_eq!(timeout(&mut init), None);
        init.signal(SIGTERM);
        init.finish().assert_quiet(0);
    }
}

#[test]
fn no_signal_to_a_pause_is_lost_however_early_it_comes() {
    for signal in [SIGTERM, SIGINT] {
        Init::new(["-P"])
            .pid_1()
            .blocking(u64::MAX)
            // SAFETY: it takes numbers.
            .setup(move || check(unsafe { libc::kill(libc::getpid(), signal) }))
            .finish()
            .assert_quiet(0);
    }
}

/// What becomes rinit leaves a child that has an orphan to be, as a container's other processes do.
/// The orphan ends with stdin; the child at once.
fn leave_an_orphan() -> io::Result<()> {
    if fork()? == 0 {
        if fork()? == 0 {
            wait_for_the_end_of_stdin();
        }
        end();
    }
    Ok(())
}

fn wait_for_the_end_of_stdin() {
    let mut byte = 0_u8;
    // SAFETY: numbers, and room for a byte.
    unsafe {
        // What the test has open, the other end of stdin among it.
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        while libc::read(0, (&raw mut byte).cast(), 1) > 0 {}
    }
}

fn end() -> ! {
    // SAFETY: it takes a number.
    unsafe { libc::_exit(0) }
}

fn orphaning(options: &[&str]) -> Init {
    Init::new(options).stream(0, Stream::Pipe).setup(leave_an_orphan)
}

#[test]
fn a_pause_reaps() {
    for option in PAUSE {
        let mut init = orphaning(&[option]).pid_1().start();
        until_settled(&mut init);
        init.end_input();
        init.until_true("the orphan to be reaped", |init| init.children().is_empty());
        init.signal(SIGTERM);
        init.finish().assert_quiet(0);
    }
}

#[test]
fn a_pause_adopts_orphans_and_reaps_them() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-P"])
            .pid_1_if(pid_1)
            .stream(0, Stream::Pipe)
            .setup(|| {
                if fork()? == 0 {
                    if fork()? == 0 {
                        stay();
                    }
                    wait_for_the_end_of_stdin();
                    end();
                }
                Ok(())
            })
            .start();
        until_settled(&mut init);
        let child = init.children()[0];
        init.until_true("the grandchild", |_| !children(child).is_empty());
        let grandchild = children(child)[0];
        init.end_input();
        init.until_true("the adoption", |init| init.children() == [grandchild]);
        send(grandchild, SIGKILL);
        init.until_true("the orphan to be reaped", |init| init.children().is_empty());
        init.signal(SIGTERM);
        init.finish().assert_quiet(0);
    }
}

#[test]
fn a_pause_reaps_what_ended_before_it_began() {
    // Of a child that ended before SIGCHLD was blocked no signal comes.
    for pid_1 in BOTH {
        let mut init = Init::new(["-P"])
            .pid_1_if(pid_1)
            .setup(|| {
                let child = fork()?;
                if child == 0 {
                    end();
                }
                // SAFETY: no room for anything is asked for.
                check(unsafe {
                    let nobody = std::ptr::null_mut::<libc::siginfo_t>();
                    let how = libc::WEXITED | libc::WNOWAIT;
                    libc::waitid(libc::P_PID, child as libc::id_t, nobody, how)
                })
            })
            .start();
        init.until_true("the child to be reaped", |init| init.children().is_empty());
        init.signal(SIGTERM);
        init.finish().assert_quiet(0);
    }
}

#[test]
fn a_pause_reaps_also_where_sigchld_was_ignored_or_blocked() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-P"])
            .pid_1_if(pid_1)
            .stream(0, Stream::Pipe)
            .ignoring([SIGCHLD])
            .blocking(u64::MAX)
            .setup(|| {
                if fork()? == 0 {
                    wait_for_the_end_of_stdin();
                    end();
                }
                Ok(())
            })
            .start();
        until_settled(&mut init);
        assert_eq!(init.children().len(), 1);
        init.end_input();
        init.until_true("the child to be reaped", |init| init.children().is_empty());
        init.signal(SIGTERM);
        init.finish().assert_quiet(0);
    }
}

#[test]
fn a_pause_says_which_orphans_it_reaped_where_that_is_asked_for() {
    for (options, variable) in [(&["-P", "-w"][..], None), (&["-Pw"], None), (&["-P"], Some("1"))] {
        let mut init = orphaning(options).pid_1();
        if let Some(value) = variable {
            init = init.env("RINIT_WARN_REAPED", value);
        }
        let mut init = init.start();
        until_settled(&mut init);
        init.end_input();
        init.until_true("the orphan to be reaped", |init| init.children().is_empty());
        init.signal(SIGTERM);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert!(outcome.errors().contains("orphan"), "{options:?}: {outcome:?}");
    }
}

#[test]
fn a_verbose_pause_says_what_happens() {
    let mut init = Init::new(["-P", "-v"]).pid_1().start();
    until_settled(&mut init);
    init.signal(SIGTERM);
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(outcome.errors().contains("SIGTERM"), "{outcome:?}");
}

#[test]
fn a_pause_ends_with_its_parent_where_that_is_asked_for() {
    for signal in ["TERM", "INT"] {
        for parent in [Parent::Mortal, Parent::MortalOfAnInit] {
            let mut init = parent.start(Init::new(["-P", "-p", signal]));
            let rinit = parent.rinit(&init);
            until_other_settled(&mut init, rinit);
            send(init.children()[0], SIGKILL);
            init.until_true("rinit's end", |_| has_ended(rinit));
        }
    }
}

/// Is it gone, or a zombie that nobody has reaped?
fn has_ended(pid: c_int) -> bool {
    let state = status_field(pid, "State");
    state.is_empty() || state.starts_with(['Z', 'X'])
}

#[test]
fn a_pause_starts_anywhere_and_needs_nothing() {
    let folder = Folder::new();
    folder.copy("init", rinit());
    let path = std::ffi::CString::new(folder.path().to_str().unwrap()).unwrap();
    let closed = || Stream::Closed;
    let mut init = Init::new(["-P"])
        .program("/init")
        .stream(0, closed())
        .stream(1, closed())
        .stream(2, closed())
        .pid_1()
        // SAFETY: a C string.
        .setup(move || check(unsafe { libc::chroot(path.as_ptr()) }))
        .start();
    until_settled(&mut init);
    init.signal(SIGTERM);
    assert_eq!(init.finish().code(), Some(0));
}

// --sleep.

fn asleep(seconds: &str, pid_1: bool) -> Running {
    let mut init = Init::new(["--sleep", seconds]).pid_1_if(pid_1).start();
    until_settled(&mut init);
    init
}

#[test]
fn a_sleep_lasts_as_long_as_was_said_and_ends_with_0() {
    for (words, least) in [
        (&["--sleep", "0.3"][..], 300),
        (&["--sleep=.3"], 300),
        (&["--sleep", "1"], 1000),
        (&["--sleep=1.05"], 1050),
        (&["--sleep", "0"], 0),
        (&["--sleep=0.0"], 0),
        (&["--sleep", "0.000000001"], 0),
    ] {
        for pid_1 in BOTH {
            let start = Instant::now();
            Init::new(words).pid_1_if(pid_1).finish().assert_quiet(0);
            assert!(start.elapsed() >= Duration::from_millis(least), "{words:?}");
        }
    }
}

#[test]
fn a_sleep_means_the_seconds_it_was_given() {
    for (word, seconds) in [("100", 100.0), ("86400", 86_400.0), ("0300000.25", 300_000.25)] {
        let mut init = asleep(word, false);
        let left = timeout(&mut init).unwrap().as_secs_f64();
        assert!(left <= seconds && left > seconds - 90.0, "{left} of {word}");
    }
}

#[test]
fn a_sleep_ends_on_term_and_int_with_128_plus_n() {
    for pid_1 in BOTH {
        for signal in [SIGTERM, SIGINT] {
            let init = asleep("100000", pid_1);
            init.signal(signal);
            init.finish().assert_quiet(128 + signal);
        }
    }
}

#[test]
fn no_signal_to_a_sleep_is_lost_however_early_it_comes() {
    Init::new(["--sleep", "100000"])
        .blocking(u64::MAX)
        // SAFETY: it takes numbers.
        .setup(|| check(unsafe { libc::kill(libc::getpid(), SIGTERM) }))
        .finish()
        .assert_quiet(128 + SIGTERM);
}

#[test]
fn other_signals_do_not_shorten_a_sleep_and_do_not_lengthen_it() {
    for pid_1 in BOTH {
        let mut init = asleep("100000", pid_1);
        let before = timeout(&mut init).unwrap();
        for signal in others().chain([SIGCHLD]) {
            init.signal(signal);
        }
        let after = timeout(&mut init).unwrap();
        assert!(after < before, "{after:?} left, and {before:?} before");
        assert!(after > before / 2, "{after:?} left, and {before:?} before");
        init.signal(SIGTERM);
        init.finish().assert_quiet(128 + SIGTERM);
    }
}

#[test]
fn a_sleep_wakes_once() {
    // Beneath a parent that does not reap it: its account stays open after its end.
    let mut init = Parent::Kept.start(Init::new(["--sleep", "1.2"]));
    let rinit = Parent::Kept.rinit(&init);
    init.until_true("its end", |_| has_ended(rinit));
    // Once for the sleep; and at its end, where it is not waited for.
    assert!(sleeps(rinit) <= 3, "it slept {} times", sleeps(rinit));
}

#[test]
fn the_code_of_a_sleep_is_remapped_as_any() {
    let mut init = Init::new(["--sleep", "100000", "-e", "143"]).start();
    until_settled(&mut init);
    init.signal(SIGTERM);
    init.finish().assert_quiet(0);
}

#[test]
fn a_sleep_ends_with_its_parent_where_that_is_asked_for() {
    let mut init = Parent::Mortal.start(Init::new(["--sleep", "100000", "-p", "TERM"]));
    let rinit = Parent::Mortal.rinit(&init);
    until_other_settled(&mut init, rinit);
    send(init.children()[0], SIGKILL);
    init.until_true("rinit's end", |_| has_ended(rinit));
}

#[test]
fn children_of_whoever_became_the_sleep_are_reaped() {
    let mut init = Init::new(["--sleep", "100000"])
        .stream(0, Stream::Pipe)
        .setup(leave_an_orphan)
        .pid_1()
        .start();
    until_settled(&mut init);
    init.end_input();
    init.until_true("the orphan to be reaped", |init| children(init.pid()).is_empty());
    init.signal(SIGINT);
    init.finish().assert_quiet(128 + SIGINT);
}
