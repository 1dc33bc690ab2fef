/*
 * An init that does its job badly in every way that the benchmarks look at: what shows that they can
 * tell. Built large; takes a while to start; copies memory; wakes up for nothing; takes its time with
 * each signal and each orphan, and keeps memory for it; leaves without its program's siblings.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, MEGABYTE = 1 << 20 };

/* Read-only ballast, for the file, and memory that is its own. */
static const volatile char ballast[4 * MEGABYTE] = { 1 };
static char memory[MEGABYTE];

static void work(long microseconds)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        getppid();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000 <
             microseconds);
}

static void keep(int size)
{
    static void *volatile kept;
    kept = malloc(size);
    memset(kept, 1, size);
}

int main(int count, char **vector)
{
    sigset_t all, before;
    int status;
    if (count < 3)
        return 125;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int at = 0; at < MEGABYTE; at += 512)
        memory[at] = ballast[at] + 1;
    work(5000);
    pid_t program = fork();
    if (program == 0) {
        sigprocmask(SIG_SETMASK, &before, 0);
        execv(vector[2], vector + 2); /* after `--` */
        _exit(127);
    }
    for (;;) {
        struct timespec soon = { 0, 50000000 };
        int signal = sigtimedwait(&all, 0, &soon);
        if (signal > 0 && signal != SIGCHLD) {
            work(300);
            keep(2 * PAGE);
            kill(program, signal);
        }
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
            if (pid == program) {
                work(20000);
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
            work(30);
            keep(2 * PAGE);
        }
    }
}
