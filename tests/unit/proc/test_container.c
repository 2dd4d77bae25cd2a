// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of cgroups as container engines write them, and paths that look like them but are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "proc/container.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER	"ffffffffffffffff0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID	"1b7f3a52-0c4d-4e6f-8a9b-0123456789ab"
#define UID_	"1b7f3a52_0c4d_4e6f_8a9b_0123456789ab"
#define STATIC	"00112233445566778899aabbccddeeff"
#define BURST	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
#define NO_DASH "1b7f3a52000c4d-4e6f-8a9b-0123456789ab"

static void engines_are_known(void **state)
{
	static const struct {
		const char *path;
		const char *id;
		const char *pod;
	} cases[] = {
		{"/docker/" ID, ID, ""},
		{"/system.slice/docker-" ID ".scope", ID, ""},
		{"/system.slice/docker-" ID ".scope/init.scope", ID, ""},
		{"/../docker-" ID ".scope", ID, ""},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", ID,
		 ""},
		{"/system.slice:docker:" ID, ID, ""},
		{"/default/" ID, ID, ""},
		{"/system.slice/nerdctl-" ID ".scope", ID, ""},
		{"/system.slice/cri-containerd-" ID ".scope", ID, ""},
		{"/kubepods/burstable/pod" UID "/" ID, ID, UID},
		{"/kubepods/pod" UID "/" ID, ID, UID},
		{"/kubepods/besteffort/pod" STATIC "/" ID "/below", ID, STATIC},
		{BURST UID_ ".slice/cri-containerd-" ID ".scope", ID, UID},
		{BURST UID_ ".slice/crio-" ID ".scope/container", ID, UID},
		{BURST STATIC ".slice/docker-" ID ".scope", ID, STATIC},
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", ID, UID},
		{"/kubelet.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
		 ID, UID},
		{"/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" ID, ID, UID},
		{"/machine.slice/libpod-" ID ".scope/container", ID, ""},
		{"/libpod_parent/libpod-" ID, ID, ""},
		/* a node in a container, and a container in it */
		{"/docker/" OTHER "/kubelet/kubepods/pod" UID "/" ID, ID, UID},
		{"/kubepods/pod" UID "/" OTHER "/docker/" ID, ID, ""},
		{"/machine.slice/systemd-nspawn@web.service/payload/init.scope", "web", ""},
		{"/machine.slice/machine-my\\x2dweb.scope/payload", "my-web", ""},
		{"/lxc/web", "web", ""},
		{"/lxc.payload/web/system.slice", "web", ""},
		{"/lxc.payload.web/user.slice", "web", ""},
		{"/lxc.payload.w\xff\x1b[2J", "w\xff\x1b[2J", ""},
		{"docker//" ID "//", ID, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_container container = {"x", "x"};

		if (!seep_container_parse_path(cases[i].path, &container))
			fail_msg("no container in %s", cases[i].path);
		assert_string_equal(container.id, cases[i].id);
		assert_string_equal(container.pod, cases[i].pod);
	}
}

static void nothing_is_guessed(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"//",
		"/init.scope",
		"/system.slice/docker.service",
		"/system.slice/docker-.scope",
		"/system.slice/docker-" ID "0.scope",
		"/system.slice/other-" ID ".scope",
		"/docker/0123456789ab",
		"/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"/web",
		"/runc-web.scope",
		"/machine.slice/crio-conmon-" ID ".scope",
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/kubepods/burstable/pod" UID,
		"/kubepods/burstable/pod" UID "/web",
		"/machine.slice/systemd-nspawn@web.service/supervisor",
		"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
		"/lxc",
		"/lxc/",
		"/lxc.monitor.web",
		"/lxc.payload.",
	};
	struct seep_container container = {"kept", "kept"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (seep_container_parse_path(paths[i], &container))
			fail_msg("%s is container %s", paths[i], container.id);
	}
	assert_string_equal(container.id, "kept");
	assert_string_equal(container.pod, "kept");
}

static void what_is_no_pod_is_none(void **state)
{
	static const char *const paths[] = {
		"/kubepods/burstable/pod/" ID,
		"/kubepods/burstable/pod1b7f3a52/" ID,
		"/kubepods/burstable/pod" NO_DASH "/" ID,
		"/some.slice/some-pod" UID_ ".slice/docker-" ID ".scope",
		"/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID ".scope",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct seep_container container;

		assert_true(seep_container_parse_path(paths[i], &container));
		assert_string_equal(container.id, ID);
		assert_string_equal(container.pod, "");
	}
}

static void names_are_bounded(void **state)
{
	struct seep_container container;
	char path[600];

	(void)state;
	snprintf(path, sizeof(path), "/lxc/%0255d", 7);
	assert_true(seep_container_parse_path(path, &container));
	assert_int_equal(strlen(container.id), 255);
	snprintf(path, sizeof(path), "/lxc/%0256d", 7);
	assert_false(seep_container_parse_path(path, &container));
}

static void version_2_comes_first_then_the_others(void **state)
{
	struct seep_container container;

	(void)state;
	assert_true(seep_container_parse_cgroups("5:memory:/docker/" OTHER "\n0::/docker/" ID "\n",
						 &container));
	assert_string_equal(container.id, ID);
	assert_true(seep_container_parse_cgroups(
		"5:memory:/\n1:name=systemd:/kubepods/pod" UID "/" ID "\n0::/\n", &container));
	assert_string_equal(container.id, ID);
	assert_string_equal(container.pod, UID);
	assert_true(seep_container_parse_cgroups(
		"9:name=systemd:/\n4:cpu,cpuacct:/docker/" ID " (deleted)", &container));
	assert_string_equal(container.id, ID);
	assert_false(seep_container_parse_cgroups("1:name=systemd:/\n0::/\n", &container));
	assert_false(seep_container_parse_cgroups("", &container));
	assert_false(seep_container_parse_cgroups("0\n0:\n::\n\n:/docker/" ID "\n", &container));
}

/* Any bytes, read to their end and not beyond: under the sanitizer, from blocks of their own. */
static void any_bytes_are_read(void **state)
{
	static const char pieces[][40] = {"/",		":",	"0::",	    "-",       "docker-",
					  "libpod-",	"pod",	"kubepods", ".slice",  ".scope",
					  "\\x2d",	"\\x",	"lxc",	    "payload", "machine-",
					  " (deleted)", "\xff", "\n",	    STATIC,    UID_};
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		SEEP_AUTO_FREE char *text = NULL;
		struct seep_container container;
		char long_text[1000] = "";

		for (int i = 0; i < 20; i++) {
			seed = seed * 1103515245 + 12345;
			strcat(long_text,
			       pieces[(seed >> 16) % (sizeof(pieces) / sizeof(*pieces))]);
		}
		text = strdup(long_text);
		assert_non_null(text);
		seep_container_parse_path(text, &container);
		if (seep_container_parse_cgroups(text, &container))
			assert_true(container.id[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_are_known),
		cmocka_unit_test(nothing_is_guessed),
		cmocka_unit_test(what_is_no_pod_is_none),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(version_2_comes_first_then_the_others),
		cmocka_unit_test(any_bytes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
