# The stages of the experiment: phantoms (without DATA), preprocess, train, evaluate; and segment, for new cases.
# The top-level Makefile calls this one with DATA, RUN, CONFIG, SEED, EPOCHS, BACKEND, THREADS, CASES and BUILD.
#
#   DATA/CASE/*.nii.gz --preprocess--> CASES/CASE.nrrd --train--> RUN/epochs, RUN/best --evaluate--> RUN/predictions,
#                                                                                                   RUN/evaluation
#
# Each file appears whole or not at all, so that an interrupted stage goes on where it was.

SHELL  := /bin/bash
PATH   := $(abspath $(BUILD)/bin):$(PATH)
LC_ALL := C
export PATH LC_ALL

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

# A setting of the configuration: the last line that names it, in the defaults and the files that are joined by +.
CONFIGURATIONS := pipelines/configurations
ifeq ($(origin ROW),command line) # the older name of CONFIG
CONFIG := $(ROW)
endif
CONFIG ?= $(ROW)
CONFIG_FILES   := $(foreach name,$(subst +, ,$(CONFIG)),$(if $(findstring /,$(name)),$(name),$(CONFIGURATIONS)/$(name)))
setting         = $(shell set -o pipefail; sed -n 's/^$(1)=//p' $(CONFIGURATIONS)/defaults $(CONFIG_FILES) | tail -n 1)$(if \
                  $(filter-out 0,$(.SHELLSTATUS)),$(error the configuration $(CONFIG) cannot be read))

$(foreach file,$(CONFIG_FILES),$(if $(wildcard $(file)),,\
    $(error no configuration is called $(notdir $(file)); there are: $(notdir $(wildcard $(CONFIGURATIONS)/*)))))

CROP   := $(call setting,CROP)
LABELS := $(call setting,LABELS)

# --- phantoms --------------------------------------------------------------------------------------------------------
# Without DATA the project makes its own cases. Their names are known before they are made.

ifeq ($(DATA),)
override DATA := $(RUN)/phantoms
FOLDERS := $(shell printf '$(DATA)/phantom_%05d ' $$(seq $(call setting,PHANTOM_CASES)))

$(DATA):
	@mkdir -p $(RUN)
	@rm -rf $@.part
	phantom --seed $(call setting,PHANTOM_SEED) --cases $(call setting,PHANTOM_CASES) --size $(call setting,PHANTOM_SIZE) \
	    -o $@.part >/dev/null
	@mv -T $@.part $@
else
FOLDERS := $(shell pipelines/cases '$(DATA)')
ifneq ($(.SHELLSTATUS),0)
$(error DATA=$(DATA) cannot be used)
endif
endif

# --- preprocess ------------------------------------------------------------------------------------------------------
# One record file a case, made again when the case's files, the crop or the data set change. With make --keep-going the
# others are made when a case cannot be read.

RECORDS := $(foreach folder,$(FOLDERS),$(CASES)/$(notdir $(folder)).nrrd)

preprocess: $(RECORDS)
	@:

define RECORD_RULE
$(CASES)/$(notdir $(1)).nrrd: $$(wildcard $(1)/*.nii $(1)/*.nii.gz) $(CASES)/recipe | $(DATA)
	pipelines/preprocess $(1) $(CROP) $(LABELS) $$@
endef
$(foreach folder,$(FOLDERS),$(eval $(call RECORD_RULE,$(folder))))

# What all records have in common; the file's date changes only when its text does.
RECIPE := $(abspath $(DATA)) labels $(LABELS) cropped to $(CROP)

$(CASES)/recipe: FORCE
	@mkdir -p $(@D)
	@echo "$(RECIPE)" | cmp -s - $@ || echo "$(RECIPE)" >$@

# --- train, evaluate -------------------------------------------------------------------------------------------------
# The scripts look for themselves at what is already done.

train: preprocess
	pipelines/train --data $(DATA) --cases $(CASES) --run $(RUN) --config $(CONFIG) --seed $(SEED) \
	    $(if $(EPOCHS),--epochs $(EPOCHS))

evaluate: train
	pipelines/evaluate --data $(DATA) --cases $(CASES) --run $(RUN)

# --- segment ---------------------------------------------------------------------------------------------------------
# Label maps for the cases of DATA, labelled or not, with the best weights of RUN.

SEGMENTATIONS := $(foreach folder,$(FOLDERS),$(OUT)/$(notdir $(folder)).nii.gz)

segment: $(SEGMENTATIONS)
	@:

define SEGMENT_RULE
$(OUT)/$(notdir $(1)).nii.gz: $$(wildcard $(1)/*.nii $(1)/*.nii.gz) $(RUN)/best/state.safetensors
	pipelines/segment $(1) $(RUN) $$@
endef
$(foreach folder,$(FOLDERS),$(eval $(call SEGMENT_RULE,$(folder))))

$(RUN)/best/state.safetensors:
	@echo "$(RUN) holds no trained network: make train RUN=$(RUN), or name the RUN of one" >&2; exit 1

FORCE:
.PHONY: preprocess train evaluate segment FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
