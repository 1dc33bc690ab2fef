//! Any events in any order, also such as no kernel sends: what keeps a container safe holds all the
//! same. That all of it happens in time in a world that can be is shown by `tests/lib_machine.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rinit::machine::{Action, Audience, Event, LAST_REAP, MAX_PROGRAMS, Machine, Phase, Rules};
use rinit::signal::{Rewrites, Signal};
use rinit::status::{CANNOT, Status};

/// Takes the input apart.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Short times and very long ones.
    fn time(&mut self) -> Option<u64> {
        let byte = self.next()?;
        Some(u64::from(byte & 0x3f) << (byte >> 6) * 18)
    }

    fn signal(&mut self) -> Option<Signal> {
        Signal::new(i32::from(self.next()? % 65))
    }
}

fuzz_target!(|input: &[u8]| {
    live(Bytes(input));
});

fn live(mut bytes: Bytes<'_>) -> Option<()> {
    let shape = bytes.next()?;
    let mut rewrites = Rewrites::none();
    for _ in 0..shape & 3 {
        if let Some(from) = bytes.signal() {
            // A user may ask for SIGKILL; then it is no longer the drain's alone.
            rewrites.set(from, bytes.signal().filter(|to| *to != Signal::KILL));
        }
    }
    let any = shape & 4 != 0;
    let rules = Rules { grace: bytes.time()?, stop_delay: bytes.time()?, rewrites, any };
    let mut machine = Machine::new(&rules);
    // The numbers may collide: what is dead stays dead even so.
    let count = usize::from(shape >> 4).min(MAX_PROGRAMS);
    for number in 0..count {
        machine.started(number, i32::from(bytes.next()? % 16) + 1);
    }

    // One more could not be started.
    let gives_up = shape & 8 != 0;
    if gives_up {
        machine.give_up();
    }

    let mut now = bytes.time()?;
    let mut end = gives_up.then_some(CANNOT);
    let mut held = None;
    let mut was_held = false;
    let mut asked = None;
    let mut kills = 0;
    loop {
        let what = bytes.next()?;
        let event = match what % 8 {
            0..=2 => match bytes.signal() {
                // Neither comes to the machine: one is rinit's own, two are the kernel's.
                None | Some(Signal::CHLD | Signal::KILL | Signal::STOP) => continue,
                Some(signal) => Event::Signal(signal),
            },
            3 | 4 => {
                let pid = i32::from(bytes.next()? % 20);
                let status = i32::from(bytes.next()?) << 8 | i32::from(bytes.next()?);
                Event::Child(pid, Status(status))
            }
            5 => Event::Settled,
            6 => Event::Woken,
            _ if what & 0x80 != 0 => Event::Childless,
            _ => {
                // No machine is up for 292 years.
                now = now.saturating_add(bytes.time()?).min(u64::MAX / 2);
                continue;
            }
        };
        let before = machine;
        let action = machine.step(event, || now);
        let phase = before.phase();

        // Children.
        for (old, new) in before.programs().iter().zip(machine.programs()) {
            assert_eq!(old.pid, new.pid);
            assert!(old.alive || !new.alive, "what was reaped lives");
            let has_died = match event {
                Event::Child(pid, status) => pid == old.pid && status.code().is_some(),
                _ => false,
            };
            assert!(!old.alive || new.alive || has_died, "one died of whom nobody said so");
        }
        if let Event::Child(pid, status) = event {
            let number = before.number_of(pid);
            if let (Some(number), Some(code), None) = (number, status.code(), end) {
                if number == 0 || any {
                    end = Some(code);
                    held = None;
                }
            }
            match (number, status.stop_signal(), action) {
                (Some(number), Some(signal), Action::Stopped(which, by))
                    if phase == Phase::Running =>
                {
                    assert_eq!((number as u8, signal), (which, by));
                }
                (Some(_), Some(_), _) => {
                    assert_ne!(phase, Phase::Running, "it does not say who was stopped");
                    assert_eq!(action, Action::Wait);
                }
                _ => assert_eq!(action, Action::Wait),
            }
        }
        assert_eq!(machine.phase() == Phase::Running, end.is_none());

        // Signals.
        let passed = |signal| rules.rewrites.apply(signal);
        match (event, action) {
            (Event::Signal(signal), Action::Wait) => {
                let is_over = matches!(phase, Phase::Ended | Phase::Killing);
                if let (false, Some(to)) = (is_over, passed(signal)) {
                    // It is silent about one alone: the first terminating one.
                    assert!(rules.stop_delay > 0 && !was_held && phase == Phase::Running);
                    assert!(signal.terminates() || to.terminates());
                    (held, was_held) = (Some((to, now)), true);
                }
            }
            (Event::Signal(signal), Action::Send(audience, first, second)) => {
                let to = passed(signal).expect("it passes on what is dropped");
                assert_eq!(audience == Audience::Rest, phase == Phase::Draining);
                assert!(phase == Phase::Draining || phase == Phase::Running);
                if let Some((waiting, _)) = held.filter(|_| signal.terminates() || to.terminates())
                {
                    assert_eq!(first, waiting);
                    assert_eq!(second.unwrap_or(first), to);
                    held = None;
                } else {
                    assert_eq!((first, second), (to, None));
                }
            }
            (Event::Signal(_), _) => panic!("a signal led to {action:?}"),
            (_, Action::Send(Audience::Programs, first, second)) => {
                assert_eq!((event, phase), (Event::Woken, Phase::Running));
                let (waiting, since) = held.take().expect("it makes up a signal");
                assert_eq!((first, second), (waiting, None));
                assert!(now >= since.saturating_add(rules.stop_delay), "too early");
            }
            (_, Action::Send(Audience::Rest, Signal::KILL, None)) => {
                assert_eq!((event, phase), (Event::Woken, Phase::Draining));
                assert!(now >= asked.expect("nobody was asked first"), "too early");
                kills += 1;
                assert_eq!(kills, 1);
            }
            (_, Action::Send(Audience::Rest, first, second)) => {
                assert_eq!((first, second), (Signal::TERM, Some(Signal::CONT)));
                assert_eq!((event, phase), (Event::Settled, Phase::Ended));
                asked = Some(now.saturating_add(rules.grace));
            }
            _ => {}
        }

        // The end.
        if let Action::Leave(code) = action {
            assert_eq!(code, end.unwrap_or(CANNOT));
            match event {
                Event::Childless => {}
                Event::Settled => assert!(end.is_some() && rules.grace == 0),
                Event::Woken => assert!(kills == 1),
                _ => panic!("it leaves because of {event:?}"),
            }
            return None;
        }
        assert_ne!(event, Event::Childless);

        // Time.
        let is_timed = held.is_some() || asked.is_some();
        assert_eq!(machine.deadline().is_some(), is_timed);
        if event == Event::Woken && before.deadline().is_none_or(|deadline| now < deadline) {
            assert_eq!((action, machine), (Action::Wait, before));
        }
        // Left alone, it is through after three times of waking: hold, grace, last reaping.
        if machine.phase() != Phase::Running {
            leaves_by_itself(machine, now);
        }
    }
}

fn leaves_by_itself(mut machine: Machine<'_>, mut now: u64) {
    if let Action::Leave(_) = machine.step(Event::Settled, || now) {
        return;
    }
    for _ in 0..2 {
        now = now.max(machine.deadline().expect("it sleeps for ever")).saturating_add(LAST_REAP);
        if let Action::Leave(_) = machine.step(Event::Woken, || now) {
            return;
        }
    }
    panic!("it never leaves");
}
