//! Signals: their names, the fixed forwarding table, and the rewrites that lie on top of it.
//!
//! Numbers are those of signal(7) for x86, Arm and most others; rinit supports no architecture
//! that counts differently.

use core::num::NonZero;

use crate::text::{self, Case};

/// How many signals the kernel knows: 1 to 64 (`_NSIG`).
pub const COUNT: usize = 64;

/// `SIGRTMIN` as programs count it. The kernel's first is 32, but every libc keeps two or three
/// for itself, and `kill -l`, docker and systemd all say 34.
const RTMIN: u32 = 34;

/// `SIGRTMAX`.
const RTMAX: u32 = COUNT as u32;

/// A signal number from 1 to 64.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal(NonZero<u8>);

/// The signal of this number, worked out by the compiler.
macro_rules! signal {
    ($number:literal) => {
        Signal(NonZero::new($number).unwrap())
    };
}

impl Signal {
    /// Hangup: the terminal is gone.
    pub const HUP: Self = signal!(1);
    /// `^C`.
    pub const INT: Self = signal!(2);
    /// `^\`.
    pub const QUIT: Self = signal!(3);
    /// Cannot be caught.
    pub const KILL: Self = signal!(9);
    /// A write that nobody will read.
    pub const PIPE: Self = signal!(13);
    /// The polite request to end.
    pub const TERM: Self = signal!(15);
    /// A child ended, stopped or continued.
    pub const CHLD: Self = signal!(17);
    /// Continues a stopped process.
    pub const CONT: Self = signal!(18);
    /// Stops a process; cannot be caught.
    pub const STOP: Self = signal!(19);
    /// `^Z`.
    pub const TSTP: Self = signal!(20);
    /// A background process read from its terminal.
    pub const TTIN: Self = signal!(21);
    /// A write past the limit of a file's size.
    pub const XFSZ: Self = signal!(25);
    /// A background process wrote to its terminal or changed it.
    pub const TTOU: Self = signal!(22);

    /// The signal of this number, or none where the kernel has no such signal.
    #[must_use]
    pub const fn new(number: i32) -> Option<Self> {
        if number >= 1 && number <= COUNT as i32 {
            match NonZero::new(number as u8) {
                Some(number) => Some(Self(number)),
                None => None,
            }
        } else {
            None
        }
    }

    /// Its number, 1 to 64.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// Does it ask a process to end, so that `--stop-delay` holds it?
    #[must_use]
    pub fn terminates(self) -> bool {
        Route::of(self) == Route::Terminate
    }

    /// The name without `SIG` of the signal of this number; empty for those that have only a number:
    /// all real-time signals but the first and the last.
    #[must_use]
    pub fn name_of(number: u32) -> &'static [u8] {
        text::entry(NAMES.as_bytes(), number)
    }

    /// Reads a signal as a person writes it: a name with or without `SIG`, in any case, a number
    /// from 1 to 64, `RTMIN+n` or `RTMAX-n`.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Self::new(read(word)? as i32)
    }
}

/// Reads a signal, or `0` for none; its number.
#[inline(never)]
fn read(word: &[u8]) -> Option<u32> {
    let number = text::number(word, COUNT as u32);
    if number.is_some() {
        return number;
    }
    let word = text::after(b"SIG", word, Case::Any).unwrap_or(word);
    let mut number = 0;
    while number < COUNT as u32 {
        number += 1;
        let name = Signal::name_of(number);
        if name.is_empty() {
            continue;
        }
        let (sign, digits) = match text::after(name, word, Case::Any) {
            Some([]) => return Some(number),
            Some([sign, digits @ ..]) => (*sign, digits),
            None => continue,
        };
        // Only a real-time signal has something behind its name.
        let distance = text::number(digits, RTMAX - RTMIN);
        if number == RTMIN && sign == b'+' {
            return Some(RTMIN + distance?);
        }
        if number == RTMAX && sign == b'-' {
            return Some(RTMAX - distance?);
        }
    }
    None
}

/// By their numbers, see [`text::entry`].
const NAMES: &str = "
HUP
INT
QUIT
ILL
TRAP
ABRT
BUS
FPE
KILL
USR1
SEGV
USR2
PIPE
ALRM
TERM
STKFLT
CHLD
CONT
STOP
TSTP
TTIN
TTOU
URG
XCPU
XFSZ
VTALRM
PROF
WINCH
IO
PWR
SYS
34 RTMIN
64 RTMAX
";

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

impl Route {
    /// Is the signal none that is passed on, so that nothing can be passed on in its place?
    #[must_use]
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::Unreachable | Self::Reap)
    }

    /// The forwarding table: a route for every signal, fixed at compile time.
    #[must_use]
    pub const fn of(signal: Signal) -> Self {
        match signal {
            Signal::KILL | Signal::STOP => Self::Unreachable,
            Signal::CHLD => Self::Reap,
            Signal::TERM | Signal::INT | Signal::QUIT => Self::Terminate,
            _ => Self::Forward,
        }
    }
}

/// What is passed on in place of what: everything as it is until [`Rewrites::set`] changes an entry.
///
/// An entry is what to add to the signal's number: the sum is the number of the one to pass on, or
/// 0 where it is dropped.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rewrites([u8; COUNT + 1]);

impl Rewrites {
    /// Passes every signal on as it is.
    #[must_use]
    pub const fn none() -> Self {
        Self([0; COUNT + 1])
    }

    /// From now on passes `to` on in place of `from`, or drops `from` where `to` is none.
    pub fn set(&mut self, from: Signal, to: Option<Signal>) {
        self.change(from, to.map_or(0, Signal::number));
    }

    /// Sets what a person writes: `FROM:TO`, where TO may be `0` for no signal. None where it is
    /// no such thing, or FROM is never passed on.
    #[must_use]
    pub fn add(&mut self, word: &[u8]) -> Option<()> {
        let mut rest = Some(word);
        let from = Signal::parse(text::cut(&mut rest, b':'))?;
        if Route::of(from).is_fixed() {
            return None;
        }
        self.change(from, read(rest?)? as u8);
        Some(())
    }

    fn change(&mut self, from: Signal, to: u8) {
        if let Some(entry) = self.0.get_mut(usize::from(from.number())) {
            *entry = to.wrapping_sub(from.number());
        }
    }

    /// What is passed on for `signal`; none where it is dropped.
    #[must_use]
    pub fn apply(&self, signal: Signal) -> Option<Signal> {
        let number = signal.number();
        let change = self.0.get(usize::from(number)).copied().unwrap_or_default();
        NonZero::new(number.wrapping_add(change)).map(Signal)
    }
}
