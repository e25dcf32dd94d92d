package engine

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; what the units get is one variable of harmless characters.
func FuzzFirstBoot(f *testing.F) {
	f.Add("ignition.firstboot ignition.platform.id=qemu")
	f.Add("ignition.firstboot=0 ignition.platform.id=\"a b\nX=$(id)\"")
	plain := regexp.MustCompile(`^PLATFORM_ID=[-_.=?A-Za-z0-9]*\n$`)
	f.Fuzz(func(t *testing.T, line string) {
		b := parseFirstBoot(line)
		require.Regexp(t, plain, b.environment())
		require.NotEmpty(t, b.links(false))
	})
}

// Invariants: no panic; what is taken is one JSON value, which without its blanks gives the same, and a record is below
// the root.
func FuzzDistribution(f *testing.F) {
	f.Add([]byte(`{"writeAuthorizedKeysFragment":true,"selinuxRelabel":"label","tools":{"mkfs.ext4":"/sbin/mke2fs"}}`))
	f.Add([]byte(`{ "factsURL":"http://a","recordFile":"/var/a"} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := defaultDistribution()
		if decodeStrictly(data, &d) != nil {
			return
		}
		var packed bytes.Buffer
		require.NoError(t, json.Compact(&packed, data))
		again := defaultDistribution()
		require.NoError(t, decodeStrictly(packed.Bytes(), &again))
		require.Equal(t, d, again)
		record, err := d.recordFile(nil)
		require.True(t, err != nil || record == "" || record[0] == '/')
	})
}
