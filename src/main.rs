//! rinit, the program: a thin shell of system calls around the library, which decides.
//!
//! | module | what it does |
//! |---|---|
//! | `start` | where the kernel enters, and what no libc brings |
//! | `sys` | one safe function per system call |
//! | `init` | the loop: waits, reaps, forwards, drains, leaves |
//! | `launch` | a program is born: group, terminal, mask, PATH search, exec |
//! | `terminal` | who holds the terminal |
//! | `explain` | why an exec failed |
//! | `copy` | `--copy-to` |
#![no_std]
#![no_main]

mod copy;
mod explain;
mod init;
mod launch;
mod start;
mod sys;
mod terminal;

use rinit::cli::{Config, HELP, LICENSE, Task};
use rinit::signal::Signal;
use rinit::status::CANNOT;
use rinit::text::{Line, Nanos};

use init::Init;
use start::InitialStack;
use sys::Report;

/// The form that container engines parse.
const VERSION: &str =
    concat!("rinit version ", env!("CARGO_PKG_VERSION"), " - git.", env!("RINIT_COMMIT"), "\n");

/// Says a line on stderr; the template is that of [`Line::add`].
#[inline(never)]
fn say(template: &str, word: &[u8], numbers: [u32; 2]) {
    let mut line = Line::new();
    line.add(template, word, numbers);
    sys::say(&mut line);
}

/// Where `_start` hands over.
extern "C" fn main(top: *mut usize) -> ! {
    // First of all: what arrives before the program exists waits for it.
    let mask = sys::block_signals();
    // SAFETY: `_start` hands over the stack pointer that the kernel entered with.
    let stack = unsafe { InitialStack::new(top) };
    let mut config = Config::new();
    let read = config.read(|index| stack.argument(index), |index| stack.variable(index));
    let code = if read.is_none() {
        sys::say(&mut config.error.line());
        CANNOT
    } else {
        match config.task {
            Task::Run => Init::new(&config, stack, mask).run(),
            Task::Pause => linger(None),
            Task::Sleep(time) => linger(Some(sys::now() + time)),
            Task::CopyTo(path) => copy::copy(stack.image(), path),
            Task::Help => print(HELP),
            Task::Version => print(VERSION),
            Task::License => print(LICENSE),
        }
    };
    sys::exit(code)
}

/// Reaps until it is asked to end, or the time has come.
#[inline(never)]
fn linger(until: Option<Nanos>) -> u8 {
    sys::default_disposition(Signal::CHLD);
    loop {
        let left = until.map(|until| until.saturating_sub(sys::now()));
        if left == Some(0) {
            return 0;
        }
        match sys::wait_for_signal(left) {
            Some((Signal::CHLD, _)) => while let Report::Child(..) = sys::reap() {},
            // Who pauses has done its job; who sleeps has not.
            Some((signal @ (Signal::TERM | Signal::INT), _)) => {
                return if until.is_none() { 0 } else { 128 + signal.number() };
            }
            _ => {}
        }
    }
}

/// Prints to stdout, whole.
#[inline(never)]
fn print(text: &str) -> u8 {
    match sys::write_all(1, text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            say("cannot write to stdout: %", error.reason(), [0; 2]);
            CANNOT
        }
    }
}
