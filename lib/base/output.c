#include "lib/base/output.h"
#include "lib/base/aligned.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/temporary.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 20 };

bool output_tsv;

const char *output_name(const struct output *output)
{
    return output->path ? output->path : "standard output";
}

/* Releases the names; the file is closed, or was never open. */
static void forget(struct output *output)
{
    if (output->temporary)
        temporary_forget(output->temporary);
    free(output->path);
    free(output->temporary);
    *output = (struct output){.fd = -1};
}

static int open_standard(struct output *output, bool binary)
{
    *output = (struct output){.fd = STDOUT_FILENO};
    if (binary && isatty(STDOUT_FILENO))
        return fail(STATUS_USAGE, "binary data is not written to a terminal: use -o FILE, > FILE or | TOOL");
    if (binary || output_tsv || !isatty(STDOUT_FILENO))
        return STATUS_OK;
    output->aligned = calloc(1, sizeof *output->aligned);
    return output->aligned ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

/* A device or a FIFO is written as it is. */
static int open_special(struct output *output, const char *path)
{
    if (!(output->path = strdup(path)))
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    return output->fd >= 0 ? STATUS_OK : fail_errno(STATUS_FAILURE, "%s", path);
}

/* The folder of a path; the caller frees it. NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A file without a name in PATH's folder: nothing is left of it, however the process ends. -1 where the file
 * system has no such files, or /proc is missing, by which they get their name. */
static int open_unnamed(const char *path)
{
    char *folder = folder_of(path), link[32];
    struct stat opened, linked;
    int fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    free(folder);
    if (fd < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (!fstat(fd, &opened) && !stat(link, &linked) && opened.st_ino == linked.st_ino)
        return fd;
    close(fd);
    return -1;
}

/* Gives the output a temporary name, under which nothing is yet. */
static int take_name(struct output *output)
{
    output->temporary = temporary_name(output->path);
    return output->temporary ? temporary_note(output->temporary, false)
                             : fail(STATUS_FAILURE, "%s: out of memory", output->path);
}

static int open_named(struct output *output)
{
    int status = take_name(output);
    if (status)
        return status;
    output->fd = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return output->fd >= 0 ? STATUS_OK
                           : fail_errno(STATUS_FAILURE, "%s: cannot create a file there", output->path);
}

/* A file that will stand at its path whole. */
static int open_whole(struct output *output, const char *path, mode_t mode)
{
    output->whole = true;
    if (!(output->path = strdup(path)))
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    temporary_sweep(path);
    output->fd = open_unnamed(path);
    int status = output->fd < 0 ? open_named(output) : STATUS_OK;
    if (!status)
        fchmod(output->fd, mode);
    return status;
}

int output_open(struct output *output, const char *path, bool binary)
{
    if (!path || !strcmp(path, "-"))
        return open_standard(output, binary);
    *output = (struct output){.fd = -1};
    struct stat target;
    const bool replaces = !stat(path, &target);
    if (!replaces && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        return fail_errno(STATUS_FAILURE, "%s: cannot be looked at", path);
    if (replaces && S_ISDIR(target.st_mode))
        return fail(STATUS_FAILURE, "%s: is a folder", path);
    mode_t mask = umask(0);
    umask(mask);
    int status = replaces && !S_ISREG(target.st_mode)
                     ? open_special(output, path)
                     : open_whole(output, path, replaces ? target.st_mode & 0777 : 0666 & ~mask);
    if (status)
        forget(output);
    return status;
}

int output_open_descriptor(struct output *output, int fd, const char *name)
{
    *output = (struct output){.fd = -1};
    if (!(output->path = strdup(name)))
        return fail(STATUS_FAILURE, "%s: out of memory", name);
    output->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (output->fd >= 0)
        return STATUS_OK;
    int status = fail_errno(STATUS_FAILURE, "%s", name);
    forget(output);
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

static int write_bytes(void *self, const char *at, size_t count)
{
    struct output *output = self;
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

int output_write(struct output *output, const void *bytes, size_t count)
{
    return output->aligned ? aligned_add(output->aligned, bytes, count, write_bytes, output)
                           : write_bytes(output, bytes, count);
}

/* What is held of a table goes out. */
static int end_table(struct output *output)
{
    int status = output->aligned ? aligned_end(output->aligned, write_bytes, output) : STATUS_OK;
    free(output->aligned);
    output->aligned = NULL;
    return status;
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

int output_check_cell(const char *text)
{
    char shown[512];
    size_t length = 0;
    if (!strpbrk(text, "\t\n\r"))
        return STATUS_OK;
    for (const char *c = text; *c && length < sizeof shown - 2; c++) {
        const char *letter = strchr("\tt\nn\rr", *c);
        if (*c < ' ' && letter) {
            shown[length++] = '\\';
            shown[length++] = letter[1];
        } else
            shown[length++] = *c;
    }
    shown[length] = 0;
    return fail(STATUS_DATA, "%s: a tab or a line break in a name, which a table cannot hold", shown);
}

static int sync_folder(const char *path)
{
    char *folder = folder_of(path);
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

/* Copies a file's bytes behind what the other has. */
static int copy_bytes(struct output *to, const struct output *from)
{
    char *bytes = malloc(COPY_BYTES);
    int status = bytes ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", from->path);
    ssize_t count = 1;
    for (off_t at = 0; !status && count; at += count > 0 ? count : 0) {
        count = pread(from->fd, bytes, COPY_BYTES, at);
        if (count > 0)
            status = output_write(to, bytes, (size_t)count);
        else if (count < 0 && errno != EINTR)
            status = fail_errno(STATUS_FAILURE, "%s: cannot copy", from->path);
    }
    free(bytes);
    return status;
}

/* For a file system that makes files without names but does not link them: a copy with a temporary name. */
static int copy_to_named(struct output *output)
{
    struct output copy = {.fd = -1, .whole = true, .path = strdup(output->path)};
    struct stat info;
    int status = copy.path ? open_named(&copy) : fail(STATUS_FAILURE, "%s: out of memory", output->path);
    if (!status)
        status = copy_bytes(&copy, output);
    if (!status && (fstat(output->fd, &info) || fchmod(copy.fd, info.st_mode & 0777) || fsync(copy.fd)))
        status = fail_errno(STATUS_FAILURE, "%s: cannot copy", output->path);
    if (status) {
        output_discard(&copy);
        return status;
    }
    output_discard(output);
    *output = copy;
    return STATUS_OK;
}

/* Gives a file without a name its path where nothing is there, else a temporary name: a link replaces
 * nothing. */
static int link_unnamed(struct output *output)
{
    if (!temporary_link(output->fd, output->path))
        return STATUS_OK;
    int status = errno == EEXIST ? take_name(output) : STATUS_OK;
    if (status || (output->temporary && !temporary_link(output->fd, output->temporary)))
        return status;
    return copy_to_named(output);
}

/* What is written goes to the disk, and then gets its name. */
static int put_in_place(struct output *output)
{
    if (fsync(output->fd))
        return fail_errno(STATUS_FAILURE, "%s: cannot sync", output->path);
    int status = output->temporary ? STATUS_OK : link_unnamed(output);
    if (!status && output->temporary && temporary_rename(output->temporary, output->path, 0))
        status = fail_errno(STATUS_FAILURE, "%s: cannot rename onto it", output->path);
    return status;
}

int output_commit(struct output *output)
{
    int status = end_table(output);
    if (status || output->fd < 0)
        return status;
    if (output->whole && (status = put_in_place(output))) {
        output_discard(output);
        return status;
    }
    if (close(output->fd))
        status = fail_errno(STATUS_FAILURE, "%s: cannot close", output_name(output));
    else if (output->whole && sync_folder(output->path))
        status = fail_errno(STATUS_FAILURE, "%s: cannot sync its folder", output->path);
    forget(output);
    return status;
}

void output_discard(struct output *output)
{
    end_table(output); /* a failure has been said already */
    if (output->fd >= 0 && output->fd != STDOUT_FILENO)
        close(output->fd);
    if (output->temporary)
        unlink(output->temporary);
    forget(output);
}
