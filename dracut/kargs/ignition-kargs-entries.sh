#!/bin/sh
# A helper for kernel arguments, to be put at /usr/sbin/ignition-kargs-helper of the initramfs, for images whose kernel
# command line is in entries of the Boot Loader Specification (loader/entries/*.conf), in GRUB's own configuration
# (grub/grub.cfg, grub2/grub.cfg), or, as older versions of grubby keep it for all entries, in the variable kernelopts
# of GRUB's environment (grub2/grubenv). They are on the filesystem that /etc/ignition-boot-device names, by default the
# one with the label boot; with a folder as IGNITION_BOOT nothing is mounted, and nothing rebooted. With a folder as
# IGNITION_ROOT it is a root in which the files are changed, where they are there, that entries of kernels to come are
# made of: /etc/kernel/cmdline and /etc/default/grub.
#
# An argument is a part of a command line: words, in which blanks may stand in double quotes. On standard error, which
# is shown on the consoles, no argument is repeated: it may hold a secret.
set -eu
export LC_ALL=C

fail() {
    echo "$1" >&2
    exit 1
}

boot=${IGNITION_BOOT:-}
if [ -z "$boot" ] && [ -z "${IGNITION_ROOT:-}" ]; then
    device=/dev/disk/by-label/boot
    [ ! -e /etc/ignition-boot-device ] || read -r device </etc/ignition-boot-device || :
    # Nothing that comes before this stage waits for disks.
    seconds=0
    until [ -e "$device" ]; do
        [ "$seconds" -lt 60 ] || fail "the filesystem with the boot entries, $device, has not appeared"
        sleep 1
        seconds=$((seconds + 1))
    done
    boot=/run/ignition-boot
    mkdir -p "$boot"
    # The unit has mounts of its own, so this one ends with it.
    mount "$device" "$boot"
fi

# edited KIND FILE VERB ARGUMENT...: prints a file with its arguments changed. Its status is 0 if there was nothing to
# change, 10 if there was, 11 if the file has no arguments, 12 if they take too much room, 13 if only a shell can tell
# what they are.
edited() {
    awk '
        # words takes a text apart: word[i] stands behind gap[i], plain[i] is without its quotes, rest is what follows
        # the last.
        function words(text, grub,    i, c, n, quote) {
            n = 0; rest = ""
            for (i = 1; i <= length(text);) {
                c = substr(text, i, 1)
                if (c ~ /[ \t\r]/) { rest = rest c; i++; continue }
                n++
                gap[n] = rest; rest = word[n] = plain[n] = quote = ""
                for (; i <= length(text); i++) {
                    c = substr(text, i, 1)
                    if (quote == "" && c ~ /[ \t\r]/) break
                    word[n] = word[n] c
                    if (c == quote) quote = ""
                    else if (quote == "" && (c == "\"" || grub && c == "\047")) quote = c
                    else if (grub && quote != "\047" && c == "\\") {
                        c = substr(text, ++i, 1)
                        word[n] = word[n] c; plain[n] = plain[n] c
                    } else plain[n] = plain[n] c
                }
            }
            return n
        }
        # at finds an argument among the n words of a line that follow the first few.
        function at(a, n, first,    i, k) {
            for (i = first; i + parts[a] - 1 <= n; i++) {
                for (k = 1; k <= parts[a] && plain[i + k - 1] == part[a, k]; k++) {}
                if (k > parts[a]) return i
            }
            return 0
        }
        # written gives an argument as a line of this kind has it. GRUB takes quotes away, and adds its own around
        # blanks.
        function written(a,    k, w, piece, i, n, text) {
            if (!grub) return " " argument[a]
            for (k = 1; k <= parts[a]; k++) {
                w = part[a, k]
                if (w !~ /^[A-Za-z0-9_.\/:=,@%+~-]+$/) {
                    n = split(w, piece, "\047") # awks do not agree on backslashes in gsub
                    w = "\047" piece[1]
                    for (i = 2; i <= n; i++) w = w "\047\\\047\047" piece[i]
                    w = w "\047"
                }
                text = text " " w
            }
            return text
        }
        # change does to a text what is asked for. Of what should be there it adds what is neither in it nor known to be
        # elsewhere.
        function change(text, first, adds,    n, a, i, k, new) {
            n = words(text, grub); new = ""
            for (a = 1; a <= count; a++) {
                if (verb[a] == "--should-exist") {
                    if (adds && !elsewhere[a] && !at(a, n, first)) {
                        new = new written(a); elsewhere[a] = together
                    }
                    continue
                }
                while (i = at(a, n, first)) {
                    for (k = i; k + parts[a] <= n; k++) {
                        word[k] = word[k + parts[a]]; plain[k] = plain[k + parts[a]]; gap[k] = gap[k + parts[a]]
                    }
                    n -= parts[a]
                }
            }
            text = ""
            for (i = 1; i <= n; i++) text = text gap[i] word[i]
            return text new rest
        }
        # unquoted gives what a shell makes of a value, which is what grub-mkconfig puts into a line of GRUB.
        function unquoted(text,    c, i, quote, new) {
            sub(/[ \t\r]+$/, "", text)
            quote = substr(text, 1, 1)
            if (quote != "\"" && quote != "\047") quote = ""
            else if (length(text) < 2 || substr(text, length(text)) != quote) exit 13
            else text = substr(text, 2, length(text) - 2)
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (quote == "\"" && c == "\\" && substr(text, i + 1, 1) ~ /[\\"$`]/) c = substr(text, ++i, 1)
                else if (quote == "\"" ? c ~ /["$`]/ : quote ? c == quote : c !~ /[A-Za-z0-9_.\/:=,@%+~-]/)
                    exit 13
                new = new c
            }
            return new
        }
        function quoted(text,    c, i, new) {
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                new = new (c ~ /[\\"$`]/ ? "\\" c : c)
            }
            return "\"" new "\""
        }
        # changed is change of a line of /etc/default/grub. Recovery entries have the first of its variables alone.
        function changed_value(text,    old, new) {
            old = unquoted(substr(text, index(text, "=") + 1))
            new = change(old, 1, text ~ /LINUX=/)
            sub(/^[ \t]+/, "", new)
            return new == old ? text : substr(text, 1, index(text, "=")) quoted(new)
        }
        BEGIN {
            kind = ARGV[1]; grub = kind == "linux" || kind == "variables"
            together = kind == "options" || kind == "words" # lines count together
            for (i = 3; i + 1 < ARGC; i += 2) {
                argument[++count] = ARGV[i + 1]; verb[count] = ARGV[i]
                parts[count] = words(ARGV[i + 1], 0)
                for (k = 1; k <= parts[count]; k++) part[count, k] = plain[k]
                if (!parts[count]) count--
            }
            ARGV[1] = ARGV[2]; ARGC = 2 # the file is all that is left to read
        }
        {
            line[NR] = $0
            size += length($0) + 1
            if (kind == "options" && ($1 == "linux" || $1 == "uki")) boots = 1
            else if (kind == "options" && $1 == "options" || kind == "linux" && $1 ~ /^linux(16|efi)?$/ ||
                kind == "kernelopts" && /^kernelopts=/ || kind == "words" ||
                kind == "variables" && /^GRUB_CMDLINE_LINUX(_DEFAULT)?=/) {
                last = NR; mine[NR] = 1
                if (kind == "options" && /\$kernelopts/) borrowed = 1 # what is added goes there
                # The options of an entry are those of all such lines together.
                n = words($0, 0)
                if (together) for (a = 1; a <= count; a++)
                    if (verb[a] == "--should-exist" && at(a, n, kind == "options" ? 2 : 1)) elsewhere[a] = 1
            }
        }
        END {
            if (kind == "words" && !last) { last = 1; mine[1] = 1; NR = 1 }
            if (kind == "options" ? !boots : !last) exit 11
            if (kind == "options" && !last) { last = ++NR; mine[NR] = 1; line[NR] = "options"; bare = 1 }
            for (i = 1; i <= NR; i++) {
                if (!mine[i]) new = line[i]
                else if (kind == "words") { new = change(line[i], 1, i == last); sub(/^[ \t]+/, "", new) }
                else if (kind == "variables") new = changed_value(line[i])
                else if (kind == "kernelopts") new = "kernelopts=" change(substr(line[i], 12), 1, 1)
                else new = change(line[i], kind == "linux" ? 3 : 2, kind == "linux" || i == last && !borrowed)
                if (bare && new == "options") continue
                if (new != line[i] || bare && i == last) changed = 1
                if (kind != "kernelopts") print new
                else if (i < NR || new !~ /^#*$/) text = text new "\n"
            }
            # GRUB writes into the blocks of this file, so it is filled up to a size of its own.
            if (kind == "kernelopts") {
                if (length(text) > size - 1) exit 12
                while (length(text) < size - 1) text = text "#"
                printf "%s", text
            }
            exit changed ? 10 : 0
        }' "$@"
}

# edit KIND FILE VERB ARGUMENT...: changes a file, or leaves it as it is.
edit() {
    status=0
    edited "$@" >/dev/null || status=$?
    case $status in
    11) return ;;
    0) found=yes; return ;;
    10) found=yes ;;
    12) fail "there is no room for more kernel arguments in $2" ;;
    13) fail "$2 has kernel arguments that only a shell can work out" ;;
    *) fail "$2 cannot be read" ;;
    esac
    # A copy has the owner and the mode, as there may be passwords in it.
    cp -aL "$2" "$2.new"
    edited "$@" >"$2.new" || [ $? = 10 ] || { rm -f "$2.new"; fail "$2 cannot be written"; }
    # Whole before it takes the other's place: power may go at any time.
    sync
    mv "$2.new" "$2"
    changed=yes
}

changed=
found=
borrowed=
if [ -n "${IGNITION_ROOT:-}" ]; then
    for file in "$IGNITION_ROOT/etc/kernel/cmdline" "$IGNITION_ROOT/etc/default/grub"; do
        kind=words
        [ "${file##*/}" = cmdline ] || kind=variables
        [ ! -e "$file" ] || edit "$kind" "$file" "$@"
    done
    sync
    exit 0
fi
for file in "$boot"/loader/entries/*.conf; do
    [ -e "$file" ] || continue
    edit options "$file" "$@"
    awk '$1 == "options" && /\$kernelopts/ { found = 1 } END { exit !found }' "$file" || continue
    borrowed=yes
done
for file in "$boot"/grub/grub.cfg "$boot"/grub2/grub.cfg; do
    [ ! -e "$file" ] || edit linux "$file" "$@"
done
if [ -n "$borrowed" ]; then
    found=
    for file in "$boot"/grub/grubenv "$boot"/grub2/grubenv; do
        [ ! -e "$file" ] || edit kernelopts "$file" "$@"
    done
    [ -n "$found" ] || fail "boot entries refer to kernelopts, which no grubenv in $boot has"
fi
[ -n "$found" ] || fail "there are no boot entries in $boot"
[ -n "$changed" ] || exit 0
sync
[ -z "${IGNITION_BOOT:-}" ] || exit 0
umount "$boot"
systemctl reboot --force
# What comes next in this boot may not begin.
exec sleep infinity
