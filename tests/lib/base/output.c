/* Whole files: what stands under the final name at every instant, and what is left when something fails;
 * where the file system has files without names, where it does not link them, and where it has none. */
#include "lib/base/output.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char target[] = "target";

/* What the file system is like; these stand before the C library's. */
static enum { UNNAMED, UNLINKED, NAMED, FILE_SYSTEMS } kind;
static const char *const kinds[FILE_SYSTEMS] = {"files without names", "such files without links", "none"};

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (kind == NAMED && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    if (kind == UNLINKED) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

static void write_target(const char *text)
{
    FILE *file = fopen(target, "w");
    fputs(text, file);
    fclose(file);
}

static int target_is(const char *text)
{
    char found[64] = "";
    FILE *file = fopen(target, "r");
    if (!file)
        return text == NULL;
    size_t n = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    return text && n == strlen(text) && !strcmp(found, text);
}

/* Files of the folder besides the target. */
static int others(void)
{
    int count = 0;
    DIR *folder = opendir(".");
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && strcmp(entry->d_name, target);
    closedir(folder);
    return count;
}

static void check_life(void)
{
    struct output output;
    unlink(target);
    umask(027);
    check(!output_open(&output, target, true) && target_is(NULL) && others() == (kind == NAMED),
          "%s: open: a temporary file at most", kinds[kind]);
    check(!output_write(&output, "new", 3) && !output_print(&output, " %d", 7), "written");
    check(!strcmp(output_name(&output), target), "it is called by its final name");
    check(!output_commit(&output) && target_is("new 7") && !others(),
          "commit: the whole file, nothing beside it");
    struct stat info;
    stat(target, &info);
    check((info.st_mode & 0777) == 0640, "with the permissions of any new file: %o", info.st_mode & 0777);
    check(!output_commit(&output), "a second commit does nothing");
    output_discard(&output);
    check(target_is("new 7"), "nor does a discard after it");

    check(!output_open(&output, target, true) && !output_write(&output, "x", 1), "open it again");
    check(target_is("new 7"), "the old bytes stand meanwhile");
    output_discard(&output);
    check(target_is("new 7") && !others(), "and after a discard");
}

static void check_permissions(void)
{
    static const mode_t modes[] = {0600, 0640, 0444, 0666};
    struct output output;
    struct stat info;
    umask(022);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_target("old");
        chmod(target, modes[i]);
        bool done = !output_open(&output, target, true) && !output_write(&output, "new", 3) &&
                    !output_commit(&output) && !stat(target, &info);
        check(done && target_is("new") && (info.st_mode & 07777) == modes[i],
              "a file of permissions %o keeps them: %o", modes[i], info.st_mode & 07777);
        unlink(target);
    }
}

/* What a child that is killed, or that exits, in the middle of writing leaves. */
static void check_death(int number)
{
    fflush(stdout);
    write_target("old");
    pid_t child = fork();
    if (!child) {
        struct output output;
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        if (number)
            signal(number, SIG_DFL); /* it is ignored where the tests run under nohup or in the background */
        if (output_open(&output, target, true) || output_write(&output, "half", 4))
            _exit(99);
        if (number)
            raise(number);
        exit(5);
    }
    int status;
    waitpid(child, &status, 0);
    int as_meant = number ? WIFSIGNALED(status) && WTERMSIG(status) == number : WEXITSTATUS(status) == 5;
    int left = others();
    check(as_meant && target_is("old"), "%s: the old file stands", number ? strsignal(number) : "exit");
    check(left == (number == SIGKILL && kind == NAMED), "%s: %d temporary files are left", kinds[kind], left);
    struct output next;
    check(!output_open(&next, target, true) && others() == (kind == NAMED),
          "it is swept by who writes there next");
    output_discard(&next);
    check(!others(), "nothing is left");
}

static void check_refusals(void)
{
    struct output output;
    char line[5000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    check(output_open(&output, "absent/target", true) == STATUS_FAILURE &&
              strstr(error_message(), "absent/target"),
          "no such folder: %s", error_message());
    check(output_open(&output, ".", true) == STATUS_FAILURE, "a folder: %s", error_message());
    check(!output_open(&output, "/dev/full", true) && output_write(&output, "x", 1) == STATUS_FAILURE &&
              strstr(error_message(), "No space left"),
          "a full disk: %s", error_message());
    output_discard(&output);
    check(!output_open(&output, target, false) && output_print(&output, "%s", line) == STATUS_FAILURE,
          "a line that is too long: %s", error_message());
    output_discard(&output);
}

/* The limit holds for stdout too, where that is a file: nothing is printed until it is lifted. */
static void check_growth(void)
{
    struct output output;
    struct rlimit limit, before;
    char bytes[4000] = "";
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    write_target("old");
    setrlimit(RLIMIT_FSIZE, &limit);
    int opened = output_open(&output, target, true), status = output_write(&output, bytes, sizeof bytes);
    output_discard(&output);
    setrlimit(RLIMIT_FSIZE, &before);
    check(!opened && status == STATUS_FAILURE, "a file that may not grow: %s", error_message());
    check(target_is("old") && !others(), "leaves the old one");
}

static void check_special(void)
{
    struct output output;
    char got[4] = "";
    mkfifo("pipe", 0600);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    check(!output_open(&output, "pipe", true) && !output_write(&output, "abc", 3) &&
              !output_commit(&output) && read(reader, got, 3) == 3 && !strcmp(got, "abc"),
          "a named pipe is written as it is");
    close(reader);
    unlink("pipe");
    write_target("old");
    if (symlink(target, "link"))
        abort();
    check(!output_open(&output, "link", true) && !output_write(&output, "new", 3) && !output_commit(&output),
          "a link is replaced or followed");
    unlink("link");

    struct output many[50];
    int opened = 0;
    for (int i = 0; i < 50; i++) {
        char name[16];
        sprintf(name, "many%d", i);
        opened += !output_open(&many[i], name, true);
    }
    check(opened == 50, "%d files at once", opened);
    for (int i = 0; i < opened; i++)
        output_discard(&many[i]);
    check(!others(), "all of them gone");
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = 0;
    for (int i = 0; i < 2; i++)
        check(!output_open(&output, longest, true) && !output_write(&output, "abc", 3) &&
                  !output_commit(&output),
              "a name of 255 bytes, %s: %s", i ? "again" : "new", error_message());
    unlink(longest);
    check(!others(), "is alone");
}

int main(void)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || chdir(folder))
        return 1;
    /* deaths first, while this process has no files of its own that a child would not touch */
    static const int signals[] = {0,       SIGTERM, SIGINT,  SIGHUP,  SIGPIPE, SIGQUIT,
                                  SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM, SIGKILL};
    for (kind = 0; kind < FILE_SYSTEMS; kind++)
        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
            check_death(signals[i]);
    for (kind = 0; kind < FILE_SYSTEMS; kind++) {
        check_life();
        check_permissions();
        check_refusals();
        check_growth();
        check_special();
    }
    return check_exit();
}
