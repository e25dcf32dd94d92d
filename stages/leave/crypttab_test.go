package leave

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCrypttab(t *testing.T) {
	lines := []volumeLine{{name: "data", uuid: "1111-a", key: "/etc/luks/data"},
		{name: "net", uuid: "2222-b", key: "none", network: true}}
	const data, net = "data UUID=1111-a /etc/luks/data luks,x-initrd.attach\n",
		"net UUID=2222-b none luks,_netdev,x-initrd.attach\n"
	for name, c := range map[string]struct{ before, after string }{
		"nothing there": {"", data + net},
		"lines of others stay": {"# data\n\nother UUID=x none\n",
			"# data\n\nother UUID=x none\n" + data + net},
		"no end of the last line":            {"other UUID=x none", "other UUID=x none\n" + data + net},
		"all there":                          {net + "x\r\n" + data, net + "x\r\n" + data},
		"all there, no end of the last line": {data + strings.TrimSpace(net), data + strings.TrimSpace(net)},
		"formatted anew since": {strings.ReplaceAll(data, "1111", "0000") + "last",
			data + "last\n" + net},
		"another's line of that name stays": {"data /dev/vda1 none luks\n", "data /dev/vda1 none luks\n" + data + net},
	} {
		t.Run(name, func(t *testing.T) {
			after := withLines([]byte(c.before), lines)
			assert.Equal(t, c.after, string(after))
			assert.Equal(t, c.after, string(withLines(after, lines)), "once more")
		})
	}
}

// FuzzCrypttab: every volume has one line, doing it again changes nothing, and other lines stay in order.
func FuzzCrypttab(f *testing.F) {
	f.Add("# x\ndata UUID=0 /etc/luks/data luks,x-initrd.attach\n", "1")
	f.Add("data  UUID=0\t/etc/luks/data luks,x-initrd.attach\r\nx", "2")
	f.Add("\n\ndata", "3")
	f.Fuzz(func(t *testing.T, before, uuid string) {
		if len(strings.Fields(uuid)) != 1 || strings.TrimSpace(uuid) != uuid {
			return
		}
		v := volumeLine{name: "data", uuid: uuid, key: "/etc/luks/data"}
		after := withLines([]byte(before), []volumeLine{v})
		require.Contains(t, "\n"+string(after)+"\n", "\n"+v.String()+"\n")
		require.Equal(t, string(after), string(withLines(after, []volumeLine{v})))
		foreign := func(text string) (kept []string) {
			for line := range strings.Lines(text) {
				if !v.isOurs(line) && line != "\n" {
					kept = append(kept, strings.TrimRight(line, "\n"))
				}
			}
			return kept
		}
		require.Equal(t, foreign(before), foreign(string(after)))
	})
}

func TestWhatSetfilesComesByAnyway(t *testing.T) {
	others := map[string]uint64{"/a": 1, "/a/b": 2}
	for _, c := range []struct {
		at     string
		device uint64
		below  bool
	}{{"/a/x", 1, true}, {"/a/x/y", 1, true}, {"/a/x", 3, false}, {"/a/b/x", 2, true}, {"/a/b/x", 1, false},
		{"/ab", 1, false}, {"/a", 1, false}} {
		assert.Equal(t, c.below, isBelow(c.at, c.device, others), c)
	}
	assert.True(t, isBelow("/x", 1, map[string]uint64{"/": 1}))
	assert.False(t, isBelow("/", 1, map[string]uint64{"/": 1}))
}
