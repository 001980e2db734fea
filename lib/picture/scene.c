#include "lib/picture/scene.h"
#include "lib/base/error.h"
#include "lib/picture/placed.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scene_free(struct scene *scene)
{
    record_free(&scene->image);
    free(scene->values);
    segmentation_free(&scene->over);
    segmentation_free(&scene->reference);
}

/* The channel that is named, or numbered from 0; by default flair or else the first. */
static int choose_channel(struct scene *scene, const char *wanted)
{
    char name[CHANNEL_NAMES_SIZE], number[16];
    for (int c = 0; c < scene->image.channels; c++) {
        snprintf(number, sizeof number, "%d", c);
        if (!strcmp(channel_name(&scene->image, c, name, sizeof name), wanted ? wanted : "flair") ||
            (wanted && !strcmp(number, wanted))) {
            scene->channel = c;
            return STATUS_OK;
        }
    }
    return wanted ? fail(STATUS_USAGE, "--channel: the image has no channel %s; it has %s", wanted,
                         scene->image.channel_names[0] ? scene->image.channel_names : "numbers, from 0")
                  : STATUS_OK;
}

static int take_image(struct scene *scene, struct record *record, const char *channel)
{
    scene->image = *record;
    *record = (struct record){0};
    scene->has_image = true;
    int status = choose_channel(scene, channel);
    if (status)
        return status;
    const size_t voxels = record_voxels(&scene->image), width = sample_bytes(scene->image.sample);
    scene->values = malloc(voxels * sizeof *scene->values);
    if (!scene->values)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    samples_to_float(scene->image.sample,
                     (const char *)scene->image.data + (size_t)scene->channel * voxels * width, voxels,
                     scene->values);
    return STATUS_OK;
}

/* What is drawn is of the scheme of the first segmentation. */
static int adopt_scheme(const struct record *record)
{
    const struct label_scheme *scheme;
    int status = scheme_of_record(record, &scheme);
    if (!status)
        data_scheme_use(scheme);
    return status;
}

/* An image first; then what lies over it, unless --over says it; then the reference. */
static int take_record(struct scene *scene, struct record *record, const struct scene_options *options)
{
    const bool first = !scene->image.case_name[0];
    if (!first && strcmp(record->case_name, scene->image.case_name))
        return fail(STATUS_DATA, "case %s comes after case %s: give one case at a time", record->case_name,
                    scene->image.case_name);
    if (record->role == ROLE_IMAGE && !first)
        return fail(STATUS_DATA, "case %s: an image where a label map or a prediction is expected",
                    record->case_name);
    if (record->role == ROLE_IMAGE)
        return take_image(scene, record, options->channel);
    struct segmentation *to = options->over || scene->over.voxels ? &scene->reference : &scene->over;
    if (to->voxels || (to == &scene->reference && options->reference))
        return fail(STATUS_DATA, "case %s: a %s record more than the picture shows", record->case_name,
                    role_name(record->role));
    int status = first ? record_copy_header(&scene->image, record) : STATUS_OK;
    if (!status && !options->scheme && !scene->over.voxels)
        status = adopt_scheme(record);
    if (!status)
        status = segmentation_from_record(record, to == &scene->over ? "prediction" : "reference",
                                          label_set_of_data(), to);
    return status;
}

int scene_read(const struct scene_options *options, int count, char *const *paths, struct scene *scene)
{
    struct reader *reader;
    int status = data_scheme_choose(options->scheme);
    if (!status)
        status = reader_open(&reader, count, paths, &options->reader);
    if (status)
        return status;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(reader, &record, &got);
        if (!status && got && (status = take_record(scene, &record, options)))
            fail_in(status, "%s", reader_name(reader));
        record_free(&record);
    }
    reader_close(reader);
    scene->scheme = data_scheme->records;
    if (!status && options->over)
        status = segmentation_read(options->over, SIDE_PREDICTION, label_set_of_data(),
                                   options->reader.max_bytes, &scene->over);
    if (!status && options->reference)
        status = segmentation_read(options->reference, SIDE_REFERENCE, label_set_of_data(),
                                   options->reader.max_bytes, &scene->reference);
    if (!status && scene->over.voxels)
        status = segmentation_place(&scene->over, &scene->image);
    if (!status && scene->reference.voxels)
        status = segmentation_place(&scene->reference, &scene->image);
    return status;
}
