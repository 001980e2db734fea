#include "lib/volume/nifti_case_write.h"
#include "lib/base/error.h"
#include "lib/stream/record_write.h"
#include "lib/volume/nifti_case_read.h"

/* Channel by channel, so that no second copy of the voxels exists. */
static int write_image(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                       struct output *output)
{
    struct record image;
    nifti_case_describe(volumes, files, &image);
    const size_t bytes = record_voxels(&image) * sizeof(float);
    int status = record_write_header(output, &image);
    for (int c = 0; !status && c < data_scheme->modality_count; c++)
        status = output_write(output, nifti_case_modality(volumes, c), bytes);
    return status;
}

/* What the numbers could mean besides. */
static void warn_of_readings(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                             const struct label_scheme *scheme)
{
    char text[LABEL_READINGS_SIZE];
    const struct label_readings readings = nifti_case_readings(volumes, files);
    if (label_readings_doubt(&readings, nifti_case_scheme(files, scheme), text))
        warn("%s: %s (--scheme)", files->label, text);
}

int nifti_case_write(const struct nifti_case *files, const struct nifti_options *options,
                     const struct label_scheme *scheme, struct output *output)
{
    struct nifti_case_volumes volumes;
    struct record label = {0};
    int status = nifti_case_load(&volumes, files, options);
    if (status)
        return status;
    if (files->label)
        status =
            nifti_case_label(&volumes, files, scheme, &label); /* its numbers, before anything is written */
    if (!status && files->label)
        warn_of_readings(&volumes, files, scheme);
    if (!status)
        status = write_image(&volumes, files, output);
    if (!status && files->label)
        status = record_write(output, &label);
    record_free(&label);
    nifti_case_unload(&volumes);
    return status;
}
