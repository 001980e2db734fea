/* Records: a record is one volume of one case, an image (C modalities), its label map, probabilities or
 * masks.
 *
 * A record stream is NRRD with an attached header and raw encoding, profile "prunet-nrrd 1": reader.h,
 * record_write.h. Records follow each other without a gap, so that `cat a.nrrd b.nrrd` is a stream.
 * Consecutive records of one case belong together: an image, then its label if there is one.
 *
 * Arrays are in C order (C, D, H, W): x (W) varies fastest, then y (H), z (D), and the channel. */
#ifndef PRUNET_STREAM_RECORD_H
#define PRUNET_STREAM_RECORD_H

#include "lib/stream/case_names.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHANNEL_NAMES_SIZE = 512, RECORD_CHANNELS_MAX = 64, RECORD_SIZE_MAX = 4096 };

/* The largest volume that is taken unless the user says otherwise. */
#define RECORD_BYTES_MAX (UINT64_C(4) << 30)

/* Steps that differ by less, in mm, are the same. */
#define RECORD_DIRECTION_TOLERANCE 1e-4

enum role { ROLE_IMAGE, ROLE_LABEL, ROLE_PROB, ROLE_MASK };
enum sample { SAMPLE_FLOAT, SAMPLE_UINT8, SAMPLE_INT16, SAMPLE_BFLOAT16 };

/* NIfTI's two ways to place a volume, kept so that a source header can be restored bit for bit. */
struct source_forms {
    bool has_qform, has_sform, has_units;
    int qform_code, sform_code, units; /* units: xyzt_units */
    float qform[10];                   /* b c d x y z qfac dx dy dz */
    float sform[12];                   /* three rows */
};

/* How a record lay in its file, where that was not plainly its samples; see storage.h. Of no meaning for its data, and
 * not passed on by record_write. */
struct storage {
    bool scaled;  /* as int16: a float is the sample times the scale of its channel */
    bool zstd;    /* compressed */
    size_t bytes; /* of the latter in the file */
    float scale[RECORD_CHANNELS_MAX];
};

struct record {
    char case_name[CASE_NAME_SIZE]; /* a foreign NRRD gets its file's name */
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
    int axes[3];             /* how the array lies on the source's grid (axes.h); all 0: as the source */
    struct source_forms forms;
    char channel_names[CHANNEL_NAMES_SIZE]; /* "t1 t1ce t2 flair", or "" */
    bool last;                              /* the last record of its case, as its writer emits it */
    bool foreign;                           /* read from a NRRD without prunet.version */
    char *keys;    /* all other key/value lines, "key:=value\n" each, copied by filters; NULL: none */
    void *data;    /* channels * z * y * x samples, little endian; writable, private to the reader */
    size_t bytes;  /* of data */
    void *mapping; /* of a file that data lies in, or NULL; record_free releases it */
    size_t mapping_bytes;
    struct storage stored; /* all zero: plainly */
    bool borrowed;         /* data lies in memory that somebody else releases */
};

/* Bytes of one sample. */
size_t sample_bytes(enum sample sample);

/* `count` samples of a type as floats. */
void samples_to_float(enum sample sample, const void *samples, size_t count, float *to);

/* "image", "label", "prob" or "mask". */
const char *role_name(enum role role);

/* Voxels of one channel: size[0] * size[1] * size[2]. */
size_t record_voxels(const struct record *record);

/* Memory for so many bytes of samples, at a multiple of 64 bytes and with room up to the next one, in large pages where
 * the system has them; for free(). NULL where memory is short. */
void *samples_allocate(size_t bytes);

/* Allocates data for the record's sizes, channels and sample type, zeroed, and sets bytes. */
int record_allocate(struct record *record);

/* Copies everything but the data: geometry, case, forms, other keys. The copy has data == NULL. */
int record_copy_header(struct record *to, const struct record *from);

/* Releases data, keys and mapping; the record is zero afterwards. */
void record_free(struct record *record);

/* Says of a record that has its source's grid and geometry that its array is the source's, turned by these
 * axes. */
void record_turn(struct record *record, const int axes[3]);

/* Voxels of the whole source as the array has its axes. */
void record_turned_grid(const struct record *record, int grid[3]);

/* The record's offset in its source grid in voxels, derived from origin and affine, along the array's axes;
 * negative where the crop overhangs. STATUS_DATA without grid, or when directions or offset do not fit
 * ("flipped, permuted or resampled"): directions within 1e-4, offset within 1e-3 voxel of an integer. */
int record_offset(const struct record *record, int offset[3]);

/* Puts the record back on its source grid, its axes as the source's: *whole is a new record of the grid's
 * size, its data 0 outside of what the record covers; what overhangs the grid is cut. A header alone must
 * not take memory: a grid of more than `max_bytes` bytes is STATUS_DATA; where that is 0, one of more than
 * RECORD_BYTES_MAX, or of more than both 256 MiB and 64 times the record's own bytes. STATUS_DATA also as
 * record_offset. */
int record_place(const struct record *record, uint64_t max_bytes, struct record *whole);

/* STATUS_DATA when the record's source grid would take more bytes than record_place allows. */
int record_check_grid(const struct record *record, uint64_t max_bytes);

/* Length of the step along each axis in mm; 0 without geometry. */
void record_spacing(const struct record *record, double spacing[3]);

/* Cubic mm of a voxel: the product of the spacings; 1 without geometry. */
double record_voxel_volume(const struct record *record);

/* Drops what would be false after a warp: grid, affine, forms and geometry. */
void record_forget_geometry(struct record *record);

/* Value of another key ("prunet.aug"), or NULL; and setting one, replacing its line. */
const char *record_key(const struct record *record, const char *key, char *value, size_t size);
int record_set_key(struct record *record, const char *key, const char *value);

#endif
