//! What /proc tells of a process that waits for signals, so that a test can wait for "it has dealt
//! with that" and read how long it means to wait, instead of waiting itself.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use libc::c_int;

use super::{Running, status_field};

/// Waits until the init has heard every signal sent so far, has done what follows from them, and
/// waits for the next.
pub fn until_settled(init: &mut Running) {
    let pid = init.pid();
    until_other_settled(init, pid);
}

/// The same for another process than the one that the test started.
pub fn until_other_settled(init: &mut Running, pid: c_int) {
    init.until_true("the init to wait for a signal", |_| is_settled(pid));
}

/// In this order: what is no longer pending is being dealt with, and that is over by the time the
/// process waits again.
fn is_settled(pid: c_int) -> bool {
    let nothing = |name| status_field(pid, name).chars().all(|digit| digit == '0');
    nothing("SigPnd") && nothing("ShdPnd") && waiting(pid).is_some()
}

/// How much longer the init, which must wait for a signal, means to wait at most; none where it
/// waits without a timer.
#[track_caller]
pub fn timeout(init: &mut Running) -> Option<Duration> {
    until_settled(init);
    let pid = init.pid();
    let [_, _, time, ..] = waiting(pid).expect("it waits");
    if time == 0 {
        return None;
    }
    let mut bytes = [0; 16];
    File::open(format!("/proc/{pid}/mem")).unwrap().read_exact_at(&mut bytes, time).unwrap();
    let (seconds, nanos) = bytes.split_at(8);
    let [seconds, nanos] = [seconds, nanos].map(|it| u64::from_ne_bytes(it.try_into().unwrap()));
    Some(Duration::from_secs(seconds) + Duration::from_nanos(nanos))
}

/// The arguments of the rt_sigtimedwait(2) in which the process waits; none where it is elsewhere.
fn waiting(pid: c_int) -> Option<[u64; 6]> {
    let line = fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
    let (number, rest) = line.split_once(' ')?;
    // Or by the number that a 32-bit process has for it, which is nobody else's.
    if number != libc::SYS_rt_sigtimedwait.to_string() && number != "421" {
        return None;
    }
    let mut words = rest.split_whitespace();
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        *argument = u64::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
    }
    Some(arguments)
}

/// How often the process has gone to sleep so far.
pub fn sleeps(pid: c_int) -> u64 {
    status_field(pid, "voluntary_ctxt_switches").parse().unwrap()
}
