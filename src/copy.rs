//! `--copy-to`: the program writes itself, whole or not at all.

use rinit::status::CANNOT;
use rinit::{path, text};

use crate::sys::Errno;
use crate::{say, sys};

/// Writes `image` to `path`; the exit code.
#[cold]
#[inline(never)]
pub fn copy(image: &[u8], path: &[u8]) -> u8 {
    match replace(image, path) {
        Ok(()) => 0,
        Err(error) => {
            say("cannot copy: %", error.reason(), [0; 2]);
            CANNOT
        }
    }
}

/// Writes a new file beside the old one and renames it: whoever executes the path meanwhile meets
/// one or the other, whole.
fn replace(image: &[u8], path: &[u8]) -> sys::Result<()> {
    // Not the process id, which is 1 in every container that shares the folder.
    let mut digits = [0; 10];
    let unique = text::decimal(sys::now() as u32, &mut digits);
    let (mut old, mut new) = ([0; path::MAX], [0; path::MAX]);
    let joined =
        path::join(&mut old, b"", b'/', path).zip(path::join(&mut new, path, b'.', unique));
    let Some((old, new)) = joined else { return Err(Errno::NAMETOOLONG) };
    let (old, new) = (sys::c_string(old), sys::c_string(new));
    let file = sys::create(new)?;
    let result = sys::write_all(file, image)
        .and_then(|()| sys::finish_program(file))
        .and_then(|()| sys::rename(new, old).map(|_| ()));
    if result.is_err() {
        sys::remove(new);
    }
    result
}
