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
//! | `bare` | what rustix does for the others, on architectures that it does not carry |
#![no_std]
#![no_main]
#![deny(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[cfg(without_rustix)]
mod bare;
mod copy;
mod explain;
mod init;
mod launch;
mod start;
mod sys;
mod terminal;

use rinit::cli::{Config, HELP, Id, LICENSE, UsageError};
use rinit::message::{Message, reason};
use rinit::status::CANNOT;
use rinit::text::Line;

use init::Init;
use start::InitialStack;
use sys::Errno;

/// The form that container engines parse.
const VERSION: &str =
    concat!("rinit version ", env!("CARGO_PKG_VERSION"), " - git.", env!("RINIT_COMMIT"), "\n");

/// Says a message on stderr.
#[inline(never)]
fn say(message: Message, word: &[u8], numbers: [u32; 2]) {
    let mut line = Line::new();
    line.add(message, word, numbers);
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
        refuse(&config.error)
    } else if config.task >= Id::COPY_TO {
        do_task(&config, stack)
    } else if sys::is_mask(&mask) {
        Init::new(&config, stack, mask).run()
    } else {
        cannot_start()
    };
    sys::exit(code)
}

/// Says what is wrong with the command line or a variable.
#[cold]
#[inline(never)]
fn refuse(error: &UsageError<'_>) -> u8 {
    let mut line = Line::new();
    error.tell(&mut line);
    sys::say(&mut line);
    CANNOT
}

/// Does what is asked for in place of being an init.
#[cold]
fn do_task(config: &Config<'_>, stack: InitialStack) -> u8 {
    if let Some(path) = config.path
        && config.task == Id::COPY_TO
    {
        return copy::copy(stack.image(), path);
    }
    print(match config.task {
        Id::HELP => HELP,
        Id::VERSION => VERSION,
        _ => LICENSE,
    })
}

/// Prints to stdout, whole.
fn print(text: &str) -> u8 {
    conclude(sys::write_all(1, text.as_bytes()), Message::CannotPrint)
}

/// Says that signals cannot be blocked, or given back as they were; the exit code for it. Only a
/// seccomp filter refuses that.
#[cold]
#[inline(never)]
fn cannot_start() -> u8 {
    conclude(-(Errno::PERM.0 as isize), Message::CannotStart)
}

/// The exit code for what a task came to: 0, or an error, which is said.
#[inline(never)]
pub fn conclude(result: isize, message: Message) -> u8 {
    if result == 0 {
        return 0;
    }
    say(message, reason(-result as i32), [0; 2]);
    CANNOT
}
