/* The model that cases are segmented by, and what it asks of them.
 *
 * It is chosen by a file of weights, or by the folder of a run, which stands for its best epoch; or it is the one in
 * the box. A state that lies in a run's folder segments as the run's own stage does: by its crop, and its spacing. */
#ifndef PRUNET_REPORT_CHOSEN_MODEL_H
#define PRUNET_REPORT_CHOSEN_MODEL_H

#include "lib/base/options.h"
#include "lib/network/ensemble.h"
#include "lib/network/segment_case.h"

struct chosen_model {
    struct option_texts files; /* before chosen_model_find what the user named, then files of weights */
    const char *lacking;       /* weights for cases that lack a modality; NULL: those are the first's, too */
    bool spacing_given;        /* by the user: neither the model nor its run decides it */
    bool spacing_of_run;       /* settings.spacing is that of the first model's run */
};

/* Replaces each folder with the best state of the run that it holds; where there is no name it is the starter, beside it
 * the one for cases that lack a modality, if it is there, and stderr is told unless `quiet`. The paths are static
 * memory, of one choice at a time. STATUS_FAILURE for a folder without such a state, and where there is no starter. */
int chosen_model_find(struct chosen_model *model);

/* Reads the first of the files: data_scheme becomes its scheme. settings->crop, where its first side is 0, becomes the
 * model's crop, or its run's, and stays 0 where neither says one; settings->spacing, in mm, becomes the run's where it
 * is not given, the model says none and the run has one. STATUS_DATA and STATUS_FAILURE as checkpoint_open. */
int chosen_model_read(struct chosen_model *model, struct segment_settings *settings);

/* What is still open once the models are: settings->spacing becomes theirs (spacing_assumed where they do not say it), unless
 * it is given or the run's; settings->crop the field of 160x192x160 mm at that spacing. STATUS_DATA where the models
 * have several spacings. */
int chosen_model_settle(const struct chosen_model *model, const struct ensemble *ensemble,
                        struct segment_settings *settings);

#endif
