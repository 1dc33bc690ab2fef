//! Why a program cannot be executed, in the user's terms: the shipped program in a root that holds
//! nothing but `/init` and what a test puts there, by root and by a user without privileges.
//!
//! Files that others made are in `real_files.rs`.

mod common;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::{Folder, Init, Outcome, Stream, check, rinit, scratch, set_mode, tool, within};
use libc::c_int;

/// What this machine is called.
const OWN: &str = match std::env::consts::ARCH.as_bytes() {
    b"powerpc64" => "ppc64le",
    _ => std::env::consts::ARCH,
};

/// What rinit with these arguments comes to in this root, as PID 1 and not, by root and by nobody:
/// four times the same.
#[track_caller]
fn run(root: &Folder, arguments: &[&str]) -> Outcome {
    let outcome = by(root, arguments, false, true).finish();
    for (by_nobody, pid_1) in [(false, false), (true, false), (true, true)] {
        let other = by(root, arguments, by_nobody, pid_1).finish();
        assert_eq!(
            (outcome.code(), outcome.errors()),
            (other.code(), other.errors()),
            "nobody: {by_nobody}, PID 1: {pid_1}"
        );
    }
    outcome
}

fn by(root: &Folder, arguments: &[&str], by_nobody: bool, pid_1: bool) -> Init {
    let init = within(Init::new(arguments).pid_1_if(pid_1), root);
    if by_nobody { init.by_nobody() } else { init }
}

/// Asserts what is said of a program, in this one line, and the exit code.
#[track_caller]
fn assert_said(outcome: &Outcome, program: &str, why: &str, code: c_int) {
    assert_eq!(outcome.errors(), format!("rinit: cannot run {program}: {why}\n"), "{outcome:?}");
    assert_eq!(outcome.code(), Some(code), "{outcome:?}");
    assert_eq!(outcome.text(), "", "{outcome:?}");
}

/// Asserts why a program that is there cannot be executed.
#[track_caller]
fn assert_why(root: &Folder, program: &str, why: &str) {
    assert_said(&run(root, &[program]), program, why, 126);
}

/// Without the system's own programs: /bin/true, with another loader's name at the end of the file.
#[cfg(target_pointer_width = "64")]
fn with_loader(loader: &str) -> Vec<u8> {
    let mut file = fs::read("/bin/true").unwrap();
    let field = |at: usize| u64::from_ne_bytes(file[at..at + 8].try_into().unwrap());
    // elf(5): e_phoff; then each program header has 56 bytes, and the kind of it stands first.
    let headers = (0..).map(|index| field(32) as usize + index * 56);
    let header = headers.into_iter().find(|at| file[*at..at + 4] == 3_u32.to_ne_bytes()).unwrap();
    let end = file.len() as u64;
    file.extend(loader.as_bytes());
    file.push(0);
    file[header + 8..header + 16].copy_from_slice(&end.to_ne_bytes());
    let size = loader.len() as u64 + 1;
    file[header + 32..header + 40].copy_from_slice(&size.to_ne_bytes());
    file
}

/// The header of an ELF program: class (1 or 2), byte order (1 or 2) and machine.
fn header(class: u8, order: u8, machine: u16) -> Vec<u8> {
    let mut file = vec![0; 4096];
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order, 1]);
    let number = |value: u16| if order == 1 { value.to_le_bytes() } else { value.to_be_bytes() };
    file[16..18].copy_from_slice(&number(2));
    file[18..20].copy_from_slice(&number(machine));
    file
}

/// A machine that this one is not: the header of a program for it, and its name.
fn foreign() -> (Vec<u8>, &'static str) {
    if OWN == "aarch64" { (header(2, 1, 62), "x86_64") } else { (header(2, 1, 183), "aarch64") }
}

fn built_for(name: &str) -> String {
    format!("it is built for {name}, this machine is {OWN}")
}

const NO_PERMISSION: &str = "it has no execute permission (chmod +x)";
const NO_SHELL: &str = "it has no shebang line, and no /bin/sh can run it";
const NOT_THERE: &str = "no such file or directory";
const DAMAGED: &str = "it is a damaged program, or none";

// What the program needs.

#[test]
#[cfg(target_arch = "x86_64")]
fn a_dynamically_linked_program_in_a_scratch_image_names_its_loader() {
    let root = scratch();
    root.copy("app", Path::new("/bin/true"));
    let why = "it is dynamically linked and needs /lib64/ld-linux-x86-64.so.2, \
               which is not in this image";
    assert_why(&root, "/app", why);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_loader_that_cannot_be_used_is_named_with_its_reason() {
    let root = scratch();
    let (other, name) = foreign();
    for (loader, content, mode, why) in [
        ("/lib/no-x", fs::read(rinit()).unwrap(), 0o644, NO_PERMISSION),
        ("/lib/other", other, 0o755, &*built_for(name)),
        ("/lib/empty", Vec::new(), 0o755, "it is empty"),
        ("/lib/short", fs::read(rinit()).unwrap()[..60].to_vec(), 0o755, DAMAGED),
        ("/lib/text", b"not a loader\n".to_vec(), 0o755, NO_SHELL),
    ] {
        root.file(&loader[1..], content, mode);
        root.file("app", with_loader(loader), 0o755);
        assert_why(&root, "/app", &format!("it needs {loader}: {why}"));
    }
    root.file("app", with_loader("/lib"), 0o755);
    assert_why(&root, "/app", "it needs /lib: it is a directory");
    symlink("/not/there", root.join("lib/dangling")).unwrap();
    root.file("app", with_loader("/lib/dangling"), 0o755);
    let why = format!("it needs /lib/dangling: it is a link to /not/there: {NOT_THERE}");
    assert_why(&root, "/app", &why);
    let long = format!("/{}/ld.so", "a-long-name/".repeat(50));
    root.file("app", with_loader(&long), 0o755);
    let why = format!("it is dynamically linked and needs {long}, which is not in this image");
    assert_why(&root, "/app", &why);
}

/// Where it cannot be named: who may execute a file may not be allowed to read it, and what says so
/// may stand elsewhere than linkers put it.
#[test]
#[cfg(target_pointer_width = "64")]
fn what_cannot_be_named_is_told_to_be_missing_all_the_same() {
    let why = "something that it needs is not in this image";
    let root = scratch();
    root.file("app", with_loader("/lib/ld.so"), 0o711);
    let outcome = by(&root, &["/app"], true, true).finish();
    assert_said(&outcome, "/app", why, 126);
    // The program headers at the end of the file.
    let mut file = with_loader("/lib/ld.so");
    let count = usize::from(u16::from_ne_bytes(file[56..58].try_into().unwrap()));
    let headers = file[64..64 + count * 56].to_vec();
    file.resize(file.len().next_multiple_of(8), 0);
    let end = file.len() as u64;
    file[32..40].copy_from_slice(&end.to_ne_bytes());
    file.extend(headers);
    root.file("app", file, 0o755);
    assert_why(&root, "/app", why);
}

#[test]
fn a_script_names_the_interpreter_that_is_not_there() {
    let root = scratch();
    for (line, interpreter) in [
        ("#!/bin/bahs", "/bin/bahs"),
        ("#! /bin/bahs -e", "/bin/bahs"),
        ("#!\t/usr/bin/env python3", "/usr/bin/env"),
        ("#!python3", "python3"),
    ] {
        root.file("script", format!("{line}\necho\n"), 0o755);
        let why = format!("its interpreter {interpreter} is not in this image");
        assert_why(&root, "/script", &why);
    }
}

#[test]
fn windows_line_ends_are_the_usual_reason_for_a_missing_interpreter() {
    let root = scratch();
    root.copy("bin/sh", rinit());
    root.file("script", "#!/bin/sh\r\necho\r\n", 0o755);
    let why = "its first line ends in CRLF, not LF: there is no interpreter /bin/sh?";
    assert_why(&root, "/script", why);
}

#[test]
fn an_interpreter_that_cannot_be_used_is_named_with_its_reason() {
    let root = scratch();
    let (other, name) = foreign();
    root.file("bin/missing", "#!/bin/bahs\n", 0o755);
    root.file("bin/deeper", "#!/bin/missing\n", 0o755);
    root.file("bin/no-x", "", 0o644);
    root.file("bin/empty", "", 0o755);
    root.file("bin/other", other, 0o755);
    symlink("other", root.join("bin/link")).unwrap();
    symlink("/not/there", root.join("bin/dangling")).unwrap();
    let missing = "its interpreter /bin/bahs is not in this image";
    for (interpreter, why) in [
        ("/bin/missing", missing),
        ("/bin/deeper", &*format!("it needs /bin/missing: {missing}")),
        ("/bin/no-x", NO_PERMISSION),
        ("/bin/empty", "it is empty"),
        ("/bin/other", &built_for(name)),
        ("/bin/link", &built_for(name)),
        ("/bin", "it is a directory"),
        ("/bin/dangling", &format!("it is a link to /not/there: {NOT_THERE}")),
        ("/bin/empty/sh", "its path leads through /bin/empty/: not a directory"),
    ] {
        root.file("script", format!("#!{interpreter}\n"), 0o755);
        assert_why(&root, "/script", &format!("it needs {interpreter}: {why}"));
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_loader_of_an_interpreter_is_at_fault_as_well() {
    let root = scratch();
    root.file("script", "#!/interpreter\n", 0o755);
    root.file("interpreter", with_loader("/lib/ld.so"), 0o755);
    let why = "it needs /interpreter: \
               it is dynamically linked and needs /lib/ld.so, which is not in this image";
    assert_why(&root, "/script", why);
    root.file("lib/ld.so", "", 0o644);
    let why = format!("it needs /interpreter: it needs /lib/ld.so: {NO_PERMISSION}");
    assert_why(&root, "/script", &why);
}

#[test]
fn a_first_line_that_the_kernel_does_not_take_is_told() {
    let root = scratch();
    let why = "its shebang line is empty or too long";
    for line in ["#!\n", "#!  \t \n", &format!("#!/{}\n", "x".repeat(300))] {
        root.file("script", line, 0o755);
        assert_why(&root, "/script", why);
    }
    root.file("script", "#!/script\n", 0o755);
    assert_why(&root, "/script", "too many symbolic links or interpreters");
}

// What the program is.

#[test]
fn a_program_for_another_machine_is_named_with_this_one() {
    let root = scratch();
    for (class, order, machine, name) in [
        (2, 1, 62, "x86_64"),
        (2, 1, 183, "aarch64"),
        (2, 1, 243, "riscv64"),
        (1, 1, 243, "riscv32"),
        (2, 1, 21, "ppc64le"),
        (2, 2, 21, "ppc64"),
        (1, 2, 20, "ppc"),
        (2, 2, 22, "s390x"),
        (2, 1, 258, "loongarch64"),
        (1, 2, 8, "mips"),
        (1, 1, 8, "mipsel"),
        (2, 2, 8, "mips64"),
        (2, 1, 8, "mips64el"),
        (2, 2, 43, "sparc64"),
        (1, 2, 2, "sparc"),
        (1, 2, 4, "m68k"),
        (1, 2, 15, "hppa"),
        (1, 1, 42, "sh4"),
        (2, 1, 50, "ia64"),
        (2, 1, 0x9026, "alpha"),
        (2, 1, 9999, "another machine"),
    ] {
        if name != OWN {
            root.file("app", header(class, order, machine), 0o755);
            assert_why(&root, "/app", &built_for(name));
        }
    }
    // 32 bits of the same family: kernels with the support for them take these to be damaged.
    for (machine, name) in [(3, "i386"), (40, "arm")] {
        root.file("app", header(1, 1, machine), 0o755);
        assert_why(&root, "/app", &built_for(name));
    }
}

#[test]
fn a_program_for_another_system_is_called_so() {
    let root = scratch();
    root.file("app", b"MZ\x90\0\x03\0\0\0", 0o755);
    assert_why(&root, "/app", "it is for Windows (PE)");
    for magic in [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ] {
        root.file("app", [&magic[..], &[0, 0, 0, 2]].concat(), 0o755);
        assert_why(&root, "/app", "it is for macOS (Mach-O)");
    }
}

#[test]
fn what_is_no_program_is_called_what_it_is() {
    let root = scratch();
    for (content, why) in [
        (&b""[..], "it is empty"),
        (b"\x7fELF", DAMAGED),
        (b"\x7fELF\x02\x01\x01", DAMAGED),
        (b"\x1f\x8b\x08\0 a gzip archive", "its format is unknown"),
        (b"\0", "its format is unknown"),
    ] {
        root.file("app", content, 0o755);
        assert_why(&root, "/app", why);
    }
    fs::create_dir(root.join("folder")).unwrap();
    assert_why(&root, "/folder", "it is a directory");
    root.file("plain", fs::read(rinit()).unwrap(), 0o644);
    assert_why(&root, "/plain", NO_PERMISSION);
    symlink("plain", root.join("link")).unwrap();
    assert_why(&root, "/link", NO_PERMISSION);
}

#[test]
fn a_text_needs_a_shebang_line_or_a_shell() {
    let root = scratch();
    root.file("app", "echo\n", 0o755);
    assert_why(&root, "/app", NO_SHELL);
    // One that cannot run it is as good as none.
    root.file("bin/sh", foreign().0, 0o755);
    assert_why(&root, "/app", NO_SHELL);
    // Any program will do. (Not rinit, which would start the text, by a shell, and so on.)
    root.file("bin/sh", "#!/init -V\n", 0o755);
    let outcome = run(&root, &["/app"]);
    assert!(outcome.text().starts_with("rinit version"), "{outcome:?}");
    outcome.assert_quiet(0);
}

/// As far as the file goes the kernel may even run it; rinit says why it does not, or what it died
/// of is in the exit code.
#[test]
fn a_program_cut_off_anywhere_is_told_or_dies_by_a_signal() {
    let root = scratch();
    let whole = fs::read("/bin/true").unwrap();
    for len in (1..100).chain((100..1200).step_by(29)).chain([whole.len() - 1]) {
        root.file("app", &whole[..len], 0o755);
        let outcome = by(&root, &["/app"], false, true).finish();
        let code = outcome.code().unwrap();
        assert!(code == 126 || code > 128, "{len}: {outcome:?}");
        if code == 126 {
            let errors = outcome.errors();
            assert!(errors.starts_with("rinit: cannot run /app: "), "{len}: {outcome:?}");
            assert_eq!(errors.lines().count(), 1, "{len}: {outcome:?}");
            assert!(!errors.contains(NOT_THERE), "{len}: {outcome:?}");
        }
    }
}

#[test]
fn a_header_with_any_byte_wrong_is_told_or_dies_by_a_signal() {
    let root = scratch();
    let whole = fs::read(rinit()).unwrap();
    for (at, byte) in
        (0..64).filter(|it| !(24..32).contains(it)).flat_map(|at| [(at, 0), (at, 0xff)])
    {
        let mut file = whole.clone();
        file[at] = byte;
        root.file("app", file, 0o755);
        let outcome = by(&root, &["--", "/app", "-V"], false, true).finish();
        let code = outcome.code().unwrap();
        assert!(matches!(code, 0 | 126 | 129..), "{at}: {outcome:?}");
        assert_eq!(outcome.errors().lines().count(), usize::from(code == 126), "{at}: {outcome:?}");
    }
}

// The way to it.

#[test]
fn what_is_not_there_is_127_and_a_link_to_it_names_its_target() {
    let root = scratch();
    symlink("/not/there", root.join("dangling")).unwrap();
    root.file("file", "", 0o755);
    for (program, why) in [
        ("/app", NOT_THERE),
        ("/not/there", NOT_THERE),
        ("./app", NOT_THERE),
        ("/dangling", &*format!("it is a link to /not/there: {NOT_THERE}")),
        ("/file/app", "its path leads through /file/: not a directory"),
    ] {
        assert_said(&run(&root, &[program]), program, why, 127);
    }
}

#[test]
fn links_in_a_circle_and_names_too_long_are_told() {
    let root = scratch();
    symlink("other", root.join("circle")).unwrap();
    symlink("circle", root.join("other")).unwrap();
    let why = "it is a link to other: too many symbolic links or interpreters";
    assert_why(&root, "/circle", why);
    assert_why(&root, &format!("/{}", "x".repeat(256)), "its name is too long");
    // Of a path that is too long as a whole not all is shown.
    let path = "/x".repeat(2100);
    let outcome = run(&root, &[&path]);
    assert_said(&outcome, &path[..800], "its name is too long", 126);
}

#[test]
fn a_directory_on_the_way_that_may_not_be_searched_is_named() {
    let root = scratch();
    for name in ["closed/app", "open/closed/app", "lib/ld.so"] {
        root.copy(name, rinit());
    }
    for name in ["closed", "open/closed", "lib"] {
        set_mode(&root.join(name), 0o644);
    }
    symlink("closed/app", root.join("link")).unwrap();
    root.file("script", "#!/open/closed/app\n", 0o755);
    let mut programs = vec![
        ("/closed/app", "its path leads through /closed/: permission denied"),
        ("/open/closed/app", "its path leads through /open/closed/: permission denied"),
        ("./closed/app", "its path leads through ./closed/: permission denied"),
        ("closed/../init", "its path leads through closed/: permission denied"),
        ("/link", "it is a link to closed/app: permission denied"),
        (
            "/script",
            "it needs /open/closed/app: its path leads through /open/closed/: permission denied",
        ),
    ];
    #[cfg(target_pointer_width = "64")]
    {
        root.file("dynamic", with_loader("/lib/ld.so"), 0o755);
        let why = "it needs /lib/ld.so: its path leads through /lib/: permission denied";
        programs.push(("/dynamic", why));
    }
    for (program, why) in programs {
        for pid_1 in [false, true] {
            let outcome = by(&root, &[program], true, pid_1).finish();
            assert_said(&outcome, program, why, 126);
        }
    }
}

#[test]
fn a_mount_without_exec_is_named_as_the_reason() {
    let root = scratch();
    fs::create_dir(root.join("mounted")).unwrap();
    root.file("script", "#!/mounted/app\n", 0o755);
    let [here, there] = ["init", "mounted"].map(|it| c_string(&root.join(it)));
    let target = c_string(&root.join("mounted/app"));
    let mount = move || {
        let flags = libc::MS_NOEXEC | libc::MS_NOSUID | libc::MS_NODEV;
        let tmpfs = c"tmpfs".as_ptr();
        // SAFETY: C strings.
        unsafe {
            check(libc::mount(tmpfs, there.as_ptr(), tmpfs, flags, std::ptr::null()))?;
            // The copy is made within the namespace, where nobody else sees the mount.
            copy(&here, &target)
        }
    };
    for (program, why) in [
        ("/mounted/app", "its file system is mounted noexec"),
        ("/script", "it needs /mounted/app: its file system is mounted noexec"),
    ] {
        for by_nobody in [false, true] {
            // Steps are taken in their order: the mount before the change of the root.
            let init = Init::new([program]).pid_1().setup(mount.clone());
            let init = within(if by_nobody { init.by_nobody() } else { init }, &root);
            assert_said(&init.finish(), program, why, 126);
        }
    }
}

fn c_string(path: &Path) -> std::ffi::CString {
    std::ffi::CString::new(common::probe::bytes(path)).unwrap()
}

/// Copies a program, with system calls alone.
///
/// # Safety
/// After a fork nothing else may be called.
unsafe fn copy(from: &std::ffi::CStr, to: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: C strings, and room for what is read.
    unsafe {
        let from = libc::open(from.as_ptr(), libc::O_RDONLY);
        let to = libc::open(to.as_ptr(), libc::O_WRONLY | libc::O_CREAT, 0o755);
        check(from)?;
        check(to)?;
        let mut room = [0_u8; 4096];
        loop {
            let count = libc::read(from, room.as_mut_ptr().cast(), room.len());
            if count <= 0 {
                libc::close(from);
                return check(libc::close(to));
            }
            libc::write(to, room.as_ptr().cast(), count as usize);
        }
    }
}

// What the kernel has no room or no permission for.

#[test]
fn a_file_that_is_being_written_is_called_busy() {
    let root = scratch();
    let app = root.copy("app", rinit());
    let writer = fs::OpenOptions::new().append(true).open(app).unwrap();
    assert_why(&root, "/app", "busy: it is open for writing");
    drop(writer);
}

/// A script's interpreter and its argument come on top of what rinit itself was started with.
#[test]
fn arguments_and_environment_that_are_too_large_are_told() {
    let root = scratch();
    root.file("script", format!("#!/init {}\n", "x".repeat(200)), 0o755);
    let small_stack = || {
        let limit = libc::rlimit { rlim_cur: 512 << 10, rlim_max: 512 << 10 };
        // SAFETY: a structure that is there.
        check(unsafe { libc::setrlimit(libc::RLIMIT_STACK, &raw const limit) })
    };
    // The kernel takes 128 kB, and never less, for all of it: names, values, pointers to them. This
    // leaves 100 bytes, and the script needs another 200.
    let others = ["/init", "rinit", "/script", "PATH=", common::PATH, "LARGE="].concat().len() + 5;
    let large = "x".repeat((128 << 10) - others - 4 * size_of::<usize>() - 100);
    let init = Init::new(["/script"]).env("LARGE", large).setup(small_stack);
    let outcome = within(init, &root).finish();
    assert_said(&outcome, "/script", "arguments and environment too large", 126);
}

/// execve(2) answers with this error, as under a seccomp profile.
fn refused(error: c_int) -> impl Fn() -> io::Result<()> {
    filtered(libc::SECCOMP_RET_ERRNO | error as u32)
}

/// What becomes of an execve(2). The test itself starts rinit with execveat(2).
fn filtered(answer: u32) -> impl Fn() -> io::Result<()> {
    move || {
        let statement = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
        let unless = |k, skip| libc::sock_filter { code: 0x15, jt: 0, jf: skip, k };
        let mut filter = [
            statement(0x20, 0),
            unless(libc::SYS_execve as u32, 1),
            statement(0x06, answer),
            statement(0x06, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
        // SAFETY: a filter of four statements.
        unsafe {
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            check(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program))
        }
    }
}

#[test]
fn what_the_kernel_refuses_is_told() {
    let root = scratch();
    root.copy("app", rinit());
    root.file("script", "#!/app\n", 0o755);
    root.copy("dynamic", Path::new("/bin/true"));
    for (error, why) in [
        (libc::EPERM, "not permitted: user, seccomp or security module"),
        (libc::EACCES, "permission denied"),
        (libc::E2BIG, "arguments and environment too large"),
        (libc::ENOMEM, "out of memory"),
        (libc::EMFILE, "too many open files"),
        (libc::ENFILE, "too many open files"),
        (libc::ETXTBSY, "busy: it is open for writing"),
        (libc::EAGAIN, "too many processes"),
        (libc::ENOSYS, "the kernel refused"),
    ] {
        for program in ["/app", "/script"] {
            let outcome = by(&root, &[program], true, true).setup(refused(error)).finish();
            assert_said(&outcome, program, why, 126);
        }
        // What may be wrong with its loader does not come into it.
        if error != libc::EACCES {
            let outcome = by(&root, &["/dynamic"], true, true).setup(refused(error)).finish();
            assert_said(&outcome, "/dynamic", why, 126);
        }
    }
}

#[test]
fn a_seccomp_profile_that_kills_is_seen_in_the_exit_code() {
    let root = scratch();
    root.copy("app", rinit());
    let killed = filtered(libc::SECCOMP_RET_KILL_PROCESS);
    let outcome = by(&root, &["/app"], false, true).setup(killed).finish();
    outcome.assert_quiet(128 + libc::SIGSYS);
}

// PATH.

#[test]
fn what_is_not_in_path_shows_the_path_that_was_searched() {
    let root = scratch();
    for path in ["/bin:/no/such", "", ":", "bin:", "/init"] {
        let outcome = by(&root, &["app"], false, true).env("PATH", path).finish();
        assert_said(&outcome, "app", &format!("{NOT_THERE}; searched PATH '{path}'"), 127);
    }
    let outcome = by(&root, &["app"], true, false).env_remove("PATH").finish();
    let why = format!("{NOT_THERE}; searched PATH '/usr/local/bin:/bin:/usr/bin'");
    assert_said(&outcome, "app", &why, 127);
}

/// A file of that name in the working directory is another one.
#[test]
fn what_is_not_in_path_is_not_looked_for_elsewhere() {
    let root = scratch();
    root.file("app", "#!/no/such/interpreter\n", 0o755);
    let outcome = by(&root, &["app"], false, true).env("PATH", "/bin").finish();
    assert_said(&outcome, "app", &format!("{NOT_THERE}; searched PATH '/bin'"), 127);
}

#[test]
fn a_file_in_path_without_execute_permission_is_shown() {
    let root = scratch();
    root.file("b/app", "#!/init\n", 0o644);
    root.file("c/app", "#!/init\n", 0o644);
    for (path, file) in [("/a:/b:/c", "/b/app"), ("/c:/b", "/c/app"), ("a:b", "b/app")] {
        for by_nobody in [false, true] {
            let outcome = by(&root, &["app"], by_nobody, true).env("PATH", path).finish();
            let why = format!("{NO_PERMISSION}; searched PATH '{path}'");
            assert_said(&outcome, file, &why, 126);
        }
    }
    // In the working directory, which an empty entry stands for.
    root.file("app", "#!/init\n", 0o644);
    let outcome = by(&root, &["app"], false, true).env("PATH", ":/a").finish();
    assert_said(&outcome, "app", &format!("{NO_PERMISSION}; searched PATH ':/a'"), 126);
}

#[test]
fn what_is_found_in_path_is_explained_like_any_other() {
    let root = scratch();
    let (other, name) = foreign();
    root.file("a/app", other, 0o755);
    let outcome = by(&root, &["app"], false, true).env("PATH", "/:/a").finish();
    assert_said(&outcome, "/a/app", &built_for(name), 126);
    root.file("b/app", "#!/bin/bahs\n", 0o755);
    let outcome = by(&root, &["app"], false, true).env("PATH", "/b").finish();
    let why = "its interpreter /bin/bahs is not in this image; searched PATH '/b'";
    assert_said(&outcome, "/b/app", why, 126);
}

// Several programs, and where nobody listens.

#[test]
fn a_companion_that_cannot_be_executed_says_why_as_well() {
    let root = scratch();
    root.file("app", "#!/bin/bahs\n", 0o755);
    let words = ["-S", ":::", "--", "/init", "--sleep", "0", ":::", "/app"];
    for by_nobody in [false, true] {
        let outcome = by(&root, &words, by_nobody, true).finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        // That it has ended is said as well, where the other has not ended before.
        let line = "rinit: cannot run /app: its interpreter /bin/bahs is not in this image\n";
        assert!(outcome.errors().starts_with(line), "{outcome:?}");
    }
}

#[test]
fn a_closed_stderr_changes_no_exit_code() {
    let root = scratch();
    root.file("app", "#!/bin/bahs\n", 0o755);
    for (program, code) in [("/app", 126), ("/not/there", 127), ("not-there", 127)] {
        let init = by(&root, &[program], true, true).stream(2, Stream::Closed);
        assert_eq!(init.finish().code(), Some(code));
    }
}

/// The name may come from anywhere.
#[test]
fn a_name_that_would_confuse_a_terminal_stays_on_its_line() {
    let root = scratch();
    let outcome = run(&root, &["/a\nb\x1b[31m"]);
    assert_said(&outcome, "/a?b?[31m", NOT_THERE, 127);
}

/// Descriptors that the program would get may be all there are: the file cannot be read.
#[test]
fn without_a_free_descriptor_it_is_told_that_something_is_missing() {
    let root = scratch();
    root.file("app", "#!/bin/bahs\n", 0o755);
    let none_left = || {
        let limit = libc::rlimit { rlim_cur: 3, rlim_max: 3 };
        // SAFETY: a structure that is there.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })
    };
    let outcome = by(&root, &["/app"], false, true).setup(none_left).finish();
    assert_said(&outcome, "/app", "something that it needs is not in this image", 126);
}

// Only then.

/// The system calls of rinit and of what it starts, as strace sees them.
fn calls(arguments: &[&str], path: &str, code: c_int) -> Option<Vec<String>> {
    let strace = tool("strace", "apt-get install strace")?;
    let folder = Folder::new();
    let log = folder.join("log");
    let words = ["-f".as_ref(), "-o".as_ref(), log.as_os_str(), rinit().as_os_str()];
    let init = Init::new(words).program(strace).args(arguments).env("PATH", path);
    let outcome = init.finish();
    assert_eq!(outcome.code(), Some(code), "{outcome:?}");
    let log = fs::read_to_string(log).unwrap();
    // Each line begins with the number of the process.
    Some(log.lines().map(|it| it.split_once(' ').unwrap().1.trim().to_owned()).collect())
}

/// Does it look at files?
fn looks(call: &str) -> bool {
    let names = ["open", "access", "faccess", "readlink", "stat", "pread", "read("];
    names.iter().any(|it| call.starts_with(it))
}

#[test]
fn nothing_of_it_runs_before_an_exec_has_failed() {
    let folder = Folder::new();
    folder.file("plain/tool", "", 0o644);
    // The program is rinit as well, which looks at no file either.
    let tool = folder.copy("bin/tool", rinit()).display().to_string();
    let app = folder.file("app", "#!/no/such/interpreter\n", 0o755).display().to_string();
    // Some candidates cannot be executed, a later one can.
    let [plain, bin] = ["plain", "bin"].map(|it| folder.join(it).display().to_string());
    let path = format!("/not/there:{plain}:{bin}");
    for arguments in [
        &["--", &tool, "-V"][..],
        &["--", "tool", "-V"],
        &["-S", ":::", "--", "tool", "--sleep", "0", ":::", "tool", "-V"],
    ] {
        let Some(calls) = calls(arguments, &path, 0) else { return };
        assert!(!calls.iter().any(|it| looks(it)), "{calls:#?}");
    }
    // It would be seen.
    let Some(calls) = calls(&[&app], &path, 126) else { return };
    let failed = calls.iter().position(|it| it.contains("ENOENT")).unwrap();
    assert!(!calls[..failed].iter().any(|it| looks(it)), "{calls:#?}");
    assert!(calls[failed..].iter().any(|it| looks(it)), "{calls:#?}");
}
