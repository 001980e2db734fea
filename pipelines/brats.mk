# The stages of the experiment: phantoms (without DATA), preprocess, train, evaluate; segment, for new cases; check, a look at DATA.
# The top-level Makefile calls this one with DATA, RUN, CONFIG, SEED, FOLD, EPOCHS, LISTS, FROM, BACKEND,
# THREADS, CASES, BIDS, EACH, SHARD, LOCK, LAUNCH and BUILD.
#
#   DATA/CASE/*.nii.gz --preprocess--> CASES/CASE.nrrd --train--> RUN/epochs, RUN/best --evaluate--> RUN/predictions,
#                                                                                                   RUN/evaluation
#
# Each stage is a script, which looks for itself at what is already done, by digests and never by dates: make only puts
# them in order. With make -j4 four cases are made at a time. EACH is a launcher that stands in front of the command of one case
# (srun -n1 ...), SHARD=K/N takes every N-th case, LOCK=none no locks: docs/clusters.md.

SHELL  := /bin/bash
PATH   := $(abspath $(BUILD)/bin):$(PATH)
LC_ALL := C
export PATH LC_ALL

# Values are text: nothing in them is expanded here, and recipes quote them.
PARAMETERS := DATA RUN CONFIG ROW SEED FOLD EPOCHS BACKEND THREADS CASES OUT LISTS FROM VOXELS BIDS EACH SHARD LOCK LAUNCH
ROW_ORIGIN := $(origin ROW)
$(foreach name,$(PARAMETERS),$(eval override $(name) := $$(value $(name))))

ifneq ($(BACKEND),)
export PRUNET_BACKEND := $(BACKEND)
endif
ifneq ($(THREADS),)
export PRUNET_THREADS := $(THREADS)
endif
ifeq ($(CASES),)
override CASES := $(RUN)/cases
endif
ifeq ($(OUT),)
override OUT := $(RUN)/segmentations
endif
ifneq ($(filter command,$(ROW_ORIGIN))$(if $(CONFIG),,none),) # ROW is the older name of CONFIG
override CONFIG := $(ROW)
endif

# Without DATA the project makes its own cases.
ifeq ($(DATA),)
override DATA := $(RUN)/phantoms
MADE := phantoms
endif

# Every N-th case is a whole for these two alone.
ifneq ($(SHARD),)
ifneq ($(filter-out preprocess segment phantoms,$(MAKECMDGOALS)),)
$(error SHARD is for preprocess and segment, not for $(filter-out preprocess segment phantoms,$(MAKECMDGOALS)))
endif
endif

export $(PARAMETERS)

# The stages say themselves how far they are; V=1 shows the commands, too.
Q := $(if $(V),,@)

# Before anything that takes long.
settings:
	$(Q)pipelines/settings --config "$$CONFIG" --seed "$$SEED" $${FOLD:+--fold "$$FOLD"} $${EPOCHS:+--epochs "$$EPOCHS"} $${LISTS:+--lists "$$LISTS"} \
	    $${FROM:+--from "$$FROM"} >/dev/null

phantoms: $(if $(filter train evaluate,$(MAKECMDGOALS)),settings)
	$(Q)pipelines/phantoms --config "$$CONFIG" --output "$$DATA"

check: $(MADE)
	pipelines/check --data "$$DATA" --config "$$CONFIG" --voxels "$$VOXELS"

preprocess: $(if $(filter train evaluate,$(MAKECMDGOALS)),settings) $(MADE)
	$(Q)pipelines/preprocess --data "$$DATA" --cases "$$CASES" --config "$$CONFIG" $${SHARD:+--shard "$$SHARD"}

train: preprocess
	$(Q)pipelines/train --data "$$DATA" --cases "$$CASES" --run "$$RUN" --config "$$CONFIG" --seed "$$SEED" \
	    $${FOLD:+--fold "$$FOLD"} $${EPOCHS:+--epochs "$$EPOCHS"} $${LISTS:+--lists "$$LISTS"} $${FROM:+--from "$$FROM"} \
	    $${LAUNCH:+--launch "$$LAUNCH"}

evaluate: train
	$(Q)pipelines/evaluate --data "$$DATA" --cases "$$CASES" --run "$$RUN"

# Label maps for the cases of DATA, labelled or not, with the best weights of RUN: those of this call, where it trains.
segment: $(MADE) $(if $(filter train evaluate,$(MAKECMDGOALS)),train)
	$(Q)pipelines/segment --data "$$DATA" --run "$$RUN" --output "$$OUT" $${SHARD:+--shard "$$SHARD"} $${BIDS:+--bids}

.PHONY: settings phantoms check preprocess train evaluate segment
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
