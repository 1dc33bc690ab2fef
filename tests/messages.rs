//! What rinit says, and that it changes nothing whether anybody listens (contract: What it says).

mod common;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libc::{SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGUSR1, SIGWINCH};

use common::probe;
use common::watch::until_settled;
use common::{Folder, Init, Outcome, Stream, pipe, send};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

/// Asserts that a line of stderr has all these words, and returns its number.
#[track_caller]
fn line_with(errors: &str, words: &[&str]) -> usize {
    let has_all = |line: &str| words.iter().all(|word| has_word(line, word));
    let found = errors.lines().position(has_all);
    found.unwrap_or_else(|| panic!("no line with {words:?} in\n{errors}"))
}

/// Does the word, or the number, stand in the line by itself?
fn has_word(line: &str, word: &str) -> bool {
    if word.contains(' ') {
        return line.contains(word);
    }
    let part_of_one = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    line.split(|letter| !part_of_one(letter)).any(|it| it == word)
}

/// Asserts that stderr is nothing but lines of rinit's.
#[track_caller]
fn assert_tidy(outcome: &Outcome) {
    let errors = outcome.errors();
    assert!(errors.lines().all(|line| line.starts_with("rinit: ")), "{outcome:?}");
    assert!(errors.is_empty() || errors.ends_with('\n'), "{outcome:?}");
}

// Who says what.

#[test]
fn a_normal_run_says_nothing() {
    for pid_1 in BOTH {
        let orphans = format!("{}; (sleep 1000 &); exit 3", probe::shell("forks 3"));
        Init::new(["sh", "-c", &orphans]).pid_1_if(pid_1).finish().assert_quiet(3);
        let mut init = Init::new(NONE).probe(["signals", "15"]).pid_1_if(pid_1).start();
        init.until("ready");
        for signal in [SIGUSR1, SIGTERM] {
            init.signal(signal);
        }
        init.finish().assert_quiet(0);
        Init::new(NONE).probe(["die", "9"]).pid_1_if(pid_1).finish().assert_quiet(137);
    }
}

/// A program that says its number, sends rinit a signal, and leaves with 3 when it is told to.
const BUSYBODY: &str = "trap '' USR1; echo pid $$.; kill -USR1 $PPID; read line; exit 3";

#[test]
fn verbose_tells_the_story_from_the_start_to_the_leaving() {
    let forms: [(&[&str], Option<&str>); 5] = [
        (&["-v"], None),
        (&["--verbose"], None),
        (&["-vv"], None),
        (&[], Some("1")),
        (&[], Some("2")),
    ];
    for (options, variable) in forms {
        for pid_1 in BOTH {
            let init = Init::new(options).args(["sh", "-c", BUSYBODY]);
            let init = match variable {
                Some(value) => init.env("RINIT_VERBOSE", value),
                None => init,
            };
            let mut init = init.stream(0, Stream::Pipe).pid_1_if(pid_1).start();
            let said = init.until(".\n");
            let pid = said.trim().trim_start_matches("pid ").trim_end_matches('.').to_owned();
            init.until_error("passed on");
            init.input("\n");
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(3), "{outcome:?}");
            assert_tidy(&outcome);
            let errors = outcome.errors();
            let story = [
                // Who was started as what.
                line_with(&errors, &["started", "sh", &pid]),
                // Which signal came from whom.
                line_with(&errors, &["SIGUSR1", "from", &pid]),
                // What became of it.
                line_with(&errors, &["SIGUSR1", "group", &pid]),
                // Who was reaped with what.
                line_with(&errors, &["program", &pid, "3"]),
                line_with(&errors, &["leaving", "3"]),
            ];
            assert!(story.is_sorted(), "{errors}");
        }
    }
}

#[test]
fn verbose_says_what_killed_and_what_stopped_the_program() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-v"]).probe(["wait"]).pid_1_if(pid_1).start();
        init.until("ready");
        let program = init.children()[0];
        send(program, SIGSTOP);
        let errors = init.until_error("SIGSTOP");
        line_with(&errors, &["program", "stopped", "SIGSTOP"]);
        send(program, SIGKILL);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(137));
        line_with(&outcome.errors(), &["program", "killed", "SIGKILL"]);
        line_with(&outcome.errors(), &["leaving", "137"]);
    }
}

#[test]
fn verbose_says_to_whom_a_signal_went() {
    let lines: [(&[&str], bool, &str); 5] = [
        (&["-v"], true, "group"),
        (&["-v"], false, "group"),
        (&["-vc"], true, "process"),
        (&["-va"], true, "everybody"),
        (&["-va"], false, "group"),
    ];
    for (options, pid_1, whom) in lines {
        for (signal, name) in [(SIGUSR1, "SIGUSR1"), (SIGWINCH, "SIGWINCH"), (40, "40")] {
            let mut init = Init::new(options).probe(["signals"]).pid_1_if(pid_1).start();
            init.until("ready");
            init.signal(signal);
            let errors = init.until_error("passed on");
            line_with(&errors, &[name, "from"]);
            line_with(&errors, &[name, whom, "passed on"]);
        }
    }
}

#[test]
fn verbose_names_what_was_passed_on_in_place_of_what() {
    let mut init = Init::new(["-v", "-r", "USR1:WINCH"]).probe(["signals"]).start();
    init.until("ready");
    init.signal(SIGUSR1);
    let errors = init.until_error("passed on");
    let got = line_with(&errors, &["SIGUSR1", "from"]);
    assert!(line_with(&errors, &["SIGWINCH", "group"]) > got, "{errors}");
}

/// Options, a variable, and whether they ask for reports of orphans.
type Asked = (&'static [&'static str], Option<(&'static str, &'static str)>, bool);

#[test]
fn orphans_are_reported_where_that_is_asked_for() {
    let forms: [Asked; 9] = [
        (&["-w"], None, true),
        (&["--warn-reaped"], None, true),
        (&["-vw"], None, true),
        (&["-vv"], None, true),
        (&[], Some(("RINIT_WARN_REAPED", "1")), true),
        (&[], Some(("RINIT_VERBOSE", "2")), true),
        (&[], None, false),
        (&[], Some(("RINIT_WARN_REAPED", "0")), false),
        (&[], Some(("RINIT_WARN_REAPED", "")), false),
    ];
    for (options, variable, told) in forms {
        for pid_1 in BOTH {
            let init = Init::new(options).probe(["forks", "2"]).pid_1_if(pid_1);
            let init = match variable {
                Some((name, value)) => init.env(name, value),
                None => init,
            };
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(7), "{outcome:?}");
            assert_tidy(&outcome);
            let errors = outcome.errors();
            let orphans = errors.lines().filter(|line| has_word(line, "orphan")).count();
            assert_eq!(orphans, if told { 2 } else { 0 }, "{options:?}: {errors}");
        }
    }
}

#[test]
fn a_report_of_an_orphan_names_it_and_its_status() {
    for (end, status) in [("exit 0", "0"), ("exit 41", "41"), ("kill -KILL $$", "SIGKILL")] {
        // Its parent ends at once; it ends when the pipe does.
        let orphan = format!("(sh -c 'echo pid $$.; cat; {end}' <&3 &) 3<&0 && exec sleep 1000");
        let mut init =
            Init::new(["-w", "sh", "-c", &orphan]).stream(0, Stream::Pipe).pid_1().start();
        let said = init.until(".\n");
        let pid = said.trim().trim_start_matches("pid ").trim_end_matches('.').to_owned();
        init.end_input();
        let errors = init.until_error("\n");
        line_with(&errors, &["orphan", &pid, status]);
        init.signal(SIGTERM);
        assert_eq!(init.finish().errors().lines().count(), 1);
    }
}

#[test]
fn verbose_explains_the_drain() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let file = folder.join("said");
        let script =
            format!("{} >'{}' & read line; exit 5", probe::shell("stubborn"), file.display());
        let mut init = Init::new(["-v", "-t", "0.3", "sh", "-c", &script])
            .stream(0, Stream::Pipe)
            .pid_1_if(pid_1)
            .start();
        init.until_true("the other to be ready", |_| {
            std::fs::read_to_string(&file).is_ok_and(|it| it.contains("ready"))
        });
        init.input("\n");
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(5), "{outcome:?}");
        assert_tidy(&outcome);
        let errors = outcome.errors();
        let whom = if pid_1 { "everybody" } else { "group" };
        let story = [
            line_with(&errors, &["program", "5"]),
            line_with(&errors, &["SIGTERM", whom]),
            line_with(&errors, &["SIGKILL", whom]),
            line_with(&errors, &["leaving", "5"]),
        ];
        assert!(story.is_sorted(), "{errors}");
        // Why it is still there.
        let tells = |line: &str| {
            ["waiting", "wait", "grace", "drain", "draining"].iter().any(|it| has_word(line, it))
        };
        assert!(
            errors.lines().any(tells),
            "nothing says that rinit waits for the others: {errors}"
        );
    }
}

#[test]
fn what_cannot_be_started_is_said_once_also_where_it_is_verbose() {
    for options in [&["-t5"][..], &["-v"], &["-vv"]] {
        let outcome = Init::new(options).args(["/no/such/thing"]).finish();
        assert_eq!(outcome.code(), Some(127), "{outcome:?}");
        assert_tidy(&outcome);
        let errors = outcome.errors();
        assert_eq!(errors.lines().filter(|line| line.contains("cannot")).count(), 1, "{errors}");
    }
}

#[test]
fn a_name_cannot_break_a_line_or_tell_a_terminal_anything() {
    let folder = Folder::new();
    for name in ["two\nlines", "\u{1b}]0;title\u{7}", "a\rb", "tab\tdel\u{7f}"] {
        let program = folder.file(name, "#!/bin/sh\nexit 4\n", 0o755);
        let outcome = Init::new(["-v"]).args([&program]).finish();
        assert_eq!(outcome.code(), Some(4), "{outcome:?}");
        assert_tidy(&outcome);
        assert!(!outcome.stderr.iter().any(|byte| byte.is_ascii_control() && *byte != b'\n'));
        let outcome = Init::new(["-v"]).args([folder.join(format!("no-{name}"))]).finish();
        assert_eq!(outcome.code(), Some(127), "{outcome:?}");
        assert_tidy(&outcome);
    }
}

// How it is written.

/// A socket of which each read is one write.
fn packets() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: room for two numbers, which are new descriptors then.
    unsafe {
        assert_eq!(libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()), 0);
        (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
    }
}

/// Everything that is written to the other end, write by write, until nobody holds it any more.
fn writes(reader: &OwnedFd) -> Vec<String> {
    let mut writes = Vec::new();
    loop {
        let mut bytes = [0; 8192];
        let room = bytes.as_mut_ptr().cast();
        // SAFETY: so much room.
        let count = unsafe { libc::read(reader.as_raw_fd(), room, bytes.len()) };
        let Ok(1..) = usize::try_from(count) else { return writes };
        writes.push(String::from_utf8_lossy(&bytes[..count as usize]).into_owned());
    }
}

#[test]
fn every_message_is_one_write() {
    let long = format!("/{}", "x".repeat(4000));
    let lines: [(&[&str], usize); 9] = [
        (&["-vv", "sh", "-c", "(sleep 0 &); sh -c 'kill -USR1 $PPID; exit 3'"], 3),
        (&["-vv", "-t", "0.1", "-S", "+", "true", "+", "/no/such/thing", "+", "sleep", "9"], 6),
        (&["-vv", "sh", "-c", "trap '' TERM; kill -TERM $PPID; kill -40 $PPID"], 5),
        (&["/no/such/thing"], 1),
        (&["/etc/passwd"], 1),
        (&["-v", &long], 1),
        (&["--nope"], 1),
        (&["-t", "x", "true"], 1),
        (&["--copy-to", "/"], 1),
    ];
    for (line, least) in lines {
        for pid_1 in BOTH {
            let (reader, writer) = packets();
            let init = Init::new(line).stream(2, Stream::Is(writer)).pid_1_if(pid_1);
            init.finish();
            let writes = writes(&reader);
            assert!(writes.len() >= least, "{line:?}: {writes:#?}");
            for write in writes {
                assert!(write.starts_with("rinit: "), "{write:?}");
                assert!(write.ends_with('\n') && write.lines().count() == 1, "{write:?}");
            }
        }
    }
}

/// Streams that take nothing, or not for ever.
fn deaf() -> [(&'static str, Stream, Option<OwnedFd>); 4] {
    let full_device = File::options().read(true).write(true).open("/dev/full").unwrap();
    let (reader, full_pipe) = pipe();
    fill(&full_pipe);
    [
        ("closed", Stream::Closed, None),
        ("a full device", Stream::Is(full_device.into()), None),
        ("a pipe that nobody reads any more", Stream::Is(pipe().1), None),
        ("a full pipe", Stream::Is(full_pipe), Some(reader)),
    ]
}

/// Fills a pipe to the brim.
fn fill(pipe: &OwnedFd) {
    let fd = pipe.as_raw_fd();
    // SAFETY: calls on a descriptor of this process, and bytes that are there.
    unsafe {
        libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK);
        for size in [4096, 1] {
            while libc::write(fd, [b'.'; 4096].as_ptr().cast(), size) > 0 {}
        }
        libc::fcntl(fd, libc::F_SETFL, 0);
    }
}

#[test]
fn nobody_listening_changes_nothing() {
    for pid_1 in BOTH {
        for (what, stderr, reader) in deaf() {
            let mut init = Init::new(["-vvw", "-t", "1000"])
                .probe(["signals", "15"])
                .stream(2, stderr)
                .pid_1_if(pid_1)
                .start();
            init.until("ready");
            let mut heard = "ready\n".to_owned();
            for signal in [SIGUSR1, SIGWINCH, 40, SIGTERM] {
                init.signal(signal);
                heard += &format!("got {signal} from {}\n", if pid_1 { 1 } else { 2 });
                if signal != SIGTERM {
                    // No SIGPIPE among them, which rinit would have caused itself.
                    assert_eq!(init.until(&format!("got {signal} ")), heard, "stderr is {what}");
                }
            }
            let outcome = init.finish();
            assert_eq!((outcome.code(), outcome.text()), (Some(0), heard), "stderr is {what}");
            drop(reader);
        }
    }
}

#[test]
fn nobody_listening_keeps_no_orphan_from_being_reaped() {
    for (what, stderr, reader) in deaf() {
        let outcome = Init::new(["-vvw"]).probe(["forks", "20"]).stream(2, stderr).pid_1().finish();
        assert_eq!(outcome.code(), Some(7), "stderr is {what}");
        drop(reader);
    }
}

#[test]
fn nobody_listening_changes_no_exit_code_of_a_failed_start() {
    let folder = Folder::new();
    let plain = folder.file("plain", "#!/bin/sh\n", 0o644);
    for (name, code) in
        [("/no/such/thing", 127), ("no-such-thing", 127), (plain.to_str().unwrap(), 126)]
    {
        for (what, stderr, reader) in deaf() {
            let outcome = Init::new([name]).stream(2, stderr).finish();
            assert_eq!(outcome.code(), Some(code), "stderr is {what}");
            drop(reader);
        }
    }
}

#[test]
fn a_sigpipe_from_elsewhere_is_passed_on() {
    for (what, stderr, reader) in deaf() {
        let mut init = Init::new(["-vv"]).probe(["signals", "13"]).stream(2, stderr).start();
        init.until("ready");
        init.signal(SIGPIPE);
        assert_eq!(init.finish().code(), Some(0), "stderr is {what}");
        drop(reader);
    }
}

#[test]
fn a_reader_who_comes_back_is_told_the_rest() {
    use std::io::Read;
    let (reader, writer) = pipe();
    fill(&writer);
    let mut init = Init::new(["-v"]).probe(["signals", "15"]).stream(2, Stream::Is(writer)).start();
    init.until("ready");
    until_settled(&mut init);
    let mut reader = File::from(reader);
    // All that fits into a pipe, and nothing of rinit's.
    let mut old = vec![0; 65_536];
    reader.read_exact(&mut old).unwrap();
    assert!(old.iter().all(|byte| *byte == b'.'));
    init.signal(SIGTERM);
    assert_eq!(init.finish().code(), Some(0));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("rinit: ") && rest.contains("SIGTERM"), "{rest:?}");
}
