#include "lib/base/output.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Temporary files that exist now, for the handlers below. A slot is set after creation and cleared before
 * the rename's success is reported; the handlers only read pointers and unlink, which is
 * async-signal-safe. */
enum { PENDING_MAX = 32 };
static char *volatile pending[PENDING_MAX];
static pid_t owner;

void output_remove_pending(void)
{
    if (getpid() != owner) /* a forked child does not own them */
        return;
    for (int i = 0; i < PENDING_MAX; i++)
        if (pending[i])
            unlink(pending[i]);
}

static void on_signal(int number)
{
    output_remove_pending();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_once(void)
{
    if (owner)
        return;
    owner = getpid();
    atexit(output_remove_pending);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction now;
        sigaction(signals[i], NULL, &now);
        if (now.sa_handler == SIG_DFL) /* a tool's own handler, or an inherited "ignore", stays */
            signal(signals[i], on_signal);
    }
}

static int set_pending(char *from, char *to)
{
    for (int i = 0; i < PENDING_MAX; i++)
        if (pending[i] == from) {
            pending[i] = to;
            return STATUS_OK;
        }
    return fail(STATUS_FAILURE, "more than %d files open for writing", PENDING_MAX);
}

const char *output_name(const struct output *output)
{
    return output->path ? output->path : "standard output";
}

/* Releases the names; the file is closed, or was never open. */
static void forget(struct output *output)
{
    free(output->path);
    free(output->temporary);
    *output = (struct output){.fd = -1};
}

static int open_standard(struct output *output, bool binary)
{
    *output = (struct output){.fd = STDOUT_FILENO};
    if (binary && isatty(STDOUT_FILENO))
        return fail(STATUS_USAGE, "binary data is not written to a terminal: use -o FILE, > FILE or | TOOL");
    return STATUS_OK;
}

/* DIRECTORY/.NAME.XXXXXX with mkstemp's letters: hidden, and on the same file system as the target. */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path + 1) : 0;
    char *name;
    return asprintf(&name, "%.*s.%s.XXXXXX", folder, path, path + folder) < 0 ? NULL : name;
}

int output_open(struct output *output, const char *path, bool binary)
{
    if (!path || !strcmp(path, "-"))
        return open_standard(output, binary);
    *output = (struct output){.fd = -1};
    struct stat target;
    const bool replaces = !stat(path, &target);
    if (replaces && !S_ISREG(target.st_mode)) { /* a device or a FIFO is written as it is */
        if (S_ISDIR(target.st_mode))
            return fail(STATUS_FAILURE, "%s: is a folder", path);
        if (!(output->path = strdup(path)))
            return fail(STATUS_FAILURE, "%s: out of memory", path);
        output->fd = open(path, O_WRONLY | O_CLOEXEC);
        if (output->fd >= 0)
            return STATUS_OK;
        int status = fail_errno(STATUS_FAILURE, "%s", path);
        forget(output);
        return status;
    }
    watch_once();
    output->path = strdup(path);
    output->temporary = temporary_name(path);
    int status = STATUS_OK;
    if (!output->path || !output->temporary)
        status = fail(STATUS_FAILURE, "%s: out of memory", path);
    else if ((output->fd = mkostemp(output->temporary, O_CLOEXEC)) < 0)
        status = fail_errno(STATUS_FAILURE, "%s: cannot create a file there", path);
    if (status) {
        forget(output);
        return status;
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(output->fd, replaces ? target.st_mode & 0777 : 0666 & ~mask);
    status = set_pending(NULL, output->temporary);
    if (status)
        output_discard(output);
    return status;
}

/* Reads a byte of each page. Of a mapped file that was cut meanwhile write says only that the address is bad;
 * reading it brings the signal by which lib/stream/mapping.h tells what happened. */
static void touch(const char *bytes, size_t count)
{
    enum { PAGE = 4096 };
    for (size_t i = 0; i < count; i += size_min(PAGE, count - i))
        (void)*(const volatile char *)(bytes + i);
}

int output_write(struct output *output, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count) {
        ssize_t written = write(output->fd, at, size_min(count, 1u << 30));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EFAULT)
            touch(at, count);
        if (written < 0)
            return fail_errno(STATUS_FAILURE, "%s: cannot write", output_name(output));
        at += written;
        count -= (size_t)written;
    }
    return STATUS_OK;
}

int output_print(struct output *output, const char *format, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line)
        return fail(STATUS_FAILURE, "%s: a line of %d bytes is too long", output_name(output), length);
    return output_write(output, line, (size_t)length);
}

static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (fd < 0)
        return -1;
    int result = fsync(fd);
    if (result && (errno == EINVAL || errno == ENOTSUP)) /* a file system that cannot sync folders */
        result = 0;
    close(fd);
    return result;
}

int output_commit(struct output *output)
{
    int status = STATUS_OK;
    if (output->fd < 0)
        return status;
    if (output->temporary) {
        if (fsync(output->fd))
            status = fail_errno(STATUS_FAILURE, "%s: cannot sync", output->path);
        else if (rename(output->temporary, output->path))
            status = fail_errno(STATUS_FAILURE, "%s: cannot rename onto it", output->path);
        if (status) {
            output_discard(output);
            return status;
        }
        set_pending(output->temporary, NULL);
    }
    if (close(output->fd))
        status = fail_errno(STATUS_FAILURE, "%s: cannot close", output_name(output));
    else if (output->temporary && sync_folder(output->path))
        status = fail_errno(STATUS_FAILURE, "%s: cannot sync its folder", output->path);
    forget(output);
    return status;
}

void output_discard(struct output *output)
{
    if (output->fd < 0)
        return;
    if (output->fd != STDOUT_FILENO)
        close(output->fd);
    if (output->temporary) {
        unlink(output->temporary);
        set_pending(output->temporary, NULL);
    }
    forget(output);
}
