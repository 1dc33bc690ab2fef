//! Any file: its first bytes are read without a step outside of them, and what an ELF header says is
//! read as another reader reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rinit::diagnose::{HEAD_MAX, Machine, diagnose};
use rinit::message::Message;

fuzz_target!(|file: &[u8]| {
    let file = file.get(..HEAD_MAX).unwrap_or(file);
    let mut head = [0; HEAD_MAX];
    head[..file.len()].copy_from_slice(file);
    let found = diagnose(&head, file.len());

    let name = found.machine.name();
    assert!(!name.is_empty() && name.is_ascii());
    let needed = (found.offset, found.size);
    let is_elf = file.starts_with(b"\x7fELF");
    let is_script = file.starts_with(b"#!");
    assert!(is_elf || found.machine == Machine::OWN);
    match found.reason {
        Message::NoLoader => {
            assert!(is_elf && file.len() >= 52);
            // Where the file ends early, zeros stand in its place.
            assert_eq!(needed, loader(&head).unwrap_or_default());
        }
        Message::NoInterpreter | Message::CarriageReturn => {
            assert!(is_script);
            let name = &head[found.offset..][..found.size];
            assert_eq!(Some(name), interpreter(&head[2..256]));
            assert_eq!(name.ends_with(b"\r"), found.reason == Message::CarriageReturn);
        }
        reason => {
            assert_eq!(needed, (0, 0));
            match reason {
                Message::IsEmpty => assert!(file.is_empty()),
                Message::IsNameless => assert!(is_script && interpreter(&head[2..256]).is_none()),
                Message::IsDamaged => assert!(is_elf && file.len() < 52),
                Message::IsText => assert!(!file.contains(&0) && !is_script && !is_elf),
                Message::IsMachO | Message::IsPe | Message::IsUnknown => {
                    assert!(!is_script && !is_elf);
                }
                other => panic!("{other:?} cannot be seen from the first bytes"),
            }
        }
    }
});

/// The first word of a line, where it has one and its end is in sight.
fn interpreter(line: &[u8]) -> Option<&[u8]> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = line.iter().position(|byte| !blank(byte))?;
    let rest = &line[start..];
    let end = rest.iter().position(|byte| blank(byte) || matches!(byte, b'\n' | 0))?;
    (end > 0).then(|| &rest[..end])
}

/// Where the loader's name stands and how long it is, in a header of this machine's byte order; none
/// where there is none, or the file ends too early.
fn loader(file: &[u8]) -> Option<(usize, usize)> {
    let is_big = cfg!(target_endian = "big");
    if file[5] != if is_big { 2 } else { 1 } {
        return None;
    }
    let field = |at: usize, len: usize| -> Option<u64> {
        let bytes = file.get(at..at.checked_add(len)?)?;
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if is_big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    };
    // Each is (address size, e_phoff, e_phnum, entry size, p_offset, p_filesz) of elf(5).
    let (address, phoff, phnum, size, offset, filesz) =
        if file[4] == 1 { (4, 28, 44, 32, 4, 16) } else { (8, 32, 56, 56, 8, 32) };
    // Nobody looks at the upper half of an address.
    let address = |at: usize| Some(field(at, address)? as u32 as usize);
    let table = address(phoff)?;
    for index in 0..field(phnum, 2)? as usize {
        let entry = table.checked_add(index * size)?;
        // The whole of it has to be there.
        file.get(entry..entry.checked_add(size)?)?;
        if field(entry, 4)? == 3 {
            return Some((address(entry + offset)?, address(entry + filesz)?));
        }
    }
    None
}
