/* Temporary names: whose they are, what is swept, and what goes with the process. */
#include "lib/base/temporary.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch(const char *name)
{
    close(open(name, O_CREAT | O_WRONLY, 0600));
}

static bool exists(const char *name)
{
    struct stat info;
    return !lstat(name, &info);
}

static void check_names(void)
{
    char *one = temporary_name("folder/file.tsv"), *two = temporary_name("folder/file.tsv"),
         *here = temporary_name("file");
    check(!strncmp(one, "folder/.file.tsv.", 17) && !strcmp(one + strlen(one) - 5, ".part"),
          "beside it, hidden: %s", one);
    check(strcmp(one, two) != 0, "another each time: %s", two);
    check(!strncmp(here, ".file.", 6), "in this folder: %s", here);
    free(one);
    free(two);
    free(here);
}

/* A name as another process would make it: field 0 is the process id, 1 its start. */
static void rename_field(char *name, int field, const char *value)
{
    char *part = strrchr(name, '-'), *start, *pid, rest[64];
    *part = 0;
    start = strrchr(name, '-');
    *start = 0;
    pid = strrchr(name, '-');
    snprintf(rest, sizeof rest, "-%s-%s-%s", field == 0 ? value : pid + 1, field == 1 ? value : start + 1,
             part + 1);
    strcpy(pid, rest);
}

static bool is_swept(const char *name, bool folder)
{
    char inner[512];
    if (folder) {
        mkdir(name, 0700);
        snprintf(inner, sizeof inner, "%s/inner", name);
        touch(inner);
    } else
        touch(name);
    temporary_sweep("target");
    bool gone = !exists(name);
    if (!gone && folder)
        unlink(inner);
    if (!gone)
        remove(name);
    return gone;
}

static void check_sweep(void)
{
    char name[512], *own = temporary_name("target"), parent[24];
    check(!is_swept(own, false), "the own file stays");
    for (int folder = 0; folder < 2; folder++) {
        strcpy(name, own);
        rename_field(name, 0, "4194304"); /* above the most that Linux gives, 2^22 - 1 */
        check(is_swept(name, folder), "%s of a process that is gone goes", folder ? "a folder" : "a file");
        strcpy(name, own);
        rename_field(name, 1, "1");
        check(is_swept(name, folder), "so does one of a process id that another has now");
    }
    strcpy(name, own);
    rename_field(name, 0, "4194304");
    snprintf(parent, sizeof parent, "%d", (int)getppid());
    static const char *const others[] = {".target.elsewhere-4026531836-4194304-1-1.part", ".target.XXXXXX",
                                         ".target.part", ".target2.part"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        check(!is_swept(others[i], false), "%s stays", others[i]);
    char *cut = strrchr(name, '.');
    strcpy(cut, ".partly");
    check(!is_swept(name, false), "%s stays", name);
    strcpy(cut, "");
    check(!is_swept(name, false), "%s stays", name);
    temporary_sweep("absent/target");
    free(own);
}

/* Of a process that has ended, but whose parent has not waited for it. */
static void check_zombie(void)
{
    char name[512];
    int ends[2];
    siginfo_t ended;
    if (pipe(ends))
        abort();
    const pid_t child = fork();
    if (!child) {
        const char *own = temporary_name("target");
        _exit(write(ends[1], own, strlen(own) + 1) < 0);
    }
    if (child < 0 || read(ends[0], name, sizeof name) < 1 ||
        waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT))
        abort();
    check(is_swept(name, false), "a file of a process that nobody has waited for goes");
    waitpid(child, NULL, 0);
    close(ends[0]), close(ends[1]);
}

static void *forever(void *name)
{
    for (;;) {
        temporary_note(name, false);
        int fd = open(".", O_TMPFILE | O_RDWR, 0600);
        temporary_link(fd, name);
        close(fd);
        temporary_rename(name, "moved", 0);
    }
    return NULL;
}

/* Two signals at once, while another thread makes what one of them removes. */
static void check_ends(void)
{
    int bad = 0, left = 0;
    for (int i = 0; i < 100; i++) {
        fflush(stdout);
        int ready[2];
        if (pipe(ready))
            abort();
        pid_t child = fork();
        if (!child) {
            pthread_t thread;
            signal(SIGTERM, SIG_DFL), signal(SIGINT, SIG_DFL);
            temporary_note("folder", true);
            temporary_note("folder/file", false);
            mkdir("folder", 0700);
            touch("folder/file");
            pthread_create(&thread, NULL, forever, "temporary");
            if (write(ready[1], "", 1) != 1)
                abort();
            for (;;)
                pause();
        }
        char byte;
        if (read(ready[0], &byte, 1) != 1)
            abort();
        close(ready[0]), close(ready[1]);
        usleep((unsigned)i * 20);
        kill(child, SIGTERM), kill(child, SIGINT);
        int status;
        waitpid(child, &status, 0);
        bad += !WIFSIGNALED(status);
        left += exists("folder") || exists("temporary");
        unlink("temporary"), unlink("moved"), unlink("folder/file"), rmdir("folder");
    }
    check(!bad, "%d of 100 ended otherwise than by a signal", bad);
    check(!left, "%d of 100 left something", left);
}

int main(void)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || chdir(folder))
        return 1;
    check_ends();
    check_names();
    check_sweep();
    check_zombie();
    return check_exit();
}
