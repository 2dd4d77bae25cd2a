// SPDX-License-Identifier: GPL-2.0-only
/* leak: read_event() receives a descriptor with each message and never closes it, 4/s */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void send_event(int socket, int file)
{
	union control control = {0};
	struct iovec text = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {.msg_iov = &text,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &file, sizeof(file));
	if (sendmsg(socket, &message, 0) < 0)
		_exit(1);
}

static void read_event(int socket)
{
	union control control;
	char byte;
	struct iovec text = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &text,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	if (recvmsg(socket, &message, 0) < 0)
		_exit(1);
}

int main(void)
{
	int file = memfd_create("format-table", MFD_CLOEXEC);
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		return 1;
	for (;; usleep(250000)) {
		send_event(ends[0], file);
		read_event(ends[1]);
	}
}
