/* Plans that were the fastest of all that qualify when each was timed on a card: a choice that neither cuDNN's heuristics
 * nor a new version of them change. The table, chosen_plans.def, is written by tests/cuda/chosen_plans.awk from what
 * tests/cuda/plan_race printed there; it is empty until that has run on a card. */
#ifndef PRUNET_KERNELS_CUDA_CHOSEN_PLANS_H
#define PRUNET_KERNELS_CUDA_CHOSEN_PLANS_H

#include "kernels/cuda/convolution_plan.h"

/* For a card of this compute capability (90: 9.0); NULL: the table has none of the problem. Whether the result adds makes
 * no difference. A plan that this cuDNN does not have is passed over by convolution_plan_make. */
const struct plan_choice *chosen_plans_find(const struct convolution *problem, int capability);

#endif
