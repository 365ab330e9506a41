# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads a Butane configuration as JSON and gives a list of what is wrong with it, after the specification of Fedora CoreOS 1.6.0
# and the rules of its "boot_device": members that it does not know, and what must be beside each other. Only as much of the
# specification is here as docs/guides/ignition.md uses: what is not here is reported, too.

def known: {
    "": ["variant", "version", "kernel_arguments", "boot_device", "storage", "systemd"],
    "kernel_arguments": ["should_exist", "should_not_exist"],
    "boot_device": ["layout", "luks", "mirror"],
    "boot_device.luks": ["device", "tang", "tpm2", "threshold", "discard", "cex"],
    "boot_device.luks.cex": ["enabled"],
    "storage": ["disks", "raid", "filesystems", "files", "directories", "links", "luks", "trees"],
    "storage.files[]": ["path", "overwrite", "contents", "append", "mode", "user", "group"],
    "storage.files[].contents": ["source", "inline", "local", "compression", "http_headers", "verification"],
    "systemd": ["units"],
    "systemd.units[]": ["name", "enabled", "mask", "contents", "contents_local", "dropins"]
};

def place: map(if type == "number" then "[]" else "." + . end) | add // "" | ltrimstr(".");

def unknown_members:
    . as $all | [paths(type == "object")] + [[]] | unique[] | . as $at | ($at | place) as $place
    | ($all | getpath($at) | keys[]) as $key
    | select((known[$place] // []) | index($key) | not) | "\($place): no member \"\($key)\"";

def wrong(condition; text): if condition then text else empty end;

def rules:
    wrong(.variant != "fcos" or .version != "1.6.0"; "another variant or version than fcos 1.6.0"),
    (.boot_device // empty
        | wrong(.layout | IN("aarch64", "ppc64le", "s390x-eckd", "s390x-virt", "s390x-zfcp", "x86_64") | not; "boot_device: no such layout"),
        wrong(.layout == "s390x-eckd" and (.luks.device // "" | startswith("/dev/dasd") | not); "boot_device: a DASD is missing"),
        wrong(.layout == "s390x-zfcp" and (.luks.device // "" | startswith("/dev/sd") | not); "boot_device: a SCSI disk is missing"),
        wrong(.luks.cex.enabled and (.layout // "" | startswith("s390x") | not); "boot_device: cex on another architecture"),
        wrong(.luks.cex.enabled and (.luks.tang or .luks.tpm2); "boot_device: cex and clevis"),
        wrong(.luks.cex | has("enabled") and (.enabled | type != "boolean"); "boot_device: cex.enabled is true or false")),
    wrong(.boot_device.luks.cex.enabled and ([.kernel_arguments.should_exist[]?] | index("rd.luks.key=/etc/luks/cex.key") | not);
        "cex without its kernel argument"),
    (.systemd.units[]?
        | wrong(.name | test("^[^/]+\\.(service|socket|mount|timer|path|target)$") | not; "systemd: no name of a unit: \(.name)"),
        wrong(.contents and .contents_local; "\(.name): two kinds of contents"),
        wrong(.enabled and (.contents | contains("[Install]") | not); "\(.name): enabled, and nothing to install"));

[unknown_members, rules]
