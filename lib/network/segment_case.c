#include "lib/network/segment_case.h"
#include "lib/volume/crop.h"
#include "lib/volume/nifti_case_read.h"
#include "lib/volume/regions.h"
#include "lib/volume/standardize.h"
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

static int prepare(const struct segment_settings *settings, struct record *image)
{
    struct crop crop = {.max_bytes = settings->nifti.max_bytes};
    memcpy(crop.window.size, settings->crop, sizeof crop.window.size);
    int status = crop_apply(&crop, image);
    return status ? status : standardize_record(image);
}

int segment_case(struct ensemble *ensemble, const struct nifti_case *files,
                 const struct segment_settings *settings, struct record *map)
{
    struct record image = {0}, cropped = {0};
    int status = read_image(files, &settings->nifti, &image);
    if (!status)
        status = prepare(settings, &image);
    if (!status)
        status = ensemble_segment(ensemble, &image, &cropped);
    record_free(&image);
    if (status)
        return status;
    cropped.role = ROLE_PROB;
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
