//! How the program starts, and what it starts with (contract: Start).

mod common;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hint;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::probe::{self, Born};
use common::{
    ALL_BLOCKED, Folder, Init, PATH, SIGNALS, Stream, blocks_all, check, children, is_root,
    mask_of, pipe, rinit, scratch, send, waits, within,
};
use libc::{SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, c_int};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

const NONE: [&str; 0] = [];

/// What the probe finds under rinit.
fn born(init: Init) -> Born {
    let outcome = init.finish();
    outcome.assert_quiet(0);
    Born::read(&outcome.text())
}

// Signals of the first instants.

#[test]
fn signals_that_came_before_the_exec_reach_the_program() {
    let unreachable = [SIGCHLD, SIGKILL, SIGSTOP];
    // SIGCONT and the signals that stop undo each other (signal(7)), so it goes alone.
    let rest: Vec<_> =
        (1..=SIGNALS).filter(|it| !unreachable.contains(it) && *it != SIGCONT).collect();
    for pid_1 in BOTH {
        for signals in [rest.clone(), vec![SIGCONT]] {
            let (gate, go) = pipe();
            let newborn = Init::new(NONE)
                .probe(["signals"])
                .pid_1_if(pid_1)
                .blocking(u64::MAX)
                .setup(move || read_byte(&gate))
                .conceive();
            let pid = newborn.running.pid();
            let early = signals.clone();
            let sender = thread::spawn(move || {
                while !blocks_all(pid) {
                    thread::yield_now();
                }
                early.iter().for_each(|signal| send(pid, *signal));
                File::from(go).write_all(b"!").unwrap();
            });
            let mut init = newborn.start();
            sender.join().unwrap();
            for signal in signals {
                init.until(&format!("got {signal} from"));
            }
        }
    }
}

/// Blocks until there is one to read.
fn read_byte(file: &OwnedFd) -> io::Result<()> {
    // SAFETY: room for one byte.
    let count = unsafe { libc::read(file.as_raw_fd(), [0_u8; 1].as_mut_ptr().cast(), 1) };
    check(count as c_int)
}

#[test]
fn no_signal_is_lost_in_the_first_instants() {
    for shot in 0..300 {
        let pid_1 = shot % 2 == 0;
        // As the program has it, the signal is waited for, or kills it at once.
        let (blocked, probe, code) =
            if shot % 3 == 0 { (u64::MAX, "signals", 0) } else { (0, "wait", 128 + SIGTERM) };
        let init = Init::new(NONE).blocking(blocked).pid_1_if(pid_1);
        let newborn = init.probe([probe, &SIGTERM.to_string()]).conceive();
        let pid = newborn.running.pid();
        // Spread over the first 1.5 ms, in no order.
        let delay = Duration::from_micros(shot * 7919 % 1500);
        let shooter = thread::spawn(move || {
            // Before its first system call the kernel still acts on signals by itself.
            while !blocks_all(pid) {
                hint::spin_loop();
            }
            let start = Instant::now();
            while start.elapsed() < delay {
                hint::spin_loop();
            }
            send(pid, SIGTERM);
        });
        let init = newborn.start();
        shooter.join().unwrap();
        // Hangs where the signal was lost.
        init.finish().assert_quiet(code);
    }
}

// What it inherits.

#[test]
fn an_inherited_ignored_sigchld_does_not_eat_the_exit_code() {
    for pid_1 in BOTH {
        let init = || Init::new(NONE).pid_1_if(pid_1).ignoring([SIGCHLD]);
        init().probe(["exit", "7"]).finish().assert_quiet(7);
        init().probe(["forks", "20"]).finish().assert_quiet(7);
        assert_eq!(born(init().probe(["report"])).ignored, mask_of([SIGCHLD]));
    }
}

#[test]
fn all_signals_blocked_do_no_harm() {
    for pid_1 in BOTH {
        let init = || Init::new(NONE).pid_1_if(pid_1).blocking(u64::MAX);
        init().probe(["exit", "7"]).finish().assert_quiet(7);
        init().probe(["forks", "20"]).finish().assert_quiet(7);
        let mut running = init().probe(["signals", &SIGTERM.to_string()]).start();
        running.until("ready");
        running.signal(SIGTERM);
        running.finish().assert_quiet(0);
    }
}

#[test]
fn everything_ignored_and_blocked_at_once_does_no_harm() {
    for pid_1 in BOTH {
        let catchable = (1..=SIGNALS).filter(|it| ![SIGKILL, SIGSTOP].contains(it));
        let init = Init::new(NONE).ignoring(catchable).blocking(u64::MAX).pid_1_if(pid_1);
        init.probe(["exit", "7"]).finish().assert_quiet(7);
    }
}

#[test]
fn closed_standard_streams_do_no_harm() {
    for pid_1 in BOTH {
        for closed in 0..8_usize {
            let with = |mut init: Init| {
                for number in (0..3).filter(|it| closed & 1 << it != 0) {
                    init = init.stream(number, Stream::Closed);
                }
                init.pid_1_if(pid_1)
            };
            assert_eq!(with(Init::new(NONE).probe(["exit", "7"])).finish().code(), Some(7));
            assert_eq!(with(Init::new(["-vv"]).probe(["exit", "7"])).finish().code(), Some(7));
            assert_eq!(with(Init::new(["/not/there"])).finish().code(), Some(127));
            assert_eq!(with(Init::new(["--not-an-option"])).finish().code(), Some(125));
        }
    }
}

#[test]
fn closed_standard_streams_are_closed_for_the_program() {
    let init = Init::new(NONE).stream(0, Stream::Closed).stream(2, Stream::Closed);
    assert_eq!(born(init.probe(["report"])).descriptors, [1]);
}

// What the program gets.

#[test]
fn the_programs_mask_is_the_one_rinit_got() {
    let odd = 0x5555_5555_5555_5555;
    for pid_1 in BOTH {
        for mask in [0, odd, odd << 1, u64::MAX, 1 << (SIGCHLD - 1), 1 << 31, 1 << 32, 1 << 63] {
            let born = born(Init::new(NONE).probe(["report"]).blocking(mask).pid_1_if(pid_1));
            assert_eq!(born.blocked, mask & ALL_BLOCKED);
        }
    }
}

#[test]
fn the_programs_dispositions_are_those_rinit_got() {
    for pid_1 in BOTH {
        let every = || (1..=SIGNALS).filter(|it| ![SIGKILL, SIGSTOP].contains(it));
        let mut cases: Vec<Vec<_>> = every().map(|signal| vec![signal]).collect();
        cases.extend([vec![], every().collect()]);
        for ignored in cases {
            let expected = mask_of(ignored.iter().copied());
            let init = Init::new(NONE).probe(["report"]).ignoring(ignored).pid_1_if(pid_1);
            assert_eq!(born(init).ignored, expected);
        }
    }
}

#[test]
fn the_program_gets_every_descriptor_and_rinit_keeps_none() {
    for pid_1 in BOTH {
        let with_more = || with_descriptors(Init::new(NONE).pid_1_if(pid_1));
        assert_eq!(born(with_more().probe(["report"])).descriptors, [0, 1, 2, 3, 9, 700]);
        let mut init = with_more().probe(["wait"]).start();
        init.until("ready");
        init.until_true("rinit to let go of its descriptors", |it| descriptors(it.pid()) == 3);
    }
}

/// With a few descriptors besides the standard streams.
fn with_descriptors(init: Init) -> Init {
    init.setup(|| {
        for number in [3, 9, 700] {
            // SAFETY: it takes numbers.
            check(unsafe { libc::dup2(0, number) })?;
        }
        Ok(())
    })
}

/// How many descriptors a process has.
fn descriptors(pid: c_int) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

#[test]
fn the_program_starts_in_the_working_directory_and_rinit_leaves_it() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let here = fs::canonicalize(folder.path()).unwrap();
        let init = || Init::new(NONE).folder(&here).pid_1_if(pid_1);
        assert_eq!(born(init().probe(["report"])).folder, probe::bytes(&here));
        let mut init = init().probe(["wait"]).start();
        init.until("ready");
        init.until_true("rinit to leave the folder", |it| {
            fs::read_link(format!("/proc/{}/cwd", it.pid())).unwrap() == Path::new("/")
        });
    }
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let every_byte: Vec<u8> = (1..=255).collect();
    let long = vec![b'x'; 131_000];
    let mut words: Vec<&[u8]> =
        vec![b"report", b"", b" ", b"--", b"-v", b"--help", &every_byte, &long, b":::", b"\xff"];
    words.extend([b"many".as_slice(); 3000]);
    for pid_1 in BOTH {
        for first in [&[][..], &["--"], &["-v", "--"]] {
            let init = Init::new(first).probe(words.iter().map(|it| OsStr::from_bytes(it)));
            let outcome = init.pid_1_if(pid_1).finish();
            assert_eq!(outcome.code(), Some(0), "{:?}", outcome.errors());
            let born = Born::read(&outcome.text());
            assert_eq!(born.arguments[0], probe::bytes(probe::path()));
            assert!(born.arguments[2..] == words, "the arguments have changed");
        }
    }
}

#[test]
fn the_environment_arrives_byte_for_byte() {
    let entries: [&[u8]; 8] = [
        b"A=\xff\xfe\x01",
        b"NO_EQUALS_SIGN",
        b"=no name",
        b"",
        b"TWICE=1",
        b"TWICE=2",
        b"RINIT_VERBOSE=0",
        b"LISTEN_PIDS=1",
    ];
    for pid_1 in BOTH {
        let mut init = Init::new(NONE).probe(["report"]).pid_1_if(pid_1);
        for entry in entries {
            init = init.env_raw(entry);
        }
        let path = format!("PATH={PATH}").into_bytes();
        let expected: Vec<_> = [path].into_iter().chain(entries.map(<[u8]>::to_vec)).collect();
        assert_eq!(born(init).environment, expected);
    }
    let born = born(Init::new(NONE).env_remove("PATH").probe(["report"]));
    assert_eq!(born.environment, [b""; 0], "an empty environment stays empty");
}

#[test]
fn the_program_runs_as_the_user_rinit_runs_as() {
    let folder = Folder::new();
    let (init, probe) = (folder.copy("init", rinit()), folder.copy("probe", probe::path()));
    let nobody = 65_534;
    let arguments = [probe.as_os_str(), OsStr::new(probe::FLAG), OsStr::new("report")];
    // SAFETY: it takes nothing. Nobody but root can be somebody else.
    let user = if is_root() { nobody } else { unsafe { libc::geteuid() } };
    // SAFETY: it takes numbers.
    let drop = move || check(unsafe { libc::setresuid(user, user, user) });
    let born = born(Init::new(arguments).program(init).setup(drop));
    assert_eq!(born.user, user);
}

#[test]
fn listen_pid_that_named_rinit_names_the_program() {
    for (pid_1, own) in [(true, "1"), (false, "2")] {
        let init = || Init::new(NONE).env_remove("PATH").probe(["report"]).pid_1_if(pid_1);
        let around = |value: &str| {
            init()
                .env("BEFORE", "x")
                .env("LISTEN_FDS", "1")
                .env("LISTEN_PID", value)
                .env("LISTEN_PIDX", own)
        };
        let expected = |value: &str| {
            let listen_pid = format!("LISTEN_PID={value}");
            let other = format!("LISTEN_PIDX={own}");
            ["BEFORE=x", "LISTEN_FDS=1", &listen_pid, &other].map(|it| it.as_bytes().to_vec())
        };
        let meant = born(around(own));
        assert_eq!(meant.environment, expected(&meant.pid.to_string()));
        for other in ["", "0", "7", "11", "22", "01", "1x", "99999999999999999999"] {
            assert_eq!(born(around(other)).environment, expected(other));
        }
    }
}

#[test]
fn the_program_leads_a_group_of_its_own_in_the_same_session() {
    for (pid_1, session) in [(true, 1), (false, 2)] {
        let born = born(Init::new(NONE).probe(["report"]).pid_1_if(pid_1));
        assert_eq!((born.group, born.session), (born.pid, session));
        assert_eq!(born.parent, session, "rinit itself is the parent");
    }
}

// Where it is searched.

#[test]
fn without_path_it_searches_usr_local_bin_bin_and_usr_bin_in_this_order() {
    let places = ["usr/local/bin", "bin", "usr/bin"];
    for (number, place) in places.iter().enumerate() {
        let root = scratch();
        root.copy(Path::new(place).join("tool"), rinit());
        // What comes later is not reached: an empty file cannot be executed.
        for later in &places[number + 1..] {
            root.file(Path::new(later).join("tool"), "", 0o755);
        }
        root.file("tool", "", 0o755);
        let init = Init::new(["tool", "-V"]).env_remove("PATH");
        let outcome = within(init, &root).pid_1().finish();
        outcome.assert_quiet(0);
        assert!(outcome.text().starts_with("rinit version"), "{outcome:?}");
    }
    let root = scratch();
    root.copy("sbin/tool", rinit());
    root.copy("tool", rinit());
    let outcome = within(Init::new(["tool", "-V"]).env_remove("PATH"), &root).pid_1().finish();
    assert_eq!(outcome.code(), Some(127), "{outcome:?}");
}

/// A script that says where it stands.
const SCRIPT: &str = "#!/bin/sh\necho \"$0\"\n";

/// Runs `tool` with this PATH in this folder; what it says, and the exit code.
fn search(path: &str, folder: &Folder) -> (String, Option<c_int>) {
    let outcome = Init::new(["tool"]).env("PATH", path).folder(folder.path()).finish();
    (outcome.text().trim_end().to_owned(), outcome.code())
}

fn found(path: impl AsRef<Path>) -> (String, Option<c_int>) {
    (path.as_ref().to_str().unwrap().to_owned(), Some(0))
}

#[test]
fn path_is_searched_in_order() {
    let folder = Folder::new();
    let [a, b] = ["a", "b"].map(|it| folder.file(Path::new(it).join("tool"), SCRIPT, 0o755));
    let [in_a, in_b] = ["a", "b"].map(|it| folder.join(it).display().to_string());
    assert_eq!(search(&format!("{in_a}:{in_b}"), &folder), found(&a));
    assert_eq!(search(&format!("{in_b}:{in_a}"), &folder), found(&b));
    assert_eq!(search(&format!("/not/there:{in_b}:{in_a}"), &folder), found(&b));
    assert_eq!(search(&format!("{in_b}/tool:{in_a}"), &folder), found(&a), "a file in PATH");
    assert_eq!(search("a:b", &folder), found("a/tool"), "relative");
}

#[test]
fn an_empty_entry_of_path_is_the_working_directory() {
    let folder = Folder::new();
    folder.file("tool", SCRIPT, 0o755);
    for path in ["", ":", ":/not/there", "/not/there:", "/not/there::/not/there/either"] {
        let (text, code) = search(path, &folder);
        assert!(code == Some(0) && text.ends_with("tool"), "PATH={path}: {text} {code:?}");
    }
    assert_eq!(search("/not/there", &folder).1, Some(127));
}

#[test]
fn a_candidate_that_may_not_be_executed_does_not_hide_a_later_one() {
    let folder = Folder::new();
    let good = folder.file("good/tool", SCRIPT, 0o755);
    folder.file("no_permission/tool", SCRIPT, 0o644);
    fs::create_dir_all(folder.join("directory/tool")).unwrap();
    fs::create_dir_all(folder.join("dangling")).unwrap();
    symlink("/not/there", folder.join("dangling/tool")).unwrap();
    let long = "x".repeat(300);
    let longer = "x/".repeat(2500);
    for bad in ["no_permission", "directory", "dangling", &long, &longer] {
        let folders = format!("{}:{}", folder.join(bad).display(), folder.join("good").display());
        assert_eq!(search(&folders, &folder), found(&good), "{bad}");
    }
    for (bad, code) in [("no_permission", 126), ("directory", 126), ("good", 0)] {
        let path = folder.join(bad).display().to_string();
        assert_eq!(search(&path, &folder).1, Some(code), "{bad} alone");
    }
}

#[test]
fn a_folder_that_may_not_be_searched_does_not_hide_a_later_one() {
    let folder = Folder::new();
    let init = folder.copy("init", rinit());
    folder.file("closed/tool", SCRIPT, 0o755);
    let good = folder.file("good/tool", SCRIPT, 0o755);
    let path = format!("{0}/closed:{0}/good", folder.path().display());
    common::set_mode(&folder.join("closed"), 0);
    let run = |path| Init::new(["tool"]).program(&init).env("PATH", path).by_nobody().finish();
    let outcome = run(path);
    common::set_mode(&folder.join("closed"), 0o755);
    outcome.assert_quiet(0);
    assert_eq!(outcome.text().trim_end(), good.to_str().unwrap());
}

#[test]
fn a_name_with_a_slash_is_not_searched() {
    let folder = Folder::new();
    folder.file("sub/tool", SCRIPT, 0o755);
    for (name, code) in [("sub/tool", 0), ("./sub/tool", 0), ("./tool", 127), ("/tool", 127)] {
        let path = folder.join("sub").display().to_string();
        let outcome = Init::new([name]).env("PATH", path).folder(folder.path()).finish();
        assert_eq!(outcome.code(), Some(code), "{name}: {outcome:?}");
    }
}

#[test]
fn a_text_without_an_interpreter_line_goes_to_the_shell() {
    let folder = Folder::new();
    let tool = folder.file("tool", "echo \"$0:$1:$2:$#\"\nexit 5\n", 0o755);
    let path = folder.path().display().to_string();
    for pid_1 in BOTH {
        for name in ["tool", tool.to_str().unwrap()] {
            for first in [&[][..], &["--"], &["-v", "-t", "1", "--"]] {
                let init = Init::new(first).args([name, "a b", ""]).env("PATH", &path);
                let outcome = init.pid_1_if(pid_1).finish();
                assert_eq!(outcome.code(), Some(5), "{outcome:?}");
                assert_eq!(outcome.text(), format!("{}:a b::2\n", tool.display()));
            }
        }
    }
}

#[test]
fn what_is_no_text_does_not_go_to_the_shell() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..=255).collect();
    for content in [&bytes[..], b"", b"\x7fELF and then nothing"] {
        let tool = folder.file("tool", content, 0o755);
        let outcome = Init::new([tool]).finish();
        assert_eq!((outcome.code(), outcome.text().as_str()), (Some(126), ""), "{outcome:?}");
    }
}

// Where there is next to nothing.

#[test]
fn it_needs_no_proc_and_no_dev() {
    let empty = || {
        for folder in [c"/proc", c"/dev"] {
            let tmpfs = c"tmpfs".as_ptr();
            // SAFETY: C strings.
            check(unsafe { libc::mount(tmpfs, folder.as_ptr(), tmpfs, 0, std::ptr::null()) })?;
        }
        Ok(())
    };
    for pid_1 in BOTH {
        let init = || Init::new(["-t", "60"]).pid_1_if(pid_1).setup(empty);
        init().probe(["exit", "7"]).finish().assert_quiet(7);
        init().probe(["forks", "50"]).finish().assert_quiet(7);
        let mut running = init().probe(["signals", "15"]).start();
        running.until("ready");
        running.signal(SIGTERM);
        running.finish().assert_quiet(0);
        // A sibling that takes its time is waited for.
        let words = ["leave", "7", "signals", "15"];
        let mut running = init().probe(words).stream(0, Stream::Pipe).start();
        running.until("ready");
        running.input("\n");
        let outcome = running.finish();
        outcome.assert_quiet(7);
        assert!(outcome.text().contains("got 15"), "{outcome:?}");
    }
}

#[test]
fn it_is_all_a_scratch_image_needs() {
    // Read-only, unprivileged, nothing but /init: which is the program as well.
    for by_nobody in [false, true] {
        let root = scratch();
        let path = std::ffi::CString::new(probe::bytes(root.path())).unwrap();
        let read_only = move || {
            let kept = libc::MS_NOSUID | libc::MS_NODEV;
            let flags = libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY | kept;
            let (path, none) = (path.as_ptr(), std::ptr::null());
            // SAFETY: C strings.
            unsafe {
                check(libc::mount(path, path, none, libc::MS_BIND, none.cast()))?;
                check(libc::mount(none, path, none, flags, none.cast()))
            }
        };
        let init = |arguments: &[&str]| {
            let init = Init::new(arguments).env_remove("PATH").pid_1().setup(read_only.clone());
            within(if by_nobody { init.by_nobody() } else { init }, &root)
        };
        let outcome = init(&["/init", "-V"]).finish();
        outcome.assert_quiet(0);
        assert!(outcome.text().starts_with("rinit version"), "{outcome:?}");
        let outcome = init(&["--", "/init", "--not-an-option"]).finish();
        assert_eq!(outcome.code(), Some(125), "{outcome:?}");
        assert_eq!(init(&["/not/there"]).finish().code(), Some(127));
        let mut running = init(&["/init", "-P"]).start();
        running.until_true("the program to block its signals", |it| {
            it.children().first().is_some_and(|program| waits(*program))
        });
        running.signal(SIGTERM);
        running.finish().assert_quiet(0);
    }
}

#[test]
fn it_works_in_the_user_namespace_of_an_unprivileged_user() {
    let folder = Folder::new();
    let (init, probe) = (folder.copy("init", rinit()), folder.copy("probe", probe::path()));
    for pid_1 in BOTH {
        let run = |words: &[&str]| {
            let words = words.iter().map(OsStr::new);
            let words = [probe.as_os_str(), OsStr::new(probe::FLAG)].into_iter().chain(words);
            Init::new(["-t", "60"]).args(words).program(&init).by_nobody().pid_1_if(pid_1)
        };
        run(&["exit", "7"]).finish().assert_quiet(7);
        run(&["die", "9"]).finish().assert_quiet(137);
        run(&["forks", "50"]).finish().assert_quiet(7);
        let mut running = run(&["signals", "15"]).start();
        running.until("ready");
        running.signal(SIGTERM);
        running.finish().assert_quiet(0);
    }
}

#[test]
fn rinit_is_a_subreaper_where_it_is_not_pid_1() {
    let mut init = Init::new(NONE).probe(["orphans", "3"]).stream(0, Stream::Pipe).start();
    init.until("ready");
    // The program and three orphans, whose parent has ended.
    assert_eq!(children(init.pid()).len(), 4);
}

/// As where a seccomp profile, or an old kernel, knows no such system call with such a first
/// argument.
fn refusing(init: Init, call: libc::c_long, first: c_int, error: c_int) -> Init {
    init.setup(move || {
        let statement = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
        let unless = |k, skip| libc::sock_filter { code: 0x15, jt: 0, jf: skip, k };
        // Offsets within struct seccomp_data.
        let [number, argument] = [0, 16].map(|offset| statement(0x20, offset));
        let mut filter = [
            number,
            unless(call as u32, 3),
            argument,
            unless(first as u32, 1),
            statement(0x06, libc::SECCOMP_RET_ERRNO | error as u32),
            statement(0x06, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog { len: 6, filter: filter.as_mut_ptr() };
        // SAFETY: a filter of six statements.
        unsafe {
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            check(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program))
        }
    })
}

#[test]
fn a_refused_subreaper_is_told_with_v_and_does_no_harm() {
    let init = |options: &[&str]| {
        let init = Init::new(options).probe(["exit", "7"]);
        refusing(init, libc::SYS_prctl, libc::PR_SET_CHILD_SUBREAPER, libc::EPERM)
    };
    init(&[]).finish().assert_quiet(7);
    let outcome = init(&["-v"]).finish();
    assert_eq!(outcome.code(), Some(7));
    assert!(outcome.errors().contains("subreaper"), "{outcome:?}");
}

#[test]
fn it_lets_go_of_descriptors_on_old_kernels_as_well() {
    for pid_1 in BOTH {
        let init = with_descriptors(Init::new(NONE).probe(["wait"]).pid_1_if(pid_1));
        let mut init = refusing(init, libc::SYS_close_range, 3, libc::ENOSYS).start();
        init.until("ready");
        init.until_true("rinit to let go of its descriptors", |it| descriptors(it.pid()) == 3);
    }
}
