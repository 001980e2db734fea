#include "lib/base/error.h"
#include "lib/metrics/segmentation_bits.h"
#include "lib/stream/affine.h"
#include "lib/stream/nifti.h"
#include "lib/stream/reader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A segmentation of that name that holds nothing yet. */
static int start(struct segmentation *s, const char *name)
{
    *s = (struct segmentation){.name = strdup(name), .spacing = {1, 1, 1}};
    return s->name ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", name);
}

/* A record says what its labels or regions are. */
static int check_scheme(const struct record *record, const char *name, enum label_set set)
{
    const struct label_scheme *own, *wanted = label_set_records(set);
    int status = scheme_of_record(record, &own);
    if (status)
        return fail_in(status, "%s", name);
    return scheme_same_regions(own, wanted)
               ? STATUS_OK
               : fail(STATUS_DATA, "%s: its labels are of scheme %s, not %s: --scheme", name, own->name,
                      wanted->name);
}

int segmentation_from_record(const struct record *record, const char *name, enum label_set set,
                             struct segmentation *s)
{
    int status = start(s, name);
    if (status)
        return status;
    if (!record->foreign)
        memcpy(s->case_name, record->case_name, sizeof s->case_name);
    s->has_geometry = record->has_geometry;
    memcpy(s->size, record->size, sizeof s->size);
    affine_join(record->directions, record->origin, s->affine);
    const struct samples samples = {record->data, record->sample, record->channels};
    const bool one_mask = record->role == ROLE_MASK && record->channels == 1;
    const bool label_map = record->role == ROLE_LABEL || (record->foreign && record->channels == 1) ||
                           (one_mask && set == LABELS_MASK);
    if (!record->foreign && set != LABELS_MASK && label_set_reads_records(set) &&
        (status = check_scheme(record, name, set))) {
        segmentation_free(s);
        return status;
    }
    if (one_mask && set != LABELS_MASK && scored_regions(set).count != 1)
        status = fail(STATUS_DATA, "%s: a mask of one region is not a label map; score it with --mask", name);
    else if (!record->foreign && !label_set_reads_records(set))
        status = fail(STATUS_DATA,
                      "%s: the labels of records are 0, 1, 2 and 4 of 2018; scheme %s takes NIfTI files",
                      name, label_set_challenge(set));
    else
        status = segmentation_set_bits(s, &samples, label_map, set,
                                       record->foreign ? data_scheme : data_scheme->records);
    if (!record->foreign) /* a record says what its numbers mean */
        s->readings = (struct label_readings){.maps = 0};
    if (status)
        segmentation_free(s);
    return status;
}

static int read_nifti(const char *path, enum label_set set, uint64_t max_bytes, struct segmentation *s)
{
    const struct nifti_options options = {.max_bytes = max_bytes};
    struct nifti nifti;
    int status = nifti_read(path, &options, &nifti);
    if (status)
        return status;
    if (!(status = start(s, path))) {
        s->has_geometry = true;
        memcpy(s->size, nifti.size, sizeof s->size);
        memcpy(s->affine, nifti.affine, sizeof s->affine);
        const struct samples samples = {nifti.data, SAMPLE_FLOAT, nifti.channels};
        status = segmentation_set_bits(s, &samples, nifti.channels == 1, set, data_scheme);
        if (status)
            segmentation_free(s);
    }
    nifti_free(&nifti);
    return status;
}

/* How well a record suits the side: the best one is used, two equally good ones are refused. 0: it cannot be
 * used. */
static int suitability(const struct record *record, enum side side)
{
    if (record->foreign)
        return 1;
    switch (record->role) {
    case ROLE_PROB:
        return side == SIDE_PREDICTION ? 2 : 0;
    case ROLE_LABEL:
    case ROLE_MASK:
        return 1;
    case ROLE_IMAGE:
        break;
    }
    return 0;
}

static int read_record(const char *path, enum side side, uint64_t max_bytes, struct record *best)
{
    const struct reader_options options = {.max_bytes = max_bytes};
    struct reader *reader;
    char *const paths[] = {(char *)path};
    int status = reader_open(&reader, 1, paths, &options), best_suitability = 0, equals = 0;
    if (status)
        return status;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(reader, &record, &got);
        const int here = got && !status ? suitability(&record, side) : 0;
        equals = here > best_suitability ? 1 : equals + (here && here == best_suitability);
        if (here <= best_suitability) {
            record_free(&record);
            continue;
        }
        record_free(best);
        *best = record;
        best_suitability = here;
    }
    reader_close(reader);
    if (!status && equals != 1) {
        const char *what = side == SIDE_PREDICTION ? "prediction" : "reference";
        status = equals ? fail(STATUS_DATA, "%s: %d records could be the %s", path, equals, what)
                        : fail(STATUS_DATA, "%s: no record could be the %s", path, what);
    }
    if (status)
        record_free(best);
    return status;
}

/* The next byte of a pipe, which stays there: a copy of it goes to another pipe. Waits for the writer; does
 * nothing where this is not a pipe. */
static int peek_pipe(int file, char *first)
{
    int copy[2];
    ssize_t length;
    if (pipe2(copy, O_CLOEXEC))
        return fail_errno(STATUS_FAILURE, "cannot make a pipe");
    do
        length = tee(file, copy[1], 1, 0);
    while (length < 0 && errno == EINTR);
    while (length > 0 && read(copy[0], first, 1) < 0 && errno == EINTR)
        ;
    close(copy[0]);
    close(copy[1]);
    return STATUS_OK;
}

/* The first byte of a file or a pipe, which stays there to be read; 0 where there is none. */
static int first_byte(int file, char *first)
{
    ssize_t length;
    *first = 0;
    do
        length = pread(file, first, 1, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno == ESPIPE)
        return peek_pipe(file, first);
    return length < 0 ? fail_errno(STATUS_FAILURE, "cannot read") : STATUS_OK;
}

/* Records begin with NRRD's magic; neither NIfTI nor gzip begins with an N. */
static const char RECORD_FIRST = 'N';

static int read_file(const char *path, bool from_record, enum side side, enum label_set set,
                     uint64_t max_bytes, struct segmentation *s)
{
    struct record record = {0};
    int status = from_record ? read_record(path, side, max_bytes, &record) : STATUS_OK;
    if (status || !from_record)
        return status ? status : read_nifti(path, set, max_bytes, s);
    status = segmentation_from_record(&record, path, set, s);
    record_free(&record);
    return status;
}

int segmentation_read(const char *path, enum side side, enum label_set set, uint64_t max_bytes,
                      struct segmentation *s)
{
    *s = (struct segmentation){0};
    if (!strcmp(path, "-"))
        return read_file(path, true, side, set, max_bytes, s);
    char first;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = first_byte(file, &first);
    if (status)
        fail_in(status, "%s", path);
    else
        status = read_file(path, first == RECORD_FIRST, side, set, max_bytes, s);
    close(file); /* not before: the writer of a pipe would be told that nobody reads */
    return status;
}
