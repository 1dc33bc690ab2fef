//! Argument vector and variables → what to do, or a usage error.
//!
//! One table drives parsing, variables, help and errors, so that they cannot disagree.

use crate::machine::{MAX_PROGRAMS, Rules};
use crate::message::Message;
use crate::signal::{Rewrites, Route, Signal};
use crate::status::Codes;
use crate::text::{self, Line, Nanos, SECOND};

/// What stands behind an option.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Value {
    /// Nothing: it is a flag.
    None,
    /// How much is said; as an option a flag that may be repeated.
    Level,
    /// A length of time.
    Seconds,
    /// A signal.
    Signal,
    /// One signal in place of another.
    Rewrite,
    /// An exit code.
    Code,
    /// A path.
    Path,
    /// Any word that is not empty.
    Word,
}

impl Value {
    /// What to say where something else stands there.
    const fn expected(self) -> Message {
        match self {
            Self::None => Message::ExpectedNothing,
            Self::Level => Message::ExpectedLevel,
            Self::Seconds => Message::ExpectedSeconds,
            Self::Signal => Message::ExpectedSignal,
            Self::Rewrite => Message::ExpectedRewrite,
            Self::Code => Message::ExpectedCode,
            Self::Path => Message::ExpectedPath,
            Self::Word => Message::ExpectedWord,
        }
    }

    /// Does a word stand behind the option, as it is written on a command line?
    const fn is_word(self) -> bool {
        !matches!(self, Self::None | Self::Level)
    }
}

/// The longest long name.
const NAME_MAX: usize = 12;

/// A row of the table. It holds no reference, which would have to be relocated.
struct Row {
    id: Id,
    value: Value,
    /// Does a variable set it too?
    variable: bool,
    /// 0 where there is none.
    letter: u8,
    /// The long name, zeros behind it.
    name: [u8; NAME_MAX],
}

#[allow(clippy::indexing_slicing, reason = "run by the compiler, which would say so")]
const fn name(name: &str) -> [u8; NAME_MAX] {
    let mut padded = [0; NAME_MAX];
    let mut index = 0;
    while index < name.len() {
        padded[index] = name.as_bytes()[index];
        index += 1;
    }
    padded
}

const fn ascii(letter: char) -> u8 {
    letter as u32 as u8
}

macro_rules! options {
    ($($id:ident $letter:tt $name:literal $value:ident $word:literal $variable:tt $help:literal)*) => {
        /// An option.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is described by its row of the table")]
        pub enum Id { $($id),* }

        static OPTIONS: [Row; [$($name),*].len()] = [$(Row {
            id: Id::$id,
            value: Value::$value,
            variable: options!(@variable $variable),
            letter: options!(@letter $letter),
            name: name($name),
        }),*];

        /// What `--help` prints.
        pub const HELP: &str = concat!(
            "usage: rinit [OPTION]... [--] PROGRAM [ARG]...\n",
            $("  ", options!(@letters $letter), "--", $name, $word, options!(@star $variable), $help, "\n",)*
            "* or by variable: RINIT_GRACE=5, RINIT_ANY=1\n",
        );
    };
    (@letter -) => { 0 };
    (@letter $letter:literal) => { ascii($letter) };
    (@letters -) => { "" };
    (@letters 'l') => { "-l, -L, " };
    (@letters $letter:literal) => { concat!("-", $letter, ", ") };
    (@variable -) => { false };
    (@variable *) => { true };
    (@star -) => { "" };
    (@star *) => { " *" };
}

options! {
    Group       'g' "group"        None    ""           - "\t\t\tsignals go to the program's group (default)"
    SingleChild 'c' "single-child" None    ""           * "\t\tsignals go to the program alone"
    All         'a' "all"          None    ""           * "\t\t\tsignals go to every process of the container"
    Grace       't' "grace"        Seconds " SECONDS"   * "\t\thow long the others may outlive the program (5)"
    StopDelay   'd' "stop-delay"   Seconds " SECONDS"   * "\thold the first TERM, INT or QUIT this long (0)"
    Rewrite     'r' "rewrite"      Rewrite " FROM:TO"   * "\tpass TO on in place of FROM; TO 0 drops it"
    RemapExit   'e' "remap-exit"   Code    " CODE"      * "\tleave with 0 where the code would be CODE"
    ParentDeath 'p' "parent-death" Signal  " SIGNAL"    * "\tget SIGNAL when rinit's own parent dies"
    Subreaper   's' "subreaper"    None    ""           - "\t\taccepted; rinit does this by itself"
    WarnReaped  'w' "warn-reaped"  None    ""           * "\t\tsay when an orphan was reaped"
    Verbose     'v' "verbose"      Level   ""           * "\t\tsay what happens; twice: every event"
    Separator   'S' "separator"    Word    " WORD"      - "\t\tseveral programs follow, WORD between them"
    Any         -   "any"          None    ""           * "\t\t\tthe first of them to end ends the container"
    Pause       'P' "pause"        None    ""           - "\t\t\trun nothing: reap until TERM or INT"
    CopyTo      -   "copy-to"      Path    " PATH"      - "\t\twrite this very binary to PATH and leave"
    Sleep       -   "sleep"        Seconds " SECONDS"   - "\t\tsleep and leave"
    Help        'h' "help"         None    ""           - "\t\t\tprint this"
    Version     'V' "version"      None    ""           - "\t\t\tprint the version"
    License     'l' "license"      None    ""           - "\t\tprint the licence"
}

/// Finds an option: by its letter; by its long name; or by that in upper case, the variable's.
#[inline(never)]
fn look_up(name: &[u8], spelling: Spelling) -> Option<&'static Row> {
    OPTIONS.iter().find(|row| {
        let len = row.name.iter().position(|byte| *byte == 0).unwrap_or(NAME_MAX);
        let long = row.name.get(..len).unwrap_or_default();
        match spelling {
            Spelling::Letter => name == [row.letter],
            Spelling::Long => name == long,
            Spelling::Variable => text::is_upper_case_of(name, long),
        }
    })
}

/// How the name of an option is written.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Spelling {
    /// `t`
    Letter,
    /// `stop-delay`
    Long,
    /// `STOP_DELAY`
    Variable,
}

/// What `--license` prints.
pub const LICENSE: &str = "rinit is free software: MIT OR Apache-2.0\n";

/// Where a signal that arrives goes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To the process group of each program.
    Group,
    /// To the programs alone.
    SingleChild,
    /// To every process of the container.
    All,
}

/// What the command line asks rinit to do.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Task {
    /// Start the programs.
    Run,
    /// Reap until told to end.
    Pause,
    /// Sleep for [`Config::sleep`].
    Sleep,
    /// Write the binary to [`Config::path`].
    CopyTo,
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
    /// Print the licence.
    License,
}

/// Everything that options and variables set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Config<'a> {
    /// What to do.
    pub task: Task,
    /// Where signals go.
    pub target: Target,
    /// How much is said: 0, 1 or 2.
    pub verbose: u8,
    /// Are reaped orphans reported?
    pub warn_reaped: bool,
    /// The signal that tells of a parent's death.
    pub parent_death: Option<Signal>,
    /// The options that were given, one bit each by its [`Id`]: they beat their variables.
    given: u32,
    /// How many programs there are.
    count: usize,
    /// How long to sleep.
    pub sleep: Nanos,
    /// Where to copy to.
    pub path: &'a [u8],
    /// The word between programs; empty where there is one program.
    separator: &'a [u8],
    /// What went wrong, where something did.
    pub error: UsageError<'a>,
    /// What the machine goes by.
    pub rules: Rules,
    /// The exit codes that become 0.
    pub remapped: Codes,
    /// The index in the argument vector of each program's name.
    starts: [usize; MAX_PROGRAMS],
}

/// How long the others get where nobody says. The engines' own patience is ten seconds (docker,
/// podman) or thirty (Kubernetes); half of the shortest leaves room for the program's own end.
pub const GRACE: Nanos = 5 * SECOND;

/// A command line or variable that rinit cannot follow.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct UsageError<'a> {
    /// The option or variable whose value is at fault; empty where it is no value.
    pub of: &'a [u8],
    /// The word at fault; empty where it is missing.
    pub word: &'a [u8],
    /// What was expected in its place.
    pub expected: Message,
}

impl UsageError<'_> {
    /// The line that names the word and says what was expected.
    #[must_use]
    #[inline(never)]
    pub fn line(&self) -> Line {
        let mut line = Line::new();
        let is_value = !self.of.is_empty();
        let what = match (is_value, self.word.is_empty()) {
            (false, true) => Message::NothingToRun,
            (false, false) => Message::Unexpected,
            (true, true) => Message::NoValue,
            (true, false) => Message::BadValue,
        };
        line.add(what, self.word, [0; 2]);
        if is_value {
            line.add(Message::For, self.of, [0; 2]);
        }
        line.add(self.expected, b"", [0; 2]);
        line
    }
}

/// Where a `-g`, `-c` or `-a` was given, the variables of all three have nothing to say.
const TARGETS: u32 = 1 << Id::Group as u32 | 1 << Id::SingleChild as u32 | 1 << Id::All as u32;

impl<'a> Config<'a> {
    /// What holds where nobody says anything.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            task: Task::Run,
            target: Target::Group,
            verbose: 0,
            warn_reaped: false,
            parent_death: None,
            given: 0,
            count: 0,
            sleep: 0,
            path: &[],
            separator: &[],
            error: UsageError { of: &[], word: &[], expected: Message::ExpectedProgram },
            rules: Rules { grace: GRACE, stop_delay: 0, any: false, rewrites: Rewrites::none() },
            remapped: Codes::none(),
            starts: [0; MAX_PROGRAMS],
        }
    }

    /// Reads the argument vector, rinit's own name at 0, and then the environment: what stands at
    /// an index, none behind the last.
    ///
    /// None where rinit cannot follow them: then [`Config::error`] says why. Nothing after the
    /// first thing at fault has been looked at.
    #[must_use]
    pub fn read(
        &mut self,
        argument: impl Fn(usize) -> Option<&'a [u8]>,
        variable: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Option<()> {
        let mut index = 1;
        while let Some(word @ [b'-', rest @ ..]) = argument(index) {
            if rest.is_empty() {
                break;
            }
            index += 1;
            if rest == b"-" {
                break;
            }
            let next = argument(index);
            if self.word(word, rest, next)? {
                index += 1;
            }
            if self.is_printing() {
                return Some(());
            }
        }
        let mut entry = 0;
        while let Some(word) = variable(entry) {
            self.variable(word)?;
            entry += 1;
        }
        if self.task == Task::Run {
            return self.split(index, argument);
        }
        match argument(index) {
            Some(word) => self.fault(b"", word, Message::ExpectedNoProgram),
            None => Some(()),
        }
    }

    /// The index in the argument vector of each program's name. The word before each but the
    /// first is the separator, where the vector of the program before ends.
    #[must_use]
    pub fn programs(&self) -> &[usize] {
        self.starts.get(..self.count).unwrap_or_default()
    }

    /// Is there nothing to do but to print?
    fn is_printing(&self) -> bool {
        matches!(self.task, Task::Help | Task::Version | Task::License)
    }

    /// Notes what is at fault.
    #[inline(never)]
    fn fault<T>(&mut self, of: &'a [u8], word: &'a [u8], expected: Message) -> Option<T> {
        self.error = UsageError { of, word, expected };
        None
    }

    /// Reads a word of options, whose first dash is not in `letters`. Says whether the next word
    /// was its value.
    #[inline(never)]
    fn word(
        &mut self,
        word: &'a [u8],
        mut letters: &'a [u8],
        next: Option<&'a [u8]>,
    ) -> Option<bool> {
        let is_long = letters.first() == Some(&b'-');
        while let Some((letter, rest)) = letters.split_at_checked(1) {
            // `--name=value`, or one letter of a cluster and what is behind it.
            let (mut name, mut attached) = (letter, (!rest.is_empty()).then_some(rest));
            letters = rest;
            let mut spelling = Spelling::Letter;
            if is_long {
                (name, attached) = text::split(rest, b'=');
                spelling = Spelling::Long;
            } else if name == b"L" {
                // As catatonit has it.
                name = b"l";
            }
            let Some(row) = look_up(name, spelling) else {
                return self.fault(b"", word, Message::ExpectedOption);
            };
            self.given |= 1 << row.id as u32;
            let takes_value = row.value.is_word();
            let value = if takes_value { attached.or(next) } else { attached };
            let value = value.unwrap_or_default();
            let stray = is_long && !takes_value && attached.is_some();
            if stray || self.set(row, value).is_none() {
                return self.fault(word, value, row.value.expected());
            }
            if takes_value || is_long {
                return Some(takes_value && attached.is_none());
            }
        }
        Some(false)
    }

    /// Reads one entry of the environment.
    #[inline(never)]
    fn variable(&mut self, entry: &'a [u8]) -> Option<()> {
        let Some(rest) = entry.strip_prefix(b"RINIT_") else { return Some(()) };
        let (name, value) = text::split(rest, b'=');
        let Some(row) = look_up(name, Spelling::Variable) else { return Some(()) };
        let value = value.unwrap_or_default();
        let mut beaten_by = 1 << row.id as u32;
        if beaten_by & TARGETS != 0 {
            beaten_by = TARGETS;
        }
        let is_off = !row.value.is_word() && matches!(value, [] | [b'0']);
        if !row.variable || is_off || self.given & beaten_by != 0 {
            return Some(());
        }
        let mut rest = Some(value);
        while let Some(value) = rest {
            let mut word = value;
            rest = None;
            if matches!(row.value, Value::Rewrite | Value::Code) {
                (word, rest) = text::split(value, b',');
            }
            let set = if row.value == Value::Level {
                text::number(word, 2).map(|level| self.verbose = level as u8)
            } else {
                self.set(row, word)
            };
            if set.is_none() {
                return self.fault(entry, word, row.value.expected());
            }
        }
        Some(())
    }

    /// Sets what the option sets; none where the value is not one. A flag does not look at it.
    #[inline(never)]
    fn set(&mut self, row: &Row, value: &'a [u8]) -> Option<()> {
        let (left, right) = text::split(value, b':');
        let signal = Signal::parse(left);
        let number = match row.value {
            Value::Seconds => text::seconds(value)?,
            Value::Code => text::number(value, 255)?.into(),
            Value::Path | Value::Word => (*value.first()?).into(),
            _ => 0,
        };
        match row.id {
            Id::Group => self.target = Target::Group,
            Id::SingleChild => self.target = Target::SingleChild,
            Id::All => self.target = Target::All,
            Id::Grace => self.rules.grace = number,
            Id::StopDelay => self.rules.stop_delay = number,
            Id::Rewrite => {
                let from = signal?;
                let to = Signal::parse(right?);
                if Route::of(from).is_fixed() || to.is_none() && right != Some(b"0") {
                    return None;
                }
                self.rules.rewrites.set(from, to);
            }
            Id::RemapExit => self.remapped.insert(number as u8),
            Id::ParentDeath => {
                signal?;
                if right.is_some() {
                    return None;
                }
                self.parent_death = signal;
            }
            Id::Subreaper => {}
            Id::WarnReaped => self.warn_reaped = true,
            Id::Verbose => self.verbose = 2.min(self.verbose + 1),
            Id::Separator => self.separator = value,
            Id::Any => self.rules.any = true,
            Id::Pause => self.task = Task::Pause,
            Id::CopyTo => {
                self.task = Task::CopyTo;
                self.path = value;
            }
            Id::Sleep => {
                self.task = Task::Sleep;
                self.sleep = number;
            }
            Id::Help => self.task = Task::Help,
            Id::Version => self.task = Task::Version,
            Id::License => self.task = Task::License,
        }
        Some(())
    }

    /// Splits the argument vector, from the first program's name on, at each separator.
    #[inline(never)]
    fn split(&mut self, first: usize, argument: impl Fn(usize) -> Option<&'a [u8]>) -> Option<()> {
        let separator = self.separator;
        let mut index = first;
        let mut start = first;
        loop {
            let word = argument(index);
            let is_end = word.is_none();
            if is_end || !separator.is_empty() && word == Some(separator) {
                let wrong = if index == start {
                    Message::ExpectedProgram
                } else if is_end && start == first && !separator.is_empty() {
                    Message::ExpectedSeparator
                } else if let Some(slot) = self.starts.get_mut(self.count) {
                    *slot = start;
                    self.count += 1;
                    start = index + 1;
                    if is_end {
                        return Some(());
                    }
                    index += 1;
                    continue;
                } else {
                    Message::ExpectedFewer
                };
                return self.fault(b"", separator, wrong);
            }
            index += 1;
        }
    }
}

impl Default for Config<'_> {
    fn default() -> Self {
        Self::new()
    }
}
