//! Words, numbers, times, signals, statuses, paths and lines: each function is fed everything small
//! and compared with an oracle that is written another way.

use rinit::message::{Message, reason};
use rinit::path;
use rinit::signal::{Rewrites, Route, Signal};
use rinit::status::{Codes, Status};
use rinit::text::{self, Case, LINE_MAX, Line, SECOND, SECONDS_MAX, WORD_MAX};

/// Every word over `alphabet` of at most `max` letters.
fn words(alphabet: &[u8], max: usize) -> Vec<Vec<u8>> {
    let mut words = vec![Vec::new()];
    let mut start = 0;
    for _ in 0..max {
        let end = words.len();
        for index in start..end {
            for byte in alphabet {
                words.push([&words[index][..], &[*byte]].concat());
            }
        }
        start = end;
    }
    words
}

fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

/// All of them; a few where Miri interprets the test, which makes it a thousand times slower.
fn some<I: Iterator>(all: I) -> std::iter::StepBy<I> {
    all.step_by(if cfg!(miri) { 37 } else { 1 })
}

/// How long the words of a search get.
fn depth(native: usize, interpreted: usize) -> usize {
    if cfg!(miri) { interpreted } else { native }
}

// Numbers.

#[test]
fn a_number_is_written_as_everybody_writes_it() {
    let edges = (0..=10_000).chain((0..32).flat_map(|bit| {
        let power = 1_u32 << bit;
        [power.wrapping_sub(1), power, power + 1]
    }));
    for number in some(edges).chain([999_999_999, 1_000_000_000, u32::MAX - 1, u32::MAX]) {
        let mut digits = [b'x'; 10];
        assert_eq!(text::decimal(number, &mut digits), number.to_string().as_bytes());
    }
}

/// What a number in digits alone is worth.
fn worth(word: &[u8]) -> Option<u128> {
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(word.iter().fold(0, |number: u128, digit| {
        number.saturating_mul(10).saturating_add((digit - b'0').into())
    }))
}

#[test]
fn a_number_is_read_when_it_is_digits_alone_and_not_too_large() {
    let short = words(&all_bytes(), depth(2, 1));
    let long = words(b"0123456789", depth(4, 2));
    for max in [0, 1, 9, 64, 255, 256, 399_999_999] {
        for word in some(short.iter().chain(&long)) {
            let expected = worth(word).filter(|number| *number <= max.into());
            assert_eq!(
                text::number(word, max).map(u128::from),
                expected,
                "{}",
                word.escape_ascii()
            );
        }
    }
}

#[test]
fn the_edges_of_a_number_are_exact_and_nothing_overflows() {
    for max in [9, 10, 64, 99, 100, 255, 65_535, SECONDS_MAX, 399_999_999] {
        for number in [max - 1, max, max + 1, max.saturating_mul(10), u32::MAX] {
            let expected = (number <= max).then_some(number);
            assert_eq!(text::number(number.to_string().as_bytes(), max), expected);
            assert_eq!(text::number(format!("000{number}").as_bytes(), max), expected);
        }
    }
    for len in [11, 20, 40, 1000] {
        assert_eq!(text::number(&vec![b'9'; len], 399_999_999), None);
        assert_eq!(text::number(&vec![b'0'; len], 0), Some(0));
    }
}

// Times.

/// What a time is worth in nanoseconds; none where it is none.
fn nanoseconds(word: &[u8]) -> Option<u128> {
    let word = std::str::from_utf8(word).ok()?;
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { worth(whole.as_bytes())? };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some(whole * u128::from(SECOND) + worth(nine.as_bytes())?)
}

#[test]
fn a_time_is_whole_seconds_with_or_without_a_fraction() {
    let table: [(&str, u64); 14] = [
        ("0", 0),
        ("5", 5 * SECOND),
        ("0.5", SECOND / 2),
        (".5", SECOND / 2),
        ("0.25", SECOND / 4),
        ("00", 0),
        ("007", 7 * SECOND),
        ("10", 10 * SECOND),
        ("3600", 3600 * SECOND),
        ("1.000000001", SECOND + 1),
        ("0.000000001", 1),
        ("0.0000000009", 0),
        ("0.1234567891234567890123456789", 123_456_789),
        ("300000000", 300_000_000 * SECOND),
    ];
    for (word, expected) in table {
        assert_eq!(text::seconds(word.as_bytes()), Some(expected), "{word}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    let table = [
        "",
        ".",
        "..",
        "-1",
        "-0",
        "+1",
        "1s",
        "1 ",
        " 1",
        "1e3",
        "0x10",
        "1,5",
        "1.5.",
        "1..5",
        "1.-5",
        "1:00",
        "inf",
        "nan",
        "NaN",
        "infinity",
        "five",
        "½",
        "٥",
        "1_000",
        "300000001",
        "4294967296",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "\0",
        "1\0",
        "1\n",
    ];
    for word in table {
        assert_eq!(text::seconds(word.as_bytes()), None, "{word:?}");
    }
    for len in [10, 100, 1000] {
        assert_eq!(text::seconds(&vec![b'9'; len]), None);
        // Many zeros are no large number.
        assert_eq!(text::seconds(&vec![b'0'; len]), Some(0));
        assert_eq!(text::seconds(format!("1.{}", "0".repeat(len)).as_bytes()), Some(SECOND));
        assert_eq!(text::seconds(format!("0.{}", "9".repeat(len)).as_bytes()), Some(999_999_999));
    }
}

#[test]
fn every_short_word_is_the_time_that_it_says_or_none() {
    let all = words(&all_bytes(), depth(2, 1));
    let likely = words(b"0159.-+", depth(6, 2));
    for word in some(all.iter().chain(&likely)) {
        let expected = nanoseconds(word);
        let found = text::seconds(word).map(u128::from);
        assert_eq!(found, expected, "{}", word.escape_ascii());
    }
}

// Signals.

/// The names of signal(7) and their numbers on x86, Arm and most others.
const NAMES: [(&str, i32); 31] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

fn parse(word: &str) -> Option<i32> {
    Signal::parse(word.as_bytes()).map(|signal| signal.number().into())
}

fn signal(number: i32) -> Signal {
    Signal::new(number).unwrap()
}

/// The ways to write a word in upper and lower case; all of them where it is short.
fn cases(word: &str) -> Vec<String> {
    let letters = word.len().min(depth(10, 3));
    let mut cases: Vec<String> = (0..1_usize << letters)
        .map(|mask| {
            let case = |(index, letter): (usize, char)| {
                if mask >> index & 1 == 1 { letter.to_ascii_lowercase() } else { letter }
            };
            word.chars().enumerate().map(case).collect()
        })
        .collect();
    cases.push(word.to_lowercase());
    cases
}

#[test]
fn a_signal_number_is_1_to_64() {
    for number in some(-1000..=1000) {
        let expected = (1..=64).contains(&number).then_some(number);
        assert_eq!(Signal::new(number).map(|it| i32::from(it.number())), expected);
    }
    for number in [i32::MIN, i32::MIN + 1, 256 + 9, 65_536 + 15, i32::MAX] {
        assert_eq!(Signal::new(number), None, "{number}");
    }
}

#[test]
fn the_named_signals_have_the_kernels_numbers() {
    let constants = [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::KILL, "KILL"),
        (Signal::PIPE, "PIPE"),
        (Signal::TERM, "TERM"),
        (Signal::CHLD, "CHLD"),
        (Signal::CONT, "CONT"),
        (Signal::STOP, "STOP"),
        (Signal::TSTP, "TSTP"),
        (Signal::TTIN, "TTIN"),
        (Signal::TTOU, "TTOU"),
    ];
    for (signal, name) in constants {
        assert_eq!(Some(i32::from(signal.number())), parse(name), "{name}");
    }
}

#[test]
fn every_signal_is_known_by_its_name_with_or_without_sig_in_any_case() {
    for (name, number) in some(NAMES.into_iter()) {
        for word in cases(name) {
            assert_eq!(parse(&word), Some(number), "{word}");
        }
        for word in cases(&format!("SIG{name}")) {
            assert_eq!(parse(&word), Some(number), "{word}");
        }
    }
}

#[test]
fn every_signal_is_known_by_its_number() {
    for number in 1..=64 {
        assert_eq!(parse(&number.to_string()), Some(number));
    }
}

#[test]
fn real_time_signals_count_from_34_up_and_from_64_down() {
    for number in some(0..=30) {
        for prefix in ["", "SIG", "sig", "Sig"] {
            for (min, max) in [("RTMIN", "RTMAX"), ("rtmin", "rtmax"), ("RtMin", "rTmAX")] {
                assert_eq!(parse(&format!("{prefix}{min}+{number}")), Some(34 + number));
                assert_eq!(parse(&format!("{prefix}{max}-{number}")), Some(64 - number));
            }
        }
    }
    for word in ["RTMIN", "SIGRTMIN", "rtmin"] {
        assert_eq!(parse(word), Some(34), "{word}");
    }
    for word in ["RTMAX", "SIGRTMAX", "rtmax"] {
        assert_eq!(parse(word), Some(64), "{word}");
    }
}

#[test]
fn what_is_no_signal_is_refused() {
    let table = [
        "",
        " ",
        "SIG",
        "sig",
        "S",
        "SI",
        "TER",
        "TERMX",
        "TERM ",
        " TERM",
        "SIGSIGTERM",
        "SIG15",
        "SIGTERM,",
        "0",
        "00",
        "65",
        "128",
        "-1",
        "+1",
        "-15",
        "15 ",
        " 15",
        "15.0",
        "0x0f",
        "271",
        "4294967311",
        "18446744073709551631",
        "1000000000000000000000000000",
        "RTMIN+",
        "RTMIN+31",
        "RTMIN+-1",
        "RTMIN-1",
        "RTMIN-0",
        "RTMIN+ 1",
        "RTMIN+1 ",
        "RTMIN1",
        "RTMIN+4294967296",
        "RTMAX-",
        "RTMAX-31",
        "RTMAX+0",
        "RTMAX+1",
        "RTMAX-65",
        "RT",
        "RTM",
        "RTMI",
        "RTMA",
        "RTMIX",
        "RTMXX",
        "SIGRT",
        "HUP INT",
        "HUP\n",
        "HUP:INT",
        "USR",
        "USR3",
        "NONE",
    ];
    for word in table {
        assert_eq!(parse(word), None, "{word:?}");
    }
}

/// What is read as a signal has to be one of the known spellings.
fn is_spelling(word: &[u8]) -> Option<i32> {
    let word = std::str::from_utf8(word).ok()?.to_ascii_uppercase();
    if let Some(number) = worth(word.as_bytes()) {
        return (1..=64).contains(&number).then_some(number as i32);
    }
    let name = word.strip_prefix("SIG").unwrap_or(&word);
    let distance = |rest: &str, sign: char| match rest.strip_prefix(sign) {
        None => rest.is_empty().then_some(0),
        Some(digits) => worth(digits.as_bytes()).filter(|it| *it <= 30).map(|it| it as i32),
    };
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return distance(rest, '+').map(|distance| 34 + distance);
    }
    if let Some(rest) = name.strip_prefix("RTMAX") {
        return distance(rest, '-').map(|distance| 64 - distance);
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

#[test]
fn no_other_short_word_is_a_signal() {
    let check = |word: &[u8]| {
        let found = Signal::parse(word).map(|signal| i32::from(signal.number()));
        assert_eq!(found, is_spelling(word), "{}", word.escape_ascii());
    };
    let short = [words(&all_bytes(), 1), words(b"SIGHUPOsTR019+-", depth(2, 1))].concat();
    for word in some(short.iter()) {
        for prefix in [&b""[..], b"SIG", b"RTMIN", b"RTMAX", b"sigRTmin+"] {
            check(&[prefix, &word[..]].concat());
        }
    }
    // One bit away from a name.
    for (name, _) in some(NAMES.into_iter()) {
        for place in 0..name.len() {
            for bit in 0..8 {
                let mut word = name.as_bytes().to_vec();
                word[place] ^= 1 << bit;
                check(&word);
            }
        }
    }
}

#[test]
fn the_forwarding_table_passes_on_everything_but_three() {
    for number in 1..=64 {
        let expected = match number {
            9 | 19 => Route::Unreachable,
            17 => Route::Reap,
            2 | 3 | 15 => Route::Terminate,
            _ => Route::Forward,
        };
        assert_eq!(Route::of(signal(number)), expected, "{number}");
    }
}

#[test]
fn a_rewrite_changes_its_own_signal_and_no_other() {
    for from in some(1..=64) {
        for to in some(0..=64) {
            let mut rewrites = Rewrites::none();
            rewrites.set(signal(from), Signal::new(to));
            for number in 1..=64 {
                let expected = if number == from { to } else { number };
                assert_eq!(rewrites.apply(signal(number)), Signal::new(expected));
            }
        }
    }
}

#[test]
fn the_last_rewrite_of_a_signal_holds_and_they_do_not_chain() {
    let mut rewrites = Rewrites::none();
    rewrites.set(Signal::HUP, None);
    rewrites.set(Signal::HUP, Some(Signal::INT));
    rewrites.set(Signal::INT, Some(Signal::HUP));
    assert_eq!(rewrites.apply(Signal::HUP), Some(Signal::INT));
    assert_eq!(rewrites.apply(Signal::INT), Some(Signal::HUP));
    rewrites.set(Signal::INT, None);
    assert_eq!(rewrites.apply(Signal::INT), None);
    // One that is rewritten to itself is as if it were not.
    rewrites.set(Signal::INT, Some(Signal::INT));
    assert_eq!(rewrites.apply(Signal::INT), Some(Signal::INT));
}

// Statuses.

#[test]
fn every_wait_status_of_the_kernel_is_decoded() {
    for code in 0..=255_u8 {
        let status = Status(i32::from(code) << 8);
        assert_eq!((status.code(), status.stop_signal()), (Some(code), None));
        assert_eq!(status, Status::exited(code));
    }
    for number in 1..=64_u8 {
        let expected = (Some(128 + number), None);
        let killed = Status(number.into());
        assert_eq!((killed.code(), killed.stop_signal()), expected);
        assert_eq!(killed, Status::killed(signal(number.into())));
        // With a core dump.
        let dumped = Status(i32::from(number) | 0x80);
        assert_eq!((dumped.code(), dumped.stop_signal()), expected);
        let stopped = Status(i32::from(number) << 8 | 0x7f);
        assert_eq!((stopped.code(), stopped.stop_signal()), (None, Signal::new(number.into())));
        assert_eq!(stopped, Status::stopped(signal(number.into())));
    }
    // Continued: it lives, and nothing stopped it.
    assert_eq!((Status(0xffff).code(), Status(0xffff).stop_signal()), (None, None));
}

#[test]
fn every_other_number_is_decoded_to_something() {
    // The parts of a status, and what is above them: an event of ptrace(2), or nonsense.
    for low in some(0..=0xffff_i32) {
        for high in [0, 1, 0x7fff, 0x8000, 0xffff] {
            let status = Status(high << 16 | low);
            assert!(status.code().is_none() || status.stop_signal().is_none());
        }
    }
    for low in (0..=0xffff).step_by(if cfg!(miri) { 9_973 } else { 61 }) {
        let (message, number) = Status(low).message();
        let line = said(message, b"orphan", [1, number.into()]);
        assert!(line.starts_with(b"rinit: orphan 1 "));
    }
}

#[test]
fn a_set_of_codes_turns_its_own_into_0_and_no_other() {
    for one in some(0..=255) {
        let mut codes = Codes::none();
        codes.insert(one);
        for code in 0..=255 {
            assert_eq!(Codes::none().remap(code), code);
            assert_eq!(codes.remap(code), if code == one { 0 } else { code });
        }
        for other in [0, 1, 31, 32, 33, 127, 128, 143, 255] {
            let mut codes = codes;
            codes.insert(other);
            for code in 0..=255 {
                let expected = if code == one || code == other { 0 } else { code };
                assert_eq!(codes.remap(code), expected);
            }
        }
    }
}

#[test]
fn all_codes_can_be_turned_into_0() {
    let mut codes = Codes::none();
    (0..=255).for_each(|code| codes.insert(code));
    assert!((0..=255).all(|code| codes.remap(code) == 0));
}

// Paths.

#[test]
fn a_program_with_a_slash_is_a_path() {
    // No search finds an empty name.
    for program in ["", "/", "/bin/sh", "./app", "bin/app", "app/", "../a", "a//b"] {
        assert!(path::is_path(program.as_bytes()), "{program}");
    }
    for program in ["app", ".", "..", "a.b", "\\", "-", "a:b"] {
        assert!(!path::is_path(program.as_bytes()), "{program}");
    }
}

#[test]
fn a_candidate_is_put_together_when_it_fits_and_not_when_it_does_not() {
    for left in 0..12 {
        for right in 0..12 {
            for room in some(0..30) {
                let (left, right) = (vec![b'l'; left], vec![b'r'; right]);
                let mut expected = left.clone();
                if !left.is_empty() {
                    expected.push(b'/');
                }
                expected.extend(&right);
                expected.push(0);
                let fits = expected.len() <= room;
                let mut buffer = vec![0xaa; room];
                let joined = path::join(&mut buffer, &left, b'/', &right);
                assert_eq!(joined, fits.then_some(&expected[..]), "{left:?} {right:?} {room}");
                // What is not needed of the buffer is not touched.
                let rest = room.saturating_sub(expected.len());
                assert!(!fits || buffer[..rest].iter().all(|byte| *byte == 0xaa));
            }
        }
    }
}

#[test]
fn the_longest_name_that_the_kernel_takes_fits() {
    let mut buffer = [0; path::MAX];
    for (folder, fits) in [(path::MAX - 6, true), (path::MAX - 5, false), (path::MAX, false)] {
        let folder = vec![b'x'; folder];
        assert_eq!(path::join(&mut buffer, &folder, b'/', b"true").is_some(), fits);
    }
    assert_eq!(path::join(&mut buffer, b"", b'/', b"true"), Some(&b"true\0"[..]));
    assert_eq!(path::join(&mut [], b"", b'/', b""), None);
    assert_eq!(path::join(&mut [1], b"", b'/', b""), Some(&b"\0"[..]));
}

// Pieces of words.

#[test]
fn a_word_is_split_at_the_first_of_a_byte() {
    for word in words(b"a:=", depth(6, 3)) {
        let expected = match word.iter().position(|byte| *byte == b':') {
            Some(place) => (&word[..place], Some(&word[place + 1..])),
            None => (&word[..], None),
        };
        assert_eq!(text::split(&word, b':'), expected, "{}", word.escape_ascii());
    }
}

#[test]
fn what_follows_a_prefix_is_found_and_nothing_follows_another() {
    for word in words(b"aB-", depth(5, 3)) {
        for prefix in words(b"aB-", depth(3, 2)) {
            let found = text::after(&prefix, &word, Case::Same);
            assert_eq!(found, word.strip_prefix(&prefix[..]), "{prefix:?} {word:?}");
        }
    }
}

#[test]
fn a_variables_name_is_an_options_in_upper_case_with_underscores() {
    let after = |name: &str, word| text::after(name.as_bytes(), word, Case::Any);
    assert_eq!(after("STOP_DELAY", b"stop-delay SECONDS"), Some(&b" SECONDS"[..]));
    assert_eq!(after("STOP", b"Stop-delay"), Some(&b"-delay"[..]));
    for (name, word) in [("STOP-DELAY", "stop-delay"), ("STOP_DELAY", "stop"), ("stop", "stop")] {
        assert_eq!(after(name, word.as_bytes()), None, "{name} {word}");
    }
    // In all that a name can have.
    for name in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" {
        for byte in 0..=255_u8 {
            let is_same = byte.to_ascii_uppercase() == *name;
            assert_eq!(text::after(&[*name], &[byte], Case::Any).is_some(), is_same, "{byte}");
        }
    }
}

#[test]
fn the_text_for_a_number_is_found_in_a_list() {
    let list = b"zero\none\n\n7 seven\neight\n20 twenty with 3 words\nany other";
    let table: [(u32, &str); 9] = [
        (0, "zero"),
        (1, "one"),
        (2, ""),
        (7, "seven"),
        (8, "eight"),
        (20, "twenty with 3 words"),
        (21, "any other"),
        (9, "any other"),
        (u32::MAX, "any other"),
    ];
    for (key, expected) in table {
        assert_eq!(text::entry(list, key), expected.as_bytes(), "{key}");
    }
    assert_eq!(text::entry(b"", 0), b"");
}

// Lines.

fn said(message: Message, word: &[u8], numbers: [u32; 2]) -> Vec<u8> {
    let mut line = Line::new();
    line.add(message, word, numbers);
    line.finish().to_vec()
}

#[test]
fn a_line_says_who_speaks_and_ends() {
    assert_eq!(said(Message::Word, b"hello", [0; 2]), b"rinit: hello\n");
}

#[test]
fn a_line_holds_words_numbers_and_signals() {
    let line = said(Message::Exited, b"orphan", [17, 255]);
    assert_eq!(line, b"rinit: orphan 17 ended with code 255\n");
    let line = said(Message::Killed, b"program", [u32::MAX, 9]);
    assert_eq!(line, b"rinit: program 4294967295 was killed by SIGKILL\n");
}

#[test]
fn a_signal_is_said_by_its_name_or_else_by_its_number() {
    for number in some(1..=64) {
        let name = NAMES.iter().find(|(_, known)| *known == number).map(|(name, _)| *name);
        // The ends of the real-time range have names as well.
        let name = name.or(match number {
            34 => Some("RTMIN"),
            64 => Some("RTMAX"),
            _ => None,
        });
        let expected = name.map_or(number.to_string(), |name| format!("SIG{name}"));
        let line = String::from_utf8(said(Message::Killed, b"it", [1, number as u32])).unwrap();
        let said = line.trim_end().rsplit(' ').next().unwrap();
        assert_eq!(said, expected, "{line}");
    }
    for number in [0, 65, 127, 128, 255] {
        assert!(said(Message::Killed, b"it", [1, number]).ends_with(b"\n"));
    }
}

/// Whoever names a file or an argument must not be able to write a line of its own or to tell the
/// terminal something.
#[test]
fn a_word_cannot_end_the_line_or_command_the_terminal() {
    for byte in some(0..=255_u8) {
        let line = said(Message::Word, &[b'a', byte, b'z'], [0; 2]);
        let shown = if byte < b' ' || byte == 0x7f { b'?' } else { byte };
        assert_eq!(line, [&b"rinit: a"[..], &[shown], b"z\n"].concat());
    }
    // Nor is a word read as a template.
    assert_eq!(said(Message::Word, b"%#$%", [1, 2]), b"rinit: %#$%\n");
}

#[test]
fn a_long_word_is_cut_off_so_that_what_follows_has_room() {
    for len in (0..20).chain(WORD_MAX - 2..WORD_MAX + 3).chain([10 * LINE_MAX]) {
        let line = said(Message::Exited, &vec![b'w'; len], [17, 3]);
        let shown = "w".repeat(len.min(WORD_MAX));
        assert_eq!(line, format!("rinit: {shown} 17 ended with code 3\n").as_bytes(), "{len}");
    }
}

#[test]
fn a_line_that_is_too_long_is_cut_off_but_ends() {
    let short = if cfg!(miri) { 64 } else { 1 };
    for len in [short, 2 * short, 7 * short, 499, WORD_MAX] {
        let mut line = Line::new();
        let mut expected = b"rinit: ".to_vec();
        while expected.len() < LINE_MAX + 100 {
            line.add(Message::Word, &vec![b'w'; len], [0; 2]);
            expected.extend(vec![b'w'; len]);
            let end = expected.len().min(LINE_MAX - 1);
            assert_eq!(line.finish(), [&expected[..end], b"\n"].concat(), "{len}");
        }
    }
}

#[test]
fn every_error_number_has_a_reason() {
    for errno in some(1..=200).chain([-1, i32::MIN, i32::MAX]) {
        let reason = reason(errno);
        assert!(!reason.is_empty() && reason.iter().all(|byte| matches!(byte, b' '..=b'~')));
    }
    let table = [
        (2, "no such file"),
        (13, "permission"),
        (7, "too large"),
        (36, "too long"),
        (24, "too many"),
    ];
    for (errno, words) in table {
        let reason = String::from_utf8_lossy(reason(errno));
        assert!(reason.contains(words), "{errno}: {reason}");
    }
}

#[test]
fn what_became_of_a_child_is_told_with_its_code_or_signal() {
    let dumped_core = Status(0x80 | i32::from(Signal::QUIT.number()));
    for (status, told) in [
        (Status::exited(0), (Message::Exited, 0)),
        (Status::exited(255), (Message::Exited, 255)),
        (Status::killed(Signal::TERM), (Message::Killed, 15)),
        (dumped_core, (Message::Killed, 3)),
        (Status::stopped(Signal::TSTP), (Message::Stopped, 20)),
    ] {
        assert_eq!(status.message(), told, "{status:?}");
    }
}

#[test]
fn term_int_and_quit_alone_ask_a_process_to_end() {
    let asks = |signal: &Signal| signal.terminates();
    let asking: Vec<_> = (1..=64).filter_map(Signal::new).filter(asks).collect();
    assert_eq!(asking, [Signal::INT, Signal::QUIT, Signal::TERM]);
}

#[test]
fn a_line_can_be_taken_back_to_where_it_was() {
    let mut line = Line::new();
    line.add(Message::CannotRun, b"app", [0; 2]);
    let end = line.end();
    assert_eq!(end, "rinit: cannot run app: ".len());
    line.add(Message::IsEmpty, b"", [0; 2]);
    line.cut(end);
    line.add(Message::IsFolder, b"", [0; 2]);
    assert_eq!(line.finish(), b"rinit: cannot run app: it is a directory\n");
}

#[test]
fn nothing_can_be_passed_on_in_place_of_chld_kill_and_stop() {
    for number in 1..=64 {
        let signal = Signal::new(number).unwrap();
        let is_fixed = matches!(signal, Signal::CHLD | Signal::KILL | Signal::STOP);
        assert_eq!(Route::of(signal).is_fixed(), is_fixed);

        let mut rewrites = Rewrites::none();
        let added = rewrites.add(format!("{number}:USR1").as_bytes());
        assert_eq!(added.is_none(), is_fixed);
        let expected = if is_fixed { signal } else { Signal::parse(b"USR1").unwrap() };
        assert_eq!(rewrites.apply(signal), Some(expected));
    }
}
