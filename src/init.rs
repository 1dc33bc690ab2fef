//! The loop: waits, reaps, forwards, drains, leaves. What to do is the machine's to decide.

use core::ptr;

use rinit::cli::{Config, Id, Target};
use rinit::machine::{Action, Audience, Machine, Phase, Pid, Program};
use rinit::message::Message;
use rinit::signal::Signal;
use rinit::status::Status;
use rinit::text::SECOND;

use crate::start::{FRAMES, InitialStack};
use crate::sys::{self, Errno, Fairness, KernelSigSet, Report};
use crate::terminal::Terminal;
use crate::{launch, say};

/// The init of a container, or of a part of one, and what it got from its parent.
#[repr(C)]
pub struct Init<'a> {
    pub(crate) config: &'a Config<'a>,
    pub(crate) stack: InitialStack,
    /// rinit's process id, as the first child sees it: which saves a system call.
    pub(crate) pid: Pid,
    pub(crate) terminal: Terminal,
    machine: Machine<'a>,
    /// The signal mask, for the programs to get it as it was.
    pub(crate) mask: KernelSigSet,
    /// Was SIGCHLD ignored? rinit cannot leave it so: the kernel would reap its children by itself
    /// and drop their codes (sigaction(2), POSIX.1-2001). The first child looks, which saves rinit
    /// a system call.
    pub(crate) ignores_sigchld: bool,
    /// Where the name of the program that is being started stands in the argument vector.
    pub(crate) index: usize,
    /// Could the program that was started last not be executed? Where vfork(2) does not share
    /// memory nobody knows until it has ended.
    pub(crate) has_failed: bool,
    /// Do the programs lead groups of their own? Where they may not, signals go to them alone.
    pub(crate) is_grouped: bool,
    fairness: Fairness,
    /// Was it said that nothing can be waited for?
    has_complained: bool,
    /// Room for `LISTEN_PID=` and a number; the environment of all programs may point here.
    pub(crate) listen_pid: [u8; 24],
}

/// What `_start` makes room for in one page: were it more, giving back the pages above the frames
/// ([`InitialStack::unused`]) would give back a part of them. (256 bytes for what lies between.)
const _: () = assert!(size_of::<Config<'_>>() + size_of::<Init<'_>>() + 256 <= FRAMES);

impl<'a> Init<'a> {
    /// An init with nobody to care for yet.
    pub fn new(config: &'a Config<'a>, stack: InitialStack, mask: KernelSigSet) -> Self {
        Self {
            config,
            stack,
            pid: 0,
            terminal: Terminal::none(),
            machine: Machine::new(&config.rules),
            mask,
            ignores_sigchld: false,
            index: 0,
            has_failed: false,
            is_grouped: true,
            fairness: Fairness::default(),
            has_complained: false,
            listen_pid: [0; 24],
        }
    }

    /// Is this the init of its PID namespace, or a process among others?
    fn is_pid_1(&self) -> bool {
        self.pid == 1
    }

    /// Starts the programs, cares for them to the end, and leaves: from here, so that it needs no
    /// other page of the file for that.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    pub fn run(&mut self) -> ! {
        if let Some(signal) = self.config.parent_death {
            launch::watch_parent(signal);
        }
        // Of no use to PID 1, and no harm: so nobody needs to know which it is yet.
        let subreaper = sys::become_subreaper();
        let mut code = self.start();
        if let Err(error) = subreaper
            && !self.is_pid_1()
        {
            self.verbose(Message::CannotSubreap, error.reason(), [0; 2]);
        }
        sys::leave_folder();
        sys::close_descriptors();
        self.let_go_of_memory();
        let code = loop {
            match code {
                Some(code) => break code,
                None => code = self.turn(),
            }
        };
        self.leave_terminal(code);
        let code = self.config.remapped.remap(code);
        self.verbose(Message::Leaving, b"", [code.into(), 0]);
        sys::exit(code)
    }

    /// Gives the terminal back; and where the program held it and was ended by `^C` or `^\\`, passes
    /// that on to the rest of a shell's pipeline, as the terminal would have, had they held it
    /// together. In a script or below a test runner, who share rinit's group, it stays with the
    /// program.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn leave_terminal(&self, code: u8) {
        if !self.terminal.lend(self.first()) {
            return self.terminal.inherit();
        }
        let key = Signal::new(i32::from(code) - 128);
        if let Some(key @ (Signal::INT | Signal::QUIT)) = key
            && !self.terminal.is_shared_with(sys::parent_pid())
        {
            sys::signal_own(0, key);
        }
    }

    /// Gives back what is not needed to wait.
    fn let_go_of_memory(&self) {
        let image = self.stack.image().as_ptr_range();
        let (frames, strings) = self.stack.unused(self.config);
        // SAFETY: of the image, nobody can write to it, and the code that waits is in its first
        // page; of the stack, nobody reads the vectors any more.
        unsafe {
            sys::let_go_between(image.start.addr(), image.end.addr() + sys::PAGE - 1);
            sys::let_go_between(frames, strings);
        }
    }

    /// Starts the programs, or settles down without any; the code to leave with, if that is it.
    #[inline(never)]
    fn start(&mut self) -> Option<u8> {
        let config = self.config;
        if config.task != Id::NONE {
            let _ = sys::default_disposition(Signal::CHLD);
            self.pid = sys::own_pid();
            let is_sleep = config.task == Id::SLEEP;
            self.machine.pause(is_sleep.then(|| sys::now() + config.sleep));
            // At first those whose SIGCHLD came before this began.
            return self.reap();
        }
        let programs = config.programs();
        for (number, index) in programs.iter().enumerate() {
            if let Some(next) = programs.get(number + 1) {
                // The program's own vector ends at the separator.
                // SAFETY: the entry exists, and nobody needs the separator any more.
                unsafe { *self.stack.arguments_from(next - 1) = ptr::null() };
            }
            let name = self.stack.argument(*index).unwrap_or_default();
            let pid = self.launch(*index);
            if pid < 0 {
                say(Message::CannotStart, Errno(-pid).reason(), [0; 2]);
                // Who was started before is drained, and nobody waited for.
                self.machine.give_up();
                return self.reap();
            }
            self.machine.started(number, pid);
            if self.has_failed && number == 0 {
                // It has said why. Companions have nobody to accompany.
                break;
            }
            self.verbose(Message::Started, name, [pid as u32, 0]);
        }
        if self.pid == 0 {
            // An emulator whose vfork(2) does not share memory.
            self.pid = sys::own_pid();
        }
        None
    }

    /// Waits for one signal and does what follows from it; the code to leave with, if so.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn turn(&mut self) -> Option<u8> {
        let left = self.machine.deadline().map(|deadline| deadline.saturating_sub(sys::now()));
        // Signals that never end must not keep the time from coming.
        let arrival = match left {
            Some(0) => Err(Errno::AGAIN),
            _ => sys::wait_for_signal(left, &mut self.fairness),
        };
        let action = match arrival {
            Err(Errno::AGAIN) => self.machine.woken(sys::now),
            Err(Errno::INTR) => return None,
            Err(error) => {
                // Children can still be heard of, every now and then.
                self.cannot_wait(error);
                sys::sleep(SECOND / 10);
                return self.reap();
            }
            Ok((Signal::CHLD, _)) => return self.reap(),
            // rinit's own: from a write to a stderr that nobody reads, or that may not grow; or for
            // others who share its group.
            Ok((Signal::PIPE | Signal::XFSZ | Signal::CONT, sender)) if sender == self.pid => {
                return None;
            }
            Ok((signal, sender)) => {
                self.verbose(Message::Got, b"", [signal.number().into(), sender as u32]);
                if self.is_for_terminal(signal, sender) {
                    return None;
                }
                self.machine.signal(signal, sys::now)
            }
        };
        self.act(action)
    }

    /// Hears every child that has something to report; the code to leave with, if so.
    #[unsafe(link_section = ".text.idle")]
    fn reap(&mut self) -> Option<u8> {
        let mut again = true;
        loop {
            let is_running = self.machine.phase() == Phase::Running;
            let action = match sys::reap() {
                Report::Child(pid, status) => {
                    self.report(pid, status);
                    let action = self.machine.child(pid, status);
                    // Never the last: only who hears that nobody is left may leave.
                    self.act(action);
                    continue;
                }
                Report::Failed(Errno::CHILD) if !is_running => self.machine.childless(),
                Report::Failed(_) if again => {
                    // Who is not reaped now may never be.
                    again = false;
                    continue;
                }
                report => {
                    if let Report::Failed(error) = report
                        && is_running
                    {
                        // Nobody would hear how the program ends.
                        self.cannot_wait(error);
                        self.machine.give_up();
                    }
                    self.machine.settled(sys::now)
                }
            };
            return self.act(action);
        }
    }

    /// Says, once, that the kernel lets rinit wait for no signal, or for no child.
    #[cold]
    #[inline(never)]
    fn cannot_wait(&mut self, error: Errno) {
        if !self.has_complained {
            say(Message::CannotWait, error.reason(), [0; 2]);
            self.has_complained = true;
        }
    }

    /// Sees to the terminal, with which SIGCONT, SIGTTIN and SIGTTOU have to do; is the signal for
    /// nothing else?
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn is_for_terminal(&self, signal: Signal, sender: Pid) -> bool {
        matches!(signal, Signal::CONT | Signal::TTIN | Signal::TTOU)
            && self.sees_to_terminal(signal, sender)
    }

    /// The same for one of those three.
    #[cold]
    #[inline(never)]
    fn sees_to_terminal(&self, signal: Signal, sender: Pid) -> bool {
        let first = self.first();
        if signal == Signal::CONT {
            // Continued by a shell, perhaps into the foreground. Who shares rinit's group continues
            // those who needed the terminal.
            if sender == 0 || !self.terminal.is_shared_with(sender) {
                self.terminal.give(first);
            }
            return false;
        }
        if self.is_pid_1() || !self.terminal.is_shared_with(sender) {
            return false;
        }
        // Somebody else in rinit's group needs the terminal, a pager behind a pipe for one. Where
        // the program holds it they get it, and the program gets it again when it asks. Where
        // others hold it all of the group is stopped, and so is rinit.
        if self.terminal.lend(first) {
            sys::signal_own(0, Signal::CONT);
        } else {
            launch::stop_like(signal, self.pid);
        }
        true
    }

    /// Says what became of a child, to whom it concerns.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn report(&self, pid: Pid, status: Status) {
        let (message, number) = status.message();
        let is_dead = message != Message::Stopped;
        let config = self.config;
        let mut who: &[u8] = b"program";
        let mut asked = config.verbose > 0;
        match self.machine.number_of(pid) {
            Some(0) => {}
            Some(_) => {
                who = b"companion";
                // Nobody else would tell; in the drain it is what was asked for.
                asked |= is_dead && self.machine.phase() == Phase::Running;
            }
            None => {
                who = b"orphan";
                asked = config.verbose > 1 || config.warn_reaped() && is_dead;
            }
        }
        if asked {
            say(message, who, [pid as u32, number.into()]);
        }
    }

    /// Does what the machine says; the code to leave with, if so.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn act(&mut self, action: Action) -> Option<u8> {
        match action {
            Action::Wait => {}
            Action::Send(audience, first, second) => {
                if audience == Audience::Rest && first == Signal::TERM {
                    let seconds = self.config.rules.grace.div_ceil(SECOND) as u32;
                    self.verbose(Message::Draining, b"", [seconds, 0]);
                }
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
    #[unsafe(link_section = ".text.idle")]
    fn send(&self, audience: Audience, signal: Signal) {
        let to_rest = audience == Audience::Rest;
        if self.is_pid_1() && (to_rest || self.config.target() == Target::All) {
            return self.signal(-1, signal);
        }
        // What a terminal stopped, it stopped as a group.
        let is_single = self.config.target() == Target::SingleChild
            && !to_rest
            && !(signal == Signal::CONT && self.terminal.is_known());
        let alone = is_single || !self.is_grouped;
        for Program { pid, alive } in self.machine.programs() {
            if *pid == 0 {
                // No more were started.
                break;
            }
            // Where the leader was reaped, a child of rinit's proves that it still is the group.
            if *alive || to_rest && sys::has_child_in_group(*pid) {
                self.signal(if alone { *pid } else { -*pid }, signal);
            }
        }
    }

    /// kill(2), whose `pid` says who. A failure is nothing to end over.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn signal(&self, pid: Pid, signal: Signal) {
        let sent = sys::signal(pid, signal);
        if self.config.verbose == 0 {
            return;
        }
        let message = match pid {
            -1 => Message::SentToAll,
            1.. => Message::SentToProcess,
            _ => Message::SentToGroup,
        };
        let reason = sent.map_or_else(Errno::reason, |()| b"passed on");
        say(message, reason, [signal.number().into(), pid.unsigned_abs()]);
    }

    /// A program was stopped as a terminal stops one, or by SIGSTOP.
    ///
    /// Under a job-control shell, rinit stops as well, for the shell to see; `fg` and `bg` continue
    /// rinit, which passes the SIGCONT on. Where there is no such shell the kernel lets nobody stop,
    /// and the program goes on: but not one that would only stop again, or that SIGSTOP stopped.
    #[cold]
    #[inline(never)]
    fn stopped(&mut self, number: u8, signal: Signal) {
        let pid = self.machine.programs().get(usize::from(number)).map_or(0, |program| program.pid);
        let mut asks = signal == Signal::TTIN || signal == Signal::TTOU;
        if asks {
            asks = self.terminal.look_again();
            if asks && number != 0 {
                return;
            }
            if self.terminal.give(pid) {
                return self.signal(-pid, Signal::CONT);
            }
        }
        // Who shares rinit's group shares the terminal.
        let shares = asks || self.terminal.is_held_by(pid);
        let mut like = signal;
        if signal == Signal::STOP {
            // Full-screen programs stop themselves so at `^Z`, and bash at `suspend`. From outside
            // it is nobody else's business.
            if !shares {
                return;
            }
            // SIGSTOP would stop rinit even where nobody could continue it.
            like = Signal::TSTP;
        }
        let whom = if shares { 0 } else { self.pid };
        if !self.is_pid_1() && launch::stop_like(like, whom)
            || signal == Signal::STOP
            || asks && !self.terminal.take(pid)
        {
            return;
        }
        // Others in its group stop late: a pager puts the terminal right first.
        sys::sleep(launch::MOMENT);
        self.signal(-pid, Signal::CONT);
    }

    /// The process id of *the program*, which is its group's id.
    fn first(&self) -> Pid {
        self.machine.programs()[0].pid
    }

    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn verbose(&self, message: Message, word: &[u8], numbers: [u32; 2]) {
        if self.config.verbose > 0 {
            say(message, word, numbers);
        }
    }
}
