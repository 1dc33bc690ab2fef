//! Several programs in one container, without a shell (contract: Several programs).

mod common;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::time::Instant;

use libc::{SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, c_int};

use common::probe::{self, Born};
use common::watch::timeout;
use common::{
    Folder, HANG, Init, Outcome, Running, Stream, check, children, is_root, rinit, send, skip,
    status_field,
};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

/// Adds programs, shell scripts all of them, with `:::` between them.
fn scripts<S: AsRef<str>>(options: &[&str], scripts: &[S]) -> Init {
    let init = Init::new(options).args(["-S", ":::", "--"]).stream(0, Stream::Pipe);
    scripts.iter().enumerate().fold(init, |init, (number, script)| {
        init.args((number > 0).then_some(":::")).args(["sh", "-c", script.as_ref()])
    })
}

/// A script for what a probe does; it says it into a file of this name.
fn probing(folder: &Folder, name: &str, words: &str) -> String {
    format!("exec {} >'{}'", probe::shell(words), folder.join(name).display())
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_default()
}

/// Waits until what a program says into its file holds this text.
fn until(init: &mut Running, folder: &Folder, name: &str, text: &str) {
    init.until_true(&format!("{text:?} in {name}"), |_| read(folder, name).contains(text));
}

/// Two programs that say what they hear into files of these names.
const PAIR: [&str; 2] = ["first", "second"];

fn start_pair(folder: &Folder, options: &[&str], pid_1: bool) -> Running {
    let programs = PAIR.map(|name| probing(folder, name, "signals 15"));
    let mut init = scripts(options, &programs).pid_1_if(pid_1).start();
    for name in PAIR {
        until(&mut init, folder, name, "ready");
    }
    init
}

/// Is it gone, or a zombie that nobody has reaped yet?
fn has_ended(pid: c_int) -> bool {
    let state = status_field(pid, "State");
    state.is_empty() || state.starts_with(['Z', 'X'])
}

/// Asserts the code, and that stderr has a line with all these words and no other.
#[track_caller]
fn assert_told(outcome: &Outcome, code: c_int, words: &[&str]) {
    let errors = outcome.errors();
    assert_eq!(outcome.code(), Some(code), "{outcome:?}");
    assert_eq!(errors.lines().count(), 1, "{outcome:?}");
    assert!(errors.starts_with("rinit: "), "{outcome:?}");
    assert!(words.iter().all(|word| errors.contains(word)), "{words:?}: {outcome:?}");
}

// The command line.

/// Words that are no separator, whatever they look like.
const ODD: [&[u8]; 10] = [
    b"",
    b"::",
    b"::::",
    b" ::: ",
    b"\xff\xfe",
    b"-S",
    b"-v",
    b"--any",
    b"a=b\nc\x01",
    b"--separator=:::",
];

/// The odd words in another order for each program.
fn odd(number: usize) -> Vec<Vec<u8>> {
    ODD.iter().cycle().skip(number).take(9).map(|it| it.to_vec()).collect()
}

#[test]
fn arguments_and_environment_of_each_program_stay_byte_for_byte() {
    let forms: [(&[&str], usize); 5] = [
        (&["-S", ":::"], 2),
        (&["-S:::", "--"], 8),
        (&["--separator=:::", "--"], 3),
        (&["-v", "--separator", ":::"], 2),
        (&["-gS:::"], 5),
    ];
    for ((form, count), pid_1) in forms.into_iter().zip(BOTH.into_iter().cycle()) {
        let folder = Folder::new();
        let mut init = Init::new(form).env_raw(b"ODD=\xff\n=\x01").env("LISTEN_FDS", "1");
        for number in 0..count {
            let wait = if number == 0 { "read line;" } else { "" };
            let script =
                format!("{wait} exec \"$@\" >'{}'", folder.join(number.to_string()).display());
            init = init
                .args((number > 0).then_some(":::"))
                .args(["sh", "-c", &script, "sh"])
                .probe(["report"])
                .args(odd(number).into_iter().map(OsString::from_vec));
        }
        let mut init = init.stream(0, Stream::Pipe).pid_1_if(pid_1).start();
        for number in 1..count {
            until(&mut init, &folder, &number.to_string(), "variable");
        }
        init.input("\n");
        assert_eq!(init.finish().code(), Some(0));
        let all: Vec<_> =
            (0..count).map(|it| Born::read(&read(&folder, &it.to_string()))).collect();
        for (number, born) in all.iter().enumerate() {
            assert_eq!(born.arguments[3..], odd(number), "{form:?}, program {number}");
            assert!(born.environment.contains(&b"ODD=\xff\n=\x01".to_vec()));
            assert_eq!(born.environment, all[0].environment);
        }
    }
}

#[test]
fn the_programs_name_stands_alone_too() {
    let folder = Folder::new();
    let name = |number: usize| format!("name-{number}");
    for number in 0..3 {
        let script =
            format!("#!/bin/sh\necho $# >>'{}'\nread line\n", folder.join("said").display());
        folder.file(name(number), script, 0o755);
    }
    let mut init = Init::new(["-S", ":::", &name(0), ":::", &name(1), ":::", &name(2)])
        .env("PATH", format!("{}:{}", folder.path().display(), common::PATH))
        .stream(0, Stream::Pipe)
        .start();
    until(&mut init, &folder, "said", "0\n0\n0\n");
}

#[test]
fn a_companion_may_be_a_text_without_its_interpreter() {
    let folder = Folder::new();
    let text = |name| {
        let said = folder.join(format!("{name}-said"));
        let script = format!("echo \"$#:$1:$2\" >'{}'\nread line\nexit 4\n", said.display());
        folder.file(name, script, 0o755)
    };
    let (one, two) = (text("one"), text("two"));
    let mut init = Init::new(["-v", "-S", ":::", "--"])
        .args([one.as_os_str(), "1".as_ref(), "".as_ref(), ":::".as_ref()])
        .args([two.as_os_str(), "2".as_ref(), "x y".as_ref()])
        .stream(0, Stream::Pipe)
        .start();
    until(&mut init, &folder, "one-said", "2:1:\n");
    until(&mut init, &folder, "two-said", "2:2:x y\n");
    for path in [one, two] {
        // Named as it was on the command line, not as the shell got it.
        init.until_error(path.to_str().unwrap());
    }
}

#[test]
fn without_the_option_no_word_is_special() {
    let words = ["a", ":::", "b", "--", "-S", ":::", "--any"];
    let outcome = Init::new(["--any"]).probe(["report"]).args(words).finish();
    outcome.assert_quiet(0);
    let arguments = Born::read(&outcome.text()).arguments;
    assert_eq!(arguments[3..], words.map(|it| it.as_bytes().to_vec()));
}

#[test]
fn an_empty_program_too_many_or_a_word_that_never_comes_are_refused() {
    let folder = Folder::new();
    let mark = folder.join("mark");
    let touch = ["touch", mark.to_str().unwrap()];
    let nine = [&touch[..]; 9].join(&":::");
    let lines: Vec<Vec<&str>> = vec![
        vec![],
        vec![":::"],
        vec!["--", ":::"],
        touch.to_vec(),
        [&touch[..], &[":::"]].concat(),
        [&[":::"], &touch[..]].concat(),
        [&touch[..], &[":::", ":::"], &touch].concat(),
        [&touch[..], &["::::"], &touch].concat(),
        [&touch[..], &["::"], &touch].concat(),
        [&touch[..], &[""], &touch].concat(),
        nine,
    ];
    for (line, pid_1) in lines.iter().zip(BOTH.into_iter().cycle()) {
        for options in [&["-S", ":::"][..], &["-v", "--any", "--separator=:::"]] {
            let outcome = Init::new(options).args(line).pid_1_if(pid_1).finish();
            assert_told(&outcome, 125, &["expected"]);
            assert!(!mark.exists(), "something was started: {line:?}");
        }
    }
}

#[test]
fn eight_programs_run() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let names = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let programs = names.map(|name| probing(&folder, name, "signals 15"));
        let mut init = scripts(&[], &programs).pid_1_if(pid_1).start();
        for name in names {
            until(&mut init, &folder, name, "ready");
        }
        assert_eq!(init.children().len(), 8);
        init.signal(SIGWINCH);
        for name in names {
            until(&mut init, &folder, name, "got 28 ");
        }
        init.signal(SIGTERM);
        assert_eq!(init.finish().code(), Some(0));
    }
}

// Groups and signals.

#[test]
fn each_leads_a_group_of_its_own_in_rinits_session() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let programs = ["1", "2", "3"].map(|name| {
            let path = folder.join(name).display().to_string();
            format!("{} >'{path}'; read line", probe::shell("report"))
        });
        let mut init = scripts(&[], &programs).pid_1_if(pid_1).start();
        let mut groups = Vec::new();
        for name in ["1", "2", "3"] {
            until(&mut init, &folder, name, "variable");
            let born = Born::read(&read(&folder, name));
            assert_eq!(born.group, born.parent, "its shell leads it");
            assert_eq!(born.session, if pid_1 { 1 } else { 2 }, "rinit's, which leads it");
            groups.push(born.group);
        }
        groups.sort_unstable();
        groups.dedup();
        assert_eq!(groups.len(), 3);
    }
}

/// A script for a probe with another in its group; they say what they hear into two files.
fn with_member(folder: &Folder, name: &str) -> String {
    let member = folder.join(format!("{name}-member"));
    let member = format!("{} >'{}' &", probe::shell("signals"), member.display());
    format!("{member} {}", probing(folder, name, "signals"))
}

/// Who hears, besides the two programs, what reaches rinit: the member of the first one's group,
/// and that of the second one's.
fn members_reached(options: &[&str], pid_1: bool) -> [bool; 2] {
    let folder = Folder::new();
    let programs = PAIR.map(|name| with_member(&folder, name));
    let mut init = scripts(options, &programs).pid_1_if(pid_1).start();
    let members = PAIR.map(|name| format!("{name}-member"));
    for name in PAIR.iter().copied().chain(members.iter().map(String::as_str)) {
        until(&mut init, &folder, name, "ready");
    }
    // When both have heard the second, rinit is through with the first.
    for signal in [SIGUSR1, SIGUSR2] {
        init.signal(signal);
        for name in PAIR {
            until(&mut init, &folder, name, &format!("got {signal} "));
        }
    }
    for member in init.children().into_iter().flat_map(children) {
        send(member, SIGWINCH);
    }
    members.map(|name| {
        until(&mut init, &folder, &name, "got 28 ");
        read(&folder, &name).contains("got 10 ")
    })
}

#[test]
fn signals_go_to_the_group_of_each_or_to_the_programs_alone() {
    for pid_1 in BOTH {
        assert_eq!(members_reached(&[], pid_1), [true; 2]);
        assert_eq!(members_reached(&["-g"], pid_1), [true; 2]);
        assert_eq!(members_reached(&["-c"], pid_1), [false; 2]);
        assert_eq!(members_reached(&["-a"], pid_1), [true; 2]);
    }
}

#[test]
fn every_program_hears_a_signal_once() {
    for (options, pid_1) in
        [(&[][..], true), (&["-c"], true), (&["-a"], true), (&[], false), (&["-a"], false)]
    {
        let folder = Folder::new();
        let mut init = start_pair(&folder, options, pid_1);
        for signal in [SIGUSR1, SIGINT, SIGWINCH, 40] {
            init.signal(signal);
            for name in PAIR {
                until(&mut init, &folder, name, &format!("got {signal} "));
            }
        }
        // Higher than all of them: what else there is is heard before it.
        init.signal(64);
        for name in PAIR {
            until(&mut init, &folder, name, "got 64 ");
            assert_eq!(read(&folder, name).lines().count(), 6, "{}", read(&folder, name));
        }
    }
}

#[test]
fn the_stop_delay_holds_for_each() {
    let folder = Folder::new();
    let mut init = start_pair(&folder, &["-d", "1000"], true);
    init.signal(SIGTERM);
    assert!(timeout(&mut init).is_some());
    init.signal(40);
    for name in PAIR {
        until(&mut init, &folder, name, "got 40 ");
        assert!(!read(&folder, name).contains("got 15 "));
    }
    init.signal(SIGTERM);
    assert_eq!(init.finish().code(), Some(0));
    for name in PAIR {
        assert_eq!(read(&folder, name).matches("got 15 ").count(), 1);
    }
}

#[test]
fn a_companions_end_does_not_end_the_delay_and_the_programs_does() {
    let programs = ["read line; exit 6", "echo ready; read line; exit 0"];
    let mut init = scripts(&["-d", "1000"], &programs).start();
    init.until("ready");
    init.signal(SIGTERM);
    assert!(timeout(&mut init).is_some());
    // One of the two, whichever reads first.
    send(init.children()[1], SIGKILL);
    init.until_error("companion");
    assert!(timeout(&mut init).is_some(), "it is held still");
    init.input("\n");
    assert_eq!(init.finish().code(), Some(6));
}

#[test]
fn a_companion_that_has_ended_is_not_signalled_again() {
    for (options, pid_1) in [(&["-v"][..], true), (&["-vc"], true), (&["-v"], false)] {
        let folder = Folder::new();
        let programs = [probing(&folder, "first", "signals 15"), "exit 3".into()];
        let mut init = scripts(options, &programs).pid_1_if(pid_1).start();
        until(&mut init, &folder, "first", "ready");
        let text = init.until_error("ended with code 3");
        let before = text.len();
        init.signal(SIGUSR1);
        until(&mut init, &folder, "first", "got 10 ");
        init.signal(SIGTERM);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        let after = &outcome.errors()[before..];
        assert!(!after.contains("no such process"), "{after}");
        // That it came, and that it was passed on to the one who lives.
        assert_eq!(after.matches("SIGUSR1").count(), 2, "{after}");
    }
}

// Ends.

#[test]
fn the_first_ones_end_drains_and_gives_the_code() {
    for pid_1 in BOTH {
        for code in [0, 3, 255] {
            let folder = Folder::new();
            let programs = [
                format!("read line; exit {code}"),
                probing(&folder, "second", "signals 15"),
                probing(&folder, "third", "signals 15"),
            ];
            let mut init = scripts(&["-t", "1000"], &programs).pid_1_if(pid_1).start();
            until(&mut init, &folder, "second", "ready");
            until(&mut init, &folder, "third", "ready");
            init.input("\n");
            // In the drain their ends are what was asked for: nothing to report.
            init.finish().assert_quiet(code);
            for name in ["second", "third"] {
                assert!(read(&folder, name).contains("got 15 "));
            }
        }
    }
}

#[test]
fn a_companion_may_take_its_time_to_end() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let programs = ["read line; exit 5".into(), probing(&folder, "second", "signals 10")];
        let mut init = scripts(&["-t", "1000"], &programs).pid_1_if(pid_1).start();
        until(&mut init, &folder, "second", "ready");
        init.input("\n");
        until(&mut init, &folder, "second", "got 15 ");
        assert!(timeout(&mut init).is_some(), "rinit waits for it");
        send(init.children()[0], SIGUSR1);
        init.finish().assert_quiet(5);
    }
}

#[test]
fn a_companion_gets_no_more_than_the_grace() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let programs = ["read line; exit 5".into(), probing(&folder, "second", "stubborn")];
        let mut init = scripts(&["-t", "0.2"], &programs).pid_1_if(pid_1).start();
        until(&mut init, &folder, "second", "ready");
        let companion = *init.children().last().unwrap();
        init.input("\n");
        let rinit = init.pid();
        init.until_true("rinit's end", |_| has_ended(rinit));
        assert!(has_ended(companion), "it was left behind");
        init.finish().assert_quiet(5);
        let heard = read(&folder, "second");
        assert!(heard.contains("got 15 ") && heard.contains("got 18 "), "{heard}");
    }
}

#[test]
fn without_grace_companions_are_told_nothing() {
    let folder = Folder::new();
    let programs = ["read line; exit 5".into(), probing(&folder, "second", "stubborn")];
    let mut init = scripts(&["-vt0"], &programs).pid_1().start();
    until(&mut init, &folder, "second", "ready");
    init.input("\n");
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(5), "{outcome:?}");
    assert_eq!(read(&folder, "second"), "ready\n");
    assert!(!outcome.errors().contains("SIGTERM"), "{outcome:?}");
}

#[test]
fn a_companions_end_is_reported_with_its_status_and_life_goes_on() {
    let ends = [
        ("exit 0", ["companion", "0"]),
        ("exit 37", ["companion", "37"]),
        ("kill -KILL $$", ["companion", "SIGKILL"]),
        ("kill -TERM $$", ["companion", "SIGTERM"]),
    ];
    for ((script, words), pid_1) in ends.into_iter().zip(BOTH.into_iter().cycle()) {
        let folder = Folder::new();
        let programs = [probing(&folder, "first", "signals 15"), script.into()];
        let mut init = scripts(&[], &programs).pid_1_if(pid_1).start();
        until(&mut init, &folder, "first", "ready");
        init.until_error(words[1]);
        init.signal(SIGUSR1);
        until(&mut init, &folder, "first", "got 10 ");
        init.signal(SIGTERM);
        assert_told(&init.finish(), 0, &words);
    }
}

#[test]
fn a_report_names_the_companion() {
    // By its number at least, which the person who looks at several of them knows from -v or ps.
    let programs = ["read line", "echo pid $$.; exit 9"];
    let mut init = scripts(&[], &programs).start();
    let said = init.until(".\n");
    let pid = said.trim().trim_start_matches("pid ").trim_end_matches('.').to_owned();
    init.until_error("\n");
    init.input("\n");
    assert_told(&init.finish(), 0, &["companion", &pid, "9"]);
}

#[test]
fn with_any_the_first_end_ends_the_container_with_its_code() {
    let lines: [(&[&str], Option<&str>); 3] =
        [(&["--any"], None), (&[], Some("1")), (&["--any"], Some("0"))];
    for (options, variable) in lines {
        for pid_1 in BOTH {
            for (end, code) in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 128 + SIGKILL)] {
                let folder = Folder::new();
                let programs = [
                    probing(&folder, "first", "signals 15"),
                    format!("read line; {end}"),
                    probing(&folder, "third", "signals 15"),
                ];
                let mut init = scripts(&[options, &["-t", "1000"]].concat(), &programs);
                if let Some(value) = variable {
                    init = init.env("RINIT_ANY", value);
                }
                let mut init = init.pid_1_if(pid_1).start();
                until(&mut init, &folder, "first", "ready");
                until(&mut init, &folder, "third", "ready");
                init.input("\n");
                let outcome = init.finish();
                assert_eq!(outcome.code(), Some(code), "{outcome:?}");
                for name in ["first", "third"] {
                    assert!(read(&folder, name).contains("got 15 "), "{name}");
                }
            }
        }
    }
}

#[test]
fn with_any_the_first_ones_end_ends_the_container_as_well() {
    let folder = Folder::new();
    let programs = ["read line; exit 8".into(), probing(&folder, "second", "signals 15")];
    let mut init = scripts(&["--any"], &programs).start();
    until(&mut init, &folder, "second", "ready");
    init.input("\n");
    init.finish().assert_quiet(8);
}

#[test]
fn without_any_its_variable_decides() {
    for off in ["", "0"] {
        let folder = Folder::new();
        let programs = [probing(&folder, "first", "signals 15"), "exit 7".into()];
        let mut init = scripts(&[], &programs).env("RINIT_ANY", off).start();
        until(&mut init, &folder, "first", "ready");
        init.until_error("7");
        init.signal(SIGTERM);
        assert_eq!(init.finish().code(), Some(0));
    }
}

#[test]
fn the_code_that_ends_the_container_is_remapped() {
    let first = scripts(&["-e", "7"], &["exit 7", "read line"]).finish();
    assert_eq!(first.code(), Some(0), "{first:?}");
    let any = scripts(&["--any", "-e7"], &["read line", "exit 7"]).finish();
    assert_eq!(any.code(), Some(0), "{any:?}");
}

// Programs that fail to start, or go away.

#[test]
fn a_companion_that_cannot_be_started_is_reported_and_life_goes_on() {
    let folder = Folder::new();
    let plain = folder.file("plain", "#!/bin/sh\n", 0o644);
    let lines =
        [("/no/such/thing", "127"), (plain.to_str().unwrap(), "126"), ("no-such-thing", "127")];
    for ((name, code), pid_1) in lines.into_iter().zip(BOTH.into_iter().cycle()) {
        let folder = Folder::new();
        let mut init = scripts(&[], &[probing(&folder, "first", "signals 15")])
            .args([":::", name, "argument"])
            .args([":::", "sh", "-c", &probing(&folder, "third", "signals 15")])
            .pid_1_if(pid_1)
            .start();
        until(&mut init, &folder, "first", "ready");
        until(&mut init, &folder, "third", "ready");
        init.until_error(code);
        init.signal(SIGTERM);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        let errors = outcome.errors();
        let (why, end) = errors.split_once('\n').unwrap();
        assert!(why.contains(name), "{errors}");
        assert!(end.contains("companion") && end.contains(code), "{errors}");
    }
}

#[test]
fn with_any_a_companion_that_cannot_be_started_ends_the_container() {
    for pid_1 in BOTH {
        let outcome = scripts(&["--any"], &["read line"])
            .args([":::", "/no/such/thing"])
            .pid_1_if(pid_1)
            .finish();
        assert_eq!(outcome.code(), Some(127), "{outcome:?}");
    }
}

#[test]
fn where_the_first_cannot_be_started_the_others_are_not() {
    for pid_1 in BOTH {
        let outcome = Init::new(["-t", "1000", "-S", ":::", "/no/such/thing", ":::"])
            .probe(["signals", "15"])
            .blocking(u64::MAX)
            .pid_1_if(pid_1)
            .finish();
        assert_told(&outcome, 127, &["/no/such/thing"]);
        assert_eq!(outcome.text(), "", "{outcome:?}");
    }
}

#[test]
fn companions_that_all_end_at_once_leave_the_first_alone() {
    let folder = Folder::new();
    let programs: Vec<_> = std::iter::once(probing(&folder, "first", "signals 15"))
        .chain((1..8).map(|code| format!("exit {code}")))
        .collect();
    let mut init = scripts(&[], &programs).pid_1().start();
    until(&mut init, &folder, "first", "ready");
    for code in 1..8 {
        init.until_error(&format!("code {code}\n"));
    }
    init.signal(SIGTERM);
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(0));
    assert_eq!(outcome.errors().lines().count(), 7, "{outcome:?}");
}

/// A companion that forks away and leaves a daemon of this kind behind.
fn daemon(folder: &Folder, words: &str) -> String {
    let file = folder.join("daemon");
    format!("{} >'{}' & exit 0", probe::shell(words), file.display())
}

#[test]
fn a_companion_may_fork_away_and_its_daemon_is_drained() {
    // In its group, which the daemon's being a child of rinit's proves to be its still.
    for pid_1 in BOTH {
        let folder = Folder::new();
        let programs = ["read line; exit 5".into(), daemon(&folder, "signals 15")];
        let mut init = scripts(&["-t", "1000"], &programs).pid_1_if(pid_1).start();
        init.until_error("companion");
        until(&mut init, &folder, "daemon", "ready");
        init.input("\n");
        assert_told(&init.finish(), 5, &["companion", "code 0"]);
        assert!(read(&folder, "daemon").contains("got 15 "), "as PID 1: {pid_1}");
    }
}

#[test]
fn a_daemon_in_a_group_of_its_own_is_drained_by_pid_1_and_waited_for_by_others() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let last = if pid_1 { "15" } else { "10" };
        let daemon = daemon(&folder, &format!("group signals {last}"));
        let programs = ["read line; exit 5".into(), daemon];
        let mut init = scripts(&["-t", "1000"], &programs).pid_1_if(pid_1).start();
        init.until_error("companion");
        until(&mut init, &folder, "daemon", "ready");
        init.input("\n");
        if !pid_1 {
            init.until_true("the program's end", |init| init.children().len() == 1);
            assert!(timeout(&mut init).is_some(), "rinit waits for it");
            // Nobody has told it anything: 18 would be heard after 15, and 28 after both.
            send(init.children()[0], SIGWINCH);
            until(&mut init, &folder, "daemon", "got 28 ");
            send(init.children()[0], SIGUSR1);
        }
        assert_eq!(init.finish().code(), Some(5));
        let heard = read(&folder, "daemon");
        assert_eq!(heard.contains("got 15 "), pid_1, "{heard}");
    }
}

fn processes_of(user: u32) -> Vec<c_int> {
    let pid = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let is_his = |pid: &c_int| {
        status_field(*pid, "Uid").split_whitespace().next() == Some(&user.to_string())
    };
    fs::read_dir("/proc").unwrap().filter_map(pid).filter(is_his).collect()
}

#[test]
fn where_no_process_can_be_made_for_a_companion_nothing_is_left_running() {
    let folder = Folder::new();
    // A user of its own, so that nobody else's processes count.
    let user = 64_000 + (std::process::id() % 1000);
    if !is_root() {
        return skip("only root can be a user who has no other processes (run it as root)");
    }
    let init = Init::new(["-t", "1000", "-S", ":::", "--"])
        .program(folder.copy("rinit", rinit()))
        .args(["/bin/sh", "-c", "echo $$; exec sleep 1000", ":::", "/bin/sleep", "1000"])
        .setup(move || {
            let limit = libc::rlimit { rlim_cur: 2, rlim_max: 2 };
            // SAFETY: a structure that is there, and numbers.
            unsafe {
                check(libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit))?;
                check(libc::setresgid(user, user, user))?;
                check(libc::setresuid(user, user, user))
            }
        });
    let mut init = init.start();
    let rinit = init.pid();
    init.until_true("rinit's end", |_| has_ended(rinit));
    // What was killed may take its time to go; what was not stays.
    let start = Instant::now();
    while processes_of(user).into_iter().any(|pid| !has_ended(pid)) {
        assert!(start.elapsed() < HANG, "the first program was left behind: {init:?}");
        std::thread::yield_now();
    }
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(125), "{outcome:?}");
    assert!(outcome.errors().contains("process"), "{outcome:?}");
}

// LISTEN_PID and the terminal are for the first.

#[test]
fn listen_pid_names_the_first_and_stays_a_variable_for_the_others() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let own = if pid_1 { "1" } else { "2" };
        let report = |name| {
            let file = folder.join(name);
            format!("exec {} >'{}'", probe::shell("report"), file.display())
        };
        let programs =
            [format!("read line; {}", report("first")), report("second"), report("third")];
        let mut init =
            scripts(&[], &programs).env("LISTEN_PID", own).env("LAST", "x").pid_1_if(pid_1).start();
        for name in ["second", "third"] {
            until(&mut init, &folder, name, "variable");
        }
        init.input("\n");
        assert_eq!(init.finish().code(), Some(0));
        let [first, second, third] =
            ["first", "second", "third"].map(|name| Born::read(&read(&folder, name)));
        let listen = |born: &Born| {
            let variable = born.environment.iter().find_map(|it| it.strip_prefix(b"LISTEN_PID="));
            String::from_utf8_lossy(variable.unwrap_or(b"none at all")).into_owned()
        };
        assert_eq!(listen(&first), first.pid.to_string());
        for other in [second, third] {
            let listen = listen(&other);
            assert!(listen == own || listen == first.pid.to_string(), "LISTEN_PID: {listen}");
            assert_eq!(other.environment.len(), first.environment.len(), "{other:?}");
        }
    }
}

#[test]
fn the_terminal_goes_to_the_first() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let (terminal, slave) = terminal();
        let programs = PAIR.map(|name| probing(&folder, name, "signals 2"));
        let mut init = scripts(&["-t0"], &programs)
            .stream(0, Stream::Is(slave))
            // SAFETY: it takes numbers.
            .setup(|| check(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) }))
            .pid_1_if(pid_1)
            .start();
        for name in PAIR {
            until(&mut init, &folder, name, "ready");
        }
        // SAFETY: a descriptor of this process.
        let holder = unsafe { libc::tcgetpgrp(terminal.as_raw_fd()) };
        assert_eq!(holder, init.children()[0]);
        // ^C reaches the first, once, and nobody else.
        // SAFETY: the byte is there.
        assert_eq!(unsafe { libc::write(terminal.as_raw_fd(), b"\x03".as_ptr().cast(), 1) }, 1);
        assert_eq!(init.finish().code(), Some(0));
        assert!(read(&folder, "first").ends_with("got 2 from 0\n"), "{}", read(&folder, "first"));
        assert!(!read(&folder, "second").contains("got 2 "));
    }
}

/// A terminal: the end of the person, and that of the programs.
fn terminal() -> (OwnedFd, OwnedFd) {
    let (mut master, mut slave) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: room for two numbers, which are new descriptors then.
    unsafe {
        let result = libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast());
        assert_eq!(result, 0, "openpty: {}", std::io::Error::last_os_error());
        for fd in [master, slave] {
            libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
    }
}
