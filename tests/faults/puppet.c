/* What runs under rinit in scripts/faults: does what its arguments say, and nothing else.
 * All signals stay blocked, so that it takes each when it is told to wait for it, and only then. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void say(const char *word)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s\n", word);
    if (write(1, line, length) != length)
        _exit(99);
}

static int number_of(const char *name)
{
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known && !strcmp(known, name))
            return number;
    }
    return atoi(name);
}

/* What rinit has to hand on as it got it. */
static void facts(const sigset_t *mask)
{
    char line[128];
    struct sigaction chld;
    int blocked = 0;
    for (int number = 1; number < NSIG; number++)
        blocked += sigismember(mask, number) == 1;
    sigaction(SIGCHLD, NULL, &chld);
    snprintf(line, sizeof line, "blocked=%d chld=%s leader=%s", blocked,
             chld.sa_handler == SIG_IGN ? "ignored" : "default", getpgrp() == getpid() ? "yes" : "no");
    say(line);
}

static void nap(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static void play(char **word, const sigset_t *inherited)
{
    sigset_t set;
    for (; *word; word++) {
        const char *verb = *word;
        if (!strcmp(verb, "facts")) {
            facts(inherited);
        } else if (!strcmp(verb, "read")) { /* a line of the terminal */
            char line[64] = "";
            ssize_t size = read(0, line, sizeof line - 1);
            line[size > 0 ? size - 1 : 0] = 0;
            say(size > 0 ? line : "nothing");
        } else if (!strcmp(verb, "listen")) { /* whom LISTEN_PID names */
            const char *named = getenv("LISTEN_PID");
            say(named && atoi(named) == getpid() ? "it names me" : "it names another");
        } else if (!strcmp(verb, "sane")) { /* stops and the rest as any program has them */
            sigemptyset(&set);
            sigprocmask(SIG_SETMASK, &set, NULL);
        } else if (!word[1]) {
            _exit(98);
        } else if (!strcmp(verb, "say")) {
            say(*++word);
        } else if (!strcmp(verb, "sleep")) {
            nap(atol(*++word));
        } else if (!strcmp(verb, "wait")) {
            int number = number_of(*++word);
            sigemptyset(&set);
            sigaddset(&set, number);
            if (sigwaitinfo(&set, NULL) != number)
                _exit(97);
            say(*word);
        } else if (!strcmp(verb, "once")) { /* not a second time */
            struct timespec time = { 0, 30 * 1000000 };
            sigemptyset(&set);
            sigaddset(&set, number_of(*++word));
            if (sigtimedwait(&set, NULL, &time) > 0)
                say("twice");
        } else if (!strcmp(verb, "exit")) {
            _exit(atoi(*++word));
        } else if (!strcmp(verb, "die")) {
            int number = number_of(*++word);
            sigemptyset(&set);
            sigaddset(&set, number);
            raise(number);
            sigprocmask(SIG_UNBLOCK, &set, NULL);
        } else if (!strcmp(verb, "with") || !strcmp(verb, "orphan")) {
            /* A child, or a grandchild whose parent is gone, does what the words up to "." say.
             * It goes on only when the pipe says that the parent is through. */
            int is_orphan = !strcmp(verb, "orphan");
            int gate[2];
            char byte;
            if (pipe(gate))
                _exit(96);
            pid_t child = fork();
            if (child == 0) {
                if (is_orphan && fork() != 0)
                    _exit(0);
                close(gate[1]);
                if (is_orphan && read(gate[0], &byte, 1) != 0)
                    _exit(95);
                char **end = ++word;
                while (*end && strcmp(*end, "."))
                    end++;
                *end = NULL;
                play(word, inherited);
                _exit(0);
            }
            if (is_orphan)
                waitpid(child, NULL, 0);
            close(gate[0]);
            close(gate[1]);
            while (*word && strcmp(*word, "."))
                word++;
        } else {
            _exit(94);
        }
    }
}

int main(int count, char **arguments)
{
    sigset_t all, inherited;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &inherited);
    (void)count;
    play(arguments + 1, &inherited);
    return 0;
}
