/* Which network: its kind and widths, and the table of its parameters.
 *
 * Both networks are U-Nets over `levels` resolutions, level 0 the finest, each half the size of the one
 * before. The reversible one is that of Bruegger et al. (MICCAI 2019); the baseline is its counterpart with
 * plain convolutions, as the authors' code builds it. */
#ifndef PRUNET_NETWORK_ARCHITECTURE_H
#define PRUNET_NETWORK_ARCHITECTURE_H

#include <stdbool.h>
#include <stddef.h>

enum { LEVELS_MAX = 8, BLOCKS_MAX = 64, WIDTH_MAX = 4096, INPUTS_MAX = 64, OUTPUTS_MAX = 8 };
enum network_kind { NETWORK_REVERSIBLE, NETWORK_BASELINE };

struct architecture {
    enum network_kind kind;
    int levels;
    int channels[LEVELS_MAX];           /* by level; both streams of a reversible tensor together */
    int encoder_blocks, decoder_blocks; /* a level; 1 for the baseline, which has none */
    int groups;                         /* of every group norm; the baseline takes at most a layer's width */
    int inputs, outputs;                /* modalities, regions */
};

/* The paper's network of a kind: channels 60,120,240,360,480 and 30 groups, or 30,60,120,240,480 and 30. */
struct architecture architecture_paper(enum network_kind kind);

/* "reversible" or "baseline"; false for another word. */
const char *network_kind_name(enum network_kind kind);
bool network_kind_named(const char *name, enum network_kind *kind);

/* Parses "60,120,240,360,480" into levels and channels; false when it is no such list. */
bool architecture_set_channels(struct architecture *architecture, const char *list);

/* Writes the channels as such a list. */
enum { CHANNEL_LIST_SIZE = LEVELS_MAX * 5 + 1 };
void architecture_channel_list(const struct architecture *architecture, char list[CHANNEL_LIST_SIZE]);

/* STATUS_DATA with a reason when no network can be built so: numbers out of range, an odd width, groups that
 * do not divide a width. */
int architecture_check(const struct architecture *architecture);

bool architecture_equal(const struct architecture *a, const struct architecture *b);

/* Depth, height and width must be multiples of this: 2^(levels - 1). */
int architecture_multiple(const struct architecture *architecture);

/* Groups of the baseline's group norms: at most the layer's width. `decoder` layers count the channels that
 * leave the decoder of that level. */
int baseline_groups(const struct architecture *architecture, bool decoder, int level);

/* The table of parameters --------------------------------------------------------------------------- */

enum { PARAMETER_NAME_SIZE = 80, PARAMETER_ALIGNMENT = 16 /* floats */ };
enum initialisation { INITIAL_UNIFORM, INITIAL_ONE, INITIAL_ZERO };

/* One tensor of weights. All tensors lie in one flat vector of floats, each at a multiple of 64 bytes. */
struct parameter {
    char name[PARAMETER_NAME_SIZE]; /* module path in the authors' PyTorch network */
    int dimensions, size[5];
    size_t count;                /* floats */
    size_t offset;               /* floats from the start of the vector */
    enum initialisation initial; /* uniform: in +-1/sqrt(fan_in), PyTorch's default */
    int fan_in;
};

struct parameter_table {
    struct parameter *parameters; /* in the order of the checkpoint */
    size_t count;
    size_t total;  /* parameters of the network: 12,365,283 for the paper's (1,1) */
    size_t floats; /* length of the vector; the padding between tensors is and stays 0 */
};

/* The table of a checked architecture; STATUS_FAILURE without memory. */
int parameter_table_make(struct parameter_table *table, const struct architecture *architecture);
void parameter_table_free(struct parameter_table *table);

/* The parameter of that name, printf-like; NULL when there is none. */
const struct parameter *parameter_find(const struct parameter_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Initial values of a parameter: a function of seed and name alone, whatever else the network has. */
void parameter_initialise(const struct parameter *parameter, unsigned long long seed, float *values);

#endif
