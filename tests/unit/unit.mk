# SPDX-License-Identifier: GPL-2.0-only
#
# Unit tests: one program per file, with all of seep but its main, sanitized.

UNIT_OBJECTS  := $(SOURCES:%.c=$(BUILD)/san/%.o) $(BUILD)/san/formats/profile.pb-c.o
UNIT          := $(wildcard tests/unit/*/test_*.c)
UNIT_PROGRAMS := $(UNIT:tests/unit/%.c=$(BUILD)/unit/%)
SANITIZE      := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

$(BUILD)/san/src/%.o: src/%.c | $(SKELETONS) $(BUILD)/formats/profile.pb-c.h
	@mkdir -p $(@D)
	$(call say,CC-SAN,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/san/formats/profile.pb-c.o: $(BUILD)/formats/profile.pb-c.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -c $< -o $@

# An archive: a program is linked with what it needs, which takes a third of the time.
UNIT_ARCHIVE := $(BUILD)/san/seep.a
$(UNIT_ARCHIVE): $(UNIT_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/unit/%: tests/unit/%.c $(UNIT_ARCHIVE)
	@mkdir -p $(@D)
	$(call say,UNIT,$<)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(SANITIZE) -MMD -MP -MF $@.d $< $(UNIT_ARCHIVE) \
		$(UNIT_LDFLAGS) -o $@ -lcmocka $(LDLIBS)

# What is compared with golden files has frames resolved by the table of tests/unit/report/fixture.h.
UNIT_GOLDEN := $(shell grep -l '"report/golden.h"' $(UNIT))
$(UNIT_GOLDEN:tests/unit/%.c=$(BUILD)/unit/%): UNIT_LDFLAGS := -Wl,--wrap=seep_symbolizer_resolve

.PHONY: unit
unit: $(UNIT_PROGRAMS) ## build the unit tests

# The rules of all files against libdw's; `make check` takes a sample.
CFI_PATHS ?= /usr/lib /usr/bin /usr/sbin

.PHONY: check-cfi
check-cfi: $(BUILD)/unit/unwind/test_against_libdw ## compare the unwind rules of CFI_PATHS with libdw's
	$(Q)$< $(CFI_PATHS)
