#include "lib/network/architecture_options.h"
#include "lib/base/error.h"

int architecture_from_options(struct architecture *architecture, const struct architecture_options *o)
{
    enum network_kind kind = NETWORK_REVERSIBLE;
    if (o->kind && !network_kind_named(o->kind, &kind))
        return fail(STATUS_USAGE, "--kind: '%s' is neither reversible nor baseline", o->kind);
    if (kind == NETWORK_BASELINE && (o->encoder_blocks || o->decoder_blocks))
        return fail(STATUS_USAGE, "the baseline has no blocks to choose a number of");
    struct architecture a = architecture_paper(kind);
    if (o->channels && !architecture_set_channels(&a, o->channels))
        return fail(STATUS_USAGE, "--channels: '%s' is not a list of up to %d widths such as 60,120,240",
                    o->channels, LEVELS_MAX);
    a.groups = o->groups ? o->groups : kind == NETWORK_BASELINE ? a.channels[0] : a.channels[0] / 2;
    a.encoder_blocks = o->encoder_blocks ? o->encoder_blocks : 1;
    a.decoder_blocks = o->decoder_blocks ? o->decoder_blocks : 1;
    a.inputs = o->inputs ? o->inputs : a.inputs;
    a.outputs = o->outputs ? o->outputs : a.outputs;
    if (architecture_check(&a))
        return STATUS_USAGE;
    *architecture = a;
    return STATUS_OK;
}
