//! What rinit costs (contract: What it costs). The bounds are those of x86_64.
#![cfg(target_arch = "x86_64")]

mod common;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::thread;
use std::time::Duration;

use common::{Folder, Init, Stream, is_idle, rinit, status_field, tool};
use libc::c_int;

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

// The file.

/// What the file has reached. The aim is 8,192 bytes, which all features together do not meet (see
/// DESIGN.md, What it costs): so it may only shrink, and each step down is written down here.
const REACHED: u64 = 16_224;

#[test]
fn the_file_does_not_grow() {
    let size = fs::metadata(rinit()).unwrap().len();
    assert!(size <= REACHED, "{size} bytes, {REACHED} were reached before");
}

/// A field of an ELF file: so many bytes from this offset on, least significant first.
fn field(bytes: &[u8], offset: usize, size: usize) -> usize {
    bytes[offset..offset + size].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

#[test]
fn it_is_one_segment_read_and_execute_without_relocations() {
    use libc::{ET_DYN, PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_STACK, PT_INTERP, PT_LOAD};
    let file = fs::read(rinit()).unwrap();
    assert_eq!(&file[..6], b"\x7fELF\x02\x01", "64 bits, least significant byte first");
    assert_eq!(field(&file, 16, 2), ET_DYN as usize, "position independent");
    // elf(5), Elf64_Ehdr and Elf64_Phdr.
    let (table, size, count) = (field(&file, 32, 8), field(&file, 54, 2), field(&file, 56, 2));
    let headers: Vec<_> = (0..count).map(|it| &file[table + it * size..][..size]).collect();
    let kind = |header: &[u8]| field(header, 0, 4) as u32;
    let flags = |header: &[u8]| field(header, 4, 4) as u32;
    let of = |wanted| headers.iter().filter(move |it| kind(it) == wanted);

    let loads: Vec<_> = of(PT_LOAD).collect();
    assert_eq!(loads.len(), 1, "segments");
    assert_eq!(flags(loads[0]), PF_R | PF_X);
    let (in_file, in_memory) = (field(loads[0], 32, 8), field(loads[0], 40, 8));
    assert_eq!(in_file, in_memory, "zeroed memory would have to be writable");
    assert_eq!(of(PT_INTERP).count(), 0, "an interpreter");
    // What a dynamic section would be there for is to find relocations.
    assert_eq!(of(PT_DYNAMIC).count(), 0, "a dynamic section");
    let stacks: Vec<_> = of(PT_GNU_STACK).map(|it| flags(it)).collect();
    assert_eq!(stacks, [PF_R | PF_W], "without this header the stack is executable");
}

#[test]
fn nothing_of_it_is_writable_but_the_stack() {
    let mut init = Init::new(NONE).probe(["wait"]).pid_1().start();
    init.until("ready");
    let maps = fs::read_to_string(format!("/proc/{}/maps", init.pid())).unwrap();
    let mut own = Vec::new();
    for line in maps.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let name = words.get(5).copied().unwrap_or("anonymous");
        match name {
            "[stack]" => assert_eq!(words[1], "rw-p", "{maps}"),
            // The kernel's.
            "[vdso]" | "[vvar]" | "[vvar_vclock]" | "[vsyscall]" => {}
            _ => own.push(words[1]),
        }
    }
    assert_eq!(own, ["r-xp"], "{maps}");
}

#[test]
fn the_kernel_maps_it_to_a_different_address_every_time() {
    if fs::read_to_string("/proc/sys/kernel/randomize_va_space").unwrap().trim() == "0" {
        return common::skip("this machine has switched address space randomisation off");
    }
    let address = |_| {
        let mut init = Init::new(NONE).probe(["wait"]).start();
        init.until("ready");
        let maps = fs::read_to_string(format!("/proc/{}/maps", init.pid())).unwrap();
        maps.lines().find(|it| it.contains("r-xp")).unwrap().split('-').next().unwrap().to_owned()
    };
    let addresses: HashSet<_> = (0..5).map(address).collect();
    assert!(addresses.len() > 1, "{addresses:?}");
}

// Memory.

/// The sum of a field of /proc/PID/smaps, in kB.
fn smaps(pid: c_int, name: &str) -> usize {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    lines.map(|it| it.trim().trim_end_matches(" kB").parse::<usize>().unwrap()).sum()
}

#[test]
fn idle_it_takes_16_kb_of_memory_of_which_8_are_its_own() {
    for pid_1 in BOTH {
        // How many pages the stack covers depends on where in a page the kernel has it begin, at
        // random; and what else is resident, on who else has mapped the file. Neither is rinit's
        // doing, so what counts is the least of a few runs.
        let run = |_| {
            let mut init = Init::new(NONE).probe(["wait"]).pid_1_if(pid_1).start();
            init.until("ready");
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            let smaps = |name| smaps(init.pid(), name);
            (smaps("Rss"), smaps("Private_Dirty"))
        };
        let runs: Vec<_> = (0..8).map(run).collect();
        let (rss, dirty) =
            (runs.iter().map(|it| it.0).min().unwrap(), runs.iter().map(|it| it.1).min().unwrap());
        assert!(rss <= 16 && dirty <= 8, "RSS and private dirty memory in kB: {runs:?}");
    }
}

/// How much of its file a process has in memory, in kB.
fn resident_file(pid: c_int) -> usize {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let path = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    let (_, of_file) = text.split_once(path.to_str().unwrap()).unwrap();
    let line = of_file.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn it_reaps_and_forwards_in_the_one_page_that_it_keeps() {
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(["signals"]).pid_1_if(pid_1).start();
        init.until("ready");
        init.until_true("rinit to be idle", |it| is_idle(it.pid()));
        for signal in [libc::SIGUSR1, libc::SIGTERM, libc::SIGRTMIN() + 3] {
            init.signal(signal);
            init.until(&format!("got {signal}"));
        }
        init.until_true("rinit to be idle", |it| is_idle(it.pid()));
        assert_eq!(resident_file(init.pid()), 4, "after signals");

        let init = Init::new(NONE).probe(["orphans", "20"]).stream(0, Stream::Pipe);
        let mut init = init.pid_1_if(pid_1).start();
        init.until("ready");
        init.end_input();
        init.until_true("the orphans to be reaped", |it| it.children().len() == 1);
        init.until_true("rinit to be idle", |it| is_idle(it.pid()));
        assert_eq!(resident_file(init.pid()), 4, "after orphans");
    }
}

// System calls.

/// What strace sees of rinit itself while it runs `true`: a system call a line.
fn trace() -> Option<Vec<String>> {
    let strace = tool("strace", "apt-get install strace")?;
    let folder = Folder::new();
    let log = folder.join("log");
    // An absolute path, so that nothing is searched.
    let words = ["-o".as_ref(), log.as_os_str(), rinit().as_os_str(), OsStr::new("/bin/true")];
    let outcome = Init::new(words).program(strace).finish();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let log = fs::read_to_string(log).unwrap();
    // Without its notes on signals and on the end.
    let calls = log.lines().filter(|it| !it.starts_with("---") && !it.starts_with("+++"));
    Some(calls.map(str::to_owned).collect())
}

#[test]
fn it_makes_at_most_12_system_calls_to_run_true() {
    // A few runs, because what it does may depend on where in a page its stack begins.
    for _ in 0..12 {
        let Some(calls) = trace() else { return };
        // The exec that started it is the first, its exit the last.
        assert!(calls[0].starts_with("execve(") && calls[calls.len() - 1].contains("exit_group("));
        assert!(calls.len() <= 12, "{calls:#?}");
    }
}

#[test]
fn its_first_system_call_blocks_all_signals() {
    let Some(calls) = trace() else { return };
    // What strace writes for all of them: all but none.
    assert!(calls[1].starts_with("rt_sigprocmask(SIG_") && calls[1].contains("~["), "{calls:#?}");
    assert!(!calls[1].contains("SIG_UNBLOCK"), "{calls:#?}");
}

#[test]
fn it_reads_no_file_opens_none_and_allocates_nothing() {
    let Some(calls) = trace() else { return };
    let unexpected = ["open", "creat", "read", "pread", "stat", "access", "mmap", "brk", "mprot"];
    for call in &calls[1..] {
        assert!(!unexpected.iter().any(|it| call.starts_with(it)), "{calls:#?}");
    }
}

// Wakeups.

/// How often a process was given the processor and let go of it.
fn switches(pid: c_int) -> (String, String) {
    let field = |name| status_field(pid, name);
    (field("voluntary_ctxt_switches"), field("nonvoluntary_ctxt_switches"))
}

#[test]
fn idle_it_never_wakes_up() {
    // All of them at once, so that all are watched over the same seconds: at work, and in a drain,
    // in which one timer runs.
    let mut inits = Vec::new();
    for pid_1 in BOTH {
        for (options, drains) in [(&[][..], false), (&["-v"], false), (&["-t", "1000"], true)] {
            let init = Init::new(options).probe(["leave", "7", "stubborn"]).pid_1_if(pid_1);
            let mut init = init.stream(0, Stream::Pipe).start();
            init.until("ready");
            if drains {
                init.input("\n");
                init.until("got 15");
                init.until_true("the drain", |it| it.children().len() == 1);
            }
            init.until_true("rinit to be idle", |it| is_idle(it.pid()));
            inits.push(init);
        }
    }
    let count = || inits.iter().map(|it| switches(it.pid())).collect::<Vec<_>>();
    let before = count();
    assert!(before.iter().all(|(voluntary, _)| !voluntary.is_empty()), "no figures");
    thread::sleep(Duration::from_secs(5));
    assert_eq!(count(), before);
}
