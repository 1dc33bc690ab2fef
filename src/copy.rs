//! `--copy-to`: the program writes itself, whole or not at all.

use core::ffi::CStr;

use rinit::message::{Message, reason};
use rinit::status::CANNOT;
use rinit::text::Line;
use rinit::{path, text};

use crate::sys;

/// Writes `image` to `path`, an argument; the exit code.
#[cold]
#[inline(never)]
pub fn copy(image: &[u8], path: &[u8]) -> u8 {
    // Without its headers (AT_PHDR, which every kernel hands over) nobody knows where it stands.
    let result = if image.is_empty() { -NO_DATA } else { replace(image, path) };
    if result == 0 {
        return 0;
    }
    let mut line = Line::new();
    line.add(Message::CannotCopy, path, [0; 2]);
    line.add(Message::Word, reason(-result as i32), [0; 2]);
    sys::say(&mut line);
    CANNOT
}

/// Writes a new file into the same folder and gives it the old one's name: whoever executes the
/// path meanwhile meets one or the other, whole. 0, or an error.
fn replace(image: &[u8], path: &[u8]) -> isize {
    let mut folder = path;
    while let [rest @ .., last] = folder
        && *last != b'/'
    {
        folder = rest;
    }
    // Not the process id, which is 1 in every container that shares the folder.
    let mut digits = [0; 10];
    let unique = text::decimal(sys::now() as u32, &mut digits);
    let mut buffer = [0; path::MAX];
    let Some(new) = path::join(&mut buffer, folder, b'.', unique) else { return -NAME_TOO_LONG };
    let new = sys::c_string(new);
    // SAFETY: every argument is a C string, and the path is the end of one.
    let old = unsafe { CStr::from_ptr(path.as_ptr().cast()) };
    let file = sys::create(new);
    if file < 0 {
        return file;
    }
    let file = file as usize;
    let mut result = sys::write_all(file, image);
    if result == 0 {
        result = sys::set_len(file, (image.len() + HEADERS).next_multiple_of(size_of::<usize>()));
    }
    if result == 0 {
        result = sys::make_program(file);
    }
    if result == 0 {
        result = sys::sync(file);
    }
    if result == 0 {
        result = sys::rename(new, old);
    }
    if result != 0 {
        sys::remove(new);
    }
    result
}

/// What follows the image in the file, all zeros: lld leaves room there for the headers of two
/// sections, none and the only one, though it was told to write none (`-z nosectionheader`).
const HEADERS: usize = 2 * if size_of::<usize>() == 8 { 64 } else { 40 };

/// `ENODATA`.
const NO_DATA: isize = linux_raw_sys::errno::ENODATA as isize;

/// `ENAMETOOLONG`.
const NAME_TOO_LONG: isize = linux_raw_sys::errno::ENAMETOOLONG as isize;
