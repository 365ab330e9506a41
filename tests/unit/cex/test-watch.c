/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cex/watch.h"
#include "fixture.h"

/* @text ends with the array's own NUL, as the kernel's messages do. */
#define CONCERNS(text) cex_uevent_concerns(text, sizeof(text))

static const unsigned char pattern_a[] = { PATTERN_A };

static const char add_card[] = "add@/devices/ap/card00\0ACTION=add\0DEVPATH=/devices/ap/card00\0"
			       "SUBSYSTEM=ap\0DEV_TYPE=000E\0MODALIAS=ap:t0E\0MODE=cca";

static void test_events_of_cards_queues_and_their_modules_concern_us(void **state)
{
	(void)state;
	assert_true(cex_uevent_concerns(add_card, sizeof(add_card)));
	assert_true(CONCERNS("change@/devices/ap\0ACTION=change\0DEVPATH=/devices/ap\0INITSCAN=done"));
	assert_true(CONCERNS("change@/devices/ap/card00/00.0047\0ACTION=change\0"
			     "DEVPATH=/devices/ap/card00/00.0047\0SUBSYSTEM=ap\0ONLINE=1"));
	assert_true(CONCERNS("add@/module/pkey_cca\0ACTION=add\0DEVPATH=/module/pkey_cca\0"
			     "SUBSYSTEM=module"));
	assert_true(CONCERNS("add@/devices/virtual/misc/pkey\0ACTION=add\0"
			     "DEVPATH=/devices/virtual/misc/pkey\0SUBSYSTEM=misc"));
}

static void test_other_events_and_garbage_do_not(void **state)
{
	(void)state;
	assert_false(CONCERNS("add@/devices/pci/x\0ACTION=add\0DEVPATH=/devices/pci/x\0SUBSYSTEM=block"));
	assert_false(CONCERNS(""));
	assert_false(CONCERNS("\0\0\0"));
	assert_false(CONCERNS("libudev\0@SUBSYSTEM=ap"));
	assert_false(CONCERNS("add@/x\0SUBSYSTEM=apple"));
	assert_false(CONCERNS("add@/x\0SUBSYSTEM"));
	assert_false(cex_uevent_concerns(add_card, 0));
	assert_false(cex_uevent_concerns(add_card, sizeof(add_card) - 1)); /* not terminated: cut */
}

/* A watch fed by the test; @ret_feed is the other end. */
static struct cex_watch *fed_watch(const char *sysroot, unsigned rescan_ms, int *ret_feed)
{
	struct cex_watch *watch = NULL;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(cex_watch_new_from(sysroot, fds[0], rescan_ms, &watch), 0);
	*ret_feed = fds[1];
	return watch;
}

static bool readable(const struct cex_watch *watch, int ms)
{
	struct pollfd p = { .fd = cex_watch_fd(watch), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void test_the_descriptor_becomes_readable_and_is_drained(void **state)
{
	_cleanup_close_ int feed = -1;
	_cleanup_cex_watch_ struct cex_watch *watch = fed_watch(FIXTURE("emulated"), 600000, &feed);

	(void)state;
	assert_false(readable(watch, 0));
	assert_int_equal(send(feed, "add@/x", 7, 0), 7);
	assert_true(readable(watch, 0));
	assert_false(cex_watch_drain(watch));
	assert_int_equal(send(feed, add_card, sizeof(add_card), 0), sizeof(add_card));
	assert_int_equal(send(feed, "add@/x", 7, 0), 7);
	assert_true(cex_watch_drain(watch));
	assert_false(readable(watch, 0));
}

static void test_the_timer_asks_for_a_scan_and_a_look(void **state)
{
	char tree[] = "/tmp/cexluks-watch-XXXXXX", path[128];
	_cleanup_close_ int feed = -1;
	_cleanup_cex_watch_ struct cex_watch *watch = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_non_null(mkdtemp(tree));
	(void)snprintf(path, sizeof(path), "%s/sys/bus/ap", tree);
	assert_int_equal(file_make_dirs(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/sys/bus/ap/scans", tree);
	assert_int_equal(file_write_atomic(path, "0\n", 2, 0644), 0);
	watch = fed_watch(tree, 1, &feed);
	assert_true(readable(watch, 5000));
	assert_true(cex_watch_drain(watch));
	assert_int_equal(file_read(path, 16, &text, NULL), 0);
	assert_string_equal(text, "1\n");
	/* the file, then its three folders and the tree */
	assert_int_equal(unlink(path), 0);
	for (int depth = 0; depth < 4; depth++) {
		*strrchr(path, '/') = '\0';
		assert_int_equal(rmdir(path), 0);
	}
}

static void test_a_usable_queue_ends_the_wait_at_once(void **state)
{
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_CCA, pattern_a);
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, &mkvp);
	_cleanup_close_ int feed = -1;
	_cleanup_cex_watch_ struct cex_watch *watch = fed_watch(FIXTURE("emulated"), 600000, &feed);
	struct cex_apqn apqn = { 0xff, 0xff };

	(void)state;
	assert_int_equal(cex_watch_wait(watch, &want, DEADLINE_NEVER, &apqn, NULL), 0);
	assert_int_equal(apqn.card, 0);
	assert_int_equal(apqn.domain, 0x47);
}

static void test_an_expired_deadline_is_one_look(void **state)
{
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_CCA, pattern_a);
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, &mkvp);
	_cleanup_close_ int feed = -1;
	_cleanup_cex_watch_ struct cex_watch *watch =
		fed_watch(FIXTURE("master-key-old"), 600000, &feed);
	struct cex_reason reason = { "" };
	struct cex_apqn apqn = { 0xff, 0xff };

	(void)state;
	assert_int_equal(cex_watch_wait(watch, &want, 0, &apqn, &reason), CEX_MASTER_KEY_OLD);
	assert_int_equal(apqn.domain, 0x47);
	want.mkvp.bytes[0] ^= 1;
	apqn = (struct cex_apqn){ 0xff, 0xff };
	assert_int_equal(cex_watch_wait(watch, &want, 0, &apqn, &reason), CEX_MASTER_KEY_UNKNOWN);
	assert_int_equal(apqn.domain, 0xff);
	assert_string_equal(reason.text, "00.0047 has fedcba9876543210");
}

static const char *switching_link, *switching_target;
static int switching_feed;
static unsigned looks;

/* Time passes only in the test: at the third look at the clock the card comes, with its event. */
static uint64_t clock_that_brings_a_card(void)
{
	if (++looks == 3) {
		assert_int_equal(unlink(switching_link), 0);
		assert_int_equal(symlink(switching_target, switching_link), 0);
		assert_int_equal(send(switching_feed, add_card, sizeof(add_card), 0),
				 sizeof(add_card));
	}
	return 1000;
}

static void test_a_card_that_comes_later_ends_the_wait(void **state)
{
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_CCA, pattern_a);
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, &mkvp);
	char tree[] = "/tmp/cexluks-watch-XXXXXX", link[64], cwd[512], before[640], after[640];
	_cleanup_close_ int feed = -1;
	_cleanup_cex_watch_ struct cex_watch *watch = NULL;
	struct cex_apqn apqn = { 0xff, 0xff };

	(void)state;
	assert_non_null(mkdtemp(tree));
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(before, sizeof(before), "%s/%s", cwd, FIXTURE("no-card"));
	(void)snprintf(after, sizeof(after), "%s/%s", cwd, FIXTURE("emulated"));
	(void)snprintf(link, sizeof(link), "%s/now", tree);
	assert_int_equal(symlink(before, link), 0);
	watch = fed_watch(link, 600000, &feed);
	switching_link = link;
	switching_target = after;
	switching_feed = feed;
	looks = 0;
	deadline_set_clock(clock_that_brings_a_card);
	assert_int_equal(cex_watch_wait(watch, &want, 3000, &apqn, NULL), 0);
	deadline_set_clock(NULL);
	assert_int_equal(apqn.domain, 0x47);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(tree), 0);
}

static void test_the_kernels_own_socket_opens(void **state)
{
	_cleanup_cex_watch_ struct cex_watch *watch = NULL;
	int r = cex_watch_new("", &watch);

	(void)state;
	if (r == -EPERM || r == -EACCES || r == -EPROTONOSUPPORT) {
		print_message("skip: no netlink here: %s\n", strerror(-r));
		skip();
	}
	assert_int_equal(r, 0);
	assert_true(cex_watch_fd(watch) >= 0);
	(void)cex_watch_drain(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_of_cards_queues_and_their_modules_concern_us),
		cmocka_unit_test(test_other_events_and_garbage_do_not),
		cmocka_unit_test(test_the_descriptor_becomes_readable_and_is_drained),
		cmocka_unit_test(test_the_timer_asks_for_a_scan_and_a_look),
		cmocka_unit_test(test_a_usable_queue_ends_the_wait_at_once),
		cmocka_unit_test(test_an_expired_deadline_is_one_look),
		cmocka_unit_test(test_a_card_that_comes_later_ends_the_wait),
		cmocka_unit_test(test_the_kernels_own_socket_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
