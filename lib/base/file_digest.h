/* Digests of files, and a memory of them by which a file that nobody has touched is not read again. */
#ifndef PRUNET_BASE_FILE_DIGEST_H
#define PRUNET_BASE_FILE_DIGEST_H

#include "lib/base/sha256.h"

/* What a file system says of a file that changes with any writing or replacing of it. Equal stamps are the same
 * bytes; nothing is concluded from which of two is earlier. */
struct file_stamp {
    uint64_t device, inode, size;
    struct file_time {
        int64_t seconds, nanoseconds;
    } written, changed; /* the file's bytes; the file's bytes or anything about it (ctime) */
};

/* Digests by stamp, one for each file. */
struct file_digests {
    size_t count, capacity;
    size_t sorted; /* entries, the first ones, in the order of device and inode: those that were read */
    bool changed;  /* other than what the file holds */
    struct file_digests_entry {
        struct file_stamp stamp;
        char text[SHA256_TEXT_SIZE]; /* "": none, the file is another by now */
        bool asked;                  /* for, since it was read */
    } * entry;
};

/* Reads what file_digests_write has written. A file that does not exist is an empty memory; one that is damaged or
 * cannot be read, too, with a warning: at worst, files are read again. STATUS_FAILURE without memory and where
 * the path is no regular file. */
int file_digests_read(struct file_digests *digests, const char *path);

/* The SHA-256 of a regular file's bytes. A file is not read where its stamp is remembered; else the digest is
 * noted, unless the file is so young that another writing might leave its stamp as it is. STATUS_FAILURE when it
 * cannot be read or is no regular file, STATUS_DATA when it changes meanwhile; the message names it. */
int file_digests_of(struct file_digests *digests, const char *path, char text[SHA256_TEXT_SIZE]);

/* Writes the memory, whole or not at all; nothing happens where all is as it was read. Files that were not asked
 * for stay in it while it is small. */
int file_digests_write(const struct file_digests *digests, const char *path);

void file_digests_free(struct file_digests *digests);

#endif
