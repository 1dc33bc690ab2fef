//! `--copy-to`: the binary writes itself, whole or not at all (contract: Command line).

mod common;

use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use libc::SIGTERM;

use common::watch::until_settled;
use common::{Folder, Init, Outcome, Stream, check, is_root, rinit, set_mode, skip};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

fn copy_to(path: &Path) -> Init {
    Init::new([OsStr::new("--copy-to"), path.as_os_str()])
}

#[track_caller]
fn assert_is_rinit(path: &Path) {
    assert!(fs::read(path).unwrap() == fs::read(rinit()).unwrap(), "it is another binary");
    let metadata = fs::symlink_metadata(path).unwrap();
    assert!(metadata.is_file());
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o755);
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

/// Asserts that rinit said in one line what went wrong.
#[track_caller]
fn assert_failed(outcome: &Outcome, why: &str) {
    let errors = outcome.errors();
    assert_eq!((outcome.code(), outcome.text().as_str()), (Some(125), ""), "{outcome:?}");
    assert!(errors.starts_with("rinit: ") && errors.lines().count() == 1, "{outcome:?}");
    assert!(errors.contains(why), "says {why:?}: {outcome:?}");
}

fn path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

// What it writes.

#[test]
fn the_copy_is_the_binary_byte_for_byte() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        copy_to(&folder.join("init")).pid_1_if(pid_1).finish().assert_quiet(0);
        assert_is_rinit(&folder.join("init"));
        let equals = format!("--copy-to={}", folder.join("other").display());
        Init::new(["-v", &equals]).pid_1_if(pid_1).finish().assert_quiet(0);
        assert_is_rinit(&folder.join("other"));
        assert_eq!(names(folder.path()), ["init", "other"]);
    }
}

#[test]
fn the_copy_runs_and_copies_itself() {
    let folder = Folder::new();
    copy_to(&folder.join("child")).finish().assert_quiet(0);
    let grandchild = copy_to(&folder.join("grandchild")).program(folder.join("child"));
    grandchild.finish().assert_quiet(0);
    assert_is_rinit(&folder.join("grandchild"));
    Init::new(["sh", "-c", "exit 37"])
        .program(folder.join("grandchild"))
        .pid_1()
        .finish()
        .assert_quiet(37);
}

#[test]
fn the_copy_is_executable_whatever_the_umask() {
    for umask in [0, 0o022, 0o077, 0o777] {
        let folder = Folder::new();
        copy_to(&folder.join("init"))
            // SAFETY: it takes a number.
            .setup(move || check(unsafe { libc::umask(umask) } as i32))
            .finish()
            .assert_quiet(0);
        assert_is_rinit(&folder.join("init"));
    }
}

#[test]
fn a_path_may_be_relative() {
    let folder = Folder::new();
    fs::create_dir(folder.join("bin")).unwrap();
    for name in ["init", "./init2", "bin/init", "bin/../init3"] {
        copy_to(Path::new(name)).folder(folder.path()).finish().assert_quiet(0);
        assert_is_rinit(&folder.join(name));
    }
    assert_eq!(names(folder.path()), ["bin", "init", "init2", "init3"]);
}

#[test]
fn a_name_may_hold_anything_and_be_as_long_as_the_kernel_takes() {
    let folder = Folder::new();
    let long = "x".repeat(255);
    for name in [&b"with space"[..], b"-v", b"\xff\n", b"=", long.as_bytes()] {
        let target = folder.join(OsStr::from_bytes(name));
        copy_to(&target).finish().assert_quiet(0);
        assert_is_rinit(&target);
    }
    assert_eq!(names(folder.path()).len(), 5);
}

// What stood there before.

#[test]
fn an_old_copy_is_replaced_by_another_file() {
    let folder = Folder::new();
    let target = folder.file("init", "#!/bin/sh\nexit 1\n", 0o600);
    let other_name = folder.join("other-name");
    fs::hard_link(&target, &other_name).unwrap();
    let before = fs::metadata(&target).unwrap().ino();
    copy_to(&target).finish().assert_quiet(0);
    assert_is_rinit(&target);
    assert_ne!(fs::metadata(&target).unwrap().ino(), before);
    // Who has the old file open meets all of it.
    assert_eq!(fs::read(&other_name).unwrap(), b"#!/bin/sh\nexit 1\n");
    assert_eq!(names(folder.path()), ["init", "other-name"]);
}

#[test]
fn an_old_copy_is_replaced_while_it_is_executed() {
    let folder = Folder::new();
    let target = folder.copy("init", rinit());
    let mut running = Init::new(["--sleep", "100000"]).program(&target).start();
    until_settled(&mut running);
    copy_to(&target).finish().assert_quiet(0);
    assert_is_rinit(&target);
    copy_to(&target).program(&target).finish().assert_quiet(0);
    assert_is_rinit(&target);
    running.signal(SIGTERM);
    running.finish().assert_quiet(128 + SIGTERM);
    assert_eq!(names(folder.path()), ["init"]);
}

#[test]
fn a_link_gives_way_to_the_copy_and_what_it_led_to_stays() {
    let folder = Folder::new();
    let victim = folder.file("victim", "precious", 0o644);
    symlink(&victim, folder.join("link")).unwrap();
    symlink(folder.join("nowhere"), folder.join("dangling")).unwrap();
    for name in ["link", "dangling"] {
        copy_to(&folder.join(name)).finish().assert_quiet(0);
        assert_is_rinit(&folder.join(name));
    }
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["dangling", "link", "victim"]);
}

#[test]
fn many_may_copy_to_the_same_path_at_once() {
    // The init containers of many pods on one node, all of them PID 1, and one folder.
    let folder = Folder::new();
    let target = folder.join("init");
    let born: Vec<_> = (0..12).map(|_| copy_to(&target).pid_1().conceive()).collect();
    let running: Vec<_> = born.into_iter().map(common::Newborn::start).collect();
    for init in running {
        init.finish().assert_quiet(0);
    }
    assert_is_rinit(&target);
    assert_eq!(names(folder.path()), ["init"]);
}

// What it does without.

#[test]
fn it_needs_no_proc_no_dev_and_no_other_file() {
    for nobody in [false, true] {
        let folder = Folder::new();
        folder.copy("init", rinit());
        fs::create_dir(folder.join("shared")).unwrap();
        set_mode(&folder.join("shared"), 0o777);
        let root = path(folder.path());
        let init = copy_to(Path::new("/shared/init"))
            .program("/init")
            .pid_1()
            // SAFETY: a C string.
            .setup(move || check(unsafe { libc::chroot(root.as_ptr()) }))
            // SAFETY: a C string.
            .setup(|| check(unsafe { libc::chdir(c"/".as_ptr()) }));
        let init = if nobody { init.by_nobody() } else { init };
        init.finish().assert_quiet(0);
        assert_is_rinit(&folder.join("shared/init"));
    }
}

#[test]
fn it_needs_no_standard_streams() {
    for closed in [&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[0, 1, 2]] {
        let folder = Folder::new();
        let init = closed.iter().fold(copy_to(&folder.join("init")), |init, number| {
            init.stream(*number, Stream::Closed)
        });
        assert_eq!(init.finish().code(), Some(0));
        assert_is_rinit(&folder.join("init"));
        // Nor to fail.
        let init = closed
            .iter()
            .fold(copy_to(folder.path()), |init, number| init.stream(*number, Stream::Closed));
        assert_eq!(init.finish().code(), Some(125));
        assert_eq!(names(folder.path()), ["init"]);
    }
}

#[test]
fn it_needs_no_signals_and_leaves_none_half_done() {
    // TERM from before its first instruction, and a limit that would be told by SIGXFSZ.
    let folder = Folder::new();
    copy_to(&folder.join("init"))
        .blocking(u64::MAX)
        // SAFETY: it takes numbers.
        .setup(|| check(unsafe { libc::kill(libc::getpid(), SIGTERM) }))
        .finish()
        .assert_quiet(0);
    assert_is_rinit(&folder.join("init"));
}

// What goes wrong.

#[test]
fn nothing_is_left_behind_where_there_is_no_folder() {
    let folder = Folder::new();
    folder.file("file", "", 0o644);
    for (target, why) in [
        ("none/init", "no such file or directory"),
        ("none/", "no such file or directory"),
        ("file/init", "not a directory"),
        ("init/", "directory"),
    ] {
        let target = folder.path().join(target);
        assert_failed(&copy_to(&target).finish(), why);
        assert_eq!(names(folder.path()), ["file"]);
    }
}

#[test]
fn nothing_is_left_behind_where_the_path_is_a_folder() {
    let folder = Folder::new();
    fs::create_dir(folder.join("init")).unwrap();
    assert_failed(&copy_to(&folder.join("init")).finish(), "it is a directory");
    folder.file("init/old", "old", 0o644);
    assert_failed(&copy_to(&folder.join("init")).finish(), "it is a directory");
    for target in ["init/", "init/.", "init/..", "."] {
        assert_failed(&copy_to(Path::new(target)).folder(folder.path()).finish(), "");
    }
    assert_failed(&copy_to(Path::new("/")).finish(), "");
    assert_eq!(names(folder.path()), ["init"]);
    assert_eq!(names(&folder.join("init")), ["old"]);
}

#[test]
fn nothing_is_left_behind_where_the_path_is_too_long() {
    let folder = Folder::new();
    let base = folder.path().display().to_string();
    for long in [
        format!("{base}/{}", "x".repeat(256)),
        format!("{base}/{}init", "./".repeat(2100)),
        format!("{base}/{}", "x/".repeat(60_000)),
    ] {
        let outcome = copy_to(Path::new(&long)).finish();
        assert_failed(&outcome, "too long");
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

/// Copies into a file system of this kind, which holds an old copy where that is asked for, and
/// which nobody else sees; what happened and what is there afterwards.
fn into_tmpfs(options: &CStr, has_old: bool, is_read_only: bool) -> Outcome {
    let folder = Folder::new();
    let place = path(folder.path());
    let old = path(&folder.join("init"));
    let options = options.to_owned();
    // SAFETY: C strings, numbers, and bytes that are there.
    let mount = move || unsafe {
        let (tmpfs, none) = (c"tmpfs".as_ptr(), std::ptr::null());
        check(libc::mount(tmpfs, place.as_ptr(), tmpfs, 0, options.as_ptr().cast()))?;
        if has_old {
            let file = libc::open(old.as_ptr(), libc::O_CREAT | libc::O_WRONLY, 0o700);
            check(file)?;
            check(libc::write(file, b"old\n".as_ptr().cast(), 4) as i32)?;
            check(libc::close(file))?;
        }
        let flags = libc::MS_REMOUNT | libc::MS_RDONLY;
        if is_read_only {
            check(libc::mount(none, place.as_ptr(), none, flags, options.as_ptr().cast()))?;
        }
        Ok(())
    };
    let script = "\"$0\" --copy-to \"$1/init\"; code=$?; ls -A \"$1\"; cat \"$1/init\"; exit $code";
    Init::new(["-c", script])
        .args([rinit(), folder.path()])
        .program("/bin/sh")
        .setup(mount)
        .finish()
}

#[test]
fn on_a_full_disk_nothing_is_left_behind_and_an_old_copy_stays() {
    // The first two have no room for all of it, the third has none for another file.
    for options in [c"size=4096", c"size=8192,mode=777", c"size=1M,nr_inodes=2"] {
        let outcome = into_tmpfs(options, true, false);
        let errors = outcome.errors();
        assert_eq!(
            (outcome.code(), outcome.text().as_str()),
            (Some(125), "init\nold\n"),
            "{outcome:?}"
        );
        assert!(errors.starts_with("rinit: ") && errors.contains("no space left"), "{outcome:?}");
        assert_eq!(errors.lines().count(), 1, "{outcome:?}");
    }
    for options in [c"size=4096", c"nr_inodes=1"] {
        let outcome = into_tmpfs(options, false, false);
        assert_eq!((outcome.code(), outcome.text().as_str()), (Some(125), ""), "{outcome:?}");
        assert!(outcome.errors().contains("no space left"), "{outcome:?}");
    }
}

#[test]
fn where_there_is_just_enough_room_the_old_copy_is_replaced() {
    let pages = fs::metadata(rinit()).unwrap().len().div_ceil(4096) + 1;
    let options = CString::new(format!("size={}", pages * 4096)).unwrap();
    let outcome = into_tmpfs(&options, true, false);
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let rest = outcome.stdout.strip_prefix(b"init\n").expect("nothing but the copy");
    assert!(rest == fs::read(rinit()).unwrap());
}

#[test]
fn in_a_read_only_folder_an_old_copy_stays() {
    for has_old in [true, false] {
        let outcome = into_tmpfs(c"size=1M", has_old, true);
        assert_eq!(outcome.code(), Some(125), "{outcome:?}");
        assert_eq!(outcome.text(), if has_old { "init\nold\n" } else { "" });
        assert!(outcome.errors().contains("read-only"), "{outcome:?}");
    }
}

#[test]
fn past_the_limit_of_a_files_size_nothing_is_left_behind() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let old = folder.file("init", "old", 0o755);
        let outcome = copy_to(&old)
            .pid_1_if(pid_1)
            .setup(|| {
                let limit = libc::rlimit { rlim_cur: 4096, rlim_max: 4096 };
                // SAFETY: a structure that is there.
                check(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) })
            })
            .finish();
        assert_failed(&outcome, "cannot copy");
        assert_eq!(names(folder.path()), ["init"]);
        assert_eq!(fs::read(&old).unwrap(), b"old");
    }
}

#[test]
fn in_a_folder_of_somebody_else_nothing_is_changed() {
    if !is_root() {
        return skip("a folder of somebody else takes another user to make (run it as root)");
    }
    let folder = Folder::new();
    let old = folder.file("init", "old", 0o777);
    folder.copy("rinit", rinit());
    set_mode(folder.path(), 0o755);
    let outcome = copy_to(&old).program(folder.join("rinit")).by_nobody().finish();
    assert_failed(&outcome, "permission denied");
    assert_eq!(names(folder.path()), ["init", "rinit"]);
    assert_eq!(fs::read(&old).unwrap(), b"old");
}

#[test]
fn a_failure_names_the_path() {
    let folder = Folder::new();
    assert_failed(&copy_to(&folder.join("none/init")).finish(), "none/init");
    assert_failed(&copy_to(folder.path()).finish(), folder.path().to_str().unwrap());
}
