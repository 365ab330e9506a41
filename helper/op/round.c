/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/round.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "base/uuid.h"

#define LOOK_MS 250

static enum attempt_how how_for(const struct round *round, const struct plan_volume *volume)
{
	if (round->how_for && !round->how_for(volume))
		return ATTEMPT_ACTIVATE;
	return round->how;
}

static void add_attempt(struct round *round, struct plan_volume *volume)
{
	if (round->n_attempts < LIMIT_VOLUMES)
		attempt_init(&round->attempts[round->n_attempts++], round->config, round->cmdline,
			     volume, how_for(round, volume));
}

int round_begin(struct round *round)
{
	int r;

	r = luks_watch_new(&round->disks);
	if (r < 0)
		return r;
	r = network_watch_new(&round->network);
	if (r < 0)
		return r;
	for (size_t i = 0; i < round->plan->n_volumes; i++)
		add_attempt(round, &round->plan->volumes[i]);
	return 0;
}

void round_end(struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++)
		attempt_done(&round->attempts[i]);
	round->n_attempts = 0;
	cex_watch_free(take_ptr(round->cards));
	network_watch_free(round->network);
	round->network = NULL;
	luks_watch_free(round->disks);
	round->disks = NULL;
}

/* A device found by scanning joins only with a binding of ours on it. */
static int visit(const char *uuid, void *userdata)
{
	struct round *round = userdata;
	struct plan_volume found = { 0 }, *volume;
	struct attempt look;
	bool bound, refused;

	plan_complete(&found, round->config, round->cmdline, uuid);
	attempt_init(&look, round->config, round->cmdline, &found, round->how);
	attempt_look(&look);
	bound = look.n_order > 0;
	refused = look.state == ATTEMPT_REFUSED;
	attempt_done(&look);
	if (!bound && !refused)
		return 0;
	volume = plan_add_found(round->plan, round->config, round->cmdline, uuid);
	if (volume) {
		/* Perhaps it never was ours: it stays shut and is told, but decides nothing else. */
		volume->stranger = !bound && !volume->pin;
		add_attempt(round, volume);
	}
	return 0;
}

static void scan(struct round *round)
{
	int r;

	if (!round->plan->scan || !luks_watch_udev_settled(round->disks))
		return;
	round->plan->scan = false; /* once: nobody waits late for unnamed devices */
	r = luks_device_each(visit, round);
	if (r < 0)
		log_debug("cannot list devices: %s", strerror(-r));
}

static bool network_is_up(struct round *round)
{
	if (!round->wait_for_network)
		return true;
	if (!network_watch_up(round->network))
		return false;
	if (!round->network_ms)
		round->network_ms = deadline_now();
	return true;
}

static void drop(struct round *round, size_t i)
{
	attempt_done(&round->attempts[i]);
	round->n_attempts--;
	memmove(&round->attempts[i], &round->attempts[i + 1],
		(round->n_attempts - i) * sizeof(round->attempts[0]));
}

/*
 * A volume that crypttab names by path has told its UUID: it may be one that rd.cexluks.uuid leaves
 * out, or one that is named by UUID as well. Then crypttab's name counts. Whether @i was dropped.
 */
static bool sort_out(struct round *round, size_t i)
{
	const struct attempt *a = &round->attempts[i];

	if (!a->want->source[0] || !uuid_is_valid(a->want->uuid))
		return false;
	/* What is to be proved was chosen before. */
	if (a->how != ATTEMPT_PROVE && !plan_selects(round->cmdline, a->want->uuid)) {
		drop(round, i);
		return true;
	}
	for (size_t k = 0; k < round->n_attempts; k++) {
		const struct plan_volume *other = round->attempts[k].want;

		if (k == i || other->source[0] || !uuid_equal(other->uuid, a->want->uuid))
			continue;
		drop(round, k);
		return k < i; /* what stood behind @i has its place now */
	}
	return false;
}

static void look_for_devices(struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++) {
		if (round->attempts[i].state != ATTEMPT_WAITS_FOR_DEVICE)
			continue;
		attempt_look(&round->attempts[i]);
		if (round->attempts[i].state == ATTEMPT_WAITS_FOR_DEVICE && round->attempts[i].want->optional)
			attempt_give_up(&round->attempts[i]);
		if (sort_out(round, i))
			i--;
	}
}

/* The watch comes before the look, so that nothing is missed between the two. */
static void watch_cards(struct round *round)
{
	int r;

	if (round->cards)
		return;
	r = cex_watch_new(round->config->sysroot, &round->cards);
	if (r < 0)
		log_warning("cannot watch for cards: %s", strerror(-r));
}

static void look_at_cards(struct round *round, struct attempt *a)
{
	watch_cards(round);
	if (a->key_is_new || round->cards_changed ||
	    (a->modules_until_ms && deadline_over(a->modules_until_ms)))
		attempt_look_at_cards(a);
}

/* The watch is made after the first look, so its making counts as a change. */
static void unseal_again(struct round *round, struct attempt *a, deadline_t deadline)
{
	bool is_new = !round->cards;

	watch_cards(round);
	if (is_new || round->cards_changed || (a->modules_until_ms && deadline_over(a->modules_until_ms)))
		attempt_submit(a, round->session, deadline);
}

static bool waits_for_key(const struct round *round, const struct attempt *a)
{
	const char *const *names;
	size_t n = a->by_token ? luks_header_keyring_names(a->header, &names) : 0;

	for (size_t i = 0; i < n; i++)
		if (keys_may_bring(round->keys, names[i]))
			return true;
	return false;
}

/* Whether somebody is to wait for keys that are still to come; the attempts are all over. */
static bool needs_keys(const struct round *round)
{
	if (!round->keys_can_wait || !round->n_attempts)
		return true;
	for (size_t i = 0; i < round->n_attempts; i++)
		if (waits_for_key(round, &round->attempts[i]))
			return true;
	return false;
}

/* The keys directory, beside whatever jobs the attempts have or will have. Returns whether it is over. */
static bool step_keys(struct round *round, bool up)
{
	size_t room = LIMIT_JOBS;

	if (!round->keys)
		return true;
	for (size_t i = 0; i < round->n_attempts; i++)
		room -= !attempt_is_over(&round->attempts[i]);
	if (up)
		keys_submit(round->keys, room);
	return keys_are_over(round->keys);
}

/* Every attempt takes the step that is possible now. Returns whether all are over. */
static bool step(struct round *round, deadline_t deadline)
{
	bool up, over = !round->plan->scan;

	look_for_devices(round);
	up = network_is_up(round);
	for (size_t i = 0; i < round->n_attempts; i++) {
		struct attempt *a = &round->attempts[i];

		for (;;)
			if (a->state == ATTEMPT_MAY_START)
				attempt_start(a);
			else if (up && a->state == ATTEMPT_WAITS_FOR_NETWORK)
				attempt_submit(a, round->session, deadline);
			else if (a->state == ATTEMPT_WAITS_FOR_KMS && a->slow_at && deadline_over(a->slow_at))
				attempt_look_further(a);
			else
				break;
		if (a->state == ATTEMPT_WAITS_FOR_CARD)
			look_at_cards(round, a);
		if (a->state == ATTEMPT_WAITS_FOR_SEAL)
			unseal_again(round, a, deadline);
		if (a->state == ATTEMPT_HAS_PASSPHRASE || a->state == ATTEMPT_HAS_ANSWERED)
			attempt_answer(a);
		over = over && attempt_is_over(a);
	}
	round->cards_changed = false;
	if (step_keys(round, up) || !over)
		return over;
	if (needs_keys(round))
		return false;
	keys_leave(round->keys);
	return true;
}

static void take_reply(struct round *round, struct kms_reply *reply)
{
	for (size_t i = 0; i < round->n_attempts; i++) {
		struct attempt *a = &round->attempts[i];

		if (reply->final && attempt_awaits(a, reply->id)) {
			attempt_reply(a, reply);
			return;
		}
	}
	if (!round->keys || !keys_take(round->keys, reply))
		log_debug("a reply that nobody waits for");
}

static void take_replies(struct round *round)
{
	struct kms_client *client = op_session_client(round->session);

	while (client) {
		_cleanup_kms_reply_ struct kms_reply *reply = NULL;

		if (kms_client_next(client, 0, &reply) < 0 || !reply)
			return;
		take_reply(round, reply);
	}
}

static void drain_inotify(int fd)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		;
}

/* The sooner of @ms (negative: never) and what attempts have set themselves. */
static int until_next_step(const struct round *round, int ms)
{
	/* Jobs end at deadlines that only kms_client_next() knows: look now and then. */
	if (round->keys && keys_wait(round->keys))
		ms = ms < 0 || ms > LOOK_MS ? LOOK_MS : ms;
	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];
		int left = deadline_poll_ms(a->modules_until_ms);

		/*
		 * Jobs end at deadlines that only kms_client_next() knows, and a mapping without a file
		 * system on it makes no link that inotify could see: look now and then.
		 */
		if (a->state == ATTEMPT_WAITS_FOR_KMS || a->state == ATTEMPT_HAS_ANSWERED)
			left = LOOK_MS;
		else if ((a->state != ATTEMPT_WAITS_FOR_CARD && a->state != ATTEMPT_WAITS_FOR_SEAL) ||
			 !a->modules_until_ms)
			continue;
		if (ms < 0 || ms > left)
			ms = left;
	}
	return ms;
}

/* Sleeps until something happens. */
static void wait_for_event(struct round *round, deadline_t deadline)
{
	struct kms_client *client = op_session_client(round->session);
	struct pollfd fds[] = {
		{ .fd = luks_watch_fd(round->disks), .events = POLLIN },
		/* Only who takes the notices may wait for them, else poll() returns at once for ever. */
		{ .fd = round->wait_for_network ? network_watch_fd(round->network) : -1,
		  .events = POLLIN },
		{ .fd = client ? kms_client_fd(client) : -1, .events = POLLIN },
		{ .fd = round->questions, .events = POLLIN },
		{ .fd = round->cards ? cex_watch_fd(round->cards) : -1, .events = POLLIN },
	};
	int ms = until_next_step(round, deadline_poll_ms(deadline));

	if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
		log_debug("poll: %m");
	round->cards_changed = round->cards && cex_watch_drain(round->cards);
	luks_watch_drain(round->disks);
	drain_inotify(round->questions);
}

/* Asking a card takes its time. What changed meanwhile is to be in the verdict. */
static void look_once_more(struct round *round, deadline_t deadline)
{
	round->cards_changed = round->cards && cex_watch_drain(round->cards);
	if (round->cards_changed)
		(void)step(round, deadline);
}

void round_end_keys(struct round *round, struct verdict *about)
{
	if (round->keys)
		(void)keys_end(round->keys, about);
	for (size_t i = 0; i < round->n_attempts; i++)
		if (round->attempts[i].by_token)
			attempt_settle_token(&round->attempts[i], round->keys, about);
}

void round_run(struct round *round, deadline_t deadline)
{
	for (;;) {
		scan(round);
		if (step(round, deadline))
			break;
		if (deadline_over(deadline)) {
			look_once_more(round, deadline);
			break;
		}
		wait_for_event(round, deadline);
		take_replies(round);
	}
	for (size_t i = 0; i < round->n_attempts; i++)
		if (!attempt_is_over(&round->attempts[i]))
			attempt_give_up(&round->attempts[i]);
}
