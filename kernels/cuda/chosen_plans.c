/* See chosen_plans.h. */
#include "kernels/cuda/chosen_plans.h"

#ifndef CHOSEN_PLANS
#define CHOSEN_PLANS "kernels/cuda/chosen_plans.def"
#endif

#define BF16 .bf16 = true
#define TF32 .tf32 = true
#define CHOSEN(card, kind_, precision, in_, out_, depth_, height_, width_, engine_, count_, ...)             \
    {card,                                                                                                   \
     {.kind = CONVOLUTION_##kind_,                                                                           \
      precision,                                                                                             \
      .in = in_,                                                                                             \
      .out = out_,                                                                                           \
      .depth = depth_,                                                                                       \
      .height = height_,                                                                                     \
      .width = width_},                                                                                      \
     {engine_, count_, {__VA_ARGS__}}},

static const struct row {
    int capability; /* 0: the end */
    struct convolution problem;
    struct plan_choice choice;
} rows[] = {
#include CHOSEN_PLANS
    {.capability = 0}};

const struct plan_choice *chosen_plans_find(const struct convolution *problem, int capability)
{
    for (const struct row *row = rows; row->capability; row++)
        if (row->capability == capability && convolution_same(&row->problem, problem))
            return &row->choice;
    return NULL;
}
