/* Channels of an image by the names of their modalities: whatever order a record has them in. */
#ifndef PRUNET_VOLUME_CHANNELS_H
#define PRUNET_VOLUME_CHANNELS_H

#include "lib/base/options.h"
#include "lib/stream/record.h"
#include "lib/volume/labels.h"

/* --missing zero: for tools whose network takes what there is; and its check: STATUS_USAGE for another word. */
#define MISSING_OPTION(target)                                                                               \
    {                                                                                                        \
        "missing", 0, OPTION_TEXT, target, "zero",                                                           \
            "a modality that an image lacks is 0 everywhere (refused)"                                       \
    }
int missing_check(const char *missing);

/* Whether an image's channels are the scheme's modalities in their order, as far as one can tell: a record
 * without names, or a network of another number of inputs than the scheme has modalities, is not judged. */
bool channels_are_arranged(const struct record *image, const struct label_scheme *scheme);

/* Makes the channels of a float image the scheme's modalities in their order, by their names; what else it
 * has is left out with a warning. One that is missing is STATUS_DATA naming it, or with `fill` 0, with a
 * warning. An image without names, or for a network of `inputs` other than the scheme's modalities, must
 * have that many channels. */
int channels_arrange(struct record *image, const struct label_scheme *scheme, int inputs, bool fill);

#endif
