//! Signals: their names, the fixed forwarding table, and the rewrites that lie on top of it.
//!
//! Numbers are those of signal(7) for x86, Arm and most others; rinit supports no architecture
//! that counts differently.

use crate::text;

/// How many signals the kernel knows: 1 to 64 (`_NSIG`).
pub const COUNT: usize = 64;

/// `SIGRTMIN` as programs count it. The kernel's first is 32, but every libc keeps two or three
/// for itself, and `kill -l`, docker and systemd all say 34.
const RTMIN: u32 = 34;

/// A signal number from 1 to 64.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal(u8);

impl Signal {
    /// Hangup: the terminal is gone.
    pub const HUP: Self = Self(1);
    /// `^C`.
    pub const INT: Self = Self(2);
    /// `^\`.
    pub const QUIT: Self = Self(3);
    /// Cannot be caught.
    pub const KILL: Self = Self(9);
    /// A write that nobody will read.
    pub const PIPE: Self = Self(13);
    /// The polite request to end.
    pub const TERM: Self = Self(15);
    /// A child ended, stopped or continued.
    pub const CHLD: Self = Self(17);
    /// Continues a stopped process.
    pub const CONT: Self = Self(18);
    /// Stops a process; cannot be caught.
    pub const STOP: Self = Self(19);
    /// `^Z`.
    pub const TSTP: Self = Self(20);
    /// A background process read from its terminal.
    pub const TTIN: Self = Self(21);
    /// A background process wrote to its terminal or changed it.
    pub const TTOU: Self = Self(22);

    /// The signal of this number, or none where the kernel has no such signal.
    #[must_use]
    pub const fn new(number: i32) -> Option<Self> {
        if number >= 1 && number <= COUNT as i32 { Some(Self(number as u8)) } else { None }
    }

    /// Its number, 1 to 64.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Does it ask a process to end, so that `--stop-delay` holds it?
    #[must_use]
    pub fn terminates(self) -> bool {
        Route::of(self) == Route::Terminate
    }

    /// The name without `SIG` of the signal of this number; empty for real-time signals, which have
    /// only numbers.
    #[must_use]
    pub fn name_of(number: u32) -> &'static [u8] {
        text::nth(NAMES.as_bytes(), b' ', number)
    }

    /// Reads a signal as a person writes it: a name with or without `SIG`, in any case, a number
    /// from 1 to 64, `RTMIN+n` or `RTMAX-n`.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let number = match text::number(word, COUNT as u32) {
            Some(number) => number,
            None => {
                let name = after(b"SIG", word).unwrap_or(word);
                match after(b"RTM", name) {
                    Some([i, n, offset @ ..]) if text::is_upper_case_of(b"IN", &[*i, *n]) => {
                        RTMIN + distance(b'+', offset)?
                    }
                    Some([a, x, offset @ ..]) if text::is_upper_case_of(b"AX", &[*a, *x]) => {
                        COUNT as u32 - distance(b'-', offset)?
                    }
                    _ => (1..RTMIN).find(|number| {
                        let known = Self::name_of(*number);
                        !known.is_empty() && text::is_upper_case_of(known, name)
                    })?,
                }
            }
        };
        Self::new(number as i32)
    }
}

/// In the order of their numbers, which is what gives them their numbers.
const NAMES: &str = " HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT \
CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

/// What follows `prefix`, which may be written in any case.
fn after<'a>(prefix: &[u8], word: &'a [u8]) -> Option<&'a [u8]> {
    let (head, rest) = word.split_at_checked(prefix.len())?;
    text::is_upper_case_of(prefix, head).then_some(rest)
}

/// Nothing, or a sign and the distance from the end of the real-time range: 0 to 30.
fn distance(sign: u8, word: &[u8]) -> Option<u32> {
    match word {
        [] => Some(0),
        [first, digits @ ..] if *first == sign => text::number(digits, COUNT as u32 - RTMIN),
        _ => None,
    }
}

/// What rinit does with a signal that reaches it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Route {
    /// Never arrives: the kernel acts on it by itself.
    Unreachable,
    /// Its own: dead children are reaped.
    Reap,
    /// Passed on.
    Forward,
    /// Passed on; asks the program to end, and can be held for `--stop-delay`.
    Terminate,
}

/// The forwarding table: a route for every signal, fixed at compile time.
static ROUTES: [Route; COUNT + 1] = {
    let mut routes = [Route::Forward; COUNT + 1];
    routes[0] = Route::Unreachable;
    routes[Signal::KILL.0 as usize] = Route::Unreachable;
    routes[Signal::STOP.0 as usize] = Route::Unreachable;
    routes[Signal::CHLD.0 as usize] = Route::Reap;
    routes[Signal::TERM.0 as usize] = Route::Terminate;
    routes[Signal::INT.0 as usize] = Route::Terminate;
    routes[Signal::QUIT.0 as usize] = Route::Terminate;
    routes
};

impl Route {
    /// Is the signal none that is passed on, so that nothing can be passed on in its place?
    #[must_use]
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::Unreachable | Self::Reap)
    }

    /// The route of `signal`.
    #[must_use]
    pub fn of(signal: Signal) -> Self {
        ROUTES.get(signal.0 as usize).copied().unwrap_or(Self::Unreachable)
    }
}

/// What is passed on in place of what: everything as it is until [`Rewrites::set`] changes an entry.
///
/// An entry is the number of the signal to pass on, or one of two words.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rewrites([u8; COUNT + 1]);

const UNCHANGED: u8 = 0;
const DROPPED: u8 = u8::MAX;

impl Rewrites {
    /// Passes every signal on as it is.
    #[must_use]
    pub const fn none() -> Self {
        Self([UNCHANGED; COUNT + 1])
    }

    /// From now on passes `to` on in place of `from`, or drops `from` where `to` is none.
    pub fn set(&mut self, from: Signal, to: Option<Signal>) {
        if let Some(entry) = self.0.get_mut(usize::from(from.0)) {
            *entry = to.map_or(DROPPED, Signal::number);
        }
    }

    /// What is passed on for `signal`; none where it is dropped.
    #[must_use]
    pub fn apply(&self, signal: Signal) -> Option<Signal> {
        match self.0.get(usize::from(signal.0)) {
            None | Some(&UNCHANGED) => Some(signal),
            Some(to) => Signal::new(i32::from(*to)),
        }
    }
}
