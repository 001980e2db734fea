/* Reading a record stream: files, one after the other, or a pipe. */
#ifndef PRUNET_STREAM_READER_H
#define PRUNET_STREAM_READER_H

#include "lib/stream/record.h"
#include "lib/stream/share.h"

struct reader; /* opaque */
struct names;  /* lib/stream/case_names.h */

struct reader_options {
    uint64_t max_bytes;        /* largest payload; 0 means 4 GiB */
    const char *expect_path;   /* file of case names in order, or NULL: one that is missing, extra or out of
                                 order is STATUS_DATA */
    const struct share *share; /* with expect_path: of the cases there the stream has this share alone
                                  (share.h); borrowed; or NULL */
    const char *digests_path;  /* a table of the files' digests (digest_table.h), or NULL: a file that has
                                 another digest, or none there, is STATUS_DATA; see reader_next */
    const int *descriptor;     /* what is read for "-", or NULL: stdin */
    const int *stop;           /* a descriptor, or NULL: once it is readable, waiting for a pipe ends with
                                 STATUS_RETRY. See lib/base/stop.h */
};

/* Opens a stream over files (count > 0; "-" is stdin) or stdin (count == 0). Regular files are mapped,
 * copy on write, or, where they have digests or hold integers of 16 bits, read. Standard input has no digest:
 * STATUS_USAGE. *reader is set only on success. */
int reader_open(struct reader **reader, int count, char *const *paths, const struct reader_options *options);

/* From now on a payload is read straight to where `destination` says: record->bytes bytes, borrowed for as
 * long as the record is used, or NULL for memory of the reader's own. Called when the header is read, data
 * being NULL; not called for a record that is read to compare its file with a digest while the one before it is
 * still to be handed on. */
typedef void *reader_destination(void *self, const struct record *record);
void reader_set_destination(struct reader *reader, reader_destination *destination, void *self);

/* Reads the next record: *got is set, and the record belongs to the caller (record_free). At a legal end
 * *got is false and the status 0. A stream that is empty, ends inside a record, or ends after a record that
 * is not the last of its case is STATUS_DATA; the message names the file, the record's number and the case.
 * A regular file of up to four records is compared with its digest before the first is handed on, others where
 * they end; what is handed on is what was digested, whatever becomes of the file. */
int reader_next(struct reader *reader, struct record *record, bool *got);

/* The name of the file being read, for messages. */
const char *reader_name(const struct reader *reader);

/* Cases completed so far, and how many --expect lists (0 without), of the share if there is one. */
size_t reader_cases_done(const struct reader *reader);
size_t reader_cases_expected(const struct reader *reader);

/* What --expect lists, all of it; no names without. Valid until reader_close. */
const struct names *reader_expected(const struct reader *reader);

/* Seconds spent waiting for input so far. */
double reader_seconds(const struct reader *reader);

void reader_close(struct reader *reader);

#endif
