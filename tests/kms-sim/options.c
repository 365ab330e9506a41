/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "options.h"
#include "certs.h"
#include "token.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: kms-sim --dir DIR [options]\n"
	"\n"
	"A simulator of IBM Cloud IAM and the Key Protect v2 API, for tests. It listens on the\n"
	"loopback interface only, with a certificate authority made anew at every start.\n"
	"\n"
	"  --dir DIR              where ca.pem, api-key, sim.json and requests.jsonl go\n"
	"  --listen ADDRESS       a loopback address (127.0.0.1)\n"
	"  --instance NAME=SERVICE[,OPTION]...   may be repeated (prod=key-protect)\n"
	"        SERVICE: hpcs, key-protect or key-protect-dedicated\n"
	"        OPTION:  port=N, tls=MODE, uuid=UUID, aad=honour|ignore|refuse, keys=N more keys,\n"
	"                 list-empty=absent|empty, ciphertext-error=422|400\n"
	"  --iam-port N, --control-port N        instead of any free port\n"
	"  --iam-tls MODE         certificate and TLS of the IAM port\n"
	"  --host NAME            one more name or address for the certificates; may be repeated\n"
	"  --api-key KEY[:ROLE]   one more API key; reader, readerplus, writer or manager (manager)\n"
	"  --token-lifetime SECONDS              of bearer tokens (3600)\n"
	"  --script FILE          fault rules, a JSON array\n"
	"  --seed N               repeat the member order and wording of an earlier run\n"
	"  --die-with-parent      end when the process that started this one ends\n"
	"\n";

__attribute__((noreturn, format(printf, 1, 2)))
static void mistake(const char *format, ...)
{
	va_list arguments;

	fputs("kms-sim: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("; see kms-sim --help\n", stderr);
	exit(2);
}

static unsigned long number(const char *text, unsigned long max, const char *option)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > max)
		mistake("'%s' is not a number that %s takes", text, option);
	return n;
}

static const char *tls_mode(const char *text)
{
	if (!tls_mode_is_known(text))
		mistake("'%s' is not a TLS mode (%s)", text, tls_modes());
	return text;
}

static void add_host(struct options *options, const char *host)
{
	if (options->hosts_count == HOSTS_MAX)
		mistake("there are too many hosts");
	options->hosts[options->hosts_count++] = host;
}

/* A key may hold colons itself: only a known role after the last one is taken for a role. */
static void add_api_key(char *text)
{
	char *colon = strrchr(text, ':');
	enum role role = ROLE_MANAGER;

	if (colon && role_parse(colon + 1, &role))
		*colon = '\0';
	api_key_add(text, role);
}

static void instance_detail(struct instance_options *ret, char *detail)
{
	char *value = strchr(detail, '=');
	struct instance *instance = ret->instance;

	if (!value)
		mistake("'%s' is not an instance option with a value", detail);
	*value++ = '\0';
	if (!strcmp(detail, "port"))
		ret->port = (uint16_t)number(value, UINT16_MAX, "port=");
	else if (!strcmp(detail, "keys"))
		ret->filler_keys = (unsigned)number(value, 50000, "keys=");
	else if (!strcmp(detail, "tls"))
		ret->tls = tls_mode(value);
	else if (!strcmp(detail, "uuid") && uuid_is_valid(value))
		memcpy(instance->uuid, value, UUID_TEXT);
	else if (!strcmp(detail, "aad") && !strcmp(value, "honour"))
		instance->aad = AAD_HONOUR;
	else if (!strcmp(detail, "aad") && !strcmp(value, "ignore"))
		instance->aad = AAD_IGNORE;
	else if (!strcmp(detail, "aad") && !strcmp(value, "refuse"))
		instance->aad = AAD_REFUSE;
	else if (!strcmp(detail, "list-empty") && !strcmp(value, "absent"))
		instance->list_empty_absent = true;
	else if (!strcmp(detail, "list-empty") && !strcmp(value, "empty"))
		instance->list_empty_absent = false;
	else if (!strcmp(detail, "ciphertext-error") && !strcmp(value, "422"))
		instance->ciphertext_status = 422;
	else if (!strcmp(detail, "ciphertext-error") && !strcmp(value, "400"))
		instance->ciphertext_status = 400;
	else
		mistake("'%s=%s' is not an instance option", detail, value);
}

static void add_instance(struct options *options, char *text)
{
	struct instance_options *ret = &options->instances[options->instances_count];
	char *save = NULL, *name = text, *service_text = strchr(text, '='), *detail;
	enum service service;

	if (options->instances_count == INSTANCES_MAX)
		mistake("there are too many instances");
	if (!service_text || service_text == text)
		mistake("'%s' is not NAME=SERVICE", text);
	*service_text++ = '\0';
	service_text = strtok_r(service_text, ",", &save);
	if (!service_text || !service_parse(service_text, &service))
		mistake("instance '%s' has no known service", name);
	if (!strcmp(name, "iam") || !strcmp(name, "control"))
		mistake("an instance cannot be called '%s'", name);
	ret->instance = instance_new(name, service);
	ret->tls = "good";
	options->instances_count++;
	while ((detail = strtok_r(NULL, ",", &save)))
		instance_detail(ret, detail);
}

enum { DIR_ = 256, LISTEN, INSTANCE, IAM_PORT, CONTROL_PORT, IAM_TLS, HOST, API_KEY,
       TOKEN_LIFETIME, SCRIPT, SEED, DIE_WITH_PARENT, HELP };

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, DIR_ },
	{ "listen", required_argument, NULL, LISTEN },
	{ "instance", required_argument, NULL, INSTANCE },
	{ "iam-port", required_argument, NULL, IAM_PORT },
	{ "control-port", required_argument, NULL, CONTROL_PORT },
	{ "iam-tls", required_argument, NULL, IAM_TLS },
	{ "host", required_argument, NULL, HOST },
	{ "api-key", required_argument, NULL, API_KEY },
	{ "token-lifetime", required_argument, NULL, TOKEN_LIFETIME },
	{ "script", required_argument, NULL, SCRIPT },
	{ "seed", required_argument, NULL, SEED },
	{ "die-with-parent", no_argument, NULL, DIE_WITH_PARENT },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static void take(struct options *options, int option)
{
	switch (option) {
	case DIR_:
		options->dir = optarg;
		break;
	case LISTEN:
		options->listen = optarg;
		break;
	case INSTANCE:
		add_instance(options, optarg);
		break;
	case IAM_PORT:
		options->iam_port = (uint16_t)number(optarg, UINT16_MAX, "--iam-port");
		break;
	case CONTROL_PORT:
		options->control_port = (uint16_t)number(optarg, UINT16_MAX, "--control-port");
		break;
	case IAM_TLS:
		options->iam_tls = tls_mode(optarg);
		break;
	case HOST:
		add_host(options, optarg);
		break;
	case API_KEY:
		add_api_key(optarg);
		break;
	case TOKEN_LIFETIME:
		options->token_lifetime_s = (unsigned)number(optarg, 86400, "--token-lifetime");
		break;
	case SCRIPT:
		options->script = optarg;
		break;
	case SEED:
		vary_seed(number(optarg, ~0UL, "--seed"));
		break;
	case DIE_WITH_PARENT:
		options->die_with_parent = true;
		break;
	case HELP:
		fputs(usage, stdout);
		printf("TLS modes: %s\n", tls_modes());
		exit(0);
	default:
		exit(2);
	}
}

void options_parse(int argc, char **argv, struct options *ret)
{
	static char default_instance[] = "prod=key-protect";
	int option;

	*ret = (struct options){
		.listen = "127.0.0.1", .iam_tls = "good", .token_lifetime_s = 3600,
	};
	add_host(ret, "localhost");
	add_host(ret, "127.0.0.1");
	add_host(ret, "kms.example.test");
	add_host(ret, "iam.example.test");
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take(ret, option);
	if (optind < argc)
		mistake("'%s' is one word too many", argv[optind]);
	if (!ret->dir)
		mistake("--dir is missing");
	if (strcmp(ret->listen, "127.0.0.1"))
		add_host(ret, ret->listen);
	if (!ret->instances_count)
		add_instance(ret, default_instance);
}

void options_done(struct options *options)
{
	for (size_t i = 0; i < options->instances_count; i++)
		instance_free(options->instances[i].instance);
	token_done();
}
