//! The code that rinit leaves with (contract: Exit code), and what it prints when it starts nothing
//! (contract: Command line).

mod common;

use std::fs;
use std::path::Path;

use common::{Folder, Init, SIGNALS, check, rinit};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

#[test]
fn the_code_is_the_programs_own() {
    for pid_1 in BOTH {
        for code in 0..=255 {
            let outcome = Init::new(NONE).probe(["exit", &code.to_string()]).pid_1_if(pid_1);
            outcome.finish().assert_quiet(code);
        }
    }
}

#[test]
fn death_by_signal_n_is_128_plus_n() {
    use libc::{SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
    // These kill nobody (signal(7)).
    let harmless = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH];
    for pid_1 in BOTH {
        for signal in (1..=SIGNALS).filter(|signal| !harmless.contains(signal)) {
            let init = Init::new(NONE).probe(["die", &signal.to_string()]).pid_1_if(pid_1);
            init.finish().assert_quiet(128 + signal);
        }
    }
}

/// Asserts that it left with this code and one line on stderr with these words, and that it
/// printed nothing.
#[track_caller]
fn assert_failed(init: Init, code: i32, words: &[&str]) {
    let outcome = init.finish();
    assert_eq!((outcome.code(), outcome.text().as_str()), (Some(code), ""), "{outcome:?}");
    let said = outcome.errors();
    assert!(said.starts_with("rinit: ") && said.ends_with('\n'), "{outcome:?}");
    assert_eq!(said.lines().count(), 1, "{outcome:?}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {outcome:?}");
    }
}

#[test]
fn what_is_not_found_is_127() {
    let folder = Folder::new();
    let file = folder.file("file", "", 0o755);
    let below = file.join("tool");
    for pid_1 in BOTH {
        let absent = [&folder.join("tool"), Path::new("no-such-tool"), Path::new("./tool"), &below];
        for name in absent {
            let init = Init::new([name]).pid_1_if(pid_1);
            assert_failed(init, 127, &[name.to_str().unwrap()]);
        }
        assert_failed(Init::new([""]).pid_1_if(pid_1), 127, &[]);
    }
}

#[test]
fn what_is_found_but_cannot_be_executed_is_126() {
    let folder = Folder::new();
    fs::create_dir(folder.join("directory")).unwrap();
    let files = [
        folder.join("directory"),
        folder.file("no_permission", "#!/bin/sh\n", 0o644),
        folder.file("empty", "", 0o755),
        folder.file("garbage", b"\x00\x01\x02", 0o755),
        folder.file("no_interpreter", "#!/not/there\n", 0o755),
    ];
    for pid_1 in BOTH {
        for file in &files {
            let init = Init::new([file]).pid_1_if(pid_1);
            assert_failed(init, 126, &[file.to_str().unwrap()]);
        }
    }
}

#[test]
fn a_usage_error_is_125_names_the_word_and_starts_nothing() {
    let cases: [(&[&str], &str); 14] = [
        (&["--not-an-option"], "--not-an-option"),
        (&["-Z"], "-Z"),
        (&["-vZ"], "-vZ"),
        (&["--verbosely"], "--verbosely"),
        (&["-t", "soon"], "soon"),
        (&["-tsoon"], "soon"),
        (&["-t", "-1"], "-1"),
        (&["-t", "1s"], "1s"),
        (&["-t", ""], "-t"),
        (&["--grace=soon"], "soon"),
        (&["--grace", "1,5"], "1,5"),
        (&["--grace=", "echo"], "--grace"),
        (&["-t", "99999999999999999999"], "99999999999999999999"),
        (&["--group=yes"], "--group"),
    ];
    for pid_1 in BOTH {
        for (words, named) in cases {
            let init = Init::new(words).args(["echo", "started"]).pid_1_if(pid_1);
            assert_failed(init, 125, &[named]);
        }
        for value in ["soon", "-1", "1 "] {
            let init = Init::new(["echo", "started"]).env("RINIT_GRACE", value).pid_1_if(pid_1);
            assert_failed(init, 125, &["RINIT_GRACE"]);
        }
        for nothing in [&[][..], &["--"], &["-v"], &["-g", "--"]] {
            assert_failed(Init::new(nothing).pid_1_if(pid_1), 125, &[]);
        }
        for cut in ["-t", "--grace"] {
            assert_failed(Init::new([cut]).pid_1_if(pid_1), 125, &[cut]);
        }
    }
}

#[test]
fn options_end_at_the_first_word_that_is_none() {
    for pid_1 in BOTH {
        for (words, said) in [
            (&["echo", "-V", "--help"][..], "-V --help\n"),
            (&["--", "echo", "-V"], "-V\n"),
            (&["-g", "-t5", "--", "echo", "--", "-t"], "-- -t\n"),
            (&["--group", "--grace=5", "echo", "--grace=x"], "--grace=x\n"),
            (&["-gt", "5", "echo", "-"], "-\n"),
        ] {
            let outcome = Init::new(words).pid_1_if(pid_1).finish();
            outcome.assert_quiet(0);
            assert_eq!(outcome.text(), said);
        }
    }
}

#[test]
fn a_process_that_cannot_be_made_is_125() {
    let folder = Folder::new();
    let init = folder.copy("init", rinit());
    let one_process = || {
        let limit = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
        // SAFETY: a limit that is there.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit) })
    };
    for pid_1 in BOTH {
        let init = Init::new(["echo", "started"]).program(&init).by_nobody().pid_1_if(pid_1);
        assert_failed(init.setup(one_process), 125, &[]);
    }
}

#[test]
fn version_has_the_form_that_engines_parse() {
    for pid_1 in BOTH {
        for words in [&["-V"][..], &["--version"], &["-V", "echo", "started"]] {
            let outcome = Init::new(words).pid_1_if(pid_1).finish();
            outcome.assert_quiet(0);
            let text = outcome.text();
            let hash = text
                .strip_prefix(concat!("rinit version ", env!("CARGO_PKG_VERSION"), " - git."))
                .and_then(|rest| rest.strip_suffix('\n'));
            let is_hash = |it: &str| {
                it == "unknown" || (7..=40).contains(&it.len()) && it.bytes().all(is_digit)
            };
            assert!(hash.is_some_and(is_hash), "{text:?}");
        }
    }
    fn is_digit(byte: u8) -> bool {
        byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
    }
}

#[test]
fn help_goes_to_stdout_and_names_every_option_of_the_core() {
    for pid_1 in BOTH {
        for word in ["-h", "--help"] {
            let outcome = Init::new([word]).pid_1_if(pid_1).finish();
            outcome.assert_quiet(0);
            for named in ["--group", "--grace", "--verbose", "--help", "--version", "RINIT_"] {
                assert!(outcome.text().contains(named), "{named} is not in {outcome:?}");
            }
        }
    }
}
