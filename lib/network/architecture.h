/* Which network: its kind and widths, and the table of its parameters.
 *
 * Both networks are U-Nets over `levels` resolutions, level 0 the finest, each half the size of the one
 * before. The reversible one is that of Bruegger et al. (MICCAI 2019); the baseline is its counterpart with
 * plain convolutions, as the authors' code builds it. */
#ifndef PRUNET_NETWORK_ARCHITECTURE_H
#define PRUNET_NETWORK_ARCHITECTURE_H

#include "lib/base/options.h"
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

/* A network described on the command line ------------------------------------------------------------ */

/* What was given; NULL and 0 stand for the defaults. */
struct architecture_options {
    const char *kind, *channels;
    int encoder_blocks, decoder_blocks, groups, inputs, outputs;
};

#define ARCHITECTURE_OPTIONS(o)                                                                              \
    {"kind", 0, OPTION_TEXT, &(o).kind, "KIND", "reversible (default) or baseline"},                         \
        {"channels",    0,      OPTION_TEXT,                                                                 \
         &(o).channels, "LIST", "by level: 60,120,240,360,480; baseline: 30,60,120,240,480"},                \
        {"encoder-blocks", 0, OPTION_NATURAL, &(o).encoder_blocks, "N", "reversible blocks an encoder (1)"}, \
        {"decoder-blocks", 0, OPTION_NATURAL, &(o).decoder_blocks, "N", "reversible blocks a decoder (1)"},  \
        {"groups",    0,   OPTION_NATURAL,                                                                   \
         &(o).groups, "N", "group norm groups (half the first width; baseline: all of it)"},                 \
        {"inputs", 0, OPTION_NATURAL, &(o).inputs, "N", "modalities (4)"},                                   \
    {                                                                                                        \
        "outputs", 0, OPTION_NATURAL, &(o).outputs, "N", "regions (3)"                                       \
    }

/* The network that was described; STATUS_USAGE with the reason when there can be none. */
int architecture_from_options(struct architecture *architecture, const struct architecture_options *options);

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

/* The vectors of a training state, each of `floats` floats: the weights, Adam's running means of the gradient
 * and of its square, which a checkpoint holds; and the gradient, which it does not. */
enum state_vector { STATE_WEIGHTS, STATE_EXP_AVG, STATE_EXP_AVG_SQ, STATE_VECTORS };
enum { STATE_GRADIENT = STATE_VECTORS };

/* The table of a checked architecture; STATUS_FAILURE without memory. */
int parameter_table_make(struct parameter_table *table, const struct architecture *architecture);
void parameter_table_free(struct parameter_table *table);

/* The parameter of that name, printf-like; NULL when there is none. */
const struct parameter *parameter_find(const struct parameter_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Initial values of a parameter: a function of seed and name alone, whatever else the network has. */
void parameter_initialise(const struct parameter *parameter, unsigned long long seed, float *values);

/* Building the table of another network. The builder is zero but for `table`, an empty one; a tensor's name
 * is the path entered last, such as "encoders.1.", and the name given. */
struct parameter_builder {
    struct parameter_table *table;
    char path[PARAMETER_NAME_SIZE];
    bool failed;
};

void parameters_enter(struct parameter_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A convolution's weights [out][in][kernel][kernel][kernel]; a 1x1x1 convolution with its bias; a group
 * norm's gamma and beta. */
void parameters_add_conv(struct parameter_builder *builder, const char *name, int in, int out, int kernel);
void parameters_add_conv1(struct parameter_builder *builder, const char *weight, const char *bias, int in,
                          int out);
void parameters_add_norm(struct parameter_builder *builder, const char *weight, const char *bias,
                         int channels);

/* The branches of all blocks of a reversible sequence on `channels` channels, as sequence_find of blocks.h
 * finds them. */
void parameters_add_sequence(struct parameter_builder *builder, const char *coder, int index, int blocks,
                             int channels);

/* STATUS_FAILURE when memory ran out meanwhile; the table is then empty. */
int parameters_finish(struct parameter_builder *builder);

#endif
