#include "lib/stream/mapping.h"
#include "lib/base/error.h"
#include "lib/base/process.h"
#include "lib/base/temporary.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAPPINGS_MAX = 256 };

/* What is mapped now. The handler reads a slot that other threads may be filling: `start` is set last and
 * cleared first. */
static struct slot {
    char *start;
    size_t bytes;
    char *name;
} slots[MAPPINGS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* For a handler: only async-signal-safe calls. */
static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* there is nobody else to tell */
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    const char *at = info->si_addr;
    for (int i = 0; i < MAPPINGS_MAX; i++) {
        const char *start = __atomic_load_n(&slots[i].start, __ATOMIC_ACQUIRE);
        if (!start || at < start || at >= start + slots[i].bytes)
            continue;
        say(tool_name);
        say(": ");
        say(slots[i].name);
        say(": the file was cut while it was read\n");
        temporary_end();
        _exit(STATUS_DATA);
    }
    signal(number, SIG_DFL); /* not a file of ours: the access is repeated, and ends the process */
}

static void watch(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

static struct slot *slot_of(const void *start)
{
    for (int i = 0; i < MAPPINGS_MAX; i++)
        if (slots[i].start == start)
            return &slots[i];
    return NULL;
}

/* NULL, errno says why. */
static void *map_into(struct slot *slot, int fd, off_t offset, size_t bytes, const char *name)
{
    if (!slot) {
        errno = EMFILE;
        return NULL;
    }
    if (!(slot->name = strdup(name)))
        return NULL;
    void *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, offset);
    if (mapping == MAP_FAILED) {
        int cause = errno;
        free(slot->name);
        errno = cause;
        return NULL;
    }
    slot->bytes = bytes;
    __atomic_store_n(&slot->start, mapping, __ATOMIC_RELEASE);
    return mapping;
}

/* For a process whose signals are not ours: memory with a copy of the bytes. */
static void *copy(int fd, off_t offset, size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    for (size_t at = 0; at < bytes;) {
        const ssize_t count = pread(fd, memory + at, bytes - at, offset + (off_t)at);
        if (count > 0)
            at += (size_t)count;
        if (count > 0 || (count < 0 && errno == EINTR))
            continue;
        const int cause = count ? errno : ENODATA;
        munmap(memory, bytes);
        errno = cause;
        return NULL;
    }
    return memory;
}

void *mapping_open(int fd, off_t offset, size_t bytes, const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (process_is_guest)
        return copy(fd, offset, bytes);
    pthread_once(&once, watch);
    pthread_mutex_lock(&lock);
    void *mapping = map_into(slot_of(NULL), fd, offset, bytes, name);
    pthread_mutex_unlock(&lock);
    return mapping;
}

void mapping_close(void *mapping, size_t bytes)
{
    if (!mapping)
        return;
    pthread_mutex_lock(&lock);
    struct slot *slot = slot_of(mapping);
    if (slot)
        __atomic_store_n(&slot->start, NULL, __ATOMIC_RELEASE);
    munmap(mapping, bytes);
    if (slot)
        free(slot->name);
    pthread_mutex_unlock(&lock);
}
