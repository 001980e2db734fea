/* Temporary files and folders beside what they become, which go when the process ends.
 *
 * They are called .NAME.HOST-SPACE-PID-START-COUNT.part: SPACE is the space of the process ids, START when
 * the process began, in the kernel's ticks. So they are nobody else's, and whoever writes the same NAME next
 * sees whether their writer still runs. They are removed on exit and on a signal that ends the process; only
 * kill -9, a crash or a loss of power can leave one, until then, or in a guest's process (process.h) any signal. pipelines/common.sh gives the same names. */
#ifndef PRUNET_BASE_TEMPORARY_H
#define PRUNET_BASE_TEMPORARY_H

#include <stdbool.h>
#include <sys/types.h>

/* A new name beside PATH, on its file system; the caller frees it. NULL without memory. Of a long NAME only
 * the beginning is in it. */
char *temporary_name(const char *path);

/* Removes what writers of PATH have left that run no more: files, and folders with the files in them. Only
 * what this user owns, and this host and space of process ids has made. What cannot be removed stays. */
void temporary_sweep(const char *path);

/* From now on NAME, a file or a folder, goes with the process; those noted last go first. It need not exist
 * yet. The text is copied. STATUS_FAILURE without memory. */
int temporary_note(const char *name, bool folder);

/* No longer: NAME has been renamed or removed. */
void temporary_forget(const char *name);

/* linkat of the file without a name that `fd` is; renameat2, and temporary_forget(from) when that has worked,
 * save with RENAME_EXCHANGE. Neither happens once the process is ending: nothing appears behind the back of
 * what removes. -1 with errno. */
int temporary_link(int fd, const char *path);
int temporary_rename(const char *from, const char *to, unsigned flags);

/* Removes all that is noted, for a handler that ends the process; async-signal-safe. Afterwards this process
 * can neither note, link nor rename: a thread that tries waits for the end. */
void temporary_end(void);

#endif
