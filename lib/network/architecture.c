#include "lib/network/architecture.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What kinds.def says. */
static const struct kind {
    const char *name;
    int streams, channels[LEVELS_MAX];
} kinds[NETWORK_KINDS] = {
#define KIND(constant, name, network, streams, ...) [NETWORK_##constant] = {name, streams, {__VA_ARGS__}},
#include "lib/network/kinds.def"
};

const char network_kind_words[] = ""
#define KIND(constant, name, ...) ", " name
#include "lib/network/kinds.def"
    ;

struct architecture architecture_paper(enum network_kind kind)
{
    struct architecture a = {
        .kind = kind, .encoder_blocks = 1, .decoder_blocks = 1, .groups = 30, .inputs = 4, .outputs = 3};
    memcpy(a.channels, kinds[kind].channels, sizeof a.channels);
    while (a.levels < LEVELS_MAX && a.channels[a.levels])
        a.levels++;
    return a;
}

const char *network_kind_name(enum network_kind kind)
{
    return kinds[kind].name;
}

int network_kind_streams(enum network_kind kind)
{
    return kinds[kind].streams;
}

bool network_kind_named(const char *name, enum network_kind *kind)
{
    for (int i = 0; i < NETWORK_KINDS; i++)
        if (!strcmp(name, kinds[i].name)) {
            *kind = (enum network_kind)i;
            return true;
        }
    return false;
}

bool architecture_set_channels(struct architecture *architecture, const char *list)
{
    int channels[LEVELS_MAX] = {0}, levels = 0;
    for (const char *at = list;; at++) {
        char *end;
        if (*at < '0' || *at > '9' || levels == LEVELS_MAX)
            return false;
        long width = strtol(at, &end, 10);
        if (width < 1 || width > WIDTH_MAX)
            return false;
        channels[levels++] = (int)width;
        at = end;
        if (!*at)
            break;
        if (*at != ',')
            return false;
    }
    memcpy(architecture->channels, channels, sizeof channels);
    architecture->levels = levels;
    return true;
}

void architecture_channel_list(const struct architecture *architecture, char list[CHANNEL_LIST_SIZE])
{
    int length = 0;
    for (int l = 0; l < architecture->levels; l++)
        length += snprintf(list + length, (size_t)(CHANNEL_LIST_SIZE - length), l ? ",%d" : "%d",
                           architecture->channels[l]);
}

static int check_range(const char *what, int value, int min, int max)
{
    return value < min || value > max
               ? fail(STATUS_DATA, "%s: %d is not within %d..%d", what, value, min, max)
               : STATUS_OK;
}

static int check_reversible_level(const struct architecture *a, int level)
{
    int width = a->channels[level];
    if (width % 2)
        return fail(STATUS_DATA, "level %d: %d channels do not split into two halves", level, width);
    if (width / 2 % a->groups)
        return fail(STATUS_DATA, "level %d: %d groups do not divide its half of %d channels", level,
                    a->groups, width / 2);
    return STATUS_OK;
}

static int check_plain_level(const struct architecture *a, int level)
{
    int width = a->channels[level], encoder = baseline_groups(a, false, level),
        decoder = baseline_groups(a, true, level);
    bool bottom = level == a->levels - 1; /* its decoder has no layer of this level's width */
    if (width % encoder || (!bottom && width % decoder))
        return fail(STATUS_DATA, "level %d: %d groups do not divide its %d channels", level,
                    width % encoder ? encoder : decoder, width);
    return STATUS_OK;
}

int architecture_check(const struct architecture *a)
{
    int status;
    if ((status = check_range("levels", a->levels, 2, LEVELS_MAX)) ||
        (status = check_range("encoder blocks", a->encoder_blocks, 1, BLOCKS_MAX)) ||
        (status = check_range("decoder blocks", a->decoder_blocks, 1, BLOCKS_MAX)) ||
        (status = check_range("groups", a->groups, 1, WIDTH_MAX)) ||
        (status = check_range("inputs", a->inputs, 1, INPUTS_MAX)) ||
        (status = check_range("outputs", a->outputs, 1, OUTPUTS_MAX)))
        return status;
    bool reversible = network_kind_streams(a->kind) == 2;
    if (!reversible && (a->encoder_blocks != 1 || a->decoder_blocks != 1))
        return fail(STATUS_DATA, "the %s has no blocks to choose a number of", network_kind_name(a->kind));
    for (int l = 0; l < a->levels; l++)
        if ((status = check_range("channels", a->channels[l], 1, WIDTH_MAX)) ||
            (status = reversible ? check_reversible_level(a, l) : check_plain_level(a, l)))
            return status;
    return STATUS_OK;
}

bool architecture_equal(const struct architecture *a, const struct architecture *b)
{
    return a->kind == b->kind && a->levels == b->levels &&
           !memcmp(a->channels, b->channels, (size_t)a->levels * sizeof a->channels[0]) &&
           a->encoder_blocks == b->encoder_blocks && a->decoder_blocks == b->decoder_blocks &&
           a->groups == b->groups && a->inputs == b->inputs && a->outputs == b->outputs;
}

int architecture_multiple(const struct architecture *architecture)
{
    return 1 << (architecture->levels - 1);
}

int baseline_groups(const struct architecture *architecture, bool decoder, int level)
{
    int width = architecture->channels[decoder && level > 0 ? level - 1 : level];
    return width < architecture->groups ? width : architecture->groups;
}

static int choose_scheme(const struct label_scheme **scheme, const struct architecture_options *o)
{
    *scheme = record_scheme;
    int status = o->scheme ? scheme_find(o->scheme, scheme) : STATUS_OK;
    if (status)
        return fail_in(status, "--scheme");
    *scheme = (*scheme)->records;
    if (o->scheme && ((o->inputs && o->inputs != (*scheme)->modality_count) ||
                      (o->outputs && o->outputs != (*scheme)->region_count)))
        return fail(STATUS_USAGE,
                    "--scheme: %s has %d modalities and %d regions, not those of --inputs, --outputs",
                    (*scheme)->name, (*scheme)->modality_count, (*scheme)->region_count);
    return STATUS_OK;
}

int architecture_from_options(struct architecture *architecture, const struct label_scheme **scheme,
                              const struct architecture_options *o)
{
    enum network_kind kind = NETWORK_REVERSIBLE;
    int status = choose_scheme(scheme, o);
    if (status)
        return status;
    if (o->kind && !network_kind_named(o->kind, &kind))
        return fail(STATUS_USAGE, "--kind: '%s' is not a kind of network (%s)", o->kind, network_kind_list);
    if (network_kind_streams(kind) == 1 && (o->encoder_blocks || o->decoder_blocks))
        return fail(STATUS_USAGE, "the %s has no blocks to choose a number of", network_kind_name(kind));
    struct architecture a = architecture_paper(kind);
    if (o->channels && !architecture_set_channels(&a, o->channels))
        return fail(STATUS_USAGE, "--channels: '%s' is not a list of up to %d widths such as 60,120,240",
                    o->channels, LEVELS_MAX);
    a.groups = o->groups ? o->groups : a.channels[0] / network_kind_streams(kind);
    a.encoder_blocks = o->encoder_blocks ? o->encoder_blocks : 1;
    a.decoder_blocks = o->decoder_blocks ? o->decoder_blocks : 1;
    a.inputs = o->inputs ? o->inputs : (*scheme)->modality_count;
    a.outputs = o->outputs ? o->outputs : (*scheme)->region_count;
    if (architecture_check(&a))
        return STATUS_USAGE;
    *architecture = a;
    return STATUS_OK;
}
