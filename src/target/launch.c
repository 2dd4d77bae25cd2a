// SPDX-License-Identifier: GPL-2.0-only
/*
 * The launched command. Order: seep_launch_new forks the child, which waits at a pipe;
 * seep_launch_predict finds the files it will map (scripts are followed up to MAX_SCRIPT_DEPTH, the
 * loader's list is read up to MAX_LIST_BYTES); seep_launch_release lets it exec and learns over a
 * second pipe if that failed; seep_launch_status waits for it without blocking. A child that is
 * never released is killed.
 */
#include "target/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "elf/image.h"

/* As binfmt_script: how many interpreters may call one another (exec_binprm in fs/exec.c). */
#define MAX_SCRIPT_DEPTH 5
/* BINPRM_BUF_SIZE: the kernel looks no further for the end of a "#!" line. */
#define MAX_SCRIPT_LINE 256
/* What is printed beyond this is read, so that the loader does not block, and thrown away. */
#define MAX_LIST_BYTES (1 << 20)
/* As a shell ends for a command that it does not find (POSIX, "Exit Status for Commands"). */
#define STATUS_EXEC_FAILED 127

struct seep_launch {
	/* Of the caller; it has to outlive the child's exec. */
	char *const *command;
	char *path; /* of the program, as PATH gave it */
	pid_t pid;
	int go_fd;    /* writing a byte releases the child; closing it makes it give up */
	int error_fd; /* brings the errno of a failed exec; end of file when exec worked */
	bool ended;
	int status;
};

/*
 * As execvp does it: an empty entry of PATH is the working directory, and -EACCES wins over
 * -ENOENT. The path must be known before the exec, so execvp itself cannot be used.
 */
static int find_in_path(const char *name, char **ret_path)
{
	const char *search = getenv("PATH");
	SEEP_AUTO_FREE char *copy = strdup(search ? search : "/usr/local/bin:/usr/bin:/bin");
	char *position = copy, *directory;
	int error = -ENOENT;

	if (!copy)
		return -ENOMEM;
	while ((directory = strsep(&position, ":"))) {
		SEEP_AUTO_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", *directory ? directory : ".", name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (access(path, X_OK) == 0) {
			*ret_path = SEEP_TAKE_PTR(path);
			return 0;
		}
		if (errno == EACCES)
			error = -EACCES;
	}
	return error;
}

/* A name with a slash is a path already and is not searched for. 0 or -errno of access(2). */
static int find_program(const char *name, char **ret_path)
{
	if (!strchr(name, '/'))
		return find_in_path(name, ret_path);
	if (access(name, X_OK) != 0)
		return -errno;
	*ret_path = strdup(name);
	return *ret_path ? 0 : -ENOMEM;
}

/* The interpreter of a "#!" script at @path; NULL if it is none. 0 or -errno. */
static int script_interpreter(const char *path, char **ret_interpreter)
{
	SEEP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char line[MAX_SCRIPT_LINE + 1];
	ssize_t length = fd < 0 ? -1 : read(fd, line, MAX_SCRIPT_LINE);
	char *start;

	if (length < 0)
		return -errno;
	line[length] = '\0';
	*ret_interpreter = NULL;
	if (strncmp(line, "#!", 2) != 0)
		return 0;
	start = line + 2 + strspn(line + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	*ret_interpreter = strdup(start);
	return *ret_interpreter ? 0 : -ENOMEM;
}

/* Follows scripts to the program that the kernel will load in the end. */
static int resolve_scripts(const char *path, char **ret_program)
{
	SEEP_AUTO_FREE char *program = strdup(path);

	if (!program)
		return -ENOMEM;
	for (int depth = 0; depth < MAX_SCRIPT_DEPTH; depth++) {
		char *interpreter = NULL;
		int error = script_interpreter(program, &interpreter);

		if (error)
			return error;
		if (!interpreter)
			break;
		free(program);
		program = interpreter;
	}
	*ret_program = SEEP_TAKE_PTR(program);
	return 0;
}

/* Runs "@loader --list @program" and collects what it prints. 0 or -errno. */
static int run_loader_list(const char *loader, const char *program, struct seep_buffer *output)
{
	char *const arguments[] = {(char *)loader, (char *)"--list", (char *)program, NULL};
	SEEP_AUTO_CLOSE int read_end = -1;
	posix_spawn_file_actions_t actions;
	int pipe_fds[2], error, status;
	char chunk[4096];
	ssize_t length;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	read_end = pipe_fds[0];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	/*
	 * Complaints of the loader would be mixed with messages of seep; a short list is no error.
	 */
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = -posix_spawn(&pid, loader, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	/* Ours is closed before the loop: with a writer left, read never returns 0. */
	close(pipe_fds[1]);
	if (error)
		return error;
	while ((length = read(read_end, chunk, sizeof(chunk))) > 0) {
		if (output->length < MAX_LIST_BYTES)
			seep_buffer_append(output, chunk, (size_t)length);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return output->error;
}

/* The files that were found so far, in the order in which they will be mapped. */
struct prediction {
	struct seep_files *files;
	const struct seep_file **list;
	size_t count;
};

/* A file that cannot be opened now is left to be found when the program runs. */
static int predict_file(struct prediction *prediction, const char *path)
{
	SEEP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	SEEP_AUTO_FREE char *real = realpath(path, NULL);
	const struct seep_file **list;
	const struct seep_file *file;
	int error;

	if (fd < 0 || !real)
		return 0;
	error = seep_files_get_fd(prediction->files, fd, real, &file);
	if (error)
		return error == -ENOMEM ? error : 0;
	list = realloc(prediction->list, (prediction->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	prediction->list = list;
	prediction->list[prediction->count++] = file;
	return 0;
}

/*
 * The loader's lines: "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f...)" or, for what
 * has a path already, "\t/lib64/ld-linux-x86-64.so.2 (0x00007f...)".
 */
static int predict_listed(struct prediction *prediction, char *text)
{
	char *line;
	int error = 0;

	while (!error && (line = strsep(&text, "\n"))) {
		char *path = strstr(line, "=> ");
		char *end;

		path = path ? path + 3 : line + strspn(line, " \t");
		end = strstr(path, " (0x");
		if (path[0] != '/' || !end)
			continue;
		*end = '\0';
		error = predict_file(prediction, path);
	}
	return error;
}

/* A static program has no interpreter, and only the program itself is predicted. */
static int predict_libraries(struct prediction *prediction, const char *program)
{
	SEEP_AUTO_CLOSE int fd = open(program, O_RDONLY | O_CLOEXEC);
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	SEEP_AUTO_BUFFER struct seep_buffer output = SEEP_BUFFER_INIT;
	const char *loader;
	int error;

	if (fd < 0 || seep_image_open(fd, &image))
		return 0; /* exec will tell what is wrong with it */
	loader = seep_image_interpreter(image);
	if (!loader)
		return 0;
	error = predict_file(prediction, loader);
	if (error)
		return error;
	error = run_loader_list(loader, program, &output);
	if (error) {
		seep_debug("cannot run \"%s --list %s\": %s", loader, program, strerror(-error));
		return error == -ENOMEM ? error : 0;
	}
	return predict_listed(prediction, output.data);
}

int seep_launch_predict(const struct seep_launch *launch, struct seep_files *files,
			const struct seep_file ***ret_list, size_t *ret_count)
{
	struct prediction prediction = {.files = files};
	SEEP_AUTO_FREE char *program = NULL;
	int error = resolve_scripts(launch->path, &program);

	if (!error)
		error = predict_file(&prediction, program);
	if (!error)
		error = predict_libraries(&prediction, program);
	/* Only this is a failure: any other one leaves the list shorter. */
	if (error == -ENOMEM) {
		free(prediction.list);
		return error;
	}
	*ret_list = prediction.list;
	*ret_count = prediction.count;
	return 0;
}

/* In the child: waits to be released, then becomes the command. */
static _Noreturn void child(const char *path, char *const *command, int go_fd, int error_fd)
{
	sigset_t none;
	char byte;
	int error;

	/*
	 * The event loop of seep blocks its signals, and masks and ignored signals survive an exec.
	 */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (read(go_fd, &byte, 1) != 1)
		_exit(STATUS_EXEC_FAILED); /* seep is gone, or gave up */
	execv(path, command);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) != sizeof(error))
		_exit(STATUS_EXEC_FAILED);
	_exit(STATUS_EXEC_FAILED);
}

/*
 * Two pipes, both closed on exec: one to release the child, one to hear of a failed exec. On a
 * failure after the pipes their ends are in @launch, and seep_launch_free closes them.
 */
static int fork_child(struct seep_launch *launch, const struct rlimit *descriptor_limit)
{
	int go[2], report[2];

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) < 0) {
		int error = -errno;

		close(go[0]);
		close(go[1]);
		return error;
	}
	launch->go_fd = go[1];
	launch->error_fd = report[0];
	launch->pid = fork();
	if (launch->pid == 0) {
		close(go[1]);
		setrlimit(RLIMIT_NOFILE, descriptor_limit);
		child(launch->path, launch->command, go[0], report[1]);
	}
	close(go[0]);
	close(report[1]);
	return launch->pid < 0 ? -errno : 0;
}

int seep_launch_new(char *const *command, const struct rlimit *descriptor_limit,
		    struct seep_launch **ret_launch)
{
	struct seep_launch *launch = calloc(1, sizeof(*launch));
	int error;

	if (!launch)
		return -ENOMEM;
	launch->command = command;
	launch->go_fd = launch->error_fd = -1;
	error = find_program(command[0], &launch->path);
	if (error) {
		seep_error("cannot run \"%s\": %s", command[0], strerror(-error));
	} else {
		error = fork_child(launch, descriptor_limit);
		if (error)
			seep_error("cannot start a process for \"%s\": %s", command[0],
				   strerror(-error));
	}
	if (error) {
		seep_launch_free(launch);
		return error;
	}
	*ret_launch = launch;
	return 0;
}

void seep_launch_free(struct seep_launch *launch)
{
	if (!launch)
		return;
	seep_cleanup_fd(&launch->go_fd);
	seep_cleanup_fd(&launch->error_fd);
	free(launch->path);
	free(launch);
}

const char *seep_launch_path(const struct seep_launch *launch)
{
	return launch->path;
}

pid_t seep_launch_pid(const struct seep_launch *launch)
{
	return launch->pid;
}

int seep_launch_release(struct seep_launch *launch)
{
	ssize_t length;
	int error;

	if (write(launch->go_fd, "", 1) != 1)
		return -errno;
	do {
		length = read(launch->error_fd, &error, sizeof(error));
	} while (length < 0 && errno == EINTR);
	/* End of file: the exec closed the other end. */
	if (length != sizeof(error))
		return 0;
	seep_error("cannot run \"%s\": %s", launch->path, strerror(error));
	return -error;
}

int seep_launch_status(struct seep_launch *launch, int *ret_status)
{
	if (!launch->ended) {
		if (waitpid(launch->pid, &launch->status, WNOHANG) != launch->pid)
			return -EAGAIN;
		launch->ended = true;
	}
	*ret_status = launch->status;
	return 0;
}
