//! Wait status → what became of a child; exit codes and `--remap-exit`.

use crate::message::Message;
use crate::signal::Signal;

/// rinit could not do its own job: usage, or no process could be made.
pub const CANNOT: u8 = 125;
/// The program was found and cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// The program was not found.
pub const NOT_FOUND: u8 = 127;

/// What wait4(2) reports of a child. The layout is the kernel's ABI.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub i32);

impl Status {
    /// A child that ended by itself.
    #[must_use]
    pub const fn exited(code: u8) -> Self {
        Self((code as i32) << 8)
    }

    /// A child that a signal killed.
    #[must_use]
    pub const fn killed(signal: Signal) -> Self {
        Self(signal.number() as i32)
    }

    /// A child that a signal stopped; it lives.
    #[must_use]
    pub const fn stopped(signal: Signal) -> Self {
        Self((signal.number() as i32) << 8 | 0x7f)
    }

    /// The exit code of a child that ended: its own, or 128+N where signal N killed it, as shells
    /// have it. None for a child that lives.
    #[must_use]
    pub fn code(self) -> Option<u8> {
        match self.0 & 0x7f {
            0 => Some(self.high()),
            0x7f => None,
            signal => Some(128 + signal as u8),
        }
    }

    /// The signal that stopped a child.
    #[must_use]
    pub fn stop_signal(self) -> Option<Signal> {
        if self.0 & 0x7f == 0x7f { Signal::new(self.high().into()) } else { None }
    }

    /// What to say of it, and the number that goes with that: a code or a signal.
    #[must_use]
    pub fn message(self) -> (Message, u8) {
        match self.0 & 0x7f {
            0 => (Message::Exited, self.high()),
            0x7f => (Message::Stopped, self.high()),
            signal => (Message::Killed, signal as u8),
        }
    }

    fn high(self) -> u8 {
        (self.0 >> 8) as u8
    }
}

/// A set of exit codes: those that `--remap-exit` turns into 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Codes([u32; 8]);

impl Codes {
    /// No code.
    #[must_use]
    pub const fn none() -> Self {
        Self([0; 8])
    }

    /// Adds `code`.
    pub fn insert(&mut self, code: u8) {
        if let Some(word) = self.0.get_mut(usize::from(code / 32)) {
            *word |= 1 << (code % 32);
        }
    }

    /// What to leave with where the code would be `code`.
    #[must_use]
    pub fn remap(&self, code: u8) -> u8 {
        match self.0.get(usize::from(code / 32)) {
            Some(word) if word & 1 << (code % 32) != 0 => 0,
            _ => code,
        }
    }
}
