#include "lib/base/stop.h"
#include "lib/base/error.h"
#include "lib/base/temporary.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

atomic_bool stop_wanted;
static int ends[2] = {-1, -1}; /* of a pipe: to read, to write */

void stop_waiting(void)
{
    ssize_t written = write(ends[1], "", 1); /* does not block: a full pipe is readable as well */
    (void)written;
}

static void want_stop(int number)
{
    static atomic_int asked;
    int saved = errno;
    const bool by_hand = number == SIGINT || number == SIGQUIT;
    if (by_hand && asked++) {
        temporary_end();
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_wanted = true;
    stop_waiting();
    errno = saved;
}

/* A signal that the caller has the tool ignore stays ignored. */
static int watch(int number)
{
    struct sigaction action = {.sa_handler = want_stop, .sa_flags = SA_RESTART}, now;
    sigfillset(&action.sa_mask);
    if (sigaction(number, NULL, &now))
        return -1;
    return now.sa_handler == SIG_IGN ? 0 : sigaction(number, &action, NULL);
}

int stop_watch(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1};
    int failed = pipe2(ends, O_CLOEXEC | O_NONBLOCK);
    for (size_t i = 0; !failed && i < sizeof signals / sizeof signals[0]; i++)
        failed = watch(signals[i]);
    return failed ? fail_errno(STATUS_FAILURE, "signals cannot be watched") : STATUS_OK;
}

int stop_descriptor(void)
{
    return ends[0];
}
