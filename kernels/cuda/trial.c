/* See trial.h. */
#include "kernels/cuda/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child has none of the parent's handlers, says nothing and leaves no core. A group of its own takes along whatever it
 * starts. */
static void stand_apart(void)
{
    sigset_t none;
    const int nowhere = open("/dev/null", O_RDWR);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_DUMPABLE, 0);
    alarm(TRIAL_SECONDS);
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO && nowhere >= 0; stream++)
        dup2(nowhere, stream);
}

static void write_all(int to, const char *text, size_t length)
{
    for (ssize_t n = 1; length > 0 && n > 0; text += n, length -= (size_t)n)
        n = write(to, text, length);
}

/* The text up to its end or to the end of what is there; it is cut where it is too long. */
static void read_all(int from, char *text, size_t size)
{
    size_t used = 0;
    while (used < size - 1) {
        const ssize_t n = read(from, text + used, size - 1 - used);
        if (n > 0)
            used += (size_t)n;
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
    }
    text[used] = 0;
}

/* A parent that ignores SIGCHLD, or whose handler takes every child, leaves nothing to wait for: so the answer comes by a
 * pipe and not as a status. */
enum trial trial(void (*work)(const void *of, char *answer, size_t size), const void *of, char *answer,
                 size_t size)
{
    int ends[2];
    answer[0] = 0;
    if (pipe2(ends, O_CLOEXEC))
        return TRIAL_IMPOSSIBLE;
    const pid_t child = fork();
    if (!child) {
        stand_apart();
        work(of, answer, size);
        write_all(ends[1], answer, strlen(answer));
        _exit(0);
    }
    close(ends[1]);
    if (child > 0) {
        read_all(ends[0], answer, size);
        kill(-child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return child < 0 ? TRIAL_IMPOSSIBLE : answer[0] ? TRIAL_ANSWERED : TRIAL_DIED;
}
