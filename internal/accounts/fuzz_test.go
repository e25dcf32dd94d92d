package accounts

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// FuzzPrint holds for every file: lines that nobody touches print as they were.
func FuzzPrint(f *testing.F) {
	for _, text := range []string{"", "\n", "root:x:0:0:root:/root:/bin/sh",
		"# a\r\n\n+::::::\n-x\n:::\nroot:x:0:\nroot:x:0:a,,b,\n", "\x00\xff:1:2\nx:100:10\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := text
		if text != "" && !strings.HasSuffix(text, "\n") {
			want += "\n"
		}
		have := Files{"f": diag.Secret(text)}
		assert.Equal(t, want, readTable[passwdEntry](have, "f", 0).text().Reveal())
		assert.Equal(t, want, readTable[shadowEntry](have, "f", 0).text().Reveal())
		assert.Equal(t, want, readTable[groupEntry](have, "f", 0).text().Reveal())
		assert.Equal(t, want, readTable[gshadowEntry](have, "f", 0).text().Reveal())
		assert.Equal(t, want, readSubRanges(have, "f", 0).text().Reveal())
	})
}

// FuzzApply holds for every root: Apply does not panic, changes only lines of the accounts named, and changes nothing
// when its result is what it starts from.
func FuzzApply(f *testing.F) {
	d := debian()
	f.Add(d[PasswdFile].Reveal(), d[ShadowFile].Reveal(), d[GroupFile].Reveal(), d[GShadowFile].Reveal(),
		d[SubUIDFile].Reveal(), d[LoginDefsFile].Reveal(), "ann", "sudo", uint16(3))
	f.Add(d[PasswdFile].Reveal(), "", "users:x:100:ann,,ann", "users:!:ann:ann",
		"# x\n# y\nann:0:0\nx:18446744073709551615:9", "UID_MAX 0x\n", "core", "users", uint16(0xfff))
	f.Add("a:x:1:1:::\na:x:1:1:::\nb\n+", "b:\n", "g:x:1:a\n#g:x:1:a\n", "", "", "SYS_UID_MAX -1\nUMASK 0777\n", "b",
		"g", uint16(64))
	f.Add("0", "", "0::0:", "0", "0", "0", "1", "00", uint16(4027))
	f.Add("0", "", "g:x:1:a,,", "g:!:,:a,,", "a:1:2", "UMASK 077", "a", "g", uint16(1<<14|3))
	f.Add("1", "1", "0::0:0", "", "0", "0", "0", "A", uint16(180))
	f.Add("0::0:0:::\n0", "1", "1", "1", "", "0", "0", "0", uint16(64))
	f.Fuzz(func(t *testing.T, passwd, shadow, group, gshadow, subuid, defs, user, other string, options uint16) {
		have := Files{PasswdFile: diag.Secret(passwd), ShadowFile: diag.Secret(shadow), GroupFile: diag.Secret(group),
			GShadowFile: diag.Secret(gshadow), SubUIDFile: diag.Secret(subuid), LoginDefsFile: diag.Secret(defs)}
		if options&1<<15 != 0 {
			delete(have, GShadowFile)
		}
		tools := Tools(options >> 14 & 1)
		want := fuzzed(user, other, options)
		before, wrong := readDatabase(have, 20000, tools, 0)
		require.Nil(t, wrong)
		first, err := Apply(have, want, 20000, tools)
		if err != nil {
			return
		}
		names := []string{user, other}
		if g := first.db.groupLike(other); g != nil { // what reads as a number names another
			names = append(names, g.entry.name)
		}
		for path, text := range first.Files {
			assert.Equal(t, strangers(path, have[path], names...), strangers(path, text, names...), path)
			have[path] = text
		}
		if before.user(user) == nil && len(before.inGroups[user])+len(before.inGShadow[user]) > 0 {
			return // useradd leaves memberships from before the user was there; usermod --groups does not
		}
		second, err := Apply(have, want, 20001, tools)
		require.NoError(t, err)
		assert.Empty(t, second.Files)
		assert.Empty(t, second.Effects)
	})
}

// fuzzed gives a config by the bits of a number.
func fuzzed(user, group string, options uint16) Wanted {
	has := func(bit int) bool { return options&(1<<bit) != 0 }
	g, u := Group{Name: group, System: has(0)},
		User{Name: user, System: has(1), NoUserGroup: has(2), NoCreateHome: has(3)}
	hash := diag.Secret("$6$a$b")
	if has(4) {
		u.Password, g.Password = &hash, hash
	}
	if has(5) {
		u.Groups = []string{group}
	}
	if has(6) {
		u.Delete = true
	}
	if has(7) {
		u.PrimaryGroup = group
	}
	if has(8) {
		u.UID = ptr(int64(options))
	}
	if has(9) {
		u.Home, u.Shell = "/srv/"+user+"/", "/bin/zsh"
	}
	return Wanted{Groups: []Group{g}, Users: []User{u}}
}

// strangers gives the lines that are none of these two accounts, nor name one as a member. Those of subuid are sorted.
func strangers(path string, text diag.Secret, names ...string) []string {
	var lines []string
	for _, line := range splitLines(text) {
		fields := strings.Split(line, ":")
		mine := slices.Contains(names, fields[0])
		for _, field := range fields[1:] {
			mine = mine ||
				slices.ContainsFunc(strings.Split(field, ","), func(n string) bool { return slices.Contains(names, n) })
		}
		if !mine {
			lines = append(lines, line)
		}
	}
	if path == SubUIDFile {
		slices.Sort(lines)
	}
	return lines
}
