//! Why an exec failed, in the user's terms. Nothing here runs before one has.

use core::ffi::CStr;

use rinit::diagnose::{self, Elf, HEAD_MAX, Kind, Machine};
use rinit::path;
use rinit::status::{NOT_EXECUTABLE, NOT_FOUND};
use rinit::text::Line;

use crate::sys::{self, Errno};

/// How many interpreters of interpreters the kernel follows (`exec_binprm` in fs/exec.c).
const DEPTH_MAX: u8 = 5;

/// Is it a text without a `#!` line, which a shell may read?
pub fn is_text(file: &CStr) -> bool {
    let mut head = [0; 256];
    let head = sys::open(file).map_or(&[][..], |file| sys::read_at(file, &mut head, 0));
    diagnose::kind(head) == Kind::Text
}

/// Says why `file` could not be executed, of which the kernel only said `error`; the exit code
/// for it.
#[cold]
pub fn explain(file: &CStr, error: Errno) -> u8 {
    blame(file, error, DEPTH_MAX);
    let missing = matches!(error, Errno::NOENT | Errno::NOTDIR) && !sys::exists(file);
    if missing { NOT_FOUND } else { NOT_EXECUTABLE }
}

/// What to say of a program for another machine.
const HERE: &str = if cfg!(target_arch = "x86_64") {
    "it is built for %, this machine is x86_64"
} else {
    "it is built for %"
};

/// Finds what is at fault: the file, the way to it, or what it needs in order to run.
#[inline(never)]
fn blame(file: &CStr, error: Errno, depth: u8) {
    let because = |template: &str, word: &[u8]| {
        let mut line = Line::new();
        line.add("cannot run %: ", file.to_bytes(), [0; 2]);
        line.add(template, word, [0; 2]);
        sys::say(&mut line);
    };
    let mut buffer = [0; path::MAX];
    if error == Errno::ACCESS || error == Errno::NOTDIR {
        if let Some(part) = closed_part(file, &mut buffer) {
            return because("% is no directory that it may search", part);
        }
    }
    if error == Errno::ACCESS {
        let reason = if sys::is_folder(file) {
            "it is a directory"
        } else if sys::is_noexec(file) {
            "its file system is mounted noexec"
        } else if !sys::may_execute(file) {
            "it has no execute permission (chmod +x)"
        } else {
            ""
        };
        if !reason.is_empty() {
            return because(reason, b"");
        }
    }
    let mut head = [0; HEAD_MAX];
    let opened = sys::open(file);
    let head = opened.map_or(&[][..], |file| sys::read_at(file, &mut head, 0));
    let kind = diagnose::kind(head);
    // What it needs in order to run, as a C string.
    let mut needed: &[u8] = b"";
    match (&kind, opened) {
        (Kind::Script(name), _) => {
            needed = path::join(&mut buffer, b"", b'/', name).unwrap_or_default();
        }
        (Kind::Elf(Elf { loader_offset, loader_size, .. }), Ok(file)) => {
            // One byte less than there is room for, so that a NUL ends it in any case.
            let size = (path::MAX - 1).min(*loader_size as usize);
            let room = buffer.get_mut(..size).unwrap_or_default();
            sys::read_at(file, room, *loader_offset);
            needed = &buffer;
        }
        _ => {}
    }
    let needed = sys::c_string(needed);
    let name = needed.to_bytes();
    match kind {
        Kind::Elf(Elf { machine, .. }) if machine != Machine::OWN => {
            because(HERE, machine.name().as_bytes());
        }
        _ if !name.is_empty() && !sys::exists(needed) => {
            because(
                match kind {
                    Kind::Script(_) if name.ends_with(b"\r") => {
                        "its first line ends in CR LF, not in LF: there is no interpreter %"
                    }
                    Kind::Script(_) => "its interpreter % is not in this image",
                    _ => "it is dynamically linked and needs %, which is not in this image",
                },
                name,
            );
        }
        _ if !name.is_empty()
            && depth > 0
            && matches!(error, Errno::NOENT | Errno::ACCESS | Errno::NOEXEC | Errno::LIBBAD) =>
        {
            because("it needs %", name);
            blame(needed, error, depth - 1);
        }
        _ if error == Errno::NOEXEC => because(
            match kind {
                Kind::Empty => "it is empty",
                Kind::Text => "it has no #! line, and there is no /bin/sh",
                Kind::Elf(_) | Kind::Truncated => "it is a damaged ELF file, or no program",
                Kind::MachO => "it is a program for macOS",
                Kind::Pe => "it is a program for Windows",
                Kind::Script(_) | Kind::Unknown => "its format is unknown",
            },
            b"",
        ),
        _ => match sys::read_link(file, &mut buffer) {
            Some(target) if error == Errno::NOENT => {
                because("it is a link to %, which is not there", target);
            }
            _ => because("%", error.reason()),
        },
    }
}

/// The first part of the way to `file` that is no folder, or not one that may be searched.
fn closed_part<'a>(file: &'a CStr, buffer: &mut [u8]) -> Option<&'a [u8]> {
    let bytes = file.to_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if *byte != b'/' || index == 0 {
            continue;
        }
        let part = bytes.get(..index)?;
        let folder = sys::c_string(path::join(buffer, b"", b'/', part)?);
        if !sys::is_folder(folder) || !sys::may_execute(folder) {
            return Some(part);
        }
    }
    None
}
