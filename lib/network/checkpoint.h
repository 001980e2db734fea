/* Checkpoints: the weights of a network, Adam's state, perhaps the weights' moving average, and where
 * training stands, as a safetensors file. A model is one without Adam's state: weights to segment with. */
#ifndef PRUNET_NETWORK_CHECKPOINT_H
#define PRUNET_NETWORK_CHECKPOINT_H

#include "lib/network/architecture.h"
#include "lib/network/parameters.h"
#include "lib/network/plan.h"
#include "lib/stream/safetensors.h"
#include "lib/volume/labels.h"
#include "lib/volume/resample.h"
#include <stdint.h>

enum { BACKEND_TEXT_SIZE = 160 };

/* Where training stands. */
struct training {
    uint64_t seed;
    uint64_t epoch; /* epochs completed */
    uint64_t step;  /* Adam's t: steps taken */
    /* An epoch that was interrupted: how many of its cases are done, and a digest of their names in order.
     * Both 0 between epochs. */
    uint64_t cases_done, cases_digest;
    int batch;            /* cases of a step; 0 is 1 as well */
    double average_decay; /* of the moving average of the weights that the state has; 0: it has none */
    const struct label_scheme *scheme; /* modalities and regions; NULL: record_scheme */
    char memory[PLAN_CHOICE_SIZE];     /* choice of the last step's plan, see network.h; "" before any step */
    char backend[BACKEND_TEXT_SIZE];   /* description of the backend that computed it; "" before any step */
    char spacing[SPACING_TEXT_SIZE];   /* of the voxels that it is trained on, "1.5x1.5x1.5"; "": not said */
};

struct checkpoint {
    const char *path; /* borrowed */
    struct architecture architecture;
    struct training training;
    struct parameter_table table;
    bool has[STATE_VECTORS];      /* the weights always; Adam's two or none of them */
    enum safetensors_type stored; /* SAFETENSORS_F32; of a model also SAFETENSORS_BF16 */
    float *values; /* the vector to segment with, where it is not as the file has it: widened, or refitted */
    bool refitted; /* to another scheme, see refit.h: architecture, scheme and values are not the file's */
    struct safetensors file; /* mapped; tensors are found by checkpoint_values */
};

/* Opens and checks a checkpoint: STATUS_DATA when its metadata describe no network, or when names, types or
 * shapes of tensors are not exactly that network's; STATUS_FAILURE when it cannot be read. The message names
 * the path; nothing is left open then. `path` is borrowed. */
int checkpoint_open(struct checkpoint *checkpoint, const char *path);
void checkpoint_close(struct checkpoint *checkpoint);

/* The scheme of its modalities and regions: record_scheme where it names none. */
const struct label_scheme *checkpoint_scheme(const struct checkpoint *checkpoint);

/* STATUS_DATA, with both files named, when the modalities or regions of two are not the same. */
int checkpoint_check_schemes(const struct checkpoint *first, const struct checkpoint *other);

/* The output of a region of that name; -1: there is none, or the outputs are not the scheme's regions. */
int checkpoint_region(const struct checkpoint *checkpoint, const char *name);

/* The vector to segment with: the average of the weights where there is one, else the weights. */
enum state_vector checkpoint_model(const struct checkpoint *checkpoint);

/* parameter->count floats of a vector that an opened checkpoint has, valid until it is closed; they may be
 * unaligned, so copy them with memcpy. */
const void *checkpoint_values(const struct checkpoint *checkpoint, enum state_vector vector,
                              const struct parameter *parameter);

/* Gives the checkpoint a vector to segment with of its own, `values`, which can be changed. */
int checkpoint_own_values(struct checkpoint *checkpoint);

/* STATUS_DATA when a value of the vector is not finite; the message names file, tensor and the number of such
 * values. */
int checkpoint_check_finite(const struct checkpoint *checkpoint, enum state_vector vector);

/* Supplies parameter->count floats of a vector; returns a status. */
typedef int checkpoint_source(void *self, enum state_vector vector, const struct parameter *parameter,
                              float *values);

/* Writes a state, with an average where training->average_decay is not 0. PATH is written whole or not at
 * all; the same state gives the same bytes. Values are asked for one tensor at a time, so that no second
 * copy of the state exists. A value that is not finite is STATUS_FAILURE, and nothing is written: such a
 * state could neither be trained on nor segment. */
int checkpoint_save(const char *path, const struct architecture *architecture,
                    const struct parameter_table *table, const struct training *training,
                    checkpoint_source *source, void *self);

/* The digest of the cases done, after one more; it begins at 0. */
uint64_t cases_digest(uint64_t digest, const char *case_name);

#endif
