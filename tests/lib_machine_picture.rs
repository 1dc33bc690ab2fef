//! The picture of the state machine in DESIGN.md is drawn from the machine itself.
//!
//! Every state is visited with every event, under all kinds of rules; what differs in no picture
//! (which signal, which of several children) is drawn once. `cargo test --test lib_machine_picture`
//! prints the picture when DESIGN.md shows another.

use std::collections::{BTreeMap, BTreeSet};

use rinit::machine::{Action, Audience, Event, Machine, Phase, Pid, Rules};
use rinit::signal::{Rewrites, Signal};
use rinit::status::Status;
use rinit::text::{Nanos, SECOND};

const PROGRAM: Pid = 10;
const ORPHAN: Pid = 20;

/// What stands on an arrow.
type Arrow = (State, &'static str, &'static str, State);

/// Where a life stands, as the picture has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ready,
    Holding,
    Running,
    Ended,
    Draining,
    Killing,
    Pausing,
    Left,
}

impl State {
    const ALL: [(Self, &str); 7] = [
        (Self::Ready, "the program runs, the first TERM will be held"),
        (Self::Holding, "the program runs, a TERM is held"),
        (Self::Running, "the program runs"),
        (Self::Ended, "it has ended, others may be left"),
        (Self::Draining, "the others were asked to end"),
        (Self::Killing, "the others were killed"),
        (Self::Pausing, "there is no program"),
    ];

    fn of(machine: &Machine<'_>) -> Self {
        match machine.phase() {
            Phase::Ended => Self::Ended,
            Phase::Draining => Self::Draining,
            Phase::Killing => Self::Killing,
            Phase::Pausing => Self::Pausing,
            Phase::Running if machine.deadline().is_some() => Self::Holding,
            // One and the same until somebody asks it to end.
            Phase::Running => {
                let mut copy = *machine;
                if copy.signal(Signal::TERM, || 0) == Action::Wait {
                    Self::Ready
                } else {
                    Self::Running
                }
            }
        }
    }

    fn name(self) -> String {
        if self == Self::Left { "[*]".to_owned() } else { format!("{self:?}") }
    }
}

/// Everything that can happen, in words.
fn events() -> [(&'static str, Event); 9] {
    [
        ("TERM or INT", Event::Signal(Signal::TERM)),
        ("QUIT", Event::Signal(Signal::QUIT)),
        ("another signal", Event::Signal(Signal::new(1).unwrap())),
        ("the program ended", Event::Child(PROGRAM, Status::exited(7))),
        ("the program was stopped", Event::Child(PROGRAM, Status::stopped(Signal::TSTP))),
        ("an orphan ended", Event::Child(ORPHAN, Status::exited(0))),
        ("others are left", Event::Settled),
        ("no child is left", Event::Childless),
        ("its time is over", Event::Woken),
    ]
}

fn in_words(action: Action, from: State, to: State) -> &'static str {
    match action {
        Action::Wait if from == State::Ready && to == State::Holding => "hold it",
        Action::Wait => "",
        Action::Send(Audience::Programs, _, None) => "pass it on",
        Action::Send(Audience::Programs, _, Some(_)) => "pass both on",
        Action::Send(Audience::Rest, Signal::TERM, Some(Signal::CONT)) => "TERM and CONT to them",
        Action::Send(Audience::Rest, Signal::KILL, None) => "KILL to them",
        Action::Send(Audience::Rest, ..) => "pass it on to them",
        Action::Stopped(..) => "stop as well, or continue it",
        Action::Leave(_) if from == State::Pausing => "leave",
        Action::Leave(_) => "leave with the program's code",
    }
}

/// Can this happen there? Nobody dies twice, and rinit hears all reports before it looks at others.
fn is_possible(machine: &Machine<'_>, event: Event) -> bool {
    let lives = machine.programs()[0].alive;
    match event {
        Event::Child(PROGRAM, _) => lives,
        Event::Childless => !lives,
        Event::Woken => machine.deadline().is_some(),
        Event::Signal(_) => machine.phase() != Phase::Ended,
        _ => true,
    }
}

/// The arrows of all lives under these rules.
fn explore(rules: &Rules) -> BTreeSet<Arrow> {
    let mut first = Machine::new(rules);
    first.started(0, PROGRAM);
    let mut pause = Machine::new(rules);
    pause.pause(Some(SECOND));
    let mut ahead = vec![first, pause];
    let (mut arrows, mut seen) = (BTreeSet::new(), ahead.clone());
    while let Some(machine) = ahead.pop() {
        for (what, event) in events() {
            if !is_possible(&machine, event) {
                continue;
            }
            let mut next = machine;
            let action = next.step(event, || machine.deadline().unwrap_or(SECOND));
            let from = State::of(&machine);
            let is_over = matches!(action, Action::Leave(_));
            let to = if is_over { State::Left } else { State::of(&next) };
            arrows.insert((from, what, in_words(action, from, to), to));
            if !is_over && !seen.contains(&next) {
                seen.push(next);
                ahead.push(next);
            }
        }
    }
    arrows
}

/// The picture, as Mermaid has it.
fn picture() -> String {
    let mut arrows: BTreeMap<Arrow, BTreeSet<bool>> = BTreeMap::new();
    let mut graces: BTreeMap<State, BTreeSet<bool>> = BTreeMap::new();
    for (grace, stop_delay) in [(0, 0), (0, 1), (5, 0), (5, 1)] {
        let [grace, stop_delay] = [grace, stop_delay].map(|seconds: Nanos| seconds * SECOND);
        let rules = Rules { grace, stop_delay, any: false, rewrites: Rewrites::none() };
        for arrow in explore(&rules) {
            arrows.entry(arrow).or_default().insert(grace > 0);
            graces.entry(arrow.0).or_default().insert(grace > 0);
        }
    }
    let mut text = String::from("stateDiagram-v2\n");
    for (state, words) in State::ALL {
        text += &format!("    {} : {words}\n", state.name());
    }
    text += "    [*] --> Running : started\n    [*] --> Ready : started, with --stop-delay\n";
    text += "    [*] --> Pausing : --pause or --sleep\n";
    let mut labels: BTreeMap<(State, State, &str), Vec<String>> = BTreeMap::new();
    for ((from, event, action, to), with) in arrows {
        // What changes nothing and is answered with nothing is not drawn.
        if from == to && action.is_empty() {
            continue;
        }
        let condition = match with.first() {
            _ if with == graces[&from] => "",
            Some(true) => " (with grace)",
            _ => " (without grace)",
        };
        labels.entry((from, to, action)).or_default().push(format!("{event}{condition}"));
    }
    for ((from, to, action), events) in labels {
        let answer = if action.is_empty() { String::new() } else { format!(" / {action}") };
        let (from, to, events) = (from.name(), to.name(), events.join(", "));
        text += &format!("    {from} --> {to} : {events}{answer}\n");
    }
    text
}

#[test]
fn the_picture_in_the_design_shows_what_the_machine_does() {
    let design = include_str!("../DESIGN.md");
    let shown = design
        .split_once("```mermaid\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map_or("", |(shown, _)| shown);
    let drawn = picture();
    assert!(shown == drawn, "DESIGN.md shows another picture than:\n{drawn}");
}
