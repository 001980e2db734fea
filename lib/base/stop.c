#include "lib/base/stop.h"
#include "lib/base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

volatile sig_atomic_t stop_wanted;
static int ends[2] = {-1, -1}; /* of a pipe: to read, to write */

void stop_waiting(void)
{
    ssize_t written = write(ends[1], "", 1); /* does not block: a full pipe is readable as well */
    (void)written;
}

static void want_stop(int number)
{
    int saved = errno;
    (void)number;
    stop_wanted = 1;
    stop_waiting();
    errno = saved;
}

int stop_watch(void)
{
    struct sigaction action = {.sa_handler = want_stop, .sa_flags = SA_RESTART};
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) || sigaction(SIGTERM, &action, NULL) ||
        sigaction(SIGINT, &action, NULL))
        return fail_errno(STATUS_FAILURE, "signals cannot be watched");
    return STATUS_OK;
}

int stop_descriptor(void)
{
    return ends[0];
}
