#include "lib/base/temporary.h"
#include "lib/base/error.h"
#include "lib/base/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { NAME_KEPT = 100, HOST_KEPT = 64, IDENTITY_SIZE = HOST_KEPT + 32 };

/* Names ---------------------------------------------------------------------------------------------- */

/* When a process began, from /proc/PID/stat: its 22nd field, the 20th behind the name in parentheses. 0 where
 * that cannot be read, and of one that has ended and whose parent has not asked for its status, a zombie. */
static uint64_t process_start(const char *pid)
{
    char path[64], stat[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return 0;
    stat[length] = 0;
    const char *field = strrchr(stat, ')');
    if (field && field[1] && strchr("ZX", field[2])) /* ") S 1 ..." */
        return 0;
    for (int i = 0; field && i < 20; i++)
        field = strchr(field + 1, ' ');
    return field ? strtoull(field, NULL, 10) : 0;
}

/* HOST-SPACE, in which a process id means one process. */
static void identify(char identity[IDENTITY_SIZE])
{
    struct utsname host;
    char space[64] = "";
    if (uname(&host))
        snprintf(host.nodename, sizeof host.nodename, "host");
    for (char *c = host.nodename; *c; c++)
        if (*c == '/')
            *c = '_';
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1); /* "pid:[4026531836]" */
    uint64_t number = length > 5 ? strtoull(space + 5, NULL, 10) : 0;
    snprintf(identity, IDENTITY_SIZE, "%.*s-%" PRIu64, HOST_KEPT, host.nodename, number);
}

/* The length of PATH's folder, with the slash. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path + 1) : 0;
}

char *temporary_name(const char *path)
{
    static atomic_int names;
    char identity[IDENTITY_SIZE], *name;
    const int folder = folder_length(path);
    identify(identity);
    int length = asprintf(&name, "%.*s.%.*s.%s-%d-%" PRIu64 "-%d.part", folder, path, NAME_KEPT,
                          path + folder, identity, (int)getpid(), process_start("self"), ++names);
    return length < 0 ? NULL : name;
}

/* What others have left ------------------------------------------------------------------------------- */

/* Whether "PID-START-COUNT.part" names a process that runs no more. Without /proc nothing is known. */
static bool is_stale(const char *text)
{
    char pid[24], count[24];
    uint64_t start;
    int length = -1;
    if (sscanf(text, "%20[0-9]-%20" SCNu64 "-%20[0-9].part%n", pid, &start, count, &length) < 3 ||
        length < 0 || text[length])
        return false;
    return start && process_start("self") && process_start(pid) != start;
}

/* A file, or a folder that holds files only. */
static void remove_stale(int folder, const char *name)
{
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) || found.st_uid != geteuid())
        return;
    if (!S_ISDIR(found.st_mode)) {
        unlinkat(folder, name, 0);
        return;
    }
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *files = inner < 0 ? NULL : fdopendir(inner);
    for (struct dirent *file; files && (file = readdir(files));)
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
            unlinkat(inner, file->d_name, 0);
    if (files)
        closedir(files);
    else if (inner >= 0)
        close(inner);
    unlinkat(folder, name, AT_REMOVEDIR);
}

void temporary_sweep(const char *path)
{
    char identity[IDENTITY_SIZE], *where, prefix[NAME_KEPT + IDENTITY_SIZE + 4];
    const int length = folder_length(path);
    identify(identity);
    snprintf(prefix, sizeof prefix, ".%.*s.%s-", NAME_KEPT, path + length, identity);
    if (!(where = length ? strndup(path, (size_t)length) : strdup(".")))
        return;
    DIR *folder = opendir(where);
    free(where);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (!strncmp(entry->d_name, prefix, strlen(prefix)) && is_stale(entry->d_name + strlen(prefix)))
            remove_stale(dirfd(folder), entry->d_name);
    closedir(folder);
}

/* What this process would leave ------------------------------------------------------------------------ */

struct noted {
    struct noted *next;
    bool folder;
    char name[];
};
static struct noted *noted; /* the last first */
static pid_t owner;
static atomic_flag lock = ATOMIC_FLAG_INIT;

/* The lock is held with all signals blocked: a handler never interrupts the thread that holds it, and one in
 * another thread need not wait long. */
static void take_lock(void)
{
    while (atomic_flag_test_and_set(&lock))
        sched_yield();
}

static void enter(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, before);
    take_lock();
}

static void leave(const sigset_t *before)
{
    int cause = errno;
    atomic_flag_clear(&lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = cause;
}

/* By whom the lock was taken. */
static void remove_noted(void)
{
    for (const struct noted *n = noted; n; n = n->next)
        if (n->folder)
            rmdir(n->name);
        else
            unlink(n->name);
}

void temporary_end(void)
{
    if (getpid() != owner) /* a forked child does not own them */
        return;
    take_lock(); /* for good */
    remove_noted();
}

/* All signals are blocked in it. What it raises ends the process here, not when it returns: ThreadSanitizer calls
 * a handler late, where all are blocked, and what follows there would wait for the lock. */
static void on_signal(int number)
{
    static _Thread_local bool ended;
    sigset_t raised;
    if (!ended)
        temporary_end();
    ended = true;
    signal(number, SIG_DFL);
    raise(number);
    sigemptyset(&raised);
    sigaddset(&raised, number);
    pthread_sigmask(SIG_UNBLOCK, &raised, NULL);
}

static struct noted *take_out(const char *name)
{
    for (struct noted **at = &noted; *at; at = &(*at)->next)
        if (!strcmp((*at)->name, name)) {
            struct noted *found = *at;
            *at = found->next;
            return found;
        }
    return NULL;
}

static void on_exit_of_process(void)
{
    sigset_t before;
    if (getpid() != owner)
        return;
    enter(&before);
    remove_noted();
    while (noted)
        free(take_out(noted->name));
    leave(&before);
}

/* Handles the signals that end a process of our own. What it handles itself, or was started with as ignored, stays. */
static void watch(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,   SIGTERM, SIGALRM,
                                  SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO};
    struct sigaction action = {.sa_handler = on_signal}, now;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; !process_is_guest && i < sizeof signals / sizeof signals[0]; i++)
        if (!sigaction(signals[i], NULL, &now) && now.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
    atexit(on_exit_of_process);
}

/* What is noted is this process's: a child that was forked begins anew. */
static void own_list(void)
{
    if (owner == getpid())
        return;
    watch();
    owner = getpid();
    noted = NULL;
}

int temporary_note(const char *name, bool folder)
{
    sigset_t before;
    struct noted *new = malloc(sizeof *new + strlen(name) + 1);
    if (!new)
        return fail(STATUS_FAILURE, "%s: out of memory", name);
    strcpy(new->name, name);
    new->folder = folder;
    enter(&before);
    own_list();
    new->next = noted;
    noted = new;
    leave(&before);
    return STATUS_OK;
}

void temporary_forget(const char *name)
{
    sigset_t before;
    enter(&before);
    struct noted *found = take_out(name);
    leave(&before);
    free(found);
}

int temporary_link(int fd, const char *path)
{
    char from[32];
    sigset_t before;
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    enter(&before);
    int result = linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
    leave(&before);
    return result;
}

int temporary_rename(const char *from, const char *to, unsigned flags)
{
    sigset_t before;
    enter(&before);
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
    struct noted *found = result || flags & RENAME_EXCHANGE ? NULL : take_out(from);
    leave(&before);
    free(found);
    return result;
}
