//! Whatever rinit is started with, arguments and environment reach the program byte for byte: what
//! an exec can hand over, picked at random, and initial stacks that no kernel of today makes.
//!
//! The seed is printed. `FUZZ_SEED` repeats a run, `FUZZ_SECONDS` says how long to look (2 for each
//! test).

mod common;

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;
use std::time::{Duration, Instant};

use common::probe::Born;
use common::{Init, is_rinit, pipe, probe, rinit};

/// The longest string that an exec takes, without its NUL (MAX_ARG_STRLEN of binfmts.h).
const STRING_MAX: usize = 128 * 1024 - 1;

/// A random number generator (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    /// One whose seed is said.
    fn new(test: &str) -> Self {
        let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        let seed = std::env::var("FUZZ_SEED").map_or_else(|_| now(), |seed| seed.parse().unwrap());
        println!("{test}: FUZZ_SEED={seed}");
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 32) as usize) % end
    }

    fn one_of<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A string of any bytes but NUL: most are short, some as long as the kernel takes them.
    fn string(&mut self) -> Vec<u8> {
        let len = match self.below(40) {
            0..8 => 0,
            8..36 => self.below(24),
            36 => 4094 + self.below(4),
            37 => self.below(2000),
            38 => STRING_MAX - self.below(2),
            _ => self.below(STRING_MAX),
        };
        let kind = self.below(3);
        let byte = |random: &mut Self| match kind {
            0 => 1 + random.below(255) as u8,
            1 => *random.one_of(&[b"-", b"=", b"a", b":", b" ", b"\n", b"%"]).first().unwrap(),
            _ => b'x',
        };
        (0..len).map(|_| byte(self)).collect()
    }

    /// Some of them, a megabyte at most all in all.
    fn strings(&mut self) -> Vec<Vec<u8>> {
        let count = match self.below(20) {
            0 => 0,
            1 => 2000 + self.below(20_000),
            _ => self.below(12),
        };
        let mut room = 500_000;
        let mut strings = Vec::new();
        for _ in 0..count {
            // Many, but short then.
            let string = if count < 100 { self.string() } else { vec![b'y'; self.below(3)] };
            // Each takes its NUL and a pointer as well.
            if string.len() + 9 > room {
                break;
            }
            room -= string.len() + 9;
            strings.push(string);
        }
        strings
    }

    /// An environment: names and values, entries that are neither, the same again.
    fn environment(&mut self) -> Vec<Vec<u8>> {
        let mut entries = self.strings();
        for entry in &mut entries {
            match self.below(4) {
                0 => entry.splice(0..0, *b"NAME=").for_each(drop),
                1 => entry.splice(0..0, *b"PATH").for_each(drop),
                _ => {}
            }
            entry.truncate(STRING_MAX);
        }
        if let Some(first) = entries.first().filter(|it| it.len() < 100).cloned() {
            entries.push(first);
        }
        // Those have a meaning, and other tests: options, and a process id.
        entries.retain(|it| !it.starts_with(b"RINIT_") && !it.starts_with(b"LISTEN_PID="));
        entries
    }

    /// Options that change nothing for what is compared.
    fn options(&mut self) -> Vec<Vec<u8>> {
        let lines: [&[&str]; 6] = [
            &[],
            &["--"],
            &["-t", "0.5"],
            &["-g", "-e3", "--"],
            &["--rewrite", "HUP:USR1", "-cs"],
            &["-w", "--stop-delay=1.5", "--"],
        ];
        self.one_of(&lines).iter().map(|it| it.as_bytes().to_vec()).collect()
    }
}

/// Does this again and again until the time is over; at least once.
fn for_a_while(mut act: impl FnMut(usize)) {
    let seconds = std::env::var("FUZZ_SECONDS").map_or(2.0, |it| it.parse().unwrap());
    // Built by now, if it has to be.
    rinit();
    let start = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < Duration::from_secs_f64(seconds) {
        act(rounds);
        rounds += 1;
    }
    println!("{rounds} rounds");
}

/// What the program is started with: itself, and more words.
fn program(more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let words = [probe::path().as_os_str().as_bytes(), probe::FLAG.as_bytes(), b"report"];
    words.iter().map(|it| it.to_vec()).chain(more.iter().cloned()).collect()
}

/// Without their content, which may be a megabyte.
#[track_caller]
fn assert_same(found: &[Vec<u8>], expected: &[Vec<u8>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: how many");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found == expected, "{what} {index}: {} bytes differ", expected.len());
    }
}

#[test]
fn any_arguments_and_environment_arrive_byte_for_byte() {
    let mut random = Random::new("any_arguments_and_environment_arrive_byte_for_byte");
    for_a_while(|round| {
        let (options, more, environment) =
            (random.options(), random.strings(), random.environment());
        let program = program(&more);
        let words = options.iter().chain(&program).map(|it| std::ffi::OsStr::from_bytes(it));
        let mut init = Init::new(words).env_remove("PATH").pid_1_if(round % 2 == 0);
        for entry in &environment {
            init = init.env_raw(entry);
        }
        let outcome = init.finish();
        outcome.assert_quiet(0);
        let born = Born::read(&outcome.text());
        assert_same(&born.arguments, &program, "argument");
        assert_same(&born.environment, &environment, "variable");
    });
}

#[test]
fn nobody_reads_past_the_null_at_the_end_of_a_vector() {
    // The reader of the initial stack relies on that: it hands out what stands at an index.
    let mut random = Random::new("nobody_reads_past_the_null_at_the_end_of_a_vector");
    let words =
        "-t 5 -r TERM:QUIT -e 3 -- -S ::: ::: --any -P --sleep --copy-to x -vw --grace=1 -h - --"
            .split(' ')
            .collect::<Vec<_>>();
    let variables = ["RINIT_ANY=1", "RINIT_GRACE=2", "RINIT_VERBOSE", "HOME=/", ""];
    for_a_while(|_| {
        for _ in 0..1000 {
            let count = random.below(9);
            let arguments: Vec<&'static str> = (0..count).map(|_| random.one_of(&words)).collect();
            let count = random.below(4);
            let environment: Vec<&'static str> =
                (0..count).map(|_| random.one_of(&variables)).collect();
            let from = |vector: &[&'static str], index: usize| {
                assert!(index <= vector.len(), "{index} of {arguments:?} {environment:?}");
                vector.get(index).map(|word| word.as_bytes())
            };
            let mut config = rinit::cli::Config::new();
            let _ = config.read(|index| from(&arguments, index), |index| from(&environment, index));
        }
    });
}

#[test]
fn a_hundred_thousand_arguments_arrive() {
    let more: Vec<Vec<u8>> = (0..100_000).map(|it| vec![b'a'; it % 2]).collect();
    let program = program(&more);
    let outcome = Init::new(program.iter().map(|it| std::ffi::OsStr::from_bytes(it))).finish();
    outcome.assert_quiet(0);
    assert_same(&Born::read(&outcome.text()).arguments, &program, "argument");
}

#[test]
fn at_the_limit_of_the_kernel_all_arrive_or_it_says_why_not() {
    // The longest command line with which rinit itself can be started. What it starts has the longer
    // name, which counts as well, and so may find no room.
    let run = |bytes: usize| {
        let mut command = Command::new(rinit());
        command.env_clear().arg(probe::path()).args([probe::FLAG, "report"]);
        for _ in 0..bytes / 1000 {
            command.arg("x".repeat(999));
        }
        command.arg("y".repeat(bytes % 1000)).output()
    };
    let (mut fits, mut fails) = (0_usize, 8_000_000);
    while fails - fits > 1 {
        let middle = fits.midpoint(fails);
        match run(middle) {
            Ok(_) => fits = middle,
            Err(_) => fails = middle,
        }
    }
    println!("{fits} bytes are the most");
    for less in [0, 1, 8, 50, 100, 300, 5000] {
        let output = run(fits - less).unwrap();
        let (text, errors) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        if output.status.code() == Some(0) {
            let born = Born::read(&text);
            assert_eq!(born.arguments.iter().map(Vec::len).max(), Some(999));
            assert_eq!(born.arguments.last().map(Vec::len), Some((fits - less) % 1000));
        } else {
            assert_eq!(output.status.code(), Some(126), "{errors}");
            assert_eq!(errors.lines().count(), 1, "{errors}");
            assert!(errors.contains("too large"), "{errors}");
        }
    }
}

// Initial stacks that no kernel of today makes, though one of old might: the program is put into
// memory and entered as the kernel would (`create_elf_tables` in fs/binfmt_elf.c).

/// What stands on an initial stack.
#[derive(Default)]
struct Words {
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    /// The auxiliary vector, without its end.
    auxiliary: Vec<[usize; 2]>,
}

/// rinit's file in the memory of the test.
#[cfg(target_arch = "x86_64")]
struct Image {
    base: usize,
    entry: usize,
    headers: usize,
}

#[cfg(target_arch = "x86_64")]
impl Image {
    fn new() -> Self {
        let file = fs::File::open(rinit()).unwrap();
        let bytes = fs::read(rinit()).unwrap();
        let field = |at: usize| usize::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
        // One segment that is the file from its start, at address 0: tests/footprint.rs.
        let (protection, none) = (libc::PROT_READ | libc::PROT_EXEC, std::ptr::null_mut());
        let (fd, flags) = (file.as_raw_fd(), libc::MAP_PRIVATE);
        // SAFETY: a new mapping.
        let base = unsafe { libc::mmap(none, bytes.len(), protection, flags, fd, 0) };
        assert_ne!(base, libc::MAP_FAILED);
        let base = base.addr();
        Self { base, entry: base + field(24), headers: base + field(32) }
    }

    /// Enters it in a process of its own: exit code, stdout, stderr.
    fn enter(&self, words: &Words, lower: usize) -> (Option<i32>, String, String) {
        let (memory, top) = stack(words, lower);
        let outputs = [pipe(), pipe()];
        let entry = self.entry;
        // SAFETY: the child makes system calls only, and never returns.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: descriptors that are there; then a stack as the kernel makes it.
            unsafe {
                libc::dup2(outputs[0].1.as_raw_fd(), 1);
                libc::dup2(outputs[1].1.as_raw_fd(), 2);
                std::arch::asm!(
                    "mov rsp, {top}", "xor edx, edx", "xor ebp, ebp", "jmp {entry}",
                    top = in(reg) top, entry = in(reg) entry, options(noreturn)
                );
            }
        }
        let [out, err] = outputs.map(|(reader, writer)| {
            drop(writer);
            std::thread::spawn(|| read(reader))
        });
        let (out, err) = (out.join().unwrap(), err.join().unwrap());
        let mut status = 0;
        // SAFETY: room for the status; the memory is the test's own.
        unsafe {
            assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
            libc::munmap(std::ptr::with_exposed_provenance_mut(memory.0), memory.1);
        }
        (libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)), out, err)
    }
}

#[cfg(target_arch = "x86_64")]
fn read(file: OwnedFd) -> String {
    std::io::read_to_string(fs::File::from(file)).unwrap()
}

/// Lays a stack out: the memory it lies in (address and size), and the stack pointer, which is
/// `lower` bytes further down than it would have to be.
#[cfg(target_arch = "x86_64")]
fn stack(words: &Words, lower: usize) -> ((usize, usize), usize) {
    let strings: usize =
        words.arguments.iter().chain(&words.environment).map(|it| it.len() + 1).sum();
    let pointers = words.arguments.len() + words.environment.len() + 2 * words.auxiliary.len() + 8;
    let size = (strings + pointers * 8 + lower + 512 * 1024).next_multiple_of(4096);
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0) };
    assert_ne!(memory, libc::MAP_FAILED);
    let start = memory.expose_provenance();
    let put = |address: usize, bytes: &[u8]| {
        assert!(address >= start && address + bytes.len() <= start + size);
        let to = std::ptr::with_exposed_provenance_mut::<u8>(address);
        // SAFETY: within the memory, as just seen.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    };
    let mut next = start + size - strings;
    let mut vector = vec![words.arguments.len()];
    for list in [&words.arguments, &words.environment] {
        for string in list {
            put(next, string);
            vector.push(next);
            next += string.len() + 1;
        }
        vector.push(0);
    }
    vector.extend(words.auxiliary.iter().flatten());
    // AT_NULL
    vector.extend([0, 0]);
    let top = (start + size - strings - vector.len() * 8 - lower) & !15;
    for (index, word) in vector.iter().enumerate() {
        put(top + index * 8, &word.to_ne_bytes());
    }
    ((start, size), top)
}

#[cfg(target_arch = "x86_64")]
const AT_PHDR: usize = 3;

#[cfg(target_arch = "x86_64")]
#[test]
fn any_initial_stack_is_read_as_it_stands() {
    let mut random = Random::new("any_initial_stack_is_read_as_it_stands");
    let image = Image::new();
    for_a_while(|_| {
        let (options, more) = (random.options(), random.strings());
        let program = program(&more);
        let mut auxiliary: Vec<_> =
            (0..random.below(30)).map(|_| [5 + random.below(60), random.next() as usize]).collect();
        if random.below(3) > 0 {
            let place = random.below(auxiliary.len() + 1);
            auxiliary.insert(place, [AT_PHDR, image.headers]);
        }
        let name = [random.string()];
        let environment = random.environment();
        let arguments = name.iter().chain(&options).chain(&program).cloned().collect();
        let words = Words { arguments, environment, auxiliary };
        let (code, out, err) = image.enter(&words, random.below(20_000));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        let born = Born::read(&out);
        assert_same(&born.arguments, &program, "argument");
        assert_same(&born.environment, &words.environment, "variable");
    });
}

#[cfg(target_arch = "x86_64")]
#[test]
fn without_a_name_the_environment_is_not_read_as_arguments() {
    // Before Linux 5.18 a program could be started so (argc 0).
    let image = Image::new();
    let entry = probe::path().as_os_str().as_bytes().to_vec();
    let environment = vec![entry, probe::FLAG.into(), b"report".to_vec()];
    for auxiliary in [vec![], vec![[AT_PHDR, image.headers]]] {
        let words = Words { environment: environment.clone(), auxiliary, ..Words::default() };
        let (code, out, err) = image.enter(&words, 0);
        assert_eq!((code, out.as_str()), (Some(125), ""), "{err}");
        assert!(err.starts_with("rinit: ") && err.lines().count() == 1, "{err}");
    }
    // As the kernel of today does it: an empty name.
    let words = Words { arguments: vec![vec![]], environment, ..Words::default() };
    assert_eq!(image.enter(&words, 0).0, Some(125));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn with_nothing_at_all_it_says_what_it_lacks() {
    let (code, out, err) = Image::new().enter(&Words::default(), 0);
    assert_eq!((code, out.as_str()), (Some(125), ""), "{err}");
    assert!(err.starts_with("rinit: ") && err.lines().count() == 1, "{err}");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn without_an_auxiliary_vector_it_copies_no_half_of_itself() {
    let folder = common::Folder::new();
    let image = Image::new();
    let copy = |auxiliary: Vec<[usize; 2]>| {
        let path = folder.join("copy").into_os_string().into_vec();
        let words = [b"rinit".to_vec(), b"--copy-to".to_vec(), path];
        let words = Words { arguments: words.into(), auxiliary, ..Words::default() };
        image.enter(&words, 0)
    };
    let (code, _, err) = copy(vec![]);
    assert_eq!((code, err.lines().count()), (Some(125), 1), "{err}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves something");
    let (code, _, err) = copy(vec![[6, 4096], [AT_PHDR, image.headers], [9, image.entry]]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(!is_rinit() || fs::read(folder.join("copy")).unwrap() == fs::read(rinit()).unwrap());
    assert!(image.base.is_multiple_of(4096));
}
