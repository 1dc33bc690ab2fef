//! The life of a container: event and time in, action out.
//!
//! DESIGN.md has the picture, which a test draws from this code.
//!
//! The machine makes no system call and reads no clock; where it needs the time it asks the `clock`
//! it was handed. It is small, copied freely, and compared and hashed, so that a test can visit
//! every state it can reach.

use crate::signal::{Rewrites, Signal};
use crate::status::{self, Status};
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
#[repr(C)]
pub struct Rules {
    /// How long the others get after the program has ended.
    pub grace: Nanos,
    /// How long the first terminating signal is held.
    pub stop_delay: Nanos,
    /// Does the end of a companion end the container?
    pub any: bool,
    /// What is passed on in place of what.
    pub rewrites: Rewrites,
}

/// What happened.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This signal arrived; it is not SIGCHLD.
    Signal(Signal),
    /// The kernel reported this of a child. One that ended has been reaped: its number may be
    /// somebody else's from now on.
    Child(Pid, Status),
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
    /// This signal stopped a program, as a terminal does or as full-screen programs do themselves:
    /// let the shell above see rinit stop, or see to it that the program goes on. The program's
    /// number is given.
    Stopped(u8, Signal),
    /// Exit with this code (before `--remap-exit`).
    Leave(u8),
}

/// Where a life stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase {
    /// The program lives.
    Running,
    /// It has ended; whether others live is not known yet.
    Ended,
    /// The others were asked to end.
    Draining,
    /// The others were killed.
    Killing,
    /// There is no program: orphans are reaped until it is asked to end, or its time is over.
    Pausing,
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
    /// Does it live? Then the number is its own; a dead one's is its own until it is reaped.
    pub alive: bool,
}

/// Nobody was started. A constant of its own, as that is a run of zeros.
const NOBODY: [Program; MAX_PROGRAMS] = [Program { pid: 0, alive: false }; MAX_PROGRAMS];

/// Nothing is timed: 0, which costs the least to compare with, as no clock is at 0 any more when
/// something could be due.
const NEVER: Nanos = 0;

/// The life of a container.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Machine<'a> {
    rules: &'a Rules,
    /// When to be woken, where something is timed.
    deadline: Nanos,
    phase: Phase,
    hold: Hold,
    code: u8,
    programs: [Program; MAX_PROGRAMS],
}

impl<'a> Machine<'a> {
    /// A life in which nothing has been started yet.
    #[must_use]
    pub const fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            deadline: NEVER,
            phase: Phase::Running,
            hold: if rules.stop_delay == 0 { Hold::Over } else { Hold::Ready },
            // Leaving before the program has ended would be a failure of rinit's own.
            code: status::CANNOT,
            programs: NOBODY,
        }
    }

    /// A program was started: its number (0 is *the program*) and its process id.
    pub fn started(&mut self, number: usize, pid: Pid) {
        if let Some(program) = self.programs.get_mut(number) {
            *program = Program { pid, alive: true };
        }
    }

    /// Not all programs could be started: it ends before it has begun, with [`status::CANNOT`].
    pub fn give_up(&mut self) {
        self.phase = Phase::Ended;
        self.release();
    }

    /// There is no program to be started. It leaves with 0 at that time, if there is one; or when it
    /// is asked to with TERM or INT, which is what a pause is for, but not a sleep.
    pub fn pause(&mut self, until: Option<Nanos>) {
        self.phase = Phase::Pausing;
        self.deadline = until.unwrap_or(NEVER);
        self.code = 0;
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
    pub fn deadline(&self) -> Option<Nanos> {
        (self.deadline != NEVER).then_some(self.deadline)
    }

    /// The number of the living program with this process id.
    #[must_use]
    #[inline(never)]
    pub fn number_of(&self, pid: Pid) -> Option<usize> {
        // Orphans are the many: for them it is all that is done, so it ends where the programs do.
        let started = self.programs.iter().take_while(|program| program.pid != 0);
        { started }.position(|program| program.alive && program.pid == pid)
    }

    /// Takes an event in and says what to do: one of the methods below.
    pub fn step(&mut self, event: Event, clock: impl Fn() -> Nanos) -> Action {
        match event {
            Event::Signal(signal) => self.signal(signal, clock),
            Event::Child(pid, status) => self.child(pid, status),
            Event::Settled => self.settled(clock),
            Event::Childless => self.childless(),
            Event::Woken => self.woken(clock),
        }
    }

    /// [`Event::Signal`].
    pub fn signal(&mut self, signal: Signal, clock: impl Fn() -> Nanos) -> Action {
        let Some(to) = self.rules.rewrites.apply(signal) else { return Action::Wait };
        let audience = match self.phase {
            Phase::Running => Audience::Programs,
            Phase::Draining => Audience::Rest,
            // The drain is about to say the same, or has said worse.
            Phase::Ended | Phase::Killing => return Action::Wait,
            Phase::Pausing if to == Signal::TERM || to == Signal::INT => {
                let is_early = self.deadline != NEVER;
                return Action::Leave(if is_early { 128 + to.number() } else { 0 });
            }
            Phase::Pausing => return Action::Wait,
        };
        let mut send = Action::Send(audience, to, None);
        // Both count: what asks rinit to end, and what will ask the program to.
        if signal.terminates() || to.terminates() {
            match self.hold {
                Hold::Ready => {
                    self.hold = Hold::Held(to);
                    self.deadline = clock().saturating_add(self.rules.stop_delay);
                    send = Action::Wait;
                }
                Hold::Held(held) => {
                    self.release();
                    send = Action::Send(audience, held, Some(to));
                }
                Hold::Over => {}
            }
        }
        send
    }

    /// [`Event::Child`].
    pub fn child(&mut self, pid: Pid, status: Status) -> Action {
        let Some(number) = self.number_of(pid) else { return Action::Wait };
        if let Some(code) = status.code() {
            if let Some(program) = self.programs.get_mut(number) {
                program.alive = false;
            }
            if self.phase == Phase::Running && (number == 0 || self.rules.any) {
                self.code = code;
                self.phase = Phase::Ended;
                self.release();
            }
            return Action::Wait;
        }
        match status.stop_signal() {
            Some(by) if self.phase == Phase::Running => Action::Stopped(number as u8, by),
            _ => Action::Wait,
        }
    }

    /// [`Event::Settled`].
    pub fn settled(&mut self, clock: impl Fn() -> Nanos) -> Action {
        if self.phase != Phase::Ended {
            return Action::Wait;
        }
        if self.rules.grace == 0 {
            return Action::Leave(self.code);
        }
        self.phase = Phase::Draining;
        self.deadline = clock().saturating_add(self.rules.grace);
        Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT))
    }

    /// [`Event::Childless`].
    pub fn childless(&mut self) -> Action {
        if self.phase == Phase::Pausing { Action::Wait } else { Action::Leave(self.code) }
    }

    /// [`Event::Woken`].
    pub fn woken(&mut self, clock: impl Fn() -> Nanos) -> Action {
        if self.deadline == NEVER {
            return Action::Wait;
        }
        let now = clock();
        if now < self.deadline {
            return Action::Wait;
        }
        match (self.phase, self.hold) {
            (Phase::Running, Hold::Held(held)) => {
                self.release();
                Action::Send(Audience::Programs, held, None)
            }
            (Phase::Draining, _) => {
                self.phase = Phase::Killing;
                // From now on: rinit may have been stopped for longer than that.
                self.deadline = now.saturating_add(LAST_REAP);
                Action::Send(Audience::Rest, Signal::KILL, None)
            }
            _ => Action::Leave(self.code),
        }
    }

    /// The hold is over, whatever ended it.
    fn release(&mut self) {
        self.hold = Hold::Over;
        self.deadline = NEVER;
    }
}
