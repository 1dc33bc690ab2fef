//! The command line, row by row: what each option and variable does, and what rinit says of those
//! it cannot follow (contract: Command line).

mod common;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use libc::{
    SIGCHLD, SIGINT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, c_int,
};

use common::parent::Parent;
use common::probe::{self, Born};
use common::watch::{sleeps, timeout, until_settled};
use common::{
    Folder, Init, Outcome, Running, SIGNALS, Stream, check, children, pipe, send, status_field,
};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

/// Every signal that can reach rinit and is not its own.
fn forwarded() -> impl DoubleEndedIterator<Item = c_int> + Clone {
    (1..=SIGNALS).filter(|signal| ![SIGKILL, SIGSTOP, SIGCHLD].contains(signal))
}

/// Names in the order of their numbers, from 1 to 31.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// A signal as a person writes it: as a name where it has one, in the style of this number.
fn spelled(signal: c_int, style: c_int) -> String {
    let name = match signal {
        1..=31 => NAMES[signal as usize - 1].to_owned(),
        34 => "RTMIN".to_owned(),
        35.. => format!("RTMIN+{}", signal - 34),
        _ => return signal.to_string(),
    };
    match style % 5 {
        0 => name,
        1 => format!("SIG{name}"),
        2 => name.to_lowercase(),
        3 => format!("sIg{}{}", &name[..1], name[1..].to_lowercase()),
        _ => signal.to_string(),
    }
}

// What rinit cannot follow.

/// How a value can be given.
#[derive(Copy, Clone, Debug)]
enum Form {
    /// `-t 5`
    Letter(&'static str),
    /// `-t5`
    Attached(&'static str),
    /// `--grace 5`
    Long(&'static str),
    /// `--grace=5`
    Equals(&'static str),
    /// `RINIT_GRACE=5`
    Variable(&'static str),
}

impl Form {
    /// rinit with this value.
    fn with(self, value: &[u8]) -> Init {
        let word = |parts: &[&[u8]]| OsString::from(OsStr::from_bytes(&parts.concat()));
        match self {
            Self::Letter(name) | Self::Long(name) => {
                Init::new([OsStr::new(name)]).args([word(&[value])])
            }
            Self::Attached(name) => Init::new([word(&[name.as_bytes(), value])]),
            Self::Equals(name) => Init::new([word(&[name.as_bytes(), b"=", value])]),
            Self::Variable(name) => {
                Init::new(NONE).env_raw([name.as_bytes(), b"=", value].concat())
            }
        }
    }

    /// What the answer names where there is no value.
    fn name(self) -> &'static str {
        match self {
            Self::Letter(name)
            | Self::Attached(name)
            | Self::Long(name)
            | Self::Equals(name)
            | Self::Variable(name) => name,
        }
    }
}

const GRACE: &[Form] = &[
    Form::Letter("-t"),
    Form::Attached("-t"),
    Form::Long("--grace"),
    Form::Equals("--grace"),
    Form::Variable("RINIT_GRACE"),
];
const STOP_DELAY: &[Form] = &[
    Form::Letter("-d"),
    Form::Attached("-d"),
    Form::Long("--stop-delay"),
    Form::Equals("--stop-delay"),
    Form::Variable("RINIT_STOP_DELAY"),
];
const SLEEP: &[Form] = &[Form::Long("--sleep"), Form::Equals("--sleep")];
const REWRITE: &[Form] = &[
    Form::Letter("-r"),
    Form::Attached("-r"),
    Form::Long("--rewrite"),
    Form::Equals("--rewrite"),
    Form::Variable("RINIT_REWRITE"),
];
const REMAP_EXIT: &[Form] = &[
    Form::Letter("-e"),
    Form::Attached("-e"),
    Form::Long("--remap-exit"),
    Form::Equals("--remap-exit"),
    Form::Variable("RINIT_REMAP_EXIT"),
];
const PARENT_DEATH: &[Form] = &[
    Form::Letter("-p"),
    Form::Attached("-p"),
    Form::Long("--parent-death"),
    Form::Equals("--parent-death"),
    Form::Variable("RINIT_PARENT_DEATH"),
];
const VERBOSE: &[Form] = &[Form::Variable("RINIT_VERBOSE")];

/// Asserts that rinit said in one line what it cannot follow, and did nothing else.
#[track_caller]
fn assert_refused(outcome: &Outcome, named: &[u8], expected: &str) {
    let said = &outcome.stderr;
    let holds = |part: &[u8]| part.is_empty() || said.windows(part.len()).any(|it| it == part);
    assert_eq!(outcome.code(), Some(125), "{outcome:?}");
    assert_eq!(outcome.text(), "", "{outcome:?}");
    assert!(said.starts_with(b"rinit: "), "{outcome:?}");
    let lines = said.iter().filter(|byte| **byte == b'\n').count();
    assert!(lines == 1 && said.ends_with(b"\n"), "one line: {outcome:?}");
    assert!(holds(named), "names {:?}: {outcome:?}", String::from_utf8_lossy(named));
    assert!(holds(expected.as_bytes()), "says {expected:?}: {outcome:?}");
}

/// A program that leaves a mark, and whether it did.
struct Mark(Folder);

impl Mark {
    fn new() -> Self {
        Self(Folder::new())
    }

    fn program(&self) -> [OsString; 2] {
        ["touch".into(), self.0.join("mark").into()]
    }

    #[track_caller]
    fn assert_missing(&self, outcome: &Outcome) {
        assert!(!self.0.join("mark").exists(), "the program was started: {outcome:?}");
    }
}

/// Each value in each form is refused, by name and with what was expected.
fn assert_values_refused(forms: &[Form], values: &[&str], expected: &str) {
    let mark = Mark::new();
    let values = values.iter().map(|it| it.as_bytes()).chain([&b"\xff"[..]]);
    for (value, pid_1) in values.zip(BOTH.into_iter().cycle()) {
        for form in forms {
            if value.is_empty() && matches!(form, Form::Attached(_)) {
                continue;
            }
            let outcome = form.with(value).args(mark.program()).pid_1_if(pid_1).finish();
            let named = if value.is_empty() { form.name().as_bytes() } else { value };
            assert_refused(&outcome, named, expected);
            if let Form::Variable(name) = form {
                assert_refused(&outcome, name.as_bytes(), expected);
            }
            mark.assert_missing(&outcome);
        }
    }
}

#[test]
fn seconds_that_are_none_are_refused() {
    let values = [
        "",
        "x",
        "-1",
        "+1",
        "5s",
        "1e3",
        " 5",
        "5 ",
        "0x5",
        ".",
        "1.2.3",
        "1,5",
        "inf",
        "NaN",
        "5.x",
        "1:2",
        "99999999999999999999",
    ];
    let forms = [GRACE, STOP_DELAY, SLEEP].concat();
    // Seconds are no list: a comma in them is part of the word.
    let (lists, others): (Vec<_>, Vec<_>) = values.iter().partition(|it| it.contains(','));
    assert_values_refused(&forms, &others, "seconds");
    for value in lists {
        assert_refused(
            &GRACE[0].with(value.as_bytes()).args(["true"]).finish(),
            value.as_bytes(),
            "seconds",
        );
    }
}

#[test]
fn signals_that_are_none_are_refused() {
    let values = [
        "",
        "0",
        "65",
        "-1",
        "15x",
        "FOO",
        "SIG",
        "SIGSIGTERM",
        "TERM ",
        " TERM",
        "TERMINATE",
        "RTMIN+31",
        "RTMIN-1",
        "RTMIN+",
        "RTMIN1",
        "RTMAX+1",
        "SIG15",
        "99999999999999999999",
    ];
    assert_values_refused(PARENT_DEATH, &values, "signal");
}

#[test]
fn rewrites_that_are_none_are_refused() {
    let values = [
        "",
        ":",
        "TERM",
        "TERM:",
        ":TERM",
        "TERM:INT:QUIT",
        "TERM=INT",
        "TERM INT",
        "FOO:TERM",
        "TERM:FOO",
        "0:TERM",
        "65:TERM",
        "TERM:65",
        "TERM:-1",
        "-1:TERM",
        "CHLD:TERM",
        "SIGCHLD:0",
        "17:15",
        "KILL:TERM",
        "sigkill:0",
        "9:15",
        "STOP:TERM",
        "stop:0",
        "19:15",
    ];
    assert_values_refused(REWRITE, &values, "FROM:TO");
    let lists =
        ["TERM:INT,", ",TERM:INT", "TERM:INT,,HUP:INT", "HUP:INT,FOO:TERM", "HUP:INT, INT:TERM"];
    for list in lists {
        let outcome = Init::new(["true"]).env("RINIT_REWRITE", list).finish();
        assert_refused(&outcome, b"RINIT_REWRITE", "FROM:TO");
    }
}

#[test]
fn exit_codes_that_are_none_are_refused() {
    let values =
        ["", "256", "1000", "-1", "+1", "1x", "x", "1.0", "0x1", " 1", "99999999999999999999"];
    assert_values_refused(REMAP_EXIT, &values, "0 to 255");
    for list in ["1,", ",1", "1,,2", "1,256", "1;2"] {
        let outcome = Init::new(["true"]).env("RINIT_REMAP_EXIT", list).finish();
        assert_refused(&outcome, b"RINIT_REMAP_EXIT", "0 to 255");
    }
}

#[test]
fn degrees_of_talk_that_are_none_are_refused() {
    assert_values_refused(VERBOSE, &["3", "-1", "x", "yes", "1.0", " 1", "11"], "0, 1 or 2");
}

#[test]
fn an_option_without_its_value_is_refused() {
    let options = [
        ("-t", "--grace", "seconds"),
        ("-d", "--stop-delay", "seconds"),
        ("-r", "--rewrite", "FROM:TO"),
        ("-e", "--remap-exit", "0 to 255"),
        ("-p", "--parent-death", "signal"),
        ("-S", "--separator", "word"),
        ("--copy-to", "--copy-to", "path"),
        ("--sleep", "--sleep", "seconds"),
    ];
    for (short, long, expected) in options {
        let (short_name, long_name) = (short.as_bytes(), long.as_bytes());
        assert_refused(&Init::new([short]).finish(), short_name, expected);
        assert_refused(&Init::new(["-v", long]).finish(), long_name, expected);
        assert_refused(
            &Init::new([format!("{long}=")]).args(["true"]).finish(),
            long_name,
            expected,
        );
        assert_refused(&Init::new([short, "", "true"]).finish(), short_name, expected);
    }
    // The last letter of a cluster.
    assert_refused(&Init::new(["-vgt"]).finish(), b"t: ", "seconds");
}

#[test]
fn what_is_no_option_is_refused() {
    let mark = Mark::new();
    let words = [
        "-x",
        "-0",
        "-\u{e9}",
        "-vx",
        "-xv",
        "--nope",
        "--grac",
        "--graces",
        "--GRACE",
        "---",
        "--=",
        "--=5",
        "--grace5",
        "-=",
        "--g",
        "--t=5",
        "-?",
        "--version-",
        "--any-",
    ];
    for (word, pid_1) in words.into_iter().zip(BOTH.into_iter().cycle()) {
        let outcome = Init::new([word]).args(mark.program()).pid_1_if(pid_1).finish();
        assert_refused(&outcome, word.as_bytes(), "option");
        mark.assert_missing(&outcome);
    }
}

#[test]
fn a_value_for_a_flag_is_refused() {
    let mark = Mark::new();
    let flags = [
        "group",
        "single-child",
        "all",
        "subreaper",
        "warn-reaped",
        "verbose",
        "any",
        "pause",
        "help",
        "version",
        "license",
    ];
    for flag in flags {
        let outcome = Init::new([format!("--{flag}=17")]).args(mark.program()).finish();
        assert_refused(&outcome, flag.as_bytes(), "expected");
        assert_refused(&outcome, b"17", "expected");
        mark.assert_missing(&outcome);
    }
}

#[test]
fn nothing_to_run_is_refused() {
    for words in [&[][..], &["--"], &["-v"], &["-gw", "--"], &["-t", "5"]] {
        assert_refused(&Init::new(words).finish(), b"PROGRAM", "expected");
    }
}

#[test]
fn a_program_beside_what_runs_none_is_refused() {
    let (mark, folder) = (Mark::new(), Folder::new());
    let copy = folder.join("copy");
    let options = [
        vec!["-P"],
        vec!["--pause"],
        vec!["--sleep", "0"],
        vec!["--copy-to", copy.to_str().unwrap()],
    ];
    for words in options {
        let outcome = Init::new(words).args(mark.program()).finish();
        assert_refused(&outcome, b"touch", "expected");
        mark.assert_missing(&outcome);
    }
    assert!(!copy.exists());
}

#[test]
fn a_refusal_stays_one_line_whatever_the_word_holds() {
    for word in ["two\nlines", "\u{1b}[2J", "a\r", "\t\u{7f}"] {
        for words in [vec![format!("--{word}")], vec!["-t".into(), word.into()]] {
            let outcome = Init::new(words).args(["true"]).finish();
            assert_refused(&outcome, b"", "expected");
            let said = outcome.stderr.strip_suffix(b"\n").unwrap();
            assert!(!said.iter().any(u8::is_ascii_control), "{outcome:?}");
        }
    }
}

#[test]
fn a_refusal_says_what_was_expected_however_long_the_word_is() {
    let long = "x".repeat(100_000);
    assert_refused(&Init::new(["-t", &long, "true"]).finish(), b"xxxxxxxx", "seconds");
    assert_refused(&Init::new([format!("--{long}")]).finish(), b"--xxxxxx", "option");
    assert_refused(
        &Init::new(["true"]).env("RINIT_GRACE", &long).finish(),
        b"RINIT_GRACE",
        "seconds",
    );
}

#[test]
fn a_refusal_has_its_code_also_where_nobody_can_be_told() {
    for stderr in [Stream::Closed, full_device(), broken_pipe()] {
        let outcome = Init::new(["-x", "true"]).stream(2, stderr).finish();
        assert_eq!(outcome.code(), Some(125), "{outcome:?}");
    }
}

fn full_device() -> Stream {
    Stream::Is(File::options().read(true).write(true).open("/dev/full").unwrap().into())
}

/// A pipe that nobody reads any more.
fn broken_pipe() -> Stream {
    Stream::Is(pipe().1)
}

// How the words are taken apart.

#[test]
fn options_end_at_the_first_word_that_is_none() {
    let behind = ["-x", "--help", "-e", "--", "-S", "", "-", "\u{e9}"];
    let before = [&["-v"][..], &["-v", "--"], &["--", ""], &["-t5", "--grace=5", "-t", "5", "--"]];
    for (words, pid_1) in before.into_iter().zip(BOTH.into_iter().cycle()) {
        let words: Vec<_> = words.iter().filter(|it| !it.is_empty()).collect();
        let outcome = Init::new(words).probe(["report"]).args(behind).pid_1_if(pid_1).finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        let born = Born::read(&outcome.text());
        let heard: Vec<_> = born.arguments[3..].iter().map(|it| &it[..]).collect();
        assert_eq!(heard, behind.map(str::as_bytes));
    }
}

#[test]
fn a_lone_dash_is_a_programs_name() {
    let folder = Folder::new();
    folder.file("-", "#!/bin/sh\nexit 31\n", 0o755);
    Init::new(["-"]).env("PATH", folder.path()).finish().assert_quiet(31);
}

#[test]
fn behind_two_dashes_a_programs_name_may_look_like_an_option() {
    let folder = Folder::new();
    folder.file("--help", "#!/bin/sh\nexit 32\n", 0o755);
    Init::new(["--", "--help"]).env("PATH", folder.path()).finish().assert_quiet(32);
}

#[test]
fn short_options_cluster_and_values_are_attached_or_separate() {
    let lines = [
        &["-e143"][..],
        &["-e", "143"],
        &["-ge143"],
        &["-gce", "143"],
        &["-wsgcae143"],
        &["--remap-exit=143"],
        &["--remap-exit", "143"],
        &["-e1", "-e", "143", "--remap-exit", "3"],
    ];
    for line in lines {
        Init::new(line).args(["sh", "-c", "kill $$"]).finish().assert_quiet(0);
    }
}

#[test]
fn of_values_given_twice_the_last_counts() {
    let mut init = Init::new(["-d", "9", "-d", "100000"]).probe(["signals"]).start();
    init.until("ready");
    init.signal(SIGTERM);
    assert_about(timeout(&mut init), 100_000.0);
}

// Help, version, licence.

/// Every option that prints, in every form.
const PRINTING: [&str; 7] = ["-h", "--help", "-V", "--version", "-l", "-L", "--license"];

#[test]
fn help_version_and_licence_are_printed_and_nothing_else_is_done() {
    let mark = Mark::new();
    for (option, pid_1) in PRINTING.into_iter().zip(BOTH.into_iter().cycle()) {
        let outcome = Init::new([option]).args(mark.program()).pid_1_if(pid_1).finish();
        outcome.assert_quiet(0);
        assert!(outcome.stdout.ends_with(b"\n"), "{outcome:?}");
        mark.assert_missing(&outcome);
        // In a cluster, and without a program.
        if let Some(letter) = option.strip_prefix('-').filter(|it| it.len() == 1) {
            assert_eq!(Init::new([format!("-v{letter}g")]).finish().stdout, outcome.stdout);
        }
    }
}

#[test]
fn help_fits_a_terminal_and_names_every_option_and_variable_of_the_table() {
    let help = Init::new(["--help"]).finish().text();
    let lines: Vec<_> = help.lines().map(expand_tabs).collect();
    assert!(lines.len() <= 24, "a page has 24 lines");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{help}");
    let words = [
        "-g",
        "--group",
        "-c",
        "--single-child",
        "-a",
        "--all",
        "-t",
        "--grace",
        "-d",
        "--stop-delay",
        "-r",
        "--rewrite",
        "-e",
        "--remap-exit",
        "-p",
        "--parent-death",
        "-s",
        "--subreaper",
        "-w",
        "--warn-reaped",
        "-v",
        "--verbose",
        "-S",
        "--separator",
        "--any",
        "-P",
        "--pause",
        "--copy-to",
        "--sleep",
        "-h",
        "--help",
        "-V",
        "--version",
        "-l",
        "-L",
        "--license",
        "RINIT_",
    ];
    for word in words {
        let is_there = |line: &String| {
            line.split([' ', ',', ':'])
                .any(|it| it == word || word.ends_with('_') && it.starts_with(word))
        };
        assert!(lines.iter().any(is_there), "{word} is not in: {help}");
    }
}

/// A line as a terminal shows it.
fn expand_tabs(line: &str) -> String {
    line.chars().fold(String::new(), |mut shown, letter| {
        if letter == '\t' {
            shown.push_str(&" ".repeat(8 - shown.chars().count() % 8));
        } else {
            shown.push(letter);
        }
        shown
    })
}

#[test]
fn every_option_in_the_help_text_is_one() {
    let help = Init::new(["--help"]).finish().text();
    let mut count = 0;
    for line in help.lines().filter(|line| line.starts_with('-')) {
        let named = expand_tabs(line);
        let named = named.trim_start().split("  ").next().unwrap().to_owned();
        let words: Vec<_> = named.split([' ', ',']).filter(|it| !it.is_empty()).collect();
        for option in words.iter().filter(|it| it.starts_with('-')) {
            let value = words.iter().find_map(|it| match *it {
                "SECONDS" => Some("0"),
                "FROM:TO" => Some("HUP:INT"),
                "CODE" => Some("1"),
                "SIGNAL" => Some("TERM"),
                "WORD" => Some("+"),
                "PATH" => Some("/dev/null/x"),
                _ => None,
            });
            let runs_none = ["-P", "--pause", "--sleep", "--copy-to"].contains(option);
            let program = (!runs_none).then_some(["true", "+", "true"]);
            let mut init =
                Init::new([*option]).args(value).args(program.into_iter().flatten()).start();
            if ["-P", "--pause"].contains(option) {
                until_settled(&mut init);
                init.signal(SIGTERM);
            }
            let said = init.finish().errors();
            assert!(!said.contains("expected"), "{option}: {said}");
            count += 1;
        }
    }
    assert!(count >= 36, "{count} options in: {help}");
}

#[test]
fn the_version_has_the_form_that_engines_parse() {
    for option in ["-V", "--version"] {
        let text = Init::new([option]).finish().text();
        // What docker and podman make of it.
        let (version, commit) = text.strip_suffix('\n').unwrap().split_once(" - ").unwrap();
        assert_eq!(version, concat!("rinit version ", env!("CARGO_PKG_VERSION")), "{text}");
        let parts: Vec<_> = commit.split('.').collect();
        assert!(matches!(parts[..], ["git", hash] if !hash.is_empty()), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

#[test]
fn the_licence_is_the_crates() {
    for option in ["-l", "-L", "--license"] {
        let text = Init::new([option]).finish().text();
        assert!(text.contains("MIT") && text.contains("Apache-2.0"), "{text}");
    }
}

#[test]
fn what_cannot_be_printed_is_an_error() {
    for option in PRINTING {
        for stdout in [Stream::Closed, full_device(), broken_pipe()] {
            let outcome = Init::new([option]).stream(1, stdout).finish();
            assert_eq!(outcome.code(), Some(125), "{outcome:?}");
            let said = outcome.errors();
            assert!(said.starts_with("rinit: ") && said.contains("stdout"), "{outcome:?}");
            assert_eq!(said.lines().count(), 1, "{outcome:?}");
        }
    }
}

#[test]
fn what_is_printed_waits_for_a_slow_reader() {
    use std::io::Read;
    let (reader, writer) = pipe();
    fill(&writer);
    let init = Init::new(["--help"]).stream(1, Stream::Is(writer)).start();
    let mut text = Vec::new();
    File::from(reader).read_to_end(&mut text).unwrap();
    init.finish().assert_quiet(0);
    assert!(text.ends_with(&Init::new(["--help"]).finish().stdout));
}

/// Fills a pipe to the brim.
fn fill(pipe: &impl std::os::fd::AsRawFd) {
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

// -g, -c, -a.

/// A program, another process in its group, and one in a group of its own.
struct Household {
    init: Running,
    folder: Folder,
}

/// Who got a signal that rinit got.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Reach {
    member: bool,
    other: bool,
}

const ALONE: Reach = Reach { member: false, other: false };
const GROUP: Reach = Reach { member: true, other: false };
const ALL: Reach = Reach { member: true, other: true };

impl Household {
    fn start(init: Init) -> Self {
        let folder = Folder::new();
        let script = format!(
            "{} >'{}' & {} >'{}' & exec {}",
            probe::shell("signals"),
            folder.join("member").display(),
            probe::shell("group signals"),
            folder.join("other").display(),
            probe::shell("signals"),
        );
        let mut household = Self { init: init.args(["sh", "-c", &script]).start(), folder };
        household.init.until("ready");
        household.until("member", "ready");
        household.until("other", "ready");
        household
    }

    fn heard(&self, who: &str) -> String {
        fs::read_to_string(self.folder.join(who)).unwrap_or_default()
    }

    fn until(&mut self, who: &str, text: &str) {
        let path = self.folder.join(who);
        self.init.until_true(&format!("{text:?} of the {who}"), |_| {
            fs::read_to_string(&path).is_ok_and(|it| it.contains(text))
        });
    }

    /// Whom a signal reaches that reaches rinit; the program hears it in any case.
    fn reach(&mut self) -> Reach {
        // When the program has heard the second, rinit is through with the first.
        for signal in [SIGUSR1, SIGUSR2] {
            self.init.signal(signal);
            self.init.until(&format!("got {signal} "));
        }
        let program = self.init.children()[0];
        for other in children(program) {
            send(other, SIGWINCH);
        }
        // What came before it has a smaller number and is heard first.
        let [member, other] = ["member", "other"].map(|who| {
            self.until(who, &format!("got {SIGWINCH} "));
            self.heard(who).contains(&format!("got {SIGUSR1} "))
        });
        Reach { member, other }
    }
}

#[test]
fn signals_go_to_the_group_to_the_program_alone_or_to_all() {
    for pid_1 in BOTH {
        let all = if pid_1 { ALL } else { GROUP };
        let lines: [(&[&str], _); 12] = [
            (&[], GROUP),
            (&["-g"], GROUP),
            (&["--group"], GROUP),
            (&["-c"], ALONE),
            (&["--single-child"], ALONE),
            (&["-a"], all),
            (&["--all"], all),
            // The last counts.
            (&["-c", "-g"], GROUP),
            (&["-cag"], GROUP),
            (&["-gac"], ALONE),
            (&["-a", "--single-child"], ALONE),
            (&["-gca"], all),
        ];
        for (line, reach) in lines {
            let found = Household::start(Init::new(line).pid_1_if(pid_1)).reach();
            assert_eq!(found, reach, "{line:?} as PID 1: {pid_1}");
        }
    }
}

/// Variables with their values.
type Variables = &'static [(&'static str, &'static str)];

#[test]
fn variables_say_where_signals_go_unless_an_option_does() {
    let lines: [(&[&str], Variables, _); 13] = [
        (&[], &[("SINGLE_CHILD", "1")], ALONE),
        (&[], &[("SINGLE_CHILD", "yes")], ALONE),
        (&[], &[("SINGLE_CHILD", "0")], GROUP),
        (&[], &[("SINGLE_CHILD", "")], GROUP),
        (&[], &[("ALL", "1")], ALL),
        (&[], &[("ALL", "0")], GROUP),
        (&[], &[("ALL", "")], GROUP),
        (&[], &[("ALL", "0"), ("SINGLE_CHILD", "1")], ALONE),
        (&["-g"], &[("SINGLE_CHILD", "1")], GROUP),
        (&["-g"], &[("ALL", "1")], GROUP),
        (&["-c"], &[("ALL", "1")], ALONE),
        (&["-a"], &[("SINGLE_CHILD", "1")], ALL),
        (&["-c"], &[("SINGLE_CHILD", "0")], ALONE),
    ];
    for (line, variables, reach) in lines {
        let init = variables.iter().fold(Init::new(line).pid_1(), |init, (name, value)| {
            init.env(format!("RINIT_{name}"), value)
        });
        assert_eq!(Household::start(init).reach(), reach, "{line:?} {variables:?}");
    }
}

#[test]
fn the_single_child_is_told_of_the_drain_like_everybody() {
    // -c is about what is passed on; the drain is for the others.
    let script = format!("{} & read line; exit 5", probe::shell("signals 15"));
    for option in ["-c", "-a", "-g"] {
        let mut init = Init::new([option, "-t", "1000", "sh", "-c", &script])
            .stream(0, Stream::Pipe)
            .pid_1()
            .start();
        init.until("ready");
        init.input("\n");
        init.until("got 15 ");
        init.finish().assert_quiet(5);
    }
}

// -t.

/// Asserts that rinit means to wait this many seconds, or a bit less because they run already.
#[track_caller]
fn assert_about(time: Option<Duration>, seconds: f64) {
    let time = time.expect("a timer").as_secs_f64();
    assert!(time <= seconds && time > seconds - 100.0, "{time}, not {seconds}");
}

/// How long rinit means to wait for one who does not care.
fn grace(init: Init) -> Option<Duration> {
    let script = format!("{} & read line; exit 5", probe::shell("stubborn"));
    let mut init = init.args(["sh", "-c", &script]).stream(0, Stream::Pipe).pid_1().start();
    init.until("ready");
    init.input("\n");
    init.until("got 15 ");
    timeout(&mut init)
}

#[test]
fn the_others_get_as_long_as_was_said() {
    let lines = [
        (&["-t", "1000"][..], 1000.0),
        (&["-t1000.5"], 1000.5),
        (&["--grace=123456.789"], 123_456.789),
        (&["--grace", "00200"], 200.0),
        (&["-t", "200."], 200.0),
        (&["-t", "200.0000000000000000001"], 200.0),
        (&["-t", "300000"], 300_000.0),
        (&["-t", "0.9"], 0.9),
        (&["-t", ".9"], 0.9),
        (&[], 5.0),
    ];
    for (line, seconds) in lines {
        assert_about(grace(Init::new(line)), seconds);
    }
}

#[test]
fn the_grace_comes_from_its_variable_unless_the_option_is_there() {
    assert_about(grace(Init::new(NONE).env("RINIT_GRACE", "1000.5")), 1000.5);
    assert_about(grace(Init::new(["-t", "2000"]).env("RINIT_GRACE", "1000")), 2000.0);
    assert_about(grace(Init::new(["-t", "2000"]).env("RINIT_GRACE", "0")), 2000.0);
}

#[test]
fn with_no_grace_rinit_leaves_at_once_and_tells_nobody() {
    let script = format!("{} & read line; exit 5", probe::shell("stubborn"));
    let lines = [(&["-t", "0"][..], None), (&["-t0.0"], Some("1000")), (&[], Some("0"))];
    for (line, variable) in lines {
        let mut init = Init::new(line).args(["sh", "-c", &script]).stream(0, Stream::Pipe).pid_1();
        if let Some(value) = variable {
            init = init.env("RINIT_GRACE", value);
        }
        let mut init = init.start();
        init.until("ready");
        init.input("\n");
        let outcome = init.finish();
        outcome.assert_quiet(5);
        assert_eq!(outcome.text(), "ready\n");
    }
}

#[test]
fn after_a_fraction_of_a_second_the_grace_is_over() {
    let script = format!("{} & read line; exit 5", probe::shell("stubborn"));
    let mut init =
        Init::new(["-t", "0.3", "sh", "-c", &script]).stream(0, Stream::Pipe).pid_1().start();
    init.until("ready");
    let start = Instant::now();
    init.input("\n");
    init.finish().assert_quiet(5);
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn the_grace_ends_also_where_signals_never_do() {
    let script = "trap '' TERM 40; for i in 1 2 3 4 5 6 7 8; do (while :; do kill -40 1; done) & done; \
                  exit 7";
    for _ in 0..3 {
        Init::new(["-t", "0.3", "sh", "-c", script])
            .pid_1()
            .setup(|| {
                // What the processes of a user have pending is counted together: half of it is
                // left to other tests.
                let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
                // SAFETY: structures that are there.
                unsafe {
                    check(libc::getrlimit(libc::RLIMIT_SIGPENDING, &raw mut limit))?;
                    limit.rlim_cur = limit.rlim_max / 2;
                    check(libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const limit))
                }
            })
            .finish()
            .assert_quiet(7);
    }
}

// -d.

#[test]
fn the_first_terminating_signal_is_held_while_others_pass() {
    for (line, pid_1) in [&["-d", "1000"][..], &["-d1000"], &["--stop-delay=1000.25"]]
        .into_iter()
        .zip(BOTH.into_iter().cycle())
    {
        for held in [SIGTERM, SIGINT, SIGQUIT] {
            let mut init = Init::new(line).probe(["signals", "28"]).pid_1_if(pid_1).start();
            init.until("ready");
            assert_eq!(timeout(&mut init), None, "nothing is timed yet");
            init.signal(held);
            assert_about(timeout(&mut init), 1000.25);
            // Their numbers are higher: had the held one been passed on, it would be heard first.
            for signal in [40, 64, SIGWINCH] {
                init.signal(signal);
                init.until(&format!("got {signal} "));
            }
            let outcome = init.finish();
            outcome.assert_quiet(0);
            assert!(!outcome.text().contains(&format!("got {held} ")), "{outcome:?}");
        }
    }
}

#[test]
fn when_the_delay_is_over_the_signal_is_passed_on() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-d", "0.3"]).probe(["signals", "15"]).pid_1_if(pid_1).start();
        init.until("ready");
        let start = Instant::now();
        init.signal(SIGTERM);
        let outcome = init.finish();
        outcome.assert_quiet(0);
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert_eq!(outcome.text().matches("got 15 ").count(), 1, "{outcome:?}");
    }
}

#[test]
fn while_a_signal_is_held_nothing_wakes_rinit() {
    let mut init = Init::new(["-d", "1.5"]).probe(["signals"]).start();
    init.until("ready");
    init.signal(SIGTERM);
    until_settled(&mut init);
    let before = sleeps(init.pid());
    init.until("got 15 ");
    until_settled(&mut init);
    // It woke once, at the end of the delay, and went back to sleep.
    assert_eq!(sleeps(init.pid()), before + 1);
}

#[test]
fn a_second_terminating_signal_ends_the_delay() {
    for pid_1 in BOTH {
        for (first, second) in [(SIGTERM, SIGTERM), (SIGTERM, SIGINT), (SIGQUIT, SIGTERM)] {
            let mut init = Init::new(["-d", "1000"]).probe(["signals"]).pid_1_if(pid_1).start();
            init.until("ready");
            init.signal(first);
            until_settled(&mut init);
            init.signal(second);
            init.until(&format!("got {first} "));
            init.until(&format!("got {second} "));
            assert_eq!(timeout(&mut init), None, "the hold is over");
            // And no other is held.
            init.signal(SIGINT);
            init.until(&format!("got {SIGINT} "));
            assert_eq!(timeout(&mut init), None);
        }
    }
}

#[test]
fn the_programs_end_ends_the_delay() {
    for pid_1 in BOTH {
        let mut init = Init::new(["-d", "1000", "sh", "-c", "echo ready; read line; exit 9"])
            .stream(0, Stream::Pipe)
            .pid_1_if(pid_1)
            .start();
        init.until("ready");
        init.signal(SIGTERM);
        until_settled(&mut init);
        init.input("\n");
        init.finish().assert_quiet(9);
    }
}

#[test]
fn when_the_programs_end_has_ended_the_delay_the_grace_runs() {
    let script = format!("{} & read line; exit 9", probe::shell("stubborn"));
    let mut init = Init::new(["-d", "100000", "-t", "1000", "sh", "-c", &script])
        .stream(0, Stream::Pipe)
        .pid_1()
        .start();
    init.until("ready");
    init.signal(SIGQUIT);
    assert_about(timeout(&mut init), 100_000.0);
    init.input("\n");
    init.until("got 15 ");
    assert_about(timeout(&mut init), 1000.0);
    // Nothing is held any more, and no signal stops the grace from running.
    for signal in [SIGINT, SIGQUIT, SIGUSR1] {
        init.signal(signal);
        init.until(&format!("got {signal} "));
        assert_about(timeout(&mut init), 1000.0);
    }
}

#[test]
fn while_a_signal_is_held_orphans_are_reaped() {
    let mut init =
        Init::new(["-d", "1000"]).probe(["orphans", "3"]).stream(0, Stream::Pipe).pid_1().start();
    init.until("ready");
    init.signal(SIGTERM);
    until_settled(&mut init);
    assert_eq!(init.children().len(), 4);
    init.end_input();
    init.until_true("the orphans' end", |init| init.children().len() == 1);
    assert_about(timeout(&mut init), 1000.0);
    init.signal(SIGUSR1);
    init.finish().assert_quiet(7);
}

#[test]
fn what_is_rewritten_to_or_from_a_terminating_signal_is_held_too() {
    let lines = [
        ("USR1:TERM", SIGUSR1, SIGTERM),
        ("37:INT", 37, SIGINT),
        ("TERM:USR2", SIGTERM, SIGUSR2),
        ("TERM:QUIT", SIGTERM, SIGQUIT),
    ];
    for (rewrite, sent, heard) in lines {
        let mut init = Init::new(["-d", "1000", "-r", rewrite]).probe(["signals"]).start();
        init.until("ready");
        init.signal(sent);
        assert_about(timeout(&mut init), 1000.0);
        assert_eq!(init.output(), "ready\n");
        init.signal(sent);
        init.until(&format!("got {heard} "));
    }
    // One that is dropped holds nothing up.
    let mut init = Init::new(["-d", "1000", "-r", "TERM:0"]).probe(["signals"]).start();
    init.until("ready");
    init.signal(SIGTERM);
    assert_eq!(timeout(&mut init), None);
}

#[test]
fn the_delay_comes_from_its_variable_unless_the_option_is_there() {
    let lines = [
        (&[][..], "1000.5", Some(1000.5)),
        (&["-d", "2000"], "1000", Some(2000.0)),
        (&["-d", "0"], "1000", None),
        (&["-d", "2000"], "0", Some(2000.0)),
        (&[], "0", None),
    ];
    for (line, variable, seconds) in lines {
        let mut init = Init::new(line).env("RINIT_STOP_DELAY", variable).probe(["signals"]).start();
        init.until("ready");
        init.signal(SIGTERM);
        match seconds {
            Some(seconds) => assert_about(timeout(&mut init), seconds),
            None => assert!(init.until("got 15 ").contains("got 15 ")),
        }
    }
}

#[test]
fn a_terminating_signal_from_before_the_programs_birth_is_held_as_well() {
    let newborn = Init::new(["-d", "1000"]).probe(["signals"]).blocking(u64::MAX).setup(|| {
        // SAFETY: it takes numbers.
        check(unsafe { libc::kill(libc::getpid(), SIGTERM) })
    });
    let mut init = newborn.start();
    init.until("ready");
    assert_about(timeout(&mut init), 1000.0);
    assert_eq!(init.output(), "ready\n");
}

// -r.

#[test]
fn every_signal_can_be_rewritten_by_number_and_by_name() {
    // Each to the one before it, the first to the last.
    let to: Vec<c_int> = forwarded().collect();
    let from: Vec<c_int> = forwarded().skip(1).chain(forwarded().take(1)).collect();
    for (style, pid_1) in (0..10).zip(BOTH.into_iter().cycle()) {
        let rewrites: Vec<_> = (style..)
            .zip(from.iter().zip(&to))
            .map(|(style, (from, to))| {
                format!("{}:{}", spelled(*from, style), spelled(*to, style + 1))
            })
            .collect();
        let init = match style % 3 {
            0 => Init::new(NONE).env("RINIT_REWRITE", rewrites.join(",")),
            1 => Init::new(rewrites.iter().map(|it| format!("-r{it}"))),
            _ => Init::new(rewrites.iter().map(|it| format!("--rewrite={it}"))),
        };
        let mut init = init.probe(["signals"]).pid_1_if(pid_1).start();
        init.until("ready");
        let mut heard = "ready\n".to_owned();
        for (from, to) in from.iter().zip(&to) {
            init.signal(*from);
            heard += &format!("got {to} from {}\n", if pid_1 { 1 } else { 2 });
            assert_eq!(init.until(&format!("got {to} ")), heard, "{from} to {to}");
        }
    }
}

#[test]
fn every_signal_can_be_dropped() {
    for pid_1 in BOTH {
        let drops = forwarded()
            .filter(|signal| *signal != SIGTERM)
            .flat_map(|signal| ["-r".to_owned(), format!("{}:0", spelled(signal, signal))]);
        let mut init = Init::new(drops).probe(["signals", "15"]).pid_1_if(pid_1).start();
        init.until("ready");
        for signal in forwarded().filter(|signal| *signal != SIGTERM) {
            init.signal(signal);
        }
        until_settled(&mut init);
        init.signal(SIGTERM);
        let outcome = init.finish();
        outcome.assert_quiet(0);
        let heard = outcome.text();
        assert_eq!(heard.lines().count(), 2, "{heard}");
    }
}

#[test]
fn without_rewrites_every_signal_is_passed_on_as_it_is() {
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(["signals"]).pid_1_if(pid_1).start();
        init.until("ready");
        for signal in forwarded() {
            init.signal(signal);
            init.until(&format!("got {signal} "));
        }
        assert_eq!(init.output().lines().count(), 1 + forwarded().count());
    }
}

#[test]
fn a_rewrite_is_applied_once_and_the_last_of_two_counts() {
    let words = ["-r", "TERM:USR1", "-r", "USR1:USR2", "-r", "HUP:USR1", "-r", "1:WINCH"];
    let mut init = Init::new(words).probe(["signals"]).start();
    init.until("ready");
    for (sent, heard) in [(SIGTERM, SIGUSR1), (SIGUSR1, SIGUSR2), (libc::SIGHUP, SIGWINCH)] {
        init.signal(sent);
        init.until(&format!("got {heard} "));
    }
    assert_eq!(init.output().lines().count(), 4);
}

#[test]
fn a_signal_may_be_rewritten_to_one_that_cannot_be_caught() {
    let mut init = Init::new(["-r", "TERM:KILL"]).probe(["stubborn"]).start();
    init.until("ready");
    init.signal(SIGTERM);
    init.finish().assert_quiet(128 + SIGKILL);
}

#[test]
fn rewrites_come_from_their_variable_unless_the_option_is_there() {
    let mut init = Init::new(["-r", "HUP:WINCH"])
        .env("RINIT_REWRITE", "HUP:USR1,TERM:USR2")
        .probe(["signals", "15"])
        .start();
    init.until("ready");
    init.signal(libc::SIGHUP);
    init.until(&format!("got {SIGWINCH} "));
    init.signal(SIGTERM);
    init.until("got 15 ");
    init.finish().assert_quiet(0);
}

// -e.

#[test]
fn remapped_exit_codes_become_0() {
    let codes = [0, 1, 2, 7, 31, 32, 63, 64, 127, 128, 143, 254, 255];
    let lines = [&["-e", "1", "-e7"][..], &["--remap-exit=7", "--remap-exit", "1"]];
    for code in codes {
        let word = code.to_string();
        for line in lines {
            let outcome = Init::new(line).probe(["exit", &word]).finish();
            outcome.assert_quiet(if [1, 7].contains(&code) { 0 } else { code });
        }
        let outcome = Init::new(["-e", &word]).probe(["exit", &word]).pid_1().finish();
        outcome.assert_quiet(0);
        for (list, zeros) in [("143,255,0,128", vec![0, 128, 143, 255]), ("32", vec![32])] {
            let outcome =
                Init::new(NONE).env("RINIT_REMAP_EXIT", list).probe(["exit", &word]).finish();
            outcome.assert_quiet(if zeros.contains(&code) { 0 } else { code });
            // The option beats it.
            let init = Init::new(["-e", "7"]).env("RINIT_REMAP_EXIT", list);
            let outcome = init.probe(["exit", &word]).finish();
            outcome.assert_quiet(if code == 7 { 0 } else { code });
        }
    }
}

#[test]
fn every_exit_code_can_be_remapped() {
    let all: Vec<_> = (0..=255).map(|code| code.to_string()).collect();
    for code in [1, 37, 100, 125, 143, 200, 255] {
        let init = Init::new(NONE).env("RINIT_REMAP_EXIT", all.join(","));
        init.probe(["exit", &code.to_string()]).finish().assert_quiet(0);
    }
}

#[test]
fn the_code_of_a_killed_program_can_be_remapped() {
    for signal in [SIGTERM, SIGKILL, 64] {
        let (code, signal) = ((128 + signal).to_string(), signal.to_string());
        Init::new(["-e", &code]).probe(["die", &signal]).pid_1().finish().assert_quiet(0);
    }
}

#[test]
fn a_usage_error_is_never_remapped() {
    assert_eq!(Init::new(["-e", "125", "-x", "true"]).finish().code(), Some(125));
}

// -p.

/// The same signal in every form of the option.
const ON_PARENT_DEATH: [&[&str]; 4] =
    [&["-p", "USR1"], &["-pSIGUSR1"], &["--parent-death=10"], &["--parent-death", "sigusr1"]];

/// The probe as the program, deaf from birth: what comes early is heard all the same.
fn hearing(init: Init) -> Init {
    init.probe(["signals"]).blocking(u64::MAX)
}

#[test]
fn when_its_parent_dies_rinit_passes_the_signal_on() {
    for line in ON_PARENT_DEATH {
        for parent in [Parent::Mortal, Parent::MortalOfAnInit] {
            let mut init = parent.start(hearing(Init::new(line)));
            init.until("ready");
            assert_eq!(init.output(), "ready\n");
            send(init.children()[0], SIGKILL);
            init.until("got 10 ");
        }
    }
}

#[test]
fn the_parents_death_counts_also_where_it_came_before_rinit() {
    for line in ON_PARENT_DEATH {
        Parent::Gone.start(hearing(Init::new(line))).until("got 10 ");
    }
}

#[test]
fn the_parents_death_is_rewritten_and_held_like_any_signal() {
    let words = ["-p", "USR1", "-r", "USR1:WINCH"];
    Parent::Gone.start(hearing(Init::new(words))).until(&format!("got {SIGWINCH} "));
    let words = ["-v", "-p", "TERM", "-d", "0.2"];
    Parent::Gone.start(hearing(Init::new(words))).until("got 15 ");
}

#[test]
fn while_its_parent_lives_nothing_happens() {
    for (parent, pid_1) in [(Parent::Mortal, false), (Parent::Kept, false), (Parent::Kept, true)] {
        let mut init = parent.start(hearing(Init::new(["-p", "USR1"]).pid_1_if(pid_1)));
        init.until("ready");
        // Its number is higher: a signal of the parent's death would be heard before it.
        send(parent.rinit(&init), SIGWINCH);
        let heard = init.until(&format!("got {SIGWINCH} "));
        assert!(!heard.contains("got 10 "), "its parent is PID 1: {pid_1}\n{heard}");
    }
}

#[test]
fn should_rinit_be_killed_the_program_gets_the_signal() {
    for line in ON_PARENT_DEATH {
        let mut init = Parent::Kept.start(hearing(Init::new(line)));
        init.until("ready");
        send(Parent::Kept.rinit(&init), SIGKILL);
        init.until("got 10 ");
    }
}

#[test]
fn should_rinit_be_killed_each_of_several_programs_gets_the_signal() {
    let init = hearing(hearing(Init::new(["-p", "USR1", "-S", "+"])).args(["+"]));
    let mut init = Parent::Kept.start(init);
    init.until_true("both to be ready", |init| init.output().matches("ready").count() == 2);
    send(Parent::Kept.rinit(&init), SIGKILL);
    init.until_true("both to hear it", |init| init.output().matches("got 10 ").count() == 2);
}

#[test]
fn the_parent_death_signal_comes_from_its_variable_unless_the_option_is_there() {
    let init = Init::new(NONE).env("RINIT_PARENT_DEATH", "USR1");
    Parent::Gone.start(hearing(init)).until("got 10 ");
    let init = Init::new(["-p", "USR2"]).env("RINIT_PARENT_DEATH", "USR1");
    let heard = Parent::Gone.start(hearing(init)).until("got 12 ");
    assert!(!heard.contains("got 10 "), "{heard}");
}

#[test]
fn without_the_option_a_parents_death_is_nothing_to_rinit() {
    let mut init = Parent::Mortal.start(hearing(Init::new(NONE)));
    init.until("ready");
    let (parent, rinit) = (init.children()[0], Parent::Mortal.rinit(&init));
    send(parent, SIGKILL);
    init.until_true("another parent", |_| status_field(rinit, "PPid") != parent.to_string());
    send(rinit, SIGWINCH);
    assert_eq!(init.until(&format!("got {SIGWINCH} ")).lines().count(), 2);
}

// -s, and the flags of others.

#[test]
fn rinit_is_a_subreaper_with_and_without_being_told() {
    for line in [&[][..], &["-s"], &["--subreaper"]] {
        let mut init = Init::new(line).probe(["orphans", "2"]).stream(0, Stream::Pipe).start();
        init.until("ready");
        assert_eq!(init.children().len(), 3, "the program and two orphans");
        init.end_input();
        init.until_true("the orphans' end", |init| init.children().len() == 1);
        init.signal(SIGUSR1);
        init.finish().assert_quiet(7);
    }
}

#[test]
fn the_flags_of_tini_dumb_init_and_catatonit_mean_what_they_mean_there() {
    // tini: everything at once; the code of a SIGTERM is remapped.
    let mut init = Init::new(["-g", "-s", "-v", "-vvv", "-w", "-p", "SIGTERM", "-e", "143", "--"])
        .args(["sh", "-c", "echo ready; exec sleep 1000"])
        .pid_1()
        .start();
    init.until("ready");
    init.signal(SIGTERM);
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(!outcome.errors().is_empty(), "it was to be verbose");

    // dumb-init: to the child alone, SIGQUIT in place of SIGTERM.
    for line in [
        &["-c", "-r", "15:3", "-v"][..],
        &["--single-child", "--rewrite", "15:3", "--verbose"],
        &["-c", "--rewrite=15:3", "-r2:0", "-v", "--"],
    ] {
        let init = Init::new(line).pid_1();
        let mut household = Household::start(init);
        assert_eq!(household.reach(), ALONE, "{line:?}");
        household.init.signal(SIGTERM);
        household.init.until("got 3 ");
    }

    // catatonit.
    let mut init = Init::new(["-P"]).pid_1().start();
    until_settled(&mut init);
    init.signal(SIGTERM);
    init.finish().assert_quiet(0);
    assert_eq!(Household::start(Init::new(["-g", "--"])).reach(), GROUP);
    assert!(Init::new(["-L"]).finish().text().contains("MIT"));
    for version in ["-V", "--version"] {
        assert!(Init::new([version]).finish().text().starts_with("rinit version "));
    }
}

// Every combination of a flag and its variable.

#[test]
fn a_flags_variable_is_off_when_it_is_empty_or_0_and_the_option_beats_it() {
    let speaks = |init: Init| {
        let outcome = init.probe(["forks", "1"]).pid_1().finish();
        assert_eq!(outcome.code(), Some(7), "{outcome:?}");
        !outcome.stderr.is_empty()
    };
    for (name, option) in [("RINIT_WARN_REAPED", "-w"), ("RINIT_VERBOSE", "-v")] {
        assert!(!speaks(Init::new(NONE)));
        assert!(speaks(Init::new([option])));
        for off in ["", "0"] {
            assert!(!speaks(Init::new(NONE).env(name, off)), "{name}={off}");
            assert!(speaks(Init::new([option]).env(name, off)), "{option} with {name}={off}");
        }
        assert!(speaks(Init::new(NONE).env(name, "1")), "{name}=1");
    }
}

#[test]
fn other_variables_are_nobodys_business() {
    let init = Init::new(NONE)
        .env("RINIT_GRACES", "x")
        .env("RINIT_", "x")
        .env("RINIT", "x")
        .env("RINIT_GROUP", "x")
        .env("RINIT_SLEEP", "x")
        .env("RINIT_HELP", "1")
        .env("rinit_grace", "x")
        .env("XRINIT_GRACE", "x")
        .env_raw("=RINIT_GRACE=x");
    init.probe(["exit", "3"]).finish().assert_quiet(3);
}

#[test]
fn the_program_gets_rinits_variables_as_they_are() {
    let outcome = Init::new(NONE)
        .env("RINIT_GRACE", "7.5")
        .env("RINIT_REWRITE", "TERM:INT,HUP:0")
        .env("RINIT_PARENT_DEATH", "USR1")
        .probe(["report"])
        .finish();
    let born = Born::read(&outcome.text());
    let variables: Vec<_> = born.environment.iter().map(|it| String::from_utf8_lossy(it)).collect();
    for entry in ["RINIT_GRACE=7.5", "RINIT_REWRITE=TERM:INT,HUP:0", "RINIT_PARENT_DEATH=USR1"] {
        assert!(variables.iter().any(|it| it == entry), "{variables:?}");
    }
}
