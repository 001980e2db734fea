/* raw2nii: one record back to NIfTI, on the grid and with the forms of its source. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/progress.h"
#include "lib/stream/axes.h"
#include "lib/stream/nifti.h"
#include "lib/stream/nifti_write.h"
#include "lib/stream/reader.h"
#include "lib/stream/record.h"
#include "lib/volume/regions.h"
#include "lib/volume/resample.h"
#include "lib/volume/scheme.h"
#include "lib/volume/segment_nrrd.h"
#include <string.h>

struct request {
    const char *role, *like, *scheme, *output;
    bool seg_nrrd;
    struct reader_options reader;
};

/* Takes the one record that is asked for out of a whole stream, which is read to its end. */
static int pick(struct reader *reader, const char *role, struct record *picked)
{
    size_t records = 0, matches = 0;
    for (;;) {
        struct record record;
        bool got;
        int status = reader_next(reader, &record, &got);
        if (status)
            return status;
        if (!got)
            break;
        records++;
        bool match = !role || !strcmp(role, role_name(record.role));
        if (match && ++matches == 1)
            *picked = record;
        else
            record_free(&record);
        if (matches > 1)
            return fail(STATUS_DATA, "%s: more than one %s: %s", reader_name(reader), role ? role : "record",
                        role ? "give one case at a time" : "choose one with --role");
    }
    return matches ? STATUS_OK
                   : fail(STATUS_DATA, "%s: no %s among %zu records", reader_name(reader), role, records);
}

/* The reference's grid, affine and forms instead of the record's own source. */
static int adopt_grid(const char *like, struct record *record)
{
    struct nifti_file *file;
    struct nifti reference;
    struct record grid = {0};
    if (!record->has_geometry)
        return fail(STATUS_DATA, "case %s: the record has no geometry and cannot be placed on another grid",
                    record->case_name);
    int status = nifti_open(like, NULL, &file, &reference);
    if (status)
        return status;
    nifti_close(file); /* its voxels do not matter */
    nifti_describe(&reference, &grid);
    memcpy(record->grid, grid.grid, sizeof record->grid);
    memcpy(record->affine, grid.affine, sizeof record->affine);
    if (!axes_between(record->directions, record->affine, RECORD_DIRECTION_TOLERANCE, record->axes))
        memset(record->axes, 0, sizeof record->axes); /* record_offset says how they differ */
    record->forms = grid.forms;
    record->has_grid = true;
    return STATUS_OK;
}

static int run(const struct request *request, int count, char *const *paths)
{
    struct record record = {0}, whole = {0};
    struct reader *reader = NULL;
    struct output output;
    struct progress progress;
    int status = output_open(&output, request->output, true);
    if (status)
        return status;
    progress_start(&progress, "record", 1);
    status = reader_open(&reader, count, paths, &request->reader);
    if (!status)
        status = pick(reader, request->role, &record);
    if (!status && request->scheme && record.role == ROLE_LABEL &&
        (status = labels_renumber(&record, data_scheme)))
        fail_in(status, "%s: %s", reader_name(reader), record.case_name);
    if (!status && request->like)
        status = adopt_grid(request->like, &record);
    if (!status && (status = resample_to_source(&record, request->reader.max_bytes)))
        fail_in(status, "%s", reader_name(reader));
    if (!status && (status = record_place(&record, request->reader.max_bytes, &whole)))
        fail_in(status, "%s", reader_name(reader));
    record_free(&record);
    if (!status)
        status = request->seg_nrrd ? segment_nrrd_write(&output, &whole)
                                   : nifti_write(&output, &whole, nifti_name_compressed(request->output));
    if (!status)
        status = output_commit(&output);
    if (!status)
        progress_advance(&progress, whole.case_name, role_name(whole.role));
    progress_end(&progress);
    output_discard(&output);
    record_free(&whole);
    reader_close(reader);
    return status;
}

static bool role_known(const char *role)
{
    for (int i = ROLE_IMAGE; i <= ROLE_MASK; i++)
        if (!strcmp(role, role_name(i)))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct request request = {0};
    const struct option_spec options[] = {
        {"role", 'r', OPTION_TEXT, &request.role, "ROLE",
         "label, image, prob or mask: which record of several"},
        {"scheme", 0, OPTION_TEXT, &request.scheme, "NAME",
         "number a label map as this scheme or its file does (as the record)"},
        {"seg-nrrd", 0, OPTION_FLAG, &request.seg_nrrd, NULL,
         "a segmentation for 3D Slicer (.seg.nrrd), a segment a region"},
        {"like", 0, OPTION_TEXT, &request.like, "REF", "take grid and header codes of this NIfTI file"},
    };
    const struct tool tool = {
        .name = "raw2nii",
        .usage = "[--role ROLE] [--like REF] [-o OUT.nii.gz] [FILE...]\n"
                 "--seg-nrrd [--role ROLE] [--like REF] [-o OUT.seg.nrrd] [FILE...]",
        .summary =
            "Writes one record as a NIfTI-1 file on its source grid: what was cropped away is 0, what\n"
            "overhangs the grid is cut, and the source's qform, sform, codes and units are as they were.\n"
            "A record of another spacing than its source's is resampled (see resample). One without a "
            "source\n"
            "grid, such as augment's, is refused, and so is one that was flipped or lies between voxels.\n"
            "The axes are the source's again, where nii2raw has turned them.\n\n"
            "--seg-nrrd writes a label map, probabilities (above one half) or masks as segments with the\n"
            "regions' names and colours.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output, .max_bytes = &request.reader.max_bytes},
        .notes = "A FILE of -o that ends in .gz is compressed; stdout is plain NIfTI.",
        .example = "prunet-infer -m best.safetensors --label-map case.nrrd | raw2nii -o case.nii.gz",
    };
    int first = options_parse(&tool, argc, argv);
    if (request.role && !role_known(request.role))
        usage_error("--role: '%s' is not label, image, prob or mask", request.role);
    if (request.seg_nrrd && request.scheme)
        usage_error("--seg-nrrd and --scheme exclude each other: segments have names");
    int status = data_scheme_choose(request.scheme);
    if (status)
        return report(status);
    status = run(&request, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
