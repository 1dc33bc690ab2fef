"""The errors that the man page of each system call lists (man-pages 6.03), and what may come of them.

What a run makes is taken from its trace: a call that is not here fails the script.
"""

# A seccomp filter may answer so to any call.
REFUSED = ("EPERM", "ENOSYS")

PATH = "EACCES ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EFAULT"

ERRORS = {call: tuple(dict.fromkeys((*errors.split(), *REFUSED))) for call, errors in {
    "chdir": PATH + " EIO",
    "clock_gettime": "EACCES EFAULT EINVAL ENODEV EOPNOTSUPP",
    "close": "EBADF EINTR EIO ENOSPC EDQUOT",
    "close_range": "EINVAL EMFILE ENOMEM",
    "execve": PATH + " E2BIG EAGAIN EINVAL EIO EISDIR ELIBBAD EMFILE ENFILE ENOEXEC ETXTBSY",
    "faccessat": PATH + " EBADF EINVAL EIO EROFS ETXTBSY",
    "fchmod": "EBADF EINVAL EIO EROFS",
    "fsync": "EBADF EINTR EIO ENOSPC EROFS EINVAL EDQUOT",
    "ftruncate": "EACCES EBADF EFAULT EFBIG EINTR EINVAL EIO EISDIR EROFS ETXTBSY",
    "getpgid": "ESRCH",
    "ioctl": "EBADF EFAULT EINVAL ENOTTY EIO",
    "kill": "EINVAL ESRCH",
    "nanosleep": "EFAULT EINTR EINVAL",
    "madvise": "EACCES EAGAIN EBADF EBUSY EFAULT EINVAL EIO ENOMEM",
    "openat": PATH + " EAGAIN EBADF EBUSY EDQUOT EEXIST EFBIG EINTR EINVAL EISDIR EMFILE ENFILE ENODEV ENOSPC ENXIO"
              " EOPNOTSUPP EOVERFLOW EROFS ETXTBSY",
    "poll": "EFAULT EINTR EINVAL ENOMEM",
    "ppoll": "EFAULT EINTR EINVAL ENOMEM",
    "prctl": "EACCES EBADF EBUSY EFAULT EINVAL ENODEV ENXIO EOPNOTSUPP ERANGE",
    "pread64": "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR ENXIO EOVERFLOW ESPIPE",
    "read": "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR",
    "readlinkat": PATH + " EBADF EINVAL EIO",
    "renameat": PATH + " EBADF EBUSY EDQUOT EEXIST EINVAL EISDIR EMLINK ENOSPC ENOTEMPTY EROFS EXDEV",
    "rt_sigaction": "EFAULT EINVAL",
    "rt_sigpending": "EFAULT",
    "rt_sigprocmask": "EFAULT EINVAL",
    "rt_sigtimedwait": "EAGAIN EINTR EINVAL",
    "setpgid": "EACCES EINVAL ESRCH",
    "statfs": PATH + " EINTR EIO EOVERFLOW",
    "times": "EFAULT",
    "unlinkat": PATH + " EBADF EBUSY EINVAL EIO EISDIR EROFS",
    "vfork": "EAGAIN ENOMEM",
    "wait4": "ECHILD EINTR EINVAL ESRCH",
    "waitid": "EAGAIN ECHILD EINTR EINVAL ESRCH",
    "write": "EAGAIN EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG EINTR EINVAL EIO ENOSPC EPIPE",
}.items()}

# These have no errors.
CANNOT_FAIL = {"exit_group", "getpid", "getppid"}

# Where a fault shows and nobody can do better: who makes the call, which call, which fault, what is seen of
# it, and why that breaks nothing that rinit promises.
WEAKER = [
    ("any", "ppoll|write", "E.*", {"stderr", "asked_twice"},
     "a message that cannot be written is lost, and nothing else"),
    ("rinit", "kill", "E.*", {"stdout", "stderr", "asked_twice", "survivors"},
     "a forward that fails is noted with -v; who asks again is heard, and grace ends all the same"),
    ("rinit", "kill", "E.*, always",
     {"killed_by", "code", "given_up", "asked_twice", "stdout", "stderr", "survivors"},
     "who may never signal anybody passes nothing on, and has to be killed"),
    ("any", "write", "E.*, always", {"stdout", "stderr", "code", "notes"},
     "who may never write leaves with 125 where it was to print, and cannot say why"),
    ("rinit", "waitid", "E.*", {"stdout", "survivors"},
     "a group that is not proven to be the programs' own is not signalled"),
    ("rinit", "prctl", "E.*", {"stderr", "stdout", "asked_twice", "survivors"},
     "who may not be a subreaper is no parent of orphans: they are not rinit's to reap or to wait for"),
    ("rinit", "wait4", "ECHILD", {"stdout", "survivors"},
     "where the kernel says that nobody is left there is nobody to wait for"),
    ("rinit", "rt_sigtimedwait", "EAGAIN", {"stdout", "survivors"},
     "where the kernel says that the time is over, it is"),
    ("rinit", "rt_sigtimedwait", "E.*, always",
     {"killed_by", "code", "given_up", "asked_twice", "stdout", "stderr", "survivors"},
     "who may never hear a signal says so, reaps, passes none on, and has to be killed"),
    ("child", "setpgid", "E.*", {"stdout", "survivors"},
     "a program without a group of its own is signalled alone"),
    ("any", "ioctl|read|getpgid", "E.*", {"notes", "stdout", "killed_by", "code", "given_up", "asked_twice"},
     "a terminal that refuses is left as it is: a program that reads from it stops, as any background job does"),
]
