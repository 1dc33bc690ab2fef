/* A program for an image, of the kind that Go builds: static, and without a libc or anything else
 * beside it. Says who it is, and ends with the code it is told.
 *
 *   golike CODE     ends with CODE
 *   golike check    leaves an orphan behind, as health checks do
 *   golike [serve]  leaves an orphan behind, and serves until SIGTERM
 */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start");
static long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl start");
static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}
#endif

static void say(const char *text) {
    long length = 0;
    while (text[length]) length++;
    call(SYS_write, 1, (long)text, length, 0);
}

static void say_number(long number) {
    char digits[20], *at = digits + sizeof digits;
    *--at = 0;
    do *--at = '0' + number % 10; while (number /= 10);
    say(at);
}

static void nap(long nanoseconds) {
    struct timespec time = {0, nanoseconds};
    call(SYS_nanosleep, (long)&time, 0, 0, 0);
}

/* A process whose parent does not wait for it: it ends when nobody but an init can. */
static void leave_an_orphan(void) {
    long child = call(SYS_clone, SIGCHLD, 0, 0, 0);
    if (child == 0) {
        if (call(SYS_clone, SIGCHLD, 0, 0, 0) == 0) nap(50000000);
        call(SYS_exit_group, 0, 0, 0, 0);
    }
    call(SYS_wait4, child, 0, 0, 0);
}

__attribute__((used, noreturn)) static void start(long *stack) {
    const char *word = stack[0] > 1 ? ((char **)stack)[2] : "serve";
    unsigned long term = 1ul << (SIGTERM - 1);
    long code = 0;
    call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&term, 0, sizeof term);
    if (*word == 'c' || *word == 's') leave_an_orphan();
    say("hello from no libc, process ");
    say_number(call(SYS_getpid, 0, 0, 0, 0));
    say(", started by process ");
    say_number(call(SYS_getppid, 0, 0, 0, 0));
    say("\n");
    if (*word == 's') {
        call(SYS_rt_sigtimedwait, (long)&term, 0, 0, sizeof term);
        nap(100000000);
        say("saved\n");
    }
    while (*word >= '0' && *word <= '9') code = code * 10 + (*word++ - '0');
    call(SYS_exit_group, code, 0, 0, 0);
    __builtin_unreachable();
}
