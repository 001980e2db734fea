/* LD_PRELOAD library: kills the whole process group at the n-th call that changes a file.
 *
 * DIE_COUNTER names a file of 8 bytes that all processes share and count in; DIE_AT is n, 0 to count only.
 * A write that dies is half done; any other call is not done at all. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t *counter, last;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("DIE_COUNTER"), *at = getenv("DIE_AT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *shared = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    counter = shared == MAP_FAILED ? NULL : shared;
    last = at ? strtoull(at, NULL, 10) : 0;
}

static int is_last(void)
{
    return counter && __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST) == last;
}

static void die(void)
{
    kill(0, SIGKILL);
    pause();
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    if (is_last()) {
        next(fd, bytes, count / 2);
        die();
    }
    return next(fd, bytes, count);
}

/* The other calls: nothing is done when it is time to die. */
#define CALL(name, parameters, arguments)                                                                    \
    int name parameters                                                                                      \
    {                                                                                                        \
        static int(*next) parameters;                                                                        \
        if (!next)                                                                                           \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                                       \
        if (is_last())                                                                                       \
            die();                                                                                           \
        return next arguments;                                                                               \
    }

CALL(rename, (const char *from, const char *to), (from, to))
CALL(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
CALL(symlink, (const char *to, const char *name), (to, name))
CALL(symlinkat, (const char *to, int folder, const char *name), (to, folder, name))
CALL(unlink, (const char *name), (name))
CALL(unlinkat, (int folder, const char *name, int flags), (folder, name, flags))
CALL(mkdir, (const char *name, mode_t mode), (name, mode))
CALL(fsync, (int fd), (fd))
