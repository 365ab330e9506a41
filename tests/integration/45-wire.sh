#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hostile network: certificates that are wrong in one thing each, clocks from 1970 to 2106, redirects of every kind,
# answers that never end or come one byte at a time. Who is not trusted gets no request, a verdict comes in its time, and
# nobody makes us take more memory.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'a hostile network' jq curl openssl socat

HOST=kms.region.example.test # of the KMS; its address is pinned
pki="$ROOM/pki"

# --- certificates -----------------------------------------------------------------------------------------------------

at() { # DAYS from now, as a certificate has it
    date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

ca_new() { # NAME [openssl req's options…]: a root
    openssl req -x509 -new -key "$pki/key" -subj '/CN=the CA' -days 30 -addext keyUsage=critical,keyCertSign \
        "${@:2}" -out "$pki/$1.crt" 2>/dev/null
}

key_new() { # FILE KIND: ec:CURVE or rsa:BITS
    case $2 in
        ec:*) openssl ecparam -genkey -noout -name "${2#*:}" -out "$1" ;;
        rsa:*) openssl genrsa -out "$1" "${2#*:}" ;;
    esac 2>/dev/null
}

# FROM and TO in days, which are -1 and 30 when they are empty. EXTENSIONS in lines. What is wrong is in the title alone.
issue() { # NAME SIGNER FROM TO EXTENSIONS [openssl ca's options…]
    local key="$pki/key"
    [[ ! -e $pki/$1.key ]] || key="$pki/$1.key"
    printf '%s\n' "$5" >"$pki/extensions"
    openssl req -new -key "$key" -subj "/CN=$([[ $5 == *CA:TRUE* ]] && echo "$1" || echo "$HOST")" -out "$pki/csr" 2>/dev/null
    openssl ca -batch -notext -config "$pki/ca.cnf" -in "$pki/csr" -cert "$pki/$2.crt" -keyfile "${6-$pki/key}" -extfile "$pki/extensions" \
        -startdate "$(at "${3:--1}")" -enddate "$(at "${4:-30}")" "${@:7}" -out "$pki/$1.crt" 2>"$pki/said" ||
        { cat "$pki/said" >&2 && return 1; }
    cat "$key" "$pki/$1.crt" >"$pki/$1.pem"
}

mkdir "$pki"
key_new "$pki/key" ec:prime256v1
cat >"$pki/ca.cnf" <<END
[ca]
default_ca = own
[own]
database = $pki/index
new_certs_dir = $pki
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = none
[any]
commonName = supplied
END
: >"$pki/index"
ca_new ca
key_new "$pki/other-key" ec:prime256v1
openssl req -x509 -new -key "$pki/other-key" -subj '/CN=the CA' -days 30 -out "$pki/other-ca.crt" 2>/dev/null
SAN="subjectAltName=DNS:$HOST"
LEAF="basicConstraints=critical,CA:FALSE"$'\n'"keyUsage=critical,digitalSignature"$'\n'"extendedKeyUsage=serverAuth"
MAY_SIGN=$'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign'

profiles=() titles=()
wrong() { # NAME TITLE: its certificate is made
    profiles+=("$1")
    titles+=("$2")
}

bad() { # NAME TITLE FROM TO EXTENSIONS [openssl ca's options…]: signed by our CA
    issue "$1" ca "$3" "$4" "$5" "$pki/key" "${@:6}" && wrong "$1" "$2"
}

chained() { # NAME TITLE INTERMEDIATE: good, but for what signed it
    issue "$1" "$3" '' '' "$SAN"$'\n'"$LEAF"
    cat "$pki/$3.crt" >>"$pki/$1.pem"
    wrong "$1" "$2"
}

issue good ca '' '' "$SAN"$'\n'"$LEAF"
while IFS='|' read -r name title san; do
    bad "$name" "$title" '' '' "${san:+subjectAltName=$san$'\n'}$LEAF"
done <<END
another-name|another name|DNS:elsewhere.example.test
parent|the name of the domain above|DNS:region.example.test
below|a name below|DNS:www.$HOST
before|a name that ends like ours|DNS:x$HOST
behind|a name that begins like ours|DNS:$HOST.evil.example
wild-deep|a wildcard over two labels|DNS:*.example.test
wild-middle|a wildcard in the middle|DNS:kms.*.example.test
wild-part|a wildcard for a part of a label|DNS:k*.region.example.test
wild-all|a wildcard for all|DNS:*
wild-top|a wildcard below the top|DNS:*.test
idn|a name that looks like ours|DNS:xn--kms-9cd.region.example.test
address|an address and no name|IP:127.0.0.1
subject|the name in the subject alone|
mail-name|the name in the subject, and a mail address|email:root@$HOST
subject-uri|the name in the subject, and an address of a page|URI:https://$HOST/
address-as-name|an address as a name|DNS:127.0.0.1
wild-twice|two wildcards|DNS:*.*.example.test
dot|a name that begins with a dot|DNS:.region.example.test
hyphen|a name with a hyphen for a dot|DNS:${HOST/./-}
many|forty other names|$(printf 'DNS:n%d.region.example.test,' {1..39})DNS:n40.region.example.test
nul|our name with a NUL and more behind it|DER:30:24:82:22:$(printf '%s' "$HOST" | xxd -p | sed 's/../&:/g')00:2e:65:76:69:6c:2e:65:78:61:6d
END
bad expired 'expired for a day' -20 -1 "$SAN"$'\n'"$LEAF"
bad long-expired 'expired for thirty years' -11000 -10900 "$SAN"$'\n'"$LEAF"
bad tomorrow 'valid from tomorrow on' 1 20 "$SAN"$'\n'"$LEAF"
bad in-2090 'valid in seventy years' 25000 25100 "$SAN"$'\n'"$LEAF"
bad reversed 'valid until before it began' 20 -20 "$SAN"$'\n'"$LEAF"
bad mail 'for signing mail' '' '' "$SAN"$'\n'"${LEAF/serverAuth/emailProtection}"
bad client 'for clients only' '' '' "$SAN"$'\n'"${LEAF/serverAuth/clientAuth}"
bad code 'for signing code' '' '' "$SAN"$'\n'"${LEAF/serverAuth/codeSigning}"
bad critical 'with a critical extension that nobody knows' '' '' "$SAN"$'\n'"$LEAF"$'\n1.2.3.4.5.6=critical,DER:05:00'
openssl req -x509 -new -key "$pki/other-key" -subj "/CN=$HOST" -addext "$SAN" -days 30 -out "$pki/self.crt" 2>/dev/null
cat "$pki/other-key" "$pki/self.crt" >"$pki/self.pem"
wrong self 'signed by itself'
issue stranger other-ca '' '' "$SAN"$'\n'"$LEAF" "$pki/other-key"
wrong stranger 'signed by another CA of the same name'
issue sub ca '' '' "$MAY_SIGN" && cp "$pki/sub.crt" "$pki/sub-kept.crt"
issue alone sub '' '' "$SAN"$'\n'"$LEAF"
wrong alone 'without the certificate between it and the CA'
chained through 'fit' sub # to see that a chain as such is none of the faults
unset 'profiles[-1]' 'titles[-1]'
issue no-ca ca '' '' "$LEAF"
chained below-leaf 'signed by a certificate that is no CA' no-ca
issue no-sign ca '' '' $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature'
chained below-no-sign 'signed by a CA that may not sign' no-sign
issue old-sub ca -30 -1 "$MAY_SIGN"
chained below-old 'signed by a CA that expired' old-sub
issue new-sub ca 1 30 "$MAY_SIGN"
chained below-new 'signed by a CA of tomorrow' new-sub
issue end-sub ca '' '' "${MAY_SIGN/CA:TRUE/CA:TRUE,pathlen:0}"
issue far-sub end-sub '' '' "$MAY_SIGN"
issue far far-sub '' '' "$SAN"$'\n'"$LEAF"
cat "$pki/far-sub.crt" "$pki/end-sub.crt" >>"$pki/far.pem"
wrong far 'signed further down than its CA allows'
issue only-sub ca '' '' "$MAY_SIGN"$'\nnameConstraints=critical,permitted;DNS:other.test'
chained constrained 'signed by a CA for other names' only-sub
issue not-sub ca '' '' "$MAY_SIGN"$'\nnameConstraints=critical,excluded;DNS:example.test'
chained excluded 'signed by a CA for all names but ours' not-sub
openssl x509 -in "$pki/good.crt" -outform DER -out "$pki/good.der"
cp "$pki/good.der" "$pki/der"
size="$(stat -c %s "$pki/der")"
# a bit of another value, whatever the value was
tail -c +$((size - 4)) "$pki/good.der" | head -c 1 | LC_ALL=C tr '\000-\177\200-\377' '\200-\377\000-\177' |
    dd of="$pki/der" bs=1 seek=$((size - 5)) conv=notrunc status=none
{ cat "$pki/key" && openssl x509 -inform DER -in "$pki/der"; } >"$pki/damaged.pem"
wrong damaged 'with a signature that does not fit'
# What Mbed TLS takes, which the static helper has, is another matter.
if ! is_static; then
    key_new "$pki/rsa1024.key" rsa:1024
    bad rsa1024 'with an RSA key of 1024 bits' '' '' "$SAN"$'\n'"$LEAF"
    bad sha1 'signed with SHA-1' '' '' "$SAN"$'\n'"$LEAF" -md sha1
fi
check "there are ${#profiles[@]} certificates with one fault each" test "${#profiles[@]}" -ge 41

# valid at any time that a clock can show
printf '%s\nsubjectKeyIdentifier=hash\n' "$MAY_SIGN" >"$pki/extensions"
openssl req -new -key "$pki/key" -subj '/CN=always' -out "$pki/csr" 2>/dev/null
openssl ca -batch -notext -config "$pki/ca.cnf" -selfsign -in "$pki/csr" -keyfile "$pki/key" -extfile "$pki/extensions" \
    -startdate 19700101000000Z -enddate 21200101000000Z -out "$pki/always-ca.crt" 2>"$pki/said" || cat "$pki/said"
issue always always-ca -20778 34000 "subjectAltName=DNS:$HOST,IP:127.0.0.1"$'\n'"$LEAF"

servers=()
for name in good through always "${profiles[@]}"; do
    servers+=(--instance "$name=key-protect,tls=file:$pki/$name.pem")
done
sim_start "${servers[@]}" --iam-tls "file:$pki/always.pem" || exit 1
cat "$pki/ca.crt" "$pki/always-ca.crt" >"$pki/trusted.pem"
url_port() { # INSTANCE
    sim_info ".instances[] | select(.name == \"$1\") | .url | split(\":\")[2]"
}
conf_of() { # PROFILE
    sim_conf "$1" key-protect "$1" | sed "s,^endpoint .*,endpoint = https://$HOST:$(url_port "$1"),; s,^ca-file.*,ca-file = $pki/trusted.pem,"
    echo 'address = 127.0.0.1'
}
for name in good through; do
    conf_of "$name" >"$CONF"
    with_conf ping "$name"
    expect "a certificate without a fault is accepted ($name)" 0 "$name: ok"
done
for i in "${!profiles[@]}"; do
    name="${profiles[i]}" word=tls-untrusted code=19
    case ${titles[i]} in
        expired* | valid* | *' expired' | *tomorrow) word=tls-clock code=20 ;;
    esac
    conf_of "$name" >"$CONF"
    with_conf ping "$name"
    if is_static; then # its library says "handshake failed" of some
        check "a certificate ${titles[i]}" not test "$status" -eq 0
    else
        expect "a certificate ${titles[i]}" "$code" "$name: $word"
    fi
done
conf_of subject >"$CONF"
with_conf wrap subject --gen
expect 'a certificate with the name in the subject alone gets no ciphertext' 19 'subject alone'
# shellcheck disable=SC2016 # jq's variable
check 'none of them got a request' same \
    "$(sim_requests 'map(.listener) | unique | map(select(. as $l | ["iam", "good", "through"] | index($l) | not)) | join(" ")')" ''

# --- clocks -----------------------------------------------------------------------------------------------------------

# The same certificates on a machine with another time; its own is told to nobody.
clocked="$B/tests/faults/with-clock"
if [[ -x $clocked ]]; then
    cp "$clocked" "$ROOM/clocked"
    for name in good always; do
        conf_of "$name" >"$ROOM/$name.conf"
    done
    while read -r now good title; do
        date -u -d "$now" +%s >"$ROOM/clocked.clock"
        for name in always good; do
            word="$good"
            [[ $name == good ]] || word=ok
            "$ROOM/clocked" ping "$name" --config "$ROOM/$name.conf" >"$ROOM/out" 2>"$ROOM/err" </dev/null
            status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
            expect "the clock says $title: a certificate that is ${name/good/of today}" "$([[ $word == ok ]] && echo 0 || echo 20)" \
                "$name: $word"
        done
    done <<END
1970-01-10T00:00:00Z tls-clock 1970
2001-09-09T01:46:40Z tls-clock 2001
$(date -u -d '-2 days' +%Y-%m-%dT%H:%M:%SZ) tls-clock the day before yesterday
$(date -u +%Y-%m-%dT%H:%M:%SZ) ok today
$(date -u -d '+10 years' +%Y-%m-%dT%H:%M:%SZ) tls-clock ten years from now
2038-01-19T03:14:08Z tls-clock 2038, after 32 bits
2106-02-07T06:28:16Z tls-clock 2106, after 32 bits without a sign
END
else
    printf '# no program with a clock of its own is built: other clocks are left out\n'
fi

# --- answers ----------------------------------------------------------------------------------------------------------

free_port() { # one that nobody listens on, below those that outgoing connections take
    local p
    while p=$((20000 + RANDOM % 12000)); do
        (: <>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
    done
    echo "$p"
}

conf_of good >"$CONF"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:good
expect 'a volume is bound' 0
trap_port="$(free_port)"
: >"$ROOM/trap.log"
socat -u "TCP-LISTEN:$trap_port,bind=127.0.0.1,fork,reuseaddr" "OPEN:$ROOM/trap.log,append" 2>/dev/null &
children+=($!)

answered() { # TITLE FAULT STATUS PART…: for an unwrap; nothing is taken for a passphrase
    sim_fault "$(jq -c '. + {path: "*/actions/unwrap"}' <<<"$2")"
    with_conf pass "$v" kms:good --timeout 3
    expect "$1" "${@:3}"
    [[ ! -s $ROOM/out ]] || not_ok "$1: something is taken for a passphrase"
    sim_faults_clear
}

for code in 301 302 303 307 308; do
    for to in "https://127.0.0.1:$trap_port" "http://127.0.0.1:$trap_port" "https://localhost:$trap_port"; do
        answered "a redirect ($code, ${to%:*})" "$(jq -nc --arg to "$to/" --argjson code "$code" \
            '{action: "status", status: $code, headers: {Location: $to}}')" 24 kms-unreachable
    done
done
check 'where redirects lead to hears nothing' same "$(wc -c <"$ROOM/trap.log")" 0
is_static && said=kms-unreachable || said=larger
answered 'a body of 10 MB is given up' '{"action":"huge"}' 24 "$said"
answered 'headers of 200 kB are given up' '{"action":"big-headers"}' 24 kms-unreachable
answered 'headers of 20 kB are given up, which the library would take' "$(jq -nc \
    '{action: "status", status: 503, headers: {"X-More": ("more" * 5000)}}')" 24 'headers are larger'
answered 'a body that is compressed, though nobody asked' '{"action":"gzip"}' 24 kms-unreachable
answered 'a passphrase that opens no keyslot is not handed out' '{"action":"other-plaintext"}' 40 wrong-passphrase

# --- without end ------------------------------------------------------------------------------------------------------

# Each is a server with a certificate that is trusted. The verdict comes when the time is over, or before; a second is
# for the helper to end. With another process that is counted, what both of its processes hold at one time.
limited() { # TITLE PORT: of the server that was just started
    local began took
    sed "s,^endpoint .*,endpoint = https://$HOST:$2," "$CONF" >"$ROOM/endless.conf"
    began=${EPOCHREALTIME/./}
    "${peak[@]}" "$CEXLUKS" pass "$v" kms:good --config "$ROOM/endless.conf" --timeout 3 >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? took=$(((${EPOCHREALTIME/./} - began) / 1000)) out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    check "$1 ($took ms)" test "$status" -eq 24 -o "$status" -eq 45
    check "$1: nothing is taken for a passphrase" test ! -s "$ROOM/out"
    check "$1: in its time" test "$took" -le "$((3000 + SLACK_MS))"
    [[ ${#peak[@]} -eq 0 ]] || check "$1: takes no more memory than a good answer, or 2 MiB" \
        test "$(peak_of)" -le "$((calm + 2048))"
}

peak_of() {
    sed -nE 's/^peak [0-9]+ ([0-9]+)$/\1/p' "$ROOM/err"
}

served() { # COMMAND…: what it says is what a client gets; sets port
    port="$(free_port)"
    "$@" 2>/dev/null | openssl s_server -quiet -accept "127.0.0.1:$port" -cert_chain "$pki/good.crt" -cert "$pki/good.crt" \
        -key "$pki/key" >"$ROOM/served" 2>&1 &
    children+=($!)
    for ((i = 0; i < 100; i++)); do
        ! grep -qi "$(printf ':%04X 00000000:0000 0A' "$port")" /proc/net/tcp || break
        sleep 0.05
    done
}

# shellcheck disable=SC2317 # called by served
endless() { # HEAD WORD: HEAD, then WORD without end
    printf '%b' "$1"
    yes "$2"
}

# shellcheck disable=SC2317 # called by served
dripping() { # HEAD: and then a byte each second
    printf '%b' "$1"
    while printf x; do
        sleep 1
    done
}

# shellcheck disable=SC2317 # called by served
silent() {
    sleep 30
}

SLACK_MS=2000
peak=()
if [[ -x $B/tests/bench/peak ]]; then
    peak=("$B/tests/bench/peak")
    "${peak[@]}" "$CEXLUKS" pass "$v" kms:good --config "$CONF" >/dev/null 2>"$ROOM/err" </dev/null
    calm="$(peak_of)"
    check "a good answer takes $calm kB" test "$calm" -gt 0
fi
head='HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
served endless "$head\r\n" '{"a":1}'
limited 'a body without end' "$port"
served endless "${head}Transfer-Encoding: chunked\r\n\r\n" $'2;x=y\r\n{}\r'
limited 'chunks without end' "$port"
served endless "$head" $'X-More: and more\r'
limited 'headers without end' "$port"
served endless 'HTTP/1.1 200 ' 'OK'
limited 'a header line without end' "$port"
served endless '' $'HTTP/1.1 100 Continue\r\n\r'
limited 'interim answers without end' "$port"
served dripping "$head\r\n"
limited 'a byte each second' "$port"
served silent
limited 'silence' "$port"

summary
