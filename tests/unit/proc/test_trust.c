// SPDX-License-Identifier: GPL-2.0-only
/* Which files are root's word. What needs other owners is checked as root only. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "compile.h"
#include "proc/trust.h"

#define STRANGER 12345

static const struct seep_root ours = SEEP_ROOT_OURS;
static char directory[PATH_MAX];

static int setup(void **state)
{
	(void)state;
	enter_directory(directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

/* 1: root's word; 0: not; -errno. */
static int ask(const struct seep_root *root, const char *name)
{
	char path[PATH_MAX + 64];
	bool by_root = false;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = seep_trust_open(root, path, &by_root);
	if (fd < 0)
		return fd;
	close(fd);
	return by_root;
}

static void only_regular_files(void **state)
{
	(void)state;
	shell("mkfifo fifo && mkdir plain && echo x > file");
	assert_int_equal(ask(&ours, "fifo"), -ENOENT);
	assert_int_equal(ask(&ours, "plain"), -ENOENT);
	assert_int_equal(ask(&ours, "missing"), -ENOENT);
	assert_true(ask(&ours, "file") >= 0);
}

static void the_whole_way_has_to_be_roots(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	shell("mkdir -p way/in && echo x > way/in/file && ln -s in/file way/link && chmod 644 way/in/file");
	assert_int_equal(ask(&ours, "way/in/file"), 1);
	assert_int_equal(ask(&ours, "way/link"), 1);
	shell("chown %d way/in/file", STRANGER);
	assert_int_equal(ask(&ours, "way/in/file"), 0);
	shell("chown 0 way/in/file && chmod g+w way/in/file");
	assert_int_equal(ask(&ours, "way/in/file"), 0);
	shell("chmod 646 way/in/file");
	assert_int_equal(ask(&ours, "way/in/file"), 0);
	shell("chmod 644 way/in/file && chown %d way/in", STRANGER);
	assert_int_equal(ask(&ours, "way/in/file"), 0);
	shell("chown 0 way/in && chmod 775 way");
	assert_int_equal(ask(&ours, "way/in/file"), 0);
	shell("chmod 755 way && chown -h %d way/link", STRANGER);
	assert_int_equal(ask(&ours, "way/link"), 0);
	assert_int_equal(ask(&ours, "way/in/file"), 1);
}

/* Nobody else can move a directory of root's to another place; a file or a link somebody could. */
static void a_sticky_directory_is_passed_by_directories(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	shell("mkdir -p sticky/in && chmod 1777 sticky && echo x > sticky/in/file && "
	      "echo x > sticky/file && ln -s in sticky/link");
	assert_int_equal(ask(&ours, "sticky/in/file"), 1);
	assert_int_equal(ask(&ours, "sticky/file"), 0);
	assert_int_equal(ask(&ours, "sticky/link/file"), 0);
	shell("chmod 777 sticky");
	assert_int_equal(ask(&ours, "sticky/in/file"), 0);
}

/* A child that has called unshare(@flags); its root directory is opened through /proc. */
static void open_root_of_child(int flags, struct seep_root *ret_root)
{
	int ready[2], done[2];
	char path[64], byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	child = fork();
	if (child == 0) {
		close(done[1]);
		if (flags && unshare(flags))
			_exit(1);
		if (write(ready[1], "", 1) != 1 || read(done[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	assert_true(child > 0);
	close(ready[1]);
	close(done[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/root", (int)child);
	assert_int_equal(seep_root_open(path, ret_root), 0);
	close(done[1]);
	close(ready[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void namespaces_of_others_are_not_roots(void **state)
{
	SEEP_CLEANUP(seep_root_done) struct seep_root same = SEEP_ROOT_OURS;
	SEEP_CLEANUP(seep_root_done) struct seep_root mounts = SEEP_ROOT_OURS;
	SEEP_CLEANUP(seep_root_done) struct seep_root user = SEEP_ROOT_OURS;
	SEEP_CLEANUP(seep_root_done) struct seep_root both = SEEP_ROOT_OURS;

	(void)state;
	if (geteuid() != 0)
		skip();
	shell("mkdir -p own && echo x > own/file");
	open_root_of_child(0, &same);
	open_root_of_child(CLONE_NEWNS, &mounts);
	/* It could chroot(2) into a directory of any mount namespace. */
	open_root_of_child(CLONE_NEWUSER, &user);
	open_root_of_child(CLONE_NEWUSER | CLONE_NEWNS, &both);
	assert_true(same.by_root);
	assert_true(mounts.by_root);
	assert_false(user.by_root);
	assert_false(both.by_root);
	assert_int_equal(ask(&same, "own/file"), 1);
	assert_int_equal(ask(&both, "own/file"), 0);
}

static void roots_that_are_none(void **state)
{
	struct seep_root root = {.fd = -7};

	(void)state;
	assert_int_equal(seep_root_open(NULL, &root), 0);
	assert_int_equal(root.fd, -1);
	assert_true(root.by_root);
	assert_int_equal(seep_root_open("/proc/0/root", &root), -ENOENT);
	assert_int_equal(seep_root_open("root", &root), -EINVAL);
	shell("mkdir -p no/root");
	assert_int_equal(seep_root_open("no/root", &root), 0);
	assert_false(root.by_root);
	seep_root_done(&root);
}

static bool may_name(const struct seep_root *root, const char *program, const char *debug)
{
	SEEP_AUTO_CLOSE int a = open(program, O_RDONLY | O_CLOEXEC);
	SEEP_AUTO_CLOSE int b = open(debug, O_RDONLY | O_CLOEXEC);

	assert_true(a >= 0 && b >= 0);
	return seep_trust_may_name(root, a, b);
}

static bool same_key(const char *left, const char *right)
{
	SEEP_AUTO_CLOSE int a = open(left, O_RDONLY | O_CLOEXEC);
	SEEP_AUTO_CLOSE int b = open(right, O_RDONLY | O_CLOEXEC);
	char a_key[SEEP_TRUST_KEY_MAX], b_key[SEEP_TRUST_KEY_MAX];

	assert_true(a >= 0 && b >= 0);
	seep_trust_key(a, a_key);
	seep_trust_key(b, b_key);
	return strcmp(a_key, b_key) == 0;
}

static void who_may_write_may_name(void **state)
{
	static const struct seep_root others = {.fd = -1, .by_root = false};

	(void)state;
	if (geteuid() != 0)
		skip();
	shell("umask 022; echo x > program && echo x > debug");
	assert_true(may_name(&ours, "program", "debug"));
	assert_false(may_name(&others, "program", "debug"));
	assert_true(same_key("program", "debug"));
	shell("chown %d debug", STRANGER);
	assert_false(may_name(&ours, "program", "debug"));
	assert_false(same_key("program", "debug"));
	shell("chown %d program", STRANGER);
	assert_true(may_name(&others, "program", "debug"));
	assert_true(same_key("program", "debug"));
	shell("chmod g+w debug");
	assert_false(may_name(&ours, "program", "debug"));
	assert_false(same_key("program", "debug"));
	shell("chmod g+w program");
	assert_true(may_name(&ours, "program", "debug"));
	assert_true(same_key("program", "debug"));
	shell("chgrp %d debug", STRANGER);
	assert_false(may_name(&ours, "program", "debug"));
	assert_false(same_key("program", "debug"));
	shell("chmod 666 debug program");
	assert_false(same_key("program", "debug"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_regular_files),
		cmocka_unit_test(the_whole_way_has_to_be_roots),
		cmocka_unit_test(a_sticky_directory_is_passed_by_directories),
		cmocka_unit_test(namespaces_of_others_are_not_roots),
		cmocka_unit_test(roots_that_are_none),
		cmocka_unit_test(who_may_write_may_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
