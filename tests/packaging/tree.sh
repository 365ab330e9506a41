# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by run: what both families of packages must hold, and what must happen when they come and go. A family says how in
# family_unpack FOLDER, family_install, family_update, family_remove (exit status and all that they say).
# shellcheck disable=SC2154 # B, scratch, work, version: run's
# shellcheck source=tests/image/tree.sh
source tests/image/tree.sh

volume=/root/volume

# tree_list FOLDER: mode, kind, target and name of all that is the project's. Manuals may be compressed; documents, and where
# libraries, units and completions of zsh lie, are each family's business.
tree_list() {
    (cd "$1" && find . -xdev -mindepth 1 \( ! -type d -o -path '*cexluks*' -o -path '*hpcs-for-luks*' \) -printf '%m %y %l %P\n') \
        | sed -E -e '/ usr\/share\/man\//s/\.gz//g' -e 's, lib/, usr/lib/,' -e 's, usr/lib(64|/[a-z0-9_]+-linux-gnu)/, usr/lib/,' \
            -e 's,zsh/(site-functions|vendor-completions)/,zsh/,' \
        | grep -vE ' usr/(share/(doc|licenses|lintian)/|lib/\.build-id)' | sort
}

# same_as_installed FOLDER [TARGET…]: what lies in FOLDER is what make's targets install
same_as_installed() {
    local folder=$1
    shift
    rm -rf "$scratch/installed"
    make -s "${@:-install}" "DESTDIR=$scratch/installed" || return 1
    diff <(tree_list "$scratch/installed") <(tree_list "$folder")
}

# A live configuration, a key, an API key or a certificate is never in a package; nor what others than root could write, or a
# program that runs as somebody else.
holds_no_secret() { # FOLDER
    ! (cd "$1" && find . \( -name 'cexluks.conf' -o -name '*api-key*' -o -name '*.pem' -o -name '*.ini' \
        -o -path './etc/cexluks/keys.d/*/*' -o -path './var/lib/hpcs-for-luks/*/*' \) -print \
        -o ! -type l -perm /6022 -print) | grep .
}

python_tools_keys_are_roots() { # FOLDER
    [[ $(stat -c %a "$1/var/lib/hpcs-for-luks") == 700 ]]
}

# --- a machine that they come to ----------------------------------------------------------------------------

place="$scratch/root"

in_root() {
    chroot "$place" "$@"
}

# root_begin: a root of Debian 12 without cexluks; one volume in crypttab that nothing opens but a binding
root_begin() {
    local root
    root="$(tests/boot/root.sh)" && tree_mount "$root" "$place" chroot || return 1
    truncate -s 16M "$place$volume"
    cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$place$volume" <(printf typed) \
        || return 1
    jq '.keyslots = ["0"]' tests/fixtures/token/good-card.json | cryptsetup token import "$place$volume"
}

# image NAME: an initramfs as the machine would make it
image() {
    local kernel
    kernel="$(basename "$(echo "$place"/usr/lib/modules/*)")"
    in_root dracut --quiet --force --no-hostonly --no-early-microcode --nostrip --compress 'zstd -3 -q' \
        --drivers 'dm_crypt' --omit 'kernel-modules-extra nvdimm qemu qemu-net watchdog-modules lunmask' \
        "/boot/$1" "$kernel"
}

image_names() { # NAME: what is in it
    zstd -d -q -c "$place/boot/$1" | cpio -t --quiet
}

# Of the initramfs or of a timer: "static".
has_no_unit_enabled() {
    local unit
    for unit in "$place"/usr/lib/systemd/system/{cexluks,hpcs-for-luks}*.{service,timer}; do
        [[ -e $unit ]] || continue
        printf '%s ' "${unit##*/}"
        systemctl --root="$place" is-enabled "${unit##*/}" | tee "$scratch/said"
        grep -qxE 'disabled|static' "$scratch/said" || return 1
    done
    ! find "$place/etc/systemd" "$place/usr/lib/systemd" -path '*.wants/*' -name '*cexluks*' | grep .
}

program_runs() {
    [[ $(in_root cexluks --version) == "cexluks $version" && $(in_root hpcs-for-luks --help) == *process* ]]
}

no_configuration_no_module() {
    image without && ! image_names without | grep cexluks
}

configuration_brings_the_module() {
    printf '[cexluks]\ntimeout = 60s\n' >"$place/etc/cexluks/cexluks.conf"
    chmod 0600 "$place/etc/cexluks/cexluks.conf"
    image with && image_names with | grep -x usr/sbin/cexluks && image_names with | grep cexluks-boot.service
}

update_says_what_to_do() {
    family_update | tee "$scratch/said" && grep 'dracut --force; on IBM Z: zipl' "$scratch/said"
}

# removal_warns WORD…: it does not fail, and names each WORD
removal_warns() {
    local word
    cp -a "$place/boot/with" "$scratch/before"
    family_remove >"$scratch/said" 2>&1 || { cat "$scratch/said" && return 1; }
    cat "$scratch/said"
    for word in WARNING "$@" 'dracut --force' 'zipl'; do
        grep -qF -- "$word" "$scratch/said" || return 1
    done
}

image_of_before_is_left() {
    cmp "$place/boot/with" "$scratch/before" && image_names with | grep -x usr/sbin/cexluks
}

# Debian remembers until a purge which units somebody may have enabled.
nothing_of_the_project_is_left() {
    tree_list "$place" >"$scratch/left" || return 1
    [[ -s $scratch/left ]] && ! grep -E 'cexluks|hpcs-for-luks' "$scratch/left" \
        | grep -v -e ' etc/cexluks' -e ' var/lib/hpcs-for-luks' -e ' var/lib/\(dpkg\|rpm\|systemd/deb-systemd-helper\)'
}

what_people_made_is_left() {
    [[ -s $place/etc/cexluks/cexluks.conf && -s $place/etc/cexluks/keys.d/user/mine ]]
}

next_image_is_whole() {
    image after && image_names after | grep systemd-cryptsetup && ! image_names after | grep cexluks
}

removal_is_quiet_where_nobody_needs_it() {
    rm "$place/etc/cexluks/cexluks.conf" && : >"$place/etc/crypttab"
    family_install >"$scratch/said" 2>&1 && family_remove >>"$scratch/said" 2>&1 && ! grep WARNING "$scratch/said"
}

# come_and_go FAMILY: the story
come_and_go() {
    verdict "$1: there is a root to try them in" root_begin
    verdict "$1: installs" family_install
    verdict "$1: the program runs" program_runs
    verdict "$1: enables nothing" has_no_unit_enabled
    verdict "$1: an image without configuration is without the module" no_configuration_no_module
    verdict "$1: with one it has module and program" configuration_brings_the_module
    verdict "$1: an update says that the image is of before" update_says_what_to_do
    echo "data $volume none luks" >"$place/etc/crypttab"
    echo key >"$place/etc/cexluks/keys.d/user/mine"
    verdict "$1: removal warns, and names volume and configuration" \
        removal_warns "$volume (NO passphrase opens it)" /etc/cexluks/cexluks.conf
    verdict "$1: removal leaves the image that boots" image_of_before_is_left
    verdict "$1: removal leaves what people made" what_people_made_is_left
    verdict "$1: removal leaves nothing else" nothing_of_the_project_is_left
    verdict "$1: the next image is whole, and asks" next_image_is_whole
    verdict "$1: removal is quiet where nobody needs it" removal_is_quiet_where_nobody_needs_it
}
