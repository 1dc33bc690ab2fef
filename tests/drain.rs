//! What becomes of the others when the program has ended (contract: When the program ends).

mod common;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use common::{Folder, HANG, Init, Running, Stream, children, probe, send, status_field};
use libc::{SIGSTOP, SIGUSR1, c_int};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

/// A grace period that no test waits out: what ends before it ended by itself.
const LONG: &str = "1000";

/// Starts a program that leaves with 7 at the next line of input, and a sibling that acts on these
/// words; both are there when this returns.
fn with_sibling(options: &[&str], words: &[&str], pid_1: bool) -> (Running, c_int) {
    let init = Init::new(options).probe(["leave", "7"]).args(words);
    let mut init = init.stream(0, Stream::Pipe).pid_1_if(pid_1).start();
    init.until("ready\n");
    let program = children(init.pid())[0];
    let sibling = children(program)[0];
    (init, sibling)
}

fn end_program(init: &mut Running) {
    init.input("\n");
}

fn exists(pid: c_int) -> bool {
    fs::exists(format!("/proc/{pid}")).unwrap()
}

#[test]
fn nobody_left_nothing_to_wait_for() {
    for pid_1 in BOTH {
        Init::new(["-t", LONG]).probe(["exit", "7"]).pid_1_if(pid_1).finish().assert_quiet(7);
    }
}

#[test]
fn a_sibling_is_asked_to_end_and_waited_for() {
    let cases: [(bool, &[&str]); 4] = [
        (true, &["signals", "15"]),
        (true, &["group", "signals", "15"]),
        (true, &["session", "signals", "15"]),
        (false, &["signals", "15"]),
    ];
    for (pid_1, words) in cases {
        let (mut init, _) = with_sibling(&["-t", LONG], words, pid_1);
        end_program(&mut init);
        let outcome = init.finish();
        outcome.assert_quiet(7);
        assert!(outcome.text().contains("got 15 from"), "{pid_1} {words:?}: {outcome:?}");
    }
}

#[test]
fn a_sibling_can_take_its_time_to_save_its_data() {
    // Saving takes a new process in a new session, and longer than its parent lives.
    let save = "setsid sh -c \"sleep 0.5; echo saved\" & exit";
    for pid_1 in BOTH {
        let script = format!(
            "(trap '{save}' TERM; echo ready; while :; do sleep 0.1; done) & read line; exit 7"
        );
        let init = Init::new(["-t", LONG, "sh", "-c", &script]).stream(0, Stream::Pipe);
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready\n");
        end_program(&mut init);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(7), "{outcome:?}");
        assert!(outcome.text().contains("saved"), "{outcome:?}");
    }
}

#[test]
fn a_stopped_sibling_is_continued_so_that_it_can_end() {
    for pid_1 in BOTH {
        for words in [&["signals", "15"][..], &["wait"]] {
            let (mut init, sibling) = with_sibling(&["-t", LONG], words, pid_1);
            send(sibling, SIGSTOP);
            init.until_true("it to stop", |_| status_field(sibling, "State").starts_with('T'));
            end_program(&mut init);
            init.finish().assert_quiet(7);
        }
    }
}

#[test]
fn hundreds_of_siblings_are_all_asked_and_reaped() {
    for pid_1 in BOTH {
        let hear = probe::shell("signals 15");
        let script =
            format!("i=0; while [ $i -lt 200 ]; do {hear} & i=$((i + 1)); done; read line; exit 7");
        let init = Init::new(["-t", LONG, "sh", "-c", &script]).stream(0, Stream::Pipe);
        let mut init = init.pid_1_if(pid_1).start();
        init.until_true("all to be ready", |it| it.output().matches("ready").count() == 200);
        end_program(&mut init);
        let outcome = init.finish();
        outcome.assert_quiet(7);
        assert_eq!(outcome.text().matches("got 15 from").count(), 200, "{outcome:?}");
    }
}

#[test]
fn further_signals_go_to_all_who_are_left() {
    let cases: [(bool, &[&str]); 3] = [
        (true, &["signals", "64"]),
        (true, &["session", "signals", "64"]),
        (false, &["signals", "64"]),
    ];
    for (pid_1, words) in cases {
        let (mut init, _) = with_sibling(&["-t", LONG], words, pid_1);
        end_program(&mut init);
        init.until("got 15 from");
        for signal in [SIGUSR1, 63, 64] {
            init.signal(signal);
            init.until(&format!("got {signal} from"));
        }
        init.finish().assert_quiet(7);
    }
}

#[test]
fn each_is_reaped_as_it_ends() {
    for pid_1 in BOTH {
        let words = ["leave", "8", "stubborn"];
        let (mut init, middle) = with_sibling(&["-t", LONG], &words, pid_1);
        let last = children(middle)[0];
        send(children(init.pid())[0], libc::SIGKILL);
        // The middle one dies of the SIGTERM of the drain; the last one stays.
        init.until("got 15 from");
        init.until_true("the dead to be reaped", |it| it.children() == [last]);
        send(last, libc::SIGKILL);
        assert_eq!(init.finish().code(), Some(128 + 9), "{pid_1}");
    }
}

// The grace period.

/// A sibling that will not end; how long rinit took after the end of the program.
fn outlast(init: Init) -> Duration {
    let init = init.probe(["leave", "7", "stubborn"]).stream(0, Stream::Pipe);
    let mut init = init.start();
    init.until("ready\n");
    let start = Instant::now();
    end_program(&mut init);
    let outcome = init.finish();
    let took = start.elapsed();
    outcome.assert_quiet(7);
    took
}

#[test]
fn the_grace_period_is_given_in_full() {
    for pid_1 in BOTH {
        for (grace, least) in [("1", 1.0), ("0.25", 0.25), ("1.5", 1.5), ("0.001", 0.001)] {
            let took = outlast(Init::new(["-t", grace]).pid_1_if(pid_1));
            assert!(took.as_secs_f64() >= least, "-t {grace}: {took:?}");
            let took = outlast(Init::new([format!("--grace={grace}")]).pid_1_if(pid_1));
            assert!(took.as_secs_f64() >= least, "--grace={grace}: {took:?}");
            let init = Init::new::<&str>([]).env("RINIT_GRACE", grace);
            let took = outlast(init.pid_1_if(pid_1));
            assert!(took.as_secs_f64() >= least, "RINIT_GRACE={grace}: {took:?}");
        }
    }
}

#[test]
fn the_grace_period_is_five_seconds_unless_told_otherwise() {
    let took = outlast(Init::new::<&str>([]).pid_1());
    assert!(took.as_secs_f64() >= 5.0, "{took:?}");
}

#[test]
fn signals_do_not_shorten_the_grace_period() {
    let (mut init, _) = with_sibling(&["-t", "2"], &["stubborn"], true);
    let start = Instant::now();
    end_program(&mut init);
    init.until("got 15 from");
    for _ in 0..20 {
        init.signal(SIGUSR1);
        init.signal(libc::SIGTERM);
    }
    init.finish().assert_quiet(7);
    assert!(start.elapsed().as_secs_f64() >= 2.0, "{:?}", start.elapsed());
}

#[test]
fn the_option_beats_the_variable() {
    let took = outlast(Init::new(["-t", "0.5"]).env("RINIT_GRACE", "0.01").pid_1());
    assert!(took.as_secs_f64() >= 0.5, "{took:?}");
    let (mut init, _) = with_sibling(&["-t", "0"], &["stubborn"], true);
    end_program(&mut init);
    init.finish().assert_quiet(7);
}

#[test]
fn with_grace_0_it_leaves_at_once_and_asks_nobody() {
    for pid_1 in BOTH {
        for grace in ["0", "0.0"] {
            let words = ["-t", grace];
            let (mut init, sibling) = with_sibling(&words, &["stubborn"], pid_1);
            end_program(&mut init);
            let outcome = init.ended();
            outcome.assert_quiet(7);
            assert_eq!(outcome.text(), "ready\n");
            // The end of PID 1 is the end of all; otherwise nobody was touched.
            assert!(pid_1 || exists(sibling), "the sibling was killed");
        }
    }
}

#[test]
fn when_grace_is_over_who_is_left_is_killed() {
    for pid_1 in BOTH {
        for words in ["stubborn", "stopped"] {
            let (mut init, sibling) = with_sibling(&["-t", "0.2"], &[words], pid_1);
            end_program(&mut init);
            let outcome = init.ended();
            outcome.assert_quiet(7);
            // It may take the kernel a moment after the signal.
            let start = Instant::now();
            while exists(sibling) {
                assert!(start.elapsed() < HANG, "the sibling lives on");
                thread::yield_now();
            }
        }
    }
}

// A process among others.

#[test]
fn who_is_not_rinits_hears_nothing_of_it() {
    // The bystander shares rinit's session, and its group.
    let folder = Folder::new();
    let log = folder.join("log");
    let (hear, words) = (probe::shell("signals 64"), probe::shell("leave 7 stubborn"));
    let script = format!(
        "{hear} >'{log}' & bystander=$!; \
         '{rinit}' -t 0.2 {words}; \
         echo code $?; kill -64 $bystander; wait $bystander; echo bystander $?",
        log = log.display(),
        rinit = common::rinit().display(),
    );
    let init = Init::new(["-c", &script]).program("/bin/sh").stream(0, Stream::Pipe);
    let mut init = init.start();
    init.until_true("the bystander", |_| fs::read_to_string(&log).is_ok_and(|it| !it.is_empty()));
    init.until("ready\n");
    end_program(&mut init);
    let outcome = init.finish();
    outcome.assert_quiet(0);
    let text = outcome.text();
    assert!(text.ends_with("code 7\nbystander 0\n"), "{text}");
    let heard = fs::read_to_string(&log).unwrap();
    assert_eq!(heard.lines().count(), 2, "it heard more than the last: {heard}");
}

#[test]
fn another_session_is_waited_for_but_left_alone() {
    let (mut init, sibling) = with_sibling(&["-t", LONG], &["session", "signals", "64"], false);
    end_program(&mut init);
    init.until_true("the sibling to be rinit's", |it| children(it.pid()) == [sibling]);
    send(sibling, 64);
    let outcome = init.finish();
    outcome.assert_quiet(7);
    assert!(!outcome.text().contains("got 15"), "{outcome:?}");

    let (mut init, sibling) = with_sibling(&["-t", "0.2"], &["session", "signals"], false);
    end_program(&mut init);
    let outcome = init.ended();
    outcome.assert_quiet(7);
    assert!(!outcome.text().contains("got 15") && exists(sibling), "{outcome:?}");
}

#[test]
fn an_orphan_that_ends_does_not_end_the_others() {
    for pid_1 in BOTH {
        let init = Init::new(["-t", LONG]).probe(["leave", "7", "leave", "8", "signals", "64"]);
        let mut init = init.stream(0, Stream::Pipe).pid_1_if(pid_1).start();
        init.until("ready\n");
        // One line is for the program or for its sibling, whoever reads first; both leave with
        // the other, and the last hears of it.
        end_program(&mut init);
        end_program(&mut init);
        init.until("got 15 from");
        init.signal(64);
        init.finish().assert_quiet(7);
    }
}
