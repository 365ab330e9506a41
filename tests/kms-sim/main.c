/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kms-sim: read the command line, start everything, wait for the signal to stop. */
#define _GNU_SOURCE 1
#include "buffer.h"
#include "certs.h"
#include "cleanup.h"
#include "control.h"
#include "faults.h"
#include "iam.h"
#include "json.h"
#include "kms.h"
#include "listener.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "publish.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* form encoding must be right, or this key does not survive it */
#define DEFAULT_API_KEY "sim+Key/0=1%2B&grant_type=x-Y_z"
#define ROOT_KEY_NAME "cexluks-root"

struct sim {
	struct options options;
	struct iam iam;
	struct control control;
	struct instance *instances[INSTANCES_MAX];
	struct listener *listeners[INSTANCES_MAX + 1];	/* IAM first */
	struct listener *control_listener;
};

static void must(int r, const char *what, const char *object)
{
	if (r >= 0)
		return;
	fprintf(stderr, "kms-sim: cannot %s '%s': %s\n", what, object, strerror(-r));
	exit(1);
}

static void prepare_dir(const char *dir)
{
	_cleanup_free_ char *log = NULL, *old = NULL;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		must(-errno, "make folder", dir);
	old = publish_path(dir, "sim.json");
	(void)unlink(old); /* usually there is none */
	log = publish_path(dir, "requests.jsonl");
	must(log_open(log), "write", log);
}

static void load_script(const char *path)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_json_ cJSON *rules = NULL;
	const char *why;

	must(buffer_read_file(&text, path), "read", path);
	rules = json_parse(text.data, text.length);
	if (!faults_add(rules, &why)) {
		fprintf(stderr, "kms-sim: cannot use script '%s': %s\n", path, why);
		exit(2);
	}
}

static void add_keys(struct instance *instance, unsigned more)
{
	struct key *root = key_new(ROOT_KEY_NAME, NULL, 0);
	char name[32];

	root->aliases[root->aliases_count++] = must_strdup(ROOT_KEY_NAME);
	instance_add(instance, root);
	for (unsigned i = 0; i < more; i++) {
		snprintf(name, sizeof(name), "key-%05u", i);
		instance_add(instance, key_new(name, NULL, 0));
	}
}

static struct listener *start_service(struct sim *sim, const struct authority *ca,
				      const char *name, uint16_t port, const char *tls_mode,
				      struct instance *instance)
{
	bool only_tls12 = instance && instance->service == SERVICE_HPCS;
	struct listener_setup setup = {
		.name = name, .address = sim->options.listen, .port = port,
		.answer = instance ? kms_answer : iam_answer,
		.context = instance ? (void *)instance : (void *)&sim->iam,
	};

	tls_material_make(ca, tls_mode, sim->options.hosts, only_tls12, &setup.tls);
	return listener_new(&setup);
}

static void start_all(struct sim *sim, const struct authority *ca)
{
	struct options *o = &sim->options;
	struct listener_setup control = {
		.name = "control", .address = o->listen, .port = o->control_port,
		.answer = control_answer, .context = &sim->control,
		.unlocked = true, .unlogged = true,
	};

	sim->iam.token_lifetime_s = o->token_lifetime_s;
	sim->listeners[0] = start_service(sim, ca, "iam", o->iam_port, o->iam_tls, NULL);
	for (size_t i = 0; i < o->instances_count; i++) {
		struct instance_options *io = &o->instances[i];

		sim->instances[i] = io->instance;
		add_keys(io->instance, io->filler_keys);
		sim->listeners[i + 1] = start_service(sim, ca, io->instance->name, io->port,
						      io->tls, io->instance);
	}
	sim->control = (struct control){
		.instances = sim->instances, .instances_count = o->instances_count,
		.listeners = sim->listeners, .listeners_count = o->instances_count + 1,
	};
	sim->control_listener = listener_new(&control);
}

static void add_url(cJSON *json, const char *name, const char *scheme, const char *address,
		    const struct listener *l)
{
	_cleanup_buffer_ struct buffer url = { 0 };

	buffer_printf(&url, strchr(address, ':') ? "%s://[%s]:%u" : "%s://%s:%u", scheme, address,
		      listener_port(l));
	cJSON_AddStringToObject(json, name, url.data);
}

static cJSON *describe_instance(const struct sim *sim, size_t i)
{
	const struct instance *instance = sim->instances[i];
	const struct key *root = instance_find(instance, ROOT_KEY_NAME, NULL);
	_cleanup_free_ char *crn = instance_crn(instance, root);
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "name", instance->name);
	cJSON_AddStringToObject(json, "service", service_name(instance->service));
	add_url(json, "url", "https", sim->options.listen, sim->listeners[i + 1]);
	cJSON_AddNumberToObject(json, "port", listener_port(sim->listeners[i + 1]));
	cJSON_AddStringToObject(json, "uuid", instance->uuid);
	cJSON_AddStringToObject(json, "root_key", root->id);
	cJSON_AddStringToObject(json, "crn", crn);
	return json;
}

static void publish(const struct sim *sim)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	const char *dir = sim->options.dir;
	_cleanup_free_ char *ca = publish_path(dir, "ca.pem"), *key = publish_path(dir, "api-key");
	cJSON *part;

	cJSON_AddNumberToObject(json, "pid", getpid());
	cJSON_AddStringToObject(json, "ca", ca);
	cJSON_AddStringToObject(json, "api_key_file", key);
	cJSON_AddNumberToObject(json, "seed", (double)vary_seed_get());
	add_url(json, "control", "http", sim->options.listen, sim->control_listener);
	part = cJSON_AddObjectToObject(json, "iam");
	add_url(part, "url", "https", sim->options.listen, sim->listeners[0]);
	cJSON_AddNumberToObject(part, "port", listener_port(sim->listeners[0]));
	part = cJSON_AddArrayToObject(json, "instances");
	for (size_t i = 0; i < sim->options.instances_count; i++)
		cJSON_AddItemToArray(part, describe_instance(sim, i));
	must(publish_json(dir, "sim.json", json), "write sim.json in", dir);
}

static void run(struct sim *sim, const sigset_t *stop)
{
	struct authority *ca = authority_new("kms-sim throw-away CA");
	_cleanup_free_ char *pem = authority_pem(ca);
	const char *dir = sim->options.dir;
	int signal_number;

	must(publish_text(dir, "ca.pem", pem), "write ca.pem in", dir);
	must(publish_text(dir, "api-key", DEFAULT_API_KEY), "write api-key in", dir);
	start_all(sim, ca);
	authority_free(ca);
	lock_take(); /* a client that knows the ports may be here already */
	publish(sim);
	lock_give();
	sigwait(stop, &signal_number);

	listener_free(sim->control_listener);
	for (size_t i = 0; i <= sim->options.instances_count; i++)
		listener_free(sim->listeners[i]);
}

int main(int argc, char **argv)
{
	struct sim sim = { 0 };
	pid_t parent = getppid();
	sigset_t stop;
	uint64_t seed;

	random_bytes(&seed, sizeof(seed));
	vary_seed(seed >> 12); /* fits a JSON number */
	options_parse(argc, argv, &sim.options);
	api_key_add(DEFAULT_API_KEY, ROLE_MANAGER);

	/* before any thread starts, so that all of them leave these signals to sigwait() */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sim.options.die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			return 0; /* it died before we asked */
	}

	prepare_dir(sim.options.dir);
	if (sim.options.script)
		load_script(sim.options.script);
	run(&sim, &stop);
	faults_clear();
	options_done(&sim.options);
	log_close();
	return 0;
}
