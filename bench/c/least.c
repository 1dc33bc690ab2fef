/*
 * The least that an init can do, and so the floor under all of them: one page without libc that
 * starts a program, waits for signals, reaps, passes the others on, and leaves with the program's
 * code. It looks at no option, no PATH and no terminal, makes no group, waits for nobody at the end
 * and says nothing. Not for use.
 *
 * x86_64; elsewhere there is no such floor in the tables.
 */
#include <asm/unistd.h>

static inline __attribute__((always_inline)) long
call(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return number;
}

enum { SETMASK = 2, NOHANG = 1, CHLD = 17, PR_SUBREAPER = 36 };

/* vfork must not return in the child: its parent lives on this very frame. */
static inline __attribute__((always_inline)) long vfork_here(void)
{
    return call(__NR_vfork, 0, 0, 0, 0);
}

__attribute__((noreturn, used)) void entered(long *stack)
{
    char **vector = (char **)(stack + 2), **environment = (char **)(stack + stack[0] + 2);
    unsigned long all = ~0UL, before = 0;
    call(__NR_rt_sigprocmask, SETMASK, (long)&all, (long)&before, 8);
    call(__NR_prctl, PR_SUBREAPER, 1, 0, 0);
    long program = vfork_here();
    if (!program) {
        call(__NR_rt_sigprocmask, SETMASK, (long)&before, 0, 8);
        call(__NR_execve, (long)vector[0], (long)vector, (long)environment, 0);
        call(__NR_exit_group, 127, 0, 0, 0);
    }
    for (;;) {
        long signal = call(__NR_rt_sigtimedwait, (long)&all, 0, 0, 8);
        if (signal != CHLD) {
            call(__NR_kill, program, signal, 0, 0);
            continue;
        }
        int status;
        for (long pid; (pid = call(__NR_wait4, -1, (long)&status, NOHANG, 0)) > 0;)
            if (pid == program)
                call(__NR_exit_group, status & 127 ? 128 + (status & 127) : status >> 8, 0, 0, 0);
    }
}

__attribute__((naked, noreturn)) void _start(void)
{
    __asm__("mov %rsp, %rdi\n and $-16, %rsp\n call entered");
}
