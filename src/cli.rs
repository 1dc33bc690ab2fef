//! Argument vector and variables → what to do, or a usage error.
//!
//! One table drives parsing, variables, help and errors, so that they cannot disagree. What it says
//! in words is the help text, and the options are looked up there.

use crate::machine::{MAX_PROGRAMS, Rules};
use crate::message::Message;
use crate::signal::{Rewrites, Signal};
use crate::status::Codes;
use crate::text::{self, Case, Line, Nanos, SECOND};

macro_rules! options {
    ($($id:ident $value:ident $variable:tt $letter:literal $name:literal $help:literal)*) => {
        /// An option, by the number of its line in [`HELP`].
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct Id(u8);

        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "numbers the constants")]
        enum Row { NONE, $($id),* }

        #[allow(missing_docs, reason = "each is described by its row of the table")]
        impl Id {
            /// No option: the line that says how programs are run.
            pub const NONE: Self = Self(Row::NONE as u8);
            $(pub const $id: Self = Self(Row::$id as u8);)*

            /// Its place in a set of options.
            const fn bit(self) -> u32 {
                1 << self.0
            }

            /// What has to stand behind it.
            const fn expected(self) -> Message {
                match self {
                    $(Self::$id => Message::$value,)*
                    _ => Message::Usage,
                }
            }
        }

        /// The options behind which no word stands.
        const FLAGS: u32 = $(options!(@flag $value) * Id::$id.bit())|*;

        /// The options that a variable sets too.
        const VARIABLES: u32 = $(options!(@bit $variable) * Id::$id.bit())|*;

        /// What `--help` prints: in its first line how programs are run, and then an option a line.
        /// Names are looked up here: each stands behind a dash, and before a comma, blank or tab,
        /// and nothing else may look like that.
        pub const HELP: &str = concat!(
            "usage: rinit [OPTION]... [--] PROGRAM [ARG]...\n",
            $($letter, $name, $help, options!(@star $variable), "\n",)*
            "* or by variable: RINIT_STOP_DELAY=5\n",
        );
    };
    (@flag Nothing) => { 1 };
    (@flag Level) => { 1 };
    (@flag $word:ident) => { 0 };
    (@bit -) => { 0 };
    (@bit *) => { 1 };
    (@star -) => { "" };
    (@star *) => { "*" };
}

options! {
    // What it sets, what has to stand behind it, a variable, letter, name, help.
    GROUP        Nothing - "-g, "     "--group"               "\t\t\tsignal the program's group (default)"
    SINGLE_CHILD Nothing * "-c, "     "--single-child"        "\t\tsignal the program alone"
    ALL          Nothing * "-a, "     "--all"                 "\t\t\tsignal every process of the container"
    GRACE        Seconds * "-t, "     "--grace SECONDS"       "\t\tlet others outlive the program this long (5)"
    STOP_DELAY   Seconds * "-d, "     "--stop-delay SECONDS"  "\thold the first TERM, INT or QUIT this long (0)"
    REWRITE      Rewrite * "-r, "     "--rewrite FROM:TO"     "\t\tpass on TO in place of FROM; TO 0 drops it"
    REMAP_EXIT   Code    * "-e, "     "--remap-exit CODE"     "\t\tleave with 0 in place of CODE"
    PARENT_DEATH Signal  * "-p, "     "--parent-death SIGNAL" "\tget SIGNAL when rinit's parent dies"
    SUBREAPER    Nothing - "-s, "     "--subreaper"           "\t\t\talways on"
    WARN_REAPED  Nothing * "-w, "     "--warn-reaped"         "\t\tsay which orphans were reaped"
    VERBOSE      Level   * "-v, "     "--verbose"             "\t\t\tsay what happens; twice: every event"
    SEPARATOR    AnyWord - "-S, "     "--separator WORD"      "\t\trun several programs, WORD between them"
    ANY          Nothing * ""         "--any"                 "\t\t\t\tleave when the first of them ends"
    PAUSE        Nothing - "-P, "     "--pause"               "\t\t\trun nothing, reap until TERM or INT"
    SLEEP        Seconds - ""         "--sleep SECONDS"       "\t\t\tonly sleep"
    COPY_TO      Path    - ""         "--copy-to PATH"        "\t\t\tcopy this binary to PATH"
    HELP         Nothing - "-h, "     "--help"                "\t\t\tprint this"
    VERSION      Nothing - "-V, "     "--version"             "\t\t\tprint version"
    LICENSE      Nothing - "-l, -L, " "--license"             "\t\tprint licence"
}

/// The option of this name: a letter, or the long name with the second of its dashes.
#[inline(never)]
fn find(name: &[u8], case: Case) -> Id {
    let mut line = 0;
    let mut rest = HELP.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte == b'\n' {
            line += 1;
        }
        if *byte == b'-' && matches!(text::after(name, rest, case), Some([..=b',', ..])) {
            return Id(line);
        }
    }
    Id::NONE
}

/// What `--license` prints.
pub const LICENSE: &str = "MIT OR Apache-2.0\n";

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

/// Everything that options and variables set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Config<'a> {
    /// The option that asks for something else than to run programs.
    pub task: Id,
    /// How much is said: nothing, what happens, every event.
    pub verbose: u8,
    /// The signal that tells of a parent's death.
    pub parent_death: Option<Signal>,
    /// The options that were given, one bit each by its [`Id`]: they beat their variables.
    given: u32,
    /// How far the argument vector was read.
    index: usize,
    /// How many programs there are.
    count: usize,
    /// How long to sleep.
    pub sleep: Nanos,
    /// Where to copy to, which is to be done then.
    pub path: Option<&'a [u8]>,
    /// The word between programs; none where there is one program.
    separator: Option<&'a [u8]>,
    /// What is at fault if something is.
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
    /// The option whose value is at fault, where it is one's.
    pub of: Id,
    /// What was expected.
    pub expected: Message,
    /// The word or variable in its place, where there is one.
    pub word: Option<&'a [u8]>,
}

impl UsageError<'_> {
    /// Adds what names the word and says what was expected.
    pub fn tell(&self, line: &mut Line) {
        let row = text::entry(HELP.as_bytes(), self.of.0.into());
        line.add(Message::Expected, text::split(row, b'\t').0, [0; 2]);
        line.add(self.expected, b"", [0; 2]);
        if let Some(word) = self.word {
            line.add(Message::Instead, word, [0; 2]);
        }
    }
}

/// The options that say where signals go: the last of them counts, and where one was given their
/// variables have nothing to say.
const TARGETS: u32 = Id::GROUP.bit() | Id::SINGLE_CHILD.bit() | Id::ALL.bit();

impl<'a> Config<'a> {
    /// What holds where nobody says anything.
    #[must_use]
    pub const fn new() -> Self {
        // All of it zeros, which costs the least code.
        const NOTHING: Config<'_> = Config {
            task: Id::NONE,
            verbose: 0,
            parent_death: None,
            given: 0,
            index: 0,
            count: 0,
            sleep: 0,
            path: None,
            separator: None,
            error: UsageError { of: Id::NONE, expected: Message::Nothing, word: None },
            rules: Rules { grace: 0, stop_delay: 0, any: false, rewrites: Rewrites::none() },
            remapped: Codes::none(),
            starts: [0; MAX_PROGRAMS],
        };
        let mut config = NOTHING;
        config.rules.grace = GRACE;
        config
    }

    /// Reads the argument vector, rinit's own name at 0, and then the environment: what stands at
    /// an index, none behind the last.
    ///
    /// None where rinit cannot follow them: then [`Config::error`] says why. Nothing after the
    /// first thing at fault has been looked at.
    #[must_use]
    #[inline(never)]
    pub fn read(
        &mut self,
        argument: impl Fn(usize) -> Option<&'a [u8]>,
        variable: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Option<()> {
        // Before Linux 5.18 a program may have no name, and then no arguments either.
        self.index = argument(0).is_some().into();
        while let Some(word @ [b'-', letters @ ..]) = argument(self.index) {
            if letters.is_empty() {
                break;
            }
            self.index += 1;
            if matches!(letters, [b'-']) {
                break;
            }
            self.expect(Id::NONE, Some(word));
            self.options(letters, &argument)?;
            // Nothing else matters then.
            if self.task >= Id::HELP {
                return Some(());
            }
        }
        let mut free = VARIABLES & !self.given;
        if self.given & TARGETS != 0 {
            free &= !TARGETS;
        }
        let mut entry = 0;
        while let Some(word) = variable(entry) {
            self.variable(word, free)?;
            entry += 1;
        }
        self.rules.any = self.has(Id::ANY);
        if self.task == Id::NONE {
            return self.split(argument);
        }
        let word = argument(self.index);
        self.expect(self.task, word);
        self.error.expected = Message::Nothing;
        if word.is_some() { None } else { Some(()) }
    }

    /// Notes what is at fault if what follows fails.
    #[inline(never)]
    fn expect(&mut self, of: Id, word: Option<&'a [u8]>) {
        self.error = UsageError { of, expected: of.expected(), word };
    }

    /// The index in the argument vector of each program's name. The word before each but the
    /// first is the separator, where the vector of the program before ends.
    #[must_use]
    pub fn programs(&self) -> &[usize] {
        self.starts.get(..self.count).unwrap_or_default()
    }

    /// Was the option given, or its variable set?
    const fn has(&self, id: Id) -> bool {
        self.given & id.bit() != 0
    }

    /// Are reaped orphans reported?
    #[must_use]
    pub const fn warn_reaped(&self) -> bool {
        self.has(Id::WARN_REAPED)
    }

    /// Where signals go. Where both variables are set, RINIT_ALL wins, in whatever order they come.
    #[must_use]
    pub const fn target(&self) -> Target {
        if self.has(Id::ALL) {
            Target::All
        } else if self.has(Id::SINGLE_CHILD) {
            Target::SingleChild
        } else {
            Target::Group
        }
    }

    /// Reads a word of options, whose first dash is not in `letters`. The word after it may be the
    /// value of the last of them.
    #[inline(never)]
    fn options(
        &mut self,
        mut letters: &'a [u8],
        argument: &impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Option<()> {
        let is_long = letters.first() == Some(&b'-');
        loop {
            // One letter of a cluster and what is behind it, or `-name=value`.
            let (mut name, behind) = letters.split_at_checked(1)?;
            let mut value = (!behind.is_empty()).then_some(behind);
            if is_long {
                (name, value) = text::split(letters, b'=');
            }
            let id = find(name, Case::Same);
            if id == Id::NONE {
                return None;
            }
            self.note(id);
            if id.bit() & FLAGS == 0 {
                if value.is_none() {
                    value = argument(self.index);
                    self.index += 1;
                }
                self.expect(id, value);
                return Self::set(value?, id, self);
            }
            match value {
                None => return Some(()),
                Some(behind) if !is_long => letters = behind,
                Some(_) => {
                    self.expect(id, value);
                    return None;
                }
            }
        }
    }

    /// Notes that the option was given.
    #[inline(never)]
    fn note(&mut self, id: Id) {
        if id.bit() & TARGETS != 0 {
            self.given &= !TARGETS;
        }
        self.given |= id.bit();
        if id == Id::VERBOSE {
            self.verbose = 1 + u8::from(self.verbose > 0);
        }
        if id >= Id::PAUSE {
            self.task = id;
        }
    }

    /// Reads an entry of the environment; only the options that are `free` can be set.
    #[inline(never)]
    fn variable(&mut self, entry: &'a [u8], free: u32) -> Option<()> {
        // The underscore stands for the second dash of the option's name.
        let mut rest = entry.get("RINIT".len()..);
        if text::after(b"RINIT_", entry, Case::Same).is_none() {
            return Some(());
        }
        let id = find(text::cut(&mut rest, b'='), Case::Any);
        let Some(value) = rest else { return Some(()) };
        if id.bit() & free == 0 || id.bit() & FLAGS != 0 && matches!(value, [] | [b'0']) {
            return Some(());
        }
        self.given |= id.bit();
        self.expect(id, Some(entry));
        // No variable holds a NUL, so what is no list stays whole.
        let between = if id == Id::REWRITE || id == Id::REMAP_EXIT { b',' } else { 0 };
        while rest.is_some() {
            Self::set(text::cut(&mut rest, between), id, self)?;
        }
        Some(())
    }

    /// Sets what the option or variable sets; none where the word is no value for it. (The word
    /// comes first because there it stays where those who read it want it.)
    #[inline(never)]
    fn set(word: &'a [u8], id: Id, config: &mut Self) -> Option<()> {
        if word.is_empty() {
            return None;
        }
        match id {
            Id::GRACE => config.rules.grace = text::seconds(word)?,
            Id::STOP_DELAY => config.rules.stop_delay = text::seconds(word)?,
            Id::SLEEP => config.sleep = text::seconds(word)?,
            Id::REWRITE => config.rules.rewrites.add(word)?,
            Id::REMAP_EXIT => config.remapped.insert(text::number(word, 255)? as u8),
            Id::PARENT_DEATH => config.parent_death = Some(Signal::parse(word)?),
            Id::VERBOSE => config.verbose = text::number(word, 2)? as u8,
            Id::SEPARATOR => config.separator = Some(word),
            Id::COPY_TO => config.path = Some(word),
            _ => {}
        }
        Some(())
    }

    /// Splits the argument vector, from the first program's name on, at each separator.
    fn split(&mut self, argument: impl Fn(usize) -> Option<&'a [u8]>) -> Option<()> {
        let separator = self.separator;
        self.expect(if separator.is_some() { Id::SEPARATOR } else { Id::NONE }, separator);
        let mut index = self.index;
        let mut start = index;
        loop {
            let word = argument(index);
            index += 1;
            if word.is_some() && word != separator {
                continue;
            }
            if index == start + 1 {
                return None;
            }
            *self.starts.get_mut(self.count)? = start;
            self.count += 1;
            start = index;
            if word.is_none() {
                return (separator.is_none() == (self.count == 1)).then_some(());
            }
        }
    }
}

impl Default for Config<'_> {
    fn default() -> Self {
        Self::new()
    }
}
