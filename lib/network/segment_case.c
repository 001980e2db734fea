#include "lib/network/segment_case.h"
#include "lib/base/error.h"
#include "lib/volume/crop.h"
#include "lib/volume/nifti_case_read.h"
#include "lib/volume/regions.h"
#include "lib/volume/resample.h"
#include "lib/volume/standardize.h"
#include <math.h>
#include <string.h>

static int read_image(const struct nifti_case *files, const struct nifti_options *options,
                      struct record *image)
{
    struct nifti_case images = *files; /* borrows the names */
    struct nifti_case_volumes volumes;
    images.label = NULL;
    int status = nifti_case_load(&volumes, &images, options);
    if (status)
        return status;
    status = nifti_case_image(&volumes, &images, image);
    nifti_case_unload(&volumes);
    return status;
}

static const double SPACING_SHARE = 0.05; /* of a spacing: what a network hardly notices */

/* A folder of a thousand cases of 1 mm is no thousand warnings. */
static void say_resampled(const struct record *image, const struct segment_settings *settings)
{
    static bool said;
    char from[SPACING_TEXT_SIZE], to[SPACING_TEXT_SIZE];
    double own[3];
    if (said && !verbose)
        return;
    record_spacing(image, own);
    spacing_print(own, from);
    spacing_print(settings->spacing, to);
    warn("case %s: voxels of %s mm are resampled to %s, %s, and back (--spacing keep: not)%s",
         image->case_name, from, to,
         settings->spacing_assumed ? "for the model does not say its own" : "which the network knows",
         said ? "" : "; this is said of the first such case, with -v of each");
    said = true;
}

static int bring_to_spacing(const struct segment_settings *settings, struct record *image)
{
    if (!settings->spacing[0] || !spacing_differs(image, settings->spacing, SPACING_SHARE))
        return STATUS_OK;
    say_resampled(image, settings);
    return resample_to_spacing(image, settings->spacing, settings->nifti.max_bytes);
}

void segment_field(const double spacing[3], int crop[3])
{
    static const double mm[3] = {160, 192, 160};
    for (int i = 0; i < 3; i++)
        crop[i] = (int)ceil(mm[i] / (spacing[i] > 0 ? spacing[i] : 1) / 16 - 1e-9) * 16;
}

/* absent: the channels whose files are missing, as bits. */
static int prepare(const struct segment_settings *settings, uint64_t absent, struct record *image)
{
    struct crop crop = {.max_bytes = settings->nifti.max_bytes};
    memcpy(crop.window.size, settings->crop, sizeof crop.window.size);
    int status = bring_to_spacing(settings, image);
    if (!status)
        status = crop_apply(&crop, image);
    return status ? status : standardize_record(image, absent);
}

int segment_case(struct ensemble *ensemble, const struct nifti_case *files,
                 const struct segment_settings *settings, struct record *map)
{
    struct record image = {0}, cropped = {0};
    int status = read_image(files, &settings->nifti, &image);
    if (!status)
        status = prepare(settings, nifti_case_absent(files), &image);
    if (!status)
        status = ensemble_segment(ensemble, &image, &cropped);
    record_free(&image);
    if (status)
        return status;
    cropped.role = ROLE_PROB;
    status = resample_to_source(&cropped, settings->nifti.max_bytes);
    if (!status)
        status = regions_to_label(&cropped);
    if (!status)
        status = record_place(&cropped, settings->nifti.max_bytes, map);
    record_free(&cropped);
    return status;
}

void region_volumes(const struct label_scheme *scheme, const struct record *map, double volumes[])
{
    const uint8_t *labels = map->data;
    size_t count[256] = {0};
    for (size_t i = 0; i < record_voxels(map); i++)
        count[labels[i]]++;
    for (int r = 0; r < scheme->region_count; r++) {
        size_t voxels = 0;
        for (int label = 1; label < 256; label++)
            if (label_region_bits(scheme, (uint8_t)label) >> r & 1)
                voxels += count[label];
        volumes[r] = (double)voxels * record_voxel_volume(map) / 1000;
    }
}
