/* LD_PRELOAD library: makes the n-th system or library call of a class go wrong. The environment says which:
 *
 *   FAULT_CLASS     memory, map, read, write, sync, rename, open, close, stat, thread, seek, other or remove:
 *                   see the calls below; change: write, sync, rename, other and remove together
 *   FAULT_AT        n, from 1; 0 counts only
 *   FAULT_ACTION    fail: the call fails, as for want of memory or descriptors, or on a bad disk (default)
 *                   kill: the whole process group dies; half of a write is done, and nothing of another call
 *                   short: every read and write moves some bytes only
 *                   interrupt: every second read and write fails with EINTR
 *   FAULT_COUNTER   a file of 14 numbers of 8 bytes, in which all processes count the calls of each class
 *
 * What a program says, descriptor 2, is left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call_class {
    MEMORY,
    MAP,
    READ,
    WRITE,
    SYNC,
    RENAME,
    OPEN,
    CLOSE,
    STAT,
    THREAD,
    SEEK,
    OTHER,
    REMOVE,
    CHANGE,
    CLASSES
};
static const char *const class_names[CLASSES] = {"memory", "map",   "read",   "write", "sync",
                                                 "rename", "open",  "close",  "stat",  "thread",
                                                 "seek",   "other", "remove", "change"};

static enum { FAIL, KILL, SHORT, INTERRUPT } action;
static enum call_class chosen = CLASSES;
static uint64_t *counters, last;

static int is(const char *name, const char *word)
{
    const char *value = getenv(name);
    return value && !strcmp(value, word);
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAULT_COUNTER"), *number = getenv("FAULT_AT");
    action = is("FAULT_ACTION", "kill")        ? KILL
             : is("FAULT_ACTION", "short")     ? SHORT
             : is("FAULT_ACTION", "interrupt") ? INTERRUPT
                                               : FAIL;
    last = number ? strtoull(number, NULL, 10) : 0;
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    long shared =
        syscall(SYS_mmap, NULL, CLASSES * sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    for (enum call_class i = 0; i < CLASSES; i++)
        if (is("FAULT_CLASS", class_names[i]))
            chosen = i;
    if (shared != -1)
        counters = (uint64_t *)shared;
}

static int count(enum call_class kind)
{
    return __atomic_add_fetch(&counters[kind], 1, __ATOMIC_SEQ_CST) == last && kind == chosen;
}

/* Counts a call; whether it is the one that fails. */
static int is_hit(enum call_class kind)
{
    if (!counters)
        return 0;
    int changes = kind == WRITE || kind == SYNC || kind == RENAME || kind == OTHER || kind == REMOVE;
    int hit = changes && count(CHANGE);
    return count(kind) || hit;
}

static void die(void)
{
    kill(0, SIGKILL);
    pause();
}

/* The same, where a call that is hit does nothing: -1 with errno, or the end. */
static int fails(enum call_class kind, int error)
{
    if (!is_hit(kind))
        return 0;
    if (action == KILL)
        die();
    errno = error;
    return 1;
}

/* The next library's function does the work, unless it is time to fail. */
#define CALL(kind, error, failure, type, name, parameters, arguments)                                        \
    type name parameters                                                                                     \
    {                                                                                                        \
        static type(*next) parameters;                                                                       \
        if (!next)                                                                                           \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                                       \
        return fails(kind, error) ? failure : next arguments;                                                \
    }

/* --- memory ------------------------------------------------------------------------------------------- */

CALL(MEMORY, ENOMEM, NULL, void *, malloc, (size_t size), (size))
CALL(MEMORY, ENOMEM, NULL, void *, calloc, (size_t count, size_t size), (count, size))
CALL(MEMORY, ENOMEM, NULL, void *, realloc, (void *old, size_t size), (old, size))
CALL(MEMORY, ENOMEM, NULL, void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
CALL(MEMORY, ENOMEM, ENOMEM, int, posix_memalign, (void **block, size_t alignment, size_t size),
     (block, alignment, size))
CALL(MAP, ENOMEM, MAP_FAILED, void *, mmap,
     (void *at, size_t length, int protection, int flags, int fd, off_t offset),
     (at, length, protection, flags, fd, offset))

/* --- reads and writes --------------------------------------------------------------------------------- */

/* Whether this thread's call is one of every second, which are interrupted. */
static int is_interrupted(void)
{
    static __thread int odd;
    if (action != INTERRUPT || !(odd = !odd))
        return 0;
    errno = EINTR;
    return 1;
}

/* A few bytes, or about half of a large transfer, so that a run ends within its time. */
static size_t shortened(size_t count)
{
    if (action != SHORT || count < 8)
        return count;
    return count > 2000 ? count / 2 + count % 7 : 1 + count % 7;
}

/* A pipe is read without fail. */
static int fails_to_read(int fd)
{
    struct stat info;
    return !syscall(SYS_fstat, fd, &info) && !S_ISFIFO(info.st_mode) && fails(READ, EIO);
}

ssize_t read(int fd, void *bytes, size_t count)
{
    if (fails_to_read(fd) || is_interrupted())
        return -1;
    return syscall(SYS_read, fd, bytes, shortened(count));
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    if (fails_to_read(fd) || is_interrupted())
        return -1;
    return syscall(SYS_pread64, fd, bytes, shortened(count), offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (fd == STDERR_FILENO)
        return syscall(SYS_write, fd, bytes, count);
    if (is_hit(WRITE)) {
        if (action == KILL) {
            syscall(SYS_write, fd, bytes, count / 2);
            die();
        }
        errno = ENOSPC;
        return -1;
    }
    return is_interrupted() ? -1 : syscall(SYS_write, fd, bytes, shortened(count));
}

/* --- files -------------------------------------------------------------------------------------------- */

static mode_t mode_argument(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_argument(flags, arguments);
    va_end(arguments);
    return fails(OPEN, EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int close(int fd)
{
    int failed = fails(CLOSE, EIO);
    int result = (int)syscall(SYS_close, fd);
    if (failed)
        errno = EIO;
    return failed ? -1 : result;
}

CALL(OPEN, EMFILE, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
CALL(OPEN, EMFILE, -1, int, mkostemp, (char *template, int flags), (template, flags))
CALL(OPEN, EMFILE, -1, int, dup, (int fd), (fd))
CALL(OPEN, EMFILE, -1, int, pipe2, (int ends[2], int flags), (ends, flags))
CALL(STAT, EIO, -1, int, stat, (const char *path, struct stat *to), (path, to))

/* Not in a shell: where it cannot look at its own script, which is open and can be looked at, it ends with 0. */
int fstat(int fd, struct stat *to)
{
    static int (*next)(int fd, struct stat *to);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "fstat");
    return strcmp(program_invocation_short_name, "bash") && fails(STAT, EIO) ? -1 : next(fd, to);
}

CALL(SYNC, EIO, -1, int, fsync, (int fd), (fd))
CALL(RENAME, EIO, -1, int, rename, (const char *from, const char *to), (from, to))
CALL(RENAME, EPERM, -1, int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
CALL(RENAME, EIO, -1, int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(RENAME, EIO, -1, int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags))
CALL(OTHER, ENOSPC, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(OTHER, ENOSPC, NULL, char *, mkdtemp, (char *template), (template))
CALL(OTHER, EIO, -1, int, symlink, (const char *to, const char *path), (to, path))
CALL(OTHER, EIO, -1, int, symlinkat, (const char *to, int folder, const char *path), (to, folder, path))
CALL(REMOVE, EIO, -1, int, unlink, (const char *path), (path))
CALL(REMOVE, EIO, -1, int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
CALL(OTHER, EPERM, -1, int, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(SEEK, ESPIPE, -1, off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))
CALL(OTHER, EINVAL, -1, int, poll, (struct pollfd * set, nfds_t count, int wait), (set, count, wait))
CALL(OTHER, ENOSPC, -1, int, sem_init, (sem_t * semaphore, int shared, unsigned value),
     (semaphore, shared, value))
CALL(THREAD, EAGAIN, EAGAIN, int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument))
