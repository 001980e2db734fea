#include "lib/base/process.h"
#include "lib/base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

bool process_is_guest;

/* The lowest number that is free is the one wanted: those below are open. */
static void occupy(int fd)
{
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
        return;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
        open("/", O_PATH);
}

void process_begin(void)
{
    struct sigaction now;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        occupy(fd);
    if (!sigaction(SIGXFSZ, NULL, &now) && now.sa_handler == SIG_DFL)
        signal(SIGXFSZ, SIG_IGN);
}

int program_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length < 0)
        return fail_errno(STATUS_FAILURE, "/proc/self/exe");
    folder[length] = 0;
    *(strrchr(folder, '/') + 1) = 0;
    return STATUS_OK;
}
