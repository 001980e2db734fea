/* LD_PRELOAD library: a file system of a network that has no locks, or whose server is away.
 *
 *   DISK_CALL       flock, open or read: what fails
 *   DISK_ERROR      how: ENOSYS (Lustre without its option flock), ENOLCK (NFS without a lock daemon), EOPNOTSUPP, EIO, ESTALE
 *   DISK_FILE       only of files whose path ends with this */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

static int is(const char *name, const char *word)
{
    const char *value = getenv(name);
    return value && !strcmp(value, word);
}

/* Whether this call is to fail; errno then says how. */
static int fails(const char *call, const char *path)
{
    static const struct {
        const char *name;
        int number;
    } errors[] = {
        {"ENOSYS", ENOSYS}, {"ENOLCK", ENOLCK}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EIO", EIO}, {"ESTALE", ESTALE}};
    const char *file = getenv("DISK_FILE");
    size_t length = file ? strlen(file) : 0;
    if (!is("DISK_CALL", call) || strlen(path) < length ||
        (file && strcmp(path + strlen(path) - length, file)))
        return 0;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (is("DISK_ERROR", errors[i].name)) {
            errno = errors[i].number;
            return 1;
        }
    return 0;
}

static int fails_at(const char *call, int fd)
{
    char name[64], path[4096] = "";
    int before = errno;
    if (!is("DISK_CALL", call))
        return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    errno = before;
    return fails(call, path);
}

int flock(int fd, int operation)
{
    int (*next)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
    return fails_at("flock", fd) ? -1 : next(fd, operation);
}

#define OPEN_AT(function)                                                                                    \
    int function(int folder, const char *path, int flags, ...)                                               \
    {                                                                                                        \
        int (*next)(int, const char *, int, ...) =                                                           \
            (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #function);                               \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;                       \
        va_end(arguments);                                                                                   \
        return fails("open", path) ? -1 : next(folder, path, flags, mode);                                   \
    }

#define OPEN(function, at)                                                                                   \
    int function(const char *path, int flags, ...)                                                           \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;                       \
        va_end(arguments);                                                                                   \
        return at(AT_FDCWD, path, flags, mode);                                                              \
    }

OPEN_AT(openat)
OPEN_AT(openat64)
OPEN(open, openat)
OPEN(open64, openat64)

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    return fails("open", path) ? NULL : next(path, mode);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    ssize_t (*next)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    return fails_at("read", fd) ? -1 : next(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    ssize_t (*next)(int, void *, size_t, off_t) =
        (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
    return fails_at("read", fd) ? -1 : next(fd, buffer, size, offset);
}
