#include "lib/base/file_digest.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/output.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Reading ---------------------------------------------------------------------------------------------- */

enum { CHUNK = 1 << 18, READINGS_MAX = 8 };

static int stamp_of(int fd, const char *path, struct file_stamp *stamp)
{
    struct stat about;
    if (fstat(fd, &about))
        return fail_errno(STATUS_FAILURE, "%s", path);
    if (!S_ISREG(about.st_mode))
        return fail(STATUS_FAILURE, "%s: is not a regular file", path);
    *stamp = (struct file_stamp){.device = about.st_dev,
                                 .inode = about.st_ino,
                                 .size = (uint64_t)about.st_size,
                                 .written = {about.st_mtim.tv_sec, about.st_mtim.tv_nsec},
                                 .changed = {about.st_ctim.tv_sec, about.st_ctim.tv_nsec}};
    return STATUS_OK;
}

static bool same_time(struct file_time a, struct file_time b)
{
    return a.seconds == b.seconds && a.nanoseconds == b.nanoseconds;
}

static bool same_writing(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(a->written, b->written);
}

static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
    return same_writing(a, b) && same_time(a->changed, b->changed);
}

static int digest_bytes(int fd, const char *path, char text[SHA256_TEXT_SIZE])
{
    unsigned char *bytes = malloc(CHUNK);
    if (!bytes)
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    struct sha256 digest;
    sha256_begin(&digest);
    ssize_t got;
    while ((got = read(fd, bytes, CHUNK)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sha256_add(&digest, bytes, (size_t)got);
    int status = got < 0 ? fail_errno(STATUS_FAILURE, "%s: cannot read", path) : STATUS_OK;
    sha256_end(&digest, text);
    free(bytes);
    return status;
}

/* The digest of an open file whose stamp is known; the stamp must be the same afterwards. A link to the file that
 * another process makes meanwhile, or other rights, change the stamp alone: it is read again. */
static int digest_stamped(int fd, const char *path, struct file_stamp *stamp, char text[SHA256_TEXT_SIZE])
{
    struct file_stamp before = {0};
    for (int reading = 0; reading < READINGS_MAX; reading++) {
        before = *stamp;
        int status = digest_bytes(fd, path, text);
        if (!status)
            status = stamp_of(fd, path, stamp);
        if (status || same_stamp(&before, stamp))
            return status;
        if (!same_writing(&before, stamp) || lseek(fd, 0, SEEK_SET))
            break;
    }
    return fail(STATUS_DATA, "%s: changes while it is read", path);
}

/* The memory ------------------------------------------------------------------------------------------- */

/* Clocks of file systems tick in steps of up to two seconds (FAT): a file that is written twice within one has the
 * same stamp. git calls such entries of its index racily clean. */
enum { YOUNG_SECONDS = 3 };

/* Files that are not asked for are forgotten where there are more than so many, 20 MB. */
enum { KEPT_MAX = 100000 };

/* Whether another writing from now on changes the stamp. Dates in the future are not trusted either. */
static bool is_settled(const struct file_stamp *stamp, const struct timespec *now)
{
    const int64_t settled = now->tv_sec - YOUNG_SECONDS;
    return stamp->written.seconds < settled && stamp->changed.seconds < settled;
}

static int compare_files(const void *a, const void *b)
{
    const struct file_stamp *x = &((const struct file_digests_entry *)a)->stamp;
    const struct file_stamp *y = &((const struct file_digests_entry *)b)->stamp;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode == y->inode ? 0 : x->inode < y->inode ? -1 : 1;
}

/* What was read of a file, of whatever stamp; or NULL. */
static struct file_digests_entry *find(const struct file_digests *digests, const struct file_stamp *stamp)
{
    const struct file_digests_entry key = {.stamp = *stamp};
    if (!digests->sorted)
        return NULL;
    return bsearch(&key, digests->entry, digests->sorted, sizeof key, compare_files);
}

static int append(struct file_digests *digests, const struct file_digests_entry *entry)
{
    int status = array_grow(&digests->entry, &digests->capacity, digests->count + 1, sizeof *digests->entry);
    if (!status)
        digests->entry[digests->count++] = *entry;
    return status;
}

/* Notes a digest in place of `known`, what the memory had of the file, or NULL. */
static int note(struct file_digests *digests, struct file_digests_entry *known,
                const struct file_stamp *stamp, const char text[SHA256_TEXT_SIZE], bool settled)
{
    struct file_digests_entry entry = {.stamp = *stamp, .asked = true};
    if (settled)
        memcpy(entry.text, text, sizeof entry.text);
    if (!known && !settled)
        return STATUS_OK;
    digests->changed = true;
    if (!known)
        return append(digests, &entry);
    *known = entry;
    return STATUS_OK;
}

static int digest_open(struct file_digests *digests, int fd, const char *path, char text[SHA256_TEXT_SIZE])
{
    struct timespec now;
    struct file_stamp stamp = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    int status = stamp_of(fd, path, &stamp);
    if (status)
        return status;
    struct file_digests_entry *known = find(digests, &stamp);
    if (known && *known->text && same_stamp(&known->stamp, &stamp)) {
        known->asked = true;
        memcpy(text, known->text, SHA256_TEXT_SIZE);
        return STATUS_OK;
    }
    if ((status = digest_stamped(fd, path, &stamp, text)))
        return status;
    return note(digests, known, &stamp, text, is_settled(&stamp, &now));
}

int file_digests_of(struct file_digests *digests, const char *path, char text[SHA256_TEXT_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (fd < 0)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = digest_open(digests, fd, path, text);
    close(fd);
    return status;
}

void file_digests_free(struct file_digests *digests)
{
    free(digests->entry);
    *digests = (struct file_digests){0};
}

/* Its file: a line of what it is, a line for each file, and the digest of these lines -------------------- */

static const char HEAD[] = "sha256\tdevice\tinode\tsize\twritten\tchanged\n";
static const char END[] = "\tof the lines above\n";
enum { LINE_SIZE = 256 };

static int format_line(const struct file_digests_entry *entry, char line[LINE_SIZE])
{
    const struct file_stamp *s = &entry->stamp;
    return snprintf(line, LINE_SIZE,
                    "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 ".%09" PRId64 "\t%" PRId64
                    ".%09" PRId64 "\n",
                    entry->text, s->device, s->inode, s->size, s->written.seconds, s->written.nanoseconds,
                    s->changed.seconds, s->changed.nanoseconds);
}

/* What a line says; false unless it is, byte for byte, as format_line writes it. */
static bool parse_line(const char *line, struct file_digests_entry *entry)
{
    char again[LINE_SIZE];
    struct file_stamp *s = &entry->stamp;
    *entry = (struct file_digests_entry){0};
    if (sscanf(line,
               "%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 ".%" SCNd64 " %" SCNd64 ".%" SCNd64,
               entry->text, &s->device, &s->inode, &s->size, &s->written.seconds, &s->written.nanoseconds,
               &s->changed.seconds, &s->changed.nanoseconds) != 8)
        return false;
    format_line(entry, again);
    return sha256_is_text(entry->text) && !strcmp(line, again);
}

/* Whether the last line is the digest of those before it, and nothing follows. */
static bool ends_well(struct sha256 *lines, const char *line, FILE *file)
{
    char text[SHA256_TEXT_SIZE];
    sha256_end(lines, text);
    return !strncmp(line, text, sizeof text - 1) && !strcmp(line + sizeof text - 1, END) &&
           getc(file) == EOF && !ferror(file);
}

/* Whether all of the file is as it was written; *status where memory is short. */
static bool read_lines(struct file_digests *digests, FILE *file, int *status)
{
    char line[LINE_SIZE];
    struct sha256 lines;
    sha256_begin(&lines);
    if (!fgets(line, sizeof line, file) || strcmp(line, HEAD))
        return false;
    do {
        sha256_add(&lines, line, strlen(line));
        if (!fgets(line, sizeof line, file))
            return false;
        struct file_digests_entry entry;
        if (!parse_line(line, &entry))
            return ends_well(&lines, line, file);
        if (digests->count && compare_files(&digests->entry[digests->count - 1], &entry) >= 0)
            return false;
        *status = append(digests, &entry);
    } while (!*status);
    return true;
}

int file_digests_read(struct file_digests *digests, const char *path)
{
    struct stat about;
    int status = STATUS_OK;
    *digests = (struct file_digests){0};
    if (!stat(path, &about) && !S_ISREG(about.st_mode))
        return fail(STATUS_FAILURE, "%s: is not a regular file", path);
    FILE *file = fopen(path, "re");
    const bool missing = !file && errno == ENOENT, sound = file && read_lines(digests, file, &status);
    if (!missing && !sound)
        warn("%s: cannot be read or is damaged: the files are digested anew", path);
    if (!sound)
        file_digests_free(digests);
    if (file)
        fclose(file);
    if (status)
        file_digests_free(digests);
    digests->sorted = digests->count;
    digests->changed = !sound;
    return status;
}

static int write_lines(struct output *output, const struct file_digests_entry *entry, size_t count)
{
    char line[LINE_SIZE], text[SHA256_TEXT_SIZE];
    struct sha256 lines;
    sha256_begin(&lines);
    sha256_add(&lines, HEAD, sizeof HEAD - 1);
    int status = output_print(output, "%s", HEAD);
    for (size_t i = 0; !status && i < count; i++) {
        const bool wanted = *entry[i].text && (count <= KEPT_MAX || entry[i].asked);
        const bool again = i + 1 < count && !compare_files(&entry[i], &entry[i + 1]); /* asked for twice */
        if (!wanted || again)
            continue;
        sha256_add(&lines, line, (size_t)format_line(&entry[i], line));
        status = output_print(output, "%s", line);
    }
    sha256_end(&lines, text);
    return status ? status : output_print(output, "%s%s", text, END);
}

int file_digests_write(const struct file_digests *digests, const char *path)
{
    struct output output;
    if (!digests->changed)
        return STATUS_OK;
    struct file_digests_entry *sorted = calloc(digests->count + 1, sizeof *sorted);
    if (!sorted)
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    if (digests->count) {
        memcpy(sorted, digests->entry, digests->count * sizeof *sorted);
        qsort(sorted, digests->count, sizeof *sorted, compare_files);
    }
    int status = output_open(&output, path, false);
    if (!status && !(status = write_lines(&output, sorted, digests->count)))
        status = output_commit(&output);
    else
        output_discard(&output);
    free(sorted);
    return status;
}
