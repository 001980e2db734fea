/* The record stream: NRRD with an attached header and raw encoding, profile "prunet-nrrd 1".
 *
 * A record is one volume of one case: an image (C modalities), its label map, probabilities or masks.
 * Records follow each other without a gap, so that `cat a.nrrd b.nrrd` is a stream. Consecutive records of
 * one case belong together: an image, then its label if there is one.
 *
 * Arrays are in C order (C, D, H, W): x (W) varies fastest, then y (H), z (D), and the channel. */
#ifndef PRUNET_STREAM_RECORD_H
#define PRUNET_STREAM_RECORD_H

#include "lib/base/output.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CASE_NAME_SIZE = 65, CHANNEL_NAMES_SIZE = 512, RECORD_CHANNELS_MAX = 64, RECORD_SIZE_MAX = 4096 };

/* The largest volume that is taken unless the user says otherwise. */
#define RECORD_BYTES_MAX (UINT64_C(4) << 30)

enum role { ROLE_IMAGE, ROLE_LABEL, ROLE_PROB, ROLE_MASK };
enum sample { SAMPLE_FLOAT, SAMPLE_UINT8, SAMPLE_INT16, SAMPLE_BFLOAT16 };

/* NIfTI's two ways to place a volume, kept so that a source header can be restored bit for bit. */
struct source_forms {
    bool has_qform, has_sform, has_units;
    int qform_code, sform_code, units; /* units: xyzt_units */
    float qform[10];                   /* b c d x y z qfac dx dy dz */
    float sform[12];                   /* three rows */
};

struct record {
    char case_name[CASE_NAME_SIZE]; /* [A-Za-z0-9._-]{1,64}; a foreign NRRD gets its file's name */
    enum role role;
    enum sample sample;
    int size[3];             /* x, y, z */
    int channels;            /* 1 is written as a 3-D NRRD */
    double directions[3][3]; /* directions[i] = step along array axis i (x, y, z) in RAS mm */
    double origin[3];        /* RAS mm of voxel (0,0,0) of this array */
    bool has_geometry;       /* directions and origin are given */
    bool has_grid;           /* grid and affine of the source are given: the volume can go back */
    int grid[3];             /* voxels of the source, x, y, z */
    double affine[3][4];     /* voxel of the source to RAS mm, by rows */
    struct source_forms forms;
    char channel_names[CHANNEL_NAMES_SIZE]; /* "t1 t1ce t2 flair", or "" */
    bool last;                              /* the last record of its case, as its writer emits it */
    bool foreign;                           /* read from a NRRD without prunet.version */
    char *keys;    /* all other key/value lines, "key:=value\n" each, copied by filters; NULL: none */
    void *data;    /* channels * z * y * x samples, little endian; writable, private to the reader */
    size_t bytes;  /* of data */
    void *mapping; /* owner's business: how data is released */
    size_t mapping_bytes;
    bool lent; /* data lies in memory that somebody else releases */
};

size_t sample_bytes(enum sample sample);
const char *role_name(enum role role);

/* Voxels of one channel: size[0] * size[1] * size[2]. */
size_t record_voxels(const struct record *record);

/* Allocates data for the record's sizes, channels and sample type, zeroed, and sets bytes. */
int record_allocate(struct record *record);

/* Copies everything but the data: geometry, case, forms, other keys. The copy has data == NULL. */
int record_copy_header(struct record *to, const struct record *from);

/* Releases data, keys and mapping; the record is zero afterwards. */
void record_free(struct record *record);

/* The record's offset in its source grid in voxels, derived from origin and affine; negative where the
 * crop overhangs. STATUS_DATA without grid, or when directions or offset do not fit ("flipped, permuted or
 * resampled"): directions within 1e-4, offset within 1e-3 voxel of an integer. */
int record_offset(const struct record *record, int offset[3]);

/* Puts the record back on its source grid: *whole is a new record of the grid's size, its data 0 outside of
 * what the record covers; what overhangs the grid is cut. STATUS_DATA as record_offset, and for a grid above
 * RECORD_BYTES_MAX. */
int record_place(const struct record *record, struct record *whole);

/* Drops what would be false after a warp: grid, affine, forms and geometry. */
void record_forget_geometry(struct record *record);

/* Value of another key ("prunet.aug"), or NULL; and setting one, replacing its line. */
const char *record_key(const struct record *record, const char *key, char *value, size_t size);
int record_set_key(struct record *record, const char *key, const char *value);

/* Checks a case name: [A-Za-z0-9._-]{1,64}, not starting with '.' or '-'. */
bool case_name_valid(const char *name);

/* Reading ------------------------------------------------------------------------------------------- */

struct reader; /* opaque */

struct reader_options {
    uint64_t max_bytes;      /* largest payload; 0 means 4 GiB */
    const char *expect_path; /* file of case names in order, or NULL; see spec: one missing, extra or out of
                                order is STATUS_DATA */
    const int *stop;         /* a descriptor, or NULL: once it is readable, waiting for a pipe ends with
                                STATUS_RETRY. See lib/base/stop.h */
};

/* Opens a stream over files (count > 0; "-" is stdin) or stdin (count == 0). Regular files are mapped,
 * copy on write. *reader is set only on success. */
int reader_open(struct reader **reader, int count, char *const *paths, const struct reader_options *options);

/* From now on a payload is read straight to where `room` says: record->bytes bytes, lent for as long as the
 * record is used, or NULL for memory of the reader's own. Called when the header is read, data being NULL. */
typedef void *reader_room(void *self, const struct record *record);
void reader_set_room(struct reader *reader, reader_room *room, void *self);

/* Reads the next record: *got is set, and the record belongs to the caller (record_free). At a legal end
 * *got is false and the status 0. A stream that is empty, ends inside a record, or ends after a record that
 * is not the last of its case is STATUS_DATA; the message names the file, the record's number and the case.
 */
int reader_next(struct reader *reader, struct record *record, bool *got);

/* The name of the file being read, for messages. */
const char *reader_name(const struct reader *reader);

/* Cases completed so far, and how many --expect lists (0 without). */
size_t reader_cases_done(const struct reader *reader);
size_t reader_cases_expected(const struct reader *reader);

/* Seconds spent waiting for input so far. */
double reader_seconds(const struct reader *reader);

void reader_close(struct reader *reader);

/* Writing ------------------------------------------------------------------------------------------- */

/* Writes header and data; header padded to a multiple of 4096 bytes. */
int record_write(struct output *output, const struct record *record);

/* Writes only the header (data and bytes are not looked at), for data that does not lie in one piece: the
 * caller then writes exactly the payload's bytes. */
int record_write_header(struct output *output, const struct record *record);

#endif
