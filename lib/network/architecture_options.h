/* A network described on the command line. */
#ifndef PRUNET_NETWORK_ARCHITECTURE_OPTIONS_H
#define PRUNET_NETWORK_ARCHITECTURE_OPTIONS_H

#include "lib/base/options.h"
#include "lib/network/architecture.h"

/* What was given; NULL and 0 stand for the defaults. */
struct architecture_options {
    const char *kind, *channels;
    int encoder_blocks, decoder_blocks, groups, inputs, outputs;
};

#define ARCHITECTURE_OPTIONS(o)                                                                              \
    {"kind", 0, OPTION_TEXT, &(o).kind, "KIND", "reversible (default) or baseline"},                         \
        {"channels",    0,      OPTION_TEXT,                                                                 \
         &(o).channels, "LIST", "by level: 60,120,240,360,480; baseline: 30,60,120,240,480"},                \
        {"encoder-blocks", 0, OPTION_INTEGER, &(o).encoder_blocks, "N", "reversible blocks an encoder (1)"}, \
        {"decoder-blocks", 0, OPTION_INTEGER, &(o).decoder_blocks, "N", "reversible blocks a decoder (1)"},  \
        {"groups",    0,   OPTION_INTEGER,                                                                   \
         &(o).groups, "N", "group norm groups (half the first width; baseline: all of it)"},                 \
        {"inputs", 0, OPTION_INTEGER, &(o).inputs, "N", "modalities (4)"},                                   \
    {                                                                                                        \
        "outputs", 0, OPTION_INTEGER, &(o).outputs, "N", "regions (3)"                                       \
    }

/* The network that was described; STATUS_USAGE with the reason when there can be none. */
int architecture_from_options(struct architecture *architecture, const struct architecture_options *options);

#endif
