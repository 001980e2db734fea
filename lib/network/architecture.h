/* Which network: its kind and widths.
 *
 * Both networks are U-Nets over `levels` resolutions, level 0 the finest, each half the size of the one
 * before. The reversible one is that of Bruegger et al. (MICCAI 2019); the baseline is its counterpart with
 * plain convolutions, as the authors' code builds it. */
#ifndef PRUNET_NETWORK_ARCHITECTURE_H
#define PRUNET_NETWORK_ARCHITECTURE_H

#include "lib/base/options.h"
#include "lib/volume/scheme.h"
#include <stdbool.h>
#include <stddef.h>

enum { LEVELS_MAX = 8, BLOCKS_MAX = 64, WIDTH_MAX = 4096, INPUTS_MAX = 64, OUTPUTS_MAX = 8 };

enum network_kind {
#define KIND(constant, name, network, streams, ...) NETWORK_##constant,
#include "lib/network/kinds.def"
    NETWORK_KINDS
};

struct architecture {
    enum network_kind kind;
    int levels;
    int channels[LEVELS_MAX];           /* by level; both streams of a reversible tensor together */
    int encoder_blocks, decoder_blocks; /* reversible blocks a level; 1 for the baseline, which has none */
    int groups;                         /* of every group norm; the baseline takes at most a layer's width */
    int inputs, outputs;                /* modalities, regions */
};

/* The paper's network of a kind: the widths of kinds.def and 30 groups. */
struct architecture architecture_paper(enum network_kind kind);

/* The name of a kind, such as "reversible", and back; false for a word that is not a kind. */
const char *network_kind_name(enum network_kind kind);
bool network_kind_named(const char *name, enum network_kind *kind);

/* Their names for --help and messages, the default first: "reversible, baseline". */
extern const char network_kind_words[]; /* ", reversible, baseline" */
#define network_kind_list (network_kind_words + 2)

/* Streams of a kind's tensors: 2 where a level is a reversible sequence of blocks, 1 elsewhere. */
int network_kind_streams(enum network_kind kind);

/* Parses "60,120,240,360,480" into levels and channels; false, with nothing changed, for anything else. */
bool architecture_set_channels(struct architecture *architecture, const char *list);

/* Writes the channels as such a list. */
enum { CHANNEL_LIST_SIZE = LEVELS_MAX * 5 + 1 };
void architecture_channel_list(const struct architecture *architecture, char list[CHANNEL_LIST_SIZE]);

/* STATUS_DATA with the reason when there can be no such network: numbers out of range, an odd width,
 * groups that do not divide a width. */
int architecture_check(const struct architecture *architecture);

bool architecture_equal(const struct architecture *a, const struct architecture *b);

/* Depth, height and width must be multiples of this: 2^(levels - 1). */
int architecture_multiple(const struct architecture *architecture);

/* Groups of the baseline's group norms at a level: at most its width; in a decoder at most the width of the
 * decoder's output. */
int baseline_groups(const struct architecture *architecture, bool decoder, int level);

/* A network described on the command line ------------------------------------------------------------ */

/* What was given; NULL and 0 stand for the defaults. */
struct architecture_options {
    const char *kind, *channels, *scheme;
    int encoder_blocks, decoder_blocks, groups, inputs, outputs;
};

#define ARCHITECTURE_OPTIONS(o)                                                                              \
    {"kind", 0, OPTION_TEXT, &(o).kind, "KIND", network_kind_list},                                          \
        {"channels",    0,      OPTION_TEXT,                                                                 \
         &(o).channels, "LIST", "by level: 60,120,240,360,480; baseline: 30,60,120,240,480"},                \
        {"encoder-blocks", 0, OPTION_NATURAL, &(o).encoder_blocks, "N", "reversible blocks an encoder (1)"}, \
        {"decoder-blocks", 0, OPTION_NATURAL, &(o).decoder_blocks, "N", "reversible blocks a decoder (1)"},  \
        {"groups",    0,   OPTION_NATURAL,                                                                   \
         &(o).groups, "N", "group norm groups (half the first width; baseline: all of it)"},                 \
        SCHEME_OPTION(&(o).scheme),                                                                          \
        {"inputs", 0, OPTION_NATURAL, &(o).inputs, "N", "modalities (the scheme's)"},                        \
    {                                                                                                        \
        "outputs", 0, OPTION_NATURAL, &(o).outputs, "N", "regions (the scheme's)"                            \
    }

/* The network that was described, and the scheme of its modalities and regions; inputs and outputs other
 * than the scheme's exclude a scheme that was named. STATUS_USAGE with the reason when there can be none,
 * STATUS_DATA where the scheme's file is none. */
int architecture_from_options(struct architecture *architecture, const struct label_scheme **scheme,
                              const struct architecture_options *options);

#endif
