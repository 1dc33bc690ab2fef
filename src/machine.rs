//! The life of a container: event and time in, action out.
//!
//! ```text
//!            the program ended            children are left
//!  Running ────────────────────▶ Ended ─────────────────────▶ Draining
//!     │                            │                              │ grace is over
//!     │ no child is left           │ no child is left,            ▼
//!     │ (cannot be)                │ or no grace               Killing
//!     ▼                            ▼                              │ no child is left,
//!    Left ◀───────────────────────────────────────────────────────┘ or enough is enough
//! ```
//!
//! The machine makes no system call and reads no clock; where it needs the time it asks the `clock`
//! it was handed. It is small, copied freely, and compared and hashed, so that a test can visit
//! every state it can reach.

use crate::signal::{Rewrites, Route, Signal};
use crate::status::{self, Fate};
use crate::text::Nanos;

/// How many programs can run side by side. The first is *the program*, the others its companions.
pub const MAX_PROGRAMS: usize = 8;

/// How long after the final SIGKILL rinit stays to reap. A process that is not gone by then is
/// stuck in the kernel and may stay so for ever.
pub const LAST_REAP: Nanos = 100_000_000;

/// A process id, above 0.
pub type Pid = i32;

/// What the options decide about a life.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// How long the others get after the program has ended.
    pub grace: Nanos,
    /// How long the first terminating signal is held.
    pub stop_delay: Nanos,
    /// What is passed on in place of what.
    pub rewrites: Rewrites,
    /// Does the end of a companion end the container?
    pub any: bool,
}

/// What happened.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This signal arrived; it is not SIGCHLD.
    Signal(Signal),
    /// The kernel reported this of a child. One that ended has been reaped: its number may be
    /// somebody else's from now on.
    Child(Pid, Fate),
    /// Every child that had something to report has been heard; others live.
    Settled,
    /// No child is left (`ECHILD`).
    Childless,
    /// [`Machine::deadline`] may have passed.
    Woken,
}

/// Whom a signal is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The programs that live, or their groups.
    Programs,
    /// Everybody who is left in the container; where rinit is not its init, who is left in the
    /// programs' groups.
    Rest,
}

/// What to do now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Nothing, until the next event.
    Wait,
    /// Send one signal or two.
    Send(Audience, Signal, Option<Signal>),
    /// This signal stopped a program as a terminal does: let the shell above see rinit stop, or
    /// see to it that the program goes on. The program's number is given.
    Stopped(usize, Signal),
    /// Exit with this code (before `--remap-exit`).
    Leave(u8),
}

/// Where a life stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The program lives.
    Running,
    /// It has ended; whether others live is not known yet.
    Ended,
    /// The others were asked to end.
    Draining,
    /// The others were killed.
    Killing,
}

/// What became of the first terminating signal.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Hold {
    /// It has not come yet.
    Ready,
    /// It waits for the deadline.
    Held(Signal),
    /// It was passed on.
    Over,
}

/// A program that was started.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    /// Its process id, which is its group's id as well.
    pub pid: Pid,
    /// Does it live? Then the number is its own; a dead one is its own until it is reaped.
    pub alive: bool,
}

/// The life of a container.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine<'a> {
    rules: &'a Rules,
    programs: [Program; MAX_PROGRAMS],
    phase: Phase,
    hold: Hold,
    /// When to be woken, where something is timed.
    deadline: Option<Nanos>,
    code: u8,
}

impl<'a> Machine<'a> {
    /// A life in which nothing has been started yet.
    #[must_use]
    pub const fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            programs: [Program { pid: 0, alive: false }; MAX_PROGRAMS],
            phase: Phase::Running,
            hold: Hold::Ready,
            deadline: None,
            // Leaving before the program has ended would be a failure of rinit's own.
            code: status::CANNOT,
        }
    }

    /// A program was started: its number (0 is *the program*) and its process id.
    pub fn started(&mut self, number: usize, pid: Pid) {
        if let Some(program) = self.programs.get_mut(number) {
            *program = Program { pid, alive: true };
        }
    }

    /// The programs that were started, by their numbers; a pid of 0 stands where none was.
    #[must_use]
    pub const fn programs(&self) -> &[Program; MAX_PROGRAMS] {
        &self.programs
    }

    /// Where this life stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// When an [`Event::Woken`] is due, in the time of the clock; none while nothing is timed.
    #[must_use]
    pub const fn deadline(&self) -> Option<Nanos> {
        self.deadline
    }

    /// The number of the living program with this process id.
    #[must_use]
    pub fn number_of(&self, pid: Pid) -> Option<usize> {
        self.programs.iter().position(|program| program.alive && program.pid == pid)
    }

    /// Takes an event in and says what to do.
    pub fn step(&mut self, event: Event, clock: impl Fn() -> Nanos) -> Action {
        match event {
            Event::Signal(signal) => self.signal(signal, clock),
            Event::Child(pid, fate) => self.child(pid, fate),
            Event::Settled => self.settled(clock),
            Event::Childless => Action::Leave(self.code),
            Event::Woken => match self.deadline {
                Some(deadline) if clock() >= deadline => self.expired(deadline),
                _ => Action::Wait,
            },
        }
    }

    fn signal(&mut self, signal: Signal, clock: impl Fn() -> Nanos) -> Action {
        let Some(to) = self.rules.rewrites.apply(signal) else { return Action::Wait };
        let audience = match self.phase {
            Phase::Running => Audience::Programs,
            // The drain is about to say the same, or worse.
            Phase::Ended | Phase::Killing => return Action::Wait,
            Phase::Draining => Audience::Rest,
        };
        // Both count: what asks rinit to end, and what will ask the program to.
        if Route::of(signal) == Route::Terminate || Route::of(to) == Route::Terminate {
            match self.hold {
                Hold::Ready if self.rules.stop_delay != 0 => {
                    self.hold = Hold::Held(to);
                    self.deadline = Some(clock().saturating_add(self.rules.stop_delay));
                    return Action::Wait;
                }
                Hold::Held(held) => {
                    self.release();
                    return Action::Send(audience, held, (to != held).then_some(to));
                }
                _ => self.hold = Hold::Over,
            }
        }
        Action::Send(audience, to, None)
    }

    fn child(&mut self, pid: Pid, fate: Fate) -> Action {
        let Some(number) = self.number_of(pid) else { return Action::Wait };
        match (fate, fate.code()) {
            (_, Some(code)) => {
                if let Some(program) = self.programs.get_mut(number) {
                    program.alive = false;
                }
                if self.phase == Phase::Running && (number == 0 || self.rules.any) {
                    self.code = code;
                    self.phase = Phase::Ended;
                    self.release();
                }
                Action::Wait
            }
            (Fate::Stopped(by @ (Signal::TSTP | Signal::TTIN | Signal::TTOU)), None)
                if self.phase == Phase::Running =>
            {
                Action::Stopped(number, by)
            }
            _ => Action::Wait,
        }
    }

    fn settled(&mut self, clock: impl Fn() -> Nanos) -> Action {
        if self.phase != Phase::Ended {
            return Action::Wait;
        }
        if self.rules.grace == 0 {
            return Action::Leave(self.code);
        }
        self.phase = Phase::Draining;
        self.deadline = Some(clock().saturating_add(self.rules.grace));
        Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT))
    }

    fn expired(&mut self, deadline: Nanos) -> Action {
        match (self.phase, self.hold) {
            (Phase::Running, Hold::Held(held)) => {
                self.release();
                Action::Send(Audience::Programs, held, None)
            }
            (Phase::Draining, _) => {
                self.phase = Phase::Killing;
                self.deadline = Some(deadline.saturating_add(LAST_REAP));
                Action::Send(Audience::Rest, Signal::KILL, None)
            }
            _ => Action::Leave(self.code),
        }
    }

    /// The hold is over, whatever ended it.
    fn release(&mut self) {
        self.hold = Hold::Over;
        self.deadline = None;
    }
}
