//! Wait status → what became of a child; exit codes and `--remap-exit`.

use crate::signal::Signal;

/// rinit could not do its own job: usage, or no process could be made.
pub const CANNOT: u8 = 125;
/// The program was found and cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// The program was not found.
pub const NOT_FOUND: u8 = 127;

/// What wait4(2) reports of a child.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It ended by itself, with this code.
    Exited(u8),
    /// A signal killed it.
    Killed(Signal),
    /// A signal stopped it; it lives.
    Stopped(Signal),
    /// Something rinit never asks for.
    Other,
}

impl Fate {
    /// Decodes a wait status (wait(2); the layout is the kernel's ABI).
    #[must_use]
    pub fn from_status(status: i32) -> Self {
        let high = (status >> 8) as u8;
        match status & 0x7f {
            0 => Self::Exited(high),
            0x7f => Signal::new(i32::from(high)).map_or(Self::Other, Self::Stopped),
            signal => Signal::new(signal).map_or(Self::Other, Self::Killed),
        }
    }

    /// The exit code of a child that ended: its own, or 128+N where signal N killed it, as shells
    /// have it. None for a child that lives.
    #[must_use]
    pub fn code(self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(code),
            Self::Killed(signal) => Some(128 + signal.number()),
            Self::Stopped(_) | Self::Other => None,
        }
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
