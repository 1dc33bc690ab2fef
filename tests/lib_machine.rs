//! The life of a container, complete: every state that the machine can reach is visited with every
//! event that can happen there, and each step is held against rules written as sentences.
//!
//! What can happen is a world of its own beside the machine: it knows which children live, what
//! time it is and which number the kernel may give to an orphan next. A pid dies once; the kernel
//! says "others live" only while others live, and "no child" only when there is none; one report of
//! the kernel is heard to its end before rinit looks at signals or at the clock again. Orphans may
//! be born at any moment and may be given the number of a program that was reaped.
//!
//! `cargo test --test lib_machine -- --nocapture` prints how many states and steps there are.
//!
//! That the rules bite was seen by breaking the machine on purpose, one change at a time; each of
//! these was caught:
//!
//! - leaving: grace 0 waits; grace is ignored; it leaves in place of the last SIGKILL, while the
//!   program runs, or never without children; no deadline, or an old one, after the last SIGKILL;
//!   the code is overwritten by a later end, not taken, a companion's, or 0 from the start; `any`
//!   ignored, always on, or off for the first program
//! - the drain: repeated; without SIGCONT; sent to the programs alone; the last SIGKILL too early,
//!   too late, to the programs alone, as SIGTERM, or repeated; grace counted from the wrong moment
//! - signals: in the drain dropped or sent to the programs; passed on after the last SIGKILL;
//!   rewrites ignored, or a dropped signal passed on
//! - the hold: no signal held, all, every terminating one, only those that are sent as such, only
//!   those that arrive as such; the held one lost or repeated at its time, at the second one, or at
//!   the end of the program; its clock started anew; its deadline left behind
//! - children: a reaped number taken for the program's, or the program for alive; SIGSTOP or SIGTTOU
//!   not reported; a wrong program reported as stopped; one reported during the drain
//! - giving up: the hold is not over with it
//! - time: woken at any time; a deadline while nothing is timed; a sum that overflows

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use rinit::machine::{
    Action, Audience, Event, LAST_REAP, MAX_PROGRAMS, Machine, Phase, Pid, Program, Rules,
};
use rinit::signal::{Rewrites, Signal};
use rinit::status::{CANNOT, Status};
use rinit::text::{Nanos, SECOND, SECONDS_MAX};

/// The world's time runs in ticks; two of them are the time rinit stays after the last SIGKILL.
const TICK: Nanos = LAST_REAP / 2;
const LAST: u8 = 2;
const GRACE: u8 = 3;
const STOP_DELAY: u8 = 2;
/// How long a container may be frozen (`docker pause`), so that rinit wakes too late.
const FREEZE: u8 = 4;

/// The first program's process id; the others' follow.
const PROGRAM: Pid = 10;
/// Numbers that were never a program's.
const ORPHANS: [Pid; 2] = [100, 101];

/// What the kernel may report of a child: the first two of anybody, the others of a program.
const REPORTS: [Status; 8] = [
    Status::exited(7),
    Status::stopped(Signal::TSTP),
    Status::exited(0),
    Status::killed(Signal::KILL),
    Status::stopped(Signal::STOP),
    Status::stopped(Signal::TTIN),
    Status::stopped(Signal::TTOU),
    // It was continued.
    Status(0xffff),
];

/// What the clock shows after so many ticks. It did not start to run with the container.
fn at(ticks: u8) -> Nanos {
    1_000_000_007 + Nanos::from(ticks) * TICK
}

/// All of them; a few where Miri interprets the test, which makes it a thousand times slower.
fn some<I: Iterator>(all: I) -> std::iter::StepBy<I> {
    all.step_by(if cfg!(miri) { 37 } else { 1 })
}

fn signal(number: i32) -> Signal {
    Signal::new(number).unwrap()
}

/// What is the same throughout one life.
#[derive(Copy, Clone, Debug)]
struct Setting {
    programs: usize,
    /// Could one more not be started?
    gives_up: bool,
    any: bool,
    grace: u8,
    stop_delay: u8,
    rewrite: Option<(Signal, Option<Signal>)>,
}

impl Setting {
    fn rules(&self) -> Rules {
        let mut rewrites = Rewrites::none();
        if let Some((from, to)) = self.rewrite {
            rewrites.set(from, to);
        }
        Rules {
            grace: Nanos::from(self.grace) * TICK,
            stop_delay: Nanos::from(self.stop_delay) * TICK,
            rewrites,
            any: self.any,
        }
    }

    /// What is to be passed on for a signal.
    fn rewritten(&self, signal: Signal) -> Option<Signal> {
        match self.rewrite {
            Some((from, to)) if from == signal => to,
            _ => Some(signal),
        }
    }

    /// Does it ask to end: by itself, or by what it is rewritten to?
    fn is_terminating(&self, signal: Signal) -> bool {
        let asks = |signal| matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT);
        self.rewritten(signal).is_some_and(|to| asks(signal) || asks(to))
    }
}

/// A terminating signal that was answered with silence.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    signal: Signal,
    since: u8,
}

/// What is true outside the machine.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    now: u8,
    /// Which programs were not reaped yet.
    programs: [bool; 3],
    /// Who else is a child, in the order of their numbers.
    orphans: [Option<Pid>; 2],
    /// Is a report of the kernel's being heard?
    hearing: bool,
    /// The code of the end that ends the container.
    end: Option<u8>,
    /// When the rest was asked to end.
    asked: Option<u8>,
    /// When it was killed.
    killed: Option<u8>,
    held: Option<Held>,
    /// Was there a terminating signal before? Only the first is held.
    was_asked_to_end: bool,
}

/// What can happen.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Step {
    Happens(Event),
    /// An orphan becomes rinit's child.
    Birth(Pid),
    /// Time passes: one tick, or many while everything is frozen.
    Pass(u8),
}

impl World {
    fn new(setting: &Setting) -> Self {
        let mut programs = [false; 3];
        programs[..setting.programs].fill(true);
        Self {
            now: 0,
            programs,
            orphans: [None; 2],
            // Having given up, rinit looks at once who is left.
            hearing: setting.gives_up,
            end: setting.gives_up.then_some(CANNOT),
            asked: None,
            killed: None,
            held: None,
            was_asked_to_end: false,
        }
    }

    fn program(&self, pid: Pid) -> Option<usize> {
        (0..3).find(|number| self.programs[*number] && pid == PROGRAM + *number as Pid)
    }

    fn children(&self) -> impl Iterator<Item = Pid> {
        let programs = (0..3).filter(|number| self.programs[*number]);
        programs.map(|number| PROGRAM + number as Pid).chain(self.orphans.into_iter().flatten())
    }

    fn clock(&self) -> Nanos {
        at(self.now)
    }

    /// Everything that can happen now. `deadline` is the machine's: while nothing is timed, time
    /// makes no difference, and it stands still to keep the world finite.
    fn steps(&self, setting: &Setting, signals: &[Signal], deadline: Option<Nanos>) -> Vec<Step> {
        let mut steps = Vec::new();
        for pid in self.children() {
            // An orphan's report makes no difference but that it is dead or is not.
            let reports = if self.program(pid).is_some() { &REPORTS[..] } else { &REPORTS[..2] };
            steps.extend(reports.iter().map(|it| Step::Happens(Event::Child(pid, *it))));
        }
        let last = if self.children().next().is_some() { Event::Settled } else { Event::Childless };
        steps.push(Step::Happens(last));
        // The newborn's number: a new one, or one that a reaped program left behind.
        if self.orphans[1].is_none() {
            let reaped = (0..setting.programs).filter(|number| !self.programs[*number]);
            let numbers = ORPHANS.into_iter().chain(reaped.map(|number| PROGRAM + number as Pid));
            let free = numbers.filter(|pid| !self.orphans.contains(&Some(*pid)));
            steps.extend(free.map(Step::Birth));
        }
        if !self.hearing {
            steps.push(Step::Happens(Event::Woken));
            steps.extend(signals.iter().map(|signal| Step::Happens(Event::Signal(*signal))));
            if deadline.is_some_and(|deadline| self.clock() <= deadline) {
                steps.extend([Step::Pass(1), Step::Pass(FREEZE)]);
            }
        }
        steps
    }

    /// The world after a step that was answered with `action`.
    fn after(mut self, setting: &Setting, step: Step, action: Action) -> Self {
        match step {
            Step::Pass(ticks) => self.now += ticks,
            Step::Birth(pid) => {
                self.orphans = [self.orphans[0], Some(pid)];
                self.orphans.sort_unstable_by_key(|orphan| orphan.unwrap_or(Pid::MAX));
            }
            Step::Happens(Event::Child(pid, status)) => {
                self.hearing = true;
                if let Some(code) = status.code() {
                    if let Some(number) = self.program(pid) {
                        self.programs[number] = false;
                        if self.end.is_none() && (number == 0 || setting.any) {
                            self.end = Some(code);
                            // The drain says the same to everybody.
                            self.held = None;
                        }
                    } else {
                        let place = self.orphans.iter().position(|it| *it == Some(pid)).unwrap();
                        self.orphans[place] = None;
                        self.orphans.sort_unstable_by_key(|orphan| orphan.unwrap_or(Pid::MAX));
                    }
                }
            }
            Step::Happens(Event::Settled | Event::Childless) => self.hearing = false,
            Step::Happens(Event::Signal(signal)) => {
                if self.end.is_none() && setting.is_terminating(signal) {
                    self.was_asked_to_end = true;
                    if let (Action::Wait, Some(signal)) = (action, setting.rewritten(signal)) {
                        self.held = Some(Held { signal, since: self.now });
                    }
                }
            }
            Step::Happens(Event::Woken) => {}
        }
        match action {
            Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT)) => {
                self.asked = Some(self.now);
            }
            Action::Send(Audience::Rest, Signal::KILL, None) => self.killed = Some(self.now),
            Action::Send(Audience::Programs, first, _)
                if self.held.is_some_and(|held| held.signal == first) =>
            {
                // Another signal of the same number passes by a held one only as "it came again".
                self.held = None;
            }
            _ => {}
        }
        self
    }
}

/// Rules with whether each holds.
type Verdict<const N: usize> = [(&'static str, bool); N];

/// The rules of a state, wherever it came from.
fn rules_of_state(setting: &Setting, world: &World, machine: &Machine<'_>) -> Verdict<3> {
    let mut programs = [Program::default(); MAX_PROGRAMS];
    for number in 0..setting.programs {
        let alive = world.programs[number];
        programs[number] = Program { pid: PROGRAM + number as Pid, alive };
    }
    let mut numbers = world.children().chain((0..3).map(|number| PROGRAM + number));
    let phase = match (world.end, world.asked, world.killed) {
        (None, ..) => Phase::Running,
        (_, None, _) => Phase::Ended,
        (_, _, None) => Phase::Draining,
        _ => Phase::Killing,
    };
    // When it has to be woken, as the world knows it: the first moment and the last.
    let timed = match (world.asked, world.killed) {
        (Some(asked), None) => Some((asked + setting.grace, asked + setting.grace)),
        (Some(asked), Some(killed)) => Some((asked + setting.grace + LAST, killed + LAST)),
        (None, _) => world.held.map(|held| held.since + setting.stop_delay).map(|it| (it, it)),
    };
    [
        (
            "no number of a reaped program is taken for a program's, and no living one is lost",
            *machine.programs() == programs
                && numbers.all(|pid| machine.number_of(pid) == world.program(pid)),
        ),
        ("the phase is the one it says", machine.phase() == phase),
        (
            "it asks to be woken exactly when something is timed, and then at the right time",
            match (machine.deadline(), timed) {
                (None, None) => true,
                (Some(deadline), Some((first, last))) => (at(first)..=at(last)).contains(&deadline),
                _ => false,
            },
        ),
    ]
}

/// The rules of a step: `world` and `old` are what was before it, `machine` is what came of it.
fn rules_of_step(
    setting: &Setting,
    State(world, old): &State<'_>,
    (event, action): (Event, Action),
    machine: &Machine<'_>,
) -> Verdict<15> {
    let has_grace = setting.grace > 0;
    let has_ended = world.end.is_some();
    let somebody_lives = world.children().next().is_some();
    let grace_is_over = world.asked.is_some_and(|asked| world.now >= asked + setting.grace);
    let is_woken = event == Event::Woken;
    let leaves = matches!(action, Action::Leave(_));
    let kills = action == Action::Send(Audience::Rest, Signal::KILL, None);
    [
        // Leaving.
        ("it never leaves before the program has ended", !leaves || has_ended),
        (
            "it never leaves while a child lives before grace is over, but where grace is 0",
            !leaves || !somebody_lives || !has_grace || grace_is_over,
        ),
        (
            "with grace, it leaves nobody behind whom it has not killed",
            !leaves || !somebody_lives || !has_grace || world.killed.is_some(),
        ),
        (
            "the code is that of the end that ended the container",
            !leaves || Some(action) == world.end.map(Action::Leave),
        ),
        ("it leaves at once when no child is left", event != Event::Childless || leaves),
        (
            "without grace it leaves at once when the program has ended",
            !(event == Event::Settled && has_ended && !has_grace) || leaves,
        ),
        (
            "it leaves when the time after the last SIGKILL is over",
            !(is_woken && world.killed.is_some_and(|killed| world.now >= killed + LAST)) || leaves,
        ),
        // The drain.
        (
            "the rest is asked to end once, as soon as all the dead are heard, with grace alone",
            (action == Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT)))
                == (event == Event::Settled && has_ended && has_grace && world.asked.is_none()),
        ),
        (
            "the rest is killed once, as soon as grace is over and never before",
            kills == (is_woken && grace_is_over && world.killed.is_none()),
        ),
        (
            "no SIGKILL is sent but that one",
            kills
                || !matches!(
                    action,
                    Action::Send(_, Signal::KILL, _) | Action::Send(_, _, Some(Signal::KILL))
                ),
        ),
        // Signals.
        (
            "nothing is sent to the programs after the end",
            !(has_ended && matches!(action, Action::Send(Audience::Programs, ..))),
        ),
        (
            "a signal is passed on at once as the rewrites say: to the programs, in the drain to \
             the rest, after the last SIGKILL to nobody; the first terminating one is held, and \
             passed on before the second",
            answer_to(setting, world, event).is_none_or(|expected| match (expected, action) {
                // The same signal twice is the same as once.
                (Action::Send(to, first, None), Action::Send(whom, one, Some(two)))
                    if world.held.is_some_and(|held| held.signal == first) =>
                {
                    (to, first, first) == (whom, one, two)
                }
                _ => action == expected,
            }),
        ),
        (
            "a held signal is passed on when its time is over, and not before",
            !is_woken
                || world.held.is_none_or(|held| {
                    let is_over = world.now >= held.since + setting.stop_delay;
                    let send = Action::Send(Audience::Programs, held.signal, None);
                    action == if is_over { send } else { Action::Wait }
                }),
        ),
        // Children.
        (
            "of a child that reports, only a program that was stopped asks for an action",
            !matches!(event, Event::Child(..)) || action == answer_to_stop(world, event),
        ),
        // Time.
        (
            "woken too early or for nothing, it does nothing",
            !is_woken
                || old.deadline().is_some_and(|deadline| world.clock() >= deadline)
                || (action == Action::Wait && machine == old),
        ),
    ]
}

/// What a signal has to be answered with; none for another event.
fn answer_to(setting: &Setting, world: &World, event: Event) -> Option<Action> {
    let Event::Signal(signal) = event else { return None };
    let Some(to) = setting.rewritten(signal) else { return Some(Action::Wait) };
    Some(match world.held {
        _ if world.killed.is_some() => Action::Wait,
        _ if world.end.is_some() => Action::Send(Audience::Rest, to, None),
        _ if !setting.is_terminating(signal) => Action::Send(Audience::Programs, to, None),
        Some(Held { signal: held, .. }) => {
            Action::Send(Audience::Programs, held, (to != held).then_some(to))
        }
        None if setting.stop_delay > 0 && !world.was_asked_to_end => Action::Wait,
        None => Action::Send(Audience::Programs, to, None),
    })
}

/// What the report of a child has to be answered with.
fn answer_to_stop(world: &World, event: Event) -> Action {
    let Event::Child(pid, status) = event else { return Action::Wait };
    match (status.stop_signal(), world.program(pid)) {
        (Some(by), Some(number)) if world.end.is_none() => Action::Stopped(number as u8, by),
        _ => Action::Wait,
    }
}

/// The sentences that do not hold.
fn broken(rules: &[(&'static str, bool)]) -> Vec<&'static str> {
    rules.iter().filter(|(_, holds)| !holds).map(|(rule, _)| *rule).collect()
}

/// How far one setting was explored.
#[derive(Default)]
struct Count {
    states: usize,
    steps: usize,
    leaves: usize,
    drains: usize,
    kills: usize,
    holds: usize,
    stops: usize,
}

/// The world and the machine in it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct State<'a>(World, Machine<'a>);

impl Hash for State<'_> {
    /// The world is enough: by the rules, a machine in the same world is hardly ever another one.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

/// A state that was reached: from which one before, and how.
struct Reached<'a> {
    state: State<'a>,
    from: Option<(usize, Step, Action)>,
}

/// The way to a state, for the message of a broken rule.
fn way(reached: &[Reached<'_>], mut index: usize) -> String {
    let mut steps = vec![format!("{:?}", reached[index].state)];
    while let Some((from, step, action)) = reached[index].from {
        steps.push(format!("{step:?} -> {action:?}"));
        index = from;
    }
    steps.reverse();
    steps.join("\n")
}

/// Takes a step: what it is answered with, where it leads, and the rules that it breaks.
fn take<'a>(
    setting: &Setting,
    state @ State(world, machine): &State<'a>,
    step: Step,
) -> (Action, State<'a>, Vec<&'static str>) {
    let mut next = *machine;
    let (mut action, mut broken_by) = (Action::Wait, Vec::new());
    if let Step::Happens(event) = step {
        action = next.step(event, || world.clock());
        broken_by = broken(&rules_of_step(setting, state, (event, action), &next));
    }
    (action, State(world.after(setting, step, action), next), broken_by)
}

/// The machine at the start of a life.
fn begin<'a>(setting: &Setting, rules: &'a Rules) -> Machine<'a> {
    let mut machine = life(rules, setting.programs);
    if setting.gives_up {
        machine.give_up();
    }
    machine
}

/// Visits every state of a setting with everything that can happen in it.
fn explore(setting: &Setting, signals: &[Signal]) -> Count {
    let rules = setting.rules();
    let start = State(World::new(setting), begin(setting, &rules));
    let mut known = HashMap::from([(start, 0)]);
    let mut reached = vec![Reached { state: start, from: None }];
    // From where each state was reached; and the states from which it leaves.
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut leaving = Vec::new();
    let mut count = Count::default();

    let mut index = 0;
    while index < reached.len() {
        let state @ State(world, machine) = reached[index].state;
        let broken_here = broken(&rules_of_state(setting, &world, &machine));
        assert!(broken_here.is_empty(), "{setting:?}: {broken_here:#?}\n{}", way(&reached, index));
        for step in world.steps(setting, signals, machine.deadline()) {
            count.steps += 1;
            let (action, next, broken) = take(setting, &state, step);
            assert!(
                broken.is_empty(),
                "{setting:?}: {broken:#?}\n{}\n{step:?} -> {action:?}",
                way(&reached, index)
            );
            match action {
                Action::Leave(_) => {
                    leaving.push(index);
                    continue;
                }
                Action::Send(Audience::Rest, Signal::KILL, _) => count.kills += 1,
                Action::Send(Audience::Rest, Signal::TERM, Some(_)) => count.drains += 1,
                Action::Stopped(..) => count.stops += 1,
                _ => {}
            }
            count.holds += usize::from(next.0.held.is_some() && world.held.is_none());
            if next == state {
                continue;
            }
            let target = *known.entry(next).or_insert_with(|| {
                reached.push(Reached { state: next, from: Some((index, step, action)) });
                before.push(Vec::new());
                reached.len() - 1
            });
            before[target].push(index);
        }
        index += 1;
    }
    count.leaves = leaving.len();
    count.states = reached.len();

    // It always leaves, first: from every state there is a way out.
    let mut can_leave = vec![false; reached.len()];
    while let Some(index) = leaving.pop() {
        if !std::mem::replace(&mut can_leave[index], true) {
            leaving.append(&mut before[index]);
        }
    }
    if let Some(stuck) = can_leave.iter().position(|can_leave| !can_leave) {
        panic!("{setting:?}: there is no way out from here\n{}", way(&reached, stuck));
    }
    // It always leaves, second: once the program has ended it does so by itself, in time.
    for (index, Reached { state: State(world, machine), .. }) in reached.iter().enumerate() {
        if world.end.is_some() && world.children().next().is_some() {
            let leaves = time_of_leaving(*machine, world);
            let in_time = at(world.asked.unwrap_or(world.now) + setting.grace) + LAST_REAP;
            // Where rinit was frozen, it stays for what is due from then on.
            let in_time = in_time.max(world.clock() + LAST_REAP);
            assert!(
                leaves.is_some_and(|leaves| leaves <= in_time),
                "{setting:?}: it leaves at {leaves:?}, not by {in_time}, from\n{}",
                way(&reached, index)
            );
        }
    }
    count
}

/// When it leaves if nobody ever dies and nothing happens but that time passes.
fn time_of_leaving(mut machine: Machine<'_>, world: &World) -> Option<Nanos> {
    let mut now = world.clock();
    if world.hearing && matches!(machine.step(Event::Settled, || now), Action::Leave(_)) {
        return Some(now);
    }
    // The end of grace, and the end of the time after it.
    for _ in 0..2 {
        now = now.max(machine.deadline()?);
        if matches!(machine.step(Event::Woken, || now), Action::Leave(_)) {
            return Some(now);
        }
    }
    None
}

/// Every signal that can arrive other than SIGCHLD.
fn all_signals() -> Vec<Signal> {
    (1..=64)
        .map(signal)
        .filter(|signal| !matches!(*signal, Signal::KILL | Signal::STOP | Signal::CHLD))
        .collect()
}

const USR1: i32 = 10;

/// No rewrite; one terminating signal for another; a signal that is dropped; one that becomes a
/// terminating one.
fn rewrites() -> [Option<(Signal, Option<Signal>)>; 4] {
    [
        None,
        Some((Signal::TERM, Some(Signal::INT))),
        Some((signal(USR1), None)),
        Some((signal(USR1), Some(Signal::TERM))),
    ]
}

fn explore_all((programs, gives_up): (usize, bool), any: bool, signals: &[Signal]) {
    let mut total = Count::default();
    for grace in [0, GRACE] {
        for stop_delay in [0, STOP_DELAY] {
            for rewrite in rewrites() {
                let setting = Setting { programs, gives_up, any, grace, stop_delay, rewrite };
                let count = explore(&setting, signals);
                // A search that never comes to what a rule is about shows nothing.
                assert!(count.leaves > 0, "{setting:?}");
                assert_eq!(count.stops > 0, !gives_up, "{setting:?}");
                assert_eq!(count.holds > 0, !gives_up && stop_delay > 0, "{setting:?}");
                assert_eq!(count.drains > 0, grace > 0, "{setting:?}");
                assert_eq!(count.kills > 0, grace > 0, "{setting:?}");
                total.states += count.states;
                total.steps += count.steps;
            }
        }
    }
    let Count { states, steps, .. } = total;
    let kinds = signals.len();
    let start = if gives_up { ", given up" } else { "" };
    println!(
        "programs {programs}{start}, any {any}, signals {kinds}: {states} states, {steps} steps"
    );
}

/// One of each kind that matters to a rule.
fn some_signals() -> [Signal; 5] {
    [Signal::HUP, Signal::INT, signal(USR1), Signal::TERM, signal(64)]
}

#[test]
#[cfg_attr(miri, ignore = "the walk below is enough to interpret")]
fn one_program_with_every_signal() {
    explore_all((1, false), false, &all_signals());
    explore_all((1, false), true, &all_signals());
}

#[test]
#[cfg_attr(miri, ignore = "the walk below is enough to interpret")]
fn two_programs() {
    explore_all((2, false), false, &some_signals());
    explore_all((2, false), true, &some_signals());
}

#[test]
#[cfg_attr(miri, ignore = "the walk below is enough to interpret")]
fn three_programs() {
    explore_all((3, false), false, &some_signals());
}

#[test]
#[cfg_attr(miri, ignore = "the walk below is enough to interpret")]
fn three_programs_of_which_any_ends_the_container() {
    explore_all((3, false), true, &some_signals());
}

/// The third of three cannot be started: those before it are drained like any others.
#[test]
#[cfg_attr(miri, ignore = "the walk below is enough to interpret")]
fn programs_of_which_not_all_could_be_started() {
    for programs in 0..3 {
        explore_all((programs, true), false, &some_signals());
        explore_all((programs, true), true, &some_signals());
    }
}

/// The same rules on the way of one life after another, with every signal and all eight kinds of
/// setting. It goes where the searches above go as well, and is short enough for Miri.
#[test]
fn a_walk_through_many_lives() {
    let signals = all_signals();
    let mut random = 1_u64;
    let mut lives = 0;
    for turn in 0..if cfg!(miri) { 3 } else { 1000 } {
        let setting = Setting {
            programs: turn % 3 + 1,
            gives_up: turn % 7 == 6,
            any: turn % 2 == 0,
            grace: if turn % 5 == 1 { 0 } else { GRACE },
            stop_delay: if turn % 3 == 0 { 0 } else { STOP_DELAY },
            rewrite: rewrites()[turn % 4],
        };
        let rules = setting.rules();
        let mut state = State(World::new(&setting), begin(&setting, &rules));
        for _ in 0..if cfg!(miri) { 30 } else { 300 } {
            let State(world, machine) = state;
            let steps = world.steps(&setting, &signals, machine.deadline());
            // Knuth's MMIX: the same walk every time.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let step = steps[(random >> 33) as usize % steps.len()];
            let (action, next, mut broken_by) = take(&setting, &state, step);
            if let Action::Leave(_) = action {
                lives += 1;
                assert_eq!(broken_by, [""; 0], "{setting:?}\n{state:?}\n{step:?} -> {action:?}");
                break;
            }
            broken_by.extend(broken(&rules_of_state(&setting, &next.0, &next.1)));
            assert_eq!(broken_by, [""; 0], "{setting:?}\n{state:?}\n{step:?} -> {action:?}");
            state = next;
        }
    }
    assert!(lives > 100 || cfg!(miri), "{lives} lives came to an end");
}

// What lies outside of the world above.

fn rules() -> Rules {
    Rules { grace: 5, stop_delay: 0, rewrites: Rewrites::none(), any: false }
}

/// The clock where time makes no difference.
fn never() -> Nanos {
    0
}

/// A life with programs numbered from 0, whose pids count from [`PROGRAM`].
fn life(rules: &Rules, programs: usize) -> Machine<'_> {
    let mut machine = Machine::new(rules);
    for number in 0..programs {
        machine.started(number, PROGRAM + number as Pid);
    }
    machine
}

#[test]
fn every_signal_is_passed_on_as_every_rewrite_says() {
    for from in some(all_signals().into_iter()) {
        for to in some((0..=64).map(Signal::new)) {
            let mut rules = rules();
            rules.rewrites.set(from, to);
            for sent in all_signals() {
                let passed = if sent == from { to } else { Some(sent) };
                let expected =
                    passed.map_or(Action::Wait, |it| Action::Send(Audience::Programs, it, None));
                let mut machine = life(&rules, 1);
                assert_eq!(machine.step(Event::Signal(sent), never), expected, "{from:?} {to:?}");
                assert_eq!(machine.deadline(), None);
            }
        }
    }
}

#[test]
fn the_first_terminating_signal_is_held_whatever_makes_it_one() {
    for from in some(all_signals().into_iter()) {
        for to in some((1..=64).filter_map(Signal::new)) {
            let mut rules = Rules { stop_delay: 7, ..rules() };
            rules.rewrites.set(from, Some(to));
            let asks = |it| [Signal::TERM, Signal::INT, Signal::QUIT].contains(&it);
            let mut machine = life(&rules, 1);
            let send = Action::Send(Audience::Programs, to, None);
            if asks(from) || asks(to) {
                assert_eq!(machine.step(Event::Signal(from), || 100), Action::Wait);
                assert_eq!(machine.deadline(), Some(107));
                assert_eq!(machine.step(Event::Woken, || 106), Action::Wait);
                assert_eq!(machine.step(Event::Woken, || 107), send);
            }
            // Not terminating, or not the first.
            assert_eq!(machine.step(Event::Signal(from), || 110), send, "{from:?} {to:?}");
            assert_eq!(machine.deadline(), None);
        }
    }
}

#[test]
fn each_of_eight_programs_ends_the_container_with_any_and_the_first_alone_without() {
    for any in [false, true] {
        for number in 0..MAX_PROGRAMS {
            let rules = Rules { any, ..rules() };
            let mut machine = life(&rules, MAX_PROGRAMS);
            let pid = PROGRAM + number as Pid;
            assert_eq!(machine.number_of(pid), Some(number));
            assert_eq!(machine.step(Event::Child(pid, Status::exited(9)), never), Action::Wait);
            assert_eq!(machine.number_of(pid), None);
            let ends = any || number == 0;
            assert_eq!(machine.phase() == Phase::Ended, ends);
            // The others go later, and with other codes.
            for other in (0..MAX_PROGRAMS).filter(|other| ends && *other != number) {
                let pid = PROGRAM + other as Pid;
                assert_eq!(machine.step(Event::Child(pid, Status::exited(1)), never), Action::Wait);
            }
            if ends {
                assert_eq!(machine.step(Event::Childless, never), Action::Leave(9));
            }
        }
    }
}

#[test]
fn a_ninth_program_is_no_harm() {
    let rules = rules();
    let mut machine = life(&rules, MAX_PROGRAMS);
    let before = machine;
    machine.started(MAX_PROGRAMS, 500);
    machine.started(usize::MAX, 501);
    assert_eq!(machine, before);
}

#[test]
fn left_before_the_program_has_ended_it_is_a_failure_of_rinits_own() {
    let rules = rules();
    assert_eq!(life(&rules, 1).step(Event::Childless, never), Action::Leave(125));
}

#[test]
fn the_code_is_the_programs_whatever_it_died_of() {
    let rules = rules();
    let ended = (0..=255).map(|code| (Status::exited(code), code));
    let killed = (1..=64).map(|number| (Status::killed(signal(number)), 128 + number as u8));
    for (status, code) in some(ended.chain(killed)) {
        let mut machine = life(&rules, 1);
        assert_eq!(machine.step(Event::Child(PROGRAM, status), never), Action::Wait);
        assert_eq!(machine.step(Event::Childless, never), Action::Leave(code));
    }
}

#[test]
fn the_longest_times_add_up_on_a_machine_that_is_up_for_a_century() {
    let longest = Nanos::from(SECONDS_MAX) * SECOND;
    let rules = Rules { grace: longest, stop_delay: longest, ..rules() };
    let mut machine = life(&rules, 1);
    let now = 100 * 366 * 86_400 * SECOND;
    assert_eq!(machine.step(Event::Signal(Signal::TERM), || now), Action::Wait);
    assert_eq!(machine.deadline(), Some(now + longest));
    assert_eq!(machine.step(Event::Child(PROGRAM, Status::exited(0)), || now), Action::Wait);
    let drain = Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT));
    assert_eq!(machine.step(Event::Settled, || now), drain);
    assert_eq!(machine.deadline(), Some(now + longest));
    let kill = Action::Send(Audience::Rest, Signal::KILL, None);
    assert_eq!(machine.step(Event::Woken, || now + longest), kill);
    assert_eq!(machine.deadline(), Some(now + longest + LAST_REAP));
}

#[test]
fn no_time_however_late_makes_it_panic() {
    for longest in [Nanos::MAX - LAST_REAP, Nanos::MAX - 1, Nanos::MAX] {
        let rules = Rules { grace: longest, stop_delay: longest, ..rules() };
        for now in [0, 1, Nanos::MAX - LAST_REAP, Nanos::MAX - 1, Nanos::MAX] {
            let mut machine = life(&rules, 1);
            let program = Event::Child(PROGRAM, Status::exited(0));
            for event in [Event::Signal(Signal::TERM), program, Event::Settled] {
                let _ = machine.step(event, || now);
            }
            let _ = machine.step(Event::Woken, || Nanos::MAX);
            assert_eq!(machine.step(Event::Childless, || now), Action::Leave(0));
        }
    }
}

#[test]
fn a_pause_ends_with_term_or_int_alone_and_a_sleep_with_its_time_as_well() {
    let rules = rules();
    for until in [None, Some(5 * SECOND)] {
        let mut paused = Machine::new(&rules);
        paused.pause(until);
        assert_eq!(paused.deadline(), until);
        let clock = || 5 * SECOND - 1;

        for signal in all_signals() {
            let asks = matches!(signal, Signal::TERM | Signal::INT);
            // Who sleeps and is asked to end has not done its job.
            let code = if until.is_some() { 128 + signal.number() } else { 0 };
            let expected = if asks { Action::Leave(code) } else { Action::Wait };
            assert_eq!({ paused }.signal(signal, clock), expected, "{signal:?}");
        }
        // Orphans come and go.
        for report in REPORTS {
            assert_eq!({ paused }.child(PROGRAM, report), Action::Wait);
        }
        assert_eq!({ paused }.settled(clock), Action::Wait);
        assert_eq!({ paused }.childless(), Action::Wait);
        assert_eq!({ paused }.woken(clock), Action::Wait);
        let due = if until.is_some() { Action::Leave(0) } else { Action::Wait };
        assert_eq!({ paused }.woken(|| 5 * SECOND), due);
    }
}
