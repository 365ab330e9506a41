# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtual machines under QEMU's software emulation, as bash functions. Source this file; set VM_DIR first, and VM_ARCH=s390x
# for that architecture.
#
#   vm_start NAME [--image IMG | --kernel K --initrd I] [--disk FILE[:SERIAL]]… [--append TEXT]
#            [--no-net | --no-dhcp | --open-net | --subnet NET/BITS:GATEWAY | --ipv6] [--vlan ID]
#            [--forward GUESTPORT:HOSTPORT]… [--hooks DIR] [--limit SECONDS] [--memory M] [--cpus N] [--monitor] [--write]
#            [--tpm DIR] [--nbd SOCKET:SERIAL] [--log-writes FILE]
#   vm_wait NAME REGEX SECONDS    wait for a console line after the last one found; fails at once when the
#                                 machine ends or the kernel panics
#   vm_type NAME TEXT             type a line on the serial console
#   vm_memory NAME FILE           save the machine's memory; only with --monitor
#   vm_ended NAME SECONDS         wait until the machine has powered off
#   vm_stop NAME, vm_stop_all     end it now (by its own process id)
#   vm_console NAME               path of the console log: "[ seconds] text", seconds since the start of QEMU
#   vm_time NAME REGEX            seconds of the first console line that matches
#   vm_within NAME FROM TO SECONDS  was there a line matching TO at most SECONDS after the first one matching FROM?
#   vm_mark NAME KEY              the values of "MARK KEY=…" and "MARK KEY: …" lines that the real root printed
#   vm_running NAME               is it?
#
# The network is QEMU's user network with restrict=on: the guest gets an address by DHCP and reaches nothing but what
# --forward names. 10.0.2.100:GUESTPORT in the guest is 127.0.0.1:HOSTPORT here, one socat per connection (a guestfwd
# without a command would be a single connection for QEMU's whole life). When nobody listens there, the guest is
# connected and closed at once. There is no name service: use addresses, or /etc/hosts in the image. QEMU's DHCP then
# offers no router and no name server either; a test that needs these takes --open-net, from where the guest reaches
# what this machine reaches. --no-dhcp is a network card with a live link and nobody on the wire.
#
# --cpus: two by default. One is slower, and is never waited for by the other, which the emulator may have stopped.
#
# --tpm: a TPM on the ISA bus, 1.2 or 2.0 as DIR's state is. --nbd: one more disk, which somebody serves there (baddisk.c).
#
# --log-writes: with --write; what is written to the first disk is in FILE too, in order and with the flushes between, for
# $VM_TOOLS/writes.
#
# --subnet: another network than 10.0.2.0/24; what is forwarded is then at NET's first three numbers and .100. --ipv6: no
# IPv4 at all, a router that advertises fec0::/64, and what is forwarded at fec0::2. --vlan: the guest's end is tagged,
# and an untagged frame leads nowhere; $VM_DIR/NAME/vlan.log counts them when the machine has been stopped.

: "${VM_DIR:?set VM_DIR before sourcing vm.sh}"
VM_TOOLS="${VM_TOOLS:-$VM_DIR}"
VM_ARCH="${VM_ARCH:-x86_64}"
case $VM_ARCH in
    x86_64) vm_machine=(-M q35 -cpu "${VM_CPU:-max}") vm_bus=pci vm_serial=ttyS0 ;;
    s390x)
        # with vector instructions the emulator's, or the kernel's, TCP checksums are wrong
        vm_machine=(-M s390-ccw-virtio -cpu "${VM_CPU:-max,vx=off,vxeh=off,vxeh2=off,vxpd=off,vxpdeh=off}")
        vm_bus=ccw vm_serial=ttysclp0
        ;;
esac
# A line that means: no use waiting any longer. A processor that is stuck for minutes is the emulator's fault; run
# gives such a case a second machine.
VM_HOPELESS="${VM_HOPELESS:-Kernel panic - not syncing|soft lockup - CPU#[0-9]+ stuck for [0-9]{3}s|Entering emergency mode|dracut: FATAL|dracut: Refusing to continue}"

declare -A VM_PID=() VM_READER=() VM_SEEN=() VM_MEMORY=() VM_WIRES=()

vm_say() {
    printf 'vm: %s\n' "$*" >&2
}

vm_console() {
    printf '%s/%s/console.log\n' "$VM_DIR" "$1"
}

vm_tools_build() {
    local here tool
    here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
    mkdir -p "$VM_TOOLS"
    # one at a time: a machine would wait for ever for a reader whose program was exchanged
    (
        flock 9
        for tool in console vlan writes; do
            if [[ ! $VM_TOOLS/$tool -nt $here/$tool.c ]]; then
                gcc -std=gnu17 -Wall -Wextra -O2 -o "$VM_TOOLS/$tool" "$here/$tool.c"
            fi
        done
    ) 9>"$VM_TOOLS/console.lock"
}

# vm_wires NAME NET SUBNET VLAN FORWARD…: QEMU's options for the network card's other end, to "wires"; starts what they need.
vm_wires() {
    local name="$1" net="$2" subnet="$3" vlan="$4" dir="$VM_DIR/$1" id=n0 user spec
    shift 4
    wires=()
    [[ -z $vlan ]] || id=u0
    user="user,id=$id"
    case $net in
        none) return ;;
        dead) wires=(-netdev "hubport,id=n0,hubid=0") && return ;;
        open) ;;
        dhcp) user+="${subnet:+,net=${subnet%:*},host=${subnet#*:}},restrict=on" ;;
        ipv6)
            # restrict=on would close the way to this machine's ::1 as well, and guestfwd knows IPv4 only
            user+=,ipv4=off,ipv6=on
            for spec in "$@"; do
                socat -lf/dev/null "TCP6-LISTEN:${spec%%:*},bind=[::1],fork,reuseaddr" "TCP4:127.0.0.1:${spec##*:}" &
                VM_WIRES[$name]+=" $!"
            done
            set --
            ;;
    esac
    subnet="${subnet%%/*}"
    subnet="${subnet:-10.0.2.0}"
    for spec in "$@"; do
        user+=",guestfwd=tcp:${subnet%.*}.100:${spec%%:*}-cmd:socat -lf/dev/null - TCP4:127.0.0.1:${spec##*:}"
    done
    wires=(-netdev "$user")
    if [[ -n $vlan ]]; then
        "$VM_TOOLS/vlan" "$dir" "$vlan" >"$dir/vlan.log" &
        VM_WIRES[$name]+=" $!"
        user="local.type=unix,remote.type=unix"
        wires+=(-netdev "hubport,id=h0,hubid=0,netdev=u0" -netdev "hubport,id=h1,hubid=0,netdev=t0"
            -netdev "dgram,id=t0,$user,local.path=$dir/plain.peer,remote.path=$dir/plain"
            -netdev "dgram,id=n0,$user,local.path=$dir/tagged.peer,remote.path=$dir/tagged")
    fi
}

# vm_tpm NAME DIR: swtpm with the state in DIR, made by swtpm_setup, ends with QEMU; its options for that.
vm_tpm() {
    local socket="$VM_DIR/$1/swtpm" left=100
    swtpm socket --tpmstate "dir=$2" --ctrl "type=unixio,path=$socket" --terminate >"$socket.log" 2>&1 &
    VM_WIRES[$1]+=" $!"
    until [[ -S $socket ]]; do
        left=$((left - 1))
        [[ $left -gt 0 ]] || { vm_say "$1: swtpm did not start: $(tail -n 3 "$socket.log")" && return 1; }
        sleep 0.05
    done
    args+=(-chardev "socket,id=tpm,path=$socket" -tpmdev "emulator,id=tpm0,chardev=tpm" -device "tpm-tis,tpmdev=tpm0")
}

vm_start() {
    local name="$1" kernel='' initrd='' append='' limit=300 memory=1G net=dhcp subnet='' vlan='' forwards=() hooks='' snapshot=on tpm='' log='' cpus=2
    local dir="$VM_DIR/$1" disks=() args=() wires spec n=0
    shift
    while [[ $# -gt 0 ]]; do
        case $1 in
            --image) kernel="$2.vmlinuz" initrd=$2 && shift ;;
            --kernel) kernel=$2 && shift ;;
            --initrd) initrd=$2 && shift ;;
            --disk) disks+=("$2") && shift ;;
            --append) append+=" $2" && shift ;;
            --no-net) net=none ;;
            --no-dhcp) net=dead ;;
            --open-net) net=open ;;
            --ipv6) net=ipv6 ;;
            --subnet) subnet=$2 && shift ;;
            --vlan) vlan=$2 && shift ;;
            --forward) forwards+=("$2") && shift ;;
            --hooks) hooks=$2 && shift ;;
            --limit) limit=$2 && shift ;;
            --memory) memory=$2 && shift ;;
            --cpus) cpus=$2 && shift ;;
            --write) snapshot=off ;;
            --tpm) tpm=$2 && shift ;;
            --nbd)
                args+=(-blockdev "driver=nbd,node-name=nbd,server.type=unix,server.path=${2%:*}"
                    -device "virtio-blk-$vm_bus,drive=nbd,serial=${2##*:}")
                shift
                ;;
            --log-writes) log=$2 && shift ;;
            --monitor) args+=(-monitor "unix:$dir/monitor,server=on,wait=off") ;;
            *) vm_say "vm_start: unknown option '$1'" && return 2 ;;
        esac
        shift
    done

    vm_tools_build
    rm -rf "$dir"
    mkdir -p "$dir"
    mkfifo "$dir/tty.in" "$dir/tty.out"
    if [[ -n $hooks ]]; then
        tar -C "$hooks" -cf "$dir/hooks.tar" .
        disks+=("$dir/hooks.tar:hooks")
    fi
    for spec in "${disks[@]}"; do
        # snapshot=on: what the guest writes is gone afterwards, so one image serves several boots; not with --write
        args+=(-drive "if=none,id=d$n,file=${spec%%:*},format=raw,snapshot=$snapshot,cache=unsafe")
        if [[ -n $log && $n -eq 0 ]]; then
            # flushes reach the log, and are spared below it
            : >"$log"
            args[-1]="if=none,id=d0,driver=blklogwrites,file.driver=raw,file.file.driver=file,file.file.filename=${spec%%:*}"
            args[-1]+=",file.cache.no-flush=on,log.driver=raw,log.file.driver=file,log.file.filename=$log,log.cache.no-flush=on"
        fi
        args+=(-device "virtio-blk-$vm_bus,drive=d$n${spec#"${spec%%:*}"}")
        args[-1]="${args[-1]/:/,serial=}"
        n=$((n + 1))
    done
    VM_WIRES[$name]=
    vm_wires "$name" "$net" "$subnet" "$vlan" "${forwards[@]}"
    args+=("${wires[@]}")
    [[ -z $tpm ]] || vm_tpm "$name" "$tpm"
    if [[ $net != none ]]; then
        args+=(-device "virtio-net-$vm_bus,netdev=n0")
        # nobody boots from it
        [[ $vm_bus != pci ]] || args[-1]+=,romfile=
    fi

    : >"$dir/console.log"
    "$VM_TOOLS/console" <"$dir/tty.out" >"$dir/console.log" 2>"$dir/console.err" &
    VM_READER[$name]=$!
    # Last words win in a kernel command line, so a test's own come last.
    timeout --kill-after=5 "$limit" "qemu-system-$VM_ARCH" \
        "${vm_machine[@]}" -accel tcg,thread=multi -smp "$cpus" -m "$memory" -nodefaults -display none -no-reboot \
        -chardev "pipe,id=tty,path=$dir/tty" -serial chardev:tty \
        -object rng-random,id=rng0,filename=/dev/urandom -device "virtio-rng-$vm_bus,rng=rng0" \
        -kernel "$kernel" -initrd "$initrd" \
        -append "console=$vm_serial quiet audit=0 selinux=0 apparmor=0 mitigations=off cryptomgr.notests panic=-1 rd.shell=0 rd.emergency=poweroff$append" \
        "${args[@]}" </dev/null >"$dir/qemu.log" 2>&1 &
    VM_PID[$name]=$!
    VM_SEEN[$name]=0 VM_MEMORY[$name]=$memory
    # The reader is stuck in its open until QEMU opens the pipe's other end; a QEMU that refuses its arguments never does.
    until [[ $(readlink "/proc/${VM_READER[$name]}/exe") == */console ]]; do
        if ! kill -0 "${VM_PID[$name]}" 2>/dev/null; then
            [[ -s $dir/console.log ]] && break
            vm_say "$name: QEMU did not start: $(tail -n 3 "$dir/qemu.log")"
            vm_stop "$name"
            return 1
        fi
        sleep 0.05
    done
}

vm_running() {
    kill -0 "${VM_READER[$1]-none}" 2>/dev/null
}

vm_wait() {
    local name="$1" regex="$2" limit="$3" log hit
    log="$(vm_console "$name")"
    hit="$(timeout "$limit" tail -n +"$((VM_SEEN[$name] + 1))" -s 0.3 -f --pid="${VM_READER[$name]}" "$log" \
        | grep -n -m 1 -E -- "$regex|$VM_HOPELESS")" || true
    if [[ -z $hit ]]; then
        if vm_running "$name"; then
            vm_say "$name: no '$regex' within $limit s"
        else
            vm_say "$name: ended without '$regex'; QEMU said: $(tail -n 3 "$VM_DIR/$name/qemu.log")"
        fi
        return 1
    fi
    VM_SEEN[$name]=$((VM_SEEN[$name] + ${hit%%:*}))
    hit="${hit#*:}"
    if [[ ! $hit =~ $regex ]]; then
        vm_say "$name: waited for '$regex', but: $hit"
        return 1
    fi
}

vm_type() {
    # Opened for reading too: with no QEMU at the other end this must not block.
    printf '%s\r' "$2" 1<>"$VM_DIR/$1/tty.in"
}

vm_memory() {
    local bytes n
    # what q35 has in one piece from address 0 on: all of it, for machines of up to 2 GiB
    bytes="$(numfmt --from=iec "${VM_MEMORY[$1]}")"
    rm -f "$2"
    printf 'pmemsave 0 %d "%s"\n' "$bytes" "$2" | socat -t 1 - "UNIX-CONNECT:$VM_DIR/$1/monitor" >/dev/null
    for ((n = 0; n < 300; n++)); do
        [[ $(stat -c %s "$2" 2>/dev/null) -ne $bytes ]] || return 0
        sleep 0.2
    done
    vm_say "$1: the memory was not saved"
    return 1
}

vm_ended() {
    timeout "$2" tail -s 0.2 -f --pid="${VM_READER[$1]}" /dev/null || {
        vm_say "$1: still running after $2 s"
        return 1
    }
}

vm_stop() {
    local pid="${VM_PID[$1]-}" wire
    for wire in ${VM_WIRES[$1]-}; do
        kill "$wire" 2>/dev/null || true
        wait "$wire" 2>/dev/null || true
    done
    VM_WIRES[$1]=
    if [[ -n $pid ]]; then
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        # A QEMU that died before it opened the pipe left the reader waiting for a writer: be one for a moment.
        : 1<>"$VM_DIR/$1/tty.out"
        wait "${VM_READER[$1]}" 2>/dev/null || true
        unset "VM_PID[$1]"
    fi
}

vm_stop_all() {
    local name
    for name in "${!VM_PID[@]}"; do
        vm_stop "$name"
    done
}

vm_time() {
    # no pipe into grep: what writes it would end by a signal once grep has its line
    grep -m 1 -E -- "^[0-9.]+ .*($2)" <(sed -n -E "s/^\[ *([0-9]+\.[0-9]+)\] /\1 /p" "$(vm_console "$1")") \
        | cut -d ' ' -f 1
}

vm_within() {
    local from to
    from="$(vm_time "$1" "$2")"
    to="$(vm_time "$1" "$3")"
    printf "'%s' at %s, '%s' at %s\n" "$2" "${from:-never}" "$3" "${to:-never}"
    [[ -n $from && -n $to ]] && awk "BEGIN { exit !($to >= $from && $to - $from <= $4) }"
}

vm_mark() {
    sed -n -E "s/^\[ *[0-9.]+\] MARK $2(=|: )//p" "$(vm_console "$1")"
}
