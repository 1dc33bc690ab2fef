//! The command line and the variables, row by row of the contract's table: every spelling, good and
//! bad values, what beats what, several programs, and the words of a usage error.

use rinit::cli::{Config, HELP, Id, LICENSE, Target};
use rinit::signal::Signal;
use rinit::text::{LINE_MAX, Line, SECOND};

/// All of them; a few where Miri interprets the test, which makes it a thousand times slower.
fn some<I: Iterator>(all: I) -> std::iter::StepBy<I> {
    all.step_by(if cfg!(miri) { 37 } else { 1 })
}

/// What was asked for: all that a [`Config`] says, in a form that can be compared and printed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    task: String,
    target: Target,
    verbose: u8,
    warn_reaped: bool,
    parent_death: Option<u8>,
    grace: u64,
    stop_delay: u64,
    any: bool,
    /// The signals that are not passed on as they are; 0 for one that is dropped.
    rewrites: Vec<(u8, u8)>,
    /// The codes that become 0 (other than 0 itself).
    remapped: Vec<u8>,
    /// The words of each program.
    programs: Vec<Vec<Vec<u8>>>,
}

/// The one place that knows how the parser is called: the words after rinit's own name, and the
/// entries of the environment. What was asked for, or the line that says what is wrong.
fn read(arguments: &[&[u8]], environment: &[&[u8]]) -> Result<Asked, String> {
    let words = [&[&b"rinit"[..]], arguments].concat();
    let mut config = Config::new();
    let argument = |index: usize| words.get(index).copied();
    let variable = |index: usize| environment.get(index).copied();
    if config.read(argument, variable).is_none() {
        return Err(complaint(&config));
    }
    let starts = config.programs();
    let programs = starts.iter().enumerate().map(|(number, start)| {
        // The word before the next program is the separator.
        let end = starts.get(number + 1).map_or(words.len(), |next| next - 1);
        words[*start..end].iter().map(|word| word.to_vec()).collect()
    });
    let signals = (1..=64).filter_map(Signal::new);
    let to = |from| config.rules.rewrites.apply(from).map_or(0, Signal::number);
    Ok(Asked {
        task: match config.task {
            Id::NONE => "run".into(),
            Id::PAUSE => "pause".into(),
            Id::SLEEP => format!("sleep {}", config.sleep),
            Id::COPY_TO => format!("copy to {}", String::from_utf8_lossy(config.path.unwrap())),
            Id::HELP => "help".into(),
            Id::VERSION => "version".into(),
            Id::LICENSE => "license".into(),
            other => panic!("{other:?} is no task"),
        },
        target: config.target(),
        verbose: config.verbose,
        warn_reaped: config.warn_reaped(),
        parent_death: config.parent_death.map(Signal::number),
        grace: config.rules.grace,
        stop_delay: config.rules.stop_delay,
        any: config.rules.any,
        rewrites: signals
            .map(|from| (from.number(), to(from)))
            .filter(|(from, to)| from != to)
            .collect(),
        remapped: (1..=255).filter(|code| config.remapped.remap(*code) == 0).collect(),
        programs: programs.collect(),
    })
}

/// The line that says what is wrong.
fn complaint(config: &Config<'_>) -> String {
    let mut line = Line::new();
    config.error.tell(&mut line);
    String::from_utf8_lossy(line.finish()).into_owned()
}

/// What holds where nobody says anything but which program to run.
fn default() -> Asked {
    Asked {
        task: "run".into(),
        target: Target::Group,
        verbose: 0,
        warn_reaped: false,
        parent_death: None,
        grace: 5 * SECOND,
        stop_delay: 0,
        any: false,
        rewrites: Vec::new(),
        remapped: Vec::new(),
        programs: vec![vec![b"app".to_vec()]],
    }
}

/// `rinit OPTIONS app`, the options separated by blanks, with the variables.
fn app(options: &str, variables: &[&str]) -> Result<Asked, String> {
    let mut words: Vec<&[u8]> = options.split_whitespace().map(str::as_bytes).collect();
    words.push(b"app");
    let variables: Vec<&[u8]> = variables.iter().map(|entry| entry.as_bytes()).collect();
    read(&words, &variables)
}

/// `rinit WORDS`, the words separated by blanks.
fn rinit(words: &str) -> Result<Asked, String> {
    read(&words.split_whitespace().map(str::as_bytes).collect::<Vec<_>>(), &[])
}

/// Checks that an error is one whole line that has all these words.
fn names(error: Result<Asked, String>, words: &[&str]) {
    let line = error.expect_err("it is no error");
    assert!(line.starts_with("rinit: ") && line.ends_with('\n'), "{line:?}");
    assert_eq!(line.matches('\n').count(), 1, "{line:?}");
    assert!(line.contains("expected "), "{line:?}");
    for word in words {
        assert!(line.contains(word), "{line:?} does not name {word:?}");
    }
}

/// What a value changes in what is asked for.
type Change = fn(&mut Asked);

/// A row of the contract's table.
struct Row {
    /// The letter, where there is one.
    letter: Option<char>,
    long: &'static str,
    variable: Option<&'static str>,
    /// Good values and what each changes; a flag has one, without a word.
    good: Vec<(&'static str, Change)>,
    /// Bad values; a flag has none.
    bad: Vec<&'static str>,
    /// What the error says was expected.
    expected: &'static str,
}

impl Row {
    fn is_flag(&self) -> bool {
        self.bad.is_empty()
    }
}

fn flag(
    letter: Option<char>,
    long: &'static str,
    variable: Option<&'static str>,
    change: Change,
) -> Row {
    Row { letter, long, variable, good: vec![("", change)], bad: Vec::new(), expected: "nothing" }
}

/// All rows whose options do not end rinit's work at once.
fn rows() -> Vec<Row> {
    let seconds = vec![
        "x",
        "-1",
        "+1",
        "1s",
        "1e3",
        ".",
        "1.2.3",
        "0x10",
        "300000001",
        "5,",
        "inf",
        "5\u{1b}",
    ];
    let signals =
        ["0", "65", "-1", "TERMX", "RTMIN+31", "RTMAX-31", "SIG", "15,", "TERM:INT", "1.5"];
    let mut rows = vec![
        flag(Some('g'), "group", None, |_| {}),
        flag(Some('c'), "single-child", Some("RINIT_SINGLE_CHILD"), |it| {
            it.target = Target::SingleChild;
        }),
        flag(Some('a'), "all", Some("RINIT_ALL"), |it| it.target = Target::All),
        Row {
            letter: Some('t'),
            long: "grace",
            variable: Some("RINIT_GRACE"),
            good: vec![
                ("0", |it| it.grace = 0),
                ("5", |it| it.grace = 5 * SECOND),
                ("10", |it| it.grace = 10 * SECOND),
                ("0.5", |it| it.grace = SECOND / 2),
                (".25", |it| it.grace = SECOND / 4),
                ("0.000000001", |it| it.grace = 1),
                ("86400", |it| it.grace = 86_400 * SECOND),
                ("300000000", |it| it.grace = 300_000_000 * SECOND),
            ],
            bad: seconds.clone(),
            expected: "seconds",
        },
        Row {
            letter: Some('d'),
            long: "stop-delay",
            variable: Some("RINIT_STOP_DELAY"),
            good: vec![
                ("0", |it| it.stop_delay = 0),
                ("1", |it| it.stop_delay = SECOND),
                ("0.001", |it| it.stop_delay = SECOND / 1000),
                ("30", |it| it.stop_delay = 30 * SECOND),
            ],
            bad: seconds,
            expected: "seconds",
        },
        Row {
            letter: Some('r'),
            long: "rewrite",
            variable: Some("RINIT_REWRITE"),
            good: vec![
                ("TERM:INT", |it| it.rewrites = vec![(15, 2)]),
                ("15:2", |it| it.rewrites = vec![(15, 2)]),
                ("SIGTERM:SIGINT", |it| it.rewrites = vec![(15, 2)]),
                ("sigterm:int", |it| it.rewrites = vec![(15, 2)]),
                ("HUP:0", |it| it.rewrites = vec![(1, 0)]),
                ("1:0", |it| it.rewrites = vec![(1, 0)]),
                ("RTMIN+3:USR1", |it| it.rewrites = vec![(37, 10)]),
                ("USR1:RTMAX-1", |it| it.rewrites = vec![(10, 63)]),
                ("32:33", |it| it.rewrites = vec![(32, 33)]),
                ("64:1", |it| it.rewrites = vec![(64, 1)]),
                ("USR1:KILL", |it| it.rewrites = vec![(10, 9)]),
                ("USR1:STOP", |it| it.rewrites = vec![(10, 19)]),
                ("TERM:TERM", |_| {}),
            ],
            bad: vec![
                "TERM",
                "TERM:",
                ":INT",
                ":",
                "TERM:INT:HUP",
                "TERM:X",
                "X:TERM",
                "0:TERM",
                "TERM:65",
                "65:TERM",
                "CHLD:TERM",
                "SIGCHLD:0",
                "17:1",
                "KILL:TERM",
                "9:0",
                "STOP:TERM",
                "sigstop:cont",
                "TERM=INT",
                "TERM:-1",
                "TERM:INT:",
                "::",
                "TERM:SIG",
                "TERM:00x",
            ],
            expected: "FROM:TO",
        },
        Row {
            letter: Some('e'),
            long: "remap-exit",
            variable: Some("RINIT_REMAP_EXIT"),
            good: vec![
                ("143", |it| it.remapped = vec![143]),
                ("1", |it| it.remapped = vec![1]),
                ("255", |it| it.remapped = vec![255]),
                ("0", |_| {}),
            ],
            bad: vec![
                "256",
                "-1",
                "+1",
                "x",
                "1.0",
                "143 ",
                "0x8f",
                "99999999999999999999",
                "1:0",
                "SIGTERM",
            ],
            expected: "0 to 255",
        },
        Row {
            letter: Some('p'),
            long: "parent-death",
            variable: Some("RINIT_PARENT_DEATH"),
            good: vec![
                ("TERM", |it| it.parent_death = Some(15)),
                ("SIGTERM", |it| it.parent_death = Some(15)),
                ("sigkill", |it| it.parent_death = Some(9)),
                ("1", |it| it.parent_death = Some(1)),
                ("64", |it| it.parent_death = Some(64)),
                ("RTMIN", |it| it.parent_death = Some(34)),
                ("rtmin+30", |it| it.parent_death = Some(64)),
            ],
            bad: signals.to_vec(),
            expected: "a signal",
        },
        flag(Some('s'), "subreaper", None, |_| {}),
        flag(Some('w'), "warn-reaped", Some("RINIT_WARN_REAPED"), |it| it.warn_reaped = true),
        flag(Some('v'), "verbose", None, |it| it.verbose = 1),
        flag(None, "any", Some("RINIT_ANY"), |it| it.any = true),
    ];
    if cfg!(miri) {
        for row in &mut rows {
            row.good.truncate(1);
            row.bad.truncate(1);
        }
    }
    rows
}

// The table.

#[test]
fn every_option_is_understood_in_every_spelling() {
    for row in rows() {
        let long = row.long;
        for (value, change) in &row.good {
            let mut expected = default();
            change(&mut expected);
            let mut spellings = Vec::new();
            if row.is_flag() {
                spellings.push(format!("--{long}"));
                spellings.push(format!("--{long} --"));
                spellings.extend(row.letter.map(|letter| format!("-{letter}")));
                spellings.extend(row.letter.map(|letter| format!("-{letter} --")));
                spellings.extend(row.letter.map(|letter| format!("-s{letter}s")));
            } else {
                spellings.push(format!("--{long} {value}"));
                spellings.push(format!("--{long}={value}"));
                spellings.extend(row.letter.map(|letter| format!("-{letter} {value}")));
                spellings.extend(row.letter.map(|letter| format!("-{letter}{value}")));
                spellings.extend(row.letter.map(|letter| format!("-sg{letter}{value}")));
                spellings.extend(row.letter.map(|letter| format!("-sg{letter} {value} --")));
            }
            for spelling in spellings {
                // -g and -s stand for what is so anyhow.
                assert_eq!(app(&spelling, &[]), Ok(expected.clone()), "{spelling}");
            }
        }
    }
}

#[test]
fn every_bad_value_is_named_and_what_was_expected_is_said() {
    for row in rows().iter().filter(|row| !row.is_flag()) {
        for bad in &row.bad {
            let shown = bad.replace('\u{1b}', "?");
            let long = format!("--{}", row.long);
            let mut spellings: Vec<Vec<String>> =
                vec![vec![long.clone(), bad.to_string()], vec![format!("{long}={bad}")]];
            if let Some(letter) = row.letter {
                spellings.push(vec![format!("-{letter}"), bad.to_string()]);
                spellings.push(vec![format!("-{letter}{bad}")]);
                spellings.push(vec![format!("-g{letter}{bad}")]);
            }
            for mut words in spellings {
                words.push("app".into());
                let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
                names(read(&words, &[]), &[&shown, row.expected]);
            }
        }
    }
}

#[test]
fn an_empty_value_is_none() {
    for row in rows().iter().filter(|row| !row.is_flag()) {
        let long = format!("--{}", row.long);
        let attached = format!("{long}=");
        names(read(&[long.as_bytes(), b"", b"app"], &[]), &[&long, row.expected]);
        names(read(&[attached.as_bytes(), b"app"], &[]), &[&long, row.expected]);
        if let Some(letter) = row.letter {
            let short = format!("-{letter}");
            names(read(&[short.as_bytes(), b"", b"app"], &[]), &[&short, row.expected]);
        }
    }
}

#[test]
fn of_a_missing_value_it_is_said_what_was_expected() {
    let missing = |words: &str, expected: &[&str]| {
        let asked = rinit(words);
        // There is no word to complain about.
        assert!(asked.as_ref().is_err_and(|line| !line.contains('\'')), "{asked:?}");
        names(asked, expected);
    };
    for row in rows().iter().filter(|row| !row.is_flag()) {
        let long = format!("--{}", row.long);
        missing(&long, &[&long, row.expected]);
        if let Some(letter) = row.letter {
            missing(&format!("-{letter}"), &[&format!("-{letter}"), row.expected]);
            missing(&format!("-g{letter}"), &[&format!("-{letter}"), row.expected]);
        }
    }
    missing("-S", &["-S", "a word"]);
    missing("--separator", &["--separator", "a word"]);
    missing("--copy-to", &["--copy-to", "a path"]);
    missing("--sleep", &["--sleep", "seconds"]);
    names(rinit("--separator="), &["--separator", "a word"]);
    names(rinit("--copy-to="), &["--copy-to", "a path"]);
    names(rinit("--sleep="), &["--sleep", "seconds"]);
}

#[test]
fn a_flag_takes_no_value() {
    let mut flags: Vec<_> = rows().iter().filter(|row| row.is_flag()).map(|row| row.long).collect();
    flags.extend(["pause", "help", "version", "license"]);
    for long in flags {
        names(app(&format!("--{long}=1"), &[]), &[&format!("--{long}"), "expected"]);
        names(app(&format!("--{long}="), &[]), &[&format!("--{long}"), "expected"]);
    }
}

#[test]
fn an_unknown_option_is_named() {
    let unknown = [
        "-x",
        "-gx",
        "-xg",
        "--nonsense",
        "-1",
        "-=",
        "---",
        "---grace",
        "--Grace",
        "--GRACE=5",
        "--grac",
        "--gracee=5",
        "--grace_=1",
        "--stop_delay=5",
        "--t=5",
        "--a",
        "--=5",
        "-E",
        "-A",
        "-T5",
        "-é",
        "--any-thing",
    ];
    for word in unknown {
        names(app(word, &[]), &[word, "an option", "--help"]);
    }
}

/// The parser may look its options up in the help text: what else stands there is no option, and
/// no part of a name is one.
#[test]
#[cfg_attr(miri, ignore = "too many for an interpreter")]
fn no_other_part_of_the_help_text_is_an_option_or_a_variable() {
    let variables: Vec<_> = rows().iter().filter_map(|row| row.variable).collect();
    let mut options: Vec<_> = rows().iter().map(|row| row.long).collect();
    options.extend(["separator", "pause", "copy-to", "sleep", "help", "version", "license"]);
    let ends = |line: &'static str| (1..=line.len()).map(move |end| &line[..end]);
    let parts = HELP.lines().flat_map(ends).flat_map(|line| (0..line.len()).map(|at| &line[at..]));
    for part in parts.filter(|part| !part.contains('=')) {
        if !options.contains(&part) {
            let (long, with_value) = (format!("--{part}"), format!("--{part}=5"));
            for word in [&long, &with_value].map(|word| word.as_bytes()) {
                let asked = read(&[word, b"5", b"app"], &[]);
                assert!(asked.is_err(), "{}: {asked:?}", word.escape_ascii());
            }
        }
        let name = format!("RINIT{}", part.to_uppercase().replace('-', "_"));
        if !variables.contains(&&*name) && name != "RINIT_VERBOSE" {
            let entry = format!("{name}=x");
            assert_eq!(app("", &[&entry]), Ok(default()), "{entry:?}");
        }
    }
}

#[test]
fn the_first_thing_at_fault_is_the_one_that_is_named() {
    names(app("-t x --nonsense", &[]), &["'x'", "-t"]);
    names(app("--nonsense -t x", &[]), &["--nonsense"]);
    names(app("--nonsense --help", &[]), &["--nonsense"]);
    names(app("-t x", &["RINIT_STOP_DELAY=y"]), &["'x'"]);
}

// Where options end.

fn programs_of(words: &str) -> Vec<Vec<String>> {
    let asked = rinit(words).unwrap_or_else(|error| panic!("{words}: {error}"));
    let text = |word: &Vec<u8>| String::from_utf8(word.clone()).unwrap();
    asked.programs.iter().map(|words| words.iter().map(text).collect()).collect()
}

#[test]
fn options_end_at_the_first_word_that_is_none() {
    let table = [
        ("ls -l", "ls -l"),
        ("-- ls -l", "ls -l"),
        ("-g ls -l --help", "ls -l --help"),
        ("-g -- ls --", "ls --"),
        ("-t 3 ls", "ls"),
        ("-t3 -- -t 3", "-t 3"),
        ("-- -g", "-g"),
        ("-- --", "--"),
        ("-g -- -- --", "-- --"),
        ("- -x", "- -x"),
        ("-g - -x", "- -x"),
        ("--grace 5 --grace 6 a --grace 7", "a --grace 7"),
        ("/init /init -h", "/init /init -h"),
    ];
    for (words, program) in table {
        let program: Vec<_> = program.split(' ').map(String::from).collect();
        assert_eq!(programs_of(words), [program], "{words}");
    }
}

#[test]
fn a_value_may_look_like_an_option_or_a_program() {
    // Like getopt: the next word is the value, whatever it looks like.
    names(rinit("-t -g app"), &["'-g'", "-t", "seconds"]);
    names(rinit("-t -- app"), &["'--'", "-t"]);
    names(rinit("-t app"), &["'app'", "-t"]);
    assert_eq!(programs_of("-S -- a -- b"), [["a"], ["b"]]);
    assert_eq!(rinit("--copy-to -v").unwrap().task, "copy to -v");
}

#[test]
fn an_empty_word_is_no_option() {
    assert_eq!(read(&[b"", b"x"], &[]).unwrap().programs, [[b"".to_vec(), b"x".to_vec()]]);
    assert_eq!(read(&[b"-g", b""], &[]).unwrap().programs, [[b"".to_vec()]]);
}

#[test]
fn without_a_program_there_is_nothing_to_run() {
    for words in ["", "--", "-g", "-g --", "-t 5", "-vv -c --"] {
        names(rinit(words), &["PROGRAM", "--help"]);
    }
    // Started without even a name of its own.
    let mut config = Config::new();
    assert!(config.read(|_| None, |_| None).is_none());
    assert!(complaint(&config).contains("PROGRAM"));
}

#[test]
fn short_options_cluster() {
    let asked = app("-vw", &[]).unwrap();
    assert_eq!((asked.verbose, asked.warn_reaped), (1, true));
    let asked = app("-wvvct0.5", &[]).unwrap();
    assert_eq!((asked.verbose, asked.warn_reaped), (2, true));
    assert_eq!((asked.target, asked.grace), (Target::SingleChild, SECOND / 2));
    // The rest of the word is the value, even where it could be a letter.
    let asked = app("-ve143 -vpHUP", &[]).unwrap();
    assert_eq!((asked.verbose, asked.remapped, asked.parent_death), (2, vec![143], Some(1)));
    names(app("-tv", &[]), &["'v'", "seconds"]);
    // No equals sign with a letter.
    names(app("-t=5", &[]), &["'=5'", "seconds"]);
}

// Repeated and contradicting options.

#[test]
fn the_last_of_contradicting_options_holds() {
    assert_eq!(app("-c -a", &[]).unwrap().target, Target::All);
    assert_eq!(app("-a -c", &[]).unwrap().target, Target::SingleChild);
    assert_eq!(app("-acg", &[]).unwrap().target, Target::Group);
    assert_eq!(app("-t1 -t2", &[]).unwrap().grace, 2 * SECOND);
    assert_eq!(app("-d1 --stop-delay 0", &[]).unwrap().stop_delay, 0);
    assert_eq!(app("-pTERM -p HUP", &[]).unwrap().parent_death, Some(1));
}

#[test]
fn repeated_options_add_up() {
    let asked = app("-e1 -e 2 --remap-exit=255 -e1", &[]).unwrap();
    assert_eq!(asked.remapped, [1, 2, 255]);
    let asked = app("-rTERM:INT -r HUP:0 --rewrite=64:63 -r TERM:QUIT", &[]).unwrap();
    assert_eq!(asked.rewrites, [(1, 0), (15, 3), (64, 63)]);
    for (options, level) in [("-v", 1), ("-vv", 2), ("-v -v", 2), ("-v --verbose", 2), ("-vvvv", 2)]
    {
        assert_eq!(app(options, &[]).unwrap().verbose, level, "{options}");
    }
    let many = "-v ".repeat(if cfg!(miri) { 10 } else { 1000 });
    assert_eq!(app(&many, &[]).unwrap().verbose, 2);
}

#[test]
fn every_signal_can_be_rewritten_to_every_other_but_three_cannot_be_rewritten() {
    for from in some(1..=64) {
        for to in some(0..=64) {
            let asked = app(&format!("-r {from}:{to}"), &[]);
            if [9, 17, 19].contains(&from) {
                names(asked, &[&format!("{from}:{to}"), "CHLD", "KILL", "STOP"]);
            } else {
                let expected = if from == to { vec![] } else { vec![(from, to)] };
                assert_eq!(asked.unwrap().rewrites, expected);
            }
        }
    }
}

#[test]
fn every_exit_code_can_be_remapped() {
    for code in some(0..=300) {
        let asked = app(&format!("-e{code}"), &[]);
        match code {
            0 => assert_eq!(asked.unwrap().remapped, []),
            1..=255 => assert_eq!(asked.unwrap().remapped, [code as u8]),
            _ => names(asked, &[&code.to_string()]),
        }
    }
}

// Variables.

#[test]
fn every_variable_does_what_its_option_does() {
    for row in rows() {
        let Some(variable) = row.variable else { continue };
        for (value, change) in &row.good {
            let mut expected = default();
            change(&mut expected);
            let values = if row.is_flag() { &["1", "yes", "on", "00", "2"][..] } else { &[*value] };
            for value in values {
                let entry = format!("{variable}={value}");
                assert_eq!(app("", &[&entry]), Ok(expected.clone()), "{entry}");
                // Wherever it stands among others.
                let others = ["A=1", "RINIT=2", &entry, "PATH=/bin", "RINIT_=3"];
                assert_eq!(app("", &others), Ok(expected.clone()), "{entry}");
            }
        }
        for bad in &row.bad {
            let entry = format!("{variable}={bad}");
            // What stands behind a comma in a list is another word.
            let word = if bad.ends_with(',') { "" } else { &bad.replace('\u{1b}', "?") };
            names(app("", &[&entry]), &[variable, word, row.expected]);
        }
    }
}

#[test]
fn a_flags_variable_is_off_when_empty_or_0() {
    for row in rows().iter().filter(|row| row.is_flag()) {
        let Some(variable) = row.variable else { continue };
        for value in ["", "0"] {
            assert_eq!(app("", &[&format!("{variable}={value}")]), Ok(default()));
        }
    }
    assert_eq!(app("", &["RINIT_VERBOSE="]), Ok(default()));
}

#[test]
fn an_empty_variable_of_a_value_is_an_error() {
    for row in rows().iter().filter(|row| !row.is_flag()) {
        let variable = row.variable.unwrap();
        names(app("", &[&format!("{variable}=")]), &[variable, row.expected]);
    }
}

#[test]
fn the_variable_of_verbose_is_a_level() {
    for (value, level) in [("0", 0), ("1", 1), ("2", 2)] {
        assert_eq!(app("", &[&format!("RINIT_VERBOSE={value}")]).unwrap().verbose, level);
    }
    for value in ["3", "-1", "x", "1.0", "10", "yes", " 1", "256", "4294967297"] {
        names(
            app("", &[&format!("RINIT_VERBOSE={value}")]),
            &["RINIT_VERBOSE", value, "0, 1 or 2"],
        );
    }
}

#[test]
fn lists_in_variables_have_commas() {
    let asked = app("", &["RINIT_REWRITE=TERM:INT,hup:0,64:RTMIN"]).unwrap();
    assert_eq!(asked.rewrites, [(1, 0), (15, 2), (64, 34)]);
    let asked = app("", &["RINIT_REMAP_EXIT=143,1,255,143"]).unwrap();
    assert_eq!(asked.remapped, [1, 143, 255]);
    for value in [",", "1,", ",1", "1,,2", "1,x", "1, 2", "1;2", "256,1", "1,2,3,999"] {
        names(app("", &[&format!("RINIT_REMAP_EXIT={value}")]), &["RINIT_REMAP_EXIT", "0 to 255"]);
    }
    for value in [
        "TERM:INT,",
        ",TERM:INT",
        "TERM:INT,,HUP:0",
        "TERM:INT,X",
        "TERM:INT, HUP:0",
        "HUP:0,CHLD:0",
    ] {
        names(app("", &[&format!("RINIT_REWRITE={value}")]), &["RINIT_REWRITE", "FROM:TO"]);
    }
    // The word at fault is named.
    names(app("", &["RINIT_REMAP_EXIT=1,999,2"]), &["RINIT_REMAP_EXIT", "999"]);
    names(app("", &["RINIT_REWRITE=HUP:0,TERM:NONSENSE"]), &["RINIT_REWRITE", "TERM:NONSENSE"]);
    // The option takes one, and is repeated for more.
    names(app("-e 1,2", &[]), &["'1,2'"]);
    names(app("-r TERM:INT,HUP:0", &[]), &["'TERM:INT,HUP:0'"]);
    // Lists are for those two.
    names(app("", &["RINIT_GRACE=1,2"]), &["1,2", "RINIT_GRACE"]);
}

#[test]
fn an_option_beats_its_variable() {
    let beaten: [(&str, &[&str], &str); 12] = [
        ("-t3", &["RINIT_GRACE=7"], "-t3"),
        ("-t5", &["RINIT_GRACE=7"], ""),
        ("--grace=0", &["RINIT_GRACE=7"], "-t0"),
        ("-d0", &["RINIT_STOP_DELAY=7"], ""),
        ("-rHUP:INT", &["RINIT_REWRITE=TERM:QUIT,HUP:0"], "-rHUP:INT"),
        ("-e1", &["RINIT_REMAP_EXIT=2,3"], "-e1"),
        ("-pHUP", &["RINIT_PARENT_DEATH=TERM"], "-pHUP"),
        ("-v", &["RINIT_VERBOSE=2"], "-v"),
        ("-g", &["RINIT_ALL=1", "RINIT_SINGLE_CHILD=1"], ""),
        ("-c", &["RINIT_ALL=1"], "-c"),
        ("-a", &["RINIT_SINGLE_CHILD=1"], "-a"),
        ("-w --any", &["RINIT_WARN_REAPED=0", "RINIT_ANY=0"], "-w --any"),
    ];
    for (options, variables, same_as) in beaten {
        assert_eq!(app(options, variables), app(same_as, &[]), "{options} {variables:?}");
    }
    // And another option's variable has its say.
    let asked = app("-t3", &["RINIT_STOP_DELAY=7", "RINIT_VERBOSE=2"]).unwrap();
    assert_eq!((asked.grace, asked.stop_delay, asked.verbose), (3 * SECOND, 7 * SECOND, 2));
}

#[test]
fn what_is_no_variable_of_rinits_is_ignored() {
    let others = [
        "",
        "=",
        "RINIT",
        "RINIT=1",
        "RINIT_",
        "RINIT_=1",
        "RINIT_X=1",
        "RINIT_grace=x",
        "rinit_GRACE=x",
        "XRINIT_GRACE=x",
        "RINIT_GRACE_=x",
        "RINIT_GRAC=x",
        "RINIT_STOP-DELAY=x",
        "RINIT-GRACE=x",
        " RINIT_GRACE=x",
        "GRACE=x",
        "RINIT_GROUP=x",
        "RINIT_SUBREAPER=x",
        "RINIT_SEPARATOR=x",
        "RINIT_PAUSE=1",
        "RINIT_COPY_TO=/x",
        "RINIT_SLEEP=1",
        "RINIT_HELP=1",
        "RINIT_VERSION=1",
        "RINIT_LICENSE=1",
        "RINIT_T=1",
        "RINIT_A=1",
        "RINITT=x",
        "RINITA=1",
        "RINITDELAY=x",
        "RINITCHILD=1",
        "RINIT-GRACE=x",
        "RINIT_GRACE SECONDS=x",
        "RINIT_g=1",
    ];
    for entry in others {
        assert_eq!(app("", &[entry]), Ok(default()), "{entry}");
    }
    assert_eq!(app("", &others), Ok(default()));
}

// What else there is to do.

#[test]
fn what_only_prints_does_so_and_looks_no_further() {
    let table = [
        ("-h", "help"),
        ("--help", "help"),
        ("-V", "version"),
        ("--version", "version"),
        ("-l", "license"),
        ("-L", "license"),
        ("--license", "license"),
    ];
    for (option, task) in table {
        for words in ["", "app", "-- app", "--nonsense", "-t x"] {
            assert_eq!(rinit(&format!("{option} {words}")).unwrap().task, task, "{option} {words}");
            assert_eq!(rinit(&format!("-g {option} {words}")).unwrap().task, task);
        }
    }
}

#[test]
fn the_pods_sandbox_needs_no_program() {
    for words in ["-P", "--pause", "-sP", "-P --", "-v -P"] {
        let asked = rinit(words).unwrap();
        assert_eq!((&*asked.task, asked.programs.len()), ("pause", 0), "{words}");
    }
}

#[test]
fn a_copy_goes_to_the_path_and_sleep_takes_its_time() {
    for words in
        ["--copy-to /shared/init", "--copy-to=/shared/init", "-v --copy-to /shared/init --"]
    {
        assert_eq!(rinit(words).unwrap().task, "copy to /shared/init", "{words}");
    }
    assert_eq!(rinit("--copy-to=a=b").unwrap().task, "copy to a=b");
    for (value, time) in [("0", 0), ("5", 5 * SECOND), ("0.5", SECOND / 2), ("100", 100 * SECOND)] {
        assert_eq!(rinit(&format!("--sleep {value}")).unwrap().task, format!("sleep {time}"));
        assert_eq!(rinit(&format!("--sleep={value}")).unwrap().task, format!("sleep {time}"));
    }
    for bad in ["x", "-1", "5s", "1e9", "300000001"] {
        names(rinit(&format!("--sleep {bad}")), &["--sleep", bad, "seconds"]);
    }
}

#[test]
fn a_program_behind_what_runs_none_is_an_error_that_names_it() {
    for option in ["-P", "--sleep 1", "--copy-to /x"] {
        names(rinit(&format!("{option} app -x")), &["'app'"]);
        names(rinit(&format!("{option} -- app")), &["'app'"]);
    }
}

// Several programs.

#[test]
fn a_separator_stands_between_programs() {
    let table: [(&str, &[&str]); 9] = [
        (
            "-S ::: -- /app --port 80 ::: /agent -c /a.conf",
            &["/app --port 80", "/agent -c /a.conf"],
        ),
        ("-S ::: a ::: b", &["a", "b"]),
        ("-S::: a ::: b ::: c", &["a", "b", "c"]),
        ("--separator=+ a + b x + c", &["a", "b x", "c"]),
        ("--separator + -- -a + -b", &["-a", "-b"]),
        ("-S + -S ::: a + ::: b", &["a +", "b"]),
        ("-S ::: a :: b ::: c ::::", &["a :: b", "c ::::"]),
        ("-S : 1 : 2 : 3 : 4 : 5 : 6 : 7 : 8", &["1", "2", "3", "4", "5", "6", "7", "8"]),
        ("-S app app2 app app", &[]),
    ];
    for (words, programs) in table.iter().filter(|(_, programs)| !programs.is_empty()) {
        let expected: Vec<Vec<_>> =
            programs.iter().map(|it| it.split(' ').map(String::from).collect()).collect();
        assert_eq!(programs_of(words), expected, "{words}");
    }
    names(rinit("-S app app2 app app"), &["'app'", "2 to 8 programs"]);
}

#[test]
fn without_a_separator_no_word_is_special() {
    assert_eq!(programs_of("a ::: b -- + ;"), [["a", ":::", "b", "--", "+", ";"]]);
    let asked = read(&[b"a", b"", b"b"], &[]).unwrap();
    assert_eq!(asked.programs, [[b"a".to_vec(), b"".to_vec(), b"b".to_vec()]]);
}

#[test]
fn an_empty_program_too_many_or_no_separator_is_an_error() {
    for words in
        ["-S ::: -- ::: b", "-S ::: a :::", "-S ::: a ::: ::: b", "-S ::: :::", "-S ::: ::: :::"]
    {
        names(rinit(words), &["':::'", "2 to 8 programs"]);
    }
    names(rinit("-S ::: a b"), &[":::", "2 to 8 programs"]);
    names(rinit("-S ::: a ::::"), &[":::", "2 to 8 programs"]);
    names(rinit("-S : 1 : 2 : 3 : 4 : 5 : 6 : 7 : 8 : 9"), &["':'", "2 to 8 programs"]);
    names(rinit("-S ::: --"), &["':::'", "2 to 8 programs"]);
    names(read(&[b"-S", b"", b"a"], &[]), &["-S", "a word"]);
}

#[test]
fn any_number_of_words_is_split_in_its_place() {
    for count in some(1..=8_usize) {
        for length in [1, 2, 7] {
            let mut words = vec![&b"-S"[..], b"+"];
            for number in 0..count {
                if number > 0 {
                    words.push(b"+");
                }
                words.extend(std::iter::repeat_n(&b"w"[..], length));
            }
            let asked = read(&words, &[]);
            if count == 1 {
                names(asked, &["+"]);
            } else {
                assert_eq!(asked.unwrap().programs, vec![vec![b"w".to_vec(); length]; count]);
            }
        }
    }
}

// Coming from others: their letters mean what they mean there.

#[test]
fn the_letters_of_tini_dumb_init_and_catatonit_are_understood() {
    let table = [
        // tini: -p SIGNAL, -s, -w, -g, -e CODE, -v, --version, -h, -l.
        ("-s -w -g -e 143 -p SIGTERM -vv", "run"),
        // dumb-init: -c/--single-child, -r/--rewrite s:r, -v/--verbose, -h, -V.
        ("-c -r 15:3 --rewrite 15:0 -v", "run"),
        ("--single-child --verbose", "run"),
        // catatonit: -g, -L, -V, -h; the pause of a pod.
        ("-g", "run"),
    ];
    for (options, task) in table {
        assert_eq!(app(options, &[]).unwrap().task, task, "{options}");
        assert_eq!(app(&format!("{options} --"), &[]).unwrap().task, task, "{options}");
    }
    assert_eq!(rinit("-P").unwrap().task, "pause");
}

// What a word may do to a message.

#[test]
fn a_message_is_one_line_whatever_the_word() {
    for byte in some(1..=255_u8) {
        for word in [vec![b'-', byte], vec![b'-', b'-', byte], vec![b'-', b't', byte]] {
            if let Err(line) = read(&[&word, b"app"], &[]) {
                assert_eq!(line.matches('\n').count(), 1, "{line:?}");
                assert!(!line.trim_end_matches('\n').contains(|it: char| it.is_ascii_control()));
            }
        }
    }
    let long = [&b"--"[..], &[b'x'; 2000]].concat();
    let line = read(&[&long, b"app"], &[]).unwrap_err();
    assert!(
        line.len() <= LINE_MAX && line.contains("'--xxx") && line.contains("expected an option")
    );
}

// Texts.

#[test]
fn the_help_text_fits_a_terminal() {
    let lines: Vec<&str> = HELP.lines().collect();
    assert!(lines.len() <= 24, "{} lines", lines.len());
    assert!(HELP.ends_with('\n') && HELP.is_ascii());
    for line in lines {
        let mut column = 0;
        for letter in line.chars() {
            column = if letter == '\t' { (column / 8 + 1) * 8 } else { column + 1 };
        }
        assert!(column <= 80, "{column} columns: {line}");
        assert!(!line.ends_with([' ', '\t']), "{line:?}");
    }
}

#[test]
fn the_help_text_has_every_option_of_the_contract_and_shows_which_have_a_variable() {
    let table: [(&str, &str, bool); 19] = [
        ("-g", "--group", false),
        ("-c", "--single-child", true),
        ("-a", "--all", true),
        ("-t", "--grace SECONDS", true),
        ("-d", "--stop-delay SECONDS", true),
        ("-r", "--rewrite FROM:TO", true),
        ("-e", "--remap-exit CODE", true),
        ("-p", "--parent-death SIGNAL", true),
        ("-s", "--subreaper", false),
        ("-w", "--warn-reaped", true),
        ("-v", "--verbose", true),
        ("-S", "--separator WORD", false),
        ("", "--any", true),
        ("-P", "--pause", false),
        ("", "--copy-to PATH", false),
        ("", "--sleep SECONDS", false),
        ("-h", "--help", false),
        ("-V", "--version", false),
        ("-l, -L", "--license", false),
    ];
    for (letter, long, variable) in table {
        let expected = if letter.is_empty() { long.into() } else { format!("{letter}, {long}") };
        let line = HELP
            .lines()
            .find(|line| line.trim_start().starts_with(&expected))
            .unwrap_or_else(|| panic!("no line for {expected}"));
        let rest = line.trim_start().strip_prefix(&expected).unwrap();
        assert!(rest.starts_with([' ', '\t']), "{line}");
        assert_eq!(rest.contains('*'), variable, "{line}");
        let help = rest.trim_matches(['*', ' ', '\t']);
        assert!(!help.is_empty(), "{line}");
    }
    let options = HELP.lines().filter(|line| line.trim_start().starts_with('-')).count();
    assert_eq!(options, table.len());
    assert!(HELP.starts_with("usage: rinit "));
}

#[test]
fn the_licence_is_named() {
    assert!(LICENSE.contains("MIT") && LICENSE.contains("Apache-2.0") && LICENSE.ends_with('\n'));
}

/// Every combination of a few words that mean something to the parser: it answers each, and an
/// error is one line that says what was expected.
#[test]
#[cfg_attr(miri, ignore = "too many for an interpreter")]
fn every_short_command_line_is_answered() {
    let words: [&[u8]; 14] = [
        b"",
        b"-",
        b"--",
        b"-t",
        b"-t1",
        b"-v",
        b"-rX",
        b"-S",
        b"+",
        b"--any",
        b"--sleep=1",
        b"-P",
        b"5",
        b"-e",
    ];
    let mut lines: Vec<Vec<&[u8]>> = vec![Vec::new()];
    let mut start = 0;
    for _ in 0..4 {
        let end = lines.len();
        for index in start..end {
            for word in words {
                lines.push([&lines[index][..], &[word]].concat());
            }
        }
        start = end;
    }
    for line in lines {
        match read(&line, &[]) {
            Ok(asked) => {
                assert_eq!(asked.task == "run", !asked.programs.is_empty(), "{line:?}");
                assert!(asked.programs.iter().all(|program| !program.is_empty()), "{line:?}");
            }
            error => names(error, &[]),
        }
    }
}

#[test]
fn what_stands_behind_a_flag_is_named_as_one_word_too_many() {
    let error = "rinit: --any: expected nothing more, got '1'\n";
    assert_eq!(app("--any=1", &[]), Err(error.into()));
    // And is no option itself.
    names(app("--any=-all", &[]), &["--any", "nothing more", "'-all'"]);
}
