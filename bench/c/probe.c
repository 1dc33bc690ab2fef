/*
 * What the benchmarks start, and what starts it: one small static program with many names for it.
 *
 *   probe true                        ends at once
 *   probe enter PROGRAM [ARG]...      runs it as PID 1 of a PID namespace; ends with its code
 *   probe many COUNT PROGRAM [ARG]... that many of them at once, until its stdin is closed
 *   probe hold                        says `ready` and waits for SIGTERM
 *   probe deaf                        says `ready`, ignores SIGTERM and waits for ever
 *   probe save FILE MILLISECONDS      as hold, but needs so long after SIGTERM, then makes FILE
 *   probe first PARENT|SELF           asks for a signal at once, and ends when it has come
 *   probe orphans                     for each line `COUNT` on stdin: leaves so many dead orphans,
 *                                     says `left`, and says the time when the last was reaped
 *   probe singles                     for each line `COUNT` on stdin: leaves so many dead orphans,
 *                                     each after the last was reaped, and says the time
 *   probe answer FILE STORMS          answers signals through FILE, which it shares with `ask`;
 *                                     meanwhile so many processes make orphans without end
 *   probe ask FILE PID COUNT          signals it one by one; says how long each took, nanoseconds
 *   probe flood FILE PID COUNT        queues COUNT signals at PID, which is stopped, continues it, and
 *                                     says how long all took
 *
 * Exit code: 0; 1 where something did not come, 2 where something could not be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUED = 40, /* a signal that queues, and that no libc keeps for itself */
    BATCH_MAX = 10000,
    REST = 50000, /* nanoseconds between two signals, so that each finds everybody asleep */
    PATIENCE = 10, /* seconds, after which what was waited for is lost */
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1, /* musl has no linux/futex.h */
};

/* What `answer` and `ask` share. */
struct shared {
    _Atomic uint32_t answers; /* a futex: how many were given */
    _Atomic uint32_t wanted;  /* how many queued signals make one answer */
    _Atomic uint64_t when;    /* the time of the last answer */
    _Atomic uint64_t orphans; /* how many the storm has made */
};

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *check(void *result)
{
    if (result == MAP_FAILED)
        _exit(2);
    return result;
}

static long done(long result)
{
    if (result < 0)
        _exit(2);
    return result;
}

static void say(const char *text)
{
    done(write(1, text, strlen(text)));
}

/* Without stdio, which is most of a small static program. */
static char *append(char *to, uint64_t number)
{
    char digits[24], *from = digits + sizeof digits;
    do
        *--from = '0' + number % 10;
    while (number /= 10);
    while (from < digits + sizeof digits)
        *to++ = *from++;
    *to++ = '\n';
    return to;
}

static void say_number(uint64_t number)
{
    char line[32];
    done(write(1, line, append(line, number) - line));
}

static sigset_t only(int first, int second, int third)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    sigaddset(&set, third);
    return set;
}

static int run(void *vector)
{
    /* No container outlives the benchmarks. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(((char **)vector)[0], vector);
    _exit(2);
}

/* A process for the vector, as PID 1 of a namespace of its own. */
static pid_t born_as_pid_1(char **vector)
{
    static char stack[65536] __attribute__((aligned(16)));
    int flags = CLONE_NEWPID | (geteuid() ? CLONE_NEWUSER : 0);
    return done(clone(run, stack + sizeof stack, flags | CLONE_VM | CLONE_VFORK | SIGCHLD, vector));
}

static int enter(char **vector)
{
    int status;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t pid = born_as_pid_1(vector);
    done(waitpid(pid, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int many(int count, char **vector)
{
    char byte;
    int ends[2], out = done(dup(1));
    pid_t *pids = calloc(count, sizeof *pids);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    done(pipe(ends));
    done(dup2(ends[1], 1));
    for (int index = 0; index < count; index++) {
        pids[index] = born_as_pid_1(vector);
        /* Each says `ready`: a line. */
        do
            if (read(ends[0], &byte, 1) != 1)
                return 2;
        while (byte != '\n');
    }
    done(dup2(out, 1));
    say("ready\n");
    while (read(0, &byte, 1) > 0)
        ;
    for (int index = 0; index < count; index++)
        kill(pids[index], SIGKILL);
    while (wait(0) > 0)
        ;
    return 0;
}

static int hold(int disposition, long milliseconds, const char *file)
{
    int signal;
    sigset_t set = only(SIGTERM, SIGTERM, SIGTERM);
    if (disposition)
        sigprocmask(SIG_BLOCK, &set, 0);
    struct sigaction action = { .sa_handler = SIG_IGN };
    if (!disposition)
        sigaction(SIGTERM, &action, 0);
    say("ready\n");
    while (!disposition)
        pause();
    sigwait(&set, &signal);
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, 0);
    if (file)
        done(open(file, O_CREAT | O_WRONLY, 0600));
    return 0;
}

static int first(pid_t whom)
{
    sigset_t set = only(SIGUSR1, SIGUSR1, SIGUSR1);
    struct timespec patience = { PATIENCE, 0 };
    sigprocmask(SIG_BLOCK, &set, 0);
    done(kill(whom, SIGUSR1));
    return sigtimedwait(&set, 0, &patience) == SIGUSR1 ? 0 : 1;
}

/* A child that is dead, and not reaped: by vfork, which is the cheapest. */
static pid_t zombie(void)
{
    pid_t pid = done(vfork());
    if (!pid)
        _exit(0);
    return pid;
}

/* Leaves so many orphans, all dead when they become such. */
static void leave(volatile pid_t *pids, int count)
{
    pid_t parent = done(fork());
    if (!parent) {
        for (int index = 0; index < count; index++)
            pids[index] = zombie();
        _exit(0);
    }
    done(waitpid(parent, 0, 0));
}

/* Returns when all are reaped: the time. It never sleeps, so nobody has to wake it. */
static uint64_t reaped(volatile pid_t *pids, int count)
{
    while (count-- > 0)
        while (kill(pids[count], 0) == 0)
            sched_yield();
    return now();
}

static int orphans(int batch_max)
{
    char line[64];
    volatile pid_t *pids = check(mmap(0, BATCH_MAX * sizeof *pids, PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    say("ready\n");
    for (ssize_t size; (size = read(0, line, sizeof line - 1)) > 0;) {
        line[size] = 0;
        int count = atoi(line), batch = count < batch_max ? count : batch_max;
        if (batch < 1)
            return 2;
        uint64_t when = 0;
        for (; count > 0; count -= batch) {
            leave(pids, batch);
            if (batch_max > 1)
                say("left\n");
            when = reaped(pids, batch);
        }
        say_number(when);
    }
    return 0;
}

static struct shared *share(const char *file)
{
    int descriptor = done(open(file, O_RDWR | O_CREAT, 0600));
    done(ftruncate(descriptor, sizeof(struct shared)));
    return check(mmap(0, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
}

/* In a group of its own: what is signalled is the program, not the storm. */
static void storm(struct shared *shared)
{
    setpgid(0, 0);
    for (;;) {
        pid_t pid = done(fork());
        if (!pid) {
            if (!done(fork()))
                _exit(0);
            shared->orphans++;
            _exit(0);
        }
        done(waitpid(pid, 0, 0));
    }
}

static int answer(struct shared *shared, int storms)
{
    sigset_t set = only(SIGUSR1, QUEUED, SIGTERM);
    struct timespec at_once = { 0, 0 };
    sigprocmask(SIG_BLOCK, &set, 0);
    while (storms-- > 0)
        if (!done(fork()))
            storm(shared);
    say("ready\n");
    for (;;) {
        int signal = sigwaitinfo(&set, 0);
        if (signal == SIGTERM)
            return 0;
        if (signal == QUEUED)
            /* It never sleeps meanwhile: to wake it is not the init's work. */
            for (uint32_t queued = 1; queued < shared->wanted;)
                if (sigtimedwait(&set, 0, &at_once) == QUEUED)
                    queued++;
                else
                    sched_yield();
        shared->when = now();
        shared->answers++;
        syscall(SYS_futex, &shared->answers, FUTEX_WAKE, 1, 0, 0, 0);
    }
}

/* Waits for the answer after so many; how long it took since then. */
static uint64_t answered(struct shared *shared, uint32_t before, uint64_t start)
{
    struct timespec patience = { PATIENCE, 0 };
    while (shared->answers == before)
        if (syscall(SYS_futex, &shared->answers, FUTEX_WAIT, before, &patience, 0, 0) < 0 &&
            errno == ETIMEDOUT)
            _exit(1);
    return shared->when - start;
}

/* Sends one signal, after a rest; how long it took. */
static uint64_t one(struct shared *shared, pid_t pid)
{
    uint32_t before = shared->answers;
    uint64_t start = now();
    while (now() - start < REST)
        ;
    start = now();
    done(kill(pid, SIGUSR1));
    return answered(shared, before, start);
}

static int ask(struct shared *shared, pid_t pid, int count)
{
    char *text = malloc(count * 24), *end = text;
    /* The first only warm up what was idle. */
    for (int index = 0; index < 5; index++)
        one(shared, pid);
    for (int index = 0; index < count; index++)
        end = append(end, one(shared, pid));
    done(write(1, text, end - text));
    return 0;
}

static int flood(struct shared *shared, pid_t pid, int count)
{
    uint32_t before = shared->answers;
    shared->wanted = count;
    for (int index = 0; index < count; index++)
        done(kill(pid, QUEUED));
    uint64_t start = now();
    done(kill(pid, SIGCONT));
    say_number(answered(shared, before, start));
    return 0;
}

int main(int count, char **word)
{
    const char *what = count > 1 ? word[1] : "";
    /* The last of them is always a null. */
    if (!strcmp(what, "true"))
        return 0;
    if (!strcmp(what, "enter") && count > 2)
        return enter(word + 2);
    if (!strcmp(what, "many") && count > 3)
        return many(atoi(word[2]), word + 3);
    if (!strcmp(what, "hold"))
        return hold(1, 0, 0);
    if (!strcmp(what, "deaf"))
        return hold(0, 0, 0);
    if (!strcmp(what, "save") && count > 3)
        return hold(1, atol(word[3]), word[2]);
    if (!strcmp(what, "first") && count > 2)
        return first(!strcmp(word[2], "PARENT") ? getppid() : getpid());
    if (!strcmp(what, "orphans"))
        return orphans(BATCH_MAX);
    if (!strcmp(what, "singles"))
        return orphans(1);
    if (!strcmp(what, "answer") && count > 3)
        return answer(share(word[2]), atoi(word[3]));
    if (!strcmp(what, "ask") && count > 4)
        return ask(share(word[2]), atoi(word[3]), atoi(word[4]));
    if (!strcmp(what, "flood") && count > 4)
        return flood(share(word[2]), atoi(word[3]), atoi(word[4]));
    return 2;
}
