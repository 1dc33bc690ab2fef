//! The loop: waits, reaps, forwards, drains, leaves. What to do is the machine's to decide.

use rustix::runtime::{KernelSigSet, KernelSigaction};

use rinit::cli::{Config, Target};
use rinit::machine::{Action, Audience, Event, Machine, Phase, Pid, Program};
use rinit::signal::Signal;
use rinit::status::{CANNOT, Fate};

use crate::start::InitialStack;
use crate::sys::{self, Report};
use crate::terminal::Terminal;
use crate::{launch, say};

/// The init of a container, or of a part of one, and what it got from its parent.
pub struct Init<'a> {
    pub(crate) config: &'a Config<'a>,
    pub(crate) stack: InitialStack,
    /// The signal mask, for the programs to get it as it was.
    pub(crate) mask: KernelSigSet,
    /// The disposition of SIGCHLD. rinit cannot leave it ignored: the kernel would reap its
    /// children by itself and drop their codes (sigaction(2), POSIX.1-2001).
    pub(crate) sigchld: Option<KernelSigaction>,
    pub(crate) pid: Pid,
    pub(crate) terminal: Terminal,
    machine: Machine<'a>,
}

impl<'a> Init<'a> {
    /// An init with nobody to care for yet.
    pub fn new(config: &'a Config<'a>, stack: InitialStack, mask: KernelSigSet) -> Self {
        Self {
            config,
            stack,
            mask,
            sigchld: sys::default_disposition(Signal::CHLD),
            pid: sys::own_pid(),
            terminal: Terminal::none(),
            machine: Machine::new(&config.rules),
        }
    }

    /// Is this the init of its PID namespace, or a process among others?
    fn is_pid_1(&self) -> bool {
        self.pid == 1
    }

    /// Starts the programs and cares for them to the end; the code to leave with.
    #[inline(never)]
    pub fn run(&mut self) -> u8 {
        if !self.is_pid_1() {
            if let Err(error) = sys::become_subreaper() {
                self.verbose(1, "cannot become a subreaper: %", error.reason(), [0; 2]);
            }
        }
        if let Some(signal) = self.config.parent_death {
            launch::watch_parent(signal, self.pid);
        }
        for (number, index) in self.config.programs().iter().enumerate() {
            let name = self.stack.argument(*index).unwrap_or_default();
            match self.launch(number, *index) {
                Ok(pid) => {
                    self.machine.started(number, pid);
                    self.verbose(1, "started % as process #", name, [pid as u32, 0]);
                }
                Err(error) => {
                    say("cannot make a process: %", error.reason(), [0; 2]);
                    return CANNOT;
                }
            }
        }
        sys::leave_folder();
        sys::close_descriptors();
        let code = loop {
            if let Some(code) = self.turn() {
                break self.config.remapped.remap(code);
            }
        };
        self.terminal.take_back(self.first());
        self.verbose(1, "leaving with code #", b"", [code.into(), 0]);
        code
    }

    /// Waits for one signal and does what follows from it; the code to leave with, if so.
    fn turn(&mut self) -> Option<u8> {
        let left = self.machine.deadline().map(|deadline| deadline.saturating_sub(sys::now()));
        match sys::wait_for_signal(left) {
            None => self.step(Event::Woken),
            Some((Signal::CHLD, _)) => self.reap(),
            // rinit's own, from a write to a stderr that nobody reads.
            Some((Signal::PIPE, sender)) if sender == self.pid => None,
            Some((signal, sender)) => {
                let numbers = [signal.number().into(), sender as u32];
                self.verbose(1, "got $ from process #", b"", numbers);
                if signal == Signal::CONT {
                    // Continued by a shell, perhaps into the foreground.
                    self.terminal.give(self.first());
                }
                self.step(Event::Signal(signal))
            }
        }
    }

    /// Hears every child that has something to report.
    fn reap(&mut self) -> Option<u8> {
        loop {
            let (event, is_last) = match sys::reap() {
                Report::Child(pid, fate) => {
                    self.report(pid, fate);
                    (Event::Child(pid, fate), false)
                }
                Report::Settled => (Event::Settled, true),
                Report::Childless => (Event::Childless, true),
            };
            let code = self.step(event);
            if is_last || code.is_some() {
                return code;
            }
        }
    }

    /// Says what became of a child, to whom it concerns.
    #[inline(never)]
    fn report(&self, pid: Pid, fate: Fate) {
        let (what, detail) = match fate {
            Fate::Exited(code) => ("% # ended with code #", code),
            Fate::Killed(signal) => ("% # was killed by $", signal.number()),
            Fate::Stopped(signal) => ("% # was stopped by $", signal.number()),
            Fate::Other => return,
        };
        let is_dead = fate.code().is_some();
        let (who, level): (&[u8], _) = match self.machine.number_of(pid) {
            Some(0) => (b"program", 1),
            // Nobody else would tell; in the drain it is what was asked for.
            Some(_) if is_dead && self.machine.phase() == Phase::Running => (b"companion", 0),
            Some(_) => (b"companion", 1),
            None if is_dead && self.config.warn_reaped => (b"orphan", 0),
            None => (b"orphan", 2),
        };
        self.verbose(level, what, who, [pid as u32, detail.into()]);
    }

    #[inline(never)]
    fn step(&mut self, event: Event) -> Option<u8> {
        match self.machine.step(event, sys::now) {
            Action::Wait => {}
            Action::Send(audience, first, second) => {
                self.send(audience, first);
                if let Some(second) = second {
                    self.send(audience, second);
                }
            }
            Action::Stopped(number, signal) => self.stopped(number, signal),
            Action::Leave(code) => return Some(code),
        }
        None
    }

    /// Sends a signal to everybody it is for.
    #[inline(never)]
    fn send(&self, audience: Audience, signal: Signal) {
        let to_rest = audience == Audience::Rest;
        if self.is_pid_1() && (to_rest || self.config.target == Target::All) {
            return self.sent(1, signal, "everybody", sys::signal_group(1, signal));
        }
        let alone = self.config.target == Target::SingleChild && !to_rest;
        for Program { pid, alive } in *self.machine.programs() {
            if alive && alone {
                self.sent(pid, signal, "process #", sys::signal_process(pid, signal));
            // Where the leader was reaped, a child of rinit's proves that it still is the group.
            } else if alive || to_rest && pid != 0 && sys::has_child_in_group(pid) {
                self.sent(pid, signal, "group #", sys::signal_group(pid, signal));
            }
        }
    }

    /// Says what became of a signal that was sent. A failure is nothing to end over.
    #[inline(never)]
    fn sent(&self, pid: Pid, signal: Signal, whom: &str, result: sys::Result<()>) {
        let reason: &[u8] = result.map_or_else(sys::Errno::reason, |()| b"passed on");
        if self.config.verbose > 0 {
            let mut line = rinit::text::Line::new();
            line.add("$ to ", b"", [signal.number().into(), 0]);
            line.add(whom, b"", [pid as u32, 0]);
            line.add(": %", reason, [0; 2]);
            sys::say(&mut line);
        }
    }

    /// A program was stopped as a terminal stops one.
    ///
    /// Under a job-control shell, rinit stops as well, with the same signal, for the shell to see;
    /// `fg` and `bg` continue rinit, which passes the SIGCONT on. Where there is no such shell the
    /// kernel lets nobody stop, and the program goes on: but not one that would only stop again.
    #[inline(never)]
    fn stopped(&self, number: usize, signal: Signal) {
        let Some(Program { pid, .. }) = self.machine.programs().get(number) else { return };
        let wants_terminal = signal != Signal::TSTP;
        let goes_on = if wants_terminal && number != 0 {
            false
        } else if wants_terminal && self.terminal.give(*pid) {
            true
        } else {
            let stopped = !self.is_pid_1() && launch::stop_like(signal);
            !stopped && !wants_terminal
        };
        if goes_on {
            self.sent(*pid, Signal::CONT, "group #", sys::signal_group(*pid, Signal::CONT));
        }
    }

    /// The process id of *the program*, which is its group's id.
    fn first(&self) -> Pid {
        self.machine.programs()[0].pid
    }

    #[inline(never)]
    fn verbose(&self, level: u8, template: &str, word: &[u8], numbers: [u32; 2]) {
        if self.config.verbose >= level {
            say(template, word, numbers);
        }
    }
}
