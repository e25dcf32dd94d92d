package providers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a key is never empty, and each value stands in the text.
func FuzzSeedLine(f *testing.F) {
	f.Add("ds=nocloud;s=http://h/;i=1;h=web")
	f.Add(`quiet ci.ds=NoCloud-net\;;dsmode=local ds=nocloudx`)
	f.Fuzz(func(t *testing.T, text string) {
		var l seedLine
		_ = l.add(text) // what came before an error stays
		for key, value := range l.values {
			require.NotEmpty(t, key)
			require.Contains(t, strings.ReplaceAll(text, `"`, ""), strings.ReplaceAll(value, `"`, ""))
		}
	})
}

// Invariants: no panic; a value is one line, and the header that is made of the keys has nothing to end it.
func FuzzMAASKeys(f *testing.F) {
	f.Add("#cloud-config\ndatasource:\n  MAAS: {consumer_key: a, metadata_url: 'http://m/', token_key: b, " +
		"token_secret: c}\n")
	f.Add("MAAS:\n  metadata_url: http://m/\n  consumer_secret: ''\n")
	f.Fuzz(func(t *testing.T, text string) {
		key := parseMAAS(text)
		require.NotContains(t, key.url+key.consumer+key.token, "\n")
		for _, c := range key.sign("nonce", time.Unix(0, 0)).Reveal() {
			require.True(t, c >= ' ' && c < 0x7f, "%q", c)
		}
	})
}

// Invariants: no panic; what is found are words of the list.
func FuzzSpool(f *testing.F) {
	f.Add("ORIGINID FILE CLASS RECORDS  CPY HOLD DATE  TIME      NAME      TYPE     DIST\n" +
		"OPERATOR 0001 A 00000009 001 NONE 2020-01-01 10:00:00 config ign x\n")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, list string) {
		id, name, found := spoolFile(list)
		require.Equal(t, found, id != "")
		require.Equal(t, found, name != "")
		require.True(t, !found || slices.Contains(strings.Fields(list), id))
	})
}

// Invariants: no panic, and an end, whatever a hypervisor has in its registers; a reply is no longer than it may be.
func FuzzBackdoor(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00"), "info-get guestinfo.ignition.config.data")
	f.Add(bytes.Repeat([]byte("\x83\x00\x01\x00\x05\x00"), 20), "x")
	f.Fuzz(func(t *testing.T, says []byte, text string) {
		calls := 0
		b := backdoor(func(r *registers) {
			calls++
			next := func() (v uint32) {
				for range 2 {
					if len(says) > 0 {
						v, says = v<<8|uint32(says[0]), says[1:]
					}
				}
				return v
			}
			r.cx, r.dx, r.bx = next()<<16, next()<<16, next()
		})
		reply, err := b.request(text)
		require.LessOrEqual(t, len(reply), replyMax)
		require.True(t, err == nil || reply == "")
		require.Less(t, calls, 100*(len(text)+replyMax))
	})
}

// Invariants: no panic; without an encoding the data is the text; base64 is undone as Go does it.
func FuzzGuestData(f *testing.F) {
	f.Add([]byte(plain), "")
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(plain))), "base64")
	f.Add([]byte("\x1f\x8b\x08"), "gzip")
	f.Add([]byte("H4sI"), "gz+b64")
	f.Fuzz(func(t *testing.T, data []byte, encoding string) {
		text, err := decodeGuest(data, encoding)
		if encoding == "" {
			require.NoError(t, err)
			require.Equal(t, data, text)
		}
		want, wrong := base64.StdEncoding.DecodeString(string(data))
		if encoding == "base64" && wrong == nil && err == nil {
			require.Equal(t, want, text)
		}
	})
}

// Invariants: no panic; what is taken is written again, and is the same then.
func FuzzFileOf(f *testing.F) {
	kept := File{Path: "/a", Mode: 0o600, Text: "x"}
	state, err := json.Marshal(kept)
	require.NoError(f, err)
	f.Add(state)
	f.Add([]byte(`{"path":"/a","contents":{"source":"data:,x"}}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		file, err := FileOf(state)
		if err != nil {
			return
		}
		again, err := file.State()
		require.NoError(t, err)
		back, err := FileOf(again)
		require.NoError(t, err)
		require.Equal(t, file, back)
	})
}
