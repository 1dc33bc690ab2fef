//! `PATH` → the files to try, in order.

use crate::text;

/// Where to search when `PATH` is unset. An empty folder in a search path is the working directory
/// (POSIX, PATH).
pub const DEFAULT: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// Does `program` name a file by itself, so that `PATH` is not searched (POSIX, execvp(3))? An
/// empty name is none, and is found nowhere.
#[must_use]
pub fn is_path(program: &[u8]) -> bool {
    program.is_empty() || text::split(program, b'/').1.is_some()
}

/// The longest name that the kernel takes, NUL included (`PATH_MAX`).
pub const MAX: usize = 4096;

/// `left`, `between`, `right` and the NUL that a system call wants, for a candidate such as
/// `folder/program`; where `left` is empty, `right` alone. None where it does not fit.
///
/// It stands at the end of the buffer, next to the caller's frame: what no candidate needs of a
/// large buffer is never touched and takes no memory.
#[must_use]
#[inline(never)]
pub fn join<'a>(buffer: &'a mut [u8], left: &[u8], between: u8, right: &[u8]) -> Option<&'a [u8]> {
    // Where the right part begins.
    let middle = if left.is_empty() { 0 } else { left.len() + 1 };
    let start = buffer.len().checked_sub(middle + right.len() + 1)?;
    let name = buffer.get_mut(start..)?;
    for (index, slot) in name.iter_mut().enumerate() {
        *slot = if let Some(byte) = left.get(index) {
            *byte
        } else if index < middle {
            between
        } else {
            right.get(index - middle).copied().unwrap_or(0)
        };
    }
    Some(name)
}
