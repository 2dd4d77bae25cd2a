# SPDX-License-Identifier: GPL-2.0-only
#
# What measures seep: the benchmarks, and how often verdicts are right. The programs of tests/tools are
# built here too, as they also use seep's own rooms.

$(BUILD)/bench/pairs: tests/bench/pairs.c
	$(call fixture)

$(BUILD)/bench/returns: tests/bench/returns.cc
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CXX) -O2 -g -std=gnu++17 $< -o $@

$(BUILD)/bench/objects: tests/bench/objects.c
	$(call fixture)

$(BUILD)/bench/pairs_no_fp: tests/bench/pairs.c
	$(call fixture,-O2 -fomit-frame-pointer)

TEST_TOOLS := $(addprefix $(BUILD)/bench/,empty_probes captures render_html) \
	      $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(wildcard tests/tools/*.c))

$(BUILD)/bench/%: tests/bench/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $^ -o $@ $(LDLIBS)

$(BUILD)/bench/render_html: LDLIBS += -Wl,--wrap=seep_symbolizer_resolve

$(BUILD)/tools/%: tests/tools/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $^ -o $@ $(LDLIBS)

# The root tests need these too.
fixtures: $(BUILD)/bench/pairs $(BUILD)/bench/pairs_no_fp $(TEST_TOOLS)

.PHONY: bench
bench: ## measure what tracing costs (BENCH="--only services --json FILE")
bench: all $(addprefix $(BUILD)/bench/,objects pairs pairs_no_fp returns calls) $(TEST_TOOLS) \
       $(BUILD)/fixtures/many_sites $(BUILD)/fixtures/preforker
	@tools/setup bench
	@BUILD=$(BUILD) $(PYTHON) tools/bench $(BENCH)

# On sites that are computed, ACCURACY_RUNS of each kind, and on programs that run.
ACCURACY_RUNS    ?= 10000
ACCURACY_MINUTES ?= 17

$(BUILD)/accuracy: tests/unit/verdict/test_accuracy.c $(OBJECTS)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP $^ -o $@ -lcmocka $(LDLIBS)

# The same of what is seen in windows of time.
ACCURACY_WINDOW_RUNS ?= 1000

$(BUILD)/accuracy-windows: tests/unit/measure/test_cohort_accuracy.c $(OBJECTS)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP $^ -o $@ -lcmocka $(LDLIBS)

# And of what is sampled by bytes.
$(BUILD)/accuracy-bytes: tests/unit/measure/test_by_bytes.c $(OBJECTS)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP $^ -o $@ -lcmocka $(LDLIBS)

.PHONY: accuracy
accuracy: all $(BUILD)/accuracy $(BUILD)/accuracy-windows $(BUILD)/accuracy-bytes $(BUILD)/bench/judge ## how often verdicts are right, made up, live and with the budget on (ACCURACY_RUNS, ACCURACY_MINUTES)
	$(Q)SEEP_ACCURACY_RUNS=$(ACCURACY_RUNS) $(BUILD)/accuracy
	$(Q)SEEP_ACCURACY_RUNS=$(ACCURACY_WINDOW_RUNS) $(BUILD)/accuracy-windows
	$(Q)SEEP_ACCURACY_RUNS=$(ACCURACY_WINDOW_RUNS) $(BUILD)/accuracy-bytes
	$(Q)$(BUILD)/bench/judge
	$(Q)BUILD=$(BUILD) $(PYTHON) tools/accuracy --minutes $(ACCURACY_MINUTES)
	$(Q)BUILD=$(BUILD) $(PYTHON) tools/accuracy/real $(ACCURACY_REAL)
	@$(MAKE) --no-print-directory accuracy-budget

.PHONY: accuracy-real
accuracy-real: all ## how often detect is right about the programs of tests/real and servers (ACCURACY_REAL="--programs A,B --jobs N")
	$(Q)BUILD=$(BUILD) $(PYTHON) tools/accuracy/real $(ACCURACY_REAL)

# nginx-dev may be installed only now, so its module is left to another make.
.PHONY: accuracy-budget
accuracy-budget: all $(SERVICES) ## how well detect finds leaks in services at full speed (ACCURACY_BUDGET="--cases A,B --runs N")
	@tools/setup bench
	@$(MAKE) --no-print-directory $(SERVICES_NGINX)
	$(Q)BUILD=$(BUILD) $(PYTHON) tools/accuracy/budget $(ACCURACY_BUDGET)
